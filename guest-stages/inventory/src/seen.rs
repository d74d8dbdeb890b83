//! What was paid for and does not work: memory that the firmware mapped out, processors and cores that Linux
//! does not run on. It is found without a spec.

use vetting_facts::inventory::{CountedAs, Inventory, Memory};
use vetting_stage::{Findings, Measure, part};

use crate::rules;

const GIB: f64 = (1_u64 << 30) as f64;

/// Populated sockets, and CPUs that are present.
pub fn processors(parts: &Inventory, findings: &mut Findings) {
    let populated: Vec<_> = parts
        .sockets
        .iter()
        .filter(|socket| socket.populated == Some(true))
        .collect();
    // A hypervisor's table need not fit what it gives its guest.
    if populated.len() > parts.cpus.len() && parts.system.hypervisor.is_none() {
        let unseen = populated.iter().filter(|socket| socket.package.is_none());
        let names: Vec<&str> = unseen.map(|socket| socket.socket.as_str()).collect();
        let names = match names.is_empty() {
            true => format!("one of {} sockets", populated.len()),
            false => names.join(", "),
        };
        let message = format!(
            "{names}: {} sockets are populated, and Linux runs on {}: look at the firmware's log, reseat or \
             replace the processor",
            populated.len(),
            parts.cpus.len()
        );
        findings.broken(rules::PROCESSOR_UNSEEN, Some(&part("cpu", names)), message);
    }
    let numbers = &parts.cpu_numbers;
    let chosen = matches!(numbers.smt.as_deref(), Some("off" | "forceoff"));
    if let (Some(offline), false) = (&numbers.offline, chosen)
        && numbers.offline_count.is_some_and(|count| count > 0)
    {
        let message = format!(
            "CPU {offline} offline: look for boot parameters (maxcpus, isolcpus), and for cores that the \
             firmware or the kernel took out of use"
        );
        let place = part("cpu", format!("CPU {offline}"));
        findings.broken(rules::CPUS_OFFLINE, Some(&place), message);
    }
}

/// Modules that are in their slots and that the firmware does not map.
pub fn mapped_out(memory: &Memory, findings: &mut Findings) {
    let (Some(installed), Some(unmapped), Some(visible)) = (
        memory.installed_bytes,
        memory.unmapped_bytes,
        memory.visible_bytes,
    ) else {
        return;
    };
    let modules = memory.modules.iter();
    let sizes = modules.filter(|module| module.counted_as == CountedAs::Memory);
    let Some(smallest) = sizes.filter_map(|module| module.size_bytes).min() else {
        return;
    };
    // Both must say so: some tables map less than there is, and graphics take some of what is seen.
    let unmapped = u64::try_from(unmapped).unwrap_or(0);
    let unseen = installed.saturating_sub(visible);
    let gone = unmapped.min(unseen);
    let measure = Measure::number("mapped-out-memory", gone as f64).unit("B");
    // Mirroring leaves half, and sparing a rank: those are chosen, and are whole halves or ranks.
    let mirrored = unmapped.saturating_mul(2) == installed;
    if mirrored {
        return findings.note(measure);
    }
    let least = smallest.saturating_sub(1) as f64;
    findings.hold(measure.at_most(rules::MAPPED_OUT, least), || {
        format!(
            "memory: {:.1} of {:.1} GiB are mapped by the firmware, {:.1} GiB are seen: a module was taken out \
             of use; look at the firmware's log",
            (installed.saturating_sub(unmapped)) as f64 / GIB,
            installed as f64 / GIB,
            visible as f64 / GIB
        )
    });
}
