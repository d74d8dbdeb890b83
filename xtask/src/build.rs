//! Building: the program, the built-in stages, the tests' own stages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;
use vetting_project::TARGET;

use crate::{cargo, root, run, target, toolchain};

/// The examples in other languages.
const EXAMPLES: [&str; 2] = ["thermals", "vitals"];

/// The crate that becomes the component of facts, and the file that it leaves.
const FACTS: (&str, &str) = ("vetting-facts-component", "vetting_facts_component.wasm");
/// The most that the component of facts may be, in bytes: every stage that imports it grows by it.
const MAX_FACTS: usize = 1_500_000;

/// Builds `target/release/vetting`.
pub fn vetting() -> anyhow::Result<()> {
    facts()?;
    program("vetting-runtime")
}

/// Builds the component of `vetting:facts` to `target/facts/facts.wasm`, where `vetting` takes it from when it is
/// built. A file that is the same stays untouched, so that nothing is compiled anew.
pub fn facts() -> anyhow::Result<()> {
    let (package, file) = FACTS;
    let module = stage_profile(&[package])?.join(file);
    let module = std::fs::read(&module).with_context(|| module.display().to_string())?;
    let component = vetting_component::wrap(&module).context(package)?;
    if let Some(import) = vetting_component::imported(&component)?.first() {
        bail!("{package} imports `{import}`; facts are pure functions, and import nothing");
    }
    if component.len() > MAX_FACTS {
        let size = component.len();
        bail!("{package} has {size} bytes as a component; {MAX_FACTS} is the most");
    }
    let folder = target("facts");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let path = folder.join("facts.wasm");
    if std::fs::read(&path).is_ok_and(|there| there == component) {
        return Ok(());
    }
    vetting_project::put(&folder, &path, &component).with_context(|| path.display().to_string())?;
    println!("{} ({} kB)", path.display(), component.len() / 1000);
    Ok(())
}

/// Builds `target/release/vetting-orchestrator`.
pub fn orchestrator() -> anyhow::Result<()> {
    program("vetting-orchestrator")
}

/// Builds the programs and all tests together, so that what they share is compiled once: cargo unites
/// the features of what is built at a time.
pub fn programs_and_tests() -> anyhow::Result<()> {
    facts()?;
    let both = ["--workspace", "--bins", "--tests"];
    run(cargo().args(["build", "--release", "--locked"]).args(both))
}

/// Builds some programs and one test, with the features that all tests have: what was built for the tests
/// is not compiled once more.
pub fn beside_tests(programs: &[&str], test: &str) -> anyhow::Result<()> {
    facts()?;
    let mut build = cargo();
    build.args([
        "build",
        "--release",
        "--locked",
        "--workspace",
        "--test",
        test,
    ]);
    for program in programs {
        build.args(["--bin", program]);
    }
    run(&mut build)
}

fn program(package: &str) -> anyhow::Result<()> {
    run(cargo().args(["build", "--release", "--locked", "--package", package]))
}

/// Builds the built-in stages to `target/stages/NAME.wasm`.
pub fn stages() -> anyhow::Result<()> {
    stages_into(&target("stages"))
}

/// Builds the built-in stages to `NAME.wasm` in a folder.
pub fn stages_into(folder: &Path) -> anyhow::Result<()> {
    guests(&root().join("guest-stages"), folder)
}

/// Builds the examples in other languages to `target/stages-examples/NAME.wasm`.
pub fn examples() -> anyhow::Result<()> {
    toolchain::python()?;
    let to = target("stages-examples");
    std::fs::create_dir_all(&to).with_context(|| to.display().to_string())?;
    // With the program's own words, and by the toolchain that stands beside it.
    for example in EXAMPLES {
        let folder = root().join("guest-stages/examples").join(example);
        run(Command::new(target("release/vetting"))
            .args(["stage", "build"])
            .arg(&folder))?;
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "wasm")
                && let Some(name) = path.file_name()
            {
                std::fs::copy(&path, to.join(name)).with_context(|| path.display().to_string())?;
            }
        }
    }
    Ok(())
}

/// Builds the tests' own stages to `target/stages-test/NAME.wasm`.
pub fn test_stages() -> anyhow::Result<()> {
    guests(&root().join("tests/guests"), &target("stages-test"))
}

/// Builds every crate in `folder` that has a `stage.toml`, and packs each to a component.
fn guests(folder: &Path, to: &Path) -> anyhow::Result<()> {
    let crates = crates_with_manifest(folder)?;
    let packages: Vec<&str> = crates.iter().map(|(package, _)| package.as_str()).collect();
    let built = stage_profile(&packages)?;
    std::fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    let mut made = Vec::new();
    for (package, folder) in &crates {
        let file = format!("{}.wasm", package.replace('-', "_"));
        let module = built.join(file);
        let manifest = folder.join("stage.toml");
        let module = std::fs::read(&module).with_context(|| module.display().to_string())?;
        let text =
            std::fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?;
        let component = vetting_component::pack(&module, &text)
            .with_context(|| manifest.display().to_string())?;
        let name = vetting_component::read(&component)?.manifest.name;
        let path = to.join(format!("{name}.wasm"));
        vetting_project::put(to, &path, &component).with_context(|| path.display().to_string())?;
        println!("{} ({} kB)", path.display(), component.len() / 1000);
        made.push(path);
    }
    forget_others(to, &made)
}

/// Builds packages as stages are built, and gives the folder of their modules.
fn stage_profile(packages: &[&str]) -> anyhow::Result<PathBuf> {
    let toolchain = toolchain::rust()?;
    let built = target("guests");
    let mut build = cargo();
    build.args([
        "build",
        "--locked",
        "--profile",
        "stage",
        "--target",
        TARGET,
    ]);
    for package in packages {
        build.args(["--package", package]);
    }
    build.arg("--target-dir").arg(&built);
    toolchain.apply(&mut build);
    run(&mut build)?;
    Ok(built.join(TARGET).join("stage"))
}

/// A stage that is no longer built must not be run.
fn forget_others(folder: &Path, made: &[PathBuf]) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "wasm") && !made.contains(&path) {
            std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// The workspace's packages in a folder that have a `stage.toml`: name and folder.
fn crates_with_manifest(folder: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let output = cargo()
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .output()
        .context("cargo metadata does not start")?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for package in packages {
        let (Some(name), Some(manifest)) =
            (package["name"].as_str(), package["manifest_path"].as_str())
        else {
            continue;
        };
        let Some(home) = Path::new(manifest).parent() else {
            continue;
        };
        if home.starts_with(folder) && home.join("stage.toml").is_file() {
            found.push((name.to_owned(), home.to_owned()));
        }
    }
    if found.is_empty() {
        bail!("{} holds no crate with a stage.toml", folder.display());
    }
    found.sort();
    Ok(found)
}
