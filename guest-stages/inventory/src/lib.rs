//! Inventory: what the machine is made of.

mod judge;
mod read;
mod rules;
mod seen;
#[cfg(test)]
mod tests;

use vetting_stage::{Findings, Outcome, context, explain};

vetting_stage::parameters! {
    /// How many processors there must be.
    expected_cpus: optional_integer = null, "the machine's spec";
    /// How many physical cores there must be in all.
    expected_cores: optional_integer = null, "the machine's spec";
    /// How much memory must be installed, in GiB.
    expected_memory_gib: optional_integer = null, "the machine's spec";
    /// How many memory modules must be seen.
    expected_dimms: optional_integer = null, "the machine's spec";
    /// How many disks must be seen.
    expected_disks: optional_integer = null, "the machine's spec";
    /// How many network ports must be seen.
    expected_nics: optional_integer = null, "the machine's spec";
    /// How many GPUs and accelerators must be seen.
    expected_gpus: optional_integer = null, "the machine's spec";
    /// How far a disk's size may be from the expected one, in per cent.
    disk_size_tolerance_percent: number = 1.0, "default";
}

vetting_stage::files! {
    /// to read the firmware's tables and what the kernel shows of each part
    vetting_facts::inventory::FILES;
    /// to know which slot, which driver and which parent each part has
    vetting_facts::inventory::LINKS;
}

vetting_stage::queries! {
    /// to ask the drivers of network ports
    &vetting_facts::inventory::PORT_QUERIES;
}

vetting_stage::stage!(run);

/// The attachment that the inventory is compared with a spec by.
const ATTACHMENT: &str = "inventory.json";

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read().map_err(|e| e.to_string())?;
    let facts = context::get();
    let _shown = context::progress(0.1, "reading");
    let parts = read::inventory().map_err(|e| explain(&e))?;
    let record = serde_json::to_vec_pretty(&parts).map_err(|e| format!("the record: {e}"))?;
    context::attach(ATTACHMENT, "application/json", &record).map_err(|e| explain(&e))?;
    let mut findings = Findings::new();
    judge::parts(&parts, &facts.expected_disks, &parameters, &mut findings);
    Ok(findings.outcome(judge::summary(&parts)))
}
