//! The seam between a stage and the machine it is on.
//!
//! The host (above) turns WIT calls into [`Request`]s; real, simulated and recorded machines (below)
//! answer them. Nothing else crosses. A new function of the contract is one case here, one arm in
//! each machine, and one line in the host.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::contract::context::NetworkPeer;
use crate::contract::types::{Document, Error};
use crate::contract::{
    bmc, clock, disks, files, fio, gpu, hwmon, iperf, kernel_log, memtest, queries, smart, stress,
};
use crate::{Cancel, MachineError, Mandate};

/// A tool that was started: a number, unique within its session.
pub type RunId = u32;

/// A kernel-log watch that was opened: a number, unique within its session.
pub type WatchId = u32;

/// What a stage may ask of its machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// `clock.monotonic`.
    Monotonic,
    /// `clock.wall`.
    Wall,
    /// `clock.sleep`.
    Sleep {
        /// For how long.
        milliseconds: u64,
    },
    /// Random bytes for guests of other languages; seeded on a simulated machine.
    Random {
        /// How many, at most 65,536.
        bytes: u32,
    },
    /// `hwmon.read`.
    Hwmon,
    /// `queries.list`.
    QueriesList,
    /// `queries.run`.
    QueriesRun {
        /// Which query.
        name: String,
        /// What about; empty: the machine.
        target: String,
    },
    /// `files.list`.
    FilesList {
        /// Which paths.
        globs: Vec<String>,
    },
    /// `files.read`.
    FilesRead {
        /// Which files.
        paths: Vec<String>,
    },
    /// `disks.list`.
    Disks,
    /// `disks.scratch-space`.
    ScratchSpace,
    /// `smart.devices`.
    SmartDevices,
    /// `smart.scan`.
    SmartScan,
    /// `smart.read`.
    SmartRead {
        /// The device's name, as the contract says.
        device: String,
    },
    /// `smart.start-self-test`.
    SmartStartSelfTest {
        /// The device's name, as the contract says.
        device: String,
        /// Which test.
        kind: smart::SelfTestKind,
    },
    /// `fio.start`.
    FioStart {
        /// What to do.
        job: fio::Job,
    },
    /// `stress.start`.
    StressStart {
        /// What to do.
        job: stress::Job,
    },
    /// `iperf.start`.
    IperfStart {
        /// What to do.
        job: iperf::Job,
    },
    /// `memtest.start`.
    MemtestStart {
        /// What to do.
        job: memtest::Job,
    },
    /// `gpu.start`.
    GpuStart {
        /// What to do.
        job: gpu::Job,
    },
    /// `next` of whichever tool the run is.
    RunNext {
        /// Which run.
        run: RunId,
        /// How long to wait.
        timeout_ms: u64,
    },
    /// `stop` of whichever tool the run is.
    RunStop {
        /// Which run.
        run: RunId,
    },
    /// The run's resource was dropped: the tool must end.
    RunDrop {
        /// Which run.
        run: RunId,
    },
    /// `gpu.devices`.
    GpuDevices,
    /// `gpu.ask`.
    GpuAsk {
        /// What is asked.
        question: gpu::Question,
    },
    /// `gpu.sample`.
    GpuSample,
    /// `bmc.ask`.
    Bmc {
        /// What the management controller is asked.
        question: bmc::Question,
    },
    /// `kernel-log.open`.
    KernelLogOpen {
        /// Where the watch begins.
        begins: kernel_log::Beginning,
    },
    /// `watch.next`.
    KernelLogNext {
        /// Which watch.
        watch: WatchId,
        /// How long to wait.
        timeout_ms: u64,
    },
    /// `watch.lost`.
    KernelLogLost {
        /// Which watch.
        watch: WatchId,
    },
    /// The watch's resource was dropped.
    KernelLogClose {
        /// Which watch.
        watch: WatchId,
    },
}

/// What a machine replies. Each request has one kind of reply; another one is the machine's bug,
/// and ends the run as the runtime's error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Nothing to say: `Sleep`, `RunStop`, `RunDrop`, `KernelLogClose`.
    Done,
    /// Nanoseconds since the attempt began.
    Monotonic(u64),
    /// The calendar.
    Wall(clock::Instant),
    /// Random bytes.
    Random(Vec<u8>),
    /// Sensors.
    Hwmon(hwmon::Reading),
    /// The queries that the host knows.
    Queries(Vec<queries::Query>),
    /// What globs matched.
    FilesListing(files::Listing),
    /// What files said, in the order of their paths.
    FilesContents(Vec<files::Content>),
    /// Disks.
    Disks(Vec<disks::Disk>),
    /// The scratch folder.
    ScratchSpace(disks::Scratch),
    /// The drives that the kernel shows.
    SmartDevices(Vec<String>),
    /// The GPUs that the kernel shows.
    GpuDevices(Vec<String>),
    /// What a tool printed: `SmartScan`, `SmartRead`, `SmartStartSelfTest`, `GpuAsk`, `GpuSample`, `Bmc`,
    /// `QueriesRun`.
    Document(Box<Document>),
    /// A tool was started.
    Run(RunId),
    /// What a fio run reports; `None`: nothing within the time-out.
    Fio(Option<fio::Event>),
    /// What a stress-ng run reports.
    Stress(Option<stress::Event>),
    /// What an iperf3 run reports.
    Iperf(Option<iperf::Event>),
    /// What a stressapptest run reports.
    Memtest(Option<memtest::Event>),
    /// What a GPU run told.
    Gpu(Option<gpu::Event>),
    /// A watch was opened.
    Watch(WatchId),
    /// Lines of the kernel's log.
    KernelLog(Vec<kernel_log::Entry>),
    /// How many lines were lost.
    Lost(u64),
}

/// A reply, or the error that the stage is told.
pub type Answer = Result<Reply, Error>;

/// Who a machine is, as far as its own firmware and ports say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The MAC address of its first port, lower case with colons.
    pub mac: Option<String>,
    /// Its SMBIOS UUID, lower case with hyphens.
    pub system_uuid: Option<String>,
    /// The serial number of its board.
    pub board_serial: Option<String>,
}

/// Whose time a machine lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// The wall's. Deadlines are kept by the engine.
    Real,
    /// Its own. Deadlines are kept by the machine's clock, and a guest's spinning by fuel.
    Virtual,
}

/// What a session is begun with.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The stage's name.
    pub stage: String,
    /// The attempt's number, from 1.
    pub number: u32,
    /// The seed of everything random on a simulated machine.
    pub seed: u64,
    /// How long the attempt may take.
    pub deadline: Duration,
    /// When the soft cancel comes. On a machine of virtual time the session cancels `cancel` itself
    /// when its clock passes this; on a real one the engine does.
    pub soft_deadline: Duration,
    /// The attempt's cancellation. Tools get SIGTERM when it fires.
    pub cancel: Cancel,
    /// How long a tool has between that SIGTERM and SIGKILL.
    pub grace: Duration,
    /// The network peer; `None`: the machine's own (a simulated machine's profile has one) or none.
    pub peer: Option<NetworkPeer>,
    /// The attempt's own scratch folder: exists, private, removed by whoever made it.
    pub scratch: PathBuf,
    /// How many logical CPUs a stage may load.
    pub cpu_allowance: u32,
    /// How many bytes of memory a stage may touch.
    pub memory_allowance_bytes: u64,
    /// How many tools may run at once.
    pub max_tools: u32,
    /// How many watches of the kernel's log may be open at once; each is an open file.
    pub max_watches: u32,
    /// What it may do to the machine's disks.
    pub mandate: Mandate,
    /// What it is run with that a machine does not look at.
    pub particulars: Particulars,
    /// Whether it only looks on beside the stage at work. On a simulated machine it then sees that
    /// stage's world, and moves no clock.
    pub beside: bool,
}

impl Attempt {
    /// A look at the machine beside whatever stage is at work: without an end, and without a right
    /// to start tools or write anything.
    pub fn beside(what: &str) -> Self {
        Attempt {
            stage: what.to_owned(),
            number: 1,
            seed: 0,
            deadline: Duration::MAX,
            soft_deadline: Duration::MAX,
            cancel: Cancel::new(),
            grace: Duration::ZERO,
            peer: None,
            scratch: PathBuf::new(),
            cpu_allowance: 0,
            memory_allowance_bytes: 0,
            max_tools: 0,
            max_watches: 0,
            mandate: Mandate::default(),
            particulars: Particulars::default(),
            beside: true,
        }
    }
}

/// What an attempt is run with that a machine does not look at, and a recording keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Particulars {
    /// The version in the component's manifest.
    pub version: String,
    /// The component's sha256, lower-case hexadecimal.
    pub digest: String,
    /// The stage's parameters, the secret ones blanked.
    pub parameters: serde_json::Value,
    /// The interfaces that are withheld, each with the reason that the stage is told.
    pub withheld: BTreeMap<String, String>,
    /// Values that must not be written down anywhere.
    #[serde(skip)]
    pub secrets: Vec<String>,
}

/// What a machine that repeats an earlier attempt fixes of the one that repeats it.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The attempt's number.
    pub number: u32,
    /// Its seed.
    pub seed: u64,
    /// How long it may take, in the machine's time.
    pub deadline: Duration,
    /// How long a tool has between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// The network peer.
    pub peer: Option<NetworkPeer>,
    /// How many logical CPUs the stage may load.
    pub cpu_allowance: u32,
    /// How many bytes of memory it may touch.
    pub memory_allowance_bytes: u64,
    /// What it may do to the machine's disks.
    pub mandate: Mandate,
    /// The interfaces that are withheld.
    pub withheld: BTreeMap<String, String>,
    /// After how many host calls the earlier attempt was interrupted, if it was.
    pub interrupted_after: Option<u64>,
}

/// Why a session that repeats an earlier attempt goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The earlier attempt was interrupted here.
    Interrupted,
    /// The stage asked for what it did not ask for then.
    Diverged {
        /// The number of the exchange, from 1.
        exchange: u64,
        /// What it asked for now and what then, in a sentence.
        reason: String,
    },
}

/// A machine that stages can run on: real, simulated or recorded.
#[async_trait]
pub trait Machine: Send + Sync {
    /// What a report calls it: `real`, `sim:healthy-server`.
    fn name(&self) -> String;

    /// Whose time it lives in.
    fn time(&self) -> Time;

    /// How many of its seconds pass in one of the wall's, where its time is virtual and yet kept to
    /// a pace; `None`: as fast as can be, or the wall's own.
    fn pace(&self) -> Option<f64> {
        None
    }

    /// The network peer that it brings along, if any.
    fn peer(&self) -> Option<NetworkPeer>;

    /// The parameters it fixes for a stage, as (parameter, JSON value): what a spec would say of
    /// this machine. Empty for a real one.
    fn parameters(&self, stage: &str) -> Vec<(String, serde_json::Value)>;

    /// The terms it fixes for an attempt of a stage, over those that it would be begun with. A machine
    /// that repeats an earlier attempt repeats its terms; any other has none.
    fn terms(&self, _stage: &str) -> Option<Terms> {
        None
    }

    /// The seed that a report names, of the one that was given; `None`: nothing here is random.
    fn seed(&self, given: u64) -> Option<u64> {
        (self.time() == Time::Virtual).then_some(given)
    }

    /// Logical CPUs that are online, and bytes of memory that are free, for the allowances.
    fn capacity(&self) -> (u32, u64);

    /// Who it is, for an orchestrator. Reads some files, where it is a real one.
    fn identity(&self) -> Identity {
        Identity::default()
    }

    /// Whether it was booted for a test, so that it may be harmed where guards let it.
    fn is_live_image(&self) -> bool {
        false
    }

    /// Begins a session: one attempt's view of the machine. Nothing of an earlier session is left.
    async fn begin(&self, attempt: Attempt) -> Result<Box<dyn Session>, MachineError>;
}

/// One attempt's view of a machine.
///
/// Once the attempt's cancellation fires, calls answer `cancelled`, those that wait at once; runs and
/// watches are told so once, and then may be asked for what they still have. What tidies up and what
/// tells the time is answered as ever.
///
/// `call` may be dropped half-way (the attempt's hard end interrupts it); the session must stay usable.
/// Dropping a session without [`Session::end`] kills its tools too.
#[async_trait]
pub trait Session: Send + Sync {
    /// Answers one request.
    async fn call(&self, request: Request) -> Answer;

    /// Time since the session began, in the machine's own time. Costs nothing and is no request.
    fn elapsed(&self) -> Duration;

    /// The same, where it is written down beside something that the stage tells: a log line, a sample.
    /// A recording keeps each, and its replay gives the same.
    fn stamp(&self) -> Duration {
        self.elapsed()
    }

    /// Ends when a session that repeats an earlier attempt goes no further. Any other goes on.
    async fn halted(&self) -> Halt {
        std::future::pending().await
    }

    /// Ends it: kills and reaps every process of every tool, closes every watch. Says what had to be
    /// killed, one line each.
    async fn end(&self) -> Vec<String>;
}
