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
            Request::QueriesList => "queries.list",
            Request::QueriesRun { .. } => "queries.run",
            Request::FilesList { .. } => "files.list",
            Request::FilesRead { .. } => "files.read",
            Request::Disks => "disks.list",
            Request::ScratchSpace => "disks.scratch-space",
            Request::SmartDevices => "smart.devices",
            Request::SmartScan => "smart.scan",
            Request::SmartRead { .. } => "smart.read",
            Request::SmartStartSelfTest { .. } => "smart.start-self-test",
            Request::FioStart { .. } => "fio.start",
            Request::StressStart { .. } => "stress.start",
            Request::IperfStart { .. } => "iperf.start",
            Request::MemtestStart { .. } => "memtest.start",
            Request::GpuStart { .. } => "gpu.start",
            Request::RunNext { .. } => "run.next",
            Request::RunStop { .. } => "run.stop",
            Request::RunDrop { .. } => "run.drop",
            Request::GpuDevices => "gpu.devices",
            Request::GpuAsk { .. } => "gpu.ask",
            Request::GpuSample => "gpu.sample",
            Request::Bmc { .. } => "bmc.ask",
            Request::KernelLogOpen { .. } => "kernel-log.open",
            Request::KernelLogNext { .. } => "kernel-log.next",
            Request::KernelLogLost { .. } => "kernel-log.lost",
            Request::KernelLogClose { .. } => "kernel-log.drop",
        }
    }

    /// Every function that may answer an error, so that a fault can be laid over it.
    pub const FALLIBLE: [&'static str; 26] = [
        "clock.sleep",
        "random",
        "hwmon.read",
        "queries.list",
        "queries.run",
        "files.list",
        "files.read",
        "disks.list",
        "disks.scratch-space",
        "smart.devices",
        "smart.scan",
        "smart.read",
        "smart.start-self-test",
        "fio.start",
        "stress.start",
        "iperf.start",
        "memtest.start",
        "gpu.start",
        "run.next",
        "run.stop",
        "gpu.devices",
        "gpu.ask",
        "gpu.sample",
        "bmc.ask",
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
