//! PCI Express errors: the root port's line, and the block of the function that found the error.

use super::{Open, begin};
use crate::kernel::pick::hex;
use crate::kernel::{Aer, Event, Incident, Part};

pub(super) fn join(open: &mut Open, event: &Event) {
    let Some(Part::Pci(device)) = &event.part else {
        super::step(open, event);
        return;
    };
    let step = event.field("step").unwrap_or_default();
    if step == "received" {
        // The root port passes a message on: the error is its sender's.
        let source = event.field("source").unwrap_or(device).to_owned();
        let mut incident = begin(event);
        incident.part = Some(Part::Pci(source.clone()));
        incident.aer = Some(Aer {
            device: Some(source.clone()),
            received_by: Some(device.clone()),
            multiple: event.field("multiple").is_some(),
            ..Aer::default()
        });
        let place = open.push(incident);
        open.aer.insert(source, place);
        // Lines of the port's own follow under its name.
        open.aer.insert(device.clone(), place);
        return;
    }
    let place = open.aer.get(device).copied();
    // A record of the firmware has the registers of its function after it.
    let firmware = open.latest_ghes;
    if step == "values"
        && let Some((_, incident)) = open.near(firmware, event)
        && incident.part.as_ref() == event.part.as_ref()
    {
        incident.take(event);
        incident.fields.extend(
            event
                .fields
                .iter()
                .filter(|(key, _)| key != "step")
                .cloned(),
        );
        fill(incident, event, device);
        return;
    }
    let firmware = step == "bit" || step == "tlp";
    let firmware = firmware.then_some(open.latest_ghes).flatten();
    if let Some((_, incident)) = open.near(firmware, event)
        && incident.part.as_ref() == event.part.as_ref()
        && incident.aer.is_some()
    {
        incident.take(event);
        fill(incident, event, device);
        return;
    }
    let again = |incident: &Incident| {
        let seen = incident.aer.as_ref().is_some_and(|aer| aer.layer.is_some());
        step == "error" && seen
    };
    if let Some((place, incident)) = open.near(place, event)
        && !again(incident)
    {
        incident.take(event);
        // The port's own error: the block is under the port's name, not the sender's.
        if step == "error" {
            incident.part = event.part.clone();
        }
        fill(incident, event, device);
        open.aer.insert(device.clone(), place);
        return;
    }
    let mut incident = begin(event);
    fill(&mut incident, event, device);
    let place = open.push(incident);
    open.aer.insert(device.clone(), place);
}

fn fill(incident: &mut Incident, event: &Event, device: &str) {
    let aer = incident.aer.get_or_insert_default();
    if aer.device.is_none() || event.field("step") == Some("error") {
        aer.device = Some(device.to_owned());
    }
    for (key, value) in &event.fields {
        let text = || Some(value.clone());
        match key.as_str() {
            "layer" | "aer_layer" => aer.layer = text(),
            "agent" | "aer_agent" => aer.agent = text(),
            "device" => aer.id = text(),
            "status" | "aer_status" | "aer_cor_status" | "aer_uncor_status" => {
                aer.status = hex(value)
            }
            "mask" | "aer_mask" | "aer_cor_mask" | "aer_uncor_mask" => aer.mask = hex(value),
            "tlp-header" => aer.tlp_header = text(),
            "message" => aer.recovery.push(value.clone()),
            "name" => {
                aer.errors.push(value.clone());
                if event.field("first").is_some() {
                    aer.first = text();
                }
            }
            _ => {}
        }
    }
}
