//! What the kernel said while a stage worked, and what that means. A stage that judges by it has these
//! rules in its table: `use kernel_events;`.

use std::collections::BTreeMap;

mod meaning;

use vetting_facts::kernel::{self, Incident, Kind, Severity};

use crate::kernel_log::{self, Beginning, Watch};
use crate::types::Error;
use crate::{Findings, Has, Measure, explain};
use meaning::{Meaning, bank, is_fatal, is_void, meaning, of_a_disk, place, uncorrected};

crate::__rules! {
    /// A machine check was not corrected, or one bank had too many that were: what a processor computes or keeps may be wrong.
    MACHINE_CHECK: fail "machine-check" = "0 uncorrected (bit 61 of the status), 2 corrected of one bank",
        "Intel SDM volume 3, IA32_MCi_STATUS; corrected ones: default";
    /// A processor had machine checks that were corrected.
    MACHINE_CHECK_CORRECTED: warn "machine-check" = "0", "Intel SDM volume 3, IA32_MCi_STATUS";
    /// The kernel reported a memory error that was not corrected.
    MEMORY_UNCORRECTED: fail "memory-uncorrected" = "0", "Linux EDAC, admin-guide/RAS";
    /// The kernel reported a memory error that was corrected.
    MEMORY_CORRECTED: warn "memory-corrected" = "0", "default";
    /// A PCI Express function reported a fatal or non-fatal error; the fault may be the link partner's.
    PCIE_UNCORRECTED: fail "pcie-uncorrected" = "0", "Linux pcieaer-howto";
    /// A PCI Express function reported a corrected error.
    PCIE_CORRECTED: warn "pcie-corrected" = "0", "Linux pcieaer-howto";
    /// The kernel could not read or write a disk.
    IO_ERROR: fail "io-error" = "0", "default";
    /// The kernel reported that a processor was throttled by heat.
    THERMAL_THROTTLE: warn "thermal-throttle" = "0", "Linux therm_throt.c; default";
    /// The kernel ended a process for lack of memory: it may have been a tool of the test.
    OUT_OF_MEMORY: warn "out-of-memory" = "0", "default";
    /// A task or a processor was stuck.
    HUNG_TASK: warn "hung-task" = "0", "default";
    /// A GPU reported an Xid after which it does not go into service, or one of applications, since the tests' own load is known to be good.
    GPU_XID: fail "gpu-xid" = "none of 13, 31, 43, 45, 46, 48, 54, 62, 64, 69, 74, 79, 95, 109, 110, 119, 120, 140, 143, 158, 171, 172",
        "NVIDIA Xid catalogue";
    /// A GPU reported another Xid.
    GPU_XID_REMARK: warn "gpu-xid" = "0", "NVIDIA Xid catalogue; default";
    /// An NVSwitch reported a fatal error of its fabric, or a GPU does not answer.
    GPU_FAULT: fail "gpu-fault" = "0", "NVIDIA Fabric Manager User Guide, SXid errors; default";
    /// An NVSwitch or a GPU reported an error that is not fatal, or was reset.
    GPU_FAULT_REMARK: warn "gpu-fault" = "0", "NVIDIA Fabric Manager User Guide, SXid errors; default";
    /// A device accessed memory that it may not: the device, its driver or its firmware.
    IOMMU_FAULT: warn "iommu-fault" = "0", "Linux drivers/iommu, DMAR and AMD-Vi faults";
    /// A network adapter or its firmware failed.
    NIC_FAULT: fail "nic-fault" = "0", "default";
    /// A network port's transmit queue stood still.
    NIC_TIMEOUT: warn "nic-timeout" = "0", "Linux net/sched/sch_generic.c, dev_watchdog";
    /// A file system or an array found data that is not what was written.
    DATA_CORRUPT: fail "data-corrupt" = "0", "default";
    /// A processor took no interrupts, or a non-maskable interrupt reported an error of the system.
    SYSTEM_ERROR: fail "system-error" = "0", "Linux kernel/watchdog.c, arch/x86/kernel/nmi.c";
    /// A thermal zone reached its critical temperature.
    ZONE_TOO_HOT: fail "thermal-critical" = "0", "Linux Documentation/driver-api/thermal";
    /// The kernel reported errors of the hardware: the failures above, counted.
    KERNEL_ERRORS: fail "kernel-errors" = "0", "Linux mce/core.c, pcieaer-howto, edac; NVIDIA Xid catalogue";
    /// Lines of the kernel's log were lost, so that not all of it was judged.
    KERNEL_LOG_LOST: warn "kernel-log-lost" = "0", "default";
}

/// Xids after which a GPU does not go into service (NVIDIA's catalogue of Xid errors): double-bit
/// errors, failed remaps, NVLink, off the bus, uncontained errors, power.
const XIDS_BAD: [u32; 17] = [
    46, 48, 54, 62, 64, 74, 79, 95, 109, 119, 120, 140, 143, 158, 171, 172, 110,
];

/// Xids of applications; hardware only under a load that is known to be good, as ours is.
const XIDS_OF_LOAD: [u32; 5] = [13, 31, 43, 45, 69];

/// The Xid of work that was cleaned up after an earlier error.
const CLEANED_UP: u32 = 45;

/// As many corrected machine checks of one bank are one too many.
const CORRECTED_PER_BANK: u64 = 3;

/// Processors that are named one by one when they were throttled.
const FEW_HEATED: usize = 3;

/// Records after which no more are kept of one stage, which is a finding of its own.
const MOST_ENTRIES: usize = 20_000;

/// A watch of the kernel's log, from its opening on.
pub struct KernelEvents {
    watch: Result<Watch, Error>,
    entries: Vec<kernel::Entry>,
}

impl KernelEvents {
    /// Opens the watch. Where the log cannot be read, that is a finding at the end.
    pub fn watch() -> Self {
        KernelEvents {
            watch: kernel_log::open(Beginning::Now),
            entries: Vec::new(),
        }
    }

    /// Takes what has come since the last time. Waits for nothing.
    pub fn collect(&mut self) {
        let Ok(watch) = &self.watch else { return };
        loop {
            // After a cancel the first call says so, and the second gives what has come.
            let came = watch.next(0).or_else(|_| watch.next(0)).unwrap_or_default();
            if came.is_empty() || self.entries.len() >= MOST_ENTRIES {
                return;
            }
            self.entries.extend(came.into_iter().map(entry));
        }
    }

    /// Holds what came against the rules, which `table` has.
    ///
    /// # Errors
    ///
    /// Why the log could not be watched, in a sentence: what that means is the stage's to say.
    pub fn judge(mut self, table: impl Has<Table>, findings: &mut Findings) -> Result<(), String> {
        let _proof = table;
        self.collect();
        let watch = self.watch.as_ref().map_err(|error| {
            format!("the kernel's log could not be watched: {}", explain(error))
        })?;
        let lost = watch.lost();
        if lost > 0 {
            let message = format!("{lost} lines of the kernel's log were lost");
            findings.broken(KERNEL_LOG_LOST, None, message);
        }
        if self.entries.len() >= MOST_ENTRIES {
            let message = format!(
                "only the first {} lines that came were judged",
                self.entries.len()
            );
            findings.broken(KERNEL_LOG_LOST, None, message);
        }
        judge(&self.entries, findings);
        Ok(())
    }
}

/// A record of the log as the parsers of `vetting-facts` take it.
fn entry(entry: kernel_log::Entry) -> kernel::Entry {
    kernel::Entry {
        sequence: Some(entry.sequence),
        priority: Some(entry.priority),
        facility: u8::try_from(entry.facility).ok(),
        at_us: Some(entry.at_us),
        text: entry.text,
        fields: entry.fields,
        ..kernel::Entry::default()
    }
}

/// Holds what came against the rules.
fn judge(entries: &[kernel::Entry], findings: &mut Findings) {
    let events = kernel::events(entries);
    let mut errors = 0;
    let mut banks: BTreeMap<String, u64> = BTreeMap::new();
    let mut heated = Vec::new();
    let incidents = kernel::incidents(entries, &events);
    let failed = |incident: &Incident| match meaning(incident) {
        Some(Meaning::Xid(xid)) => XIDS_BAD.contains(&xid),
        Some(Meaning::Gpu) => is_fatal(incident),
        _ => false,
    };
    let a_gpu_failed = incidents.iter().any(failed);
    for incident in incidents {
        let Some(meaning) = meaning(&incident) else {
            continue;
        };
        let of_information = incident.severity == Some(Severity::Info);
        if meaning == Meaning::Disk && !of_a_disk(&incident, entries)
            || meaning == Meaning::MachineCheck && is_void(&incident)
            || meaning != Meaning::Heat && of_information
        {
            continue;
        }
        let line = line(&incident, entries);
        let text = match incident.times {
            0 | 1 => line.to_owned(),
            times => format!("{line} ({times} times)"),
        };
        let bad = uncorrected(&incident);
        let (rule, words) = match meaning {
            Meaning::MachineCheck if bad => (MACHINE_CHECK, "uncorrected machine check".to_owned()),
            Meaning::MachineCheck if incident.kind == Kind::MachineCheckStorm => (
                MACHINE_CHECK_CORRECTED,
                "a storm of corrected machine checks".to_owned(),
            ),
            Meaning::MachineCheck => {
                *banks.entry(bank(&incident)).or_default() += incident.errors.max(1);
                continue;
            }
            Meaning::Memory if bad => (MEMORY_UNCORRECTED, "uncorrected memory error".to_owned()),
            Meaning::Memory => (MEMORY_CORRECTED, "corrected memory error".to_owned()),
            Meaning::Pcie if bad => (
                PCIE_UNCORRECTED,
                "uncorrected PCI Express error; the fault may be the link partner's".to_owned(),
            ),
            Meaning::Pcie => (PCIE_CORRECTED, "corrected PCI Express error".to_owned()),
            Meaning::Disk => (IO_ERROR, "the disk answered with an error".to_owned()),
            // Gathered, and judged together.
            Meaning::Heat => {
                heated.push(incident);
                continue;
            }
            Meaning::Gpu if is_fatal(&incident) => {
                (GPU_FAULT, "a GPU or its fabric failed".to_owned())
            }
            Meaning::Gpu => (
                GPU_FAULT_REMARK,
                "a GPU or its fabric reported an error".to_owned(),
            ),
            Meaning::Iommu => (
                IOMMU_FAULT,
                "a device accessed memory that it may not".to_owned(),
            ),
            Meaning::Nic => (NIC_FAULT, "the network adapter failed".to_owned()),
            Meaning::NicTimeout => (NIC_TIMEOUT, "its transmit queue stood still".to_owned()),
            Meaning::Data => (DATA_CORRUPT, "data is not what was written".to_owned()),
            Meaning::System => (SYSTEM_ERROR, "the system reported an error".to_owned()),
            Meaning::ZoneTooHot => (
                ZONE_TOO_HOT,
                "a critical temperature was reached".to_owned(),
            ),
            Meaning::OutOfMemory => (
                OUT_OF_MEMORY,
                "the kernel ended a process for lack of memory".to_owned(),
            ),
            Meaning::Stuck => (HUNG_TASK, "a task or a CPU was stuck".to_owned()),
            // The work on other GPUs ends with a GPU that failed, and says nothing of theirs.
            Meaning::Xid(CLEANED_UP) if a_gpu_failed => {
                (GPU_XID_REMARK, format!("Xid {CLEANED_UP}"))
            }
            Meaning::Xid(xid) if XIDS_BAD.contains(&xid) || XIDS_OF_LOAD.contains(&xid) => {
                (GPU_XID, format!("Xid {xid}"))
            }
            Meaning::Xid(xid) => (GPU_XID_REMARK, format!("Xid {xid}")),
        };
        errors += u32::from(rule.is_bad);
        findings.broken(rule, place(&incident).as_ref(), format!("{words}: {text}"));
    }
    heat(&heated, entries, findings);
    for (place, count) in banks {
        let message = format!("{count} corrected machine checks of {place}");
        match count >= CORRECTED_PER_BANK {
            true => {
                errors += 1;
                findings.broken(MACHINE_CHECK, None, message);
            }
            false => findings.broken(MACHINE_CHECK_CORRECTED, None, message),
        }
    }
    // What was diagnosed above one by one.
    let measure = Measure::number("kernel-errors", f64::from(errors));
    findings.hold(measure.at_most(KERNEL_ERRORS, 0.0), || {
        format!("the kernel reported {errors} errors of the hardware")
    });
}

/// An incident's first line.
fn line<'a>(incident: &Incident, entries: &'a [kernel::Entry]) -> &'a str {
    let entry = entries.get(incident.first);
    entry.map_or("", |entry| entry.text.trim())
}

/// Processors that were throttled: each by itself while they are few. A package that is too hot throttles
/// every one of its processors, and is one cause.
fn heat(incidents: &[Incident], entries: &[kernel::Entry], findings: &mut Findings) {
    if incidents.len() <= FEW_HEATED {
        for incident in incidents {
            let message = format!("throttled by heat: {}", line(incident, entries));
            findings.broken(THERMAL_THROTTLE, place(incident).as_ref(), message);
        }
    } else if let Some(first) = incidents.first() {
        let message = format!(
            "{} processors or packages were throttled by heat, the first: {}",
            incidents.len(),
            line(first, entries)
        );
        findings.broken(THERMAL_THROTTLE, place(first).as_ref(), message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn verdict(lines: &[&str]) -> Verdict {
        outcome(lines).verdict
    }

    fn outcome(lines: &[&str]) -> crate::Outcome {
        let numbered = lines.iter().enumerate();
        let entries: Vec<kernel::Entry> = numbered
            .map(|(number, text)| kernel::Entry {
                sequence: Some(number as u64),
                priority: Some(3),
                facility: Some(0),
                at_us: Some(number as u64 * 1_000_000),
                text: (*text).to_owned(),
                ..kernel::Entry::default()
            })
            .collect();
        let mut findings = Findings::new();
        judge(&entries, &mut findings);
        findings.outcome("")
    }

    #[test]
    fn machine_checks_are_judged_by_their_status() {
        let corrected = "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 7: 8c00004000010090";
        let uncorrected = "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 4: be00000000800400";
        let companion = "mce: [Hardware Error]: PROCESSOR 0:50654 TIME 1700000000 SOCKET 0 APIC 6";
        assert_eq!(verdict(&[]), Verdict::Pass);
        assert_eq!(verdict(&[corrected, companion]), Verdict::Pass);
        assert_eq!(verdict(&[corrected, corrected, corrected]), Verdict::Fail);
        assert_eq!(verdict(&[uncorrected]), Verdict::Fail);
    }

    #[test]
    fn what_was_not_corrected_fails_and_what_was_is_a_remark() {
        for (line, expected) in [
            (
                "EDAC MC0: 1 UE memory read error on DIMM_A1 (channel:0 slot:0 page:0x1 offset:0x0 grain:32)",
                Verdict::Fail,
            ),
            (
                "EDAC MC0: 1 CE memory read error on DIMM_A1 (channel:0 slot:0 page:0x1 offset:0x0 grain:32 syndrome:0x0)",
                Verdict::Pass,
            ),
            (
                "pcieport 0000:65:00.0: PCIe Bus Error: severity=Uncorrectable (Fatal), type=Data Link Layer, (Transmitter ID)",
                Verdict::Fail,
            ),
            (
                "pcieport 0000:65:00.0: PCIe Bus Error: severity=Correctable, type=Data Link Layer, (Transmitter ID)",
                Verdict::Pass,
            ),
            (
                "NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.",
                Verdict::Fail,
            ),
            (
                "NVRM: Xid (PCI:0000:3b:00): 63, pid=1, Row Remapper",
                Verdict::Pass,
            ),
            (
                "I/O error, dev sdb, sector 8 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2",
                Verdict::Fail,
            ),
            ("eth0: Link is Down", Verdict::Pass),
            (
                "NVRM: Xid (PCI:0009:01:00): 149, NETIR_LINK_EVT  Fatal   XC0 i0 Link 00 (0x021405c6 0x00000000)",
                Verdict::Fail,
            ),
            (
                "NVRM: Xid (PCI:0009:01:00): 149, NETIR_LINK_EVT  Nonfatal XC0 i0 Link 00 (0x021405c6 0x00000000)",
                Verdict::Pass,
            ),
            (
                "NVRM: Xid (PCI:0000:ed:00): 45, pid=7, name=gpu_burn, Ch 0000000c",
                Verdict::Fail,
            ),
            (
                "thermal thermal_zone0: acpitz: critical temperature reached, shutting down",
                Verdict::Fail,
            ),
            (
                "NMI watchdog: Watchdog detected hard LOCKUP on cpu 3",
                Verdict::Fail,
            ),
            (
                "nvidia-nvswitch0: SXid (PCI:0000:a9:00.0): 20034, Fatal, Link 38 LTSSM Fault Up",
                Verdict::Fail,
            ),
            (
                "EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.",
                Verdict::Pass,
            ),
            (
                "igb 0000:03:00.0 eth0: igb: eth0 NIC Link is Up 1000 Mbps Full Duplex",
                Verdict::Pass,
            ),
            (
                "I/O error, dev sr0, sector 0 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2",
                Verdict::Pass,
            ),
            (
                "critical target error, dev sdb, sector 8 op 0x3:(DISCARD) flags 0x800 phys_seg 1 prio class 2",
                Verdict::Pass,
            ),
            (
                "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 9: 0000000000000000",
                Verdict::Pass,
            ),
        ] {
            assert_eq!(verdict(&[line]), expected, "{line}");
        }
    }

    #[test]
    fn work_that_ended_with_another_gpu_blames_nothing() {
        let link =
            "NVRM: Xid (PCI:0000:dc:00): 149, NETIR_LINK_EVT  Fatal   XC0 i0 Link 08 (0x004505c6)";
        let work = "NVRM: Xid (PCI:0000:ed:00): 45, pid=7, name=gpu_burn, Ch 0000000c caused by previous Xid 149";
        let outcome = outcome(&[link, work]);
        let blamed: Vec<_> = outcome
            .diagnoses
            .iter()
            .filter(|d| d.finding == crate::Finding::Fail)
            .filter_map(|d| d.part.as_ref().map(|part| part.location.clone()))
            .collect();
        assert_eq!(blamed.len(), 1, "{blamed:?}");
    }

    #[test]
    fn the_table_says_what_the_code_does() {
        let limit = |name: &str| {
            let rows = serde_json::Deserializer::from_str(Table::RULES).into_iter();
            let mut rows = rows.map(|row| -> serde_json::Value { row.expect("JSON") });
            let row = rows.find(|row| row["name"] == name).expect("a rule");
            row["limit"].as_str().expect("a limit").to_owned()
        };
        let told = limit("gpu-xid");
        let told = told.strip_prefix("none of ").expect("a list").split(", ");
        let mut bad = [&XIDS_BAD[..], &XIDS_OF_LOAD].concat();
        bad.sort_unstable();
        let told: Vec<u32> = told.map(|xid| xid.parse().expect("a number")).collect();
        assert_eq!(told, bad);
        let allowed = format!("{} corrected of one bank", CORRECTED_PER_BANK - 1);
        assert!(limit("machine-check").ends_with(&allowed));
    }
}
