//! The healthy built-in machines, by what their profiles say.

use toml::{Table, Value};
use vetting_machine::simulated::SimulatedMachine;

/// The machines that faults are laid over.
pub const HEALTHY: [&str; 5] = [
    "healthy-server",
    "storage-server",
    "gpu-server",
    "laptop",
    "small-vm",
];

/// One of them.
pub struct Base {
    /// Its name.
    pub name: &'static str,
    profile: Table,
}

impl Base {
    pub fn new(name: &'static str) -> Self {
        let text = SimulatedMachine::builtin_text(name).expect("is built in");
        let profile = toml::from_str(text).expect("is TOML");
        Base { name, profile }
    }

    /// The parts of a list: `disk`, `nic`, `gpu`, `psu`, `fan`, `rail`.
    pub fn parts(&self, list: &str) -> Vec<&Table> {
        let parts = self.profile.get(list).and_then(Value::as_array);
        let parts = parts.into_iter().flatten();
        parts.filter_map(Value::as_table).collect()
    }

    /// One of them.
    pub fn part(&self, list: &str, name: &str) -> Option<&Table> {
        let mut parts = self.parts(list).into_iter();
        parts.find(|part| text(part, "name") == Some(name))
    }

    /// A field of a table of its profile.
    pub fn field(&self, table: &str, field: &str) -> Option<&Value> {
        self.profile.get(table)?.get(field)
    }

    /// The filled memory slots.
    pub fn slots(&self) -> Vec<&str> {
        let slots = self.field("memory", "slots").and_then(Value::as_array);
        slots
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// The tools that are installed.
    pub fn tools(&self) -> Vec<&str> {
        let tools = self.profile.get("tools").and_then(Value::as_table);
        tools
            .into_iter()
            .flat_map(Table::keys)
            .map(String::as_str)
            .collect()
    }

    /// A count of its processors: `sockets`, `cores`, `threads_per_core`.
    pub fn cpu(&self, field: &str) -> u64 {
        let value = self.field("cpu", field).and_then(Value::as_integer);
        value.and_then(|n| u64::try_from(n).ok()).unwrap_or(1)
    }

    pub fn cores(&self) -> u64 {
        self.cpu("sockets") * self.cpu("cores")
    }

    pub fn cpus(&self) -> u64 {
        self.cores() * self.cpu("threads_per_core")
    }

    /// Whether the kernel counts memory errors.
    pub fn counts_memory_errors(&self) -> bool {
        self.field("memory", "edac").is_some()
    }

    /// Whether it is a server that nobody carries about and no hypervisor invents.
    pub fn is_server(&self) -> bool {
        self.profile.contains_key("bmc")
    }

    /// GPUs that their driver answers for.
    pub fn gpus(&self) -> Vec<&Table> {
        let gpus = self.parts("gpu").into_iter();
        gpus.filter(|gpu| gpu.contains_key("driver")).collect()
    }

    /// The port that leads to the peer.
    pub fn peer_nic(&self) -> Option<&str> {
        self.field("peer", "nic")?.as_str()
    }

    /// Ports whose speed is known and real.
    pub fn wired(&self) -> Vec<&Table> {
        let nics = self.parts("nic").into_iter();
        nics.filter(|nic| nic.contains_key("mbps")).collect()
    }
}

/// A text of a table.
pub fn text<'a>(table: &'a Table, field: &str) -> Option<&'a str> {
    table.get(field)?.as_str()
}

/// A number of a table; 0 where there is none.
pub fn number(table: &Table, field: &str) -> f64 {
    match table.get(field) {
        Some(Value::Integer(number)) => *number as f64,
        Some(Value::Float(number)) => *number,
        _ => 0.0,
    }
}
