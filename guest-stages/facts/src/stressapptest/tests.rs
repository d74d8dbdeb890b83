use super::*;

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!("../../captured/stressapptest/", $name)).as_slice()
    };
}

const ALL: [&[u8]; 6] = [
    captured!("pass.log"),
    captured!("force.log"),
    captured!("verbose.log"),
    captured!("issue-53-page-errors.log"),
    captured!("issue-117-process-errors.log"),
    captured!("writer-and-pattern.log"),
];

fn read(bytes: &[u8]) -> Log {
    log(bytes).expect("a log")
}

#[test]
fn passed_run_is_read() {
    let log = read(captured!("pass.log"));
    assert_eq!(log.version.as_deref(), Some("1.0.6_autoconf"));
    assert_eq!((log.nodes, log.cpus), (Some(1), Some(2)));
    assert_eq!((log.memory_mib, log.seconds), (Some(32), Some(2)));
    assert_eq!(log.incidents, Some(0));
    let totals = log.totals.expect("a result");
    assert_eq!((totals.mib, totals.seconds), (Some(52_834.0), Some(5.04)));
    assert_eq!(totals.mib_per_second, Some(10_485.01));
    assert_eq!((totals.incidents, totals.errors), (Some(0), Some(0)));
    assert_eq!(log.rates.len(), 6);
    let invert = log
        .rates
        .iter()
        .find(|rate| rate.work == "Invert Data")
        .expect("a rate");
    assert_eq!((invert.mib, invert.mib_per_second), (5152.0, Some(1029.83)));
    let ending = log.ending.expect("a status");
    assert_eq!(ending.status, Status::Pass);
    assert_eq!(ending.text, "please verify no corrected errors");
    assert!(log.unread.is_empty());
}

#[test]
fn hardware_error_names_cpu_address_and_values() {
    let log = read(captured!("force.log"));
    let failure = log.failures.first().expect("an error");
    assert_eq!(failure.kind, FailureKind::Hardware);
    assert_eq!(failure.what.as_deref(), Some("miscompare"));
    assert_eq!((failure.cpu, failure.last_cpu), (Some(0), None));
    assert_eq!(failure.cpu_mask.as_deref(), Some("0x1"));
    assert_eq!(failure.address, Some(0x7f81_a39c_bb60));
    assert_eq!(failure.physical, Some(0x64_ecda));
    assert_eq!(failure.module.as_deref(), Some("DIMM Unknown"));
    assert_eq!(failure.read, Some(0xffba_ffff_ffff_ffff));
    assert_eq!(failure.reread, failure.read);
    assert_eq!(failure.expected, Some(u64::MAX));
    let reported = log.reported.first().expect("a report");
    assert_eq!((reported.count, reported.seconds), (Some(1), Some(0)));
    assert_eq!(log.totals.and_then(|totals| totals.incidents), Some(1));
    assert_eq!(log.ending.map(|ending| ending.status), Some(Status::Fail));
}

#[test]
fn last_writer_and_pattern_are_read() {
    let log = read(captured!("writer-and-pattern.log"));
    let failure = log.failures.first().expect("an error");
    assert_eq!((failure.cpu, failure.last_cpu), (Some(6), Some(2)));
    assert_eq!(failure.module.as_deref(), Some("DIMM_A1"));
    assert_eq!(failure.pattern.as_deref(), Some("Checker8b10b32"));
    assert_ne!(failure.read, failure.reread);
    assert_eq!(failure.reread, failure.expected);
    assert_eq!((log.ending, log.totals), (None, None));
}

#[test]
fn lines_with_times_are_read() {
    let log = read(captured!("issue-53-page-errors.log"));
    let failure = log.failures.first().expect("an error");
    assert_eq!((failure.kind, failure.cpu), (FailureKind::Page, Some(21)));
    assert_eq!(failure.physical, Some(0x44_2710_0000));
    assert_eq!(log.reported[0].seconds, Some(23_100));
    assert_eq!((log.mismatches.len(), log.seconds_remaining), (1, Some(10)));
    assert_eq!(log.ending.map(|ending| ending.status), Some(Status::Fail));
}

#[test]
fn errors_of_the_tool_itself_are_apart() {
    let log = read(captured!("issue-117-process-errors.log"));
    assert_eq!(log.failures.len(), 3);
    assert!(
        log.failures
            .iter()
            .all(|failure| failure.kind == FailureKind::Process)
    );
    assert_eq!(log.failures[0].what, None);
    let ending = log.ending.expect("a status");
    assert_eq!(ending.text, "test encountered procedural errors");
}

#[test]
fn unknown_lines_are_kept() {
    let log = read(b"Stats: Something new\r\nLog: A note\r\nSegmentation fault\r\n");
    assert_eq!(log.extra, ["Something new", "A note"]);
    assert_eq!(log.unread, ["Segmentation fault"]);
    assert!(super::log(b"Segmentation fault").is_err());
    assert!(super::log(b"").is_err());
}

#[test]
fn damage_does_not_panic() {
    let mut state = 3_u32;
    for bytes in ALL {
        for cut in 0..bytes.len() {
            let _ = log(&bytes[..cut]);
        }
        for _ in 0..200 {
            let mut damaged = bytes.to_vec();
            for _ in 0..10 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = state as usize % damaged.len();
                damaged[at] = (state >> 16) as u8;
            }
            let _ = log(&damaged);
        }
    }
}
