//! What operators run: both programs optimised, their symbols apart, and the built-in stages.
//!
//! ```text
//! target/vetting-VERSION/
//!   bin/vetting, vetting-orchestrator
//!   stages/NAME.wasm           where `bin/vetting` looks for them
//!   debug/PROGRAM.debug        `gdb -s FILE bin/PROGRAM`, or addr2line; found by itself beside the program
//!   SHA256SUMS
//! ```

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::{build, cargo, root, run, setup, target};

const PROGRAMS: [(&str, &str); 2] = [
    ("vetting-runtime", "vetting"),
    ("vetting-orchestrator", "vetting-orchestrator"),
];

/// The linker, and what takes symbols out of a program.
const TOOLS: [(&str, &str); 2] = [("cc", "gcc"), ("objcopy", "binutils")];

/// Builds into `target/vetting-VERSION`, and tries what was built.
///
/// # Errors
///
/// When something does not build, or what was built does not work.
pub fn dist() -> anyhow::Result<()> {
    setup::programs(&TOOLS)?;
    let done = target(concat!("vetting-", env!("CARGO_PKG_VERSION")));
    if done.exists() {
        std::fs::remove_dir_all(&done).with_context(|| done.display().to_string())?;
    }
    let [bin, stages, debug] = ["bin", "stages", "debug"].map(|folder| done.join(folder));
    for folder in [&bin, &stages, &debug] {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }

    build::facts()?;
    compile()?;
    for (_, program) in PROGRAMS {
        let built = target("dist").join(program);
        split(&built, &bin.join(program), &debug)?;
    }
    build::stages_into(&stages)?;
    let mut files = vec![];
    for folder in [&bin, &stages, &debug] {
        files.extend(entries(folder)?);
    }

    for (_, program) in PROGRAMS {
        run(Command::new(bin.join(program)).arg("--version"))?;
    }
    let healthy = ["run", "--machine", "sim:healthy-server"];
    run(Command::new(bin.join("vetting")).args(healthy))?;
    sums(&done, &files)?;
    for file in &files {
        let bytes = file.metadata()?.len();
        println!("{:>8.1} MB  {}", bytes as f64 / 1e6, file.display());
    }
    Ok(())
}

/// Both programs together; no path of the machine that builds gets into them.
fn compile() -> anyhow::Result<()> {
    let mut build = cargo();
    build.args(["build", "--locked", "--profile", "dist"]);
    for (package, _) in PROGRAMS {
        build.args(["--package", package]);
    }
    let mut flags = vec![format!("--remap-path-prefix={}=vetting", root().display())];
    if let Some(home) = cargo_home() {
        flags.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    build.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    run(&mut build)
}

fn cargo_home() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"));
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(home)
}

/// Lays a program down without its symbols, and these in a file that it names.
fn split(built: &Path, program: &Path, debug: &Path) -> anyhow::Result<()> {
    let Some(name) = program.file_name().and_then(|name| name.to_str()) else {
        bail!("{} has no name", program.display());
    };
    let symbols = debug.join(format!("{name}.debug"));
    let objcopy = || Command::new("objcopy");
    run(objcopy()
        .args(["--only-keep-debug", "--compress-debug-sections"])
        .args([built, &symbols]))?;
    let link = format!("--add-gnu-debuglink={}", symbols.display());
    run(objcopy()
        .arg("--strip-all")
        .arg(link)
        .args([built, program]))
}

/// The files of a folder, in order.
fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut found: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    found.sort();
    Ok(found)
}

/// Writes `SHA256SUMS`, for `sha256sum --check`.
fn sums(folder: &Path, files: &[PathBuf]) -> anyhow::Result<()> {
    let mut sha256sum = Command::new("sha256sum");
    sha256sum.current_dir(folder);
    for file in files {
        sha256sum.arg(file.strip_prefix(folder)?);
    }
    let output = sha256sum.output().context("sha256sum does not start")?;
    if !output.status.success() {
        bail!("sha256sum: {}", String::from_utf8_lossy(&output.stderr));
    }
    let path = folder.join("SHA256SUMS");
    std::fs::write(&path, output.stdout).with_context(|| path.display().to_string())
}
