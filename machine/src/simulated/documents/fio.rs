//! What fio prints at the end of a job: a captured report with the job's numbers put in.

use super::json_text::JsonText;

const REPORT: &str = include_str!("captured/fio.json");

/// What one direction of a job did.
#[derive(Clone, Debug, Default)]
pub struct Direction {
    /// Bytes moved.
    pub bytes: u64,
    /// Accesses.
    pub accesses: u64,
    /// Bytes and accesses per second.
    pub bytes_per_second: f64,
    pub iops: f64,
    /// Milliseconds in which it ran.
    pub runtime_ms: u64,
    /// Completion latencies in nanoseconds: the mean, the highest, and percentiles by fio's keys.
    pub mean_ns: f64,
    pub highest_ns: f64,
    pub percentiles: Vec<(f64, f64)>,
}

/// What a job did.
#[derive(Clone, Debug)]
pub struct Done<'a> {
    /// fio's version: `3.33`.
    pub version: &'a str,
    /// Seconds since 1970, and as fio's own text.
    pub seconds: u64,
    pub time: String,
    /// The arguments of its command line.
    pub arguments: &'a [String],
    /// Its errno.
    pub error: i32,
    /// Errors in all, where it goes on after them.
    pub total_errors: Option<u64>,
    pub elapsed_s: u64,
    pub read: Direction,
    pub write: Direction,
    /// The disk below, by the kernel's name.
    pub disk: Option<&'a str>,
}

/// The report.
pub fn report(done: &Done<'_>) -> String {
    let mut report = JsonText::of(REPORT);
    let (active, idle) = (
        report.part(&["jobs", "0", "read"]),
        report.part(&["jobs", "0", "write"]),
    );
    report.set(&["fio version"], format_args!("\"fio-{}\"", done.version));
    report.set(&["timestamp"], done.seconds);
    report.set(&["timestamp_ms"], done.seconds.saturating_mul(1_000));
    report.set(&["time"], format_args!("\"{}\"", done.time));
    let mut job = |name: &str, value: &dyn std::fmt::Display| {
        report.set(&["jobs", "0", name], value);
    };
    job("elapsed", &done.elapsed_s.max(1));
    job("job options", &options(done.arguments));
    for (name, direction) in [("read", &done.read), ("write", &done.write)] {
        match direction.accesses {
            0 => job(name, &idle),
            _ => job(name, &filled(active.clone(), direction)),
        }
    }
    let both = done.read.runtime_ms.max(done.write.runtime_ms);
    job("job_runtime", &both);
    let error = match done.total_errors {
        // These stand at the job's end, where it goes on after errors.
        Some(total) => {
            let window = report.part(&["jobs", "0", "latency_window"]);
            let ends = format!(
                "{window},\n      \"total_err\" : {total},\n      \"first_error\" : {}",
                done.error
            );
            report.set(&["jobs", "0", "latency_window"], ends);
            done.error
        }
        None => done.error,
    };
    report.set(&["jobs", "0", "error"], error);
    match done.disk {
        Some(disk) => report.set(&["disk_util", "0", "name"], format_args!("\"{disk}\"")),
        None => report.set(&["disk_util"], "[\n  ]"),
    }
    report.into_text()
}

/// The options that fio tells of: those of its command line that are a job's and have a value.
fn options(arguments: &[String]) -> String {
    let own = ["output-format", "status-interval", "eta"];
    let pairs = arguments.iter().filter_map(|argument| {
        let (name, value) = argument.strip_prefix("--")?.split_once('=')?;
        (!own.contains(&name)).then(|| {
            let value = serde_json::Value::from(value);
            format!("\n        \"{name}\" : {value}")
        })
    });
    let pairs: Vec<String> = pairs.collect();
    format!("{{{}\n      }}", pairs.join(","))
}

fn filled(mut text: JsonText, of: &Direction) -> JsonText {
    text.set(&["io_bytes"], of.bytes);
    text.set(&["io_kbytes"], of.bytes >> 10);
    text.set(&["bw_bytes"], of.bytes_per_second as u64);
    text.set(&["bw"], of.bytes_per_second as u64 >> 10);
    text.set(&["iops"], format_args!("{:.6}", of.iops));
    text.set(&["runtime"], of.runtime_ms);
    text.set(&["total_ios"], of.accesses);
    let lowest = of.percentiles.first().map_or(of.mean_ns, |(_, ns)| *ns);
    for kind in ["clat_ns", "lat_ns"] {
        text.set(&[kind, "min"], (0.8 * lowest) as u64);
        text.set(&[kind, "max"], of.highest_ns as u64);
        text.set(&[kind, "mean"], format_args!("{:.6}", of.mean_ns));
        text.set(&[kind, "stddev"], format_args!("{:.6}", 0.3 * of.mean_ns));
    }
    for kind in ["slat_ns", "clat_ns", "lat_ns"] {
        text.set(&[kind, "N"], of.accesses);
    }
    for (percent, ns) in &of.percentiles {
        let key = format!("{percent:.6}");
        text.set(&["clat_ns", "percentile", &key], *ns as u64);
    }
    let kib = of.bytes_per_second / 1_024.0;
    for (name, factor) in [("bw_min", 0.97), ("bw_max", 1.03)] {
        text.set(&[name], (factor * kib) as u64);
    }
    text.set(&["bw_agg"], "100.000000");
    text.set(&["bw_mean"], format_args!("{kib:.6}"));
    text.set(&["bw_dev"], format_args!("{:.6}", 0.01 * kib));
    for (name, factor) in [("iops_min", 0.97), ("iops_max", 1.03)] {
        text.set(&[name], (factor * of.iops) as u64);
    }
    text.set(&["iops_mean"], format_args!("{:.6}", of.iops));
    text.set(&["iops_stddev"], format_args!("{:.6}", 0.01 * of.iops));
    let samples = of.runtime_ms / 500;
    text.set(&["bw_samples"], samples);
    text.set(&["iops_samples"], samples);
    text
}

/// What fio prints on its standard error when an access to a file fails.
pub fn access_failed(path: &str, error: &str, operation: &str, offset: u64, length: u32) -> String {
    format!(
        "fio: io_u error on file {path}: {error}: {operation} offset={offset}, buflen={length}\n"
    )
}

/// The line by which a job ends with an error.
pub fn job_failed(errno: i32, error: &str) -> String {
    format!("fio: pid=4098, err={errno}/file:io_u.c:1845, func=io_u error, error={error}\n")
}

/// What fio prints on its standard error of a block that was read back wrongly.
pub fn verify_failed(path: &str, offset: u64, length: u32) -> String {
    format!(
        "crc32c: verify failed at file {path} offset {offset}, length {length} (requested block: offset={offset}, length={length}, flags=88)\n       \
         Expected CRC: d55bfd1d\n       Received CRC: 9af2466b\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_json_and_has_the_job_s_numbers() {
        let arguments = [
            "--rw=read".to_owned(),
            "--thread".into(),
            "--eta=never".into(),
        ];
        let read = Direction {
            bytes: 4096,
            accesses: 1,
            percentiles: vec![(99.0, 7.0)],
            ..Direction::default()
        };
        let done = Done {
            version: "3.36",
            seconds: 7,
            time: "Thu Jan  1 00:00:07 1970".into(),
            arguments: &arguments,
            error: 84,
            total_errors: Some(2),
            elapsed_s: 0,
            read,
            write: Direction::default(),
            disk: None,
        };
        let json: serde_json::Value = serde_json::from_str(&report(&done)).expect("JSON");
        assert_eq!(json["fio version"], "fio-3.36");
        let job = &json["jobs"][0];
        assert_eq!(job["job options"], serde_json::json!({"rw": "read"}));
        assert_eq!(
            (&job["error"], &job["total_err"], &job["read"]["io_bytes"]),
            (&84.into(), &2.into(), &4096.into())
        );
        assert_eq!(job["read"]["clat_ns"]["percentile"]["99.000000"], 7);
        assert_eq!(job["write"]["io_bytes"], 0);
    }
}
