//! What the kernel of a simulated machine has logged before a session begins.

use super::profile::Profile;
use crate::contract::kernel_log::Entry;
use crate::log_text::LEFT_OUT;

/// How long the machine has been up when a session begins, in microseconds.
pub const UPTIME_US: u64 = 240_000_000;

/// The lines, in the words of Linux 6.1: priority, microseconds since boot, text.
pub fn lines(profile: &Profile) -> Vec<Entry> {
    let cpu = &profile.cpu;
    let vendor = profile.system.manufacturer.as_deref().unwrap_or("Unknown");
    let product = profile.system.product.as_deref().unwrap_or("Unknown");
    let cpus = cpu
        .sockets
        .saturating_mul(cpu.cores)
        .saturating_mul(cpu.threads_per_core);
    let mut texts = vec![
        (
            5,
            0,
            "Linux version 6.1.0-38-amd64 (debian-kernel@lists.debian.org)".to_owned(),
        ),
        (6, 0, format!("Command line: {LEFT_OUT}")),
        (6, 4_210, format!("DMI: {vendor} {product}")),
        (6, 310_420, format!("smpboot: CPU0: {}", cpu.model)),
        (
            6,
            512_007,
            format!("smp: Brought up {} nodes, {cpus} CPUs", cpu.sockets),
        ),
        (6, 901_338, "ACPI: Interpreter enabled".to_owned()),
    ];
    if let Some(driver) = &profile.memory.edac {
        let text = format!(
            "EDAC MC0: Giving out device to module {driver} controller MC0: DEV 0000:00:00.0 (INTERRUPT)"
        );
        texts.push((6, 4_820_114, text));
    }
    for nic in profile.nics.iter().filter(|nic| nic.carrier) {
        texts.push((6, 9_204_871, format!("{}: Link is Up", nic.name)));
    }
    let numbered = texts.into_iter().enumerate();
    let entry = |(sequence, (priority, at_us, text)): (usize, (u8, u64, String))| Entry {
        sequence: sequence as u64,
        priority,
        facility: 0,
        at_us,
        came_ns: 0,
        text,
        fields: Vec::new(),
    };
    numbered.map(entry).collect()
}
