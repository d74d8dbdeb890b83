//! libFuzzer over the parsers. The stable compiler can count what is covered and what is compared
//! (LLVM's SanitizerCoverage); only the crates that the parsers need are built so, in a folder of
//! their own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::{cargo, run, target};

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// The flags of SanitizerCoverage that libFuzzer reads. Sums that overflow are faults here.
const FLAGS: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cdebug-assertions=on -Coverflow-checks=on";
/// Bounds for one input: generous, as no parser comes near them but by a fault.
const BOUNDS: [&str; 4] = [
    "-timeout=60",
    "-rss_limit_mb=2048",
    "-max_len=65536",
    "-detect_leaks=0",
];

/// Builds the program.
pub fn build() -> anyhow::Result<PathBuf> {
    let folder = target("fuzz");
    run(cargo()
        .args([
            "build",
            "--release",
            "--locked",
            "--package",
            "vetting-fuzz",
        ])
        .args(["--features", "guided", "--bin", "guided"])
        // Build scripts are not to count.
        .args(["--target", TARGET])
        .arg("--target-dir")
        .arg(&folder)
        .env("RUSTFLAGS", FLAGS)
        // Its build script makes stages for the tests; this program runs none.
        .env("VETTING_FUZZ_STAGES", "0"))?;
    Ok(folder.join(TARGET).join("release/guided"))
}

/// A target, as the program tells it.
pub struct Guided {
    /// Its name.
    pub name: String,
    /// The folders of its inputs to begin with.
    folders: Vec<PathBuf>,
}

/// The targets that it has.
pub fn targets(program: &Path) -> anyhow::Result<Vec<Guided>> {
    let output = Command::new(program)
        .env("VETTING_FUZZ_TARGET", "list")
        .output();
    let output = output.with_context(|| program.display().to_string())?;
    let told = String::from_utf8(output.stdout)?;
    let target = |line: &str| {
        let mut words = line.split('\t');
        let name = words.next()?.to_owned();
        let folders = words.map(PathBuf::from).collect();
        Some(Guided { name, folders })
    };
    let targets: Vec<_> = told.lines().filter_map(target).collect();
    if targets.is_empty() {
        bail!("{} names no targets", program.display());
    }
    Ok(targets)
}

/// Fuzzes one target for so long. What is found new goes to a folder below `target/`, which the next
/// run begins with too.
pub fn fuzz(program: &Path, guided: &Guided, time: Duration, seed: u32) -> anyhow::Result<()> {
    let name = &guided.name;
    let found = target("fuzz/corpus").join(name);
    let crashes = target("fuzz/crashes");
    let logs = target("fuzz/logs");
    for folder in [&found, &crashes, &logs] {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let log = logs.join(name);
    let mut prefix = crashes.join(name).into_os_string();
    prefix.push("-");
    let mut artifacts = std::ffi::OsString::from("-artifact_prefix=");
    artifacts.push(&prefix);
    let mut fuzzer = Command::new(program);
    fuzzer
        .env("VETTING_FUZZ_TARGET", name)
        .args(BOUNDS)
        .arg(artifacts)
        .arg(format!("-max_total_time={}", time.as_secs().max(1)))
        .arg(format!("-seed={}", seed.max(1)))
        .arg("-print_final_stats=1")
        .arg(&found)
        .args(&guided.folders)
        .stderr(std::fs::File::create(&log).with_context(|| log.display().to_string())?);
    let status = fuzzer.status().context("the fuzzer does not start")?;
    let said = String::from_utf8_lossy(&std::fs::read(&log)?).into_owned();
    let after = |words: &str| {
        let (_, rest) = said.rsplit_once(words)?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    if !status.success() {
        let lines: Vec<_> = said.lines().collect();
        let tail = lines
            .get(lines.len().saturating_sub(40)..)
            .unwrap_or_default();
        println!("{}", tail.join("\n"));
        let input = after("Test unit written to ").unwrap_or_else(|| "FILE".to_owned());
        bail!("{status}; again: cargo xtask fuzz --target {name} --input {input}");
    }
    let unknown = || "?".to_owned();
    println!(
        "{name}: {} inputs in {} s, {} places covered",
        after("stat::number_of_executed_units:").unwrap_or_else(unknown),
        time.as_secs(),
        after(" cov: ").unwrap_or_else(unknown),
    );
    Ok(())
}
