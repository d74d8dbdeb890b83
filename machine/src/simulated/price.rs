//! What each kind of request costs in virtual time, so that a stage that polls gets somewhere.

use super::profile::Fault;
use super::tools::trouble::Trouble;
use super::world::{SECOND, World};
use crate::Request;
use crate::tools::smartctl;

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;

/// How long smartctl takes for a drive.
const SMARTCTL: u64 = 150 * MILLISECOND;

/// How long the wrapper of the real tool waits for ipmitool.
const IPMITOOL_WAITS: u64 = 60 * SECOND;

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
        Request::ScratchSpace | Request::SmartDevices | Request::KernelLogOpen { .. } => {
            200 * MICROSECOND
        }
        Request::SmartScan => SMARTCTL,
        Request::Hwmon | Request::Counters | Request::Disks => 2 * MILLISECOND,
        Request::FioStart { .. } | Request::StressStart { .. } => 5 * MILLISECOND,
        Request::IperfStart { .. } | Request::GpuStart { .. } => 5 * MILLISECOND,
        Request::GpuRead => 50 * MILLISECOND,
        Request::SmartRead { .. } | Request::SmartStartSelfTest { .. } => SMARTCTL,
        Request::PowerRead | Request::PowerEventLog => 300 * MILLISECOND,
        Request::Inventory => 500 * MILLISECOND,
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
        // The kernel's list asks no tool.
        Request::SmartDevices => return slow,
        _ if asked == "smart" => "smartctl",
        _ if asked == "power" => "ipmitool",
        _ => return slow,
    };
    slow.saturating_add(hang(world, tool))
}

/// How long a tool runs that is asked one thing.
pub fn tool(world: &World, tool: &str) -> u64 {
    let usual = match tool {
        "smartctl" => SMARTCTL,
        _ => 0,
    };
    usual.saturating_add(hang(world, tool))
}

/// How long the host waits for a tool that hangs; 0 for one that does not.
fn hang(world: &World, tool: &str) -> u64 {
    if !world.has_tool(tool) || !Trouble::of(world, tool).hangs {
        return 0;
    }
    match tool {
        "smartctl" => nanoseconds(smartctl::WAITS),
        "ipmitool" => IPMITOOL_WAITS,
        _ => 0,
    }
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The contract's interface that a request comes from; none for the clock and what tidies up.
fn interface(request: &Request) -> Option<&'static str> {
    Some(match request {
        Request::Hwmon => "hwmon",
        Request::Inventory => "inventory",
        Request::Counters => "counters",
        Request::Disks | Request::ScratchSpace => "disks",
        Request::SmartDevices
        | Request::SmartScan
        | Request::SmartRead { .. }
        | Request::SmartStartSelfTest { .. } => "smart",
        Request::FioStart { .. } => "fio",
        Request::StressStart { .. } => "stress",
        Request::IperfStart { .. } => "iperf",
        Request::GpuRead | Request::GpuStart { .. } => "gpu",
        Request::PowerRead | Request::PowerEventLog => "power",
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
