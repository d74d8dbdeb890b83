//! The PCI bus: what each function is, its link, and its error counters (`Documentation/ABI/testing/
//! sysfs-bus-pci` and `sysfs-bus-pci-devices-aer_stats`).

use super::tree::{Files, Part};
use crate::contract::types::PcieLink;
use crate::simulated::pci::{Function, Seat, functions};
use crate::simulated::profile::Profile;
use crate::simulated::world::World;

const BUS: &str = "sys/bus/pci";

/// The kinds of errors that the kernel counts, in its words (drivers/pci/pcie/aer.c).
const CORRECTABLE: [&str; 8] = [
    "RxErr",
    "BadTLP",
    "BadDLLP",
    "Rollover",
    "Timeout",
    "NonFatalErr",
    "CorrIntErr",
    "HeaderOF",
];
const UNCORRECTABLE: [&str; 18] = [
    "Undefined",
    "DLP",
    "SDES",
    "TLP",
    "FCP",
    "CmpltTO",
    "CmpltAbrt",
    "UnxCmplt",
    "RxOF",
    "MalfTLP",
    "ECRC",
    "UnsupReq",
    "ACSViol",
    "UncorrIntErr",
    "BlockedTLP",
    "AtomicOpBlocked",
    "TLPBlockedErr",
    "PoisonTLPBlocked",
];

pub fn add(files: &mut Files, profile: &Profile) {
    for function in functions(profile) {
        let part = match &function.seat {
            Seat::Gpu(name) => Some(Part::Gpu(name.clone())),
            Seat::Disk(name) if function.goes_with_its_disk => Some(Part::Disk(name.clone())),
            Seat::Disk(_) | Seat::Nic => None,
        };
        files.of_part(part, |files| one(files, &function));
    }
}

/// Where a function's folder is, behind the bus's link.
pub fn home(address: &str) -> String {
    let domain = address.split(':').next().unwrap_or("0000");
    format!("sys/devices/pci{domain}:00/{address}")
}

fn one(files: &mut Files, function: &Function) {
    let address = &function.address;
    let home = home(address);
    files.link(format!("{BUS}/devices/{address}"), &home);
    files.text(format!("{home}/class"), format!("0x{}", function.class));
    for (file, id) in [
        ("vendor", &function.vendor_id),
        ("device", &function.device_id),
        ("subsystem_vendor", &function.vendor_id),
    ] {
        files.text(format!("{home}/{file}"), format!("0x{id}"));
    }
    files.text(format!("{home}/subsystem_device"), "0x0001");
    files.text(format!("{home}/revision"), "0x00");
    files.text(format!("{home}/numa_node"), 0);
    files.text(format!("{home}/enable"), 1);
    files.text(format!("{home}/power_state"), "D0");
    if let Some(driver) = &function.driver {
        let place = format!("{BUS}/drivers/{driver}");
        files.text(format!("{place}/module/version"), "1.0");
        files.link(format!("{home}/driver"), place);
    }
    let Some(full) = function.link.clone() else {
        return;
    };
    link(files, &home, address, &full);
    for (file, rows, last, of) in [
        ("correctable", &CORRECTABLE[..], "TOTAL_ERR_COR", 0),
        ("nonfatal", &UNCORRECTABLE[..], "TOTAL_ERR_NONFATAL", 1),
        ("fatal", &UNCORRECTABLE[..], "TOTAL_ERR_FATAL", 2),
    ] {
        let address = address.clone();
        files.now(format!("{home}/aer_dev_{file}"), move |world| {
            let (correctable, nonfatal, fatal) =
                world.pcie_errors.get(&address).copied().unwrap_or_default();
            let count = [correctable, nonfatal, fatal].get(of).copied().unwrap_or(0);
            Ok(errors(rows, last, count))
        });
    }
}

/// All errors are of the second kind.
fn errors(rows: &[&str], last: &str, count: u64) -> String {
    let row = |(number, name): (usize, &&str)| {
        let count = if number == 1 { count } else { 0 };
        format!("{name} {count}\n")
    };
    let mut text: String = rows.iter().enumerate().map(row).collect();
    text.push_str(&format!("{last} {count}\n"));
    text
}

fn link(files: &mut Files, home: &str, address: &str, full: &PcieLink) {
    let now = |value: fn(&PcieLink) -> String| {
        let (address, full) = (address.to_owned(), full.clone());
        move |world: &World| {
            let link = world.link(Some(&address), Some(full.clone()));
            Ok(value(&link.unwrap_or_else(|| full.clone())))
        }
    };
    let current_speed = now(|link| speed(link.current_speed));
    files.now(format!("{home}/current_link_speed"), current_speed);
    let current_width = now(|link| format!("{}\n", link.current_width));
    files.now(format!("{home}/current_link_width"), current_width);
    files.now(
        format!("{home}/max_link_speed"),
        now(|link| speed(link.max_speed)),
    );
    let max_width = now(|link| format!("{}\n", link.max_width));
    files.now(format!("{home}/max_link_width"), max_width);
}

fn speed(gts: f64) -> String {
    format!("{gts:.1} GT/s PCIe\n")
}
