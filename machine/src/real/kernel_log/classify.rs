//! What a line of the kernel's log tells of, by the words that the kernel's own sources print.
//! Drivers word their lines freely, so a line that none of these rules knows is still kept (as
//! `raw`) when its level is warning or worse.

use crate::contract::kernel_log::EventKind;
use crate::real::pci::is_address;

/// Warning; levels above it are not worth keeping by themselves.
const WARNING: u8 = 4;

/// What a line tells of, and the part it names; `None` when nobody needs it.
pub fn classify(text: &str, priority: u8) -> Option<(EventKind, Option<String>)> {
    let kind = kind(text).or((priority <= WARNING).then_some(EventKind::Raw))?;
    let part = match &kind {
        EventKind::MachineCheck | EventKind::ThermalThrottle | EventKind::HungTask => cpu(text),
        EventKind::MemoryCorrected | EventKind::MemoryUncorrected => dimm(text),
        EventKind::IoError => disk(text),
        EventKind::LinkChange => nic(text).or_else(|| address(text)),
        EventKind::OutOfMemory => None,
        _ => address(text),
    };
    Some((kind, part))
}

fn kind(text: &str) -> Option<EventKind> {
    let lower = text.to_ascii_lowercase();
    let has = |words: &str| lower.contains(words);
    let any = |words: &[&str]| words.iter().any(|w| lower.contains(w));

    if let Some(xid) = xid(text) {
        return Some(EventKind::GpuXid(xid));
    }
    // drivers/pci/pcie/aer.c; the severity stands in the line itself.
    if any(&["pcie bus error", "aer:"]) || has("hardware error") && has("pcie") {
        if any(&["uncorrect", "(non-fatal)", "(fatal)", "severity=fatal"]) {
            return Some(EventKind::PcieUncorrected);
        }
        if has("correct") {
            return Some(EventKind::PcieCorrected);
        }
    }
    // arch/x86/kernel/cpu/mce/therm_throt.c, by its wordings before and after 5.4. Back to normal is
    // no event.
    if any(&["clock throttled", "cpu clocks are throttled"])
        || has("above threshold") && has("temperature")
    {
        return Some(EventKind::ThermalThrottle);
    }
    // drivers/edac/edac_mc.c: `EDAC MC0: 1 CE memory read error on …`.
    if has("edac") {
        if text.contains(" UE ") {
            return Some(EventKind::MemoryUncorrected);
        }
        if text.contains(" CE ") {
            return Some(EventKind::MemoryCorrected);
        }
    }
    // drivers/firmware/efi/cper.c and mm/memory-failure.c.
    if any(&["memory failure:", "uncorrected hardware memory error"]) {
        return Some(EventKind::MemoryUncorrected);
    }
    if has("{") && has("[hardware error]") && has("event severity:") {
        return Some(match () {
            () if has("corrected") && !has("uncorrected") => EventKind::MemoryCorrected,
            () if any(&["fatal", "recoverable", "uncorrected"]) => EventKind::MemoryUncorrected,
            () => EventKind::MachineCheck,
        });
    }
    if any(&[
        "[hardware error]",
        "mce: cpu",
        "machine check",
        "mce: uncorrected",
        "mce: [hardware",
    ]) {
        // Start-up says how many banks there are; nothing went wrong then.
        let harmless = any(&["machine check events logged", "mce banks"]) && !has("hardware error");
        return (!harmless).then_some(EventKind::MachineCheck);
    }
    // block/blk-core.c, drivers/nvme/host/, drivers/ata/libata-eh.c, fs/buffer.c.
    let disk = any(&[
        "i/o error, dev ",
        "critical medium error",
        "critical target error",
        "buffer i/o error",
        "critical nexus error",
        "protection error, dev ",
    ]);
    let nvme = has("nvme")
        && any(&[
            "timeout, aborting",
            "timeout, reset",
            "timeout, completion polled",
            "timeout, disable",
            "controller is down",
            "device not ready",
            "removing after probe failure",
        ]);
    let ata = lower.starts_with("ata")
        && any(&["failed command", "hard resetting link", "exception emask"]);
    let scsi = lower.starts_with("sd ")
        && any(&[
            "medium error",
            "hardware error",
            "failed result",
            "unrecovered read",
        ]);
    if disk || nvme || ata || scsi {
        return Some(EventKind::IoError);
    }
    if any(&[
        "out of memory:",
        "oom-kill:",
        "invoked oom-killer",
        "memory cgroup out of memory",
    ]) {
        return Some(EventKind::OutOfMemory);
    }
    if has("blocked for more than")
        || any(&[
            "soft lockup",
            "hard lockup",
            "rcu_sched self-detected",
            "detected stalls on cpu",
            "self-detected stall",
        ])
    {
        return Some(EventKind::HungTask);
    }
    link_change(&lower).then_some(EventKind::LinkChange)
}

/// `eth0: NIC Link is Up 10 Gbps`, `igb 0000:03:00.0 eth0: Link is Down`, `eno1: link becomes ready`.
fn link_change(lower: &str) -> bool {
    let said = [
        "link is up",
        "link is down",
        "link up",
        "link down",
        "link becomes ready",
        "lost carrier",
        "gained carrier",
    ];
    let other = ["ata", "pcie", "pci ", "usb", "nvlink"];
    said.iter().any(|words| lower.contains(words))
        && !other.iter().any(|word| lower.starts_with(word))
        && !lower.contains("pcieport")
}

/// `NVRM: Xid (PCI:0000:05:00): 79, pid=…`; old drivers leave out the bus address.
fn xid(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("NVRM: ")?;
    let (_, rest) = rest.split_once("Xid")?;
    let (_, rest) = rest.split_once("): ").or_else(|| rest.split_once(": "))?;
    digits(rest.trim_start()).and_then(|d| d.parse().ok())
}

/// The digits at a text's start.
fn digits(text: &str) -> Option<&str> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end).filter(|d| !d.is_empty())
}

/// A PCI address in the line. NVIDIA's lines leave out the function.
fn address(text: &str) -> Option<String> {
    let separators = |c: char| !(c.is_ascii_hexdigit() || c == ':' || c == '.');
    let words = || text.split(separators).map(|w| w.trim_matches([':', '.']));
    let whole = words().find(|word| is_address(word)).map(str::to_owned);
    whole.or_else(|| {
        words()
            .map(|w| format!("{w}.0"))
            .find(|word| is_address(word))
    })
}

/// `CPU 3`, `CPU3`, `CPU#3`, `cpu 3`, `CPU:3`.
fn cpu(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let mut rest = lower.as_str();
    while let Some((before, after)) = rest.split_once("cpu") {
        let apart = !before.ends_with(|c: char| c.is_ascii_alphanumeric());
        let number = digits(after.trim_start_matches([' ', '#', ':']));
        if let (true, Some(number)) = (apart, number) {
            return Some(format!("CPU {number}"));
        }
        rest = after;
    }
    None
}

/// `… CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0 (channel:1 …)`.
fn dimm(text: &str) -> Option<String> {
    let after = |words: &str| text.split_once(words).map(|(_, rest)| rest);
    let label = after(" error on ").or_else(|| after("DIMM location: "))?;
    let label = label.split(" (").next()?.trim();
    (!label.is_empty()).then(|| label.to_owned())
}

/// The disk's name: `dev sdb,`, `on dev sda1,`, `[sdb]`, `nvme0n1:`, or the controller's `nvme nvme0:`.
fn disk(text: &str) -> Option<String> {
    let name = |text: &str| {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '!')));
        let name = text.get(..end.unwrap_or(text.len()))?;
        (!name.is_empty()).then(|| name.to_owned())
    };
    let after = |words: &str| text.split_once(words).and_then(|(_, rest)| name(rest));
    after(" dev ")
        .or_else(|| after("] ["))
        .or_else(|| after(" ["))
        .or_else(|| {
            let words = text
                .split([' ', ':', ','])
                .filter(|w| w.starts_with("nvme"));
            words.max_by_key(|w| w.len()).and_then(name)
        })
        .or_else(|| {
            text.strip_prefix("ata")
                .and_then(|rest| Some(format!("ata{}", digits(rest)?)))
        })
}

/// The port's name stands before the last colon: `igb 0000:03:00.0 eth0: igb: eth0 NIC Link is Up`.
fn nic(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let end = lower
        .find(" nic link")
        .or_else(|| lower.find("link is"))
        .or_else(|| lower.find("link "))?;
    let before = text.get(..end)?.trim_end().trim_end_matches(':');
    let word = before.rsplit([' ', ':']).find(|w| !w.is_empty())?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.chars().all(plain);
    (is_name && word.len() < 16).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use EventKind::*;
    use proptest::prelude::*;

    #[test]
    fn lines_that_kernels_print_are_understood() {
        let cases: &[(&str, EventKind, Option<&str>)] = &[
            (
                "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 7: 8c00004000010091",
                MachineCheck,
                Some("CPU 3"),
            ),
            (
                "[Hardware Error]: Corrected error, no action required.",
                MachineCheck,
                None,
            ),
            (
                "EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x1 offset:0x0 grain:32 syndrome:0x0)",
                MemoryCorrected,
                Some("CPU_SrcID#0_Ha#0_Chan#1_DIMM#0"),
            ),
            (
                "EDAC MC1: 1 UE memory scrubbing error on DIMM_B2 (channel:0 slot:1)",
                MemoryUncorrected,
                Some("DIMM_B2"),
            ),
            (
                "{1}[Hardware Error]: event severity: corrected",
                MemoryCorrected,
                None,
            ),
            (
                "{2}[Hardware Error]: event severity: fatal",
                MemoryUncorrected,
                None,
            ),
            (
                "pcieport 0000:00:1c.0: AER: Corrected error received: 0000:05:00.0",
                PcieCorrected,
                Some("0000:00:1c.0"),
            ),
            (
                "nvme 0000:05:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)",
                PcieCorrected,
                Some("0000:05:00.0"),
            ),
            (
                "ixgbe 0000:03:00.1: PCIe Bus Error: severity=Uncorrected (Non-Fatal), type=Transaction Layer",
                PcieUncorrected,
                Some("0000:03:00.1"),
            ),
            (
                "blk_update_request: I/O error, dev sdb, sector 2048 op 0x0:(READ) flags 0x0",
                IoError,
                Some("sdb"),
            ),
            (
                "critical medium error, dev sdc, sector 1234 op 0x0:(READ)",
                IoError,
                Some("sdc"),
            ),
            (
                "Buffer I/O error on dev sda1, logical block 5, async page read",
                IoError,
                Some("sda1"),
            ),
            (
                "sd 2:0:0:0: [sdd] tag#3 FAILED Result: hostbyte=DID_OK driverbyte=DRIVER_OK",
                IoError,
                Some("sdd"),
            ),
            (
                "nvme nvme0: I/O 12 QID 3 timeout, aborting",
                IoError,
                Some("nvme0"),
            ),
            (
                "ata3.00: failed command: READ FPDMA QUEUED",
                IoError,
                Some("ata3"),
            ),
            (
                "CPU5: Core temperature above threshold, cpu clock throttled (total events = 12)",
                ThermalThrottle,
                Some("CPU 5"),
            ),
            (
                "mce: CPU2: Package temperature is above threshold, cpu clock is throttled (total events = 4)",
                ThermalThrottle,
                Some("CPU 2"),
            ),
            (
                "Out of memory: Killed process 123 (stress-ng) total-vm:1kB",
                OutOfMemory,
                None,
            ),
            (
                "INFO: task kworker/0:1:77 blocked for more than 120 seconds.",
                HungTask,
                None,
            ),
            (
                "watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [fio:99]",
                HungTask,
                Some("CPU 3"),
            ),
            (
                "rcu: INFO: rcu_sched self-detected stall on CPU",
                HungTask,
                None,
            ),
            (
                "igb 0000:03:00.0 eth0: igb: eth0 NIC Link is Down",
                LinkChange,
                Some("eth0"),
            ),
            (
                "mlx5_core 0000:5e:00.0 ens1f0np0: Link up",
                LinkChange,
                Some("ens1f0np0"),
            ),
            (
                "NVRM: Xid (PCI:0000:05:00): 79, pid='<unknown>', GPU has fallen off the bus.",
                GpuXid(79),
                Some("0000:05:00.0"),
            ),
            ("some driver is unhappy", Raw, None),
        ];
        for (text, kind, part) in cases {
            let (found, named) = classify(text, 4).expect("a warning is kept");
            assert_eq!((&found, named.as_deref()), (kind, *part), "{text}");
        }
    }

    #[test]
    fn what_is_harmless_is_no_event() {
        for text in [
            "mce: CPU0 supports 20 MCE banks",
            "ata1: SATA link up 6.0 Gbps (SStatus 133 SControl 300)",
            "CPU5: Core temperature/speed normal",
            "EDAC MC: Ver: 3.0.0",
        ] {
            assert_eq!(classify(text, 6), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_taken(text in "\\PC{0,80}", priority in 0u8..8) {
            let found = classify(&text, priority);
            prop_assert!(priority > WARNING || found.is_some());
        }

        #[test]
        fn words_that_matter_in_any_order_do_no_harm(
            words in proptest::collection::vec(prop::sample::select(vec![
                "CPU", "NVRM: Xid", "(PCI:", "): ", "dev ", "[", "é", "nvme", "link up", "ata", "EDAC", " CE ", " error on ", "7",
            ]), 0..10),
        ) {
            classify(&words.concat(), 4).expect("a warning is kept");
        }
    }
}
