//! The kernel's log: records of `/dev/kmsg` or the text of `dmesg`, the events in them, and the incidents
//! that several lines report together.
//!
//! ```text
//! kmsg(bytes) ┐
//! dmesg(bytes)┴─► entries ─► events(entries) ─► incidents(entries, events) ─► storms(incidents)
//! ```
//!
//! Both readers give the same [`Entry`]. [`events`] classifies single lines by the words that the kernel's
//! sources print; lines that report nothing of the hardware give no event. [`incidents`] joins the lines
//! that report one error: an APEI record with its sections, an AER block, a machine check with its decoded
//! lines, the steps of a disk's error handling. [`storms`] counts incidents by kind, severity and part.

mod classify;
mod dmesg;
mod entry;
mod event;
mod incident;
mod join;
mod kmsg;
mod pick;
mod stamp;
mod status;
#[cfg(test)]
mod tests;

pub use entry::Entry;
pub use event::{Event, Kind, Part, Severity};
pub use incident::{
    Aer, Edac, Ghes, Incident, MachineCheck, MemorySection, PcieSection, Section, SectionKind,
    Storm,
};
pub use status::{Status, Vendor};

/// Reads records of `/dev/kmsg`, as they were read one after the other. Lines that are no records (a cut
/// first line, messages of tools) become entries with text alone.
pub fn kmsg(bytes: &[u8]) -> Vec<Entry> {
    kmsg::read(bytes)
}

/// Reads the text of `dmesg` in any of its time formats (`-r`, `-x`, `-T`, `-H`, `--time-format iso`,
/// `-J`), of `journalctl -k` and of syslog's files. Lines of other programs keep their name in
/// [`Entry::program`].
pub fn dmesg(bytes: &[u8]) -> Vec<Entry> {
    dmesg::read(bytes)
}

/// Classifies the lines. Lines that programs wrote into the log are passed over.
pub fn events(entries: &[Entry]) -> Vec<Event> {
    classify::events(entries)
}

/// Joins events that report one error, and counts equal ones once. `events` must come from `entries`.
pub fn incidents(entries: &[Entry], events: &[Event]) -> Vec<Incident> {
    join::incidents(entries, events)
}

/// Counts incidents by kind, severity and part: one storm for each, in order of their first lines.
pub fn storms(incidents: &[Incident]) -> Vec<Storm> {
    join::storms(incidents)
}
