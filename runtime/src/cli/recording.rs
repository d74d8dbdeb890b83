//! `--record`, `--machine replay:FILE` and `--fault`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use vetting_machine::fault::{Fault, Faults, Overlay};
use vetting_machine::recorded::{Header, Recorder, Recording, ReplayMachine};
use vetting_machine::{Cancel, Machine, Reason};
use vetting_protocol::StageRecord;

use super::Failure;
use super::args::MachineChoice;
use super::print;
use crate::engine::{Limits, LoadedStage, Notebook};
use crate::recording;
use crate::run::Watcher;

/// Before the file in `--machine replay:FILE`.
const REPLAY: &str = "replay:";

/// Whether, and where to, it is recorded.
#[derive(Clone, Debug, Args)]
pub struct RecordArgs {
    /// Record everything that stages ask their machine, for `--machine replay:FILE`
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Replace serial numbers, addresses and UUIDs in the recording, each by the same stand-in
    #[arg(long, requires = "record")]
    pub record_scrubbed: bool,
}

impl RecordArgs {
    /// The machine, recorded where that is wanted.
    pub fn over(
        &self,
        machine: Arc<dyn Machine>,
        header: impl FnOnce(&dyn Machine) -> Header,
    ) -> Result<(Arc<dyn Machine>, Option<Recorder>), Failure> {
        let Some(path) = &self.record else {
            return Ok((machine, None));
        };
        let header = header(&*machine);
        let recorder = Recorder::create(path, header, self.record_scrubbed);
        let recorder = recorder.map_err(Failure::usage)?;
        Ok((Arc::new(recorder.machine(machine)), Some(recorder)))
    }
}

/// The recording that is to be replayed, if one is.
pub fn replayed(choice: &MachineChoice) -> Result<Option<Recording>, Failure> {
    let Some(file) = choice.machine.strip_prefix(REPLAY) else {
        return Ok(None);
    };
    if choice.pace.is_some() {
        let why = "--pace is for simulated machines: a recorded one answers as fast as it can";
        return Err(Failure::usage(anyhow::anyhow!(why)));
    }
    let recording = Recording::open(Path::new(file));
    let recording = recording.with_context(|| file.to_owned());
    recording.map(Some).map_err(Failure::usage)
}

/// The machine of a recording.
pub fn machine(recording: Recording, faults: Arc<Faults>) -> Arc<dyn Machine> {
    if let Some(cut) = recording.cut_short() {
        say(&cut);
    }
    let (then, now) = (&recording.header.vetting_version, env!("CARGO_PKG_VERSION"));
    if then != now {
        say(&format!("vetting {then} recorded it, and this is {now}"));
    }
    Arc::new(ReplayMachine::new(recording, faults))
}

/// The faults that are laid over exchanges.
pub fn faults(texts: &[String]) -> Result<Arc<Faults>, Failure> {
    let fault = |text: &String| {
        text.parse::<Fault>()
            .with_context(|| format!("--fault {text}"))
    };
    let faults: anyhow::Result<Vec<_>> = texts.iter().map(fault).collect();
    Ok(Arc::new(Faults::new(faults.map_err(Failure::usage)?)))
}

/// A machine that lives, with faults.
pub fn overlaid(machine: Arc<dyn Machine>, faults: &Arc<Faults>) -> Arc<dyn Machine> {
    match faults.is_empty() {
        true => machine,
        false => Arc::new(Overlay::new(machine, Arc::clone(faults))),
    }
}

/// The stages that are run: those that were asked for, which a recording must have, else all of it.
pub fn stages(replay: Option<&Recording>, asked: &[String]) -> Result<Vec<String>, Failure> {
    let Some(recording) = replay else {
        return Ok(asked.to_vec());
    };
    let known = recording.stages();
    if let Some(unknown) = asked.iter().find(|stage| !known.contains(stage)) {
        return Err(Failure::usage(recording.no_stage(unknown)));
    }
    match asked {
        [] if known.is_empty() => Err(Failure::usage(recording.no_stage("*"))),
        [] => Ok(known),
        asked => Ok(asked.to_vec()),
    }
}

/// The limits that are begun with: those of the recording, else the defaults.
pub fn limits(replay: Option<&Recording>) -> Result<Limits, Failure> {
    let limits = replay.map(|recording| recording::limits(&recording.header.limits));
    limits
        .unwrap_or_else(|| Ok(Limits::default()))
        .map_err(Failure::usage)
}

/// Says which stages are not the components that were recorded, on standard error: replaying a changed
/// stage is what a recording is for.
pub fn say_what_changed(recording: &Recording, stages: &[(LoadedStage, serde_json::Value)]) {
    for (stage, _) in stages {
        let then = recording.digest(stage.name());
        if let Some(then) = then.filter(|then| *then != stage.digest) {
            let (name, now) = (stage.name(), brief(&stage.digest));
            let then = brief(then);
            say(&format!(
                "{name} is another component now (sha256 {now}) than was recorded ({then})"
            ));
        }
    }
}

fn brief(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// Whoever watches a run, and its recording beside them; of a replay, its end.
pub struct Watched<'a, W> {
    /// Who watches.
    pub view: &'a W,
    /// What records it.
    pub recorder: Option<&'a Recorder>,
    /// The last stage that was begun when the recorded run was cancelled, and why it was.
    pub cancelled: Option<(Option<String>, Reason)>,
    /// The run's cancellation.
    pub cancel: &'a Cancel,
}

/// When a replayed run is cancelled, if it was: after the last stage that was begun then.
pub fn cancelled(recording: &Recording) -> Option<(Option<String>, Reason)> {
    let reason = recording.cancelled()?.clone();
    let last = recording.attempts().next_back();
    Some((last.map(|attempt| attempt.begin.stage.clone()), reason))
}

impl<W: Watcher> Watcher for Watched<'_, W> {
    fn begins(&self, stage: &str, notebook: &Arc<Notebook>) {
        self.view.begins(stage, notebook);
    }

    fn ended(&self, record: &StageRecord) {
        self.view.ended(record);
        if let Some(recorder) = self.recorder {
            recorder.verdict(recording::verdict(record));
        }
        if let Some((Some(last), reason)) = &self.cancelled
            && *last == record.stage
        {
            self.cancel.cancel(reason.clone());
        }
    }
}

/// A line on standard error, if anybody still reads it.
pub fn say(line: &str) {
    print::aside(&format!("vetting: {line}"));
}
