//! The rules on what DCGM's diagnostic found.

use vetting_facts::gpu::dcgmi_diag::{self, Status, Test, TestResult};
use vetting_stage::gpu::Ending;
use vetting_stage::{Findings, Measure, Part, part};

use crate::evidence::{Look, part_of};
use crate::rules;

/// Judges the document of each process.
pub fn judge(look: &Look, ending: &Ending, findings: &mut Findings) {
    for printed in &ending.printed {
        let report = match dcgmi_diag::report(&printed.document.stdout) {
            Ok(report) => report,
            Err(error) => {
                let stderr = printed.document.stderr_tail.lines().next();
                let words = stderr.map_or(String::new(), |line| format!(": {line}"));
                findings.unknown(rules::NOT_DIAGNOSED, None, format!("{error}{words}"));
                continue;
            }
        };
        if let Some(error) = &report.runtime_error {
            let message = format!("DCGM could not run its tests: {error}");
            findings.unknown(rules::NOT_DIAGNOSED, None, message);
        } else if report.cut || ending.stopped {
            let message = "the report of DCGM ends before its end";
            findings.unknown(rules::NOT_DIAGNOSED, None, message);
        }
        let mut ran = 0;
        for test in &report.tests {
            ran += of_test(look, test, findings);
        }
        findings.note(Measure::number("dcgm-results", ran as f64));
        if ran == 0 && report.runtime_error.is_none() {
            findings.unknown(rules::NOT_DIAGNOSED, None, "DCGM ran none of its tests");
        }
    }
}

/// Judges one test; how many results it has.
fn of_test(look: &Look, test: &Test, findings: &mut Findings) -> usize {
    let mut ran = 0;
    for result in &test.results {
        match result.status {
            Some(Status::Pass) => ran += 1,
            Some(Status::Fail) => {
                ran += 1;
                broken(look, test, result, rules::DIAGNOSIS, findings);
            }
            Some(Status::Warn) => {
                ran += 1;
                broken(look, test, result, rules::DIAGNOSIS_REMARK, findings);
            }
            Some(Status::Skip | Status::NotRun) => {}
            None => {
                let message = format!("{}: DCGM gives a status that is not known", test.name);
                findings.unknown(rules::NOT_DIAGNOSED, None, message);
            }
        }
    }
    if test.results.is_empty() && test.summary == Some(Status::Fail) {
        ran += 1;
        let whole = TestResult::default();
        broken(look, test, &whole, rules::DIAGNOSIS, findings);
    }
    ran
}

fn broken(
    look: &Look,
    test: &Test,
    result: &TestResult,
    rule: vetting_stage::Rule,
    findings: &mut Findings,
) {
    let said = result.warnings.iter().chain(&test.warnings);
    let said: Vec<&str> = said.map(|warning| warning.text.as_str()).take(2).collect();
    let said = match said.is_empty() {
        true => "DCGM gives no reason".to_owned(),
        false => said.join("; "),
    };
    let message = format!("DCGM's test {}: {said}", test.name);
    let of_gpus = result.entity_group.as_deref().unwrap_or("GPU") == "GPU";
    let parts: Vec<Part> = match of_gpus {
        true => result.ids.iter().map(|id| gpu(look, *id)).collect(),
        false => Vec::new(),
    };
    match parts.as_slice() {
        [] => findings.broken(rule, None, message),
        parts => parts
            .iter()
            .for_each(|part| findings.broken(rule, Some(part), message.clone())),
    }
}

/// The GPU of DCGM's number: that of NVIDIA's driver.
fn gpu(look: &Look, id: u64) -> Part {
    let gpu = usize::try_from(id)
        .ok()
        .and_then(|id| look.report.gpus.get(id));
    gpu.map_or_else(|| part("gpu", format!("DCGM's GPU {id}")), part_of)
}
