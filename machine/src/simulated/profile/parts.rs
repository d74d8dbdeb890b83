//! The parts of a profile, and what their kinds imply.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::contract::types::PcieLink;

/// The processors: all packages are alike. Logical CPU *n* is core *n* of all cores, the second
/// threads follow after the last core, as Linux counts on x86 servers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cpu {
    /// Model.
    pub model: String,
    /// Vendor as CPUID tells: `GenuineIntel`.
    pub vendor: String,
    /// Packages.
    pub sockets: u32,
    /// Cores of one package.
    pub cores: u32,
    /// Threads of one core.
    #[serde(default = "one")]
    pub threads_per_core: u32,
    /// Base frequency in MHz.
    pub base_mhz: u32,
    /// Highest frequency of one core in MHz.
    pub max_mhz: u32,
    /// Frequency when all cores work, in MHz.
    pub all_core_mhz: u32,
    /// Family, model and stepping: `6-143-8`.
    #[serde(default)]
    pub stepping: Option<String>,
    /// Microcode revision.
    #[serde(default)]
    pub microcode: Option<String>,
    /// hwmon driver; none on a virtual machine, which shows neither temperature nor frequency.
    #[serde(default)]
    pub sensors: Option<String>,
    /// Power of one package at full load, in watts.
    #[serde(default = "tdp")]
    pub tdp_watts: f64,
    /// How much hotter than the inlet a package gets at full load and full fans, in kelvins.
    #[serde(default = "cpu_rise")]
    pub rise: f64,
    /// Where it throttles, in degrees Celsius; also hwmon's critical limit.
    #[serde(default = "throttle")]
    pub throttle_at: f64,
}

/// The memory: all modules are alike.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// `DDR5`.
    pub kind: String,
    /// Rated and configured speed in megatransfers per second.
    #[serde(default)]
    pub mts: Option<u32>,
    /// Bytes of one module.
    pub module_bytes: u64,
    /// The filled slots' names, in SMBIOS' order.
    pub slots: Vec<String>,
    /// The empty slots' names.
    #[serde(default)]
    pub empty: Vec<String>,
    /// Who made them.
    #[serde(default)]
    pub manufacturer: Option<String>,
    /// Part number.
    #[serde(default)]
    pub part_number: Option<String>,
    /// Ranks.
    #[serde(default)]
    pub ranks: Option<u32>,
    /// Whether the modules have check bits.
    pub ecc: bool,
    /// The kernel's EDAC driver; none: nobody counts errors.
    #[serde(default)]
    pub edac: Option<String>,
}

/// What sort of disk one is; this fixes its speed, its transport and the protocol of its health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DiskKind {
    /// A SAS disk of 10,000 rpm.
    SasHdd,
    /// A SATA disk of 7,200 rpm.
    SataHdd,
    /// A SATA SSD.
    SataSsd,
    /// An NVMe drive on PCIe 3.0 x4.
    NvmeGen3,
    /// An NVMe drive on PCIe 4.0 x4.
    NvmeGen4,
    /// An NVMe drive on PCIe 5.0 x4.
    NvmeGen5,
    /// A virtual disk.
    Virtio,
}

/// What a disk of a kind can do, by typical data sheets.
#[derive(Clone, Copy, Debug)]
pub struct DiskSpeed {
    /// Sequential reads in bytes per second.
    pub read: f64,
    /// Sequential writes in bytes per second.
    pub write: f64,
    /// Highest random accesses per second.
    pub iops: f64,
    /// Seconds of one random access when nothing else is under way.
    pub access: f64,
}

impl DiskKind {
    /// What it can do.
    pub fn speed(self) -> DiskSpeed {
        let (read, write, iops, access) = match self {
            DiskKind::SasHdd => (260e6, 250e6, 520.0, 6.0e-3),
            DiskKind::SataHdd => (240e6, 230e6, 340.0, 9.0e-3),
            DiskKind::SataSsd => (545e6, 510e6, 92e3, 95e-6),
            DiskKind::NvmeGen3 => (3.3e9, 2.6e9, 480e3, 85e-6),
            DiskKind::NvmeGen4 => (6.8e9, 4.2e9, 1.0e6, 75e-6),
            DiskKind::NvmeGen5 => (13.5e9, 8.5e9, 2.2e6, 65e-6),
            DiskKind::Virtio => (620e6, 480e6, 38e3, 180e-6),
        };
        DiskSpeed {
            read,
            write,
            iops,
            access,
        }
    }

    /// Whether it spins.
    pub fn rotational(self) -> bool {
        matches!(self, DiskKind::SasHdd | DiskKind::SataHdd)
    }

    /// Revolutions per minute; 0 for a solid-state drive.
    pub fn rpm(self) -> u32 {
        match self {
            DiskKind::SasHdd => 10_000,
            DiskKind::SataHdd => 7_200,
            _ => 0,
        }
    }

    /// Whether it speaks NVMe.
    pub fn nvme(self) -> bool {
        matches!(
            self,
            DiskKind::NvmeGen3 | DiskKind::NvmeGen4 | DiskKind::NvmeGen5
        )
    }

    /// Its PCI Express link in gigatransfers per second and lanes, where it is on one itself.
    pub fn link(self) -> Option<(f64, u32)> {
        match self {
            DiskKind::NvmeGen3 => Some((8.0, 4)),
            DiskKind::NvmeGen4 => Some((16.0, 4)),
            DiskKind::NvmeGen5 => Some((32.0, 4)),
            _ => None,
        }
    }
}

/// A disk.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// The kernel's name.
    pub name: String,
    /// What sort it is.
    pub kind: DiskKind,
    /// Model.
    #[serde(default)]
    pub model: Option<String>,
    /// Serial number.
    #[serde(default)]
    pub serial: Option<String>,
    /// World-wide name, lower-case hexadecimal.
    #[serde(default)]
    pub wwn: Option<String>,
    /// Firmware revision.
    #[serde(default)]
    pub firmware: Option<String>,
    /// Size in bytes.
    pub size_bytes: u64,
    /// PCI address of its controller.
    #[serde(default)]
    pub pci: Option<String>,
    /// Where it is mounted; empty: not in use.
    #[serde(default)]
    pub mounted: Vec<String>,
    /// Signatures on it.
    #[serde(default)]
    pub signatures: Vec<String>,
    /// Hours powered on when a session begins.
    #[serde(default = "burned_in_hours")]
    pub power_on_hours: u64,
}

/// A network port.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nic {
    /// The kernel's name.
    pub name: String,
    /// MAC address.
    pub mac: String,
    /// Driver.
    pub driver: String,
    /// Firmware version.
    #[serde(default)]
    pub firmware: Option<String>,
    /// PCI address.
    #[serde(default)]
    pub pci: Option<String>,
    /// PCI vendor and device id: `15b3:101f`.
    #[serde(default)]
    pub pci_id: Option<String>,
    /// Whether it is a virtual machine's.
    #[serde(default)]
    pub paravirtual: bool,
    /// Whether a cable is in it.
    #[serde(default = "yes")]
    pub carrier: bool,
    /// Speed in Mbit/s; none where the driver does not tell.
    #[serde(default)]
    pub mbps: Option<u64>,
    /// What really goes through in Mbit/s, where that is not the speed (Wi-Fi, virtual ports).
    #[serde(default)]
    pub goodput_mbps: Option<u64>,
    /// Maximum transmission unit.
    #[serde(default = "mtu")]
    pub mtu: u32,
    /// PCI Express link.
    #[serde(default)]
    pub link: Option<Link>,
}

/// A PCI Express link at its best.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Gigatransfers per second and lane.
    pub speed: f64,
    /// Lanes.
    pub width: u32,
}

impl Link {
    /// As the contract tells it, all of it in use.
    pub fn full(self) -> PcieLink {
        PcieLink {
            current_speed: self.speed,
            current_width: self.width,
            max_speed: self.speed,
            max_width: self.width,
        }
    }
}

/// A GPU.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    /// Its name within the profile.
    pub name: String,
    /// PCI address.
    pub pci: String,
    /// PCI vendor and device id: `10de:2331`.
    pub pci_id: String,
    /// `nvidia`, `amd`, `intel`.
    pub vendor: String,
    /// Model.
    pub model: String,
    /// Unique id.
    #[serde(default)]
    pub uuid: Option<String>,
    /// Serial number.
    #[serde(default)]
    pub serial: Option<String>,
    /// VBIOS version.
    #[serde(default)]
    pub vbios: Option<String>,
    /// Driver version; none: no driver, so that nothing can ask it.
    #[serde(default)]
    pub driver: Option<String>,
    /// Whether it computes rather than draws.
    #[serde(default = "yes")]
    pub accelerator: bool,
    /// Memory in bytes.
    #[serde(default)]
    pub memory_bytes: u64,
    /// Power limit in watts.
    #[serde(default = "tdp")]
    pub power_limit: f64,
    /// Billions of operations per second under the stress tool.
    #[serde(default)]
    pub gflops: f64,
    /// Core clock under load in MHz.
    #[serde(default)]
    pub core_mhz: f64,
    /// Memory clock under load in MHz.
    #[serde(default)]
    pub memory_mhz: f64,
    /// PCI Express link.
    #[serde(default)]
    pub link: Option<Link>,
    /// NVLinks to other GPUs, by way of NVSwitches.
    #[serde(default)]
    pub nvlinks: u32,
}

/// A power supply, or a laptop's battery or adapter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Psu {
    /// Its name.
    pub name: String,
    /// Model.
    #[serde(default)]
    pub model: Option<String>,
    /// Serial number.
    #[serde(default)]
    pub serial: Option<String>,
    /// Rated power in watts.
    #[serde(default)]
    pub rated_watts: Option<f64>,
    /// Whether it is a laptop's battery or adapter.
    #[serde(default)]
    pub portable: bool,
}

/// A fan.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fan {
    /// Its name.
    pub name: String,
    /// Highest speed in revolutions per minute.
    pub rpm: f64,
}

/// A voltage.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rail {
    /// Its name.
    pub name: String,
    /// What it should be, in volts.
    pub volts: f64,
}

/// Where scratch files lie.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scratch {
    /// Bytes a stage may use.
    pub allowance_bytes: u64,
    /// The file system's type.
    pub file_system: String,
    /// The disk below; none: memory.
    #[serde(default)]
    pub disk: Option<String>,
}

/// The other end of the network test.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Its speed in Mbit/s.
    pub mbps: u64,
    /// The port of this machine that leads to it.
    pub nic: String,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

fn mtu() -> u32 {
    1500
}

fn tdp() -> f64 {
    200.0
}

fn cpu_rise() -> f64 {
    46.0
}

fn throttle() -> f64 {
    98.0
}

/// A new drive after its maker's own burn-in.
fn burned_in_hours() -> u64 {
    36
}
