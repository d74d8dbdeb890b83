//! What each kind of request costs in virtual time, so that a stage that polls gets somewhere.

use super::profile::Fault;
use super::tools::trouble::Trouble;
use super::world::{SECOND, World};
use crate::Request;
use crate::contract::{bmc, gpu};
use crate::tools::{self, smartctl};

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;

/// How long smartctl takes for a drive.
const SMARTCTL: u64 = 150 * MILLISECOND;

/// How long a query takes.
const QUERY: u64 = 5 * MILLISECOND;

/// How long nvidia-smi takes.
const NVIDIA_SMI: u64 = 50 * MILLISECOND;

/// How long ipmitool takes for an answer of one message, for one of every sensor, and for every record
/// whole.
const IPMITOOL: [u64; 3] = [50 * MILLISECOND, 300 * MILLISECOND, 2 * SECOND];

/// What a request costs in nanoseconds, its waiting aside: about what the real machine takes, and
/// what faults make of that.
pub fn price(world: &World, request: &Request) -> u64 {
    usual(request).saturating_add(delay(world, request))
}

fn usual(request: &Request) -> u64 {
    match request {
        Request::Monotonic | Request::Wall | Request::Sleep { .. } | Request::Random { .. } => {
            MICROSECOND
        }
        Request::RunDrop { .. }
        | Request::KernelLogLost { .. }
        | Request::KernelLogClose { .. } => MICROSECOND,
        Request::RunNext { .. } | Request::RunStop { .. } | Request::KernelLogNext { .. } => {
            5 * MICROSECOND
        }
        Request::ScratchSpace
        | Request::SmartDevices
        | Request::GpuDevices
        | Request::KernelLogOpen { .. } => 200 * MICROSECOND,
        Request::SmartScan => SMARTCTL,
        Request::Hwmon | Request::Disks | Request::FilesList { .. } => 2 * MILLISECOND,
        // A system call or two a file.
        Request::FilesRead { paths } => (5 * MICROSECOND)
            .saturating_mul(paths.len() as u64)
            .max(100 * MICROSECOND),
        Request::FioStart { .. } | Request::StressStart { .. } => 5 * MILLISECOND,
        Request::IperfStart { .. } | Request::MemtestStart { .. } => 5 * MILLISECOND,
        Request::GpuStart { .. } => 5 * MILLISECOND,
        Request::GpuAsk { .. } | Request::GpuSample => NVIDIA_SMI,
        Request::SmartRead { .. } | Request::SmartStartSelfTest { .. } => SMARTCTL,
        Request::Bmc { question } => patience(question),
        Request::QueriesList => 200 * MICROSECOND,
        Request::QueriesRun { .. } => QUERY,
    }
}

/// What faults add.
fn delay(world: &World, request: &Request) -> u64 {
    let Some(asked) = interface(request) else {
        return 0;
    };
    let slow = world.faults().map(|fault| match fault {
        Fault::SlowCall {
            interface,
            milliseconds,
        } if interface == asked => milliseconds.saturating_mul(MILLISECOND),
        _ => 0,
    });
    let slow = slow.fold(0, u64::saturating_add);
    let tool = match request {
        Request::Bmc { question } => {
            let waits = nanoseconds(question.limits().timeout);
            return slow.saturating_add(if hangs(world, "ipmitool") { waits } else { 0 });
        }
        // The kernel's list asks no tool.
        Request::SmartDevices | Request::GpuDevices => return slow,
        Request::GpuSample => {
            let waits = hang(world, "nvidia-smi").min(nanoseconds(tools::gpu::SAMPLE_WAITS));
            return slow.saturating_add(waits);
        }
        Request::GpuAsk { question } => tools::gpu::command(question).program,
        _ if asked == "smart" => "smartctl",
        _ => return slow,
    };
    slow.saturating_add(hang(world, tool))
}

/// How long ipmitool runs for an answer.
pub fn controller(world: &World, question: &bmc::Question) -> u64 {
    if hangs(world, "ipmitool") {
        return nanoseconds(question.limits().timeout);
    }
    patience(question)
}

fn patience(question: &bmc::Question) -> u64 {
    let [brief, long, whole] = IPMITOOL;
    match question {
        bmc::Question::SensorRecords => whole,
        bmc::Question::Sensors
        | bmc::Question::Thresholds
        | bmc::Question::EventLog
        | bmc::Question::Parts => long,
        _ => brief,
    }
}

/// How long a tool runs that is asked one thing.
pub fn tool(world: &World, tool: &str) -> u64 {
    let usual = match tool {
        "smartctl" => SMARTCTL,
        "nvidia-smi" => NVIDIA_SMI,
        _ => 0,
    };
    usual.saturating_add(hang(world, tool))
}

/// How long the host waits for a tool that hangs; 0 for one that does not.
fn hang(world: &World, tool: &str) -> u64 {
    match tool {
        "smartctl" if hangs(world, tool) => nanoseconds(smartctl::WAITS),
        "nvidia-smi" if hangs(world, tool) => nanoseconds(
            tools::gpu::command(&gpu::Question::NvidiaSmi)
                .limits
                .timeout,
        ),
        _ => 0,
    }
}

fn hangs(world: &World, tool: &str) -> bool {
    world.has_tool(tool) && Trouble::of(world, tool).hangs
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The contract's interface that a request comes from; none for the clock and what tidies up.
fn interface(request: &Request) -> Option<&'static str> {
    Some(match request {
        Request::Hwmon => "hwmon",
        Request::QueriesList | Request::QueriesRun { .. } => "queries",
        Request::FilesList { .. } | Request::FilesRead { .. } => "files",
        Request::Disks | Request::ScratchSpace => "disks",
        Request::SmartDevices
        | Request::SmartScan
        | Request::SmartRead { .. }
        | Request::SmartStartSelfTest { .. } => "smart",
        Request::FioStart { .. } => "fio",
        Request::StressStart { .. } => "stress",
        Request::IperfStart { .. } => "iperf",
        Request::MemtestStart { .. } => "memtest",
        Request::GpuDevices
        | Request::GpuAsk { .. }
        | Request::GpuSample
        | Request::GpuStart { .. } => "gpu",
        Request::Bmc { .. } => "bmc",
        Request::KernelLogOpen { .. } | Request::KernelLogNext { .. } => "kernel-log",
        // Which tool a run is of, only its start says.
        Request::RunNext { .. }
        | Request::RunStop { .. }
        | Request::RunDrop { .. }
        | Request::KernelLogLost { .. }
        | Request::KernelLogClose { .. }
        | Request::Monotonic
        | Request::Wall
        | Request::Sleep { .. }
        | Request::Random { .. } => return None,
    })
}
