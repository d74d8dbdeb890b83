//! The tools of NVIDIA and AMD that describe their GPUs: their command lines. What they print is the
//! stage's to read.

use std::time::{Duration, Instant};

use super::{Limits, Question, Toolbox};
use crate::contract::gpu::Question as Asked;
use crate::contract::types::{Document, Error};

/// How much of a long document is kept; eight GPUs with every clock that they support are some 600 kB.
const MOST: usize = 4 << 20;

/// How much of a short one.
const MOST_OF_LINKS: usize = 1 << 20;

/// How much of a sample.
const MOST_OF_SAMPLE: usize = 64 << 10;

/// What a sample asks for. Each is known to drivers from 535 on; a driver that lacks one gives none.
pub const COLUMNS: [&str; 13] = [
    "index",
    "pci.bus_id",
    "temperature.gpu",
    "temperature.memory",
    "temperature.gpu.tlimit",
    "power.draw",
    "power.limit",
    "clocks.sm",
    "clocks.mem",
    "utilization.gpu",
    "pcie.link.gen.current",
    "pcie.link.width.current",
    "clocks_event_reasons.active",
];

/// One of the tools, with what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program.
    pub program: &'static str,
    /// The package that brings it, on Debian or in the vendor's own archive.
    pub package: &'static str,
    /// Its arguments.
    pub args: &'static [&'static str],
    /// What makes it print its version.
    pub version: &'static [&'static str],
    /// How long it may take, and how much is kept.
    pub limits: Limits,
}

/// The command line of a question.
pub fn command(asked: &Asked) -> Command {
    let (program, args, seconds, most): (_, &'static [_], _, _) = match asked {
        Asked::NvidiaSmi => ("nvidia-smi", &["-q", "-x"], 90, MOST),
        Asked::NvlinkStatus => ("nvidia-smi", &["nvlink", "-s"], 60, MOST_OF_LINKS),
        Asked::NvlinkErrors => ("nvidia-smi", &["nvlink", "-e"], 60, MOST_OF_LINKS),
        Asked::RocmSmi => ("rocm-smi", &["-a", "--json"], 60, MOST),
        Asked::AmdSmiStatic => ("amd-smi", &["static", "--json"], 60, MOST),
        Asked::AmdSmiMetric => ("amd-smi", &["metric", "--json"], 60, MOST),
    };
    Command {
        program,
        package: package(program),
        args,
        version: match program {
            "amd-smi" => &["version"],
            _ => &["--version"],
        },
        limits: Limits {
            timeout: Duration::from_secs(seconds),
            max_stdout: most,
        },
    }
}

/// The question's name, as documents call what they are about.
pub fn name(asked: &Asked) -> &'static str {
    match asked {
        Asked::NvidiaSmi => "nvidia-smi",
        Asked::NvlinkStatus => "nvlink-status",
        Asked::NvlinkErrors => "nvlink-errors",
        Asked::RocmSmi => "rocm-smi",
        Asked::AmdSmiStatic => "amd-smi-static",
        Asked::AmdSmiMetric => "amd-smi-metric",
    }
}

/// How long a sample may take.
pub const SAMPLE_WAITS: Duration = Duration::from_secs(15);

/// The arguments of a sample.
pub fn sample_args() -> [String; 2] {
    let columns = format!("--query-gpu={}", COLUMNS.join(","));
    [columns, "--format=csv,nounits".to_owned()]
}

fn package(program: &str) -> &'static str {
    match program {
        "rocm-smi" => "rocm-smi",
        "amd-smi" => "amd-smi-lib",
        _ => "nvidia-smi",
    }
}

/// Asks one of them.
pub async fn ask(tools: &Toolbox, asked: &Asked, since: Instant) -> Result<Document, Error> {
    let command = command(asked);
    let question = Question {
        query: "gpu.ask",
        target: name(asked),
        program: command.program,
        package: command.package,
        args: command.args,
        version: command.version,
        limits: command.limits,
    };
    tools.document(&question, since).await
}

/// One sample of every NVIDIA GPU.
pub async fn sample(tools: &Toolbox, since: Instant) -> Result<Document, Error> {
    let args = sample_args();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let question = Question {
        query: "gpu.sample",
        target: "",
        program: "nvidia-smi",
        package: package("nvidia-smi"),
        args: &args,
        version: &["--version"],
        limits: Limits {
            timeout: SAMPLE_WAITS,
            max_stdout: MOST_OF_SAMPLE,
        },
    };
    tools.document(&question, since).await
}
