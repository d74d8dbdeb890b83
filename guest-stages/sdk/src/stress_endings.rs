//! What the ends of stress-ng's processes mean (stress-ng(1), EXIT STATUS, and its log). A stage that
//! judges by them has these rules in its table: `use stress_endings;`.

use vetting_facts::stress_ng::About;

use crate::stress::Job;
use crate::stress_report::{StressProcess, StressReport};
use crate::types::DocumentEnding;
use crate::{Findings, Has, Measure, Part, part};

crate::__rules! {
    /// stress-ng checked what was computed or remembered, and it was wrong.
    WRONG_RESULTS: fail "wrong-results" = "0", "stress-ng(1), EXIT STATUS";
    /// stress-ng did not run, did not come to its end, or worked for far shorter than it was asked to.
    STRESS_NG: unknown "stress-ng" = "exit status 0 or 7, half of the time", "stress-ng(1), EXIT STATUS";
    /// stress-ng left out kinds of load that it lacks: the processors were loaded with the others alone.
    LEFT_OUT: warn "load-left-out" = "0", "stress-ng(1)";
}

/// Less than this share of the time that was asked for is no load of that time.
const LEAST_SHARE: f64 = 0.5;

/// Holds what stress-ng checked against the rules, which `table` has: a failed check is a bad part, and
/// a check that did not come to its end is none. `load` names the load in messages.
pub fn judge_endings(
    table: impl Has<Table>,
    report: &StressReport,
    job: &Job,
    load: &str,
    cancelled: bool,
    findings: &mut Findings,
) {
    let _proof = table;
    if report.processes.is_empty() {
        findings.unknown(STRESS_NG, None, format!("{load}: stress-ng was not run"));
    }
    let one = One {
        job,
        load,
        partial: report.stopped || cancelled,
    };
    for process in &report.processes {
        one.judge(process, findings);
    }
    if !one.partial {
        left_out(report, job, load, findings);
    }
}

/// Kinds of load that no process did: what the processes did beside them was checked all the same.
fn left_out(report: &StressReport, job: &Job, load: &str, findings: &mut Findings) {
    // A process that did nothing at all has a finding of its own.
    let worked = report.processes.iter().filter(|p| !p.metrics().is_empty());
    let worked: Vec<&StressProcess> = worked.collect();
    let lacks = |process: &&&StressProcess, name: &str| {
        let ran = process.metrics().iter();
        !ran.into_iter().any(|metrics| metrics.stressor == name)
    };
    let lacking = job.stressors.iter().filter_map(|stressor| {
        let name = stressor.name.as_str();
        let count = worked.iter().filter(|p| lacks(p, name)).count();
        (count > 0).then_some((name, count))
    });
    let lacking: Vec<(&str, usize)> = lacking.collect();
    let Some(most) = lacking.iter().map(|(_, count)| *count).max() else {
        return;
    };
    let names: Vec<&str> = lacking.iter().map(|(name, _)| *name).collect();
    let on = if most < worked.len() {
        format!(" on {most} of {} CPUs", worked.len())
    } else {
        String::new()
    };
    let why = worked.iter().find_map(|p| p.about(&[About::Skipped]));
    let why = why.map_or(String::new(), |row| format!(" ({})", row.text));
    let message = format!(
        "{load}: {} left out{on}{why}: install a stress-ng that has them",
        names.join(", ")
    );
    findings.broken(LEFT_OUT, None, message);
}

/// What every process of a job is judged by.
struct One<'a> {
    job: &'a Job,
    load: &'a str,
    partial: bool,
}

impl One<'_> {
    fn judge(&self, process: &StressProcess, findings: &mut Findings) {
        let load = self.load;
        let cpu = process.cpu.map(|cpu| part("cpu", format!("CPU {cpu}")));
        let wrong = process.wrong().count();
        let mut measure = Measure::number("wrong-results", wrong as f64);
        if let Some(cpu) = &cpu {
            measure = measure.part(cpu);
        }
        let good = findings.hold(measure.at_most(WRONG_RESULTS, 0.0), || {
            let line = process.wrong().next().map_or("", |row| row.text.as_str());
            format!("{load} computed or remembered wrongly: {line}")
        });
        // What was found to be wrong is wrong, however the rest ended.
        if !good {
            return;
        }
        if let Some(why) = self.not_judged(process) {
            self.unknown(process, cpu.as_ref(), &why, findings);
        }
    }

    fn unknown(
        &self,
        process: &StressProcess,
        cpu: Option<&Part>,
        why: &str,
        findings: &mut Findings,
    ) {
        let told = process.log.rows.iter().rev().map(|row| &row.text);
        let last = told.chain(process.log.unread.last()).next();
        let last = last.map_or(String::new(), |line| format!(": {line}"));
        findings.unknown(STRESS_NG, cpu, format!("{}: {why}{last}", self.load));
    }

    /// Why a process that found nothing wrong tested less than it should have; `None`: it did not.
    fn not_judged(&self, process: &StressProcess) -> Option<String> {
        match process.exit_status {
            _ if process.ending == DocumentEnding::TimedOut => {
                Some("stress-ng did not end and was killed".to_owned())
            }
            // Bogo-operation rates that cannot be trusted (7) say nothing of the checks.
            Some(0 | 7) if self.partial => None,
            Some(0 | 7) => self.short(process),
            _ if self.partial => Some("it was cut short".to_owned()),
            Some(1) => Some("stress-ng was used wrongly (exit status 1)".to_owned()),
            Some(2) => Some(failed_without_a_result(process)),
            Some(3) => Some("there were not enough resources (exit status 3)".to_owned()),
            Some(4) => Some("this load is not implemented here (exit status 4)".to_owned()),
            Some(5) => Some("a signal ended a worker (exit status 5); run it again".to_owned()),
            Some(status) => Some(format!(
                "it ended oddly (exit status {status}); run it again"
            )),
            None => Some("a signal ended stress-ng; run it again".to_owned()),
        }
    }

    /// What a good exit status hides.
    fn short(&self, process: &StressProcess) -> Option<String> {
        if !process.came_to_its_end() {
            return Some("stress-ng ended without a result that can be read".to_owned());
        }
        if process.metrics().is_empty() {
            return Some("stress-ng reported no work".to_owned());
        }
        if let Some(row) = process.about(&[About::EndedEarly]) {
            return Some(format!("a worker ended early ({})", row.text));
        }
        let asked = self.job.duration_ms as f64 / 1000.0;
        let short = |seconds: f64| seconds < LEAST_SHARE * asked;
        let worked = process.metrics().iter();
        let worked = worked.filter_map(|m| Some((&m.stressor, m.real_seconds?)));
        if let Some((name, seconds)) = worked.into_iter().find(|(_, seconds)| short(*seconds)) {
            return Some(format!("{name} worked for {seconds:.2} of {asked:.0} s"));
        }
        let ran = process.metrics().iter();
        let left_out = ran.map(|m| (&m.stressor, process.left_out(&m.stressor)));
        if let Some((name, count)) = left_out.into_iter().find(|(_, count)| *count > 0) {
            return Some(format!("{count} workers of {name} were left out"));
        }
        None
    }
}

/// Exit status 2, where no check found anything wrong: a worker failed or was killed.
fn failed_without_a_result(process: &StressProcess) -> String {
    let signal = process.log.rows.iter().find_map(|row| row.signal);
    let killed = [About::OutOfMemoryKill, About::Bookkeeping];
    match signal {
        Some(4) => {
            "a worker met an illegal instruction: this stress-ng was built for another processor"
                .to_owned()
        }
        Some(9) => killed_worker(),
        Some(signal) => format!("signal {signal} ended a worker; run it again"),
        None if process.about(&killed).is_some() => killed_worker(),
        None => {
            "a worker failed and reported no wrong result (exit status 2); run it again".to_owned()
        }
    }
}

fn killed_worker() -> String {
    "a worker was killed, for lack of memory perhaps; nothing was computed wrongly".to_owned()
}

#[cfg(test)]
mod tests;
