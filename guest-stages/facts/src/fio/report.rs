//! What fio reports, as types.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

/// One result document of fio.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// fio's version as printed: `fio-3.33`.
    pub version: Option<String>,
    /// When it was printed, in seconds since 1970.
    pub timestamp_s: Option<u64>,
    /// When it was printed, in milliseconds since 1970 (from 2.15 on).
    pub timestamp_ms: Option<u64>,
    /// The same as text, in the machine's time zone.
    pub time: Option<String>,
    /// Options for all jobs; an option without a value is an empty text.
    pub global_options: BTreeMap<String, String>,
    /// The jobs, or the groups with `group_reporting`.
    pub jobs: Vec<Job>,
    /// Jobs of remote workers (`--client`), their sum included.
    pub clients: Vec<Job>,
    /// What the kernel counted for the disks meanwhile.
    pub disks: Vec<DiskUse>,
    /// Whether the document came to its end.
    pub whole: bool,
    /// Whether a later document began and was cut: fio did not come to its end.
    pub cut_after: bool,
    /// Lines before, between and after the documents.
    pub outside: Vec<String>,
    /// Lines within the document that are not JSON.
    pub unread: Vec<String>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// One job.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Job {
    /// Its name.
    pub name: Option<String>,
    /// The number of its group.
    pub group: Option<i64>,
    /// Its description in the job file.
    pub description: Option<String>,
    /// The first error's errno, 0 for none, 84 (EILSEQ) for a failed verification.
    pub error: Option<i64>,
    /// Errors in all, where `continue_on_error` is set.
    pub total_errors: Option<u64>,
    /// The first error's errno, where `continue_on_error` is set.
    pub first_error: Option<i64>,
    /// Seconds left; 2147483647 where not known.
    pub eta_s: Option<u64>,
    /// Seconds since fio began, at least 1.
    pub elapsed_s: Option<u64>,
    /// When it began, in milliseconds since 1970 (in later versions).
    pub started_ms: Option<u64>,
    /// Milliseconds of all workers together.
    pub runtime_ms: Option<u64>,
    /// Its own options; an option without a value is an empty text.
    pub options: BTreeMap<String, String>,
    /// Reads.
    pub read: Option<Direction>,
    /// Writes.
    pub write: Option<Direction>,
    /// Trims.
    pub trim: Option<Direction>,
    /// All directions in one (`unified_rw_reporting`).
    pub mixed: Option<Direction>,
    /// Syncs.
    pub sync: Option<Sync>,
    /// CPU time in user mode, in per cent.
    pub user_cpu_percent: Option<f64>,
    /// CPU time in the kernel, in per cent.
    pub system_cpu_percent: Option<f64>,
    /// Context switches.
    pub context_switches: Option<u64>,
    /// Page faults that needed a disk.
    pub major_faults: Option<u64>,
    /// Page faults that needed none.
    pub minor_faults: Option<u64>,
    /// Accesses under way, by depth.
    pub depth_levels: Vec<Share>,
    /// Accesses handed over at once.
    pub depth_submit: Vec<Share>,
    /// Accesses taken back at once.
    pub depth_complete: Vec<Share>,
    /// Shares of accesses by latency, all directions together, shortest first.
    pub latencies: Vec<LatencyShare>,
    /// Depth that `latency_target` found.
    pub latency_depth: Option<u64>,
    /// Target latency, as printed (0: none).
    pub latency_target: Option<u64>,
    /// Share of accesses that must meet the target, in per cent.
    pub latency_percentile: Option<f64>,
    /// Window in which the target must be met, as printed.
    pub latency_window: Option<u64>,
    /// Steady state (`--steadystate`).
    pub steady_state: Option<SteadyState>,
    /// The remote worker's host (`--client`).
    pub host: Option<String>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// One direction of a job: reads, writes or trims. A direction without accesses has zeros.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Direction {
    /// Bytes moved (fio 2 counts in KiB: a multiple of 1,024 then).
    pub bytes: Option<u64>,
    /// Bytes per second; from KiB per second before 3.2.
    pub bytes_per_second: Option<f64>,
    /// Accesses per second.
    pub iops: Option<f64>,
    /// Milliseconds in which this direction ran.
    pub runtime_ms: Option<u64>,
    /// Accesses.
    pub accesses: Option<u64>,
    /// Accesses that moved less than asked for.
    pub short: Option<u64>,
    /// Accesses that fio left out.
    pub dropped: Option<u64>,
    /// From the preparation of an access until it was handed over.
    pub submission: Option<Latency>,
    /// From handing over until completion.
    pub completion: Option<Latency>,
    /// Both together.
    pub total: Option<Latency>,
    /// Samples of the bandwidth, in KiB per second.
    pub bandwidth_kib: Spread,
    /// The share of this job in its group's bandwidth, in per cent.
    pub bandwidth_share_percent: Option<f64>,
    /// Samples of accesses per second.
    pub iops_samples: Spread,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// Latencies of one kind, in nanoseconds (fio 2 counts in microseconds).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// The shortest.
    pub min_ns: Option<u64>,
    /// The longest.
    pub max_ns: Option<u64>,
    /// The mean.
    pub mean_ns: Option<f64>,
    /// The standard deviation.
    pub stddev_ns: Option<f64>,
    /// Number of samples, in later versions.
    pub samples: Option<u64>,
    /// Percentiles, lowest first.
    pub percentiles: Vec<Percentile>,
    /// Every latency with its count (`json+`), shortest first.
    pub bins: Vec<Bin>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// One percentile.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Percentile {
    /// Its key as printed: `99.900000`.
    pub key: String,
    /// Its key as a number: 99.9.
    pub percent: f64,
    /// So many accesses took at most this long, in nanoseconds.
    pub ns: u64,
}

/// How many accesses took about so long.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bin {
    /// The latency in nanoseconds.
    pub ns: u64,
    /// Accesses.
    pub count: u64,
}

/// Samples that fio took about twice a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// The lowest.
    pub min: Option<f64>,
    /// The highest.
    pub max: Option<f64>,
    /// The mean.
    pub mean: Option<f64>,
    /// The standard deviation.
    pub deviation: Option<f64>,
    /// Number of samples.
    pub samples: Option<u64>,
}

/// Syncs of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sync {
    /// How many.
    pub count: Option<u64>,
    /// How long they took.
    pub latency: Option<Latency>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// A share with its key: depth `1`, `64`, `>=64`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// The key as printed.
    pub key: String,
    /// Per cent.
    pub percent: f64,
}

/// The share of accesses within a range of latencies.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LatencyShare {
    /// The key as printed, with its unit: `250 us`, `>=2000 ms`.
    pub key: String,
    /// The range's end in nanoseconds; `None` for the last, which has none.
    pub below_ns: Option<u64>,
    /// Per cent of accesses.
    pub percent: f64,
}

/// The steady state as fio found it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SteadyState {
    /// What was asked for: `iops:20.000000%`.
    pub asked: Option<String>,
    /// Seconds of the window.
    pub duration_s: Option<u64>,
    /// Whether it was reached.
    pub attained: Option<bool>,
    /// What was reached, as printed.
    pub criterion: Option<String>,
    /// The largest deviation from the mean.
    pub max_deviation: Option<f64>,
    /// The slope.
    pub slope: Option<f64>,
    /// The mean bandwidth, as printed.
    pub mean_bandwidth: Option<f64>,
    /// The mean of accesses per second.
    pub mean_iops: Option<f64>,
    /// Accesses per second, second by second.
    pub iops: Vec<f64>,
    /// Bandwidth, second by second, as printed.
    pub bandwidth: Vec<f64>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// What the kernel counted for one disk while fio ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DiskUse {
    /// The kernel's name: `nvme0n1`.
    pub name: Option<String>,
    /// Reads.
    pub reads: Option<u64>,
    /// Writes.
    pub writes: Option<u64>,
    /// Reads that were joined.
    pub read_merges: Option<u64>,
    /// Writes that were joined.
    pub write_merges: Option<u64>,
    /// Milliseconds of all reads.
    pub read_ms: Option<u64>,
    /// Milliseconds of all writes.
    pub write_ms: Option<u64>,
    /// Milliseconds in the queue.
    pub queue_ms: Option<u64>,
    /// Share of the time in which it was busy, in per cent.
    pub busy_percent: Option<f64>,
    /// Members that are not known: the sums over the disks below (`aggr_…`), sectors.
    pub extra: Map<String, Value>,
}
