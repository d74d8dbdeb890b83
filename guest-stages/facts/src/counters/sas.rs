//! SAS phys and SATA links: their speed and what they count.

use serde::Serialize;

use super::change::{Count, Part};
use super::folder::{Folder, Leftover, last, link, names};
use crate::files::Files;

const PHYS: &str = "sys/class/sas_phy";
const LINKS: &str = "sys/class/ata_link";
const PORTS: &str = "sys/class/ata_port";
const DEVICES: &str = "sys/class/ata_device";

/// What to read for [`sas_phys`] and [`sata`].
pub const SAS: &[&str] = &[
    "sys/class/sas_phy/*",
    "sys/class/sas_phy/*/*",
    "sys/class/sas_phy/*/device/port",
    "sys/class/ata_link/*",
    "sys/class/ata_link/*/*",
    "sys/class/ata_port/*",
    "sys/class/ata_port/*/*",
    "sys/class/ata_device/*",
    "sys/class/ata_device/*/class",
    "sys/class/ata_device/*/*_mode",
    "sys/class/ata_device/*/spdn_cnt",
    "sys/class/ata_device/*/ering",
    "sys/class/ata_device/*/trim",
];

/// One SAS phy. Its counters say `None` where the driver cannot ask the phy (then in `unread`).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SasPhy {
    /// Its name: `phy-0:3` of a host, `phy-0:1:12` of an expander.
    pub name: String,
    /// The port that it belongs to: `port-0:1`.
    pub port: Option<String>,
    /// Its place, as a path below the root.
    pub path: Option<String>,
    /// Its SAS address.
    pub address: Option<String>,
    /// Its number at the device.
    pub identifier: Option<u32>,
    /// Whether it is switched on.
    pub enabled: Option<bool>,
    /// Speed in Gbit/s; `None`: no link (`Unknown`, `Phy disabled`, then in `extra`).
    pub negotiated_gbps: Option<f64>,
    /// Highest speed that it may have now in Gbit/s.
    pub maximum_gbps: Option<f64>,
    /// Highest speed of the hardware in Gbit/s.
    pub maximum_hardware_gbps: Option<f64>,
    /// Lowest speed that it may have now in Gbit/s.
    pub minimum_gbps: Option<f64>,
    /// Invalid words received.
    pub invalid_dwords: Option<u64>,
    /// Words with the wrong running disparity.
    pub disparity_errors: Option<u64>,
    /// Times that it lost the words' beginning.
    pub lost_sync: Option<u64>,
    /// Resets that failed.
    pub reset_problems: Option<u64>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// SATA by libata.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sata {
    /// Links.
    pub links: Vec<SataLink>,
    /// Ports.
    pub ports: Vec<SataPort>,
    /// Devices.
    pub devices: Vec<SataDevice>,
}

/// One SATA link.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SataLink {
    /// Its name: `link3`, `link3.0` behind a port multiplier.
    pub name: String,
    /// Speed in Gbit/s; `None`: no device (`<unknown>`, then in `extra`).
    pub gbps: Option<f64>,
    /// The limit in Gbit/s, which the kernel lowers after errors.
    pub limit_gbps: Option<f64>,
    /// The hardware's limit in Gbit/s.
    pub hardware_limit_gbps: Option<f64>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One SATA port.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SataPort {
    /// Its name: `ata3`.
    pub name: String,
    /// Its place, as a path below the root.
    pub path: Option<String>,
    /// Its number at the controller.
    pub number: Option<u32>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One SATA device.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SataDevice {
    /// Its name: `dev3.0`.
    pub name: String,
    /// `ata`, `atapi`, `none`.
    pub class: Option<String>,
    /// The transfer mode: `XFER_UDMA_6`.
    pub mode: Option<String>,
    /// How often the kernel lowered the speed.
    pub speed_downs: Option<u64>,
    /// The kernel's ring of the device's last errors, row by row.
    pub errors: Vec<String>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// `6.0 Gbit` and `6.0 Gbps`.
fn gbps(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once(' ')?;
    let number: f64 = number.parse().ok()?;
    (matches!(unit, "Gbit" | "Gbps") && number.is_finite()).then_some(number)
}

/// Reads every SAS phy.
pub fn sas_phys(files: &Files) -> Vec<SasPhy> {
    let one = |name: String| {
        let home = format!("{PHYS}/{name}");
        let mut folder = Folder::open(files, &home);
        let port = link(files, &format!("{home}/device"), "port");
        SasPhy {
            port: port.map(|to| last(&to).to_owned()),
            path: files.target(&home).map(str::to_owned),
            name,
            address: folder.text("sas_address"),
            identifier: folder.number("phy_identifier"),
            enabled: folder.flag("enable"),
            negotiated_gbps: folder.with("negotiated_linkrate", gbps),
            maximum_gbps: folder.with("maximum_linkrate", gbps),
            maximum_hardware_gbps: folder.with("maximum_linkrate_hw", gbps),
            minimum_gbps: folder.with("minimum_linkrate", gbps),
            invalid_dwords: folder.number("invalid_dword_count"),
            disparity_errors: folder.number("running_disparity_error_count"),
            lost_sync: folder.number("loss_of_dword_sync_count"),
            reset_problems: folder.number("phy_reset_problem_count"),
            leftover: folder.close(),
        }
    };
    names(files, PHYS).into_iter().map(one).collect()
}

/// Reads SATA.
pub fn sata(files: &Files) -> Sata {
    let link = |name: String| {
        let mut folder = Folder::open(files, &format!("{LINKS}/{name}"));
        SataLink {
            name,
            gbps: folder.with("sata_spd", gbps),
            limit_gbps: folder.with("sata_spd_limit", gbps),
            hardware_limit_gbps: folder.with("hw_sata_spd_limit", gbps),
            leftover: folder.close(),
        }
    };
    let port = |name: String| {
        let home = format!("{PORTS}/{name}");
        let mut folder = Folder::open(files, &home);
        SataPort {
            path: files.target(&home).map(str::to_owned),
            name,
            number: folder.number("port_no"),
            leftover: folder.close(),
        }
    };
    let device = |name: String| {
        let mut folder = Folder::open(files, &format!("{DEVICES}/{name}"));
        let errors = folder.text("ering").unwrap_or_default();
        SataDevice {
            name,
            class: folder.text("class"),
            mode: folder.text("xfer_mode"),
            speed_downs: folder.number("spdn_cnt"),
            errors: errors.lines().map(|row| row.trim().to_owned()).collect(),
            leftover: folder.close(),
        }
    };
    Sata {
        links: names(files, LINKS).into_iter().map(link).collect(),
        ports: names(files, PORTS).into_iter().map(port).collect(),
        devices: names(files, DEVICES).into_iter().map(device).collect(),
    }
}

/// The counters of all phys.
pub fn phy_counts(phys: &[SasPhy]) -> Vec<Count> {
    let mut counts = Vec::new();
    for phy in phys {
        let mut part = Part {
            to: &mut counts,
            part: format!("sas/{}", phy.name),
        };
        part.add("invalid_dword_count", phy.invalid_dwords);
        part.add("running_disparity_error_count", phy.disparity_errors);
        part.add("loss_of_dword_sync_count", phy.lost_sync);
        part.add("phy_reset_problem_count", phy.reset_problems);
    }
    counts
}

impl Sata {
    /// The counters of all devices.
    pub fn counts(&self) -> Vec<Count> {
        let mut counts = Vec::new();
        for device in &self.devices {
            let mut part = Part {
                to: &mut counts,
                part: format!("sata/{}", device.name),
            };
            part.add("spdn_cnt", device.speed_downs);
        }
        counts
    }
}
