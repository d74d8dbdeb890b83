//! `proc/cpuinfo`, whose form each architecture has made for itself.

use std::collections::BTreeMap;

/// The most logical CPUs that are kept; Linux allows 8,192.
pub(super) const MAX_CPUS: u32 = 65_536;

type Rows<'a> = Vec<(&'a str, &'a str)>;

/// The rows of every logical CPU, and those that belong to all.
#[derive(Default)]
pub(super) struct Cpuinfo<'a> {
    cpus: BTreeMap<u32, Rows<'a>>,
    all: Rows<'a>,
}

impl<'a> Cpuinfo<'a> {
    /// Reads it: `processor : 3` begins a CPU's rows, and an empty line ends them.
    pub fn parse(text: &'a str) -> Self {
        let mut info = Cpuinfo::default();
        let mut current = None;
        for line in text.lines() {
            let Some((key, value)) = line.split_once(':') else {
                if line.trim().is_empty() {
                    current = None;
                }
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            if key == "processor" {
                current = number(value);
            } else if let Some(cpu) = key.strip_prefix("processor ").and_then(number) {
                // s390: `processor 0: version = FF,  identification = 0133E8,  machine = 2964`.
                let pairs = value.split(',').filter_map(|pair| pair.split_once('='));
                let pairs = pairs.map(|(key, value)| (key.trim(), value.trim()));
                info.cpus.entry(cpu).or_default().extend(pairs);
                continue;
            }
            // Flags are long, and of no use here but for one.
            let is_flags = matches!(key, "flags" | "Features" | "isa" | "vmx flags" | "bugs");
            if is_flags && key != "flags" {
                continue;
            }
            match current {
                Some(cpu) => info.cpus.entry(cpu).or_default().push((key, value)),
                None => info.all.push((key, value)),
            }
        }
        info
    }

    /// The numbers of the CPUs.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        self.cpus.keys().copied()
    }

    /// What is said of one CPU, or of all.
    pub fn get(&self, cpu: u32, key: &str) -> Option<&'a str> {
        let own = self.cpus.get(&cpu).and_then(|rows| find(rows, key));
        own.or_else(|| find(&self.all, key))
    }

    /// What is said of all, or of the first CPU.
    pub fn any(&self, key: &str) -> Option<&'a str> {
        let first = self.cpus.values().next();
        find(&self.all, key).or_else(|| find(first?, key))
    }

    /// Whether a hypervisor shows itself to the processor.
    pub fn is_virtual(&self) -> bool {
        let flags = self.any("flags").unwrap_or_default();
        flags.split_ascii_whitespace().any(|f| f == "hypervisor")
    }
}

fn number(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|cpu| *cpu < MAX_CPUS)
}

fn find<'a>(rows: &Rows<'a>, key: &str) -> Option<&'a str> {
    let (_, value) = rows.iter().find(|(name, _)| *name == key)?;
    Some(*value).filter(|value| !value.is_empty())
}
