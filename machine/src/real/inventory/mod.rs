//! What the machine is made of.

pub mod cpu;
mod ethtool;
mod gpus;
pub mod memory;
pub mod nics;
pub mod smbios;

use smbios::{Tables, kind};

use super::disks;
use super::pci;
use super::root::Root;
use crate::contract::inventory::{Bios, Board, Disk, Parts, System};
use crate::placeholder::real;

/// The tables are rarely over 100 KB.
const TABLES_LIMIT: u64 = 1 << 20;

/// Where the kernel shows a few of SMBIOS' texts one by one.
const DMI: &str = "sys/class/dmi/id";

/// Reads the whole inventory. The management controller is left for whoever can ask it.
pub fn read(root: &Root) -> Parts {
    let mut gaps = Vec::new();
    let tables = tables(root, &mut gaps);
    let functions = pci::devices(root);
    let cpus = cpu::packages(root, &tables);
    let memory = memory::read(root, &tables);
    if cpus.is_empty() {
        gaps.push("no processor is told by sys/devices/system/cpu or proc/cpuinfo".into());
    }
    if memory.visible_bytes == 0 {
        gaps.push("proc/meminfo does not tell the memory's size".into());
    }
    if memory.modules.is_empty() {
        gaps.push("SMBIOS tells no memory slots".into());
    }
    Parts {
        system: system(root, &tables),
        board: board(root, &tables),
        bios: bios(root, &tables),
        bmc: None,
        cpus,
        memory,
        disks: disks(root),
        nics: nics::read(root),
        gpus: gpus::among(root, &functions),
        pci: functions,
        gaps,
        extra: Vec::new(),
    }
}

/// Whether SMBIOS tells of a management controller (type 38).
pub fn names_bmc(root: &Root) -> bool {
    tables(root, &mut Vec::new()).first(kind::IPMI).is_some()
}

/// Whether the machine has a battery of its own. That of a mouse or a keyboard has the scope `Device`
/// (ABI/testing/sysfs-class-power).
pub fn has_battery(root: &Root) -> bool {
    const CLASS: &str = "sys/class/power_supply";
    let names = root.list(CLASS).into_iter();
    let mut folders = names.map(|name| format!("{CLASS}/{name}"));
    let value = |folder: &str, file: &str| root.value(&format!("{folder}/{file}"));
    folders.any(|folder| {
        value(&folder, "type").as_deref() == Some("Battery")
            && value(&folder, "scope").as_deref() != Some("Device")
    })
}

/// Whether the chassis is one that people carry about.
pub fn is_portable(root: &Root) -> bool {
    let tables = tables(root, &mut Vec::new());
    chassis(root, &tables).is_some_and(smbios::is_portable)
}

/// GPUs and accelerators on the bus.
pub fn gpus(root: &Root) -> Vec<crate::contract::inventory::Gpu> {
    gpus::among(root, &pci::devices(root))
}

fn tables(root: &Root, gaps: &mut Vec<String>) -> Tables {
    let read = |file: &str| root.bytes(&format!("sys/firmware/dmi/tables/{file}"), TABLES_LIMIT);
    let entry = read("smbios_entry_point").unwrap_or_default();
    match read("DMI") {
        Ok(table) => {
            let tables = Tables::parse(&table, &entry);
            if tables.is_empty() {
                gaps.push("sys/firmware/dmi/tables/DMI holds no SMBIOS structure".into());
            }
            tables
        }
        Err(error) => {
            gaps.push(format!("sys/firmware/dmi/tables/DMI: {error}"));
            Tables::default()
        }
    }
}

/// A text of the tables, or the kernel's copy of it.
fn text(root: &Root, tables: &Tables, kind: u8, offset: usize, file: &str) -> Option<String> {
    let table = tables.first(kind).and_then(|s| s.text(offset));
    table.or_else(|| real(&root.value(&format!("{DMI}/{file}"))?))
}

fn chassis(root: &Root, tables: &Tables) -> Option<u8> {
    let table = tables.first(kind::CHASSIS).and_then(|s| s.byte(5));
    table.or_else(|| root.number(&format!("{DMI}/chassis_type")))
}

fn system(root: &Root, tables: &Tables) -> System {
    let text = |offset, file| text(root, tables, kind::SYSTEM, offset, file);
    let uuid = || {
        real(
            &root
                .value(&format!("{DMI}/product_uuid"))?
                .to_ascii_lowercase(),
        )
    };
    let system = System {
        manufacturer: text(4, "sys_vendor"),
        product: text(5, "product_name"),
        serial: text(7, "product_serial"),
        uuid: tables.uuid().or_else(uuid),
        chassis: chassis(root, tables)
            .and_then(smbios::chassis)
            .map(str::to_owned),
        hypervisor: None,
        kernel: root.value("proc/sys/kernel/osrelease").unwrap_or_default(),
    };
    System {
        hypervisor: hypervisor(root, tables, &system),
        ..system
    }
}

/// The hypervisor by the names that it puts into SMBIOS; `unknown` when only the processor tells.
fn hypervisor(root: &Root, tables: &Tables, system: &System) -> Option<String> {
    let bios = text(root, tables, kind::BIOS, 4, "bios_vendor");
    let said =
        [&system.manufacturer, &system.product, &bios].map(|t| t.clone().unwrap_or_default());
    let said = said.join(" ").to_ascii_lowercase();
    let xen = root.value("sys/hypervisor/type");
    let known = [
        ("vmware", "vmware"),
        ("virtualbox", "virtualbox"),
        ("innotek", "virtualbox"),
        ("parallels", "parallels"),
        ("bhyve", "bhyve"),
        ("xen", "xen"),
        ("amazon ec2", "kvm"),
        ("google compute engine", "kvm"),
        ("kvm", "kvm"),
        ("qemu", "kvm"),
        ("openstack", "kvm"),
        ("bochs", "kvm"),
    ];
    let named = known
        .iter()
        .find(|(word, _)| said.contains(word))
        .map(|(_, name)| *name);
    let hyper_v = said.contains("microsoft") && said.contains("virtual machine");
    let sold_as_metal = said.contains(".metal");
    let virtual_cpu = cpu::is_virtual(root);
    match named.or(hyper_v.then_some("hyper-v")) {
        // EC2's bare-metal types carry the same vendor and no hypervisor bit.
        Some(_) if sold_as_metal && !virtual_cpu => None,
        Some("kvm") if said.contains("amazon") && !virtual_cpu => None,
        Some(name) => Some(name.to_owned()),
        None => xen.or_else(|| virtual_cpu.then(|| "unknown".to_owned())),
    }
}

fn board(root: &Root, tables: &Tables) -> Board {
    let text = |offset, file| text(root, tables, kind::BOARD, offset, file);
    Board {
        manufacturer: text(4, "board_vendor"),
        product: text(5, "board_name"),
        version: text(6, "board_version"),
        serial: text(7, "board_serial"),
    }
}

fn bios(root: &Root, tables: &Tables) -> Bios {
    let text = |offset, file| text(root, tables, kind::BIOS, offset, file);
    Bios {
        vendor: text(4, "bios_vendor"),
        version: text(5, "bios_version"),
        date: text(8, "bios_date"),
        uefi: root.is_folder("sys/firmware/efi"),
    }
}

fn disks(root: &Root) -> Vec<Disk> {
    let names = disks::names(root);
    let facts = names.iter().map(|name| disks::facts(root, name));
    let disk = |facts: disks::Facts| Disk {
        transport: facts.transport.word().to_owned(),
        name: facts.name,
        model: facts.model,
        serial: facts.serial,
        wwn: facts.wwn,
        firmware: facts.firmware,
        size_bytes: facts.size_bytes,
        rotational: facts.rotational,
    };
    facts.map(disk).collect()
}
