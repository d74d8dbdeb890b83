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
fn edac_modules_keep_every_fact() {
    let edac = edac(&tree(MODULES));
    assert!(edac.loaded);
    let [mc] = edac.controllers.as_slice() else {
        panic!("{edac:?}")
    };
    assert_eq!(mc.name.as_deref(), Some("Intel_10nm Socket#0 IMC#0"));
    assert_eq!((mc.size_mib, mc.corrected), (Some(65_536), Some(7)));
    assert_eq!(mc.uncorrected_unattributed, Some(1));
    assert_eq!(mc.seconds_since_reset, Some(86_412));
    assert_eq!(mc.scrub_rate, None);
    assert_eq!(
        mc.leftover.unread,
        ["reset_counters: denied", "sdram_scrub_rate: No such device"]
    );
    let names: Vec<&str> = mc.dimms.iter().map(|dimm| dimm.name.as_str()).collect();
    assert_eq!(names, ["dimm0", "dimm10", "rank2"]);
    let dimm = &mc.dimms[0];
    assert_eq!(
        dimm.label.as_deref(),
        Some("CPU_SrcID#0_MC#0_Chan#0_DIMM#0")
    );
    assert_eq!(dimm.location.as_deref(), Some("channel 0 slot 0"));
    assert_eq!((dimm.corrected, dimm.uncorrected), (Some(7), Some(0)));
    assert_eq!(dimm.leftover.extra["dimm_mood"], "fine");
    assert_eq!((mc.dimms[1].corrected, &mc.dimms[1].label), (None, &None));
    assert_eq!(mc.dimms[1].leftover.extra["dimm_ce_count"], "many");
    assert!(mc.dimms[2].is_rank);
    let pci = edac.pci.as_ref().unwrap();
    assert_eq!((pci.parity, pci.other), (Some(3), None));
    assert_eq!(pci.leftover.extra["pci0/pe_count"], "3");
}

#[test]
fn edac_rows_of_old_kernels_name_each_channel() {
    let edac = edac(&tree(ROWS));
    let row = &edac.controllers[0].rows[0];
    assert_eq!((row.corrected, row.size_mib), (Some(4), Some(4096)));
    assert_eq!(row.channels.len(), 2);
    assert_eq!(row.channels[1].label.as_deref(), Some("DIMM_A2"));
    assert_eq!(row.channels[1].corrected, Some(4));
    assert_eq!(row.channels[1].uncorrected, None);
    assert_eq!(edac.controllers[0].corrected, None);
}

#[test]
fn edac_core_without_a_driver_differs_from_none() {
    let edac = edac(&tree(MACHINE));
    assert!(edac.loaded && edac.controllers.is_empty() && edac.pci.is_none());
    assert_eq!(edac.leftover.extra["edac_mc_poll_msec"], "1000");
    assert_eq!(super::edac(&Files::new()), Edac::default());
}

#[test]
fn links_have_both_ends() {
    let files = tree(DEVICES);
    let links = pci_links(&files);
    let nvme = links.iter().find(|l| l.address == "0000:01:00.0").unwrap();
    assert_eq!(nvme.parent.as_deref(), Some("0000:00:02.0"));
    assert_eq!((nvme.current_gts, nvme.current_width), (Some(2.5), Some(1)));
    assert_eq!((nvme.max_gts, nvme.max_width), (Some(2.5), Some(1)));
    assert_eq!((nvme.class, nvme.vendor), (Some(0x01_0802), Some(0x1b36)));
    assert_eq!(nvme.driver.as_deref(), Some("nvme"));
    assert_eq!(
        (nvme.numa_node, &*nvme.leftover.extra["numa_node"]),
        (None, "-1")
    );
    let vga = links.iter().find(|l| l.address == "0000:00:01.0").unwrap();
    assert_eq!((vga.parent.as_ref(), vga.current_gts), (None, None));
    let port = links.iter().find(|l| l.address == "0000:00:02.0").unwrap();
    assert_eq!(port.max_gts, Some(16.0));
    let slots = pci_slots(&files);
    assert_eq!(slots[0].address.as_deref(), Some("0000:01:00"));
    assert_eq!(slots[0].max_speed.as_deref(), Some("16.0 GT/s PCIe"));
    assert_eq!(slots[0].leftover.unread, ["attention: Invalid argument"]);
}

#[test]
fn aer_keeps_each_kind_and_the_total() {
    let functions = aer(&tree(DEVICES));
    let addresses: Vec<&str> = functions.iter().map(|f| f.address.as_str()).collect();
    assert_eq!(addresses, ["0000:00:02.0", "0000:02:00.0"]);
    let port = &functions[0];
    assert_eq!(port.rootport_fatal, Some(0));
    let fatal = port.fatal.as_ref().unwrap();
    assert_eq!((fatal.total, fatal.all()), (Some(0), 0));
    assert!(
        fatal
            .kinds
            .iter()
            .any(|kind| kind.name == "PoisonTLPBlocked" || kind.name == "TLP")
    );
    assert_eq!(functions[1].rootport_fatal, None);
    assert!(functions[1].unread.is_empty());
}

#[test]
fn aer_of_old_kernels_has_names_with_spaces_and_no_total() {
    let text = "sys/bus/pci/devices/0000:3b:00.0/aer_dev_correctable: Receiver Error 3\n\
        sys/bus/pci/devices/0000:3b:00.0/aer_dev_correctable: Bad TLP 1\n\
        sys/bus/pci/devices/0000:3b:00.0/aer_dev_correctable: rubbish\n\
        sys/bus/pci/devices/0000:3b:00.0/aer_dev_fatal ! denied\n";
    let functions = aer(&tree(text));
    let correctable = functions[0].correctable.as_ref().unwrap();
    assert_eq!(correctable.kinds[0].name, "Receiver Error");
    assert_eq!((correctable.total, correctable.all()), (None, 4));
    assert_eq!(functions[0].fatal, None);
    assert_eq!(functions[0].unread, ["rubbish", "aer_dev_fatal: denied"]);
}

#[test]
fn cpus_know_their_place() {
    let cpus = cpus(&tree(MACHINE));
    assert_eq!(cpus.online, Some(vec![0, 1, 2, 3]));
    assert_eq!(
        (&cpus.offline, &cpus.isolated),
        (&Some(vec![]), &Some(vec![]))
    );
    assert_eq!(cpus.smt_control.as_deref(), Some("notsupported"));
    assert_eq!(cpus.cpus.len(), 4);
    let last = &cpus.cpus[3];
    assert_eq!(
        (last.package, last.die, last.core, last.node),
        (Some(1), Some(1), Some(1), Some(1))
    );
    assert_eq!((last.online, cpus.cpus[0].online), (Some(true), None));
    assert_eq!(
        (&last.package_cpus, &last.core_cpus),
        (&Some(vec![2, 3]), &Some(vec![3]))
    );
    assert_eq!(
        (last.cluster, &*last.leftover.extra["topology/cluster_id"]),
        (None, "65535")
    );
    assert_eq!(
        (&last.frequency, &last.throttle, &last.cppc),
        (&None, &None, &None)
    );
    assert_eq!(cpus.leftover.extra["nohz_full"], "(null)");
    assert!(
        cpus.vulnerabilities
            .iter()
            .any(|v| v.text.starts_with("Mitigation"))
    );
    assert_eq!(cpus.checks.len(), 4);
    assert_eq!(cpus.checks[0].check_interval, Some(300));
    assert!(!cpus.checks[0].banks.is_empty());
    assert_eq!(
        (cpus.checks[0].ignore_ce, cpus.checks[0].cmci_disabled),
        (Some(false), Some(false))
    );
}

#[test]
fn cpus_throttle_and_change_speed() {
    let text = "sys/devices/system/cpu/cpu0/cpufreq -> sys/devices/system/cpu/cpufreq/policy0\n\
        sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq: 2900000\n\
        sys/devices/system/cpu/cpufreq/policy0/base_frequency: 2600000\n\
        sys/devices/system/cpu/cpufreq/policy0/scaling_governor: performance\n\
        sys/devices/system/cpu/cpufreq/policy0/bios_limit: <unknown>\n\
        sys/devices/system/cpu/cpufreq/boost: 1\n\
        sys/devices/system/cpu/intel_pstate/no_turbo: 0\n\
        sys/devices/system/cpu/intel_pstate/status: active\n\
        sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count: 12\n\
        sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_total_time_ms: 53\n\
        sys/devices/system/cpu/cpu0/acpi_cppc/nominal_freq: 2400\n\
        sys/devices/system/cpu/cpu0/acpi_cppc/feedback_ctrs: ref:1 del:2\n\
        sys/devices/system/cpu/cpu0/microcode/version: 0xd0003d1\n\
        sys/devices/cpu_core/cpus: 0-3\n\
        sys/devices/cpu_atom/cpus: 4-5,8\n";
    let found = cpus(&tree(text));
    let cpu = &found.cpus[0];
    let speed = cpu.frequency.as_ref().unwrap();
    assert_eq!(
        (speed.current_khz, speed.base_khz),
        (Some(2_900_000), Some(2_600_000))
    );
    assert_eq!(
        (
            speed.firmware_limit_khz,
            &*speed.leftover.extra["bios_limit"]
        ),
        (None, "<unknown>")
    );
    let throttle = cpu.throttle.as_ref().unwrap();
    assert_eq!(
        (throttle.core_count, throttle.package_count),
        (Some(12), None)
    );
    assert_eq!(cpu.cppc.as_ref().unwrap().values[0].count, 2400);
    assert_eq!(cpu.microcode.as_deref(), Some("0xd0003d1"));
    assert_eq!((found.boost, found.no_turbo), (Some(true), Some(false)));
    assert_eq!(found.efficient, Some(vec![4, 5, 8]));
    assert_eq!(found.leftover.extra["intel_pstate/status"], "active");
    assert_eq!(found.counts().len(), 2);
}

#[test]
fn lists_of_cpus_are_bounded() {
    assert_eq!(list("0-2,7"), Some(vec![0, 1, 2, 7]));
    assert_eq!(list(""), Some(vec![]));
    assert_eq!(list("0-4294967295"), None);
    assert_eq!(list("3-1"), None);
    assert_eq!(list("all"), None);
}

#[test]
fn ports_keep_what_cannot_be_read() {
    let nics = nics(&tree(DEVICES));
    let [eth0, lo] = nics.as_slice() else {
        panic!("{nics:?}")
    };
    assert_eq!(
        (eth0.speed_mbps, eth0.duplex.as_deref()),
        (Some(1000), Some("full"))
    );
    assert_eq!((eth0.carrier, eth0.carrier_changes), (Some(true), Some(2)));
    assert_eq!(eth0.driver.as_deref(), Some("e1000e"));
    assert!(eth0.device.as_deref().unwrap().ends_with("0000:02:00.0"));
    assert_eq!(eth0.statistics.len(), 24);
    assert_eq!(
        eth0.leftover.unread,
        ["phys_port_name: Operation not supported"]
    );
    assert_eq!(
        (lo.speed_mbps, lo.carrier, lo.device.as_ref()),
        (None, None, None)
    );
    let text = "sys/class/net/ib0/speed: -1\nsys/class/net/ib0/carrier ! Invalid argument\n\
        sys/class/net/bonding_masters: bond0\nsys/class/net/eth9/speed: 4294967295\n";
    let nics = super::nics(&tree(text));
    assert_eq!(nics.len(), 2);
    let unknown = nics.iter().all(|nic| nic.speed_mbps.is_none());
    assert!(unknown && nics[1].leftover.extra["speed"] == "-1");
    assert_eq!(nics[1].leftover.unread, ["carrier: Invalid argument"]);
}

#[test]
fn disks_count_their_errors() {
    let blocks = blocks(&tree(DEVICES));
    let sda = blocks.iter().find(|block| block.name == "sda").unwrap();
    assert_eq!((sda.sectors, sda.rotational), (Some(131_072), Some(true)));
    assert_eq!(sda.io_errors, Some(1));
    assert_eq!((sda.io_requests, sda.io_timeouts), (Some(0x6e), Some(0)));
    assert_eq!(sda.scheduler.as_deref(), Some("mq-deadline"));
    assert_eq!(
        (sda.zoned.as_deref(), sda.write_cache.as_deref()),
        (Some("none"), Some("write back"))
    );
    let stat = sda.stat.as_ref().unwrap();
    assert_eq!(
        (stat.reads, stat.sectors_read, stat.flushes),
        (68, 16_664, Some(0))
    );
    assert_eq!(sda.state.as_deref(), Some("running"));
    assert_eq!(sda.leftover.extra["queue/nr_requests"], "64");
    let old = "sys/block/sdb/stat: 1 2 3 4 5 6 7 8 9 10 11\nsys/block/sdc/stat: 1 2 x\n";
    let blocks = super::blocks(&tree(old));
    assert_eq!(blocks[0].stat.as_ref().unwrap().discards, None);
    assert_eq!(
        (&blocks[1].stat, &*blocks[1].leftover.extra["stat"]),
        (&None, "1 2 x")
    );
}

#[test]
fn phys_and_links_have_their_speed() {
    let files = tree(DEVICES);
    let phys = sas_phys(&files);
    assert_eq!(
        (phys[0].negotiated_gbps, phys[0].invalid_dwords),
        (Some(3.0), Some(0))
    );
    assert_eq!((phys[0].identifier, phys[0].enabled), (Some(0), Some(true)));
    let sata = sata(&files);
    assert_eq!(
        (sata.links[0].gbps, sata.links[0].limit_gbps),
        (Some(1.5), None)
    );
    assert_eq!(sata.links[0].leftover.extra["sata_spd_limit"], "<unknown>");
    assert_eq!(sata.devices[0].mode.as_deref(), Some("XFER_UDMA_5"));
    assert_eq!(sata.devices[0].errors.len(), 1);
    assert_eq!(sata.ports[0].number, Some(1));
    let text = "sys/class/sas_phy/phy-0:0:3/negotiated_linkrate: 12.0 Gbit\n\
        sys/class/sas_phy/phy-0:0:3/invalid_dword_count ! Invalid argument\n\
        sys/class/sas_phy/phy-0:0:3/device/port -> sys/devices/x/host0/port-0:0:1\n\
        sys/class/sas_phy/phy-0:1/negotiated_linkrate: Phy disabled\n";
    let phys = sas_phys(&tree(text));
    assert_eq!(
        (phys[0].negotiated_gbps, phys[0].invalid_dwords),
        (Some(12.0), None)
    );
    assert_eq!(phys[0].port.as_deref(), Some("port-0:0:1"));
    assert_eq!(
        phys[0].leftover.unread,
        ["invalid_dword_count: Invalid argument"]
    );
    assert_eq!(
        phys[1].leftover.extra["negotiated_linkrate"],
        "Phy disabled"
    );
}

#[test]
fn infiniband_ports_keep_states_and_counters() {
    let text = "sys/class/infiniband/mlx5_0/fw_ver: 16.35.2000\n\
        sys/class/infiniband/mlx5_0/ports/1/state: 4: ACTIVE\n\
        sys/class/infiniband/mlx5_0/ports/1/phys_state: 5: LinkUp\n\
        sys/class/infiniband/mlx5_0/ports/1/rate: 100 Gb/sec (4X EDR)\n\
        sys/class/infiniband/mlx5_0/ports/1/counters/symbol_error: 4\n\
        sys/class/infiniband/mlx5_0/ports/1/counters/port_xmit_wait: N/A (no PMA)\n\
        sys/class/infiniband/mlx5_0/ports/1/hw_counters/out_of_sequence: 9\n\
        sys/class/infiniband/mlx5_0/ports/1/counters/link_downed ! denied\n";
    let found = infiniband(&tree(text));
    let port = &found[0].ports[0];
    assert_eq!(
        port.state.as_ref().map(|s| (s.code, &*s.text)),
        Some((4, "ACTIVE"))
    );
    assert_eq!(
        (port.gbps, port.rate.as_deref()),
        (Some(100.0), Some("4X EDR"))
    );
    assert_eq!(port.counters.len(), 1);
    assert_eq!(
        port.leftover.extra["counters/port_xmit_wait"],
        "N/A (no PMA)"
    );
    assert_eq!(port.leftover.unread, ["counters/link_downed: denied"]);
    assert_eq!(super::infiniband::counts(&found).len(), 2);
}

#[test]
fn memory_is_known_by_node() {
    let memory = memory(&tree(MACHINE));
    let total = memory.total.as_ref().unwrap();
    assert!(total.total_kib.is_some_and(|kib| kib > 600_000));
    assert_eq!((total.corrupted_kib, total.huge_pages), (Some(0), Some(0)));
    assert_eq!(memory.oom_kills, Some(0));
    assert_eq!(memory.nodes.len(), 2);
    assert_eq!(memory.nodes[1].distances, Some(vec![21, 10]));
    assert_eq!(memory.nodes[1].cpus, Some(vec![2, 3]));
    let node = memory.nodes[1].memory.as_ref().unwrap();
    assert!(node.total_kib.is_some_and(|kib| kib > 300_000));
    assert!(
        memory.nodes[0]
            .numastat
            .iter()
            .any(|row| row.name == "numa_hit")
    );
    assert_eq!(
        (&memory.unread, memory.nodes[0].leftover.unread.len()),
        (&Vec::new(), 0)
    );
}

#[test]
fn named_interrupts_are_summed_by_cpu() {
    let table = interrupts(&tree(MACHINE)).unwrap();
    assert_eq!(
        (table.sum("MCE"), table.sum("MCP"), table.sum("ERR")),
        (Some(0), Some(4), Some(0))
    );
    assert_eq!((table.sum("TRM"), table.sum("XYZ")), (Some(0), None));
    assert!(table.unread.is_empty());
    let polls = table.named.iter().find(|row| row.name == "MCP").unwrap();
    assert_eq!(polls.by_cpu.len(), 4);
    assert_eq!(polls.text.as_deref(), Some("Machine check polls"));
    let newer = interrupts(&tree(NEWER)).unwrap();
    assert_eq!((newer.sum("MCE"), newer.sum("TRM")), (None, Some(0)));
}

#[test]
fn offline_cpus_leave_holes_in_the_interrupts() {
    let text = "proc/interrupts:            CPU0       CPU8\n\
        proc/interrupts:  MCE:          0          2   Machine check exceptions\n\
        proc/interrupts:  bad\n";
    let table = interrupts(&tree(text)).unwrap();
    assert_eq!(table.named[0].by_cpu, [CpuCount { cpu: 8, count: 2 }]);
    assert_eq!(table.unread, [" bad"]);
}

#[test]
fn arrays_name_failed_members() {
    let none = mdstat(&tree(MACHINE)).unwrap();
    assert_eq!(
        (none.personalities.as_slice(), none.arrays.len()),
        (&["raid1".to_owned()][..], 0)
    );
    let text = "proc/mdstat: Personalities : [raid1] [raid6]\n\
        proc/mdstat: md0 : active (auto-read-only) raid1 sdb1[1](F) sda1[0]\n\
        proc/mdstat:       1046528 blocks super 1.2 [2/1] [U_]\n\
        proc/mdstat:       [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec\n\
        proc/mdstat:       \n\
        proc/mdstat: md9 : inactive sdc1[2](S)\n\
        proc/mdstat: unused devices: sdz\n";
    let found = mdstat(&tree(text)).unwrap();
    let md0 = &found.arrays[0];
    assert_eq!((md0.active, md0.level.as_deref()), (true, Some("raid1")));
    assert_eq!(
        (
            md0.members[0].device.as_str(),
            md0.members[0].flags.as_str()
        ),
        ("sdb1", "F")
    );
    assert_eq!(
        (md0.wanted, md0.working, md0.places.as_deref()),
        (Some(2), Some(1), Some("U_"))
    );
    assert_eq!(
        (md0.action.as_deref(), md0.percent),
        (Some("recovery"), Some(12.6))
    );
    assert_eq!(
        (found.arrays[1].active, found.arrays[1].level.as_ref()),
        (false, None)
    );
    assert_eq!(found.unused, ["sdz"]);
    assert!(found.unread.is_empty());
}

#[test]
fn crashes_are_seen_even_where_they_cannot_be_read() {
    let mut files = tree("proc/sys/kernel/tainted: 16\nsys/fs/pstore/dmesg-erst-1: Oops\n");
    files.add("sys/firmware/acpi/tables/BERT", Entry::Gap(Gap::Denied));
    let found = crashes(&files);
    assert_eq!(found.tainted, Some(16));
    assert_eq!(
        (found.pstore[0].name.as_str(), found.pstore[0].bytes),
        ("dmesg-erst-1", Some(5))
    );
    assert_eq!(
        (found.tables[0].bytes, found.tables[0].unread.as_deref()),
        (None, Some("denied"))
    );
    assert_eq!(found.boot_error, None);
    assert_eq!(crashes(&tree(NEWER)).tainted, Some(0));
}

#[test]
fn differences_tell_growth_from_a_restart() {
    let before = read(&tree(MODULES));
    let grown = MODULES.replace("dimm0/dimm_ce_count: 7", "dimm0/dimm_ce_count: 12");
    let grown = grown.replace("mc0/ue_count: 1", "mc0/ue_count: 0");
    let grown = grown.replace("rank2/dimm_ce_count: 2\n", "rank2/dimm_ue_count: 2\n");
    let changes = read(&tree(&grown)).since(&before);
    let of = |part: &str, name: &str| {
        let change = changes.iter().find(|c| c.part == part && c.name == name);
        change.map(|c| c.change)
    };
    assert_eq!(of("edac/mc0/dimm0", "dimm_ce_count"), Some(Change::By(5)));
    assert_eq!(of("edac/mc0/dimm0", "dimm_ue_count"), Some(Change::By(0)));
    assert_eq!(of("edac/mc0", "ue_count"), Some(Change::Restarted));
    assert_eq!(
        of("edac/mc0/rank2", "dimm_ue_count"),
        Some(Change::Appeared)
    );
    assert_eq!(
        of("edac/mc0/rank2", "dimm_ce_count"),
        Some(Change::Vanished)
    );
    assert_eq!(of("edac/mc0/dimm10", "dimm_ce_count"), None);
    assert_eq!(Change::of(None, None), None);
}

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
        serde_json::to_string(&found).unwrap();
    }
}

fn spoilt(files: &Files, seed: u64) -> Files {
    spoil(files, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
