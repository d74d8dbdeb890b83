//! What each kind of request costs in virtual time, so that a stage that polls gets somewhere.

use super::profile::Fault;
use super::tools::trouble::Trouble;
use super::world::{SECOND, World};
use crate::Request;

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;

/// How long the wrappers of the real tools wait for smartctl and for ipmitool.
const SMARTCTL_WAITS: u64 = 30 * SECOND;
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
        Request::ScratchSpace | Request::SmartDevices | Request::KernelLogOpen => 200 * MICROSECOND,
        Request::Hwmon | Request::Counters | Request::Disks => 2 * MILLISECOND,
        Request::FioStart { .. } | Request::StressStart { .. } => 5 * MILLISECOND,
        Request::IperfStart { .. } | Request::GpuStart { .. } => 5 * MILLISECOND,
        Request::GpuRead => 50 * MILLISECOND,
        Request::SmartRead { .. } | Request::SmartStartSelfTest { .. } => 150 * MILLISECOND,
        Request::SmartSelfTestProgress { .. } => 150 * MILLISECOND,
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
    let (tool, waits) = match asked {
        "smart" => ("smartctl", SMARTCTL_WAITS),
        "power" => ("ipmitool", IPMITOOL_WAITS),
        _ => return slow,
    };
    let hangs = world.has_tool(tool) && Trouble::of(world, tool).hangs;
    slow.saturating_add(if hangs { waits } else { 0 })
}

/// The contract's interface that a request comes from; none for the clock and what tidies up.
fn interface(request: &Request) -> Option<&'static str> {
    Some(match request {
        Request::Hwmon => "hwmon",
        Request::Inventory => "inventory",
        Request::Counters => "counters",
        Request::Disks | Request::ScratchSpace => "disks",
        Request::SmartDevices
        | Request::SmartRead { .. }
        | Request::SmartStartSelfTest { .. }
        | Request::SmartSelfTestProgress { .. } => "smart",
        Request::FioStart { .. } => "fio",
        Request::StressStart { .. } => "stress",
        Request::IperfStart { .. } => "iperf",
        Request::GpuRead | Request::GpuStart { .. } => "gpu",
        Request::PowerRead | Request::PowerEventLog => "power",
        Request::KernelLogOpen | Request::KernelLogNext { .. } => "kernel-log",
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
