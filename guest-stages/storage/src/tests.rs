//! One disk at a time, against every rule.

use vetting_stage::disks::Disk;
use vetting_stage::fio::{Direction, Summary};
use vetting_stage::{Findings, part};

use crate::Parameters;
use crate::judge::{Kind, Speeds, integrity, link, still_there};
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
    Direction {
        bytes: bytes_per_second as u64,
        bytes_per_second,
        iops,
        accesses: iops as u64,
        latency_mean_ns: 1e6,
        latency_max_ns: 1e7,
        percentiles: vec![(50.0, 1e6), (99.0, 2e6), (99.9, 4e6)],
    }
}

fn summary_of(read: Direction, error: i32) -> Summary {
    Summary {
        version: "fio-3.33".into(),
        write: direction(0.0, 0.0),
        read,
        error,
        total_errors: u64::from(error != 0),
        exit_status: Some(0),
        partial: false,
        runtime_ms: 1000,
        stderr_tail: String::new(),
        extra: Vec::new(),
    }
}

fn judged(disk: &Disk, summary: &Summary, parameters: &Parameters) -> Outcome {
    let mut findings = Findings::new();
    Speeds::default().hold(Kind::InOrder, summary, disk, parameters, &mut findings);
    findings.outcome("")
}

#[test]
fn the_error_field_is_judged_whatever_the_exit_status_says() {
    let sda = disk("sda", Transport::Sata, false);
    let with = |error| {
        judged(
            &sda,
            &summary_of(direction(5e8, 1.0), error),
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
    let nothing = summary_of(direction(0.0, 0.0), 0);
    assert!(matches!(
        judged(&sda, &nothing, &Parameters::default()).verdict,
        Verdict::Inconclusive(_)
    ));
    let mut cut = summary_of(direction(5e8, 1.0), 0);
    cut.partial = true;
    assert!(matches!(
        judged(&sda, &cut, &Parameters::default()).verdict,
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn floors_of_a_class_warn_and_those_of_the_spec_fail() {
    let slow = summary_of(direction(3e8, 1.0), 0);
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
        let mut summary = summary_of(direction(0.0, 0.0), error);
        summary.write = direction(1e8, 1.0);
        let mut findings = Findings::new();
        integrity(&summary, 100_000_000, &place, false, &mut findings);
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
        link(&nvme, &mut findings);
        findings.outcome("").diagnoses.len()
    };
    assert_eq!((lanes(4), lanes(1)), (0, 1));
}
