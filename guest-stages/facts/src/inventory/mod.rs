//! The inventory: what a machine is made of, by its firmware's tables, sysfs and procfs.
//!
//! Field names are those of the inventory document that specs are compared with. Where firmware wrote a
//! placeholder, the field is absent, and what it wrote is in `placeholders`. What is not a part of the machine
//! as people order it (the management controller's network port, display and media) is in lists of its own,
//! each with the reason.

mod arm;
mod cpuinfo;
mod cpus;
mod displays;
mod given;
mod identity;
mod makers;
mod media;
mod memory;
mod nics;
mod pci;
mod placeholder;
mod platform;
mod topology;
mod usb;

#[cfg(test)]
mod made_tests;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use cpus::{Cpu, Socket};
pub use displays::{Gpu, GpuRole, computes};
pub use given::{Bmc, Given, GivenPort, PORT_QUERIES};
pub use identity::{Bios, Board, System};
pub use media::{Disk, DiskPart, VirtualMedium};
pub use memory::{CountedAs, MEMORY_FILES, Memory, MemoryModule};
pub use nics::{MacSource, Nic, PORT_FILES, PortApart, PortRole, port_names};
pub use pci::{Link, PciDevice, Slot};
pub use placeholder::{Placeholder, is_placeholder, is_placeholder_uuid};
pub use platform::{Iommu, Platform, Tpm};
pub use topology::{CpuNumbers, Node};
pub use usb::UsbDevice;

use crate::files::{Entry, Files, Gap};
use crate::smbios::{self, Tables};
use placeholder::Fillers;

/// Files that the inventory reads; `*` stands for any part of one path segment.
pub const FILES: &[&str] = &[
    "proc/cpuinfo",
    "proc/meminfo",
    "proc/driver/nvidia/gpus/*/information",
    "proc/sys/kernel/arch",
    "proc/sys/kernel/osrelease",
    "sys/bus/pci/devices/*/boot_vga",
    "sys/bus/pci/devices/*/class",
    "sys/bus/pci/devices/*/current_link_speed",
    "sys/bus/pci/devices/*/current_link_width",
    "sys/bus/pci/devices/*/device",
    "sys/bus/pci/devices/*/label",
    "sys/bus/pci/devices/*/max_link_speed",
    "sys/bus/pci/devices/*/max_link_width",
    "sys/bus/pci/devices/*/numa_node",
    "sys/bus/pci/devices/*/product_name",
    "sys/bus/pci/devices/*/revision",
    "sys/bus/pci/devices/*/serial_number",
    "sys/bus/pci/devices/*/sriov_numvfs",
    "sys/bus/pci/devices/*/sriov_totalvfs",
    "sys/bus/pci/devices/*/subsystem_device",
    "sys/bus/pci/devices/*/subsystem_vendor",
    "sys/bus/pci/devices/*/unique_id",
    "sys/bus/pci/devices/*/vendor",
    "sys/bus/pci/slots/*/address",
    "sys/bus/usb/devices/*/bDeviceClass",
    "sys/bus/usb/devices/*/bcdDevice",
    "sys/bus/usb/devices/*/idProduct",
    "sys/bus/usb/devices/*/idVendor",
    "sys/bus/usb/devices/*/manufacturer",
    "sys/bus/usb/devices/*/product",
    "sys/bus/usb/devices/*/serial",
    "sys/bus/usb/devices/*/speed",
    "sys/class/dmi/id/*",
    "sys/class/net/*/addr_assign_type",
    "sys/class/net/*/address",
    "sys/class/net/*/bonding_slave/perm_hwaddr",
    "sys/class/net/*/carrier",
    "sys/class/net/*/dev_port",
    "sys/class/net/*/device/infiniband/*/board_id",
    "sys/class/net/*/device/infiniband/*/fw_ver",
    "sys/class/net/*/duplex",
    "sys/class/net/*/mtu",
    "sys/class/net/*/operstate",
    "sys/class/net/*/phys_port_name",
    "sys/class/net/*/speed",
    "sys/class/net/*/type",
    "sys/class/tpm/*/device/caps",
    "sys/class/tpm/*/device/description",
    "sys/class/tpm/*/tpm_version_major",
    "sys/devices/pci*/*/usb*/*/id*",
    "sys/devices/pci*/*/usb*/*/product",
    "sys/devices/pci*/*/usb*/*/*/id*",
    "sys/devices/pci*/*/usb*/*/*/product",
    "sys/devices/pci*/*/*/usb*/*/*/id*",
    "sys/devices/pci*/*/*/usb*/*/*/product",
    "sys/devices/system/cpu/cpu*/acpi_cppc/nominal_freq",
    "sys/devices/system/cpu/cpu*/cpufreq/base_frequency",
    "sys/devices/system/cpu/cpu*/cpufreq/cpuinfo_max_freq",
    "sys/devices/system/cpu/cpu*/microcode/version",
    "sys/devices/system/cpu/cpu*/online",
    "sys/devices/system/cpu/cpu*/regs/identification/midr_el1",
    "sys/devices/system/cpu/cpu*/topology/core_cpus_list",
    "sys/devices/system/cpu/cpu*/topology/core_id",
    "sys/devices/system/cpu/cpu*/topology/core_siblings_list",
    "sys/devices/system/cpu/cpu*/topology/die_id",
    "sys/devices/system/cpu/cpu*/topology/package_cpus_list",
    "sys/devices/system/cpu/cpu*/topology/physical_package_id",
    "sys/devices/system/cpu/cpu*/topology/thread_siblings_list",
    "sys/devices/system/cpu/offline",
    "sys/devices/system/cpu/online",
    "sys/devices/system/cpu/possible",
    "sys/devices/system/cpu/present",
    "sys/devices/system/cpu/smt/active",
    "sys/devices/system/cpu/smt/control",
    "sys/devices/system/node/node*/cpulist",
    "sys/devices/system/node/node*/distance",
    "sys/devices/system/node/node*/meminfo",
    "sys/firmware/devicetree/base/ibm,firmware-versions/*",
    "sys/firmware/devicetree/base/model",
    "sys/firmware/devicetree/base/serial-number",
    "sys/firmware/devicetree/base/system-id",
    "sys/firmware/devicetree/base/vendor",
    "sys/firmware/dmi/tables/DMI",
    "sys/firmware/dmi/tables/smbios_entry_point",
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "sys/firmware/efi/fw_platform_size",
    "sys/hypervisor/type",
    "sys/kernel/iommu_groups/*/type",
];

/// Links whose targets the inventory reads; `*` stands for any part of one path segment.
pub const LINKS: &[&str] = &[
    "sys/bus/pci/devices/*",
    "sys/bus/pci/devices/*/driver",
    "sys/bus/pci/devices/*/physfn",
    "sys/bus/usb/devices/*",
    "sys/class/iommu/*",
    "sys/class/net/*",
    "sys/class/net/*/device",
    "sys/class/net/*/device/driver",
    "sys/class/net/*/device/physfn",
    "sys/class/net/*/phy80211",
    "sys/class/tpm/*",
];

/// The number of the inventory's form: of what its fields are called and mean. A field that is added leaves it.
pub const FORM: u32 = 1;

/// Everything that a machine is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Inventory {
    /// The number of this form.
    pub form: u32,
    /// The machine itself.
    pub system: System,
    /// The main board.
    pub board: Board,
    /// The firmware that the machine boots with.
    pub bios: Bios,
    /// The management controller; `None` where nothing asked it.
    pub bmc: Option<Bmc>,
    /// Processor packages that the kernel uses, by number.
    pub cpus: Vec<Cpu>,
    /// Processor sockets by the firmware's tables, empty ones and those that the kernel does not see too.
    pub sockets: Vec<Socket>,
    /// Which logical CPUs there are, and which are offline.
    pub cpu_numbers: CpuNumbers,
    /// NUMA nodes, by number.
    pub nodes: Vec<Node>,
    /// Memory.
    pub memory: Memory,
    /// Disks that a person can pull, as they were given: of several paths to one disk the first, and without
    /// the media that the management controller offers.
    pub disks: Vec<Disk>,
    /// Disks joined: several names of one disk are one part.
    pub disk_parts: Vec<DiskPart>,
    /// Media that the management controller offers.
    pub virtual_media: Vec<VirtualMedium>,
    /// Network ports that a cable may be in, by name.
    pub nics: Vec<Nic>,
    /// Other network ports, each with the reason.
    pub ports_apart: Vec<PortApart>,
    /// GPUs and accelerators, by PCI address.
    pub gpus: Vec<Gpu>,
    /// Displays of a management controller, of a virtual machine or built into a processor, and
    /// co-processors of other kinds.
    pub displays: Vec<Gpu>,
    /// All PCI functions, by address.
    pub pci: Vec<PciDevice>,
    /// Slots for cards, by the firmware's tables.
    pub slots: Vec<Slot>,
    /// USB devices, by place.
    pub usb: Vec<UsbDevice>,
    /// Boot mode, TPM and IOMMU.
    pub platform: Platform,
    /// What firmware wrote where it had nothing to write.
    pub placeholders: Vec<Placeholder>,
    /// What could not be read, and why.
    pub gaps: Vec<String>,
}

/// Puts the inventory together. Reads what is there; the rest is in `gaps` or absent.
pub fn inventory(files: &Files, given: &Given) -> Inventory {
    let mut gaps = gaps(files);
    let tables = tables(files, given, &mut gaps);
    let mut fillers = Fillers::default();
    let info = files.bytes("proc/cpuinfo").map(String::from_utf8_lossy);
    let info = cpuinfo::Cpuinfo::parse(info.as_deref().unwrap_or_default());
    let slots = pci::slots(&tables);
    let functions = pci::devices(files, &tables, &slots);
    let usb = usb::devices(files, &tables);
    let nodes = topology::nodes(files);
    let cpus = cpus::read(files, &info, &tables, &nodes, &mut fillers);
    let memory = memory::read(files, &tables, &mut fillers);
    let (nics, ports_apart) = nics::read(files, given, &functions, &tables);
    let (gpus, displays) = displays::among(files, &functions);
    let identity = identity::read(files, &info, &tables, &mut fillers);
    if cpus.packages.is_empty() {
        gaps.push("no processor in sys/devices/system/cpu and proc/cpuinfo".to_owned());
    }
    if memory.visible_bytes.is_none() {
        gaps.push("no MemTotal in proc/meminfo".to_owned());
    }
    if memory.modules.is_empty() {
        gaps.push("no memory slots in SMBIOS".to_owned());
    }
    Inventory {
        form: FORM,
        system: identity.system,
        board: identity.board,
        bios: identity.bios,
        bmc: given.bmc.clone(),
        cpus: cpus.packages,
        sockets: cpus.sockets,
        cpu_numbers: cpus.numbers,
        nodes,
        memory,
        disks: media::own(&given.disks),
        disk_parts: media::parts(&given.disks),
        virtual_media: media::offered(&given.disks, &usb),
        nics,
        ports_apart,
        gpus,
        displays,
        pci: functions,
        slots,
        usb,
        platform: platform::read(files, &tables),
        placeholders: fillers.found,
        gaps,
    }
}

/// The inventory's JSON Schema.
#[cfg(feature = "schema")]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Inventory).to_value()
}

/// Memory alone, of the files of [`MEMORY_FILES`].
pub fn memory(files: &Files) -> Memory {
    let tables = tables(files, &Given::default(), &mut Vec::new());
    memory::read(files, &tables, &mut Fillers::default())
}

/// The network ports that a cable may be in, by name, of the files of [`PORT_FILES`].
pub fn ports(files: &Files, given: Vec<GivenPort>) -> Vec<Nic> {
    let given = Given {
        ports: given,
        ..Given::default()
    };
    let tables = Tables::default();
    let functions = pci::devices(files, &tables, &[]);
    let (ports, _apart) = nics::read(files, &given, &functions, &tables);
    ports
}

/// Files that are there and could not be read, or not to their end.
fn gaps(files: &Files) -> Vec<String> {
    let why = |entry: &Entry| match entry {
        Entry::Gap(Gap::Denied) => Some("not allowed".to_owned()),
        Entry::Gap(Gap::TimedOut) => Some("not read in time".to_owned()),
        // What a port that is down answers when it is asked for its carrier or speed.
        Entry::Gap(Gap::Failed(_)) => None,
        Entry::File { bytes, cut: true } => Some(format!("cut after {} bytes", bytes.len())),
        Entry::File { .. } | Entry::Link(_) => None,
    };
    let failed = |path: &str, entry: &Entry| match entry {
        Entry::Gap(Gap::Failed(error)) if !path.starts_with("sys/class/net/") => {
            Some(error.clone())
        }
        _ => None,
    };
    let rows = files.iter().filter_map(|(path, entry)| {
        let why = why(entry).or_else(|| failed(path, entry))?;
        Some(format!("{path}: {why}"))
    });
    rows.collect()
}

fn tables(files: &Files, given: &Given, gaps: &mut Vec<String>) -> Tables {
    const TABLE: &str = "sys/firmware/dmi/tables/DMI";
    let Some(table) = files.bytes(TABLE) else {
        if let Some(tables) = &given.tables {
            return tables.clone();
        }
        if files.get(TABLE).is_none() {
            gaps.push(format!("{TABLE}: not there"));
        }
        return Tables::default();
    };
    let entry = files.bytes("sys/firmware/dmi/tables/smbios_entry_point");
    match smbios::tables(table, entry) {
        Ok(tables) => {
            let rows = tables.unread.iter().map(|row| format!("{TABLE}: {row}"));
            gaps.extend(rows);
            tables
        }
        Err(error) => {
            gaps.push(format!("{TABLE}: {error}"));
            Tables::default()
        }
    }
}
