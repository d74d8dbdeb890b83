//! How long a cancel takes to be over: for a guest that computes, for one that waits in a host call,
//! and for a tool with a tree of processes that do not heed SIGTERM. None of them may be left.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use vetting_machine::Reason;
use vetting_machine::real::{Options, RealMachine};
use vetting_machine::tools::processes::Process;
use vetting_runtime::engine::{LoadedStage, Order};

use crate::Built;
use crate::calls::Bench;
use crate::table::seconds;

const ROUNDS: u32 = 200;
const GRACE: Duration = Duration::from_millis(50);
/// What the processes of the tool's tree are called by: no other process is.
const NAME: &str = "sleep 86399.25";
/// The tool's tree: twenty grandchildren, and the child that the tool itself waits for.
const TREE: usize = 21;
/// How long a tree may take to be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// A tool by the name of fio whose whole tree ignores SIGTERM: a quarter of it plain, a quarter in
/// sessions of their own, a quarter orphaned, and a quarter both.
const TOOL: &str = "#!/bin/sh
trap '' TERM
i=0
while [ $i -lt 5 ]; do
    (sleep 86399.25; :) &
    (setsid sleep 86399.25; :) &
    (sleep 86399.25 &)
    (setsid sleep 86399.25 &)
    i=$((i + 1))
done
sleep 86399.25
";

/// What is cancelled.
#[derive(Clone, Copy)]
enum Case {
    /// Nothing but a timer: what the system itself adds.
    Timer,
    Spins,
    Sleeps,
    Tree,
}

/// Measures all; gives the table.
pub async fn measure(built: &Built) -> anyhow::Result<String> {
    let tools = tempfile::tempdir().context("a folder for the tool")?;
    let tool = tools.path().join("fio");
    std::fs::write(&tool, TOOL)?;
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755))?;
    let machine = RealMachine::new(Options {
        tools: Some(tools.path().to_owned()),
        ..Options::default()
    })?;
    let bench = Bench::on(built, machine).await?;
    let stage = bench.load().await?;
    let mut table = String::from(
        "| What | From | Median | 99th percentile | Worst | Goal | Rounds |\n|---|---|---|---|---|---|---|\n",
    );
    for (case, what, from, goal) in [
        (Case::Timer, "Baseline: a timer of 50 ms", "its time", "–"),
        (
            Case::Spins,
            "A guest that computes",
            "the grace's end",
            "12 ms: a tick and 2 ms",
        ),
        (
            Case::Sleeps,
            "A guest that waits in a host call",
            "the cancel",
            "at once",
        ),
        (
            Case::Tree,
            "A tool with 20 grandchildren",
            "the grace's end",
            "100 ms",
        ),
    ] {
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            times.push(one(&bench, &stage, case, round).await?);
        }
        times.sort_by(f64::total_cmp);
        let at = |part: f64| seconds(times[((times.len() - 1) as f64 * part) as usize]);
        let (median, late, worst) = (at(0.5), at(0.99), at(1.0));
        table +=
            &format!("| {what} | {from} | **{median}** | {late} | {worst} | {goal} | {ROUNDS} |\n");
    }
    table += &format!("| Processes left of {ROUNDS} trees | | **0** | | | 0 | {ROUNDS} |\n");
    Ok(table)
}

/// Seconds of one.
async fn one(bench: &Bench, stage: &LoadedStage, case: Case, round: u32) -> anyhow::Result<f64> {
    let mode = match case {
        Case::Timer => {
            let began = Instant::now();
            tokio::time::sleep(GRACE).await;
            return Ok((began.elapsed() - GRACE).as_secs_f64());
        }
        Case::Spins => "spin",
        Case::Sleeps => "sleep",
        Case::Tree => "fio",
    };
    let order = Order {
        grace: GRACE,
        ..bench.order(stage, mode, 60_000)
    };
    let cancel = order.cancel.clone();
    // On another thread: a guest that computes gives its own only now and then.
    let cancelling = tokio::spawn(async move {
        if matches!(case, Case::Tree) {
            standing().await?;
        }
        // At another instant of a tick each time.
        tokio::time::sleep(Duration::from_micros(20_000 + u64::from(round) * 50)).await;
        let at = Instant::now();
        cancel.cancel(Reason::Person("the benchmark".to_owned()));
        anyhow::Ok(at)
    });
    bench.attempt(order).await?;
    let ended = Instant::now();
    let cancelled = cancelling.await??;
    let left = left();
    ensure!(left.is_empty(), "left of a tool: {left:?}");
    let due = match case {
        Case::Sleeps => cancelled,
        _ => cancelled + GRACE,
    };
    Ok(ended.saturating_duration_since(due).as_secs_f64())
}

/// Waits until the whole tree is there.
async fn standing() -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    while tree().len() < TREE {
        ensure!(Instant::now() < until, "the tool has only {:?}", tree());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

/// The processes of the tool's tree.
fn tree() -> Vec<i32> {
    let all = Process::all();
    let ours = all
        .values()
        .filter(|process| process.command_line() == NAME);
    ours.map(|process| process.pid).collect()
}

/// What is left of it: of the tree, and of the dead that nobody has waited for.
fn left() -> Vec<Process> {
    let own = nix::unistd::getpid().as_raw();
    let all = Process::all().into_values();
    let left = all.filter(|process| process.parent == own || process.command_line() == NAME);
    left.collect()
}
