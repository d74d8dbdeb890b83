//! One line of the kernel's log.

use serde::Serialize;

/// One line, whichever reader it came from. A record of several lines gives several entries with one
/// sequence number.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Entry {
    /// The record's number since boot (`/dev/kmsg` alone).
    pub sequence: Option<u64>,
    /// The kernel's level: 0 emergency to 7 debug.
    pub priority: Option<u8>,
    /// Who wrote it, as syslog's facility: 0 is the kernel, others are programs.
    pub facility: Option<u8>,
    /// Microseconds of the kernel's monotonic clock since boot.
    pub at_us: Option<u64>,
    /// The wall clock's time as it was printed: `Mon Jan 27 19:27:15 2020`, `2024-09-21T06:12:53,907220-05:00`.
    pub time: Option<String>,
    /// The CPU or thread that printed it, with `CONFIG_PRINTK_CALLER`: `T1`, `C3`.
    pub caller: Option<String>,
    /// The program that wrote the line, where syslog or the journal says that it was not the kernel.
    pub program: Option<String>,
    /// The record's flags, where they are not `-`: `c` and `+` mark fragments of one line.
    pub flags: Option<String>,
    /// What it says.
    pub text: String,
    /// The record's dictionary: `SUBSYSTEM`, `DEVICE` and others (`/dev/kmsg` alone).
    pub fields: Vec<(String, String)>,
}

impl Entry {
    /// A field of the record's dictionary.
    pub fn field(&self, key: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the kernel wrote the line itself, as far as the log says.
    pub fn by_kernel(&self) -> bool {
        self.program.is_none() && self.facility.is_none_or(|facility| facility == 0)
    }
}
