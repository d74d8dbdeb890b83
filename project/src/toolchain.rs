//! Who compiles Rust stages for `wasm32-unknown-unknown`: the active toolchain where it has the
//! target, else Debian's own rustc with the standard library built from source.

use std::path::Path;
use std::process::Command;

/// The target of stages in Rust: no WASI, so that a component imports nothing but the contract.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compiler, its library's source, and its linker.
pub const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "lld-22"];

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LINKER: &str = "wasm-ld-22";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library";

/// A compiler for stages in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RustToolchain {
    /// The active toolchain has the target.
    Active,
    /// Debian's rustc, with the standard library built from its source.
    Debian,
}

impl RustToolchain {
    /// The first that is here; `None`: neither is. Nothing is installed.
    pub fn find() -> Option<Self> {
        if active() {
            Some(RustToolchain::Active)
        } else if debian() {
            Some(RustToolchain::Debian)
        } else {
            None
        }
    }

    /// Sets a cargo command up to build with it.
    pub fn apply(self, cargo: &mut Command) {
        if self == RustToolchain::Debian {
            cargo
                .env("RUSTC", DEBIAN_RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTFLAGS", format!("-Clinker={DEBIAN_LINKER}"))
                .env_remove("RUSTC_WRAPPER")
                .arg("-Zbuild-std=std,panic_abort");
        }
    }
}

/// What to type where there is no such compiler.
pub(crate) fn advice() -> String {
    format!(
        "type `rustup target add {TARGET}`, or on Debian `apt-get install {}`",
        DEBIAN_PACKAGES.join(" ")
    )
}

/// Whether the active toolchain has the target's library.
fn active() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    output.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        output.status.success() && Path::new(folder.trim()).is_dir()
    })
}

/// Whether Debian's three packages are here.
fn debian() -> bool {
    Path::new(DEBIAN_RUSTC).is_file() && Path::new(DEBIAN_SOURCE).is_dir() && found(DEBIAN_LINKER)
}

/// Whether a program is on the path or among the administrator's.
pub fn found(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(|folder| Path::new(folder).to_owned());
    std::env::split_paths(&path)
        .chain(more)
        .any(|folder| folder.join(program).is_file())
}
