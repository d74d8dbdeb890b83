//! Every end of stress-ng that was captured or met, and what it means.

use super::*;
use crate::Verdict;
use crate::stress::{Ending, Process, Stressor};
use crate::types::Document;

struct Own;
impl Has<Table> for Own {}

const GOOD: &str = "stress-ng: info:  [1] dispatching hogs: 1 cpu\n\
    stress-ng: metrc: [1] cpu 608 4.00 3.99 0.00 152.00 152.38 99.75 2272\n\
    stress-ng: info:  [1] successful run completed in 4.00s\n";

fn ending(exit_status: Option<i32>, log: &str, stopped: bool) -> Ending {
    let document = Document {
        query: "stress.start".into(),
        target: "cpu3".into(),
        argv: vec!["stress-ng".into()],
        version: None,
        exit_status,
        signal: None,
        stdout: log.as_bytes().to_vec(),
        stderr_tail: String::new(),
        ending: DocumentEnding::Complete,
        begun_ns: 0,
        took_ns: 0,
    };
    let process = Process {
        cpu: Some(3),
        document,
        yaml: Vec::new(),
        left_out_bytes: 0,
    };
    Ending {
        processes: vec![process],
        workers: 1,
        stopped,
        ran_ms: 4_000,
        extra: Vec::new(),
    }
}

fn job(stressors: &[&str]) -> Job {
    let stressor = |name: &&str| Stressor {
        name: (*name).to_owned(),
        workers: 1,
        method: None,
        memory_bytes: None,
    };
    Job {
        stressors: stressors.iter().map(stressor).collect(),
        duration_ms: 4_000,
        verify: true,
        cpus: vec![3],
        per_cpu: true,
    }
}

fn judged(ending: &Ending, stressors: &[&str]) -> crate::Outcome {
    let mut findings = Findings::new();
    let report = StressReport::of(ending);
    judge_endings(
        Own,
        &report,
        &job(stressors),
        "matrix",
        false,
        &mut findings,
    );
    findings.outcome("")
}

fn verdict(exit_status: Option<i32>, log: &str, stopped: bool) -> Verdict {
    judged(&ending(exit_status, log, stopped), &["cpu"]).verdict
}

fn is_unknown(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Inconclusive(_))
}

#[test]
fn every_exit_status_has_its_meaning() {
    assert_eq!(verdict(Some(0), GOOD, false), Verdict::Pass);
    assert_eq!(verdict(Some(7), GOOD, false), Verdict::Pass);
    for status in [1, 2, 3, 4, 5, 6, 99].map(Some).into_iter().chain([None]) {
        assert!(is_unknown(&verdict(status, GOOD, false)), "{status:?}");
    }
    assert_eq!(
        verdict(Some(0), GOOD, true),
        Verdict::Pass,
        "whoever cut it short says so"
    );
}

#[test]
fn a_good_exit_status_without_a_result_is_no_pass() {
    assert!(is_unknown(&verdict(Some(0), "", false)));
    assert!(is_unknown(&verdict(Some(0), "\u{fffd}@%s", false)));
    let cut = "stress-ng: info:  [1] dispatching hogs: 1 cpu\n";
    assert!(is_unknown(&verdict(Some(0), cut, false)));
}

#[test]
fn wrong_results_of_every_version_fail() {
    for line in [
        "stress-ng: fail:  [2] cpu: int64 error detected, failed int64 math operations",
        "stress-ng: fail:  [2] vm: detected 5 bit errors while stressing memory",
        "stress-ng: fail:  [2] walk-0a: detected 1 memory error",
        "stress-ng: fail:  [2] vecmath: 8 x 16 bit vector checksum mismatch, got 0x1234 0x1 0x2 0x3",
        "stress-ng: 10:48:27.82 fail:  [2] zlib: zlib xsum values do NOT match 12/13(deflate/inflate)",
        "fail:  [2] cpu: prime error detected, number of primes has been miscalculated",
    ] {
        for status in [Some(0), Some(2)] {
            let log = format!("{GOOD}{line}\n");
            assert_eq!(verdict(status, &log, false), Verdict::Fail, "{line}");
            assert_eq!(verdict(status, &log, true), Verdict::Fail, "{line}");
        }
    }
}

#[test]
fn a_killed_worker_computed_nothing_wrongly() {
    for log in [
        include_str!("../../../facts/captured/stress_ng/killed.stderr"),
        include_str!("../../../facts/captured/stress_ng/issue-125-killed-workers.stderr"),
        "stress-ng: error: [1] vm: [61] terminated with an error, exit status=2 (stressor failed)\n",
        "stress-ng: fail:  [2] zlib: pipe read error detected, errno=9 (Bad file descriptor)\n",
    ] {
        let outcome = judged(&ending(Some(2), log, false), &["cpu"]);
        assert!(is_unknown(&outcome.verdict), "{log}");
    }
    let log =
        "stress-ng: debug: [1] process [2] (vm) terminated on signal: 4 (Illegal instruction)\n";
    let outcome = judged(&ending(Some(2), log, false), &["cpu"]);
    assert!(
        outcome.message.contains("built for another processor"),
        "{}",
        outcome.message
    );
}

#[test]
fn what_was_left_out_is_said() {
    let log = format!(
        "stress-ng: warn:  [1] zlib stressor will be skipped, it is not implemented on this system: built without zlib library\n{GOOD}"
    );
    let outcome = judged(&ending(Some(0), &log, false), &["cpu", "zlib"]);
    assert_eq!(
        (outcome.verdict, outcome.diagnoses.len()),
        (Verdict::Pass, 1)
    );
    assert!(outcome.diagnoses[0].message.contains("zlib left out"));
    let memory = include_str!("../../../facts/captured/stress_ng/issue-533-no-memory.stderr");
    let memory =
        format!("{memory}stress-ng: metrc: [1] vm 608 4.00 3.99 0.00 152.00 152.38 99.75 2272\n");
    let outcome = judged(&ending(Some(0), &memory, false), &["vm"]);
    assert!(
        outcome.message.contains("2 workers of vm were left out"),
        "{}",
        outcome.message
    );
    let nothing = "stress-ng: info:  [1] successful run completed in 0.00s\n";
    let outcome = judged(&ending(Some(0), nothing, false), &["zlib"]);
    assert!(outcome.message.contains("no work"), "{}", outcome.message);
}

#[test]
fn a_load_that_ended_early_was_none() {
    let warned = format!(
        "stress-ng: warn:  [1] cpu: WARNING: finished prematurely after just 0.01s\n{GOOD}"
    );
    assert!(is_unknown(&verdict(Some(0), &warned, false)));
    let short = GOOD.replace("608 4.00", "608 0.01");
    assert!(is_unknown(&verdict(Some(0), &short, false)));
    assert_eq!(verdict(Some(0), &short, true), Verdict::Pass);
}
