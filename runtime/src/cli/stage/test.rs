//! `vetting stage test`: a stage in its scenarios.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};
use vetting_machine::Cancel;
use vetting_protocol::StageRecord;

use super::args::{TestArgs, TestFormat};
use super::build::{Ready, SCENARIOS, ready};
use super::junit::junit;
use super::watch::Changes;
use crate::cli::signals::cancel_on_signals;
use crate::cli::{Exit, Failure};
use crate::scenario::{self, Mismatch, Scenario, Snapshot};
use vetting_protocol::printable;

/// How much of its log is shown of a stage that went otherwise than expected: a traceback fits in.
const LOG_LINES: usize = 12;

/// How many mismatches of one scenario are shown.
const MISMATCHES: usize = 8;

/// One scenario's result.
pub(super) struct Tested {
    pub name: String,
    pub description: String,
    pub mismatches: Vec<Mismatch>,
    pub stage: Option<StageRecord>,
    pub cancelled: bool,
}

/// Tests, once or after each change.
pub(super) async fn test(args: TestArgs) -> Result<Exit, Failure> {
    if args.schema {
        let schema = serde_json::to_string_pretty(&scenario::schema());
        super::show(&(schema.map_err(Failure::runtime)? + "\n"))?;
        return Ok(Exit::Passed);
    }
    let cancel = Cancel::new();
    cancel_on_signals(&cancel).map_err(Failure::runtime)?;
    if let Some(file) = &args.from_recording {
        return adopted(&args, file, &cancel).await;
    }
    if !args.watch {
        return once(&args, &cancel).await;
    }
    let mut changes = Changes::of(&args.component.project).map_err(Failure::usage)?;
    loop {
        // A stage that does not build is mended, and then there is a change.
        if let Err(failure) = once(&args, &cancel).await {
            super::show(&format!("{:#}\n", failure.error))?;
        }
        super::show("waiting for a change; Ctrl-C ends\n")?;
        tokio::select! {
            () = cancel.cancelled() => return Ok(Exit::Cancelled),
            () = changes.next() => {}
        }
    }
}

/// A recording as a scenario of the project, tested at once.
async fn adopted(args: &TestArgs, file: &Path, cancel: &Cancel) -> Result<Exit, Failure> {
    let ready = ready(&args.component).await?;
    let folder = args.component.project.join(SCENARIOS);
    let path = scenario::adopt(&folder, file, ready.stage.name()).map_err(Failure::usage)?;
    let scenario = Scenario::read(&path).map_err(Failure::runtime)?;
    let tested = one(&ready, &scenario, false, cancel).await?;
    if let Some(stage) = &tested.stage
        && stage.verdict == Some(scenario.expect.verdict)
    {
        scenario::expect_the_blamed(&path, stage)
            .with_context(|| path.display().to_string())
            .map_err(Failure::usage)?;
    }
    super::show(&format!("{} was written\n", path.display()))?;
    let scenario = Scenario::read(&path).map_err(Failure::runtime)?;
    run_all(args, &ready, &[scenario], cancel).await
}

/// The scenarios that were named, else all of the project's.
async fn once(args: &TestArgs, cancel: &Cancel) -> Result<Exit, Failure> {
    let files = match args.scenarios.as_slice() {
        [] => scenario::find(&args.component.project.join(SCENARIOS)),
        named => Ok(named.to_vec()),
    };
    let files = files.map_err(Failure::usage)?;
    // All are read before one is run: what is wrong with them shows at once.
    let scenarios = files.iter().map(|file| Scenario::read(file));
    let scenarios: Vec<Scenario> = scenarios
        .collect::<Result<_, _>>()
        .map_err(Failure::usage)?;
    let ready = ready(&args.component).await?;
    run_all(args, &ready, &scenarios, cancel).await
}

/// Runs scenarios, and tells of them.
async fn run_all(
    args: &TestArgs,
    ready: &Ready,
    scenarios: &[Scenario],
    cancel: &Cancel,
) -> Result<Exit, Failure> {
    let lines_to_stdout = args.format == TestFormat::Pretty || args.output.is_some();
    let mut all = Vec::new();
    for scenario in scenarios {
        let tested = one(ready, scenario, args.update, cancel).await?;
        if lines_to_stdout {
            super::show(&lines(&tested))?;
        }
        let cancelled = tested.cancelled;
        all.push(tested);
        if cancelled {
            return Ok(Exit::Cancelled);
        }
    }
    let bad = all.iter().filter(|t| !t.mismatches.is_empty()).count();
    if lines_to_stdout {
        let name = ready.stage.name();
        super::show(&format!(
            "{name}: {} scenarios, {} as expected, {bad} not\n",
            all.len(),
            all.len() - bad
        ))?;
    }
    write(args, ready.stage.name(), &all)?;
    let broke = |tested: &Tested| tested.stage.as_ref().is_some_and(|s| s.verdict.is_none());
    Ok(match bad {
        _ if all.iter().any(broke) => Exit::Runtime,
        0 => Exit::Passed,
        _ => Exit::Failed,
    })
}

/// Runs one scenario.
async fn one(
    ready: &Ready,
    scenario: &Scenario,
    update: bool,
    cancel: &Cancel,
) -> Result<Tested, Failure> {
    let path = &scenario.path;
    let tried = scenario::run(
        &ready.engine,
        &ready.stage,
        scenario,
        &ready.limits,
        cancel,
        &scenario::Unwatched,
    )
    .await;
    let mut tried = tried
        .with_context(|| path.display().to_string())
        .map_err(Failure::usage)?;
    let stage = tried.record.stages.pop();
    let cancelled = cancel.is_cancelled();
    if let Some(stage) = stage.as_ref().filter(|_| !cancelled) {
        let snapshot = snapshot(path, stage, update);
        let differs = snapshot
            .with_context(|| format!("the snapshot of {}", path.display()))
            .map_err(Failure::usage)?;
        tried.mismatches.extend(differs);
    }
    Ok(Tested {
        name: scenario::name(path),
        description: scenario.description.clone(),
        mismatches: tried.mismatches,
        stage,
        cancelled,
    })
}

/// Where the stage says something else than its snapshot; with `update` that is what is kept.
fn snapshot(path: &Path, stage: &StageRecord, update: bool) -> std::io::Result<Option<Mismatch>> {
    let snapshot = Snapshot::of(path)?;
    if update {
        snapshot.keep(stage)?;
        return Ok(None);
    }
    let differs = snapshot.differs(stage).map(|diff| {
        Mismatch(format!(
            "it says something else than its snapshot {} (`--update` keeps what it says now):\n{diff}",
            snapshot.path().display()
        ))
    });
    Ok(differs)
}

/// What a person reads of one scenario.
fn lines(tested: &Tested) -> String {
    let mut text = String::new();
    let said = tested
        .stage
        .as_ref()
        .map_or("not run", StageRecord::verdict_word);
    let word = if tested.mismatches.is_empty() {
        "ok"
    } else {
        "NOT"
    };
    let about = match tested.description.as_str() {
        "" => String::new(),
        about => format!(": {about}"),
    };
    // Writing to a string does not fail.
    let _written = writeln!(
        text,
        "{word:<4} {} ({said}){}",
        tested.name,
        printable(&about)
    );
    let shown = tested.mismatches.iter().take(MISMATCHES);
    for line in shown.flat_map(|mismatch| mismatch.0.lines()) {
        let _written = writeln!(text, "       {}", printable(line));
    }
    if let Some(more @ 1..) = tested.mismatches.len().checked_sub(MISMATCHES) {
        let _written = writeln!(text, "       and {more} more; `--format json` has them all");
    }
    let log = tested.stage.as_ref().map_or(&[][..], |stage| &stage.log);
    if !tested.mismatches.is_empty() && !log.is_empty() {
        let _written = writeln!(text, "       the end of its log:");
        for line in log.iter().skip(log.len().saturating_sub(LOG_LINES)) {
            let _written = writeln!(text, "         {}", printable(&line.text));
        }
    }
    text
}

/// Writes what programs read.
fn write(args: &TestArgs, stage: &str, all: &[Tested]) -> Result<(), Failure> {
    let text = match args.format {
        TestFormat::Pretty if args.output.is_none() => return Ok(()),
        TestFormat::Pretty => all.iter().map(lines).collect(),
        TestFormat::Json => json(all).map_err(Failure::runtime)?,
        TestFormat::Junit => junit(stage, all),
    };
    match &args.output {
        None => super::show(&text),
        Some(path) => write_to(path, &text).map_err(Failure::runtime),
    }
}

fn write_to(path: &PathBuf, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text)
        .with_context(|| format!("the result could not be written to {}", path.display()))
}

fn json(all: &[Tested]) -> serde_json::Result<String> {
    let all = all.iter().map(|tested| {
        json!({
            "scenario": tested.name,
            "description": tested.description,
            "as_expected": tested.mismatches.is_empty(),
            "mismatches": tested.mismatches,
            "record": tested.stage,
        })
    });
    Ok(serde_json::to_string_pretty(&Value::Array(all.collect()))? + "\n")
}
