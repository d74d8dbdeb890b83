//! The kernel's counters: cpufreq and thermal throttling, EDAC, AER, network and disk statistics.

use super::disks;
use super::inventory::{cpu, nics};
use super::pci;
use super::root::Root;
use crate::contract::counters::{
    CpuCounters, DimmCounters, DiskCounters, MemoryCounters, NicCounters, PcieCounters, Reading,
};

/// Reads all counters once.
pub fn read(root: &Root) -> Reading {
    Reading {
        cpus: cpus(root),
        memory: memory(root),
        pcie: pcie(root),
        nics: nics::names(root).iter().map(|n| nic(root, n)).collect(),
        disks: disks::names(root).iter().map(|n| disk(root, n)).collect(),
        extra: Vec::new(),
    }
}

fn cpus(root: &Root) -> Vec<CpuCounters> {
    let one = |number: u32| {
        let folder = format!("{}/cpu{number}", cpu::FOLDER);
        let mhz = |file: &str| {
            let khz: f64 = root.number(&format!("{folder}/cpufreq/{file}"))?;
            (khz.is_finite() && khz > 0.0).then_some(khz / 1e3)
        };
        let throttle = |file: &str| root.number(&format!("{folder}/thermal_throttle/{file}"));
        let place = cpu::place(root, number);
        CpuCounters {
            cpu: number,
            core: place.core,
            package: place.package,
            current_mhz: mhz("scaling_cur_freq").or_else(|| mhz("cpuinfo_cur_freq")),
            base_mhz: mhz("base_frequency"),
            max_mhz: mhz("cpuinfo_max_freq"),
            core_throttle_ms: throttle("core_throttle_total_time_ms"),
            package_throttle_ms: throttle("package_throttle_total_time_ms"),
        }
    };
    cpu::online(root).into_iter().map(one).collect()
}

/// EDAC (Documentation/admin-guide/RAS): one folder per memory controller, in it one per module
/// (`dimmN`, `rankN`) or, with old drivers, one per chip-select row.
fn memory(root: &Root) -> MemoryCounters {
    let mut memory = MemoryCounters::default();
    let edac = "sys/devices/system/edac/mc";
    for controller in root.list(edac) {
        let folder = format!("{edac}/{controller}");
        if !is_numbered(&controller, "mc") || !root.is_folder(&folder) {
            continue;
        }
        let driver = root.value(&format!("{folder}/mc_name"));
        memory
            .drivers
            .push(driver.unwrap_or_else(|| controller.clone()));
        let count = |file: &str| root.number::<u64>(&format!("{folder}/{file}")).unwrap_or(0);
        memory.corrected_unattributed += count("ce_noinfo_count");
        memory.uncorrected_unattributed += count("ue_noinfo_count");
        let names = root.list(&folder);
        let modules = |prefix: &str| {
            let names = names.iter().filter(|name| is_numbered(name, prefix));
            names.cloned().collect::<Vec<_>>()
        };
        let dimms = [modules("dimm"), modules("rank")].concat();
        if dimms.is_empty() {
            let rows = modules("csrow");
            memory.dimms.extend(
                rows.iter()
                    .map(|row| csrow(root, &folder, &controller, row)),
            );
        }
        for name in dimms {
            let value = |file: &str| root.value(&format!("{folder}/{name}/{file}"));
            let count = |file: &str| value(file).and_then(|t| t.parse().ok()).unwrap_or(0);
            memory.dimms.push(DimmCounters {
                controller: controller.clone(),
                label: value("dimm_label").unwrap_or_else(|| name.clone()),
                location: value("dimm_location").unwrap_or_default(),
                corrected: count("dimm_ce_count"),
                uncorrected: count("dimm_ue_count"),
            });
        }
    }
    memory
}

fn csrow(root: &Root, folder: &str, controller: &str, row: &str) -> DimmCounters {
    let count = |file: &str| root.number(&format!("{folder}/{row}/{file}")).unwrap_or(0);
    let label = root.value(&format!("{folder}/{row}/ch0_dimm_label"));
    DimmCounters {
        controller: controller.to_owned(),
        label: label.unwrap_or_else(|| row.to_owned()),
        location: row.replace("csrow", "csrow "),
        corrected: count("ce_count"),
        uncorrected: count("ue_count"),
    }
}

fn is_numbered(name: &str, prefix: &str) -> bool {
    let number = name.strip_prefix(prefix).unwrap_or_default();
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// AER (ABI/testing/sysfs-bus-pci-devices-aer_stats): a line per kind of error, then the total.
fn pcie(root: &Root) -> Vec<PcieCounters> {
    let addresses = root
        .list(pci::BUS)
        .into_iter()
        .filter(|a| pci::is_address(a));
    let one = |address: String| {
        let total = |kind: &str, last: &str| {
            let text = root.value(&format!("{}/{address}/aer_dev_{kind}", pci::BUS))?;
            aer_total(&text, last)
        };
        let correctable = total("correctable", "TOTAL_ERR_COR");
        let nonfatal = total("nonfatal", "TOTAL_ERR_NONFATAL");
        let fatal = total("fatal", "TOTAL_ERR_FATAL");
        (correctable.is_some() || nonfatal.is_some() || fatal.is_some()).then(|| PcieCounters {
            correctable: correctable.unwrap_or(0),
            nonfatal: nonfatal.unwrap_or(0),
            fatal: fatal.unwrap_or(0),
            address,
        })
    };
    addresses.filter_map(one).collect()
}

/// The total of one AER file; the sum of its lines where an old kernel writes no total.
pub fn aer_total(text: &str, last: &str) -> Option<u64> {
    let line = |line: &str| {
        let (name, count) = line.trim().rsplit_once(char::is_whitespace)?;
        Some((name.trim().to_owned(), count.parse::<u64>().ok()?))
    };
    let lines: Vec<_> = text.lines().filter_map(line).collect();
    let total = lines.iter().find(|(name, _)| name == last);
    match total {
        Some((_, count)) => Some(*count),
        None if lines.is_empty() => None,
        None => Some(lines.iter().fold(0, |sum, (_, n)| sum.saturating_add(*n))),
    }
}

fn nic(root: &Root, name: &str) -> NicCounters {
    let folder = format!("{}/{name}", nics::CLASS);
    let count = |file: &str| {
        root.number(&format!("{folder}/statistics/{file}"))
            .unwrap_or(0)
    };
    NicCounters {
        name: name.to_owned(),
        rx_bytes: count("rx_bytes"),
        tx_bytes: count("tx_bytes"),
        rx_errors: count("rx_errors"),
        tx_errors: count("tx_errors"),
        rx_crc_errors: count("rx_crc_errors"),
        rx_frame_errors: count("rx_frame_errors"),
        rx_missed_errors: count("rx_missed_errors"),
        rx_dropped: count("rx_dropped"),
        carrier_changes: root
            .number(&format!("{folder}/carrier_changes"))
            .unwrap_or(0),
    }
}

/// Documentation/block/stat.rst: the third and the seventh field are sectors of 512 bytes, whatever
/// the disk's own block size.
fn disk(root: &Root, name: &str) -> DiskCounters {
    let folder = format!("{}/{name}", disks::BLOCK);
    let stat = root.value(&format!("{folder}/stat")).unwrap_or_default();
    let fields: Vec<u64> = stat
        .split_whitespace()
        .map(|f| f.parse().unwrap_or(0))
        .collect();
    let sectors = |field: usize| fields.get(field).copied().unwrap_or(0);
    let errors = root.value(&format!("{folder}/device/ioerr_cnt"));
    DiskCounters {
        name: name.to_owned(),
        read_bytes: sectors(2).saturating_mul(512),
        written_bytes: sectors(6).saturating_mul(512),
        // The kernel writes it in hexadecimal: `0x3`.
        io_errors: errors.and_then(|text| {
            let digits = text.strip_prefix("0x");
            digits.map_or(text.parse().ok(), |d| u64::from_str_radix(d, 16).ok())
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_an_aer_file_is_its_last_line() {
        let text = "RxErr 3\nBadTLP 0\nRollover 1\nTOTAL_ERR_COR 4\n";
        assert_eq!(aer_total(text, "TOTAL_ERR_COR"), Some(4));
        assert_eq!(
            aer_total("Undefined 0\nData Link Protocol 2\n", "TOTAL_ERR_FATAL"),
            Some(2)
        );
        assert_eq!(aer_total("garbage", "TOTAL_ERR_FATAL"), None);
    }
}
