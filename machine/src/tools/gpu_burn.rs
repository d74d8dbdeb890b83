//! gpu_burn: loads NVIDIA GPUs and compares their results with each other.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::confinement::DEVICES;
use super::process::{Caged, Stream, Watch, millis, within};
use super::run::{Events, Kept};
use super::tail::Tail;
use super::toolbox::Reach;
use super::{RunContext, ToolEvent, ToolRun, Toolbox};
use crate::contract::gpu::{DeviceResult, Event, Job, Progress, Summary};
use crate::contract::types::Error;

const TOOL: &str = "gpu_burn";
const PACKAGE: &str = "gpu-burn";

/// It prints a line for every result of every GPU.
const MAX_OUTPUT: usize = 64 << 20;

/// How long it takes to set itself up and to end, beside its load.
const SLACK: Duration = Duration::from_secs(60);

/// Starts a job. `installed`: the PCI addresses of the GPUs in the driver's order (`nvidia-smi`'s).
pub async fn start(
    tools: &Toolbox,
    job: &Job,
    installed: &[String],
    ctx: &RunContext,
) -> Result<ToolRun, Error> {
    if !(1_000..=86_400_000).contains(&job.duration_ms) {
        let reason = format!("{} is not from 1,000 to 86,400,000", job.duration_ms);
        return Err(Error::invalid("job.duration-ms", reason));
    }
    let program = tools.find(TOOL, PACKAGE)?;
    if installed.is_empty() {
        return Err(Error::no_hardware("an NVIDIA GPU that answers"));
    }
    let seconds = job.duration_ms.div_ceil(1000);
    let mut arguments: Vec<String> = Vec::new();
    // Its kernel lies beside it; where it does not, it knows itself where it was installed.
    let kernel = program.with_file_name("compare.ptx");
    if kernel.is_file() {
        arguments.extend(["-c".into(), kernel.to_string_lossy().into_owned()]);
    }
    let chosen = chosen(job, installed)?;
    let mut caged = Vec::new();
    for device in &chosen {
        let mut arguments = arguments.clone();
        arguments.extend(["-i".into(), device.index.to_string(), seconds.to_string()]);
        caged.push(
            tools
                .start(
                    TOOL,
                    PACKAGE,
                    &arguments,
                    Reach::writing(&[std::path::Path::new(DEVICES)]),
                )
                .await?,
        );
    }
    let timeout = Duration::from_secs(seconds).saturating_add(SLACK);
    let drive = move |caged, watch, events| drive(caged, watch, events, chosen, seconds);
    Ok(ToolRun::begin(
        caged,
        Kept::default(),
        Signal::SIGTERM,
        Some(timeout),
        ctx,
        drive,
    ))
}

/// One GPU to load: one process each, so that each has a result of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chosen {
    index: usize,
    address: String,
}

fn chosen(job: &Job, installed: &[String]) -> Result<Vec<Chosen>, Error> {
    let all = || installed.iter().cloned().enumerate();
    let chosen = |(index, address)| Chosen { index, address };
    if job.devices.is_empty() {
        return Ok(all().map(chosen).collect());
    }
    let one = |wanted: &String| {
        let found = all().find(|(_, address)| address.eq_ignore_ascii_case(wanted));
        let missing = || Error::invalid("job.devices", format!("there is no GPU {wanted}"));
        found.map(chosen).ok_or_else(missing)
    };
    job.devices.iter().map(one).collect()
}

/// How one process ended.
struct Ended {
    result: DeviceResult,
    status: Option<i32>,
    stopped: bool,
    ran_ms: u64,
    tail: String,
}

async fn drive(
    caged: Vec<Caged>,
    watch: Watch,
    events: Events,
    chosen: Vec<Chosen>,
    seconds: u64,
) -> Result<ToolEvent, Error> {
    let each = caged
        .into_iter()
        .zip(chosen)
        .map(|(caged, device)| one(caged, &watch, device));
    let running = futures::future::try_join_all(each);
    let told = |elapsed: Duration| {
        ToolEvent::Gpu(Event::Progress(Progress {
            fraction: (elapsed.as_secs_f64() / seconds.max(1) as f64).clamp(0.0, 1.0),
            elapsed_ms: millis(elapsed),
        }))
    };
    let ended = tokio::select! {
        ended = running => ended?,
        () = events.tick(told) => return Err(Error::tool_failed(TOOL, "its clock ended before it did")),
    };
    let worst = ended
        .iter()
        .map(|e| e.status)
        .find(|status| *status != Some(0));
    let tails: Vec<&str> = ended.iter().map(|e| e.tail.as_str()).collect();
    let mut output_tail = Tail::default();
    output_tail.push(tails.join("\n").as_bytes());
    Ok(ToolEvent::Gpu(Event::Finished(Summary {
        tool: TOOL.into(),
        exit_status: worst.unwrap_or(Some(0)),
        partial: ended.iter().any(|e| e.stopped),
        runtime_ms: ended.iter().map(|e| e.ran_ms).max().unwrap_or_default(),
        output_tail: output_tail.text(super::process::TAIL),
        devices: ended.into_iter().map(|e| e.result).collect(),
        extra: Vec::new(),
    })))
}

async fn one(mut caged: Caged, watch: &Watch, device: Chosen) -> Result<Ended, Error> {
    let mut reading = Reading::default();
    let mut tail = Tail::default();
    let mut printed = 0;
    let ended = caged
        .watch(watch, |stream, bytes| {
            if stream == Stream::Stdout {
                reading.push(bytes);
                tail.push(bytes);
                printed += bytes.len();
            }
            within(TOOL, printed, MAX_OUTPUT)
        })
        .await?;
    reading.line();
    let mut result = reading.result(device.address);
    result.passed &= ended.status.success();
    Ok(Ended {
        result,
        status: ended.status.code(),
        stopped: ended.stopped,
        ran_ms: ended.ran_ms(),
        tail: tail.text(super::process::TAIL),
    })
}

/// What one process has printed so far, line by line; a carriage return ends a line too.
#[derive(Debug, Default)]
pub(super) struct Reading {
    rest: Vec<u8>,
    errors: u64,
    gflops: Option<f64>,
    verdict: Option<bool>,
}

impl Reading {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' | b'\r' => self.line(),
                // A line is some hundred bytes; the rest of a longer one is none of its own.
                _ if self.rest.len() < 4096 => self.rest.push(byte),
                _ => {}
            }
        }
    }

    pub(super) fn line(&mut self) {
        let line = std::mem::take(&mut self.rest);
        let line = String::from_utf8_lossy(&line);
        // `10.0%  proc'd: 100 (15000 Gflop/s)   errors: 4  (WARNING!)  temps: 60 C`. The errors
        // are those since the last line.
        if let Some((_, rest)) = line.split_once("errors:") {
            let word = rest.split_whitespace().next().unwrap_or_default();
            self.errors = self.errors.saturating_add(word.parse().unwrap_or_default());
        }
        if let Some((before, _)) = line.split_once(" Gflop/s)")
            && let Some((_, number)) = before.rsplit_once('(')
            && let Ok(gflops) = number.trim().parse::<f64>()
        {
            self.gflops = Some(gflops)
                .filter(|n| n.is_finite() && *n > 0.0)
                .or(self.gflops);
        }
        // At the end: `GPU 0: OK`.
        if let Some((name, verdict)) = line.trim().split_once(": ")
            && name.starts_with("GPU ")
            && matches!(verdict, "OK" | "FAULTY")
        {
            self.verdict = Some(verdict == "OK" && self.verdict != Some(false));
        }
    }

    /// A GPU of which it said nothing at the end has not passed.
    pub(super) fn result(&self, device: String) -> DeviceResult {
        DeviceResult {
            device,
            passed: self.verdict == Some(true) && self.errors == 0,
            errors: self.errors,
            gflops: self.gflops,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> DeviceResult {
        let mut reading = Reading::default();
        reading.push(text.as_bytes());
        reading.line();
        reading.result("0000:41:00.0".into())
    }

    #[test]
    fn a_good_gpu_passes_and_a_faulty_or_silent_one_does_not() {
        let good = "\r10.0%  proc'd: 64 (15000 Gflop/s)   errors: 0   temps: 60 C \
                    \r20.0%  proc'd: 128 (15100 Gflop/s)   errors: 0   temps: 61 C \n\
                    Tested 1 GPUs:\n\tGPU 0: OK\n";
        let result = read(good);
        assert!(result.passed);
        assert_eq!(result.gflops, Some(15100.0));
        let bad = good.replace("errors: 0   temps: 60", "errors: 7  (WARNING!)  temps: 60");
        assert_eq!((read(&bad).passed, read(&bad).errors), (false, 7));
        assert!(!read(&good.replace("OK", "FAULTY")).passed);
        assert!(!read("Couldn't init CUDA\n").passed);
    }

    #[test]
    fn gpus_are_chosen_by_address() {
        let installed = ["0000:41:00.0".to_owned(), "0000:81:00.0".to_owned()];
        let job = |devices: &[&str]| Job {
            devices: devices.iter().map(|d| (*d).to_owned()).collect(),
            duration_ms: 1000,
        };
        let index = |job: &Job| {
            let chosen = chosen(job, &installed)?;
            Ok::<_, Error>(chosen.iter().map(|c| c.index).collect::<Vec<_>>())
        };
        assert_eq!(index(&job(&[])), Ok(vec![0, 1]));
        assert_eq!(index(&job(&["0000:81:00.0"])), Ok(vec![1]));
        assert!(matches!(
            index(&job(&["0000:82:00.0"])),
            Err(Error::Invalid(_))
        ));
    }
}
