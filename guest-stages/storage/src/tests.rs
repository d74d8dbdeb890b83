//! One disk at a time, against every rule.

use vetting_facts::fio::{Direction, Job, Latency, Percentile, Report};
use vetting_stage::disks::Disk;
use vetting_stage::{Findings, part};

use crate::Parameters;
use crate::judge::{Kind, Speeds, integrity, link, still_there};
use crate::measured::Measured;
use crate::peers;
use vetting_stage::disks::{Content, Transport};
use vetting_stage::{Outcome, Verdict};

/// A disk of that name and model.
fn disk(name: &str, transport: Transport, rotational: bool) -> Disk {
    Disk {
        name: name.into(),
        serial: Some(format!("{name}-serial")),
        wwn: None,
        model: Some("M".into()),
        firmware: None,
        size_bytes: 1 << 40,
        logical_block_bytes: 512,
        physical_block_bytes: 4096,
        rotational,
        removable: false,
        read_only: false,
        transport,
        controller: None,
        link: None,
        in_use: Vec::new(),
        content: Content::NoneRecognised,
        extra: Vec::new(),
    }
}

fn direction(bytes_per_second: f64, iops: f64) -> Direction {
    let percentile = |(percent, ns): (f64, u64)| Percentile {
        key: format!("{percent:.6}"),
        percent,
        ns,
    };
    let percentiles = [(50.0, 1_000_000), (99.0, 2_000_000), (99.9, 4_000_000)];
    Direction {
        bytes: Some(bytes_per_second as u64),
        bytes_per_second: Some(bytes_per_second),
        iops: Some(iops),
        accesses: Some(iops as u64),
        completion: Some(Latency {
            percentiles: percentiles.into_iter().map(percentile).collect(),
            ..Latency::default()
        }),
        ..Direction::default()
    }
}

fn reading_of(read: Direction, error: i64) -> Measured {
    let job = Job {
        error: Some(error),
        read: Some(read),
        write: Some(direction(0.0, 0.0)),
        ..Job::default()
    };
    Measured {
        report: Ok(Report {
            jobs: vec![job],
            ..Report::default()
        }),
        complaints: Vec::new(),
        exit_status: Some(0),
        cut_short: false,
        empty: None,
    }
}

fn judged(disk: &Disk, reading: &Measured, parameters: &Parameters) -> Outcome {
    let mut findings = Findings::new();
    Speeds::default().hold(Kind::InOrder, reading, disk, parameters, &mut findings);
    findings.outcome("")
}

#[test]
fn the_error_field_is_judged_whatever_the_exit_status_says() {
    let sda = disk("sda", Transport::Sata, false);
    let with = |error| {
        judged(
            &sda,
            &reading_of(direction(5e8, 1.0), error),
            &Parameters::default(),
        )
    };
    assert_eq!(with(0).verdict, Verdict::Pass);
    assert_eq!(with(84).verdict, Verdict::Fail);
    assert_eq!(with(5).verdict, Verdict::Fail);
    assert!(
        matches!(with(13).verdict, Verdict::Inconclusive(_)),
        "no right to look"
    );
}

#[test]
fn nothing_read_is_not_good() {
    let sda = disk("sda", Transport::Sata, false);
    let nothing = reading_of(direction(0.0, 0.0), 0);
    assert!(matches!(
        judged(&sda, &nothing, &Parameters::default()).verdict,
        Verdict::Inconclusive(_)
    ));
    let mut cut = reading_of(direction(5e8, 1.0), 0);
    cut.cut_short = true;
    assert!(matches!(
        judged(&sda, &cut, &Parameters::default()).verdict,
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn floors_of_a_class_warn_and_those_of_the_spec_fail() {
    let slow = reading_of(direction(3e8, 1.0), 0);
    let sda = disk("sda", Transport::Sata, false);
    let outcome = judged(&sda, &slow, &Parameters::default());
    assert_eq!(
        (outcome.verdict, outcome.diagnoses.len()),
        (Verdict::Pass, 1)
    );
    let spec = Parameters {
        min_read_mbps: Some(400.0),
        ..Parameters::default()
    };
    assert_eq!(judged(&sda, &slow, &spec).verdict, Verdict::Fail);
    let guest = disk("vda", Transport::Virtio, false);
    assert_eq!(
        judged(&guest, &slow, &Parameters::default())
            .diagnoses
            .len(),
        0
    );
}

#[test]
fn a_scratch_file_that_changed_fails() {
    let place = part("scratch", "ext4 on sda");
    let with = |error| {
        let mut reading = reading_of(direction(1e8, 1.0), error);
        if let Ok(report) = &mut reading.report {
            report.jobs[0].write = Some(direction(1e8, 1.0));
        }
        let mut findings = Findings::new();
        integrity(&reading, 100_000_000, &place, false, &mut findings);
        findings.outcome("").verdict
    };
    assert_eq!(with(0), Verdict::Pass);
    assert_eq!(with(84), Verdict::Fail);
    assert!(
        matches!(with(28), Verdict::Inconclusive(_)),
        "no room is no fault"
    );
}

#[test]
fn a_disk_slower_than_its_like_fails() {
    let fast = |name: &str, speed: f64| {
        let speeds = Speeds {
            in_order: Some(speed),
            at_random: Some(speed),
        };
        (disk(name, Transport::Sas, true), speeds)
    };
    let with = |slow: f64| {
        let mut findings = Findings::new();
        peers::judge(
            &[fast("sda", 200.0), fast("sdb", slow), fast("sdc", 200.0)],
            &Parameters::default(),
            &mut findings,
        );
        findings.outcome("")
    };
    assert_eq!(with(198.0).diagnoses.len(), 0);
    assert_eq!(
        (with(160.0).verdict, with(160.0).diagnoses.len()),
        (Verdict::Pass, 2)
    );
    assert_eq!(with(100.0).verdict, Verdict::Fail);
}

#[test]
fn a_disk_that_goes_under_the_test_fails() {
    let both = [
        disk("sda", Transport::Sas, true),
        disk("sdb", Transport::Sas, true),
    ];
    let with = |now: &[Disk]| {
        let mut findings = Findings::new();
        still_there(&both, now, &mut findings);
        findings.outcome("").message
    };
    assert!(with(&both[..1]).contains("it went during the test"));
    assert!(!with(&both).contains("it went during the test"));
}

#[test]
fn a_narrow_link_is_a_remark() {
    let lanes = |width| {
        let full = vetting_stage::types::PcieLink {
            current_speed: 16.0,
            current_width: width,
            max_speed: 16.0,
            max_width: 4,
        };
        let nvme = Disk {
            link: Some(full),
            ..disk("nvme0n1", Transport::Nvme, false)
        };
        let mut findings = Findings::new();
        link(&nvme, std::slice::from_ref(&nvme), &mut findings);
        findings.outcome("").diagnoses.len()
    };
    assert_eq!((lanes(4), lanes(1)), (0, 1));
}

#[test]
fn a_narrower_link_than_its_twin_s_fails() {
    let with = |width| {
        let link = vetting_stage::types::PcieLink {
            current_speed: 16.0,
            current_width: width,
            max_speed: 16.0,
            max_width: 4,
        };
        Disk {
            link: Some(link),
            ..disk("nvme0n1", Transport::Nvme, false)
        }
    };
    let mut findings = Findings::new();
    link(&with(2), &[with(2), with(4)], &mut findings);
    assert_eq!(findings.outcome("").verdict, Verdict::Fail);
}

#[test]
fn a_disk_far_below_its_class_is_broken() {
    let sda = disk("sda", Transport::Sata, false);
    let slow = reading_of(direction(27e6, 1.0), 0);
    assert_eq!(
        judged(&sda, &slow, &Parameters::default()).verdict,
        Verdict::Fail
    );
    let emulated = Disk {
        model: Some("QEMU NVMe Ctrl".into()),
        ..disk("nvme0n1", Transport::Nvme, false)
    };
    assert_eq!(
        judged(&emulated, &slow, &Parameters::default())
            .diagnoses
            .len(),
        0
    );
}

#[test]
fn a_disk_that_is_gone_fails_and_one_whose_accesses_are_empty_is_not_judged() {
    let sda = disk("sda", Transport::Sas, true);
    for errno in [6, 19] {
        let gone = reading_of(direction(1e8, 1.0), errno);
        assert_eq!(
            judged(&sda, &gone, &Parameters::default()).verdict,
            Verdict::Fail
        );
    }
    let mut empty = reading_of(direction(1e9, 1.0), 0);
    empty.empty = Some("9 accesses moved 0 bytes".into());
    let outcome = judged(&sda, &empty, &Parameters::default());
    assert!(matches!(outcome.verdict, Verdict::Inconclusive(_)));
}

#[test]
fn blank_zoned_and_busy_disks_are_no_faults() {
    let with = |name: &str, value: &str| Disk {
        extra: vec![(name.to_owned(), value.to_owned())],
        ..disk("sda", Transport::Sas, true)
    };
    let fast = reading_of(direction(9e9, 1.0), 0);
    let blank = judged(&with("blocks-in-use", "0"), &fast, &Parameters::default());
    assert!(blank.diagnoses[0].message.contains("holds no data"));
    let refused = reading_of(direction(0.0, 0.0), 5);
    let zoned = judged(
        &with("zoned", "host-managed"),
        &refused,
        &Parameters::default(),
    );
    assert!(zoned.diagnoses[0].message.contains("zoned"));
    assert_ne!(zoned.verdict, Verdict::Fail);
    let speeds = |speed| Speeds {
        in_order: Some(speed),
        at_random: None,
    };
    let busy = Disk {
        in_use: vec![vetting_stage::disks::Usage {
            kind: "mounted".into(),
            by: "/".into(),
        }],
        ..disk("sdb", Transport::Sas, true)
    };
    let mut findings = Findings::new();
    let measured = [
        (disk("sda", Transport::Sas, true), speeds(200.0)),
        (busy, speeds(120.0)),
    ];
    peers::judge(&measured, &Parameters::default(), &mut findings);
    let outcome = findings.outcome("");
    assert_eq!(
        (outcome.verdict, outcome.diagnoses.len()),
        (Verdict::Pass, 1)
    );
}

#[test]
fn of_two_disks_the_faster_is_the_measure() {
    let speeds = |speed| Speeds {
        in_order: Some(speed),
        at_random: None,
    };
    let mut findings = Findings::new();
    let measured = [
        (disk("sda", Transport::Sas, true), speeds(100.0)),
        (disk("sdb", Transport::Sas, true), speeds(60.0)),
    ];
    peers::judge(&measured, &Parameters::default(), &mut findings);
    let outcome = findings.outcome("");
    assert_eq!(
        (outcome.verdict, outcome.diagnoses.len()),
        (Verdict::Fail, 1)
    );
}
