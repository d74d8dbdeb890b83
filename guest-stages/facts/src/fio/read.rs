//! From fio's JSON to its types.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::document::Document;
use super::fields::Fields;
use super::report::{
    Bin, Direction, DiskUse, Job, Latency, LatencyShare, Percentile, Report, Share, Spread,
    SteadyState, Sync,
};

/// Microseconds, as fio 2 counts latencies.
const US: u64 = 1000;

pub(super) fn report(document: Document) -> Report {
    let mut fields = Fields::new(document.value);
    let version = fields.text("fio version");
    let in_kib = version
        .as_deref()
        .is_some_and(|version| version.starts_with("fio-2."));
    let jobs = |name: &str, fields: &mut Fields| list(fields, name, |fields| job(fields, in_kib));
    Report {
        jobs: jobs("jobs", &mut fields),
        clients: jobs("client_stats", &mut fields),
        disks: list(&mut fields, "disk_util", disk),
        version,
        timestamp_s: fields.unsigned("timestamp"),
        timestamp_ms: fields.unsigned("timestamp_ms"),
        time: fields.text("time"),
        global_options: options(&mut fields, "global options"),
        whole: document.whole,
        cut_after: false,
        outside: Vec::new(),
        unread: Vec::new(),
        extra: fields.rest(),
    }
}

/// Reads a list of objects; other values stay.
fn list<T>(fields: &mut Fields, name: &str, read: impl Fn(Fields) -> T) -> Vec<T> {
    let mut found = Vec::new();
    let mut others = Vec::new();
    for value in fields.array(name).unwrap_or_default() {
        match Fields::of(value) {
            Ok(fields) => found.push(read(fields)),
            Err(other) => others.push(other),
        }
    }
    if !others.is_empty() {
        fields.keep(name, Value::Array(others));
    }
    found
}

fn options(fields: &mut Fields, name: &str) -> BTreeMap<String, String> {
    let members = fields.object(name).map(Fields::rest).unwrap_or_default();
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    members
        .into_iter()
        .map(|(key, value)| (key, text(value)))
        .collect()
}

fn job(mut fields: Fields, in_kib: bool) -> Job {
    let mut direction = |name: &str| Some(read_direction(fields.object(name)?, in_kib));
    Job {
        read: direction("read"),
        write: direction("write"),
        trim: direction("trim"),
        mixed: direction("mixed"),
        name: fields.text("jobname"),
        group: fields.signed("groupid"),
        description: fields.text("desc"),
        error: fields.signed("error"),
        total_errors: fields.unsigned("total_err"),
        first_error: fields.signed("first_error"),
        eta_s: fields.unsigned("eta"),
        elapsed_s: fields.unsigned("elapsed"),
        started_ms: fields.unsigned("job_start"),
        runtime_ms: fields.unsigned("job_runtime"),
        options: options(&mut fields, "job options"),
        sync: fields.object("sync").map(sync),
        user_cpu_percent: fields.float("usr_cpu"),
        system_cpu_percent: fields.float("sys_cpu"),
        context_switches: fields.unsigned("ctx"),
        major_faults: fields.unsigned("majf"),
        minor_faults: fields.unsigned("minf"),
        depth_levels: shares(&mut fields, "iodepth_level"),
        depth_submit: shares(&mut fields, "iodepth_submit"),
        depth_complete: shares(&mut fields, "iodepth_complete"),
        latencies: latency_shares(&mut fields),
        latency_depth: fields.unsigned("latency_depth"),
        latency_target: fields.unsigned("latency_target"),
        latency_percentile: fields.float("latency_percentile"),
        latency_window: fields.unsigned("latency_window"),
        steady_state: fields.object("steadystate").map(steady_state),
        host: fields.text("hostname"),
        extra: fields.rest(),
    }
}

fn read_direction(mut fields: Fields, in_kib: bool) -> Direction {
    let kib = in_kib && !fields.has("io_kbytes");
    let bytes = match fields.unsigned("io_bytes") {
        Some(bytes) if kib => bytes.checked_mul(1024),
        Some(bytes) => Some(bytes),
        None => fields
            .unsigned("io_kbytes")
            .and_then(|kib| kib.checked_mul(1024)),
    };
    // The rounded value of the same.
    let _ = bytes.and_then(|_| fields.unsigned("io_kbytes"));
    let bandwidth = fields.float("bw").map(|kib| kib * 1024.0);
    Direction {
        bytes,
        bytes_per_second: fields.float("bw_bytes").or(bandwidth),
        iops: fields.float("iops"),
        runtime_ms: fields.unsigned("runtime"),
        accesses: fields.unsigned("total_ios"),
        short: fields.unsigned("short_ios"),
        dropped: fields.unsigned("drop_ios"),
        submission: latency(&mut fields, "slat"),
        completion: latency(&mut fields, "clat"),
        total: latency(&mut fields, "lat"),
        bandwidth_kib: spread(&mut fields, "bw", "bw_dev"),
        bandwidth_share_percent: fields.float("bw_agg"),
        iops_samples: spread(&mut fields, "iops", "iops_stddev"),
        extra: fields.rest(),
    }
}

fn spread(fields: &mut Fields, name: &str, deviation: &str) -> Spread {
    Spread {
        min: fields.float(&format!("{name}_min")),
        max: fields.float(&format!("{name}_max")),
        mean: fields.float(&format!("{name}_mean")),
        deviation: fields.float(deviation),
        samples: fields.unsigned(&format!("{name}_samples")),
    }
}

/// `clat_ns` in nanoseconds, or `clat` in microseconds (fio 2).
fn latency(fields: &mut Fields, name: &str) -> Option<Latency> {
    let (mut fields, unit) = match fields.object(&format!("{name}_ns")) {
        Some(found) => (found, 1),
        None => (fields.object(name)?, US),
    };
    let scaled = |value: Option<f64>| value.map(|value| value * unit as f64);
    let mut whole = |name: &str| {
        fields
            .unsigned(name)
            .and_then(|value| value.checked_mul(unit))
    };
    Some(Latency {
        min_ns: whole("min"),
        max_ns: whole("max"),
        mean_ns: scaled(fields.float("mean")),
        stddev_ns: scaled(fields.float("stddev")),
        samples: fields.unsigned("N"),
        percentiles: percentiles(&mut fields, unit),
        bins: bins(&mut fields, unit),
        extra: fields.rest(),
    })
}

/// Takes the numbers of an object whose keys are numbers; the others stay.
fn keyed(fields: &mut Fields, name: &str) -> Vec<(String, Value)> {
    let members = fields.object(name).map(Fields::rest).unwrap_or_default();
    let is_number = |value: &Value| value.is_number();
    let (found, others): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|(_, value)| is_number(value));
    if !others.is_empty() {
        fields.keep(
            name,
            Value::Object(others.into_iter().collect::<Map<_, _>>()),
        );
    }
    found
}

/// Keeps those members of an object that could not be read.
fn keep_members(fields: &mut Fields, name: &str, others: Vec<(String, Value)>) {
    if others.is_empty() {
        return;
    }
    let mut kept = fields.object(name).map(Fields::rest).unwrap_or_default();
    kept.extend(others);
    fields.keep(name, Value::Object(kept));
}

fn percentiles(fields: &mut Fields, unit: u64) -> Vec<Percentile> {
    let mut found = Vec::new();
    let mut others = Vec::new();
    for (key, value) in keyed(fields, "percentile") {
        let percent = key.parse().ok().filter(|percent: &f64| percent.is_finite());
        let ns = value.as_u64().and_then(|value| value.checked_mul(unit));
        match (percent, ns) {
            // fio 2 fills up with "0.00": 0.
            (Some(0.0), Some(0)) => {}
            (Some(percent), Some(ns)) => found.push(Percentile { key, percent, ns }),
            _ => others.push((key, value)),
        }
    }
    keep_members(fields, "percentile", others);
    found.sort_by(|a, b| a.percent.total_cmp(&b.percent));
    found
}

fn bins(fields: &mut Fields, unit: u64) -> Vec<Bin> {
    let mut found = Vec::new();
    let mut others = Vec::new();
    for (key, value) in keyed(fields, "bins") {
        let ns = key.parse().ok().and_then(|ns: u64| ns.checked_mul(unit));
        match (ns, value.as_u64()) {
            (Some(ns), Some(count)) => found.push(Bin { ns, count }),
            _ => others.push((key, value)),
        }
    }
    keep_members(fields, "bins", others);
    found.sort_by_key(|bin| bin.ns);
    found
}

/// The number of a key such as `64` or `>=64`, and whether it is the last range.
fn bound(key: &str) -> (Option<u64>, bool) {
    let open = key.starts_with(">=");
    (key.trim_start_matches(">=").parse().ok(), open)
}

fn shares(fields: &mut Fields, name: &str) -> Vec<Share> {
    let members = keyed(fields, name).into_iter();
    let mut found: Vec<Share> = members
        .filter_map(|(key, value)| {
            Some(Share {
                percent: value.as_f64()?,
                key,
            })
        })
        .collect();
    found.sort_by_key(|share| {
        let (number, open) = bound(&share.key);
        (number, open)
    });
    found
}

fn latency_shares(fields: &mut Fields) -> Vec<LatencyShare> {
    let units = [
        ("latency_ns", "ns", 1),
        ("latency_us", "us", US),
        ("latency_ms", "ms", US * US),
    ];
    let mut found = Vec::new();
    for (name, unit, factor) in units {
        for share in shares(fields, name) {
            let (number, open) = bound(&share.key);
            found.push(LatencyShare {
                below_ns: number
                    .and_then(|number| number.checked_mul(factor))
                    .filter(|_| !open),
                key: format!("{} {unit}", share.key),
                percent: share.percent,
            });
        }
    }
    found
}

fn sync(mut fields: Fields) -> Sync {
    Sync {
        count: fields.unsigned("total_ios"),
        latency: latency(&mut fields, "lat"),
        extra: fields.rest(),
    }
}

fn steady_state(mut fields: Fields) -> SteadyState {
    let mut data = fields.object("data");
    let numbers = |data: &mut Option<Fields>, name: &str| -> Vec<f64> {
        let values = data.as_mut().and_then(|data| data.array(name));
        values
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_f64)
            .collect()
    };
    let iops = numbers(&mut data, "iops");
    let bandwidth = numbers(&mut data, "bw");
    let mean = |data: &mut Option<Fields>, name: &str| data.as_mut().and_then(|d| d.float(name));
    let state = SteadyState {
        asked: fields.text("ss"),
        duration_s: fields.unsigned("duration"),
        attained: fields.flag("attained"),
        criterion: fields.text("criterion"),
        max_deviation: fields.float("max_deviation"),
        slope: fields.float("slope"),
        mean_bandwidth: mean(&mut data, "bw_mean"),
        mean_iops: mean(&mut data, "iops_mean"),
        iops,
        bandwidth,
        extra: Map::new(),
    };
    let rest = data.map(Fields::rest).filter(|rest| !rest.is_empty());
    if let Some(rest) = rest {
        fields.keep("data", Value::Object(rest));
    }
    SteadyState {
        extra: fields.rest(),
        ..state
    }
}

fn disk(mut fields: Fields) -> DiskUse {
    DiskUse {
        name: fields.text("name"),
        reads: fields.unsigned("read_ios"),
        writes: fields.unsigned("write_ios"),
        read_merges: fields.unsigned("read_merges"),
        write_merges: fields.unsigned("write_merges"),
        read_ms: fields.unsigned("read_ticks"),
        write_ms: fields.unsigned("write_ticks"),
        queue_ms: fields.unsigned("in_queue"),
        busy_percent: fields.float("util"),
        extra: fields.rest(),
    }
}
