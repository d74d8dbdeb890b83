//! What fio prints: JSON documents one after another, with plain lines between them.

use std::time::Duration;

use serde_json::Value;

use crate::contract::fio::{Direction, Job, Progress, Summary};
use crate::contract::types::{Error, ToolFailure};
use crate::tools::json::{at, float, list, read, signed, text, unsigned};
use crate::tools::process::{millis, within};

/// The largest document that is read. With group reporting one has some 10 kB.
const MAX_DOCUMENT: usize = 4 << 20;

/// Cuts fio's output into its documents and keeps the last good one.
#[derive(Debug, Default)]
pub struct Documents {
    bytes: Vec<u8>,
    depth: usize,
    in_text: bool,
    escaped: bool,
    last: Option<Value>,
}

impl Documents {
    /// Takes more output; gives the documents that it ends. What is not a document is skipped.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Value>, Error> {
        let mut ended = Vec::new();
        for &byte in bytes {
            if self.depth == 0 && byte != b'{' {
                continue;
            }
            self.bytes.push(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_text => self.escaped = true,
                b'"' => self.in_text = !self.in_text,
                b'{' if !self.in_text => self.depth += 1,
                b'}' if !self.in_text => self.depth -= 1,
                _ => {}
            }
            if self.depth == 0 {
                let document = std::mem::take(&mut self.bytes);
                if let Ok(document) = read("fio", &document)
                    && document.get("jobs").is_some()
                {
                    self.last = Some(document.clone());
                    ended.push(document);
                }
            }
        }
        within("fio", self.bytes.len(), MAX_DOCUMENT)?;
        Ok(ended)
    }

    /// The last one so far.
    pub fn last(&self) -> Option<&Value> {
        self.last.as_ref()
    }
}

/// The result, from fio's last document. `partial` and `runtime-ms` are the caller's to fill in.
pub fn summary(
    document: Option<&Value>,
    stderr_tail: &str,
    exit: Option<i32>,
) -> Result<Summary, Error> {
    let failed = |reason: &str| {
        let mut tail = stderr_tail.trim();
        while tail.len() > 1024 {
            let mut next = tail.chars();
            next.next();
            tail = next.as_str();
        }
        Error::Failed(ToolFailure {
            tool: "fio".into(),
            exit_status: exit,
            reason: reason.into(),
            stderr_tail: tail.into(),
        })
    };
    let document = document.ok_or_else(|| failed("it printed no result"))?;
    let jobs = list(document, &["jobs"]);
    let job = jobs
        .first()
        .ok_or_else(|| failed("its result has no jobs"))?;
    let errors = jobs.iter().filter_map(|job| signed(job, &["error"]));
    let error = errors
        .clone()
        .find(|error| *error != 0)
        .or(errors.clone().next());
    let error = error.ok_or_else(|| failed("its result has no field `error`"))?;
    let total = jobs.iter().filter_map(|job| unsigned(job, &["total_err"]));
    let total = total.fold(0, u64::saturating_add);
    Ok(Summary {
        version: text(document, &["fio version"]).unwrap_or_else(|| "unknown".into()),
        read: direction(at(job, &["read"])),
        write: direction(at(job, &["write"])),
        error,
        total_errors: total.max(u64::from(error != 0)),
        exit_status: exit,
        partial: false,
        runtime_ms: 0,
        stderr_tail: stderr_tail.to_owned(),
        extra: Vec::new(),
    })
}

fn direction(value: &Value) -> Direction {
    // fio before 3.0 gave kilobytes and microseconds under other names; those are not read.
    let percentiles = at(value, &["clat_ns", "percentile"]).as_object();
    let mut percentiles: Vec<(f64, f64)> = percentiles
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.parse().ok()?, float(value, &[])?)))
        .collect();
    percentiles.sort_by(|a, b| a.0.total_cmp(&b.0));
    Direction {
        bytes: unsigned(value, &["io_bytes"]).unwrap_or(0),
        bytes_per_second: float(value, &["bw_bytes"]).unwrap_or(0.0),
        iops: float(value, &["iops"]).unwrap_or(0.0),
        accesses: unsigned(value, &["total_ios"]).unwrap_or(0),
        latency_mean_ns: float(value, &["clat_ns", "mean"]).unwrap_or(0.0),
        latency_max_ns: float(value, &["clat_ns", "max"]).unwrap_or(0.0),
        percentiles,
    }
}

/// Speeds of the last second, from the difference of two documents: each counts from the start.
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

    pub fn next(&mut self, document: &Value, at: Duration) -> Option<Progress> {
        let job = list(document, &["jobs"]).first()?;
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
