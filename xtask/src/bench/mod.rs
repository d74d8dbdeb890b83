//! Benchmarks: builds, measures, prints, and with `--write` keeps the figures in `BENCHMARKS.md`.

mod page;

use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::{build, root, setup, target, toolchain};

const ONE_MACHINE: &str = "One machine";
const CANCELLATION: &str = "Cancellation";
const A_FLEET: &str = "A fleet";

/// What can be measured beside the runtime itself.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Part {
    /// How long a cancel takes to be over, and what it leaves
    Cancel,
    /// A fleet of simulated machines against one orchestrator
    Fleet,
}

/// What the runtime costs on one machine. The figures of one machine say little; their ratios to the
/// baselines of the same run are what can be compared.
pub fn machine(write: bool) -> anyhow::Result<()> {
    setup::programs(&setup::TOOLS)?;
    build::beside_tests(&["vetting", PROGRAM], "cache")?;
    build::stages()?;
    build::test_stages()?;
    toolchain::python()?;
    let mut bench = program();
    bench
        .arg(target("release/vetting"))
        .arg(target("stages"))
        .arg(target("stages-test"));
    println!("measuring, some minutes …");
    let table = measured(&mut bench)?;
    let notes = "Written by `cargo xtask bench --write`. Each baseline is measured in turns with \
        the figure; the figures are medians, and the ratios are the medians of the rounds' ratios.";
    let more = "* *Process start to the first host call*: from the spawn of `vetting run` until the \
         trace line of the stage's first call to the machine has been read from its pipe; reading \
         and checking the stage, the code cache and linking included, compiling not.\n\
         * *One host call*: the difference between 200,000 calls and none, through the component's \
         canonical ABI and an async host function.\n\
         * *Engine*: core loops with the runtime's own configuration, which on real machines has \
         epochs, and on simulated ones fuel too. A loop is the worst case, because each of its rounds \
         looks whether it is over.\n\
         * *From an edit to the verdict*: `vetting stage test` of a new project whose rules were changed by \
         a comment: building, compiling what the edit changed, and four scenarios; the baseline builds alone.\n\
         * *Eight virtual hours*: the whole process, with a warm cache; the baseline is one virtual \
         minute on the same machine, so that 480 would be no gain from length.\n\
         * *fio*, *stress-ng*: what the tools themselves report. A ratio of 1 says that the runtime \
         does not disturb what it measures.";
    kept(ONE_MACHINE, notes, &table, more, write)
}

/// How long a cancel takes to be over, and what it leaves.
pub fn cancel(write: bool) -> anyhow::Result<()> {
    build::beside_tests(&["vetting", PROGRAM], "cache")?;
    build::test_stages()?;
    let mut bench = program();
    bench
        .arg("cancel")
        .arg(target("release/vetting"))
        .arg(target("stages"))
        .arg(target("stages-test"));
    println!("measuring, some two minutes …");
    let table = measured(&mut bench)?;
    let notes = "Written by `cargo xtask bench cancel --write`: a person's cancel, with a grace of \
        50 ms for the guest and its tools, until the attempt has ended. The times are those that are \
        told; that no process is left is asserted in each round.";
    let more = "* *A guest that computes* is looked at once a tick (10 ms) and interrupted at the \
         first one after the grace.\n\
         * *A tool with 20 grandchildren*: a tool whose whole tree ignores SIGTERM, some of it in \
         sessions of its own, some of it orphaned, some of it both. Until all of it is killed and \
         reaped.";
    kept(CANCELLATION, notes, &table, more, write)
}

/// What a fleet costs its orchestrator, and how that grows up to so many agents.
pub fn fleet(agents: usize, write: bool) -> anyhow::Result<()> {
    build::beside_tests(&["vetting", "vetting-orchestrator", PROGRAM], "cache")?;
    build::stages()?;
    let mut bench = program();
    bench
        .args(["fleet", &agents.to_string()])
        .arg(target("release/vetting"))
        .arg(target("release/vetting-orchestrator"))
        .arg(target("stages"))
        .arg(target("bench-cache"));
    println!("measuring, some ten minutes …");
    let table = measured(&mut bench)?;
    let notes = "Written by `cargo xtask bench fleet --write`: agents on simulated machines against \
        one orchestrator (TLS, SQLite), both on the machine that is named here. A latency is the \
        median / the 99th percentile, and in brackets both as multiples of the baseline's, which is \
        asked for all the time beside the rest. Growth is the largest fleet's figure over the \
        smallest's.";
    let more = "* The machines boot one after the other over half a minute. Each agent fetches its \
         components, walks all eight stages in the wall's time (nearly two minutes), and then stays; \
         heartbeats, log and sensors have their default periods. Every run must end `Completed`.\n\
         * A call that was not answered in time counts with the time that it was waited for, and is \
         made again. Batches of lines and samples are given five seconds.\n\
         * The agents are tasks of one process, with one copy of the stages' code. A latency is what \
         they see, and they share the processors with the orchestrator.\n\
         * No iperf3 server is started: simulated machines bring their own peer.";
    kept(A_FLEET, notes, &table, more, write)
}

/// The benchmarks' program.
const PROGRAM: &str = "vetting-bench";

fn program() -> Command {
    let mut bench = Command::new(target("release").join(PROGRAM));
    bench.current_dir(root());
    bench
}

/// The table that the benchmarks print.
fn measured(bench: &mut Command) -> anyhow::Result<String> {
    let output = bench.stderr(Stdio::inherit()).output();
    let output = output.context("the benchmarks do not start")?;
    if !output.status.success() {
        bail!("the benchmarks ended with {}", output.status);
    }
    let table = String::from_utf8(output.stdout).context("the table")?;
    print!("{table}");
    Ok(table)
}

/// Writes a part of the page, where that is wanted.
fn kept(heading: &str, notes: &str, table: &str, more: &str, write: bool) -> anyhow::Result<()> {
    if !write {
        return Ok(());
    }
    let path = root().join("BENCHMARKS.md");
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    let part = format!("{notes}\n\n{}\n\n{table}\n{more}", this_machine());
    let page = page::with(&page, &[ONE_MACHINE, CANCELLATION, A_FLEET], heading, &part);
    std::fs::write(&path, page).with_context(|| path.display().to_string())?;
    println!("written to {}", path.display());
    Ok(())
}

/// The machine and the date, in a line.
fn this_machine() -> String {
    let first = |path: &str, key: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text
            .lines()
            .find(|line| line.starts_with(key))
            .map(str::to_owned);
        let value = line.and_then(|line| line.split_once(':').map(|(_, v)| v.trim().to_owned()));
        value.unwrap_or_else(|| "unknown".into())
    };
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let date = Command::new("date").args(["-u", "+%Y-%m-%d"]).output();
    let date = date
        .map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
        .unwrap_or_default();
    format!(
        "Machine: {}, {cpus} CPUs, {}, Linux {}. Date: {date}.",
        first("/proc/cpuinfo", "model name"),
        first("/proc/meminfo", "MemTotal"),
        kernel.trim()
    )
}
