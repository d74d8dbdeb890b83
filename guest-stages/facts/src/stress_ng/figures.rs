//! One stressor's figures, from the log or the YAML file.

use serde::Serialize;

/// The figures of one stressor over all of its workers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Metrics {
    /// Its name: `cpu`, `vm`.
    pub stressor: String,
    /// Rounds done. Comparable only with the same version, method and CPU model.
    pub bogo_ops: Option<u64>,
    /// Rounds per second of real time.
    pub bogo_ops_per_real_second: Option<f64>,
    /// Rounds per second of CPU time (user and system).
    pub bogo_ops_per_cpu_second: Option<f64>,
    /// Seconds of real time, the mean over its workers.
    pub real_seconds: Option<f64>,
    /// Seconds of CPU time in user mode, all workers together.
    pub user_seconds: Option<f64>,
    /// Seconds of CPU time in the kernel, all workers together.
    pub system_seconds: Option<f64>,
    /// CPU use per worker, in per cent of one CPU.
    pub cpu_percent: Option<f64>,
    /// The largest resident set of a worker, in KiB.
    pub max_rss_kib: Option<u64>,
    /// Further figures of this stressor.
    pub figures: Vec<Figure>,
    /// The figures of each worker, where stress-ng lists them (0.22).
    pub instances: Vec<Instance>,
    /// Lines of its entry that could not be read.
    pub unread: Vec<String>,
}

/// A figure of a stressor's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figure {
    /// Its name: `memory-rate` in YAML, `nanosecs per longjmp call` in the log.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// The figures of one worker.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Instance {
    /// Its number, from 0.
    pub instance: Option<u64>,
    /// Rounds done.
    pub bogo_ops: Option<u64>,
    /// All figures with their names.
    pub figures: Vec<Figure>,
}
