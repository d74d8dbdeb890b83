//! A misread drive, controller, kernel line, GPU or table of the firmware is mended in `guest-stages/` alone.
//!
//! Stages are built from a copy of that folder in which one reading of each source is wrong. One program, whose
//! bytes stay what they are, then judges sick machines by both: wrongly by the copy's stages, rightly by the
//! stages as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use vetting_project::{RustToolchain, TARGET};
use vetting_tests::{Vetting, stages, vetting};

/// One reading that the copy gets wrong.
struct Misread {
    /// The file, below `guest-stages/`.
    file: &'static str,
    /// What is there, and what the copy has instead.
    right: &'static str,
    wrong: &'static str,
    /// The stage that judges by it, and its crate.
    stage: &'static str,
    package: &'static str,
    /// What goes wrong with the healthy server, which only this reading shows.
    fault: &'static str,
}

const MISREADS: [Misread; 5] = [
    Misread {
        file: "facts/src/smartctl/nvme.rs",
        right: "number(log, \"available_spare\")",
        wrong: "number(log, \"spare_available\")",
        stage: "SMART",
        package: "stage-smart",
        fault: "kind = \"smart-field\"\ndisk = \"nvme1n1\"\nfield = \"available-spare\"\nvalue = 4",
    },
    Misread {
        file: "facts/src/bmc/meanings.rs",
        right: "MemoryUncorrectableEcc = 0x6f, 0x0c, 1: \"Uncorrectable ECC\"",
        wrong: "MemoryUncorrectableEcc = 0x6f, 0x0c, 1: \"Uncorrected ECC\"",
        stage: "PSU",
        package: "stage-psu",
        fault: "kind = \"event-log-entry\"\nat = \"1s\"\nsensor = \"Memory DIMM_C1\"\nevent = \"Uncorrectable ECC\"",
    },
    Misread {
        file: "facts/src/kernel/classify/memory.rs",
        right: "const MARK: &str = \"[Hardware Error]:\"",
        wrong: "const MARK: &str = \"[Hardware Fault]:\"",
        stage: "CPUStress",
        package: "stage-cpu-stress",
        fault: "kind = \"kernel-line\"\nat = \"5s\"\ntext = \"mce: [Hardware Error]: CPU 10: Machine Check: 0 Bank 5: bea0000000000108\"",
    },
    Misread {
        file: "facts/src/gpu/nvidia_smi/ecc.rs",
        right: "\"remapped_rows/remapped_row_\"",
        wrong: "\"remapped_rows/remap_\"",
        stage: "GPU",
        package: "stage-gpu",
        fault: "kind = \"gpu-field\"\ngpu = \"gpu0\"\nelement = \"remapped_rows/remapped_row_failure\"\nvalue = \"Yes\"",
    },
    Misread {
        file: "facts/src/smbios/memory.rs",
        right: "0 => return Some((Presence::Empty, None))",
        wrong: "0 => return Some((Presence::SizeUnknown, None))",
        stage: "Memory",
        package: "stage-memory",
        fault: "kind = \"dimm-missing\"\ndimm = \"DIMM_B1\"\n[parameters.Memory]\nexpected_modules = 16",
    },
];

/// What the folder of stages is called in the copy.
const STAGES: &str = "misreading";

fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("a workspace").to_owned()
}

/// Copies a folder, but for what is hidden or built.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        let (from, to) = (entry.path(), to.join(&name));
        match name.to_string_lossy().as_ref() {
            "target" => {}
            hidden if hidden.starts_with('.') => {}
            _ if from.is_dir() => copy(&from, &to),
            _ => drop(fs::copy(&from, &to).expect("a copy")),
        }
    }
}

/// A workspace of the stages alone, with every misread in it.
fn with_misreads(to: &Path) {
    let from = repository();
    copy(&from.join("wit"), &to.join("wit"));
    copy(&from.join("guest-stages"), &to.join(STAGES));
    fs::copy(from.join("Cargo.lock"), to.join("Cargo.lock")).expect("a copy");
    let manifest = fs::read_to_string(from.join("Cargo.toml")).expect("a manifest");
    let manifest = manifest.replace("guest-stages/", &format!("{STAGES}/"));
    let mut manifest: toml::Table = manifest.parse().expect("TOML");
    let members = manifest["workspace"]["members"].as_array().expect("a list");
    let members = members.iter().filter(|member| {
        let member = member.as_str().expect("a path");
        member.starts_with(STAGES) && to.join(member).join("Cargo.toml").is_file()
    });
    let members: Vec<toml::Value> = members.cloned().collect();
    let workspace = manifest["workspace"].as_table_mut().expect("a table");
    workspace.insert("members".to_owned(), members.into());
    let text = toml::to_string(&manifest).expect("TOML");
    fs::write(to.join("Cargo.toml"), text).expect("a manifest");
    for misread in &MISREADS {
        let file = to.join(STAGES).join(misread.file);
        let text = fs::read_to_string(&file).expect("a source");
        assert_eq!(text.matches(misread.right).count(), 1, "{}", misread.file);
        let text = text.replace(misread.right, misread.wrong);
        fs::write(&file, text).expect("a source");
    }
}

/// Builds the stages of that workspace to `NAME.wasm` in a folder.
fn build(workspace: &Path, to: &Path) {
    let toolchain = RustToolchain::find().expect("what built the stages is there");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--offline",
        "--profile",
        "stage",
        "--target",
        TARGET,
    ]);
    for misread in &MISREADS {
        cargo.args(["--package", misread.package]);
    }
    // What both depend on is compiled there already; the folder's other name keeps the stages apart.
    let built = repository().join("target/guests");
    cargo.arg("--target-dir").arg(&built);
    cargo.current_dir(workspace).stdin(Stdio::null());
    toolchain.apply(&mut cargo);
    let output = cargo.output().expect("cargo starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    for misread in &MISREADS {
        let file = format!("{}.wasm", misread.package.replace('-', "_"));
        let module = fs::read(built.join(TARGET).join("stage").join(file)).expect("a module");
        let folder = misread.package.trim_start_matches("stage-");
        let manifest = workspace.join(STAGES).join(folder).join("stage.toml");
        let manifest = fs::read_to_string(manifest).expect("a manifest");
        let component = vetting_component::pack(&module, &manifest).expect("a component");
        let name = format!("{}.wasm", misread.stage);
        fs::write(to.join(name), component).expect("a stage");
    }
}

/// What a stage of a folder says of the healthy server with a fault.
fn verdict(folder: &Path, misread: &Misread) -> String {
    let machine = tempfile::tempdir().expect("a folder");
    let profile = machine.path().join("sick.toml");
    let text = format!(
        "extends = \"healthy-server\"\ndescription = \"One fault\"\n[[fault]]\n{}\n",
        misread.fault
    );
    fs::write(&profile, text).expect("a profile");
    let machine = format!("sim:{}", profile.display());
    let ended = Vetting::run(folder, &[misread.stage, "--machine", &machine]).output();
    let report = ended.report();
    let verdict = report["stages"][0]["verdict"].as_str().expect("a verdict");
    verdict.to_owned()
}

#[test]
fn a_misread_is_mended_by_shipping_a_stage() {
    let program = fs::read(vetting()).expect("the program");
    let workspace = tempfile::tempdir().expect("a folder");
    with_misreads(workspace.path());
    let misreading = tempfile::tempdir().expect("a folder");
    build(workspace.path(), misreading.path());
    for misread in &MISREADS {
        let (wrong, right) = (
            verdict(misreading.path(), misread),
            verdict(&stages(), misread),
        );
        assert_eq!(
            (wrong.as_str(), right.as_str()),
            ("pass", "fail"),
            "{} by {}",
            misread.stage,
            misread.file
        );
    }
    let after = fs::read(vetting()).expect("the program");
    assert!(program == after, "one program judged by both");
}
