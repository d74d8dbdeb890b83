//! What compiles stages: that which `vetting stage build` would use, installed where it can be.

use std::process::Command;

use anyhow::bail;
use vetting_project::{COMPONENTIZE_PY, DEBIAN_PACKAGES, RustToolchain, TARGET};

use crate::{run, setup, target};

/// componentize-py in an environment of its own, where the program finds it beside itself.
///
/// # Errors
///
/// When it cannot be installed; it says what to type.
pub fn python() -> anyhow::Result<()> {
    let (program, version) = COMPONENTIZE_PY;
    let environment = target("python");
    let bin = environment.join("bin");
    let wanted = format!("{program} {version}");
    let there = || {
        let output = Command::new(bin.join(program)).arg("--version").output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&wanted))
    };
    if there() {
        return Ok(());
    }
    println!("missing: {wanted}, for stages in Python");
    let path = environment.to_string_lossy();
    let made = || setup::quietly("python3", &["-m", "venv", &path]);
    if !made() {
        // Debian keeps what makes environments in a package of its own.
        setup::packages_from_debian(&["python3", "python3-venv"])?;
        if !made() {
            bail!("`python3 -m venv {path}` fails: stages in Python need an environment");
        }
    }
    let package = format!("{program}=={version}");
    let pip = ["-q", "install", "--disable-pip-version-check", &package];
    run(Command::new(bin.join("pip")).args(pip))
}

/// The first that works, installed where it can be.
///
/// # Errors
///
/// When there is none and none can be installed; it says what to install.
pub fn rust() -> anyhow::Result<RustToolchain> {
    if let Some(found) = RustToolchain::find() {
        return Ok(found);
    }
    if setup::found("rustup") {
        println!("adding the target {TARGET} to the active toolchain");
        // A machine without a network answers at once, or within this time.
        let args = ["30", "rustup", "target", "add", TARGET];
        if setup::quietly("timeout", &args)
            && let Some(found) = RustToolchain::find()
        {
            return Ok(found);
        }
    }
    let packages = DEBIAN_PACKAGES.join(" ");
    if let Err(error) = setup::packages_from_debian(&DEBIAN_PACKAGES) {
        bail!(
            "stages are built for {TARGET}: `rustup target add {TARGET}`, or on Debian \
             `apt-get install {packages}` ({error:#})"
        );
    }
    match RustToolchain::find() {
        Some(found) => Ok(found),
        None => bail!("{packages} were installed, and still nothing compiles for {TARGET}"),
    }
}
