//! Watching a run: bars on a terminal, plain lines otherwise, nothing where only the report is
//! wanted. It reads the stage's notebook a few times a second, so a stage that floods its progress
//! costs nothing here.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::task::AbortHandle;
use vetting_machine::contract::hwmon::SensorKind;
use vetting_machine::{Attempt, Machine, Reply, Request, Time};
use vetting_protocol::{Ending, StageRecord, Verdict};
use vetting_report::Format;

use super::args::RunArgs;
use super::print::aside;
use crate::engine::Notebook;
use crate::run::Watcher;

/// How often the notebook is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How often sensors are read for the view.
const SENSORS: Duration = Duration::from_secs(2);
/// A bar's length in steps.
const STEPS: u64 = 1000;

/// Who shows the run.
pub enum View {
    /// Bars on a terminal.
    Bars(Bars),
    /// A line per event.
    Lines(Lines),
    /// Nothing.
    Quiet,
}

impl View {
    /// The view that fits: bars on a terminal, nothing beside JSON in a pipe, lines otherwise.
    pub fn new<'a>(
        args: &RunArgs,
        machine: Arc<dyn Machine>,
        stages: impl Iterator<Item = &'a str>,
    ) -> Self {
        let terminal = std::io::stderr().is_terminal();
        match (terminal, args.format, &args.output) {
            (true, ..) => View::Bars(Bars::new(machine, stages)),
            (false, Format::Json, None) => View::Quiet,
            (false, ..) => View::Lines(Lines::default()),
        }
    }

    /// Leaves the terminal to the report.
    pub fn close(&self) {
        match self {
            View::Bars(bars) => bars.close(),
            View::Lines(lines) => lines.stop(),
            View::Quiet => {}
        }
    }
}

impl Watcher for View {
    fn begins(&self, stage: &str, notebook: &Arc<Notebook>) {
        match self {
            View::Bars(bars) => bars.begins(stage, notebook),
            View::Lines(lines) => lines.begins(stage, notebook),
            View::Quiet => {}
        }
    }

    fn ended(&self, record: &StageRecord) {
        match self {
            View::Bars(bars) => bars.ended(record),
            View::Lines(lines) => lines.ended(record),
            View::Quiet => {}
        }
    }
}

/// The task that looks at the stage at work.
#[derive(Default)]
struct Looking(Mutex<Option<AbortHandle>>);

impl Looking {
    fn set(&self, task: Option<AbortHandle>) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = std::mem::replace(&mut *slot, task) {
            old.abort();
        }
    }
}

/// A bar per stage, and one line of sensors below.
pub struct Bars {
    all: MultiProgress,
    stages: BTreeMap<String, ProgressBar>,
    sensors: ProgressBar,
    sensor_task: Option<AbortHandle>,
    looking: Looking,
}

impl Bars {
    fn new<'a>(machine: Arc<dyn Machine>, names: impl Iterator<Item = &'a str>) -> Self {
        let all = MultiProgress::new();
        let mut stages = BTreeMap::new();
        for name in names {
            let bar = all.add(ProgressBar::new(STEPS));
            bar.set_style(style("{prefix:<10} {bar:24.dim} {wide_msg:.dim}"));
            bar.set_prefix(name.to_owned());
            bar.set_message("waiting");
            stages.insert(name.to_owned(), bar);
        }
        let sensors = all.add(ProgressBar::no_length());
        sensors.set_style(style("{wide_msg:.dim}"));
        // A simulated machine's sensors are in its own time, which a look would disturb.
        let sensor_task = (machine.time() == Time::Real)
            .then(|| tokio::spawn(watch_sensors(machine, sensors.clone())).abort_handle());
        Bars {
            all,
            stages,
            sensors,
            sensor_task,
            looking: Looking::default(),
        }
    }

    fn begins(&self, stage: &str, notebook: &Arc<Notebook>) {
        let Some(bar) = self.stages.get(stage).cloned() else {
            return;
        };
        bar.set_style(style(
            "{prefix:<10} {bar:24.cyan/blue} {percent:>3}% {elapsed:>4} {wide_msg}",
        ));
        bar.reset_elapsed();
        let notebook = Arc::clone(notebook);
        let looking = tokio::spawn(async move {
            loop {
                let live = notebook.live();
                // A fraction from 0 to 1 in steps of the bar.
                bar.set_position((live.fraction * STEPS as f64) as u64);
                let note = match (&live.note, &live.last_line) {
                    (note, Some((_, line))) if !note.is_empty() => format!("{note} · {line}"),
                    (note, Some((_, line))) if note.is_empty() => line.clone(),
                    (note, _) => note.clone(),
                };
                bar.set_message(note);
                bar.tick();
                tokio::time::sleep(LOOK).await;
            }
        });
        self.looking.set(Some(looking.abort_handle()));
    }

    fn ended(&self, record: &StageRecord) {
        self.looking.set(None);
        if let Some(bar) = self.stages.get(&record.stage) {
            let colour = match record.verdict {
                Some(Verdict::Pass) => "green",
                Some(Verdict::Skip) => "dim",
                Some(Verdict::Fail) | None => "red",
                Some(Verdict::Inconclusive | Verdict::Cancelled) => "yellow",
            };
            bar.set_style(style(&format!("{{prefix:<10}} {{wide_msg:.{colour}}}")));
            bar.finish_with_message(told(record));
        }
    }

    fn close(&self) {
        self.looking.set(None);
        if let Some(task) = &self.sensor_task {
            task.abort();
        }
        self.sensors.finish_and_clear();
        // The report says it all again; where the terminal is gone, there is nothing to clear.
        let _cleared = self.all.clear();
    }
}

/// A style whose template is ours, and so is sound; a wrong one falls back to indicatif's own.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_ours| ProgressStyle::default_bar())
        .progress_chars("━╸ ")
}

/// Shows the highest temperature, the lowest fan and the power drawn.
async fn watch_sensors(machine: Arc<dyn Machine>, line: ProgressBar) {
    let begun = machine.begin(Attempt::beside("view"));
    let Ok(session) = begun.await else {
        return;
    };
    loop {
        if let Ok(Reply::Hwmon(reading)) = session.call(Request::Hwmon).await {
            let of = |kind: SensorKind| {
                let same = move |s: &&vetting_machine::contract::hwmon::Sensor| s.kind == kind;
                reading.sensors.iter().filter(same)
            };
            let hottest = of(SensorKind::Temperature).max_by(|a, b| a.value.total_cmp(&b.value));
            let slowest = of(SensorKind::Fan).min_by(|a, b| a.value.total_cmp(&b.value));
            let watts: f64 = of(SensorKind::Power).map(|s| s.value).sum();
            let mut told = Vec::new();
            if let Some(s) = hottest {
                told.push(format!("hottest {} {:.0} °C", s.label, s.value));
            }
            if let Some(s) = slowest {
                told.push(format!("slowest fan {} {:.0}/min", s.label, s.value));
            }
            if watts > 0.0 {
                told.push(format!("{watts:.0} W"));
            }
            if told.is_empty() {
                told.push("no sensors on this machine".to_owned());
            }
            line.set_message(told.join(" · "));
        }
        tokio::time::sleep(SENSORS).await;
    }
}

/// Plain lines on standard error: beginnings, new notes, warnings, ends.
#[derive(Default)]
pub struct Lines {
    looking: Looking,
}

impl Lines {
    fn begins(&self, stage: &str, notebook: &Arc<Notebook>) {
        aside(&format!("{stage}: begins"));
        let (stage, notebook) = (stage.to_owned(), Arc::clone(notebook));
        let looking = tokio::spawn(async move {
            let mut last_note = String::new();
            let mut last_tenth = 0;
            loop {
                tokio::time::sleep(LOOK).await;
                let live = notebook.live();
                let tenth = (live.fraction * 10.0) as u64;
                if live.note != last_note && tenth != last_tenth {
                    aside(&format!(
                        "{stage}: {:.0} % {}",
                        live.fraction * 100.0,
                        live.note
                    ));
                    last_note = live.note;
                    last_tenth = tenth;
                }
            }
        });
        self.looking.set(Some(looking.abort_handle()));
    }

    fn ended(&self, record: &StageRecord) {
        self.looking.set(None);
        aside(&format!("{}: {}", record.stage, told(record)));
    }

    fn stop(&self) {
        self.looking.set(None);
    }
}

/// How a stage ended, in a line.
fn told(record: &StageRecord) -> String {
    let verdict = match (record.verdict, &record.ending) {
        (Some(verdict), _) => verdict.as_str(),
        (None, Ending::NotRun) => "not run",
        (None, _) => "runtime error",
    };
    let seconds = record.duration_ms as f64 / 1000.0;
    let text = if record.verdict == Some(Verdict::Pass) {
        &record.summary
    } else {
        &record.message
    };
    format!("{verdict} in {seconds:.1} s: {text}")
}
