//! The rules on which GPUs answer: before the load, and after it.

use vetting_facts::gpu::amd::AmdGpu;
use vetting_facts::gpu::nvidia_smi::MessageKind;
use vetting_stage::{Findings, Part, part};

use crate::bus::OnBus;
use crate::evidence::{Look, address_of, part_of};
use crate::{amd, grouped, rules};

/// PCI's number of NVIDIA.
const NVIDIA: u64 = 0x10de;

/// How many GPUs there are, on the bus or in the tool's document.
pub fn count(bus: &[OnBus], look: &Look) -> usize {
    let unknown = look.report.gpus.iter().map(address_of);
    let unknown = unknown.filter(|address| !bus.iter().any(|on| on.address == *address));
    bus.len() + unknown.count()
}

/// Judges GPUs that are on the bus and that no tool reports on; how many there are.
pub fn silent(bus: &[OnBus], look: &Look, amd: &[AmdGpu], findings: &mut Findings) -> usize {
    let mut causes: Vec<(String, Vec<Part>)> = Vec::new();
    let mut silent = 0;
    let known = |on: &&OnBus| {
        let by_driver = amd
            .iter()
            .any(|gpu| gpu.pci_address.as_ref() == Some(&on.address));
        by_driver || look.gpu(&on.address).is_some()
    };
    for on in bus.iter().filter(|on| !known(on)) {
        silent += 1;
        if let Some(words) = look.unreachable(&on.address) {
            let message = format!("it does not answer its driver: {words}");
            findings.broken(rules::LOST, Some(&on.part()), message);
            continue;
        }
        let cause = why_silent(on, look);
        match causes.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, parts)) => parts.push(on.part()),
            None => causes.push((cause, vec![on.part()])),
        }
    }
    grouped(causes, |part, message| {
        findings.unknown(rules::SILENT, part, message)
    });
    if let Some(gap) = look.gap.as_ref().filter(|_| !look.report.gpus.is_empty()) {
        let message = format!("not every GPU could be read: {gap}");
        findings.unknown(rules::SILENT, None, message);
    }
    corrupted(look, findings);
    silent
}

fn why_silent(on: &OnBus, look: &Look) -> String {
    let driver = on.driver.as_deref().unwrap_or("none");
    match on.vendor {
        Some(NVIDIA) if look.report.gpus.is_empty() => {
            let gap = look.gap.as_deref().unwrap_or("nvidia-smi lists no GPU");
            format!("no tool reports on it: {gap}")
        }
        Some(NVIDIA) => format!(
            "nvidia-smi does not list it (driver: {driver}). Look for its address in the kernel's log"
        ),
        Some(amd::VENDOR) => format!(
            "no tool reports on it (driver: {driver}). Load amdgpu, install firmware-amd-graphics"
        ),
        Some(vendor) => format!("GPUs of vendor {vendor:04x} are not known (driver: {driver})"),
        None => "no tool reports on it, and its files could not be read".to_owned(),
    }
}

/// Configuration memories that the tool calls corrupted.
fn corrupted(look: &Look, findings: &mut Findings) {
    let messages = look.report.messages.iter();
    for message in messages.filter(|m| m.kind == MessageKind::InforomCorrupted) {
        let place = message.pci_address.as_deref().map(|address| {
            let known = look.gpu(address).map(part_of);
            known.unwrap_or_else(|| part("gpu", address))
        });
        let text = format!("{}. Reset it; if it stays, replace it", message.text);
        findings.broken(rules::INFOROM, place.as_ref(), text);
    }
}

/// Whether a GPU that answered before does not now.
pub fn is_lost(after: &Look, address: &str) -> bool {
    match after.gpu(address) {
        Some(gpu) => gpu.lost,
        None => after.unreachable(address).is_some() || !after.report.gpus.is_empty(),
    }
}

/// Judges GPUs that answered before the load and do not after it. One that is lost may make the tool
/// silent on all: that is no fault of the others.
pub fn lost(before: &Look, after: &Look, findings: &mut Findings) {
    let mut unread = Vec::new();
    for gpu in before.report.gpus.iter().filter(|gpu| !gpu.lost) {
        let address = address_of(gpu);
        if after.gpu(address).is_some() {
            continue;
        }
        if !is_lost(after, address) {
            unread.push(part_of(gpu));
            continue;
        }
        let words = after
            .unreachable(address)
            .unwrap_or("nvidia-smi lists it no more");
        let message = format!(
            "it stopped answering during the test: {words}. Reboot; if it comes again, reseat or replace it"
        );
        findings.broken(rules::LOST, Some(&part_of(gpu)), message);
    }
    if !unread.is_empty() {
        let gap = after.gap.as_deref().unwrap_or("nvidia-smi lists no GPU");
        let cause = format!("could not be read after the load: {gap}");
        grouped(vec![(cause, unread)], |part, message| {
            findings.unknown(rules::SILENT, part, message);
        });
    } else if let Some(gap) = after.gap.as_ref().filter(|_| !after.report.gpus.is_empty()) {
        let message = format!("not every GPU could be read after the load: {gap}");
        findings.unknown(rules::SILENT, None, message);
    }
}
