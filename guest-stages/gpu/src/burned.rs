//! What gpu_burn printed of each GPU.

use vetting_facts::gpu::gpu_burn::{self, Burned, Output, Verdict};
use vetting_facts::gpu::nvidia_smi::Gpu;
use vetting_stage::gpu::{Ending, Printed};
use vetting_stage::types::DocumentEnding;
use vetting_stage::{Findings, Measure, Part};

use crate::evidence::{Look, all_of, part_of};
use crate::rules;

/// What a load came to for one GPU.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// Its results were right.
    Right,
    /// They were wrong; the most of one line, where the tool counts them.
    Wrong(Option<i64>),
    /// It was not loaded, or not to the end.
    Not(String),
}

/// One GPU after a load.
#[derive(Clone, Debug)]
pub struct Result<'a> {
    pub gpu: &'a Gpu,
    pub load: Load,
    /// Its rate at the end, in billions of operations a second.
    pub gflops: Option<f64>,
}

impl Result<'_> {
    /// Whether the GPU had work to do, even if it did not come to its end.
    pub fn was_loaded(&self) -> bool {
        !matches!(self.load, Load::Not(_)) || self.gflops.is_some()
    }
}

/// Reads the ends of all processes. GPUs that no process was given are not among them.
pub fn results<'a>(before: &'a Look, ending: &Ending, wanted_ms: u64) -> Vec<Result<'a>> {
    let mut results = Vec::new();
    for printed in &ending.printed {
        let output = gpu_burn::output(&printed.document.stdout);
        let places = match printed.gpus.is_empty() {
            true => (0..before.report.gpus.len()).collect(),
            false => printed
                .gpus
                .iter()
                .map(|number| *number as usize)
                .collect::<Vec<_>>(),
        };
        for (at, place) in places.into_iter().enumerate() {
            let uuid = output.as_ref().ok().and_then(|output| listed(output, at));
            let gpus = &before.report.gpus;
            let by_uuid = uuid.and_then(|uuid| {
                let same = |gpu: &&Gpu| gpu.identity.uuid.as_deref() == Some(uuid);
                gpus.iter().find(same)
            });
            let Some(gpu) = by_uuid.or_else(|| gpus.get(place)) else {
                continue;
            };
            let (load, gflops) = match &output {
                Ok(output) => (of_one(output, at, printed, wanted_ms), rate(output, at)),
                Err(error) => (Load::Not(error.to_string()), None),
            };
            results.push(Result { gpu, load, gflops });
        }
    }
    results
}

/// The UUID of the GPU at a place, where the tool lists them.
fn listed(output: &Output, at: usize) -> Option<&str> {
    output.listed.get(at)?.uuid.as_deref()
}

fn rate(output: &Output, at: usize) -> Option<f64> {
    output.gpus.get(at)?.last_gflops
}

fn of_one(output: &Output, at: usize, printed: &Printed, wanted_ms: u64) -> Load {
    let words = || {
        let line = output.errors.first().or_else(|| output.messages.last());
        line.map_or_else(|| "gpu_burn printed no result".to_owned(), Clone::clone)
    };
    let Some(gpu) = output.gpus.get(at) else {
        return Load::Not(words());
    };
    if is_wrong(gpu) {
        return Load::Wrong(gpu.max_errors.filter(|errors| *errors > 0));
    }
    let document = &printed.document;
    let ran_ms = document.took_ns / 1_000_000;
    match (&document.ending, gpu.verdict) {
        (DocumentEnding::TimedOut, _) => Load::Not("gpu_burn did not end in time".to_owned()),
        (_, _) if gpu.died => Load::Not(format!("its process died: {}", words())),
        (DocumentEnding::Complete, Some(Verdict::Ok)) if ran_ms < wanted_ms / 2 => {
            Load::Not(format!("gpu_burn ended after {ran_ms} of {wanted_ms} ms"))
        }
        (DocumentEnding::Complete, Some(Verdict::Ok)) if document.exit_status.unwrap_or(0) == 0 => {
            Load::Right
        }
        (DocumentEnding::Complete, Some(Verdict::Ok)) => {
            let status = document.exit_status.unwrap_or_default();
            Load::Not(format!("gpu_burn ended with status {status}"))
        }
        _ => Load::Not(words()),
    }
}

/// Whether results were wrong. A process that died counts -1, and a count over 2,147,483,647 comes out
/// negative.
fn is_wrong(gpu: &Burned) -> bool {
    gpu.verdict == Some(Verdict::Faulty)
        || gpu.max_errors.is_some_and(|errors| errors > 0)
        || (gpu.any_errors && !gpu.died)
}

/// Judges whether the GPUs computed rightly. `lost` says of which it is known why they did not.
pub fn judge(
    results: &[Result<'_>],
    cut_short: bool,
    lost: impl Fn(&Gpu) -> bool,
    findings: &mut Findings,
) {
    if cut_short {
        findings.unknown(rules::LOAD, None, "the load was cut short");
    }
    // One cause, such as CUDA that does not start, is one finding.
    let mut causes: Vec<(&str, Vec<Part>)> = Vec::new();
    for result in results {
        let place = part_of(result.gpu);
        let measure = |wrong: f64| {
            let measure = Measure::number("wrong-results", wrong).part(&place);
            measure
                .at_most(rules::WRONG_RESULTS, 0.0)
                .told_by("gpu_burn")
        };
        match &result.load {
            Load::Right => {
                findings.hold(measure(0.0), String::new);
            }
            Load::Wrong(count) => {
                let wrong = count.unwrap_or(1).max(1) as f64;
                findings.hold(measure(wrong), || match count {
                    Some(count) => format!(
                        "gpu_burn found up to {count} wrong results at once. Test again alone, then replace it"
                    ),
                    None => "gpu_burn calls it faulty. Test again alone, then replace it".to_owned(),
                });
            }
            Load::Not(_) if cut_short || lost(result.gpu) => {}
            Load::Not(words) => match causes.iter_mut().find(|(known, _)| known == words) {
                Some((_, parts)) => parts.push(place),
                None => causes.push((words, vec![place])),
            },
        }
    }
    for (words, parts) in causes {
        let message = format!("not loaded: {}: {words}", all_of(&parts));
        let alone = parts.first().filter(|_| parts.len() == 1);
        findings.unknown(rules::LOAD, alone, message);
    }
}
