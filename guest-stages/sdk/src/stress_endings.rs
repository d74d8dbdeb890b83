//! What the ends of stress-ng's processes mean (stress-ng(1), EXIT STATUS). A stage that judges by them
//! has these rules in its table: `use stress_endings;`.

use crate::stress::{Ending, Summary};
use crate::{Findings, Has, Measure, Part, part};

crate::__rules! {
    /// stress-ng checked what was computed or remembered, and it was wrong.
    WRONG_RESULTS: fail "wrong-results" = "0", "stress-ng(1), EXIT STATUS";
    /// stress-ng did not run, or did not come to its end.
    STRESS_NG: unknown "stress-ng" = "exit status 0 or 7", "stress-ng(1), EXIT STATUS";
}

/// Holds what stress-ng checked against the rules, which `table` has: a failed check is a bad part, and
/// a check that did not come to its end is none. `load` names the load in messages.
pub fn judge_endings(
    table: impl Has<Table>,
    summary: &Summary,
    load: &str,
    cancelled: bool,
    findings: &mut Findings,
) {
    let _proof = table;
    if summary.endings.is_empty() {
        findings.unknown(STRESS_NG, None, format!("{load}: stress-ng was not run"));
    }
    for ending in &summary.endings {
        let cpu = ending.cpu.map(|cpu| part("cpu", format!("CPU {cpu}")));
        one(
            ending,
            cpu.as_ref(),
            load,
            summary.partial || cancelled,
            findings,
        );
    }
}

/// Whether every process ended by itself and found nothing.
pub fn all_ended_well(summary: &Summary) -> bool {
    !summary.partial && summary.endings.iter().all(|e| e.exit_status == Some(0))
}

fn one(ending: &Ending, cpu: Option<&Part>, load: &str, partial: bool, findings: &mut Findings) {
    let wrong = u32::try_from(ending.failures.len()).unwrap_or(u32::MAX);
    let found = wrong.max(u32::from(ending.exit_status == Some(2)));
    let mut measure = Measure::number("wrong-results", f64::from(found));
    if let Some(cpu) = cpu {
        measure = measure.part(cpu);
    }
    let line = ending
        .failures
        .first()
        .cloned()
        .unwrap_or_else(|| last_line(&ending.output_tail));
    let good = findings.hold(measure.at_most(WRONG_RESULTS, 0.0), || {
        format!("{load} computed or remembered wrongly: {line}")
    });
    let tail = last_line(&ending.output_tail);
    let mut unknown = |what: &str| {
        findings.unknown(STRESS_NG, cpu, format!("{load}: {what}: {tail}"));
    };
    match ending.exit_status {
        // Bogus-operation rates that cannot be trusted (7) say nothing of the checks.
        _ if !good => {}
        Some(0 | 7) => {}
        _ if partial => unknown("it was cut short"),
        Some(1) => unknown("stress-ng was used wrongly (exit status 1)"),
        Some(3) => unknown("there were not enough resources (exit status 3)"),
        Some(4) => unknown("this load is not implemented here (exit status 4)"),
        Some(5) => unknown("a worker was ended by a signal (exit status 5); run it again"),
        Some(status) => unknown(&format!(
            "it ended oddly (exit status {status}); run it again"
        )),
        None => unknown("a signal ended stress-ng; run it again"),
    }
}

fn last_line(text: &str) -> String {
    text.lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    struct Own;
    impl Has<Table> for Own {}

    fn verdict(exit_status: Option<i32>, failures: &[&str], partial: bool) -> Verdict {
        let ending = Ending {
            cpu: Some(3),
            exit_status,
            failures: failures.iter().map(|f| (*f).to_owned()).collect(),
            output_tail: "the last line\n".into(),
        };
        let summary = Summary {
            version: "0.15.06".into(),
            metrics: Vec::new(),
            endings: vec![ending],
            partial,
            runtime_ms: 1000,
            extra: Vec::new(),
        };
        let mut findings = Findings::new();
        judge_endings(Own, &summary, "matrix", false, &mut findings);
        findings.outcome("").verdict
    }

    #[test]
    fn every_exit_status_has_its_meaning() {
        assert_eq!(verdict(Some(0), &[], false), Verdict::Pass);
        assert_eq!(verdict(Some(7), &[], false), Verdict::Pass);
        assert_eq!(verdict(Some(2), &[], false), Verdict::Fail);
        assert_eq!(
            verdict(Some(0), &["stress-ng: fail: x"], false),
            Verdict::Fail
        );
        assert_eq!(verdict(Some(2), &[], true), Verdict::Fail);
        for status in [Some(1), Some(3), Some(4), Some(5), Some(6), Some(99), None] {
            assert!(
                matches!(verdict(status, &[], false), Verdict::Inconclusive(_)),
                "{status:?}"
            );
        }
        assert_eq!(
            verdict(Some(0), &[], true),
            Verdict::Pass,
            "whoever cut it short says so"
        );
    }
}
