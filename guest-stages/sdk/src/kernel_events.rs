//! What the kernel said while a stage worked, and what that means. A stage that judges by it has these
//! rules in its table: `use kernel_events;`.

use std::collections::BTreeMap;

use crate::kernel_log::{self, Event, EventKind, Watch};
use crate::types::Error;
use crate::{Findings, Has, Measure, explain, part};

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

/// As many corrected machine checks of one bank are one too many.
const CORRECTED_PER_BANK: usize = 3;

/// A watch of the kernel's log, from its opening on.
pub struct KernelEvents {
    watch: Result<Watch, Error>,
    events: Vec<Event>,
}

impl KernelEvents {
    /// Opens the watch. Where the log cannot be read, that is a finding at the end.
    pub fn watch() -> Self {
        KernelEvents {
            watch: kernel_log::open(),
            events: Vec::new(),
        }
    }

    /// Takes what has come since the last time, and gives it to `each`. Waits for nothing.
    pub fn collect(&mut self) {
        if let Ok(watch) = &self.watch {
            // After a cancel the first call says so, and the second gives what has come.
            let events = watch.next(0).or_else(|_| watch.next(0));
            self.events.extend(events.unwrap_or_default());
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
        judge(&self.events, findings);
        Ok(())
    }
}

/// Holds events against the rules.
fn judge(events: &[Event], findings: &mut Findings) {
    let mut errors = 0;
    let mut banks: BTreeMap<String, usize> = BTreeMap::new();
    for event in events {
        let text = event.text.trim();
        let at = |kind: &str| event.part.as_ref().map(|p| part(kind, p.clone()));
        match &event.kind {
            EventKind::MachineCheck => match machine_check(text) {
                Some(MachineCheck {
                    uncorrected: true, ..
                }) => {
                    errors += 1;
                    findings.broken(
                        MACHINE_CHECK,
                        at("cpu").as_ref(),
                        format!("uncorrected machine check: {text}"),
                    );
                }
                Some(MachineCheck { bank, .. }) => {
                    let place = event.part.clone().unwrap_or_default();
                    *banks.entry(format!("{place} bank {bank}")).or_default() += 1;
                }
                None => {}
            },
            EventKind::MemoryUncorrected => {
                errors += 1;
                findings.broken(
                    MEMORY_UNCORRECTED,
                    at("dimm").as_ref(),
                    format!("uncorrected memory error: {text}"),
                );
            }
            EventKind::MemoryCorrected => {
                findings.broken(
                    MEMORY_CORRECTED,
                    at("dimm").as_ref(),
                    format!("corrected memory error: {text}"),
                );
            }
            EventKind::PcieUncorrected => {
                errors += 1;
                findings.broken(
                    PCIE_UNCORRECTED,
                    at("pci").as_ref(),
                    format!(
                        "uncorrected PCI Express error; the fault may be the link partner's: {text}"
                    ),
                );
            }
            EventKind::PcieCorrected => {
                findings.broken(
                    PCIE_CORRECTED,
                    at("pci").as_ref(),
                    format!("corrected PCI Express error: {text}"),
                );
            }
            EventKind::IoError => {
                errors += 1;
                findings.broken(
                    IO_ERROR,
                    at("disk").as_ref(),
                    format!("the disk answered with an error: {text}"),
                );
            }
            EventKind::ThermalThrottle => {
                findings.broken(
                    THERMAL_THROTTLE,
                    at("cpu").as_ref(),
                    format!("throttled by heat: {text}"),
                );
            }
            EventKind::OutOfMemory => {
                findings.broken(
                    OUT_OF_MEMORY,
                    None,
                    format!("the kernel ended a process for lack of memory: {text}"),
                );
            }
            EventKind::HungTask => {
                findings.broken(
                    HUNG_TASK,
                    at("cpu").as_ref(),
                    format!("a task or a CPU was stuck: {text}"),
                );
            }
            EventKind::GpuXid(xid) => {
                let gpu = at("gpu");
                if XIDS_BAD.contains(xid) || XIDS_OF_LOAD.contains(xid) {
                    errors += 1;
                    findings.broken(GPU_XID, gpu.as_ref(), format!("Xid {xid}: {text}"));
                } else {
                    findings.broken(GPU_XID_REMARK, gpu.as_ref(), format!("Xid {xid}: {text}"));
                }
            }
            EventKind::LinkChange | EventKind::Raw | EventKind::Other(_) => {}
        }
    }
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

struct MachineCheck {
    uncorrected: bool,
    bank: String,
}

/// Bank and status of `Machine Check: 0 Bank 7: 8c00004000010090`; bit 61 of the status is UC
/// (Intel SDM volume 3, IA32_MCi_STATUS). `None` for the lines that only go with such a line.
fn machine_check(text: &str) -> Option<MachineCheck> {
    let (_, rest) = text.split_once(" Bank ")?;
    let (bank, status) = rest.split_once(':')?;
    let digits: String = status
        .trim()
        .chars()
        .take_while(char::is_ascii_hexdigit)
        .collect();
    let status = u64::from_str_radix(&digits, 16).ok()?;
    Some(MachineCheck {
        uncorrected: status & (1 << 61) != 0,
        bank: bank.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn verdict(events: &[(EventKind, &str)]) -> Verdict {
        let events: Vec<Event> = events
            .iter()
            .map(|(kind, text)| Event {
                kind: kind.clone(),
                at_ns: 0,
                priority: 3,
                text: (*text).to_owned(),
                part: Some("CPU 3".into()),
                extra: Vec::new(),
            })
            .collect();
        let mut findings = Findings::new();
        judge(&events, &mut findings);
        findings.outcome("").verdict
    }

    #[test]
    fn machine_checks_are_told_apart_by_their_status() {
        let corrected = (
            EventKind::MachineCheck,
            "CPU 3: Machine Check: 0 Bank 7: 8c00004000010090",
        );
        let uncorrected = (
            EventKind::MachineCheck,
            "CPU 3: Machine Check: 0 Bank 4: be00000000800400",
        );
        let companion = (
            EventKind::MachineCheck,
            "mce: PROCESSOR 0:50654 TIME 1700000000 SOCKET 0",
        );
        assert_eq!(verdict(&[]), Verdict::Pass);
        assert_eq!(verdict(&[corrected.clone(), companion]), Verdict::Pass);
        assert_eq!(
            verdict(&[corrected.clone(), corrected.clone(), corrected]),
            Verdict::Fail
        );
        assert_eq!(verdict(&[uncorrected]), Verdict::Fail);
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

    #[test]
    fn some_xids_are_bad_and_some_a_remark() {
        assert_eq!(
            verdict(&[(EventKind::GpuXid(79), "GPU has fallen off the bus.")]),
            Verdict::Fail
        );
        assert_eq!(
            verdict(&[(EventKind::GpuXid(63), "Row Remapper")]),
            Verdict::Pass
        );
        assert_eq!(verdict(&[(EventKind::IoError, "sector 7")]), Verdict::Fail);
    }
}
