//! What was seen of eight cores, and what that means.

use super::*;
use vetting_facts::counters::{Cpu, Cpus, Frequency, Throttle};
use vetting_stage::Verdict;
use vetting_stage::stress::{Ending, Process, Stressor};
use vetting_stage::types::{Document, DocumentEnding};

fn counters(throttled: u64, fatal: u64) -> Counted {
    let cpu = |cpu| Cpu {
        cpu,
        core: Some(cpu),
        package: Some(0),
        frequency: Some(Frequency {
            base_khz: Some(2_800_000),
            max_khz: Some(3_900_000),
            ..Frequency::default()
        }),
        throttle: Some(Throttle {
            core_total_ms: Some(0),
            package_total_ms: Some(throttled),
            ..Throttle::default()
        }),
        ..Cpu::default()
    };
    Counted {
        cpus: Cpus {
            cpus: (0..8).map(cpu).collect(),
            ..Cpus::default()
        },
        aer: vec![AerFunction {
            address: "0000:50:00.0".into(),
            fatal: Some(AerErrors {
                total: Some(fatal),
                ..AerErrors::default()
            }),
            ..AerFunction::default()
        }],
    }
}

fn frequency(cpu: &mut Cpu) -> &mut Frequency {
    cpu.frequency.as_mut().expect("a frequency")
}

fn phase(rates: [f64; 8]) -> Phase {
    let process = |(cpu, rate): (u32, &f64)| {
        let log = format!(
            "stress-ng: metrc: [1] cpu {} 10.00 10.00 0.00 {rate} {rate} 100.00 2272\n\
             stress-ng: info:  [1] successful run completed in 10.00s\n",
            (rate * 10.0) as u64
        );
        Process {
            cpu: Some(cpu),
            document: Document {
                query: "stress.start".into(),
                target: format!("cpu{cpu}"),
                argv: Vec::new(),
                version: None,
                exit_status: Some(0),
                signal: None,
                stdout: log.into_bytes(),
                stderr_tail: String::new(),
                ending: DocumentEnding::Complete,
                begun_ns: 0,
                took_ns: 0,
            },
            yaml: Vec::new(),
            left_out_bytes: 0,
        }
    };
    let ending = Ending {
        processes: (0..).zip(&rates).map(process).collect(),
        workers: 1,
        stopped: false,
        ran_ms: 10_000,
        extra: Vec::new(),
    };
    Phase {
        name: "each core alone",
        job: Job {
            stressors: vec![Stressor {
                name: "cpu".into(),
                workers: 1,
                method: None,
                memory_bytes: None,
            }],
            duration_ms: 10_000,
            verify: true,
            cpus: (0..8).collect(),
            per_cpu: true,
        },
        report: StressReport::of(&ending),
        cancelled: false,
    }
}

fn good() -> Evidence {
    Evidence {
        phases: vec![phase([
            1000.0, 1003.0, 998.0, 1001.0, 999.0, 1002.0, 1000.0, 1000.0,
        ])],
        ran_ms: 10_000,
        frequencies: vec![3000.0],
        before: counters(0, 0),
        after: Some(counters(0, 0)),
        machine: Platform::default(),
    }
}

fn judged(seen: &Evidence) -> (Verdict, usize) {
    let mut findings = Findings::new();
    evidence(seen, &Parameters::default(), &mut findings);
    let outcome = findings.outcome("");
    (outcome.verdict, outcome.diagnoses.len())
}

#[test]
fn even_cores_pass() {
    assert_eq!(judged(&good()), (Verdict::Pass, 0));
}

#[test]
fn a_slow_core_fails_on_iron_and_warns_on_a_guest() {
    let mut seen = good();
    seen.phases = vec![phase([
        1000.0, 1003.0, 998.0, 700.0, 999.0, 1002.0, 1000.0, 1000.0,
    ])];
    assert_eq!(judged(&seen).0, Verdict::Fail);
    seen.machine.is_virtual = true;
    assert_eq!(judged(&seen), (Verdict::Pass, 1));
    seen.machine.is_virtual = false;
    seen.phases = vec![phase([
        1000.0, 1003.0, 998.0, 920.0, 999.0, 1002.0, 1000.0, 1000.0,
    ])];
    assert_eq!(judged(&seen), (Verdict::Pass, 1), "8 % is a remark");
}

#[test]
fn a_core_that_did_nothing_was_not_tested() {
    let mut seen = good();
    seen.phases[0].report.processes[5].log.metrics[0].bogo_ops = Some(0);
    assert!(matches!(judged(&seen).0, Verdict::Inconclusive(_)));
    let mut turns = good();
    turns.phases.push(phase([1000.0; 8]));
    for (first, passes) in [(1, true), (2, false)] {
        turns.phases[0].job.cpus = (first..8).collect();
        turns.phases[1].job.cpus = vec![0];
        assert_eq!(judged(&turns).0 == Verdict::Pass, passes);
    }
}

#[test]
fn heat_and_pcie_errors_under_load() {
    let mut seen = good();
    seen.after = Some(counters(50, 0));
    assert_eq!(judged(&seen), (Verdict::Pass, 1));
    seen.after = Some(counters(101, 0));
    assert_eq!(judged(&seen).0, Verdict::Fail);
    seen.machine.is_portable = true;
    assert_eq!(judged(&seen).0, Verdict::Pass);
    seen.after = Some(counters(0, 1));
    assert_eq!(judged(&seen).0, Verdict::Fail);
}

#[test]
fn the_frequency_that_base_promises() {
    let mut seen = good();
    for (megahertz, verdict, findings) in [
        (2660.0, Verdict::Pass, 0),
        (2500.0, Verdict::Pass, 1),
        (2200.0, Verdict::Fail, 1),
    ] {
        seen.frequencies = vec![megahertz];
        assert_eq!(judged(&seen), (verdict, findings), "{megahertz}");
    }
}

#[test]
fn figures_that_stress_ng_disowns_are_not_compared() {
    let mut seen = good();
    let mut slow = phase([1000.0, 1003.0, 998.0, 500.0, 999.0, 1002.0, 1000.0, 1000.0]);
    slow.report.processes[3].exit_status = Some(7);
    seen.phases = vec![slow];
    assert_eq!(judged(&seen), (Verdict::Pass, 0));
}

#[test]
fn threads_of_one_core_are_not_held_against_whole_cores() {
    let mut seen = good();
    seen.phases = vec![phase([
        1000.0, 1003.0, 998.0, 1001.0, 999.0, 1002.0, 600.0, 600.0,
    ])];
    assert_eq!(judged(&seen).0, Verdict::Fail);
    seen.before.cpus.cpus[7].core = Some(6);
    assert_eq!(judged(&seen), (Verdict::Pass, 0));
}

#[test]
fn cores_with_their_own_highest_frequency_are_compared() {
    let mut seen = good();
    for cpu in &mut seen.before.cpus.cpus {
        let number = u64::from(cpu.cpu);
        frequency(cpu).max_khz = Some(5_881_000 - 23_000 * number);
    }
    assert_eq!(judged(&seen), (Verdict::Pass, 0));
    seen.phases = vec![phase([
        1000.0, 1003.0, 998.0, 500.0, 999.0, 1002.0, 1000.0, 1000.0,
    ])];
    assert_eq!(judged(&seen).0, Verdict::Fail);
    // Cores of another build are not.
    for cpu in seen.before.cpus.cpus.iter_mut().skip(3).take(1) {
        frequency(cpu).max_khz = Some(2_900_000);
    }
    assert_eq!(judged(&seen), (Verdict::Pass, 0));
}

#[test]
fn a_package_whose_cores_are_all_slow_is_named_once() {
    let mut seen = good();
    for cpu in seen.before.cpus.cpus.iter_mut().skip(4) {
        cpu.package = Some(1);
    }
    assert_eq!(judged(&seen), (Verdict::Pass, 0));
    seen.phases = vec![phase([
        1000.0, 1003.0, 998.0, 1001.0, 650.0, 652.0, 651.0, 650.0,
    ])];
    assert_eq!(judged(&seen), (Verdict::Fail, 1));
}

#[test]
fn of_two_cores_the_slow_one_is_named() {
    let mut seen = good();
    seen.phases[0].report.processes.truncate(2);
    seen.phases[0].job.cpus.truncate(2);
    seen.before.cpus.cpus.truncate(2);
    assert_eq!(judged(&seen), (Verdict::Pass, 0));
    let mut slow = phase([1000.0, 500.0, 998.0, 1001.0, 999.0, 1002.0, 1000.0, 1000.0]);
    slow.report.processes.truncate(2);
    slow.job.cpus.truncate(2);
    seen.phases = vec![slow];
    assert_eq!(judged(&seen), (Verdict::Pass, 1));
}

#[test]
fn without_a_base_frequency_the_highest_one_says_what_is_far_too_low() {
    let mut seen = good();
    for cpu in &mut seen.before.cpus.cpus {
        frequency(cpu).base_khz = None;
        frequency(cpu).max_khz = Some(2_800_000);
    }
    for (megahertz, verdict, findings) in [
        (2000.0, Verdict::Pass, 0),
        (1000.0, Verdict::Pass, 1),
        (400.0, Verdict::Fail, 1),
    ] {
        seen.frequencies = vec![megahertz];
        assert_eq!(judged(&seen), (verdict, findings), "{megahertz}");
    }
}

#[test]
fn idle_clocks_are_not_held_against_a_machine_that_was_not_loaded() {
    let mut seen = good();
    seen.frequencies = vec![800.0];
    assert_eq!(judged(&seen).0, Verdict::Fail);
    seen.phases.clear();
    assert_ne!(judged(&seen).0, Verdict::Fail);
}
