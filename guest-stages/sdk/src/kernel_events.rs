//! What the kernel said while a stage worked, and what that means.

use std::collections::BTreeMap;

use crate::kernel_log::{self, Event, EventKind, Watch};
use crate::types::Error;
use crate::{Findings, Measure, Severity, explain, part};

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

    /// Holds what came against the rules. `needed`: without the kernel's log the stage cannot be
    /// conclusive; otherwise its absence is a warning.
    pub fn judge(mut self, findings: &mut Findings, needed: bool) {
        self.collect();
        match &self.watch {
            Ok(watch) => {
                let lost = watch.lost();
                if lost > 0 {
                    let message = format!("{lost} lines of the kernel's log were lost");
                    findings.warn("kernel-log-lost", None, message);
                }
                judge(&self.events, findings);
            }
            Err(error) => {
                let message = format!("the kernel's log could not be watched: {}", explain(error));
                match needed {
                    true => findings.unknown("kernel-log", None, message),
                    false => findings.warn("kernel-log", None, message),
                }
            }
        }
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
                    findings.fail(
                        "machine-check",
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
                findings.fail(
                    "memory-uncorrected",
                    at("dimm").as_ref(),
                    format!("uncorrected memory error: {text}"),
                );
            }
            EventKind::MemoryCorrected => {
                findings.warn(
                    "memory-corrected",
                    at("dimm").as_ref(),
                    format!("corrected memory error: {text}"),
                );
            }
            EventKind::PcieUncorrected => {
                errors += 1;
                findings.fail(
                    "pcie-uncorrected",
                    at("pci").as_ref(),
                    format!(
                        "uncorrected PCI Express error; the fault may be the link partner's: {text}"
                    ),
                );
            }
            EventKind::PcieCorrected => {
                findings.warn(
                    "pcie-corrected",
                    at("pci").as_ref(),
                    format!("corrected PCI Express error: {text}"),
                );
            }
            EventKind::IoError => {
                errors += 1;
                findings.fail(
                    "io-error",
                    at("disk").as_ref(),
                    format!("the disk answered with an error: {text}"),
                );
            }
            EventKind::ThermalThrottle => {
                findings.warn(
                    "thermal-throttle",
                    at("cpu").as_ref(),
                    format!("throttled by heat: {text}"),
                );
            }
            EventKind::OutOfMemory => {
                findings.warn(
                    "out-of-memory",
                    None,
                    format!("the kernel ended a process for lack of memory: {text}"),
                );
            }
            EventKind::HungTask => {
                findings.warn(
                    "hung-task",
                    at("cpu").as_ref(),
                    format!("a task or a CPU was stuck: {text}"),
                );
            }
            EventKind::GpuXid(xid) => {
                let gpu = at("gpu");
                if XIDS_BAD.contains(xid) || XIDS_OF_LOAD.contains(xid) {
                    errors += 1;
                    findings.fail("gpu-xid", gpu.as_ref(), format!("Xid {xid}: {text}"));
                } else {
                    findings.warn("gpu-xid", gpu.as_ref(), format!("Xid {xid}: {text}"));
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
                findings.fail("machine-check", None, message);
            }
            false => findings.warn("machine-check", None, message),
        }
    }
    // What was diagnosed above one by one.
    let measure = Measure::number("kernel-errors", f64::from(errors));
    let source = "Linux mce/core.c, pcieaer-howto, edac; NVIDIA Xid catalogue";
    findings.hold(
        measure.at_most("kernel-errors", 0.0, Severity::Fail, source),
        || format!("the kernel reported {errors} errors of the hardware"),
    );
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
