//! From the stages' verdicts to the run's, and to the exit status.
//!
//! The first of these that holds: a runtime error (3), cancelled (130), a failed stage (1), something
//! that could not be judged (4), and else a pass (0). A run in which no stage passed, because all
//! were skipped or there was none, has judged nothing and is inconclusive: it is never green.

use vetting_protocol::{Ending, StageRecord, Verdict};

use crate::record::{Counts, RunRecord, RunVerdict};

/// What a record is made of; the rest follows.
#[derive(Clone, Debug)]
pub struct Run {
    /// The version of the `vetting` that ran it.
    pub vetting_version: String,
    /// The contract that its stages were given.
    pub contract: String,
    /// The machine.
    pub machine: String,
    /// The seed, on a simulated machine.
    pub seed: Option<u64>,
    /// When it began, RFC 3339.
    pub started: String,
    /// How long it took, in the machine's time.
    pub duration_ms: u64,
    /// The stages.
    pub stages: Vec<StageRecord>,
    /// What else a reader must know.
    pub notes: Vec<String>,
}

impl RunRecord {
    /// The record of a run: its counts, verdict and exit status follow from the stages.
    pub fn new(run: Run) -> Self {
        let counts = count(&run.stages);
        let verdict = judge(&run.stages);
        RunRecord {
            format: crate::FORMAT.to_owned(),
            vetting_version: run.vetting_version,
            contract: run.contract,
            machine: run.machine,
            seed: run.seed,
            started: run.started,
            duration_ms: run.duration_ms,
            verdict,
            exit_status: verdict.exit_status(),
            counts,
            stages: run.stages,
            notes: run.notes,
        }
    }
}

/// The run's verdict.
pub fn judge(stages: &[StageRecord]) -> RunVerdict {
    let any = |test: fn(&StageRecord) -> bool| stages.iter().any(test);
    if any(|s| s.verdict.is_none() && s.ending != Ending::NotRun) {
        RunVerdict::Error
    } else if any(|s| s.verdict == Some(Verdict::Cancelled)) {
        RunVerdict::Cancelled
    } else if any(|s| s.verdict == Some(Verdict::Fail)) {
        RunVerdict::Fail
    } else if any(|s| matches!(s.verdict, Some(Verdict::Inconclusive) | None))
        || !any(|s| s.verdict == Some(Verdict::Pass))
    {
        RunVerdict::Inconclusive
    } else {
        RunVerdict::Pass
    }
}

impl RunVerdict {
    /// Its word, as in a record's JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            RunVerdict::Pass => "pass",
            RunVerdict::Fail => "fail",
            RunVerdict::Inconclusive => "inconclusive",
            RunVerdict::Cancelled => "cancelled",
            RunVerdict::Error => "error",
        }
    }

    /// The exit status that goes with it.
    pub fn exit_status(self) -> u8 {
        match self {
            RunVerdict::Pass => 0,
            RunVerdict::Fail => 1,
            RunVerdict::Error => 3,
            RunVerdict::Inconclusive => 4,
            RunVerdict::Cancelled => 130,
        }
    }
}

fn count(stages: &[StageRecord]) -> Counts {
    let mut counts = Counts::default();
    for stage in stages {
        let slot = match stage.verdict {
            Some(Verdict::Pass) => &mut counts.passed,
            Some(Verdict::Fail) => &mut counts.failed,
            Some(Verdict::Inconclusive) => &mut counts.inconclusive,
            Some(Verdict::Skip) => &mut counts.skipped,
            Some(Verdict::Cancelled) => &mut counts.cancelled,
            None if stage.ending == Ending::NotRun => &mut counts.not_run,
            // Under a runtime error nothing was judged.
            None => &mut counts.inconclusive,
        };
        *slot += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::stage;

    #[test]
    fn the_worst_ending_decides() {
        let verdicts = |of: &[Option<Verdict>]| {
            let stages: Vec<_> = of.iter().map(|verdict| stage("S", *verdict)).collect();
            judge(&stages).exit_status()
        };
        let (pass, skip) = (Some(Verdict::Pass), Some(Verdict::Skip));
        let (fail, unsure) = (Some(Verdict::Fail), Some(Verdict::Inconclusive));
        let cancelled = Some(Verdict::Cancelled);
        assert_eq!(verdicts(&[pass, skip]), 0);
        assert_eq!(verdicts(&[pass, unsure]), 4);
        assert_eq!(verdicts(&[unsure, fail]), 1);
        assert_eq!(verdicts(&[fail, cancelled]), 130);
        assert_eq!(verdicts(&[pass, None]), 4, "not run");
        assert_eq!(verdicts(&[skip, skip]), 4, "nothing was judged");
        assert_eq!(verdicts(&[]), 4, "nothing at all");
        let mut broken = stage("S", None);
        broken.ending = Ending::Runtime {
            error: "it broke".to_owned(),
        };
        assert_eq!(judge(&[broken, stage("T", cancelled)]).exit_status(), 3);
    }

    #[test]
    fn every_stage_is_counted_once() {
        let all = [
            Some(Verdict::Pass),
            Some(Verdict::Fail),
            Some(Verdict::Inconclusive),
            Some(Verdict::Skip),
            Some(Verdict::Cancelled),
            None,
        ];
        let stages: Vec<_> = all.iter().map(|verdict| stage("S", *verdict)).collect();
        let one_each = Counts {
            passed: 1,
            failed: 1,
            inconclusive: 1,
            skipped: 1,
            cancelled: 1,
            not_run: 1,
        };
        assert_eq!(count(&stages), one_each);
    }
}
