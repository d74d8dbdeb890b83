//! EDAC, the kernel's error detection and correction: a folder per memory controller, in it one per
//! module (`dimmN`, or `rankN` where the controller knows ranks only) and one per chip-select row.

use serde::Serialize;

use super::change::{Count, Part};
use super::folder::{Folder, Leftover, names, numbered};
use super::parity::{Parity, parity};
use crate::files::Files;

/// EDAC's folder.
pub(crate) const HOME: &str = "sys/devices/system/edac";

/// What to read for [`edac`].
pub const EDAC: &[&str] = &[
    "sys/devices/system/edac/*",
    "sys/devices/system/edac/*/*/ce_count",
    "sys/devices/system/edac/*/*/ue_count",
    "sys/devices/system/edac/*/*/*/ce_count",
    "sys/devices/system/edac/*/*/*/ue_count",
    "sys/devices/system/edac/mc/*",
    "sys/devices/system/edac/mc/*/*",
    "sys/devices/system/edac/mc/*/dimm*/*",
    "sys/devices/system/edac/mc/*/rank*/*",
    "sys/devices/system/edac/mc/*/csrow*/*",
    "sys/devices/system/edac/pci/*",
    "sys/devices/system/edac/pci/*/*",
    "sys/module/edac_core/parameters/*",
];

/// The machine's error counters for memory and parity.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Edac {
    /// Whether the kernel's EDAC core is loaded. It counts only where a driver has a controller.
    pub loaded: bool,
    /// The memory controllers; empty: no EDAC driver is in charge.
    pub controllers: Vec<Controller>,
    /// PCI parity; `None`: the kernel does not check it.
    pub pci: Option<Parity>,
    /// Other parts with error detection: caches, memory of an SoC.
    pub devices: Vec<EdacDevice>,
    /// The module `edac_core`'s parameters, and what does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One memory controller.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Controller {
    /// Its folder: `mc0`.
    pub controller: String,
    /// The driver's name of it: `Skylake Socket#0 IMC#0`, `F19h_M11h`.
    pub name: Option<String>,
    /// Memory behind it in MiB.
    pub size_mib: Option<u64>,
    /// Corrected errors of all modules, with those below.
    pub corrected: Option<u64>,
    /// Uncorrected errors of all modules, with those below.
    pub uncorrected: Option<u64>,
    /// Corrected errors that no module could be named for.
    pub corrected_unattributed: Option<u64>,
    /// Uncorrected errors that no module could be named for.
    pub uncorrected_unattributed: Option<u64>,
    /// Seconds since the counters were at zero.
    pub seconds_since_reset: Option<u64>,
    /// The scrub rate in bytes a second.
    pub scrub_rate: Option<u64>,
    /// The highest place: `channel 3 slot 1`.
    pub max_location: Option<String>,
    /// Modules or ranks.
    pub dimms: Vec<Dimm>,
    /// Chip-select rows, which old kernels and drivers have instead of modules, or with them.
    pub rows: Vec<Row>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One memory module or rank. A rank's module is known by its label alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Dimm {
    /// Its folder: `dimm3`, `rank4`.
    pub name: String,
    /// Whether it is one rank of a module.
    pub is_rank: bool,
    /// The label, from the board's or the driver's table: `CPU_SrcID#0_MC#0_Chan#1_DIMM#0`.
    pub label: Option<String>,
    /// The place: `channel 1 slot 0`, `csrow 2 channel 0`.
    pub location: Option<String>,
    /// The memory's type: `Registered-DDR4`, `Unbuffered-DDR5`.
    pub memory_type: Option<String>,
    /// The chips' width: `x4`.
    pub device_type: Option<String>,
    /// The correction: `S4ECD4ED`, `SECDED`, `None`.
    pub mode: Option<String>,
    /// Its size in MiB.
    pub size_mib: Option<u64>,
    /// Corrected errors.
    pub corrected: Option<u64>,
    /// Uncorrected errors.
    pub uncorrected: Option<u64>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One chip-select row.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// Its folder: `csrow0`.
    pub name: String,
    /// Its size in MiB.
    pub size_mib: Option<u64>,
    /// The memory's type.
    pub memory_type: Option<String>,
    /// The chips' width.
    pub device_type: Option<String>,
    /// The correction.
    pub mode: Option<String>,
    /// Corrected errors.
    pub corrected: Option<u64>,
    /// Uncorrected errors.
    pub uncorrected: Option<u64>,
    /// Its channels: each with its module.
    pub channels: Vec<Channel>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One channel of a chip-select row.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Channel {
    /// Its number.
    pub channel: u32,
    /// The module's label.
    pub label: Option<String>,
    /// Corrected errors.
    pub corrected: Option<u64>,
    /// Uncorrected errors, which few kernels count by channel.
    pub uncorrected: Option<u64>,
}

/// A part with error detection that is not memory or PCI.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EdacDevice {
    /// Its place below EDAC's folder: kind, instance and, within it, block: `cpu/cpu0/L2`.
    pub place: String,
    /// Corrected errors; of an instance, with its blocks.
    pub corrected: Option<u64>,
    /// Uncorrected errors.
    pub uncorrected: Option<u64>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// Reads EDAC.
pub fn edac(files: &Files) -> Edac {
    let parameters = Folder::open(files, "sys/module/edac_core/parameters");
    let below = names(files, HOME);
    let mc = format!("{HOME}/mc");
    let controllers = names(files, &mc);
    let controllers = controllers.iter().filter(|n| numbered(n, "mc").is_some());
    let others = below
        .iter()
        .filter(|n| !matches!(n.as_str(), "mc" | "pci" | "power" | "uevent" | "subsystem"));
    Edac {
        loaded: !below.is_empty() || !parameters.is_empty(),
        controllers: controllers
            .map(|name| controller(files, &mc, name))
            .collect(),
        pci: below
            .iter()
            .any(|name| name == "pci")
            .then(|| parity(files)),
        devices: others.flat_map(|name| devices(files, name)).collect(),
        leftover: parameters.close(),
    }
}

/// The instances and blocks of one kind of EDAC devices: folders with counters, at two depths.
fn devices(files: &Files, kind: &str) -> Vec<EdacDevice> {
    let mut found = Vec::new();
    for instance in names(files, &format!("{HOME}/{kind}")) {
        let place = format!("{kind}/{instance}");
        for block in names(files, &format!("{HOME}/{place}")) {
            found.extend(device(files, format!("{place}/{block}")));
        }
        found.extend(device(files, place));
    }
    found
}

fn device(files: &Files, place: String) -> Option<EdacDevice> {
    let mut folder = Folder::open(files, &format!("{HOME}/{place}"));
    let device = EdacDevice {
        place,
        corrected: folder.number("ce_count"),
        uncorrected: folder.number("ue_count"),
        leftover: folder.close(),
    };
    (device.corrected.is_some() || device.uncorrected.is_some()).then_some(device)
}

fn controller(files: &Files, mc: &str, name: &str) -> Controller {
    let path = format!("{mc}/{name}");
    let mut folder = Folder::open(files, &path);
    let below = names(files, &path);
    let some = |prefix: &str| {
        let names = below.iter().filter(|n| numbered(n, prefix).is_some());
        names.cloned().collect::<Vec<_>>()
    };
    let dimms = some("dimm").into_iter().map(|name| (name, false));
    let ranks = some("rank").into_iter().map(|name| (name, true));
    Controller {
        controller: name.to_owned(),
        name: folder.text("mc_name"),
        size_mib: folder.number("size_mb"),
        corrected: folder.number("ce_count"),
        uncorrected: folder.number("ue_count"),
        corrected_unattributed: folder.number("ce_noinfo_count"),
        uncorrected_unattributed: folder.number("ue_noinfo_count"),
        seconds_since_reset: folder.number("seconds_since_reset"),
        scrub_rate: folder.number("sdram_scrub_rate"),
        max_location: folder.text("max_location"),
        dimms: dimms
            .chain(ranks)
            .map(|(name, is_rank)| dimm(files, &path, name, is_rank))
            .collect(),
        rows: some("csrow")
            .into_iter()
            .map(|name| row(files, &path, name))
            .collect(),
        leftover: folder.close(),
    }
}

fn dimm(files: &Files, controller: &str, name: String, is_rank: bool) -> Dimm {
    let mut folder = Folder::open(files, &format!("{controller}/{name}"));
    Dimm {
        name,
        is_rank,
        label: folder.text("dimm_label"),
        location: folder.text("dimm_location"),
        memory_type: folder.text("dimm_mem_type"),
        device_type: folder.text("dimm_dev_type"),
        mode: folder.text("dimm_edac_mode"),
        size_mib: folder.number("size"),
        corrected: folder.number("dimm_ce_count"),
        uncorrected: folder.number("dimm_ue_count"),
        leftover: folder.close(),
    }
}

fn row(files: &Files, controller: &str, name: String) -> Row {
    let mut folder = Folder::open(files, &format!("{controller}/{name}"));
    let mut numbers: Vec<u32> = folder.left().iter().filter_map(|n| channel(n)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let channels = numbers.into_iter().map(|channel| Channel {
        channel,
        label: folder.text(&format!("ch{channel}_dimm_label")),
        corrected: folder.number(&format!("ch{channel}_ce_count")),
        uncorrected: folder.number(&format!("ch{channel}_ue_count")),
    });
    let channels = channels.collect();
    Row {
        name,
        size_mib: folder.number("size_mb"),
        memory_type: folder.text("mem_type"),
        device_type: folder.text("dev_type"),
        mode: folder.text("edac_mode"),
        corrected: folder.number("ce_count"),
        uncorrected: folder.number("ue_count"),
        channels,
        leftover: folder.close(),
    }
}

/// The channel of `ch2_ce_count` and `ch2_dimm_label`.
fn channel(name: &str) -> Option<u32> {
    let (channel, rest) = name.split_once('_')?;
    let known = matches!(rest, "ce_count" | "ue_count" | "dimm_label");
    known.then(|| numbered(channel, "ch")).flatten()
}

impl Edac {
    /// Its counters, by module.
    pub fn counts(&self) -> Vec<Count> {
        let mut counts = Vec::new();
        for mc in &self.controllers {
            let home = format!("edac/{}", mc.controller);
            let mut part = Part {
                to: &mut counts,
                part: home.clone(),
            };
            part.add("ce_count", mc.corrected);
            part.add("ue_count", mc.uncorrected);
            part.add("ce_noinfo_count", mc.corrected_unattributed);
            part.add("ue_noinfo_count", mc.uncorrected_unattributed);
            for dimm in &mc.dimms {
                part.part = format!("{home}/{}", dimm.name);
                part.add("dimm_ce_count", dimm.corrected);
                part.add("dimm_ue_count", dimm.uncorrected);
            }
            for row in &mc.rows {
                part.part = format!("{home}/{}", row.name);
                part.add("ce_count", row.corrected);
                part.add("ue_count", row.uncorrected);
                for channel in &row.channels {
                    let number = channel.channel;
                    part.add(&format!("ch{number}_ce_count"), channel.corrected);
                    part.add(&format!("ch{number}_ue_count"), channel.uncorrected);
                }
            }
        }
        for device in &self.devices {
            let part = format!("edac/{}", device.place);
            let mut part = Part {
                to: &mut counts,
                part,
            };
            part.add("ce_count", device.corrected);
            part.add("ue_count", device.uncorrected);
        }
        if let Some(pci) = &self.pci {
            let mut part = Part {
                to: &mut counts,
                part: "edac/pci".to_owned(),
            };
            part.add("pci_parity_count", pci.parity);
            part.add("pci_nonparity_count", pci.other);
        }
        counts
    }
}
