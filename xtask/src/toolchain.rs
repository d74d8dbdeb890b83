//! Who compiles guests for `wasm32-unknown-unknown`: the active toolchain where it has the target,
//! else rustup, else Debian's own rustc with the standard library built from source.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::setup;

/// The guests' target: no WASI, so a component imports nothing but the contract.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compiler, its library's source, and its linker.
const DEBIAN: [&str; 3] = ["rustc-web", "rust-web-src", "lld-22"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LINKER: &str = "wasm-ld-22";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library";

/// A compiler for guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The active toolchain has the target.
    Active,
    /// Debian's rustc, with the standard library built from its source.
    Debian,
}

impl Toolchain {
    /// The first that works, installed where it can be.
    ///
    /// # Errors
    ///
    /// When there is none and none can be installed; it says what to install.
    pub fn find() -> anyhow::Result<Self> {
        if active()? {
            return Ok(Toolchain::Active);
        }
        if !debian() && setup::found("rustup") {
            println!("adding the target {TARGET} to the active toolchain");
            // A machine without a network answers at once, or within this time.
            let args = ["30", "rustup", "target", "add", TARGET];
            if setup::quietly("timeout", &args) && active()? {
                return Ok(Toolchain::Active);
            }
        }
        if !debian() {
            let installed = setup::packages_from_debian(&DEBIAN);
            if let Err(error) = installed {
                bail!(
                    "guests are built for {TARGET}: `rustup target add {TARGET}`, or on Debian \
                     `apt-get install {}` ({error:#})",
                    DEBIAN.join(" ")
                );
            }
        }
        if debian() {
            return Ok(Toolchain::Debian);
        }
        bail!(
            "{} were installed and {DEBIAN_RUSTC} still has no library source",
            DEBIAN.join(" ")
        )
    }

    /// Sets a cargo command up to build with it.
    pub fn apply(self, cargo: &mut Command) {
        if self == Toolchain::Debian {
            cargo
                .env("RUSTC", DEBIAN_RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTFLAGS", format!("-Clinker={DEBIAN_LINKER}"))
                .env_remove("RUSTC_WRAPPER")
                .arg("-Zbuild-std=std,panic_abort");
        }
    }
}

/// Whether the active toolchain has the target's library.
fn active() -> anyhow::Result<bool> {
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .context("rustc does not start")?;
    let folder = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(folder.trim()).is_dir())
}

/// Whether Debian's three packages are here.
fn debian() -> bool {
    Path::new(DEBIAN_RUSTC).is_file()
        && Path::new(DEBIAN_SOURCE).is_dir()
        && setup::found(DEBIAN_LINKER)
}
