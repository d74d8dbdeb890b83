//! Passes over the memory by stress-ng: zeros and ones over everything, which is quick, then as many
//! patterns as there is time for.

use vetting_stage::context::Facts;
use vetting_stage::stress::{self, Job, Stressor};
use vetting_stage::stress_endings::STRESS_NG;
use vetting_stage::{Error, Findings, StressReport, explain, judge_endings};

use crate::{Parameters, Watching, rules};

/// stress-ng's bogo-ops of one round of `zero-one`: one for so many bytes, half of them for the zeros,
/// which are counted before one is checked, half for the ones (`stress-vm.c`: `sz / 8` for each, shifted by 12 bits).
const BYTES_PER_ROUND: f64 = 16_384.0;

/// One pass over the memory.
struct Pass {
    /// In messages.
    name: &'static str,
    /// stress-ng's pattern; `None`: all that there are, one after the other.
    method: Option<&'static str>,
    /// Its share of the time, in per cent, and where that begins.
    percent: u64,
    from: f64,
    /// Whether it is meant to touch everything.
    covers: bool,
}

const PASSES: [Pass; 2] = [
    Pass {
        name: "zeros and ones",
        method: Some("zero-one"),
        percent: 60,
        from: 0.0,
        covers: true,
    },
    Pass {
        name: "many patterns",
        method: None,
        percent: 40,
        from: 0.6,
        covers: false,
    },
];

/// What the passes touch.
pub struct Passes {
    workers: u32,
    /// How many bytes may be touched, and are.
    may: u64,
    bytes: u64,
    total_ms: u64,
}

/// What came of the passes.
pub struct Passed {
    /// What was tested.
    pub tested: Tested,
    /// Whether the attempt was cancelled under them.
    pub cancelled: bool,
}

/// What was tested.
#[derive(Clone, Copy, Debug)]
pub struct Tested {
    /// Bytes that might be touched, and that were to be.
    pub may: u64,
    pub asked: u64,
    /// Rounds of zeros and ones over them.
    pub rounds: f64,
}

/// stress-ng rounds each worker's share down to pages, and its counts to thousands of words.
const WHOLE_ROUND: f64 = 0.99;

impl Tested {
    /// Whether a whole round was finished.
    pub fn is_whole(&self) -> bool {
        self.rounds >= WHOLE_ROUND
    }

    /// How many bytes were written and checked whole.
    pub fn bytes(&self) -> u64 {
        if self.is_whole() { self.asked } else { 0 }
    }
}

impl Passes {
    /// How many bytes: what may be touched, and can be in the time there is.
    pub fn new(facts: &Facts, parameters: &Parameters, total_ms: u64) -> Self {
        let share = parameters.coverage_percent.clamp(1.0, 100.0) / 100.0;
        let may = (facts.memory_allowance_bytes as f64 * share) as u64;
        let milliseconds = total_ms.saturating_mul(PASSES[0].percent) / 100;
        let rate = parameters.worker_mib_per_second.saturating_mul(1 << 20) / 1000;
        let can = rate
            .saturating_mul(milliseconds)
            .saturating_mul(facts.cpu_allowance.max(1).into());
        Passes {
            workers: facts.cpu_allowance.clamp(1, 4096),
            may,
            bytes: may.min(can),
            total_ms,
        }
    }

    /// Runs them, and judges what stress-ng found.
    pub fn run(&self, watching: &mut Watching, findings: &mut Findings) -> Passed {
        let mut passed = Passed {
            tested: Tested {
                may: self.may,
                asked: self.bytes,
                rounds: 0.0,
            },
            cancelled: false,
        };
        for pass in PASSES {
            let duration_ms = self.total_ms.saturating_mul(pass.percent) / 100;
            let Some((rounds, cancelled)) = self.one(&pass, duration_ms, watching, findings) else {
                break;
            };
            if pass.covers {
                passed.tested.rounds = rounds * BYTES_PER_ROUND / self.bytes.max(1) as f64;
            }
            passed.cancelled = cancelled;
            if cancelled {
                break;
            }
        }
        passed
    }

    /// Many patterns once more, for so long.
    pub fn more_patterns(
        &self,
        duration_ms: u64,
        watching: &mut Watching,
        findings: &mut Findings,
    ) {
        let [_, patterns] = PASSES;
        self.one(&patterns, duration_ms, watching, findings);
    }

    /// Runs one pass and judges it; gives its bogo-ops, and whether it was cancelled. `None`: it was not run.
    fn one(
        &self,
        pass: &Pass,
        duration_ms: u64,
        watching: &mut Watching,
        findings: &mut Findings,
    ) -> Option<(f64, bool)> {
        let job = self.job(pass, duration_ms);
        let (report, cancelled) = match pass_of(pass, &job, watching) {
            Ok(done) => done,
            Err(error) => {
                findings.unknown(STRESS_NG, None, explain(&error));
                return None;
            }
        };
        judge_endings(rules::Table, &report, &job, pass.name, cancelled, findings);
        let rounds = report.metrics().filter_map(|(_, metrics)| metrics.bogo_ops);
        let rounds = rounds.fold(0, u64::saturating_add);
        if !pass.covers && rounds == 0 && !cancelled && !report.stopped {
            let message = "not one pattern but zeros and ones was finished";
            findings.broken(rules::NO_PATTERN, None, message);
        }
        Some((rounds as f64, cancelled))
    }

    fn job(&self, pass: &Pass, duration_ms: u64) -> Job {
        Job {
            stressors: vec![Stressor {
                name: "vm".into(),
                workers: self.workers,
                method: pass.method.map(str::to_owned),
                memory_bytes: Some(self.bytes),
            }],
            duration_ms: duration_ms.max(1_000),
            verify: true,
            cpus: Vec::new(),
            per_cpu: false,
        }
    }
}

fn pass_of(pass: &Pass, job: &Job, watching: &mut Watching) -> Result<(StressReport, bool), Error> {
    let tool = stress::start(job)?;
    let place = (pass.name, pass.from, pass.percent as f64 / 100.0);
    let driven = watching.follow(&tool, place, |progress| progress.fraction)?;
    Ok((StressReport::of(&driven.summary), driven.cancelled))
}
