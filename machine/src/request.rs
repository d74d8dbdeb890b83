//! What is known of a request by its kind alone.

use crate::Request;

impl Request {
    /// The function of the contract that asks it, `hwmon.read`. Those of a running tool are `run.next`,
    /// `run.stop` and `run.drop` whichever tool it is; random bytes are WASI's, `random`.
    pub fn function(&self) -> &'static str {
        match self {
            Request::Monotonic => "clock.monotonic",
            Request::Wall => "clock.wall",
            Request::Sleep { .. } => "clock.sleep",
            Request::Random { .. } => "random",
            Request::Hwmon => "hwmon.read",
            Request::Inventory => "inventory.read",
            Request::Counters => "counters.read",
            Request::Disks => "disks.list",
            Request::ScratchSpace => "disks.scratch-space",
            Request::SmartDevices => "smart.devices",
            Request::SmartScan => "smart.scan",
            Request::SmartRead { .. } => "smart.read",
            Request::SmartStartSelfTest { .. } => "smart.start-self-test",
            Request::FioStart { .. } => "fio.start",
            Request::StressStart { .. } => "stress.start",
            Request::IperfStart { .. } => "iperf.start",
            Request::GpuStart { .. } => "gpu.start",
            Request::RunNext { .. } => "run.next",
            Request::RunStop { .. } => "run.stop",
            Request::RunDrop { .. } => "run.drop",
            Request::GpuRead => "gpu.read",
            Request::PowerRead => "power.read",
            Request::PowerEventLog => "power.event-log",
            Request::KernelLogOpen { .. } => "kernel-log.open",
            Request::KernelLogNext { .. } => "kernel-log.next",
            Request::KernelLogLost { .. } => "kernel-log.lost",
            Request::KernelLogClose { .. } => "kernel-log.drop",
        }
    }

    /// Every function that may answer an error, so that a fault can be laid over it.
    pub const FALLIBLE: [&'static str; 22] = [
        "clock.sleep",
        "random",
        "hwmon.read",
        "inventory.read",
        "counters.read",
        "disks.list",
        "disks.scratch-space",
        "smart.devices",
        "smart.scan",
        "smart.read",
        "smart.start-self-test",
        "fio.start",
        "stress.start",
        "iperf.start",
        "gpu.start",
        "run.next",
        "run.stop",
        "gpu.read",
        "power.read",
        "power.event-log",
        "kernel-log.open",
        "kernel-log.next",
    ];

    /// Whether it may answer an error.
    pub fn is_fallible(&self) -> bool {
        Self::FALLIBLE.contains(&self.function())
    }

    /// Whether it is answered although the attempt is being cancelled.
    pub fn is_always_answered(&self) -> bool {
        matches!(
            self,
            Request::Monotonic
                | Request::Wall
                | Request::RunStop { .. }
                | Request::RunDrop { .. }
                | Request::KernelLogLost { .. }
                | Request::KernelLogClose { .. }
        )
    }

    /// Whether it only gives a run or a watch back.
    pub fn is_drop(&self) -> bool {
        matches!(
            self,
            Request::RunDrop { .. } | Request::KernelLogClose { .. }
        )
    }
}
