#![allow(clippy::unwrap_used)]

mod devices;
mod errors;
mod machine;

use super::*;
use crate::files::{Entry, Gap};

/// Reads a tree from a list: `PATH: line` (several rows of one path are its lines), `PATH:` for an empty
/// file, `PATH -> TARGET` for a link, `PATH ! REASON` for a file that could not be read.
pub(crate) fn tree(text: &str) -> Files {
    let mut files = Files::new();
    let mut texts: std::collections::BTreeMap<&str, String> = std::collections::BTreeMap::new();
    for row in text.lines() {
        let end = row.find(' ').unwrap_or(row.len());
        let end = if row[..end].ends_with(':') {
            end - 1
        } else {
            end
        };
        // A path may hold colons, so its end is a colon before white space.
        let (path, rest) = row.split_at(end);
        if let Some(target) = rest.strip_prefix(" -> ") {
            files.add_link(path, target);
        } else if let Some(reason) = rest.strip_prefix(" ! ") {
            files.add(path, Entry::Gap(Gap::Failed(reason.to_owned())));
        } else {
            let rest = rest.strip_prefix(':').unwrap_or(rest);
            let text = texts.entry(path).or_default();
            text.push_str(rest.strip_prefix(' ').unwrap_or(rest));
            text.push('\n');
        }
    }
    for (path, text) in texts {
        files.add_file(path, text);
    }
    files
}

const MACHINE: &str = include_str!("../../captured/counters/qemu-machine.txt");
const DEVICES: &str = include_str!("../../captured/counters/qemu-devices.txt");
const NEWER: &str = include_str!("../../captured/counters/linux-6.18.txt");

/// The layout of `i10nm_edac` and of other drivers that know modules.
const MODULES: &str = "\
sys/devices/system/edac/mc/mc0/mc_name: Intel_10nm Socket#0 IMC#0
sys/devices/system/edac/mc/mc0/size_mb: 65536
sys/devices/system/edac/mc/mc0/ce_count: 7
sys/devices/system/edac/mc/mc0/ue_count: 1
sys/devices/system/edac/mc/mc0/ce_noinfo_count: 0
sys/devices/system/edac/mc/mc0/ue_noinfo_count: 1
sys/devices/system/edac/mc/mc0/seconds_since_reset: 86412
sys/devices/system/edac/mc/mc0/max_location: channel 1 slot 1
sys/devices/system/edac/mc/mc0/sdram_scrub_rate ! No such device
sys/devices/system/edac/mc/mc0/reset_counters ! denied
sys/devices/system/edac/mc/mc0/dimm0/dimm_label: CPU_SrcID#0_MC#0_Chan#0_DIMM#0
sys/devices/system/edac/mc/mc0/dimm0/dimm_location: channel 0 slot 0
sys/devices/system/edac/mc/mc0/dimm0/dimm_mem_type: Registered-DDR4
sys/devices/system/edac/mc/mc0/dimm0/dimm_dev_type: x4
sys/devices/system/edac/mc/mc0/dimm0/dimm_edac_mode: S4ECD4ED
sys/devices/system/edac/mc/mc0/dimm0/size: 32768
sys/devices/system/edac/mc/mc0/dimm0/dimm_ce_count: 7
sys/devices/system/edac/mc/mc0/dimm0/dimm_ue_count: 0
sys/devices/system/edac/mc/mc0/dimm0/dimm_mood: fine
sys/devices/system/edac/mc/mc0/dimm10/dimm_ce_count: many
sys/devices/system/edac/mc/mc0/dimm10/dimm_label:
sys/devices/system/edac/mc/mc0/rank2/dimm_ce_count: 2
sys/devices/system/edac/cpu/cpu0/ce_count: 5
sys/devices/system/edac/cpu/cpu0/L2/ce_count: 4
sys/devices/system/edac/cpu/log_ce: 1
sys/devices/system/edac/pci/pci_parity_count: 3
sys/devices/system/edac/pci/pci0/pe_count: 3
";

/// The layout of old kernels.
const ROWS: &str = "\
sys/devices/system/edac/mc/mc0/mc_name: F10h
sys/devices/system/edac/mc/mc0/csrow0/ce_count: 4
sys/devices/system/edac/mc/mc0/csrow0/ue_count: 0
sys/devices/system/edac/mc/mc0/csrow0/size_mb: 4096
sys/devices/system/edac/mc/mc0/csrow0/mem_type: Registered-DDR3
sys/devices/system/edac/mc/mc0/csrow0/dev_type: x4
sys/devices/system/edac/mc/mc0/csrow0/edac_mode: S4ECD4ED
sys/devices/system/edac/mc/mc0/csrow0/ch0_ce_count: 0
sys/devices/system/edac/mc/mc0/csrow0/ch0_dimm_label: DIMM_A1
sys/devices/system/edac/mc/mc0/csrow0/ch1_ce_count: 4
sys/devices/system/edac/mc/mc0/csrow0/ch1_dimm_label: DIMM_A2
";

#[test]
fn cut_tables_keep_the_rows_before_the_cut() {
    let mut files = Files::new();
    let bytes = b"MemTotal:  100 kB\r\nMemFree:  50 kB\r\nHardwareCorr".to_vec();
    files.add("proc/meminfo", Entry::File { bytes, cut: true });
    let found = memory(&files);
    let total = found.total.as_ref().unwrap();
    assert_eq!(
        (total.total_kib, total.free_kib, total.corrupted_kib),
        (Some(100), Some(50), None)
    );
    assert!(found.unread.is_empty());
}

#[test]
fn tables_cut_at_any_byte_keep_what_stands_before() {
    for path in ["proc/interrupts", "proc/meminfo", "proc/vmstat"] {
        let files = tree(MACHINE);
        let bytes = files.bytes(path).unwrap().to_vec();
        let whole = read(&files);
        for at in 0..bytes.len() {
            let mut files = Files::new();
            let bytes = bytes[..at].to_vec();
            files.add(path, Entry::File { bytes, cut: true });
            if let (Some(found), Some(all)) = (interrupts(&files), &whole.interrupts) {
                assert!(all.named.starts_with(&found.named), "{path} at {at}");
            }
            let found = memory(&files);
            let rows = found.total.map(|total| total.kib).unwrap_or_default();
            assert!(whole.memory.total.as_ref().unwrap().kib.starts_with(&rows));
            assert!(
                whole.memory.vmstat.starts_with(&found.vmstat),
                "{path} at {at}"
            );
            assert_eq!(found.unread, Vec::<String>::new());
        }
    }
}

#[test]
fn numbers_that_were_cut_are_absent() {
    let mut files = tree(MODULES);
    let cut = |bytes: &[u8]| Entry::File {
        bytes: bytes.to_vec(),
        cut: true,
    };
    files.add("sys/devices/system/edac/mc/mc0/ce_count", cut(b"1"));
    files.add("sys/devices/cpu_core/cpus", cut(b"0-1"));
    let node = "Node 0 MemTotal:  100 kB\nNode 0 MemFree:  5";
    files.add(
        "sys/devices/system/node/node0/meminfo",
        cut(node.as_bytes()),
    );
    let found = read(&files);
    let mc = &found.edac.controllers[0];
    assert_eq!((mc.corrected, &*mc.leftover.extra["ce_count"]), (None, "1"));
    assert_eq!(mc.leftover.unread[0], "ce_count: cut");
    assert_eq!(found.cpus.performance, None);
    let node = found.memory.nodes[0].memory.as_ref().unwrap();
    assert_eq!((node.total_kib, node.free_kib), (Some(100), None));
}

#[test]
fn bytes_that_are_not_text_are_not_kept() {
    let mut files = tree(DEVICES);
    files.add_file(
        "sys/bus/pci/devices/0000:01:00.0/config",
        vec![0x36, 0x1b, 0, 0, 1, 2],
    );
    files.add_file(
        "sys/devices/system/edac/mc/mc0/dimm0/dimm_label",
        b"DIMM\xe4\r\n".to_vec(),
    );
    let links = pci_links(&files);
    let link = links
        .iter()
        .find(|link| link.address == "0000:01:00.0")
        .unwrap();
    assert_eq!(link.leftover.unread, ["config: 6 bytes that are not text"]);
    let edac = edac(&files);
    assert_eq!(
        edac.controllers[0].dimms[0].label.as_deref(),
        Some("DIMM\u{fffd}")
    );
}

#[test]
fn a_class_behind_links_is_read_at_the_device() {
    let text = "sys/class/net/eth0 -> sys/devices/pci0000:00/0000:00:03.0/net/eth0\n\
        sys/devices/pci0000:00/0000:00:03.0/net/eth0/speed: 25000\n\
        sys/devices/pci0000:00/0000:00:03.0/net/eth0/statistics/rx_crc_errors: 3\n\
        sys/devices/pci0000:00/0000:00:03.0/net/eth0/device -> sys/devices/pci0000:00/0000:00:03.0\n";
    let nics = nics(&tree(text));
    assert_eq!(
        (nics[0].speed_mbps, nics[0].statistics[0].count),
        (Some(25_000), 3)
    );
    assert!(nics[0].device.is_some());
    let ring = "sys/class/net/a -> sys/class/net/b\nsys/class/net/b -> sys/class/net/a\n";
    assert_eq!(super::nics(&tree(ring)).len(), 2);
}

#[test]
fn globs_are_of_one_segment_each() {
    let globs = globs();
    assert!(globs.len() > 100);
    for glob in globs {
        assert!(
            !glob.contains("**") && !glob.starts_with('/') && !glob.ends_with('/'),
            "{glob}"
        );
    }
}

/// Changes single bytes of a tree's files by a small generator.
pub(crate) fn spoil(files: &Files, seed: u64) -> Files {
    let mut state = seed | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut spoilt = Files::new();
    for (path, entry) in files.iter() {
        let mut entry = entry.clone();
        if let Entry::File { bytes, cut } = &mut entry {
            match next() % 4 {
                0 if !bytes.is_empty() => {
                    let at = (next() % bytes.len() as u64) as usize;
                    bytes[at] = (next() >> 8) as u8;
                }
                1 => {
                    let at = (next() % (bytes.len() as u64 + 1)) as usize;
                    bytes.truncate(at);
                    *cut = next() % 2 == 0;
                }
                _ => {}
            }
        }
        spoilt.add(path, entry);
    }
    spoilt
}

#[test]
fn spoilt_files_never_panic() {
    let all = [MACHINE, DEVICES, NEWER, MODULES, ROWS].concat();
    let files = tree(&all);
    for seed in 1..40 {
        let found = read(&spoilt(&files, seed));
        assert_eq!(found.links.len(), read(&files).links.len());
        assert!(serde_json::to_string(&found).is_ok());
    }
}

fn spoilt(files: &Files, seed: u64) -> Files {
    spoil(files, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
