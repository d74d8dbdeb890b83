//! Which faults the rules of a stage cover, and for how long they must last for that.
//!
//! What is not covered, and why: corrected errors, wear and heat short of a limit are remarks; what
//! a spec would have to say, and these do not (a missing sensor, a slow disk without its like); what
//! no rule of the stage looks at (a fan under Memory); what began before the stage looked and left
//! no count (a line of the kernel's log before its watch was opened); a fault that came and went
//! between two looks, where a stage looks at a part once or twice only.

use crate::base::text;
use crate::generate::{Entry, Timeline};

/// When a stage looks, in seconds.
pub struct Window {
    /// By then it looks for sure.
    begin: u64,
    /// Until then it looks for sure.
    end: u64,
    /// After that it has ended.
    all: u64,
    /// Between two looks.
    period: u64,
}

impl Window {
    pub fn of(stage: &str, timeline: &Timeline, seconds: u64) -> Self {
        let slow = timeline.faults.iter().filter(|f| f.kind() == "slow-call");
        let slow: f64 = slow.map(|f| f.number("milliseconds")).sum();
        let slow = (slow / 1_000.0).ceil() as u64;
        let (lead, period) = match stage {
            "PSU" | "SMART" | "Inventory" => (1, 2),
            "GPU" => (3, 2),
            _ => (2, 1),
        };
        // It reads a few things before and after what it watches.
        let lead = lead + 4 * slow;
        Window {
            begin: lead,
            end: seconds.saturating_sub(lead),
            all: seconds,
            period: period + slow,
        }
    }

    /// Whether the fault is there whenever the stage looks.
    fn throughout(&self, entry: &Entry) -> bool {
        entry.at == 0 && entry.end().is_none_or(|end| end > self.all)
    }

    /// Whether it lasts for two periods while the stage looks.
    fn lasts(&self, entry: &Entry) -> bool {
        let from = entry.at.max(self.begin);
        let to = entry.end().unwrap_or(u64::MAX).min(self.end);
        to.saturating_sub(from) >= 2 * self.period
    }

    /// Whether it is there from some time in the window to the end.
    fn stays(&self, entry: &Entry) -> bool {
        entry.at <= self.end && entry.end().is_none_or(|end| end > self.all)
    }

    /// How often it strikes from `from` until the window's end.
    fn strikes(&self, entry: &Entry, from: u64) -> u64 {
        let over = entry.end().unwrap_or(u64::MAX);
        let every = entry.every.unwrap_or(u64::MAX);
        let mut times = 0;
        let mut at = entry.at;
        while at < over && at <= self.end {
            times += u64::from(at >= from);
            at = at.saturating_add(every);
        }
        times
    }

    /// Whether it strikes while the stage listens.
    fn heard(&self, entry: &Entry) -> bool {
        self.strikes(entry, self.begin) > 0
    }
}

/// The faults of a timeline that a stage must not pass over, in words.
pub fn of(stage: &str, timeline: &Timeline, window: &Window) -> Vec<String> {
    let faults = &timeline.faults;
    let covered = |entry: &&Entry| {
        !hidden(entry, faults)
            && (cancelled(entry, window) || rules(stage, timeline, entry, window))
    };
    let told = faults.iter().filter(covered);
    told.map(|entry| format!("{} from {} s", entry.fault, entry.at).replace('\n', ", "))
        .collect()
}

/// A cancelled attempt is `cancelled`, whatever it found.
fn cancelled(entry: &Entry, window: &Window) -> bool {
    entry.kind() == "cancel" && entry.at < window.all.saturating_sub(1)
}

/// A part that is not there shows nothing else.
fn hidden(entry: &Entry, faults: &[Entry]) -> bool {
    let part = |field: &str, kind: &str| {
        let name = entry.text(field);
        !name.is_empty()
            && entry.kind() != kind
            && faults
                .iter()
                .any(|f| f.kind() == kind && f.text(field) == name)
    };
    part("disk", "disk-missing")
        || part("dimm", "dimm-missing")
        || part("gpu", "gpu-off-bus")
        || part("nic", "carrier-lost")
        || part("tool", "tool-missing")
}

fn rules(stage: &str, timeline: &Timeline, entry: &Entry, window: &Window) -> bool {
    match stage {
        "Inventory" => {
            let counted = ["dimm-missing", "disk-missing", "gpu-off-bus"];
            counted.contains(&entry.kind()) && window.throughout(entry)
        }
        "SMART" => smart(timeline, entry) && window.throughout(entry),
        "CPUStress" => {
            cpu_stress(timeline, entry, window)
                || tool("stress-ng", entry, window)
                || kernel(timeline, entry, window)
        }
        "Memory" => {
            memory(timeline, entry, window)
                || tool("stress-ng", entry, window)
                || kernel(timeline, entry, window)
        }
        "Storage" => {
            storage(timeline, entry, window)
                || tool("fio", entry, window)
                || kernel(timeline, entry, window)
        }
        "Network" => {
            network(timeline, entry, window)
                || tool("iperf3", entry, window)
                || kernel(timeline, entry, window)
        }
        "GPU" => {
            !timeline.base.gpus().is_empty()
                && (gpu(timeline, entry, window)
                    || tool("gpu", entry, window)
                    || kernel(timeline, entry, window))
        }
        "PSU" => timeline.base.is_server() && psu(entry, window),
        other => panic!("there is no stage {other}"),
    }
}

/// A tool that the stage runs: without its result there is no pass.
fn tool(name: &str, entry: &Entry, window: &Window) -> bool {
    entry.text("tool") == name
        && match entry.kind() {
            "tool-missing" => window.throughout(entry),
            "tool-crash" | "tool-hang" | "tool-garbage" => window.lasts(entry),
            _ => false,
        }
}

/// What the kernel logs of bad hardware, whatever is tested.
fn kernel(timeline: &Timeline, entry: &Entry, window: &Window) -> bool {
    let bad = match entry.kind() {
        "machine-check" => entry.fault["uncorrected"].as_bool() == Some(true),
        "memory-uncorrected" => timeline.base.counts_memory_errors(),
        "pcie-errors" => entry.number("nonfatal") + entry.number("fatal") > 0.0,
        "disk-io-error" | "gpu-off-bus" => true,
        "gpu-xid" => [13.0, 48.0, 79.0].contains(&entry.number("xid")),
        _ => false,
    };
    bad && window.heard(entry)
}

fn smart(timeline: &Timeline, entry: &Entry) -> bool {
    let asked = entry.text("tool") == "smartctl" && entry.kind().starts_with("tool-");
    let Some(disk) = timeline.base.part("disk", entry.text("disk")) else {
        // A machine whose drives tell nothing is not asked either.
        let tells = |d: &&toml::Table| text(d, "kind") != Some("virtio");
        return asked && timeline.base.parts("disk").iter().any(tells);
    };
    let kind = text(disk, "kind").unwrap_or_default();
    let (ata, nvme) = (kind.starts_with("sata"), kind.starts_with("nvme"));
    let spins = kind.ends_with("hdd");
    let (raw, value) = (entry.number("raw"), entry.number("value"));
    match entry.kind() {
        _ if kind == "virtio" => false,
        "smart-failing" | "self-test-failed" | "smart-unreadable" | "disk-asleep"
        | "disk-missing" => true,
        "smart-attribute" if ata => match entry.number("id") as u64 {
            5 => raw > 16.0,
            10 | 184 => spins && raw > 0.0,
            196 => raw > 11.0,
            187 | 197 | 198 => raw > 0.0,
            // Time-outs and CRC errors are the cable's as often as the drive's.
            _ => false,
        },
        "smart-field" if nvme => match entry.text("field") {
            // Alone too warm is a remark.
            "critical-warning" => (value as u64) & 0x3d != 0,
            "available-spare" => value < 10.0,
            "percentage-used" => value > 100.0,
            "media-errors" => value > 0.0,
            _ => false,
        },
        "smart-field" if kind == "sas-hdd" => {
            entry.text("field").ends_with("-uncorrected") && value > 0.0
        }
        _ => false,
    }
}

fn cpu_stress(timeline: &Timeline, entry: &Entry, window: &Window) -> bool {
    let base = &timeline.base;
    // The lowest CPU is left to whoever works on the machine in one phase, which its core's other thread
    // profits from, and the highest one in the other.
    let cpu = entry.number("cpu") as u64;
    match entry.kind() {
        "core-wrong" | "worker-killed" if cpu == 0 || cpu + 1 == base.cpus() => {
            window.throughout(entry)
        }
        "core-wrong" | "worker-killed" => window.lasts(entry),
        "core-slow" => {
            let compared = cpu > 0 && cpu != base.cores() && base.is_server();
            compared && entry.number("percent") <= 75.0 && window.throughout(entry)
        }
        "cooling-blocked" => {
            let hot = entry.number("percent") <= 30.0;
            hot && base.is_server() && window.throughout(entry)
        }
        _ => false,
    }
}

fn memory(timeline: &Timeline, entry: &Entry, window: &Window) -> bool {
    let counted = timeline.base.counts_memory_errors();
    let errors = window.strikes(entry, 0) as f64 * entry.number("count");
    match entry.kind() {
        "memory-uncorrected" => counted && errors > 0.0,
        "memory-corrected" => counted && errors >= 10.0,
        "memory-wrong" => window.lasts(entry),
        "dimm-missing" => window.throughout(entry),
        _ => false,
    }
}

fn storage(timeline: &Timeline, entry: &Entry, window: &Window) -> bool {
    let base = &timeline.base;
    match entry.kind() {
        // One that was never there is the inventory's to miss.
        "disk-missing" => entry.at >= window.begin && window.stays(entry),
        "disk-verify-error" => {
            let scratch = base.field("scratch", "disk").and_then(toml::Value::as_str);
            scratch == Some(entry.text("disk")) && window.throughout(entry)
        }
        "disk-slow" => {
            let slow = entry.number("percent") <= 45.0;
            slow && alone_slow(timeline, entry.text("disk")) && window.throughout(entry)
        }
        "pcie-degraded" => {
            let mut disks = base.parts("disk").into_iter();
            let disk = disks.find(|d| {
                text(d, "pci") == Some(entry.text("pci"))
                    && text(d, "kind").is_some_and(|k| k.starts_with("nvme"))
            });
            let name = disk.and_then(|d| text(d, "name"));
            let narrow = entry.number("width") == 1.0;
            narrow && name.is_some_and(|n| alone_slow(timeline, n)) && window.throughout(entry)
        }
        _ => false,
    }
}

/// Whether a disk has others of its model, and they are well: speed is held against theirs.
fn alone_slow(timeline: &Timeline, name: &str) -> bool {
    let base = &timeline.base;
    let Some(disk) = base.part("disk", name) else {
        return false;
    };
    let like = base.parts("disk").into_iter();
    let like: Vec<&toml::Table> = like
        .filter(|other| text(other, "model") == text(disk, "model"))
        .filter(|other| text(other, "name") != Some(name))
        .collect();
    let well = |other: &&toml::Table| {
        !timeline.faults.iter().any(|f| {
            let same = |field: &str, own: &str| text(other, own) == Some(f.text(field));
            same("disk", "name") || same("pci", "pci")
        })
    };
    !like.is_empty() && like.iter().all(well)
}

fn network(timeline: &Timeline, entry: &Entry, window: &Window) -> bool {
    let base = &timeline.base;
    let to_peer = base.peer_nic() == Some(entry.text("nic"));
    let wired = |name: &str| {
        base.wired()
            .iter()
            .any(|nic| text(nic, "name") == Some(name))
    };
    match entry.kind() {
        "carrier-lost" => window.heard(entry) || window.throughout(entry),
        "link-slow" => window.throughout(entry),
        "nic-crc" => entry.number("count") >= 50.0 && window.heard(entry),
        "receive-slow" => {
            let slow = entry.number("percent") <= 50.0 && wired(entry.text("nic"));
            slow && to_peer && window.throughout(entry)
        }
        "pcie-degraded" => {
            let nic = base.peer_nic().and_then(|name| base.part("nic", name));
            let its = nic.is_some_and(|n| text(n, "pci") == Some(entry.text("pci")));
            let known = base.peer_nic().is_some_and(wired);
            // What a slower port carries anyway says nothing of the card's link.
            let port = timeline.faults.iter().any(|f| {
                matches!(f.kind(), "link-slow" | "carrier-lost")
                    && base.peer_nic() == Some(f.text("nic"))
            });
            entry.number("width") == 1.0 && its && known && !port && window.throughout(entry)
        }
        _ => false,
    }
}

fn gpu(timeline: &Timeline, entry: &Entry, window: &Window) -> bool {
    match entry.kind() {
        "gpu-off-bus" | "gpu-wrong" => window.lasts(entry),
        "gpu-ecc-uncorrected" => window.stays(entry),
        "pcie-degraded" => {
            let gpus = timeline.base.gpus();
            let its = gpus
                .iter()
                .any(|g| text(g, "pci") == Some(entry.text("pci")));
            its && window.throughout(entry)
        }
        _ => false,
    }
}

fn psu(entry: &Entry, window: &Window) -> bool {
    let logged = window.heard(entry);
    match entry.kind() {
        "psu-lost" | "psu-failed" | "redundancy-lost" | "fan-dead" => {
            logged || window.throughout(entry)
        }
        "event-log-entry" => logged,
        "rail-off" => {
            // The controller's own limits are 7 % off.
            window.throughout(entry) && off(entry) > 0.09
        }
        kind => {
            entry.text("tool") == "ipmitool"
                && kind.starts_with("tool-")
                && window.throughout(entry)
        }
    }
}

/// How far a rail is from what its name says.
fn off(entry: &Entry) -> f64 {
    let nominal = match entry.text("rail") {
        "12V" => 12.0,
        "5VCC" => 5.0,
        _ => 3.3,
    };
    (entry.number("volts") - nominal).abs() / nominal
}
