//! From a seed to a timeline: a healthy machine, a spec that says what it is made of, and one to four
//! faults.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::base::{Base, HEALTHY, number, text};

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to one less than `below`.
    fn below(&mut self, below: u64) -> u64 {
        self.next() % below.max(1)
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let index = self.below(all.len() as u64);
        all.get(usize::try_from(index).ok()?)
    }
}

/// A fault and its place in time, in seconds.
#[derive(Clone, Debug)]
pub struct Entry {
    pub at: u64,
    pub lasts: Option<u64>,
    pub every: Option<u64>,
    /// `kind` and what goes with it.
    pub fault: Table,
}

impl Entry {
    pub fn kind(&self) -> &str {
        text(&self.fault, "kind").unwrap_or_default()
    }

    pub fn text(&self, field: &str) -> &str {
        text(&self.fault, field).unwrap_or_default()
    }

    pub fn number(&self, field: &str) -> f64 {
        number(&self.fault, field)
    }

    /// The second after its last one; none where it lasts.
    pub fn end(&self) -> Option<u64> {
        self.lasts.map(|lasts| self.at + lasts)
    }
}

/// A machine and what goes wrong with it.
pub struct Timeline {
    pub seed: u64,
    pub base: Base,
    pub faults: Vec<Entry>,
}

/// About how many seconds a stage takes on a healthy machine.
fn usual_seconds(stage: &str, base: &Base) -> u64 {
    match stage {
        "Inventory" => 1,
        "SMART" | "PSU" => 4,
        "Network" => 22,
        "Storage" => 17 * base.parts("disk").len() as u64,
        _ => 60,
    }
}

/// Faults of what a stage judges, so that half of all faults are of these.
fn relevant(stage: &str) -> &'static [&'static str] {
    match stage {
        "Inventory" => &["dimm-missing", "disk-missing", "gpu-off-bus"],
        "SMART" => &[
            "smart-attribute",
            "smart-field",
            "smart-failing",
            "self-test-failed",
            "smart-unreadable",
            "disk-asleep",
            "disk-missing",
        ],
        "CPUStress" => &[
            "core-wrong",
            "core-slow",
            "worker-killed",
            "machine-check",
            "cooling-blocked",
        ],
        "Memory" => &[
            "memory-corrected",
            "memory-uncorrected",
            "memory-wrong",
            "dimm-missing",
        ],
        "Storage" => &[
            "disk-io-error",
            "disk-slow",
            "disk-verify-error",
            "disk-missing",
            "pcie-degraded",
        ],
        "Network" => &[
            "carrier-lost",
            "link-slow",
            "nic-crc",
            "receive-slow",
            "pcie-degraded",
        ],
        "GPU" => &[
            "gpu-off-bus",
            "gpu-wrong",
            "gpu-ecc-uncorrected",
            "gpu-xid",
            "pcie-degraded",
        ],
        _ => &[
            "psu-lost",
            "psu-failed",
            "redundancy-lost",
            "fan-dead",
            "rail-off",
            "event-log-entry",
        ],
    }
}

/// Faults of anything.
const ANY: [&str; 18] = [
    "tool-missing",
    "tool-crash",
    "tool-hang",
    "tool-garbage",
    "tool-crash",
    "tool-hang",
    "tool-garbage",
    "slow-call",
    "slow-call",
    "sensor-missing",
    "cancel",
    "machine-check",
    "memory-uncorrected",
    "pcie-errors",
    "disk-io-error",
    "disk-missing",
    "fan-dead",
    "cooling-blocked",
];

impl Timeline {
    /// The timeline of a seed.
    pub fn of(stage: &str, seed: u64) -> Self {
        let mut dice = Dice(seed ^ stage.bytes().fold(0, |all, b| all * 31 + u64::from(b)));
        let name = dice.of(&HEALTHY).copied().expect("there are some");
        let base = Base::new(name);
        let wanted = 1 + dice.below(4);
        let usual = usual_seconds(stage, &base);
        let mut faults: Vec<Entry> = Vec::new();
        let mut named = BTreeSet::new();
        for _ in 0..20 {
            if faults.len() as u64 == wanted {
                break;
            }
            let kinds = if dice.percent(50) {
                relevant(stage)
            } else {
                &ANY
            };
            let kind = dice.of(kinds).copied().expect("there are some");
            // A part that this machine has not got: another try.
            let Some(fault) = fault(kind, &base, &mut dice) else {
                continue;
            };
            // Of two alike the first would hide the second.
            let mut key = fault.clone();
            for changing in ["value", "raw", "count", "percent", "milliseconds", "width"] {
                key.remove(changing);
            }
            if !named.insert(key.to_string()) {
                continue;
            }
            let at = if dice.percent(45) {
                0
            } else {
                dice.below(usual + 1)
            };
            let lasts = (!dice.percent(50)).then(|| 1 + dice.below(usual + 1));
            let counts = [
                "memory-corrected",
                "machine-check",
                "nic-crc",
                "pcie-errors",
            ];
            let every = (counts.contains(&kind) && dice.percent(50)).then(|| 1 + dice.below(10));
            faults.push(Entry {
                at,
                lasts,
                every,
                fault,
            });
        }
        Timeline { seed, base, faults }
    }

    /// The machine as a profile that `vetting run --machine sim:FILE.toml` takes.
    pub fn toml(&self) -> String {
        let mut profile = Table::new();
        let mut set = |key: &str, value: Value| profile.insert(key.to_owned(), value);
        set("extends", self.base.name.into());
        let description = format!("{} with faults, seed {}", self.base.name, self.seed);
        set("description", description.into());
        set("parameters", Value::Table(self.spec()));
        let seconds = |seconds: u64| Value::from(format!("{seconds}s"));
        let fault = |entry: &Entry| {
            let mut table = Table::new();
            table.insert("at".to_owned(), seconds(entry.at));
            for (key, value) in [("for", entry.lasts), ("every", entry.every)] {
                if let Some(value) = value {
                    table.insert(key.to_owned(), seconds(value));
                }
            }
            table.extend(entry.fault.clone());
            Value::Table(table)
        };
        let faults: Vec<Value> = self.faults.iter().map(fault).collect();
        set("fault", Value::Array(faults));
        toml::to_string(&profile).expect("is TOML")
    }

    /// What a spec says of the machine, so that what is missing can be missed.
    fn spec(&self) -> Table {
        let base = &self.base;
        let mut spec = Table::new();
        let mut expect = |stage: &str, parameter: &str, count: usize| {
            let count = Value::Integer(i64::try_from(count).expect("a small number"));
            let of_stage = spec
                .entry(stage)
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(of_stage) = of_stage {
                of_stage.insert(parameter.to_owned(), count);
            }
        };
        let disks = base.parts("disk");
        let accelerators = base.gpus().len();
        expect("Inventory", "expected_disks", disks.len());
        expect("Inventory", "expected_dimms", base.slots().len());
        expect("Inventory", "expected_gpus", accelerators);
        expect("Memory", "expected_modules", base.slots().len());
        let telling = disks.iter().filter(|d| text(d, "kind") != Some("virtio"));
        expect("SMART", "expected_drives", telling.count());
        if accelerators > 0 {
            expect("GPU", "expected_gpus", accelerators);
        }
        expect("Network", "expected_links", base.parts("nic").len());
        let speeds = base.wired();
        let speeds = speeds.iter().map(|nic| number(nic, "mbps") as usize);
        if let Some(slowest) = speeds.min() {
            expect("Network", "expected_mbps", slowest);
        }
        spec
    }
}

/// A fault of a kind on a part that the machine has.
fn fault(kind: &str, base: &Base, dice: &mut Dice) -> Option<Table> {
    let mut fault = Table::new();
    fault.insert("kind".to_owned(), kind.into());
    let mut set = |key: &str, value: Value| {
        fault.insert(key.to_owned(), value);
    };
    let named = |parts: Vec<&Table>, dice: &mut Dice| -> Option<Value> {
        Some(text(dice.of(&parts)?, "name")?.into())
    };
    let integer = |n: u64| Value::Integer(i64::try_from(n).expect("a small number"));
    let of = |dice: &mut Dice, all: &[u64]| integer(dice.of(all).copied().unwrap_or(0));
    match kind {
        "smart-attribute" => {
            set("disk", named(base.parts("disk"), dice)?);
            set("id", of(dice, &[5, 10, 184, 187, 188, 196, 197, 198, 199]));
            set("raw", of(dice, &[1, 5, 17, 200]));
        }
        "smart-field" => {
            let fields = [
                "critical-warning",
                "available-spare",
                "percentage-used",
                "media-errors",
                "grown-defects",
                "read-uncorrected",
                "write-uncorrected",
                "verify-uncorrected",
            ];
            set("disk", named(base.parts("disk"), dice)?);
            set("field", (*dice.of(&fields)?).into());
            set("value", of(dice, &[1, 2, 4, 8, 90, 120]));
        }
        "smart-failing" | "self-test-failed" | "smart-unreadable" | "disk-asleep"
        | "disk-missing" => set("disk", named(base.parts("disk"), dice)?),
        "disk-io-error" | "disk-verify-error" => {
            set("disk", named(base.parts("disk"), dice)?);
            set("count", of(dice, &[1, 3, 50]));
        }
        "disk-slow" => {
            set("disk", named(base.parts("disk"), dice)?);
            set("percent", Value::Float(10.0 + dice.below(80) as f64));
        }
        "memory-corrected" | "memory-uncorrected" => {
            set("dimm", (*dice.of(&base.slots())?).into());
            set("count", of(dice, &[1, 4, 12]));
        }
        "memory-wrong" => set("bits", of(dice, &[1, 3])),
        "dimm-missing" => set("dimm", (*dice.of(&base.slots())?).into()),
        "machine-check" => {
            set("cpu", integer(dice.below(base.cpus())));
            set("bank", of(dice, &[1, 7]));
            set("uncorrected", dice.percent(60).into());
        }
        "core-slow" => {
            set("cpu", integer(dice.below(base.cpus())));
            set("percent", Value::Float(30.0 + dice.below(65) as f64));
        }
        "core-wrong" | "worker-killed" => set("cpu", integer(dice.below(base.cpus()))),
        "cooling-blocked" => {
            set("percent", Value::Float(15.0 + dice.below(80) as f64));
            if dice.percent(50) {
                set("package", integer(dice.below(base.cpu("sockets"))));
            }
        }
        "fan-dead" => set("fan", named(base.parts("fan"), dice)?),
        "psu-lost" | "psu-failed" => {
            let psus = base.parts("psu").into_iter();
            let of_servers = psus.filter(|psu| !psu.contains_key("portable"));
            set("psu", named(of_servers.collect(), dice)?);
        }
        "redundancy-lost" | "cancel" => {}
        "rail-off" => {
            let rails = base.parts("rail");
            let rail = dice.of(&rails)?;
            set("rail", text(rail, "name")?.into());
            let share = (80 + dice.below(40)) as f64 / 100.0;
            set("volts", Value::Float(number(rail, "volts") * share));
        }
        "link-slow" => {
            set("nic", named(base.wired(), dice)?);
            set("mbps", of(dice, &[100, 1_000]));
        }
        "carrier-lost" => set("nic", named(base.parts("nic"), dice)?),
        "nic-crc" => {
            set("nic", named(base.parts("nic"), dice)?);
            set("count", of(dice, &[1, 50, 5_000]));
        }
        "receive-slow" => {
            set("nic", named(base.parts("nic"), dice)?);
            set("percent", Value::Float(20.0 + dice.below(80) as f64));
        }
        "pcie-degraded" | "pcie-errors" => {
            let all = ["disk", "nic", "gpu"]
                .into_iter()
                .flat_map(|l| base.parts(l));
            let addresses: Vec<&str> = all.filter_map(|part| text(part, "pci")).collect();
            set("pci", (*dice.of(&addresses)?).into());
            if kind == "pcie-degraded" {
                set("width", of(dice, &[1, 2, 8]));
            } else {
                set(dice.of(&["correctable", "nonfatal", "fatal"])?, integer(3));
            }
        }
        "gpu-off-bus" => set("gpu", named(base.gpus(), dice)?),
        "gpu-wrong" => {
            set("gpu", named(base.gpus(), dice)?);
            set("errors", of(dice, &[1, 5]));
        }
        "gpu-ecc-uncorrected" => {
            set("gpu", named(base.gpus(), dice)?);
            set("count", of(dice, &[1, 2]));
        }
        "gpu-xid" => {
            set("gpu", named(base.gpus(), dice)?);
            set("xid", of(dice, &[13, 48, 63, 79, 94]));
            set("text", "as the driver says it".into());
        }
        "event-log-entry" => {
            set("sensor", "Processor CPU1".into());
            set("event", "IERR".into());
            set("critical", dice.percent(70).into());
        }
        "tool-missing" | "tool-crash" | "tool-hang" | "tool-garbage" => {
            set("tool", (*dice.of(&base.tools())?).into());
        }
        "sensor-missing" => {
            let labels = ["Package id 0", "Core 3", "Composite", "temp1"];
            set("label", (*dice.of(&labels)?).into());
        }
        "slow-call" => {
            let interfaces: Vec<&str> = vetting_component::offered().asked_for().collect();
            set("interface", (*dice.of(&interfaces)?).into());
            set("milliseconds", of(dice, &[50, 700, 3_000, 40_000]));
        }
        other => panic!("nobody makes the fault {other}"),
    }
    Some(fault)
}
