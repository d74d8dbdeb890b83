//! Runs every suite of a tier, each test binary by itself, and measures it against its budget.
//!
//! The binaries are those that `cargo test --no-run` names. libtest's own events say how long each test
//! took: `--report-time` and `--format json` are unstable, so `RUSTC_BOOTSTRAP` is set for the binary,
//! to a name that allows no compiler anything that a test may start.

mod binaries;
mod events;
mod summary;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::test::{environment, tests};
use crate::tiers::{self, Suite, Tier};
use crate::{run, shown};

use binaries::Binary;
use events::Event;
use summary::{Done, Summary};

/// Runs the suites of a tier; where some are picked by a part of their names, those alone.
///
/// # Errors
///
/// When a suite fails, has no row in the table, or takes more than twice its budget.
pub fn run_tier(tier: Tier, picked: &[String]) -> anyhow::Result<()> {
    let is_picked =
        |name: &str| picked.is_empty() || picked.iter().any(|part| name.contains(part.as_str()));
    let binaries = binaries::all()?;
    let mut summary = Summary::new(tier);
    for binary in &binaries {
        let Some(suite) = tiers::row(&binary.suite) else {
            // Every library and program has a test binary, most of them without tests.
            if binary.is_integration || binary.has_tests()? {
                summary.without_row(&binary.suite);
            }
            continue;
        };
        if suite.budget(tier) > 0 && is_picked(suite.name) {
            summary.add(run_suite(binary, suite, tier)?);
        }
    }
    for suite in tiers::SUITES {
        let built = binaries.iter().any(|binary| binary.suite == suite.name);
        if !built && suite.name != tiers::DOC_TESTS {
            summary.without_binary(suite.name);
        }
    }
    if is_picked(tiers::DOC_TESTS) {
        summary.add(doc_tests(tier)?);
    }
    if !picked.is_empty() && summary.is_empty() {
        bail!("no suite has {} in its name", picked.join(" or "));
    }
    summary.print();
    summary.verdict()
}

/// Runs one test binary.
fn run_suite(binary: &Binary, suite: &'static Suite, tier: Tier) -> anyhow::Result<Done> {
    let mut command = Command::new(&binary.file);
    environment(&mut command);
    command
        .current_dir(&binary.folder)
        .env("CARGO_MANIFEST_DIR", &binary.folder)
        .env(
            "CARGO",
            std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        )
        .envs(suite.env(tier).iter().copied())
        .stdin(Stdio::null());
    let line = shown(&command);
    let began = Instant::now();
    let mut done = Done::new(suite, tier);
    if suite.own_main {
        println!("$ {line}");
        let status = command.status().with_context(|| line.clone())?;
        done.ended(began.elapsed(), status);
        return Ok(done);
    }
    command
        .args([
            "-Z",
            "unstable-options",
            "--report-time",
            "--format",
            "json",
        ])
        // The name of no crate: rustc allows nothing for it, libtest asks whether there is any.
        .env("RUSTC_BOOTSTRAP", "libtest")
        .stdout(Stdio::piped());
    if tier == Tier::All {
        command.arg("--include-ignored");
    }
    let mut child = command.spawn().with_context(|| line.clone())?;
    let output = child.stdout.take().context("a pipe")?;
    for line in BufReader::new(output).lines() {
        // A test may print beside libtest; what is no event is passed on.
        let line = line?;
        match events::read(&line) {
            Some(Event::Test(test)) => done.test(test),
            Some(Event::Other) => {}
            None => println!("{line}"),
        }
    }
    let status = child.wait().with_context(|| line.clone())?;
    done.ended(began.elapsed(), status);
    Ok(done)
}

/// The examples in the documentation, which cargo alone can build.
fn doc_tests(tier: Tier) -> anyhow::Result<Done> {
    let suite = tiers::row(tiers::DOC_TESTS).context("the row of the doc tests")?;
    let mut command = tests();
    command.args(["--workspace", "--doc", "--no-fail-fast", "--quiet"]);
    let began = Instant::now();
    let mut done = Done::new(suite, tier);
    let ended = run(&mut command);
    if let Err(error) = &ended {
        println!("{error:#}");
    }
    done.is_over(began.elapsed(), ended.is_ok());
    Ok(done)
}

/// Seconds as they are printed.
fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// What ends a run of tests.
fn fail(reasons: &[String]) -> anyhow::Result<()> {
    if reasons.is_empty() {
        return Ok(());
    }
    bail!("{}", reasons.join("\n"))
}
