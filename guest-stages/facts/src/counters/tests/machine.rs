use super::super::*;
use super::{MACHINE, NEWER, tree};

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
