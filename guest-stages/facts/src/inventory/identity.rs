//! The machine itself, its main board and its firmware: by SMBIOS, the kernel's copies of it, or the device
//! tree.

use serde::Serialize;

use super::cpuinfo::Cpuinfo;
use super::placeholder::Fillers;
use crate::files::Files;
use crate::smbios::{Code, Tables};

/// Where the kernel shows some of SMBIOS' texts one by one.
const DMI: &str = "sys/class/dmi/id";

/// The device tree of machines that have no SMBIOS.
const TREE: &str = "sys/firmware/devicetree/base";

/// The machine itself. Placeholders are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct System {
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its product name.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its UUID, lower case with hyphens.
    pub uuid: Option<String>,
    /// Its number in the vendor's catalogue.
    pub sku: Option<String>,
    /// Its family.
    pub family: Option<String>,
    /// Its chassis type in SMBIOS' words: `Rack Mount Chassis`.
    pub chassis: Option<String>,
    /// Number of its chassis type, without the bit of the lock.
    pub chassis_code: Option<u16>,
    /// Serial number of its chassis.
    pub chassis_serial: Option<String>,
    /// Asset tag of its chassis.
    pub asset_tag: Option<String>,
    /// Height of its chassis in rack units.
    pub height_units: Option<u8>,
    /// The hypervisor's name on a virtual machine (`kvm`, `vmware`; `unknown` where only the processor
    /// shows one); `None` on bare metal.
    pub hypervisor: Option<String>,
    /// The kernel's release, as `uname -r` gives it.
    pub kernel: Option<String>,
    /// The machine's architecture, as `uname -m` gives it; Linux 6.1 and later.
    pub architecture: Option<String>,
}

/// The main board. Placeholders are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Board {
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its product name.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its asset tag.
    pub asset_tag: Option<String>,
}

/// The firmware that the machine boots with.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Bios {
    /// Who made it.
    pub vendor: Option<String>,
    /// Its version as the vendor writes it; HPE writes its family: `U30`.
    pub version: Option<String>,
    /// Its release as major and minor number: `2.76`.
    pub release: Option<String>,
    /// Release of the embedded controller's firmware; on HPE's servers that of iLO.
    pub controller_release: Option<String>,
    /// Its date as the vendor writes it.
    pub date: Option<String>,
    /// Whether the machine was booted by UEFI; `false`: by a legacy BIOS. `None` where it boots by
    /// neither, or nothing says so.
    pub uefi: Option<bool>,
}

/// What this file reads.
pub(super) struct Identity {
    pub system: System,
    pub board: Board,
    pub bios: Bios,
}

pub(super) fn read(
    files: &Files,
    info: &Cpuinfo<'_>,
    tables: &Tables,
    fillers: &mut Fillers,
) -> Identity {
    let tree = Tree::read(files, info);
    let first = tables.systems.first();
    let chassis = tables.chassis.first();
    let mut text = |field: &str, table: Option<&String>, file: &str| {
        let copy = files.text(&format!("{DMI}/{file}"));
        fillers.real(field, table.map(String::as_str).or(copy))
    };
    let mut system = System {
        manufacturer: text(
            "system.manufacturer",
            first.and_then(|s| s.manufacturer.as_ref()),
            "sys_vendor",
        ),
        product: text(
            "system.product",
            first.and_then(|s| s.product.as_ref()),
            "product_name",
        ),
        version: text(
            "system.version",
            first.and_then(|s| s.version.as_ref()),
            "product_version",
        ),
        serial: text(
            "system.serial",
            first.and_then(|s| s.serial.as_ref()),
            "product_serial",
        ),
        sku: text(
            "system.sku",
            first.and_then(|s| s.sku.as_ref()),
            "product_sku",
        ),
        family: text(
            "system.family",
            first.and_then(|s| s.family.as_ref()),
            "product_family",
        ),
        chassis_serial: text(
            "system.chassis_serial",
            chassis.and_then(|c| c.serial.as_ref()),
            "chassis_serial",
        ),
        asset_tag: text(
            "system.asset_tag",
            chassis.and_then(|c| c.asset_tag.as_ref()),
            "chassis_asset_tag",
        ),
        height_units: chassis.and_then(|c| c.height_units),
        kernel: files.text("proc/sys/kernel/osrelease").map(str::to_owned),
        architecture: files.text("proc/sys/kernel/arch").map(str::to_owned),
        ..System::default()
    };
    let kind = chassis.and_then(|c| c.kind);
    let kind = kind.or_else(|| {
        let code = files.number::<u16>(&format!("{DMI}/chassis_type"))? & 0x7f;
        Some(Code {
            code,
            word: crate::smbios::chassis_word(code),
        })
    });
    // 1 and 2 stand for other and unknown.
    let known = kind.filter(|kind| kind.code > 2);
    system.chassis = known.and_then(|kind| kind.word).map(str::to_owned);
    system.chassis_code = kind.map(|kind| kind.code);
    let uuid = first.and_then(|s| s.uuid.clone());
    let copy = files.text(&format!("{DMI}/product_uuid"));
    let uuid = uuid.or_else(|| copy.map(str::to_ascii_lowercase));
    let (board, mut bios) = board_and_bios(files, tables, fillers);
    system.uuid = fillers.uuid("system.uuid", uuid.as_deref());
    tree.fill(&mut system, &mut bios, fillers);
    system.hypervisor = hypervisor(files, info, &system, &bios);
    let boots = !files.names("sys/firmware/efi").is_empty();
    let x86 = info.any("vendor_id").is_some() && info.any("flags").is_some();
    bios.uefi = if boots {
        Some(true)
    } else {
        (x86 || tables.structures > 0 || !files.names(DMI).is_empty()).then_some(false)
    };
    Identity {
        system,
        board,
        bios,
    }
}

fn board_and_bios(files: &Files, tables: &Tables, fillers: &mut Fillers) -> (Board, Bios) {
    let boards = &tables.boards;
    let is_main = |board: &&crate::smbios::Board| board.kind.is_some_and(|kind| kind.code == 10);
    let main = boards.iter().find(is_main);
    let main = main.or_else(|| boards.iter().find(|board| board.hosting == Some(true)));
    let main = main.or_else(|| boards.first());
    let firmware = tables.bios.first();
    let mut text = |field: &str, table: Option<&String>, file: &str| {
        let copy = files.text(&format!("{DMI}/{file}"));
        fillers.real(field, table.map(String::as_str).or(copy))
    };
    let board = Board {
        manufacturer: text(
            "board.manufacturer",
            main.and_then(|b| b.manufacturer.as_ref()),
            "board_vendor",
        ),
        product: text(
            "board.product",
            main.and_then(|b| b.product.as_ref()),
            "board_name",
        ),
        version: text(
            "board.version",
            main.and_then(|b| b.version.as_ref()),
            "board_version",
        ),
        serial: text(
            "board.serial",
            main.and_then(|b| b.serial.as_ref()),
            "board_serial",
        ),
        asset_tag: text(
            "board.asset_tag",
            main.and_then(|b| b.asset_tag.as_ref()),
            "board_asset_tag",
        ),
    };
    let bios = Bios {
        vendor: text(
            "bios.vendor",
            firmware.and_then(|b| b.vendor.as_ref()),
            "bios_vendor",
        ),
        version: text(
            "bios.version",
            firmware.and_then(|b| b.version.as_ref()),
            "bios_version",
        ),
        date: text(
            "bios.date",
            firmware.and_then(|b| b.date.as_ref()),
            "bios_date",
        ),
        release: release(
            firmware.and_then(|b| b.release.as_ref()),
            files,
            "bios_release",
        ),
        controller_release: release(
            firmware.and_then(|b| b.controller_release.as_ref()),
            files,
            "ec_firmware_release",
        ),
        uefi: None,
    };
    (board, bios)
}

fn release(table: Option<&String>, files: &Files, file: &str) -> Option<String> {
    let copy = || files.text(&format!("{DMI}/{file}")).map(str::to_owned);
    table.cloned().or_else(copy)
}

/// What the device tree says; POWER and many ARM machines have no SMBIOS.
struct Tree<'a> {
    maker: Option<&'a str>,
    model: Option<&'a str>,
    serial: Option<&'a str>,
    firmware: Option<&'a str>,
}

impl<'a> Tree<'a> {
    fn read(files: &'a Files, info: &Cpuinfo<'a>) -> Self {
        let text = |file: &str| {
            let text = files.text(&format!("{TREE}/{file}"))?;
            text.split('\0').map(str::trim).find(|t| !t.is_empty())
        };
        // `IBM,8335-GTG`: the maker stands before the comma.
        let parted = |text: &'a str| match text.split_once(',') {
            Some((maker, rest)) if maker.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                (Some(maker), rest)
            }
            _ => (None, text),
        };
        let model = text("model").map(parted);
        let id = text("system-id").or_else(|| text("serial-number"));
        Tree {
            maker: text("vendor").or_else(|| model.and_then(|(maker, _)| maker)),
            model: model.map(|(_, model)| model).or_else(|| {
                // `model : 8335-GTG`; on x86 the model is a number.
                let power = info.any("platform").or_else(|| info.any("timebase"));
                power.and_then(|_| info.any("model"))
            }),
            serial: id.map(|id| parted(id).1),
            firmware: text("ibm,firmware-versions/version")
                .or_else(|| text("ibm,firmware-versions/IBM"))
                .or_else(|| text("ibm,firmware-versions/open-power")),
        }
    }

    fn fill(&self, system: &mut System, bios: &mut Bios, fillers: &mut Fillers) {
        let mut fill = |at: &mut Option<String>, field: &str, text: Option<&str>| {
            if at.is_none() {
                *at = fillers.real(field, text);
            }
        };
        fill(&mut system.manufacturer, "system.manufacturer", self.maker);
        fill(&mut system.product, "system.product", self.model);
        fill(&mut system.serial, "system.serial", self.serial);
        fill(&mut bios.version, "bios.version", self.firmware);
    }
}

/// The hypervisor by the names that it puts into SMBIOS; `unknown` where only the processor shows one.
fn hypervisor(files: &Files, info: &Cpuinfo<'_>, system: &System, bios: &Bios) -> Option<String> {
    const KNOWN: [(&str, &str); 12] = [
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
    let texts = [&system.manufacturer, &system.product, &bios.vendor];
    let texts = texts.map(|text| text.as_deref().unwrap_or_default());
    let said = texts.join(" ").to_ascii_lowercase();
    let named = KNOWN.iter().find(|(word, _)| said.contains(word));
    let hyper_v = said.contains("microsoft") && said.contains("virtual machine");
    let named = named.map(|(_, name)| *name);
    let virtual_cpu = info.is_virtual();
    match named.or(hyper_v.then_some("hyper-v")) {
        // EC2's bare-metal types have the same vendor, and no hypervisor shows itself.
        Some(_) if !virtual_cpu && (said.contains(".metal") || said.contains("amazon")) => None,
        Some(name) => Some(name.to_owned()),
        None => {
            let xen = files.text("sys/hypervisor/type").map(str::to_owned);
            xen.or_else(|| virtual_cpu.then(|| "unknown".to_owned()))
        }
    }
}
