//! `gpu_burn`: what it printed, line by line.

use serde::Serialize;

use super::lines::{gpu_heading, lines};
use crate::Unreadable;

/// All that it printed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Output {
    /// Seconds that it was to run.
    pub seconds: Option<u64>,
    /// GPUs as it listed them at the start.
    pub listed: Vec<Listed>,
    /// GPUs that it reported on, by place: one per child process. With `-i N` there is one, at place 0.
    pub gpus: Vec<Burned>,
    /// Progress lines, in the order printed; a line may come twice.
    pub progress: Vec<Progress>,
    /// N of `Tested N GPUs`; absent where it did not come to its end.
    pub tested: Option<u64>,
    /// Lines that report an error: CUDA did not start, a GPU could not be loaded, a child ended.
    pub errors: Vec<String>,
    /// Other lines, at most 1,000.
    pub messages: Vec<String>,
    /// Progress lines that could not be read whole.
    pub unread: Vec<String>,
}

/// A GPU as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// CUDA's number of the GPU.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// `GPU-…`.
    pub uuid: Option<String>,
}

/// The verdict at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// `OK`.
    Ok,
    /// `FAULTY`.
    Faulty,
}

/// What was seen of one GPU over the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Burned {
    /// `OK` or `FAULTY`; absent where the tool did not come to its end.
    pub verdict: Option<Verdict>,
    /// The most wrong results of one line. The tool starts anew at every tenth of the run, and counts
    /// over 2,147,483,647 come out negative.
    pub max_errors: Option<i64>,
    /// Whether any line had wrong results.
    pub any_errors: bool,
    /// Whether its child process died.
    pub died: bool,
    /// The last rate above 0, in billions of operations a second.
    pub last_gflops: Option<f64>,
    /// The highest rate.
    pub max_gflops: Option<f64>,
    /// The highest temperature, in degrees Celsius.
    pub max_temperature: Option<f64>,
    /// Iterations done at the last line.
    pub processed: Option<i64>,
}

/// One progress line.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Progress {
    /// How far it is, in per cent.
    pub percent: f64,
    /// GPU by GPU.
    pub gpus: Vec<GpuProgress>,
}

/// One GPU in a progress line.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GpuProgress {
    /// Iterations done; `-1`: its child process died.
    pub processed: Option<i64>,
    /// Billions of operations a second since the last report; 0 before the first.
    pub gflops: Option<f64>,
    /// Wrong results since the last summary.
    pub errors: Option<i64>,
    /// Whether the line says `DIED!`.
    pub died: bool,
    /// Temperature in degrees Celsius; absent: `--`.
    pub temperature: Option<f64>,
}

/// Words of lines that report an error.
const ERRORS: [&str; 12] = [
    "Couldn't init",
    "Could not",
    "Couldn't",
    "Failure during compute",
    "No clients are alive",
    "No CUDA devices",
    "cuInit returned",
    "rror",
    "Unknown",
    "terminate called",
    "Cannot",
    "not found",
];
const MAX_MESSAGES: usize = 1000;

/// Reads standard output and standard error of `gpu_burn`, also while it runs.
pub fn output(bytes: &[u8]) -> Result<Output, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut output = Output::default();
    for line in lines(&text) {
        let trimmed = line.text.trim();
        if !own_line(&mut output, trimmed, line.ended) {
            if ERRORS.iter().any(|words| trimmed.contains(words)) {
                output.errors.push(trimmed.to_owned());
            } else if output.messages.len() < MAX_MESSAGES {
                output.messages.push(trimmed.to_owned());
            }
        }
    }
    let read = output.seconds.is_some() || !output.listed.is_empty() || !output.progress.is_empty();
    if !read && output.tested.is_none() && output.errors.is_empty() {
        return Err(Unreadable::starting("gpu_burn's output", bytes));
    }
    Ok(output)
}

/// Whether the line is one that the tool always prints.
fn own_line(output: &mut Output, line: &str, ended: bool) -> bool {
    if let Some((percent, rest)) = line.split_once('%')
        && rest.trim_start().starts_with("proc'd:")
        && let Ok(percent) = percent.trim().parse::<f64>()
    {
        match progress(percent, rest, ended) {
            Some(progress) => add(output, progress),
            None => output.unread.push(line.to_owned()),
        }
        return true;
    }
    if let Some((_, rest)) = line.split_once("Burning for ") {
        let number = rest.split_ascii_whitespace().next();
        output.seconds = number.and_then(|n| n.parse().ok()).or(output.seconds);
        return output.seconds.is_some();
    }
    if let Some(rest) = line.strip_prefix("Tested ") {
        output.tested = rest.split(' ').next().and_then(|n| n.parse().ok());
        return output.tested.is_some();
    }
    let Some((index, name, uuid)) = gpu_heading(line) else {
        return false;
    };
    let verdict = match name.as_str() {
        "OK" => Verdict::Ok,
        "FAULTY" => Verdict::Faulty,
        // The verdict cut short is not a name.
        _ if output.tested.is_some() => return false,
        _ => {
            output.listed.push(Listed { index, name, uuid });
            return true;
        }
    };
    if let Some(gpu) = place(&mut output.gpus, index as usize) {
        gpu.verdict = Some(verdict);
        return true;
    }
    false
}

/// The GPU at a place; a machine has at most 1,024.
fn place(gpus: &mut Vec<Burned>, at: usize) -> Option<&mut Burned> {
    if at >= gpus.len() && at < 1024 {
        gpus.resize(at.saturating_add(1), Burned::default());
    }
    gpus.get_mut(at)
}

/// ` proc'd: 81 (47174 Gflop/s) - 0 (0 Gflop/s)   errors: 0 - 7  (WARNING!)  temps: 50 C - -- `.
fn progress(percent: f64, rest: &str, ended: bool) -> Option<Progress> {
    let (_, rest) = rest.split_once("proc'd:")?;
    let (rates, rest) = rest.split_once("errors:")?;
    let (errors, temperatures) = match rest.split_once("temps:") {
        Some((errors, temperatures)) => (errors, temperatures),
        None if ended => (rest, ""),
        None => return None,
    };
    let mut gpus: Vec<GpuProgress> = rates
        .split(" - ")
        .map(|cell| {
            let (processed, rate) = cell.split_once('(').unwrap_or((cell, ""));
            GpuProgress {
                processed: processed.trim().parse().ok(),
                gflops: number(rate),
                ..GpuProgress::default()
            }
        })
        .collect();
    // `-524288000  (WARNING!)- 0 - 0`: a note ends without a space before the dash.
    let mut errors = errors.split("- ");
    let mut temperatures = temperatures.split(" - ");
    for gpu in &mut gpus {
        if let Some(cell) = errors.next() {
            gpu.died = cell.contains("DIED");
            gpu.errors = cell
                .split_ascii_whitespace()
                .next()
                .and_then(|n| n.parse().ok());
        }
        let whole = |cell: &&str| cell.contains('C');
        gpu.temperature = temperatures.next().filter(whole).and_then(number);
    }
    let read = gpus.iter().any(|gpu| gpu.processed.is_some());
    read.then_some(Progress { percent, gpus })
}

fn number(text: &str) -> Option<f64> {
    let word = text.split_ascii_whitespace().next()?;
    word.parse::<f64>().ok().filter(|n| n.is_finite())
}

fn add(output: &mut Output, progress: Progress) {
    for (at, now) in progress.gpus.iter().enumerate() {
        let Some(gpu) = place(&mut output.gpus, at) else {
            break;
        };
        gpu.processed = now.processed.or(gpu.processed);
        gpu.died |= now.died;
        gpu.any_errors |= now.errors.is_some_and(|errors| errors != 0);
        gpu.max_errors = gpu.max_errors.max(now.errors);
        let rate = now.gflops.filter(|rate| *rate > 0.0);
        gpu.last_gflops = rate.or(gpu.last_gflops);
        gpu.max_gflops = higher(gpu.max_gflops, rate);
        gpu.max_temperature = higher(gpu.max_temperature, now.temperature);
    }
    output.progress.push(progress);
}

fn higher(before: Option<f64>, now: Option<f64>) -> Option<f64> {
    match (before, now) {
        (Some(before), Some(now)) => Some(before.max(now)),
        (before, now) => before.or(now),
    }
}
