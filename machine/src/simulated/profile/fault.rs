//! What can go wrong, as values. A new kind is one case here, one line in [`Fault::unknown_part`], and one
//! arm where it shows: in `strike.rs` when something happens, in `read/` or `tools/` when something
//! is otherwise while it lasts.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::Profile;
use crate::simulated::documents::nvidia_smi;

/// A fault and its place in time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Scheduled {
    /// When it begins, in seconds since the session did. Without it and `when_load_above`: at once.
    #[serde(default, deserialize_with = "seconds")]
    #[schemars(schema_with = "time")]
    pub at: Option<u64>,
    /// It begins when more than this part of all CPUs is busy (0 to 1), or a GPU if it is a GPU's.
    #[serde(default)]
    pub when_load_above: Option<f64>,
    /// How long it lasts, in seconds; without it for ever. What it counted stays.
    #[serde(default, rename = "for", deserialize_with = "seconds")]
    #[schemars(schema_with = "time")]
    pub lasts: Option<u64>,
    /// How often it strikes again while it lasts, in seconds: for those that count or log.
    #[serde(default, deserialize_with = "seconds")]
    #[schemars(schema_with = "time")]
    pub every: Option<u64>,
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: Fault,
}

/// What goes wrong. A part is named as the profile names it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum Fault {
    /// An ATA attribute has this raw value, and this normalised one.
    SmartAttribute {
        disk: String,
        id: u8,
        raw: u64,
        value: Option<u8>,
    },
    /// A field of the health that NVMe and SAS drives tell has this value.
    SmartField {
        disk: String,
        field: SmartField,
        value: u64,
    },
    /// The drive says that it fails.
    SmartFailing { disk: String },
    /// The newest self-test, and each later one, found a read failure.
    SelfTestFailed { disk: String },
    /// The drive is in standby and is not woken.
    DiskAsleep { disk: String },
    /// The drive's health cannot be read.
    SmartUnreadable { disk: String },
    /// So many memory errors are corrected.
    MemoryCorrected { dimm: String, count: u64 },
    /// So many memory errors are not corrected.
    MemoryUncorrected { dimm: String, count: u64 },
    /// Memory tests find so many wrong bits.
    MemoryWrong { bits: u64 },
    /// The kernel kills stress-ng's worker on a CPU, as memory is short.
    WorkerKilled { cpu: u32 },
    /// stress-ng was built without a kind of load, and leaves it out.
    StressorMissing { stressor: String },
    /// The module is not seen.
    DimmMissing { dimm: String },
    /// A machine check is logged.
    MachineCheck {
        cpu: u32,
        bank: u32,
        #[serde(default)]
        uncorrected: bool,
    },
    /// A CPU works at this many per cent of its speed.
    CoreSlow { cpu: u32, percent: f64 },
    /// A CPU computes wrongly.
    CoreWrong { cpu: u32 },
    /// Heat leaves at this many per cent of the usual rate: of one processor package where one is
    /// named (a cooler that does not touch), else of the whole machine (dust, a missing duct).
    CoolingBlocked { percent: f64, package: Option<u32> },
    /// A fan stands still.
    FanDead { fan: String },
    /// A power supply has no input.
    PsuLost { psu: String },
    /// A power supply has failed.
    PsuFailed { psu: String },
    /// The supplies are no longer redundant, though each says it is well.
    RedundancyLost {},
    /// A voltage is off.
    RailOff { rail: String, volts: f64 },
    /// A port came up at this speed.
    LinkSlow { nic: String, mbps: u64 },
    /// A port has no carrier.
    CarrierLost { nic: String },
    /// So many frames with a bad checksum arrive.
    NicCrc { nic: String, count: u64 },
    /// What arrives at a port comes at this many per cent of the speed.
    ReceiveSlow { nic: String, percent: f64 },
    /// So many commands to a disk end in errors.
    DiskIoError { disk: String, count: u64 },
    /// A disk works at this many per cent of its speed.
    DiskSlow { disk: String, percent: f64 },
    /// So many blocks do not read back as written.
    DiskVerifyError { disk: String, count: u64 },
    /// A disk is not seen. When it goes while a tool works on it, that tool gets I/O errors.
    DiskMissing { disk: String },
    /// A PCI function's link came up narrower or slower.
    PcieDegraded {
        pci: String,
        width: Option<u32>,
        speed: Option<f64>,
    },
    /// PCI Express errors are counted.
    PcieErrors {
        pci: String,
        #[serde(default)]
        correctable: u64,
        #[serde(default)]
        nonfatal: u64,
        #[serde(default)]
        fatal: u64,
    },
    /// The GPU's driver reports an error.
    GpuXid { gpu: String, xid: u32, text: String },
    /// The GPU does not answer any more.
    GpuOffBus { gpu: String },
    /// The GPU's results are wrong so often per second.
    GpuWrong { gpu: String, errors: u64 },
    /// The GPU's memory has had so many uncorrected errors.
    GpuEccUncorrected { gpu: String, count: u64 },
    /// The driver reports this in an element of the GPU's part of `nvidia-smi -q -x`, by its path:
    /// `remapped_rows/remapped_row_failure`.
    GpuField {
        gpu: String,
        element: String,
        value: String,
    },
    /// One of the GPU's NVLinks is down.
    GpuLinkDown { gpu: String, link: u32 },
    /// A line in the kernel's log, as the kernel words it.
    KernelLine {
        text: String,
        #[serde(default = "error_priority")]
        priority: u8,
    },
    /// An entry in the management controller's event log, in ipmitool's words: the sensor's type and
    /// name (`Memory DIMM_C1`), and what happened. How grave that is follows from the words; `critical`
    /// is for whoever reads the profile.
    EventLogEntry {
        sensor: String,
        event: String,
        #[serde(default)]
        critical: bool,
    },
    /// A tool is not installed.
    ToolMissing { tool: String },
    /// A tool dies of a segmentation fault, within a second of its work.
    ToolCrash { tool: String },
    /// A tool neither tells anything nor ends until it is killed.
    ToolHang { tool: String },
    /// What a tool prints cannot be understood: what is so while it works is so at its end.
    ToolGarbage { tool: String },
    /// A hwmon sensor with this label is gone.
    SensorMissing { label: String },
    /// Each call of an interface of the contract (`hwmon`, `kernel-log`) takes so much longer.
    SlowCall {
        interface: String,
        milliseconds: u64,
    },
    /// The attempt is cancelled, as by a person.
    Cancel {},
}

/// The interfaces whose calls take time.
pub const INTERFACES: [&str; 12] = [
    "bmc",
    "files",
    "disks",
    "fio",
    "gpu",
    "hwmon",
    "queries",
    "iperf",
    "kernel-log",
    "memtest",
    "smart",
    "stress",
];

/// A field of the health that an NVMe or SAS drive tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum SmartField {
    CriticalWarning,
    AvailableSpare,
    PercentageUsed,
    MediaErrors,
    UnsafeShutdowns,
    CriticalTemperatureMinutes,
    GrownDefects,
    ReadUncorrected,
    WriteUncorrected,
    VerifyUncorrected,
    PowerOnHours,
}

/// The kernel's `KERN_ERR`.
fn error_priority() -> u8 {
    3
}

impl Fault {
    /// The GPU it is about, if it is about one.
    pub fn gpu(&self) -> Option<&str> {
        match self {
            Fault::GpuXid { gpu, .. }
            | Fault::GpuOffBus { gpu }
            | Fault::GpuWrong { gpu, .. }
            | Fault::GpuField { gpu, .. }
            | Fault::GpuLinkDown { gpu, .. }
            | Fault::GpuEccUncorrected { gpu, .. } => Some(gpu),
            _ => None,
        }
    }

    /// The part it names, when the profile has no such part: (what it is, its name).
    pub fn unknown_part(&self, profile: &Profile) -> Option<(&'static str, String)> {
        let known = |what, name: &String, known: bool| (!known).then(|| (what, name.clone()));
        match self {
            Fault::SmartAttribute { disk, .. }
            | Fault::SmartField { disk, .. }
            | Fault::SmartFailing { disk }
            | Fault::SelfTestFailed { disk }
            | Fault::DiskAsleep { disk }
            | Fault::SmartUnreadable { disk }
            | Fault::DiskIoError { disk, .. }
            | Fault::DiskSlow { disk, .. }
            | Fault::DiskVerifyError { disk, .. }
            | Fault::DiskMissing { disk } => {
                known("disk", disk, profile.disks.iter().any(|d| d.name == *disk))
            }
            Fault::MemoryCorrected { dimm, .. }
            | Fault::MemoryUncorrected { dimm, .. }
            | Fault::DimmMissing { dimm } => {
                known("dimm", dimm, profile.memory.slots.contains(dimm))
            }
            Fault::MachineCheck { cpu, .. }
            | Fault::CoreSlow { cpu, .. }
            | Fault::CoreWrong { cpu }
            | Fault::WorkerKilled { cpu } => {
                known("cpu", &cpu.to_string(), *cpu < profile.logical_cpus())
            }
            Fault::FanDead { fan } => {
                known("fan", fan, profile.fans.iter().any(|f| f.name == *fan))
            }
            Fault::PsuLost { psu } | Fault::PsuFailed { psu } => {
                known("psu", psu, profile.psus.iter().any(|p| p.name == *psu))
            }
            Fault::RailOff { rail, .. } => {
                known("rail", rail, profile.rails.iter().any(|r| r.name == *rail))
            }
            Fault::LinkSlow { nic, .. }
            | Fault::CarrierLost { nic }
            | Fault::NicCrc { nic, .. }
            | Fault::ReceiveSlow { nic, .. } => {
                known("nic", nic, profile.nics.iter().any(|n| n.name == *nic))
            }
            Fault::PcieDegraded { pci, .. } | Fault::PcieErrors { pci, .. } => {
                let nics = profile.nics.iter().filter_map(|n| n.pci.as_ref());
                let disks = profile.disks.iter().filter_map(|d| d.pci.as_ref());
                let mut all = nics.chain(disks).chain(profile.gpus.iter().map(|g| &g.pci));
                known("pci", pci, all.any(|p| p == pci))
            }
            Fault::GpuXid { gpu, .. }
            | Fault::GpuOffBus { gpu }
            | Fault::GpuWrong { gpu, .. }
            | Fault::GpuEccUncorrected { gpu, .. } => {
                known("gpu", gpu, profile.gpus.iter().any(|g| g.name == *gpu))
            }
            Fault::GpuField { gpu, element, .. } => {
                let its = profile.gpus.iter().any(|g| g.name == *gpu);
                known("gpu", gpu, its)
                    .or_else(|| known("element", element, nvidia_smi::has_element(element)))
            }
            Fault::GpuLinkDown { gpu, link } => {
                let mut gpus = profile.gpus.iter();
                let has = gpus.any(|g| g.name == *gpu && *link < g.nvlinks);
                known("NVLink", &format!("{gpu} {link}"), has)
            }
            Fault::ToolMissing { tool }
            | Fault::ToolCrash { tool }
            | Fault::ToolHang { tool }
            | Fault::ToolGarbage { tool } => known("tool", tool, profile.tools.contains_key(tool)),
            Fault::CoolingBlocked {
                package: Some(package),
                ..
            } => known(
                "package",
                &package.to_string(),
                *package < profile.cpu.sockets,
            ),
            Fault::SlowCall { interface, .. } => known(
                "interface",
                interface,
                INTERFACES.contains(&interface.as_str()),
            ),
            Fault::MemoryWrong { .. }
            | Fault::StressorMissing { .. }
            | Fault::CoolingBlocked { package: None, .. }
            | Fault::RedundancyLost {}
            | Fault::KernelLine { .. }
            | Fault::EventLogEntry { .. }
            | Fault::SensorMissing { .. }
            | Fault::Cancel {} => None,
        }
    }
}

/// A time such as `30s`, `10min` or `8h`, in whole seconds.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        _ => 0,
    };
    match number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(factor))
    {
        // A hundred years keep every later sum in nanoseconds within 64 bits.
        Some(seconds) if factor > 0 && seconds <= 3_155_760_000 => Ok(Some(seconds)),
        _ => Err(serde::de::Error::custom(format!(
            "`{text}` is not a time: write whole seconds, minutes or hours as `30s`, `10min`, `8h`"
        ))),
    }
}

/// How [`seconds`] are written.
fn time(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "string",
        "pattern": "^[0-9]+ *(s|min|h)$",
        "examples": ["30s", "10min", "8h"],
    })
}
