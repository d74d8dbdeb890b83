//! A further test by stressapptest, where it is granted and installed: copies of many patterns at once.

use vetting_facts::stressapptest::{self, Failure, FailureKind, Log, Status};
use vetting_stage::context::Facts;
use vetting_stage::memtest::{self, Ending, Job};
use vetting_stage::{Error, Findings, Measure, explain, part};

use crate::{Parameters, Watching, rules};

/// In less time it fills its memory and does little more.
const LEAST_MS: u64 = 5_000;

/// Of the time it has, so much is for filling its memory, and as much for checking it at the end.
const FILLING_PERCENT: u64 = 25;

/// What to run, or why not.
pub fn asked(facts: &Facts, p: &Parameters, total_ms: u64) -> Result<Job, String> {
    let duration_ms = share_ms(p, total_ms);
    if duration_ms == 0 {
        return Err("memtest_percent is 0".to_owned());
    }
    if duration_ms < LEAST_MS {
        let seconds = LEAST_MS / 1000;
        return Err(format!("its share of the time is below {seconds} s"));
    }
    let share = p.coverage_percent.clamp(1.0, 100.0) / 100.0;
    let may = (facts.memory_allowance_bytes as f64 * share) as u64;
    let threads = facts.cpu_allowance.clamp(1, 256);
    let rate = p.worker_mib_per_second.saturating_mul(1 << 20) / 1000;
    let filling = duration_ms.saturating_mul(FILLING_PERCENT) / 100;
    let can = rate.saturating_mul(filling).saturating_mul(threads.into());
    Ok(Job {
        bytes: may.min(can),
        // It fills and checks its memory beside the seconds that it is given.
        duration_ms: duration_ms
            .saturating_sub(filling.saturating_mul(2))
            .max(1_000),
        copy_threads: threads,
        invert_threads: 0,
        cpu_threads: 0,
        warm_copy: true,
    })
}

/// The milliseconds that are kept for it.
pub fn share_ms(p: &Parameters, total_ms: u64) -> u64 {
    (total_ms as f64 * p.memtest_percent.clamp(0.0, 100.0) / 100.0) as u64
}

/// Runs it, and judges what it found. Gives words for the summary; `Err`: why it was not run.
pub fn run(
    job: Result<Job, String>,
    watching: &mut Watching,
    findings: &mut Findings,
) -> Result<String, String> {
    let job = job?;
    let broke = |error: &Error, findings: &mut Findings| {
        findings.unknown(rules::MEMTEST, None, explain(error));
        Ok(format!("stressapptest: {}", explain(error)))
    };
    let tool = match memtest::start(job) {
        Ok(tool) => tool,
        Err(error @ (Error::Unavailable(_) | Error::Denied(_))) => return Err(explain(&error)),
        Err(error) => return broke(&error, findings),
    };
    let place = ("copies of many patterns", 1.0, 0.0);
    match watching.follow(&tool, place, |progress| progress.fraction) {
        Ok(driven) => {
            judge(&driven.summary, driven.cancelled, findings);
            let gib = job.bytes as f64 / (1_u64 << 30) as f64;
            Ok(format!("{gib:.1} GiB tested by stressapptest"))
        }
        Err(error) => broke(&error, findings),
    }
}

/// Holds its log against the rules.
pub fn judge(ending: &Ending, cancelled: bool, findings: &mut Findings) {
    let log = match stressapptest::log(&ending.document.stdout) {
        Ok(log) => log,
        Err(why) => {
            if !cancelled {
                findings.unknown(rules::MEMTEST, None, format!("stressapptest: {why}"));
            }
            return;
        }
    };
    let errors = errors(&log);
    let first = log.failures.iter().find(|failure| is_of_memory(failure));
    let mut measure = Measure::number("memtest-errors", errors as f64);
    // Where it knows no module it says so.
    let module = first.and_then(|failure| failure.module.as_deref());
    if let Some(module) = module.filter(|module| !module.ends_with("Unknown")) {
        measure = measure.part(&part("dimm", module));
    }
    let good = findings.hold(measure.at_most(rules::MEMTEST_ERRORS, 0.0), || {
        let first = first.map_or_else(String::new, words);
        format!("stressapptest found {errors} wrong values{first}: replace the module, or the processor if its CPU is always the same")
    });
    if let Some(rate) = log.totals.as_ref().and_then(|totals| totals.mib_per_second) {
        findings.note(Measure::number("memtest-rate", rate).unit("MiB/s"));
    }
    if !good || cancelled {
        return;
    }
    if let Some(why) = not_judged(ending, &log) {
        findings.unknown(rules::MEMTEST, None, format!("stressapptest {why}"));
    }
}

fn is_of_memory(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Hardware | FailureKind::Page)
}

/// How many errors it found, by the most that one of its lines says.
fn errors(log: &Log) -> u64 {
    let lines = log
        .failures
        .iter()
        .filter(|failure| is_of_memory(failure))
        .count() as u64;
    let counted = log.totals.as_ref().and_then(|totals| totals.incidents);
    let found = lines
        .max(log.incidents.unwrap_or(0))
        .max(counted.unwrap_or(0));
    let failed = log
        .ending
        .as_ref()
        .is_some_and(|ending| ending.status == Status::Fail && ending.text.contains("HW problems"));
    found.max(u64::from(failed))
}

/// The first error, for people: a value that is read again as it should be was read wrongly, one that is
/// not was kept wrongly.
fn words(failure: &Failure) -> String {
    let cpu = failure
        .cpu
        .map_or(String::new(), |cpu| format!(" on CPU {cpu}"));
    let how = match (failure.reread, failure.expected) {
        (Some(again), Some(expected)) if again == expected => ", read rightly the second time",
        (Some(_), Some(_)) => ", read the same again",
        _ => "",
    };
    format!("; the first{cpu}{how}: {}", failure.text)
}

/// Why a log without an error is no test that passed; `None`: it is one.
fn not_judged(ending: &Ending, log: &Log) -> Option<String> {
    let of_its_own = log.failures.iter().find(|f| f.kind == FailureKind::Process);
    if let Some(failure) = of_its_own {
        return Some(format!("did not work: {}", failure.text));
    }
    let early = log
        .extra
        .iter()
        .find(|line| line.starts_with("User exiting early"));
    if ending.stopped || early.is_some() {
        return Some("was ended before its time".to_owned());
    }
    match (&log.ending, ending.document.exit_status) {
        (None, None) => Some("was killed before its end, for lack of memory perhaps".to_owned()),
        (None, _) => Some("came to no result".to_owned()),
        (Some(end), _) if end.status != Status::Pass => Some(format!("failed: {}", end.text)),
        (Some(_), Some(0)) => None,
        (Some(_), status) => Some(format!("ended with status {status:?}")),
    }
}

#[cfg(test)]
mod tests {
    use vetting_stage::Verdict;
    use vetting_stage::types::{Document, DocumentEnding};

    use super::*;

    fn judged(log: &str, exit_status: Option<i32>) -> vetting_stage::Outcome {
        let document = Document {
            query: "memtest.start".into(),
            target: String::new(),
            argv: vec!["stressapptest".into()],
            version: None,
            exit_status,
            signal: None,
            stdout: log.as_bytes().to_vec(),
            stderr_tail: String::new(),
            ending: DocumentEnding::Complete,
            begun_ns: 0,
            took_ns: 0,
        };
        let ending = Ending {
            document,
            bytes: 64 << 20,
            threads: 2,
            stopped: false,
            ran_ms: 2_000,
            left_out_bytes: 0,
            extra: Vec::new(),
        };
        let mut findings = Findings::new();
        judge(&ending, false, &mut findings);
        findings.outcome("")
    }

    macro_rules! captured {
        ($name:literal) => {
            include_str!(concat!("../../facts/captured/stressapptest/", $name))
        };
    }

    #[test]
    fn errors_fail_and_name_what_they_can() {
        assert_eq!(
            judged(captured!("pass.log"), Some(0)).verdict,
            Verdict::Pass
        );
        let bad = judged(captured!("force.log"), Some(1));
        assert_eq!(bad.verdict, Verdict::Fail);
        assert!(
            bad.message.contains("on CPU 0, read the same again"),
            "{}",
            bad.message
        );
        let named = judged(captured!("writer-and-pattern.log"), None);
        let place = named.diagnoses[0].part.as_ref().expect("a module");
        assert_eq!(
            (named.verdict, place.location.as_str()),
            (Verdict::Fail, "DIMM_A1")
        );
        assert_eq!(
            judged(captured!("issue-53-page-errors.log"), Some(1)).verdict,
            Verdict::Fail
        );
    }

    #[test]
    fn a_test_that_did_not_work_is_no_pass() {
        let pass = captured!("pass.log");
        let early = format!("Log: User exiting early (28 seconds remaining)\n{pass}");
        let cut = pass.split("Status:").next().unwrap_or_default();
        for (log, status) in [
            (captured!("issue-117-process-errors.log"), Some(1)),
            (&early, Some(0)),
            (cut, None),
            (cut, Some(0)),
            ("@%s", Some(0)),
            ("", Some(0)),
        ] {
            let verdict = judged(log, status).verdict;
            assert!(matches!(verdict, Verdict::Inconclusive(_)), "{log}");
        }
    }
}
