use super::*;

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!("../../captured/fio/", $name)).as_slice()
    };
}

const WHOLE: [&[u8]; 6] = [
    captured!("verify.json"),
    captured!("full.json"),
    captured!("plus.json"),
    captured!("ss.json"),
    captured!("status-interval.json"),
    captured!("normal-and-json.txt"),
];

fn read(bytes: &[u8]) -> Report {
    output(bytes).expect("a report")
}

fn first_job(report: &Report) -> &Job {
    report.jobs.first().expect("a job")
}

#[test]
fn text_without_json_is_unreadable() {
    assert!(output(b"").is_err());
    assert!(output(captured!("engine.stderr")).is_err());
    assert!(output(captured!("engine.json")).is_err());
    assert!(output(b"{\"a\": 1}").is_err());
}

#[test]
fn failed_verification_keeps_both_error_counts() {
    let report = read(captured!("verify.json"));
    assert_eq!(report.version.as_deref(), Some("fio-3.33"));
    assert!(report.whole && !report.cut_after);
    let job = first_job(&report);
    let errors = (job.error, job.total_errors, job.first_error);
    assert_eq!(errors, (Some(84), Some(2), Some(84)));
    let read = job.read.as_ref().expect("reads");
    assert_eq!((read.bytes, read.accesses), (Some(8_388_608), Some(2048)));
    assert_eq!(read.bytes_per_second, Some(1_398_101_333.0));
    let latency = read.completion.as_ref().expect("latency");
    assert_eq!((latency.min_ns, latency.samples), (Some(561), Some(2048)));
    let percentile = latency.percentiles.first().expect("a percentile");
    assert_eq!((percentile.key.as_str(), percentile.ns), ("1.000000", 580));
    let percents: Vec<f64> = latency.percentiles.iter().map(|p| p.percent).collect();
    assert!(percents.is_sorted() && percents.contains(&99.9));
    let stopped = read_errors(captured!("verify-stop.json"));
    assert_eq!(stopped, (Some(84), None));
    assert_eq!(read_errors(captured!("full.json")), (Some(28), None));
}

fn read_errors(bytes: &[u8]) -> (Option<i64>, Option<u64>) {
    let report = read(bytes);
    let job = first_job(&report);
    (job.error, job.total_errors)
}

#[test]
fn every_member_of_fio_3_33_is_known() {
    for bytes in WHOLE {
        for report in every(bytes) {
            assert!(report.extra.is_empty(), "{:?}", report.extra);
            for job in &report.jobs {
                assert!(job.extra.is_empty(), "{:?}", job.extra);
                let directions = [&job.read, &job.write, &job.trim, &job.mixed];
                for direction in directions.into_iter().flatten() {
                    assert!(direction.extra.is_empty(), "{:?}", direction.extra);
                }
            }
        }
    }
}

#[test]
fn last_whole_result_of_several_counts() {
    let bytes = captured!("status-interval.json");
    let reports = every(bytes);
    assert_eq!(reports.len(), 3);
    let bytes_read = |report: &Report| first_job(report).read.as_ref().and_then(|r| r.bytes);
    let read: Vec<_> = reports.iter().map(bytes_read).collect();
    assert!(read.is_sorted(), "{read:?}");
    let cut = bytes.len() - 200;
    let report = output(&bytes[..cut]).expect("a report");
    assert!(report.whole && report.cut_after);
    assert_eq!(bytes_read(&report), read[1]);
}

#[test]
fn json_plus_keeps_every_bin() {
    let report = read(captured!("plus.json"));
    let latency = first_job(&report)
        .read
        .as_ref()
        .and_then(|r| r.completion.clone());
    let latency = latency.expect("latency");
    let counted: u64 = latency.bins.iter().map(|bin| bin.count).sum();
    assert_eq!(Some(counted), latency.samples);
    assert!(latency.bins.is_sorted_by_key(|bin| bin.ns));
}

#[test]
fn steady_state_and_disks_are_read() {
    let report = read(captured!("ss.json"));
    let job = first_job(&report);
    let state = job.steady_state.as_ref().expect("steady state");
    assert_eq!(state.asked.as_deref(), Some("iops:20.000000%"));
    assert_eq!(
        (state.attained, state.mean_iops),
        (Some(true), Some(13_471.0))
    );
    assert_eq!(state.iops, [13_471.0]);
    let disk = report.disks.first().expect("a disk");
    assert_eq!(disk.name.as_deref(), Some("vda"));
    assert_eq!(disk.reads, Some(11_903));
    let shares: f64 = job.latencies.iter().map(|share| share.percent).sum();
    assert!((shares - 100.0).abs() < 0.5, "{shares}");
    let first = job.latencies.first().expect("a share");
    assert_eq!((first.key.as_str(), first.below_ns), ("2 ns", Some(2)));
    let last = job.latencies.last().expect("a share");
    assert_eq!((last.key.as_str(), last.below_ns), (">=2000 ms", None));
    let depths: Vec<&str> = job
        .depth_levels
        .iter()
        .map(|share| share.key.as_str())
        .collect();
    assert_eq!(depths, ["1", "2", "4", "8", "16", "32", ">=64"]);
}

#[test]
fn text_around_the_json_is_kept() {
    let report = read(captured!("normal-and-json.txt"));
    assert!(
        report
            .outside
            .iter()
            .any(|line| line == "Starting 1 process")
    );
    let job = first_job(&report);
    let mixed = job.mixed.as_ref().expect("all directions");
    assert_eq!(mixed.accesses, Some(300));
    assert!(
        mixed
            .total
            .as_ref()
            .is_some_and(|total| !total.percentiles.is_empty())
    );

    let report = read(captured!("issue-2048-messages-before.txt"));
    assert_eq!(report.outside.len(), 3);
    let read = first_job(&report).read.clone().expect("reads");
    assert_eq!(read.bytes_per_second, Some(2_929_687.0 * 1024.0));
    let latency = read.completion.expect("latency");
    assert_eq!((latency.mean_ns, latency.max_ns), (None, Some(900_000)));
    assert_eq!(latency.extra.get("mean"), Some(&"-nan".into()));
}

#[test]
fn fio_2_counts_in_kib_and_microseconds() {
    let report = read(captured!("issue-272-fio-2.15.json"));
    assert!(!report.whole);
    let read = first_job(&report).read.clone().expect("reads");
    assert_eq!(read.bytes, Some(2_048_000 * 1024));
    let speed = read.bytes_per_second.expect("speed");
    let computed = 2_048_000.0 * 1024.0 / 13.0;
    assert!((speed / computed - 1.0).abs() < 0.001);
    let latency = read.completion.expect("latency");
    assert_eq!(
        (latency.min_ns, latency.mean_ns),
        (Some(52_000), Some(2_892_500.0))
    );
    assert_eq!(latency.percentiles.last().map(|p| p.ns), Some(134_144_000));
    let write = first_job(&report).write.clone().expect("writes");
    assert_eq!(write.accesses, None, "the cut number is not a number");
}

#[test]
fn cut_result_keeps_what_stands_before() {
    let bytes = captured!("verify.json");
    let at = bytes
        .windows(6)
        .position(|part| part == b"\"slat_")
        .expect("a latency");
    for cut in (0..bytes.len()).step_by(3) {
        if let Ok(report) = output(&bytes[..cut]) {
            let read = report.jobs.first().and_then(|job| job.read.as_ref());
            let accesses = read.and_then(|read| read.accesses);
            assert_eq!(
                accesses,
                Some(2048).filter(|_| cut >= at || accesses.is_some())
            );
        } else {
            assert!(cut < 30);
        }
    }
}

#[test]
fn damage_does_not_panic() {
    let mut state = 12345_u32;
    for bytes in WHOLE {
        for _ in 0..20 {
            let mut damaged = bytes.to_vec();
            for _ in 0..20 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = state as usize % damaged.len();
                damaged[at] = (state >> 16) as u8;
            }
            let _ = output(&damaged);
            complaints(&damaged);
        }
    }
}

#[test]
fn unknown_members_are_kept() {
    let text = br#"{"fio version": "fio-9.9", "new": 1, "jobs": [{"jobname": 7, "later": [2], "read": {"x": 3, "iops": "?"}}, 5]}"#;
    let report = read(text);
    assert_eq!(report.extra.get("new"), Some(&1.into()));
    assert_eq!(report.extra.get("jobs"), Some(&serde_json::json!([5])));
    let job = first_job(&report);
    assert_eq!(job.name, None);
    assert_eq!(job.extra.get("jobname"), Some(&7.into()));
    assert!(job.extra.contains_key("later"));
    let read = job.read.as_ref().expect("reads");
    assert_eq!((read.iops, read.bytes), (None, None));
    assert_eq!(read.extra.len(), 2);
}

#[test]
fn values_of_the_wrong_kind_stay() {
    let text = br#"{"jobs": [{"read": {"clat_ns": {"percentile": {"99.0": 5, "x": 1, "50.0": 1.5, "10.0": "?"}, "bins": {"a": 1}}}}]}"#;
    let report = read(text);
    let latency = first_job(&report)
        .read
        .clone()
        .and_then(|read| read.completion);
    let latency = latency.expect("latency");
    assert_eq!(latency.percentiles.len(), 1);
    let kept = latency
        .extra
        .get("percentile")
        .and_then(|kept| kept.as_object());
    assert_eq!(kept.map(serde_json::Map::len), Some(3));
    assert!(latency.extra.contains_key("bins"));
}

#[test]
fn members_of_fio_3_42_are_read() {
    let text = br#"{"fio version": "fio-3.42", "jobs": [{"job_start": 1783516269595, "latency_target_ns": 0}],
        "disk_util": [{"name": "nvme8n6", "read_sectors": 8, "util": 99.4}]}"#;
    let report = read(text);
    let job = first_job(&report);
    assert_eq!(job.started_ms, Some(1_783_516_269_595));
    assert!(job.extra.contains_key("latency_target_ns"));
    let disk = &report.disks[0];
    assert_eq!(disk.busy_percent, Some(99.4));
    assert!(disk.extra.contains_key("read_sectors"));
}
