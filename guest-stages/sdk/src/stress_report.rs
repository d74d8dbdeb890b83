//! What stress-ng reported of a job: each process's log and figures, read.

use vetting_facts::stress_ng::{self, About, Level, Log, Metrics, Row, Yaml};

use crate::stress::{Ending, Process};
use crate::types::DocumentEnding;

/// A job's end as stress-ng reported it.
#[derive(Clone, Debug)]
pub struct StressReport {
    /// One entry per process, as in the ending.
    pub processes: Vec<StressProcess>,
    /// Whether it was asked to end before its own end.
    pub stopped: bool,
}

/// One process.
#[derive(Clone, Debug)]
pub struct StressProcess {
    /// The CPU it was pinned to.
    pub cpu: Option<u32>,
    /// Its exit status; `None` when a signal ended stress-ng itself.
    pub exit_status: Option<i32>,
    /// How its output came to its end.
    pub ending: DocumentEnding,
    /// Its log.
    pub log: Log,
    /// Its YAML file, where it wrote one that can be read.
    pub yaml: Option<Yaml>,
}

impl StressReport {
    /// Reads an ending.
    pub fn of(ending: &Ending) -> Self {
        StressReport {
            processes: ending.processes.iter().map(StressProcess::of).collect(),
            stopped: ending.stopped,
        }
    }

    /// The figures of every process, each with the CPU that it was pinned to.
    pub fn metrics(&self) -> impl Iterator<Item = (Option<u32>, &Metrics)> {
        let processes = self.processes.iter();
        processes.flat_map(|process| process.metrics().iter().map(|m| (process.cpu, m)))
    }
}

impl StressProcess {
    fn of(process: &Process) -> Self {
        StressProcess {
            cpu: process.cpu,
            exit_status: process.document.exit_status,
            ending: process.document.ending,
            log: stress_ng::log(&process.document.stdout),
            yaml: stress_ng::yaml(&process.yaml).ok(),
        }
    }

    /// Its figures: those of the file, or of the log where it could write no file.
    pub fn metrics(&self) -> &[Metrics] {
        match &self.yaml {
            Some(yaml) if !yaml.metrics.is_empty() => &yaml.metrics,
            _ => &self.log.metrics,
        }
    }

    /// Whether its figures can be compared with others (stress-ng(1), exit status 7).
    pub fn can_be_compared(&self) -> bool {
        self.exit_status != Some(7)
    }

    /// Whether it came to its own end: it says so, or its file is whole.
    pub fn came_to_its_end(&self) -> bool {
        self.log.completion.is_some() || self.yaml.as_ref().is_some_and(|yaml| yaml.whole)
    }

    /// The lines of checks that found something wrong. A failed system call, a worker that was killed and
    /// stress-ng's own bookkeeping of it are of level `fail`, too, and are not among them.
    pub fn wrong(&self) -> impl Iterator<Item = &Row> {
        self.log.rows.iter().filter(|row| is_wrong(row))
    }

    /// The first line about something.
    pub fn about(&self, about: &[About]) -> Option<&Row> {
        self.log.rows.iter().find(|row| about.contains(&row.about))
    }

    /// How many workers of a stressor were left out, where it says so (from 0.16 on).
    pub fn left_out(&self, stressor: &str) -> u64 {
        let skipped = self.log.skipped.iter().flat_map(|tally| &tally.stressors);
        let of_it = skipped.filter(|counted| counted.stressor == stressor);
        of_it.fold(0, |all, counted| all.saturating_add(counted.count))
    }
}

fn is_wrong(row: &Row) -> bool {
    match row.about {
        About::MemoryErrors => row.level != Level::Debug,
        About::Other => row.level == Level::Fail && !row.text.contains("errno="),
        _ => false,
    }
}
