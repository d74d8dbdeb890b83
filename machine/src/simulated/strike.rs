//! What happens at the instant when a fault strikes: it counts, and it is logged. What is otherwise
//! while a fault lasts shows in the readings and the tools.

use super::boot_log;
use super::profile::Fault;
use super::world::{Logged, SECOND, World};
use crate::contract::kernel_log::Entry;
use crate::log_text::without_command_line;

/// The kernel logs heat at most so often per package (`CHECK_INTERVAL` of `therm_throt.c`).
const THROTTLE_LOG_SECONDS: u64 = 300;

impl World {
    /// Adds a line to the kernel's log.
    pub fn log(&mut self, priority: u8, text: String) {
        // A fault begins with its second, even when the model computes it a little later.
        let at_us = boot_log::UPTIME_US.saturating_add(self.now / 1_000);
        self.lines.push(Entry {
            sequence: self.lines.len() as u64,
            priority,
            facility: 0,
            at_us,
            came_ns: self.now,
            text: without_command_line(text),
            fields: Vec::new(),
        });
    }

    /// Adds an entry to the management controller's event log, where there is one.
    pub fn note(&mut self, sensor: &str, event: &str) {
        if self.profile.bmc.is_none() {
            return;
        }
        let seconds = self.profile.epoch_seconds.saturating_add(self.now / SECOND);
        self.event_log.push(Logged {
            seconds,
            sensor: sensor.to_owned(),
            event: event.to_owned(),
        });
    }

    /// Logs that a package has begun to throttle.
    pub fn log_throttle(&mut self, package: usize, second: u64) {
        let Some(last) = self.last_throttle_line.get_mut(package) else {
            return;
        };
        if last.is_some_and(|last| second.saturating_sub(last) < THROTTLE_LOG_SECONDS) {
            return;
        }
        *last = Some(second);
        if self.profile.cpu.sensors.is_none() {
            return;
        }
        let cpu = package.saturating_mul(self.profile.cpu.cores as usize);
        let text = format!(
            "CPU{cpu}: Package temperature is above threshold, cpu clock is throttled (total events = 1)"
        );
        self.log(2, text);
    }

    /// A fault strikes.
    pub fn strike(&mut self, fault: &Fault) {
        match fault {
            Fault::MemoryCorrected { dimm, count } => {
                let total = self.dimm_errors.entry(dimm.clone()).or_default();
                total.0 = total.0.saturating_add(*count);
                self.log_memory(dimm, *count, "CE");
            }
            Fault::MemoryUncorrected { dimm, count } => {
                let total = self.dimm_errors.entry(dimm.clone()).or_default();
                total.1 = total.1.saturating_add(*count);
                self.log_memory(dimm, *count, "UE");
                self.note(&format!("Memory {dimm}"), "Uncorrectable ECC");
            }
            Fault::MachineCheck {
                cpu,
                bank,
                uncorrected,
            } => {
                let status = if *uncorrected {
                    "be00000000800400"
                } else {
                    "8c00004000010090"
                };
                let text = format!(
                    "mce: [Hardware Error]: CPU {cpu}: Machine Check: 0 Bank {bank}: {status}"
                );
                self.log(2, text);
            }
            Fault::WorkerKilled { .. } => {
                let text = "Out of memory: Killed process 4098 (stress-ng-cpu) total-vm:48568kB, anon-rss:1024kB, file-rss:1152kB, shmem-rss:24kB, UID:0 pgtables:84kB oom_score_adj:1000";
                self.log(3, text.to_owned());
            }
            Fault::FanDead { fan } => {
                self.note(&format!("Fan {fan}"), "Lower Critical going low ");
            }
            Fault::PsuLost { psu } => {
                self.note(&format!("Power Supply {psu}"), "Power Supply AC lost");
            }
            Fault::PsuFailed { psu } => {
                self.note(&format!("Power Supply {psu}"), "Failure detected");
            }
            Fault::RedundancyLost {} => {
                self.note("Power Supply PS Redundancy", "Redundancy Lost");
            }
            Fault::CarrierLost { nic } => {
                let total = self.nics.entry(nic.clone()).or_default();
                total.carrier_changes = total.carrier_changes.saturating_add(1);
                self.log(6, format!("{nic}: Link is Down"));
            }
            Fault::NicCrc { nic, count } => {
                let total = self.nics.entry(nic.clone()).or_default();
                total.rx_crc_errors = total.rx_crc_errors.saturating_add(*count);
                total.rx_errors = total.rx_errors.saturating_add(*count);
            }
            Fault::DiskIoError { disk, count } => {
                let total = self.disks.entry(disk.clone()).or_default();
                total.io_errors = total.io_errors.saturating_add(*count);
                let text = format!(
                    "I/O error, dev {disk}, sector 2048128 op 0x0:(READ) flags 0x4000 phys_seg 1 prio class 2"
                );
                self.log(3, text);
            }
            Fault::DiskMissing { disk } if self.now > 0 => self.log_gone(disk),
            Fault::Cancel {} => self.cancelled = true,
            Fault::PcieErrors {
                pci,
                correctable,
                nonfatal,
                fatal,
            } => {
                let total = self.pcie_errors.entry(pci.clone()).or_default();
                total.0 = total.0.saturating_add(*correctable);
                total.1 = total.1.saturating_add(*nonfatal);
                total.2 = total.2.saturating_add(*fatal);
                let severity = match (*nonfatal, *fatal) {
                    (0, 0) => "Correctable",
                    (_, 0) => "Uncorrectable (Non-Fatal)",
                    _ => "Uncorrectable (Fatal)",
                };
                let text = format!(
                    "pcieport {pci}: PCIe Bus Error: severity={severity}, type=Data Link Layer, (Transmitter ID)"
                );
                self.log(3, text);
            }
            Fault::GpuXid { gpu, xid, text } => self.log_xid(gpu, *xid, text),
            Fault::GpuOffBus { gpu } => self.log_xid(gpu, 79, "GPU has fallen off the bus."),
            Fault::KernelLine { text, priority } => self.log(*priority, text.clone()),
            Fault::EventLogEntry { sensor, event, .. } => self.note(sensor, event),
            _ => {}
        }
    }

    fn log_memory(&mut self, dimm: &str, count: u64, word: &str) {
        if self.profile.memory.edac.is_none() {
            return;
        }
        let index = self
            .profile
            .memory
            .slots
            .iter()
            .position(|s| s == dimm)
            .unwrap_or(0);
        let (controller, channel) = (index / 2, index % 2);
        let text = format!(
            "EDAC MC{controller}: {count} {word} memory read error on {dimm} (channel:{channel} slot:0 page:0x1c8f3a offset:0x640 grain:32 syndrome:0x0)"
        );
        let priority = if word == "UE" { 1 } else { 4 };
        self.log(priority, text);
    }

    /// A disk goes: whatever works on it gets errors from now on.
    fn log_gone(&mut self, disk: &str) {
        match self.load.disks.contains_key(disk) {
            true => self.log(
                3,
                format!(
                    "I/O error, dev {disk}, sector 2048128 op 0x0:(READ) flags 0x4000 phys_seg 1 prio class 2"
                ),
            ),
            false => self.log(5, format!("sd 0:0:0:0: [{disk}] Synchronizing SCSI cache")),
        }
    }

    fn log_xid(&mut self, gpu: &str, xid: u32, text: &str) {
        let Some(pci) = self
            .profile
            .gpus
            .iter()
            .find(|g| g.name == gpu)
            .map(|g| g.pci.clone())
        else {
            return;
        };
        let short = pci.trim_end_matches(".0").to_owned();
        let line =
            format!("NVRM: Xid (PCI:{short}): {xid}, pid='<unknown>', name=<unknown>, {text}");
        self.log(3, line);
    }
}
