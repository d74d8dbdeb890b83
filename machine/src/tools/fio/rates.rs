//! How fast fio is, from the difference of two of its reports: each counts from the start. This is
//! progress, not evidence.

use std::time::Duration;

use crate::contract::fio::{Job, Progress};
use crate::tools::json::{list, read, unsigned};
use crate::tools::process::millis;

/// Speeds of the last second.
#[derive(Debug)]
pub(in crate::tools) struct Rates {
    runtime_ms: Option<u64>,
    total: u64,
    before: (u64, u64, u64),
    before_at: Duration,
}

impl Rates {
    pub fn new(job: &Job, total: u64) -> Rates {
        Rates {
            runtime_ms: job.runtime_ms,
            total: total.max(1),
            before: (0, 0, 0),
            before_at: Duration::ZERO,
        }
    }

    /// The progress that a report shows; `None` for one that cannot be read.
    pub fn next(&mut self, report: &[u8], at: Duration) -> Option<Progress> {
        let report = read("fio", report).ok()?;
        let job = list(&report, &["jobs"]).first()?;
        let count = |direction, field| unsigned(job, &[direction, field]).unwrap_or(0);
        let accesses = count("read", "total_ios").saturating_add(count("write", "total_ios"));
        let now = (
            count("read", "io_bytes"),
            count("write", "io_bytes"),
            accesses,
        );
        let seconds = at.saturating_sub(self.before_at).as_secs_f64();
        // Two documents at once: the end came right after a full second.
        if seconds < 0.1 {
            return None;
        }
        let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        let done = now.0.saturating_add(now.1) as f64 / self.total as f64;
        let fraction = match self.runtime_ms {
            Some(runtime) => millis(at) as f64 / runtime.max(1) as f64,
            None => done,
        };
        let progress = Progress {
            fraction: fraction.clamp(0.0, 1.0),
            elapsed_ms: millis(at),
            read_bytes_per_second: rate(now.0, self.before.0),
            write_bytes_per_second: rate(now.1, self.before.1),
            iops: rate(now.2, self.before.2),
        };
        self.before = now;
        self.before_at = at;
        Some(progress)
    }
}
