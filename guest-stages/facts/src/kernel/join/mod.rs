//! Joins the lines that report one error.

mod aer;
mod ghes;
mod machine_check;

use std::collections::BTreeMap;

use super::{Edac, Entry, Event, Incident, Kind, Part, Storm};

/// Lines of one report stand within as many lines of each other.
const REACH: usize = 24;

/// Events that are kept open, so that a later line finds its report.
struct Open {
    incidents: Vec<Incident>,
    /// The machine check that lines without a CPU belong to.
    check: Option<usize>,
    /// The latest error record, by its number in the log.
    ghes: BTreeMap<Option<u64>, usize>,
    latest_ghes: Option<usize>,
    /// The latest AER block of each function.
    aer: BTreeMap<String, usize>,
    /// The latest report of each part's error handling.
    steps: BTreeMap<(Kind, Part), usize>,
}

pub(super) fn incidents(entries: &[Entry], events: &[Event]) -> Vec<Incident> {
    let mut open = Open {
        incidents: Vec::new(),
        check: None,
        ghes: BTreeMap::new(),
        latest_ghes: None,
        aer: BTreeMap::new(),
        steps: BTreeMap::new(),
    };
    for event in events {
        match event.kind {
            Kind::MachineCheck => machine_check::join(&mut open, event),
            Kind::MemoryError => edac(&mut open, event),
            Kind::Apei | Kind::Unknown if event.text.starts_with(['{', '[']) => {
                ghes::join(&mut open, event);
            }
            Kind::Apei => ghes::join(&mut open, event),
            Kind::Aer => aer::join(&mut open, event),
            _ => step(&mut open, event),
        }
    }
    machine_check::complete(&mut open.incidents, entries);
    for incident in &mut open.incidents {
        let at = |place: usize| entries.get(place).and_then(|entry| entry.at_us);
        incident.first_at_us = at(incident.first);
        incident.last_at_us = at(incident.last);
    }
    count_equal(open.incidents)
}

/// A new incident of one line.
fn begin(event: &Event) -> Incident {
    Incident {
        kind: event.kind,
        severity: event.severity,
        part: event.part.clone(),
        times: 1,
        errors: 1,
        first: event.index,
        last: event.index,
        first_at_us: None,
        last_at_us: None,
        lines: vec![event.index],
        fields: Vec::new(),
        machine_check: None,
        edac: None,
        ghes: None,
        aer: None,
    }
}

impl Open {
    fn push(&mut self, incident: Incident) -> usize {
        self.incidents.push(incident);
        self.incidents.len().saturating_sub(1)
    }

    /// An open incident whose last line is near enough.
    fn near(&mut self, place: Option<usize>, event: &Event) -> Option<(usize, &mut Incident)> {
        let place = place?;
        let incident = self.incidents.get_mut(place)?;
        let apart = event.index.saturating_sub(incident.last);
        (apart <= REACH).then_some((place, incident))
    }
}

impl Incident {
    /// Takes a line into it.
    fn take(&mut self, event: &Event) {
        self.last = self.last.max(event.index);
        if self.lines.len() < 256 {
            self.lines.push(event.index);
        }
        self.severity = self.severity.max(event.severity);
    }
}

/// A memory error of EDAC belongs to the machine check before it, where that has none yet.
fn edac(open: &mut Open, event: &Event) {
    let number = |key: &str| event.field(key).and_then(super::pick::hex);
    let plain = ["count", "mc", "message", "page", "offset", "overflow"];
    let edac = Edac {
        mc: event.field("mc").and_then(|mc| mc.parse().ok()),
        count: event.field("count").and_then(|count| count.parse().ok()),
        uncorrected: event.severity == Some(super::Severity::Uncorrected),
        label: match &event.part {
            Some(Part::Dimm { label, .. }) => Some(label.clone()),
            _ => None,
        },
        message: event.field("message").map(str::to_owned),
        page: number("page"),
        offset: number("offset"),
        overflow: event.field("overflow").is_some(),
        place: event
            .fields
            .iter()
            .filter(|(key, _)| !plain.contains(&key.as_str()))
            .cloned()
            .collect(),
    };
    let check = open.check;
    let count = edac.count.unwrap_or(1);
    if let Some((_, incident)) = open.near(check, event)
        && incident.edac.is_none()
        && decodes(incident, &edac)
    {
        incident.take(event);
        incident.kind = Kind::MemoryError;
        incident.part = event.part.clone();
        incident.errors = incident.errors.max(count);
        incident.edac = Some(edac);
        return;
    }
    let mut incident = begin(event);
    incident.errors = count;
    incident.edac = Some(edac);
    open.push(incident);
}

/// Whether an EDAC line decodes this machine check: a driver announced it, the bank is a memory
/// controller's, or the address is of the same page.
fn decodes(incident: &Incident, edac: &Edac) -> bool {
    let announced = incident.fields.iter().find(|(key, _)| key == "edac-mc");
    if let Some((_, mc)) = announced {
        return mc.parse().ok() == edac.mc;
    }
    let Some(check) = &incident.machine_check else {
        return false;
    };
    let unit = check.unit.iter().chain(&check.error);
    let mut memory =
        unit.map(|words| words.contains("Memory Controller") || words.contains("DRAM"));
    let page = check.address.map(|address| address >> 12);
    memory.any(|memory| memory) || page.is_some() && page == edac.page
}

/// Steps of a part's error handling that follow each other are one incident.
fn step(open: &mut Open, event: &Event) {
    let family = match event.kind {
        Kind::ScsiError | Kind::BlockError => Some(Kind::BlockError),
        Kind::Ata | Kind::Dpc | Kind::GpuRas | Kind::GpuReset | Kind::MemoryFailure => {
            Some(event.kind)
        }
        _ => None,
    };
    let key = family.zip(event.part.clone());
    let place = key.as_ref().and_then(|key| open.steps.get(key).copied());
    // A block error ends the report of a command; a new exception begins one of libata.
    let anew = event.field("exception").is_some() || event.field("result").is_some();
    if !anew
        && let Some((_, incident)) = open.near(place, event)
        && !repeats(incident, event)
    {
        incident.take(event);
        if event.kind == Kind::BlockError {
            incident.kind = Kind::BlockError;
        }
        incident.fields.extend(event.fields.iter().cloned());
        return;
    }
    let mut incident = begin(event);
    incident.fields = event.fields.clone();
    let place = open.push(incident);
    if let Some(key) = key {
        open.steps.insert(key, place);
    }
}

/// Whether a line of the same kind is in the report already: then this is another one.
fn repeats(incident: &Incident, event: &Event) -> bool {
    let has = |key: &str| incident.fields.iter().any(|(name, _)| name == key);
    event.kind == Kind::BlockError && has("sector") && event.field("sector").is_some()
}

/// Counts incidents that say the same once.
fn count_equal(incidents: Vec<Incident>) -> Vec<Incident> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Incident> = Vec::new();
    for incident in incidents {
        let key = signature(&incident);
        let before = known.get(&key).and_then(|place| kept.get_mut(*place));
        match before {
            Some(before) => {
                before.times = before.times.saturating_add(1);
                before.errors = before.errors.saturating_add(incident.errors);
                before.last = incident.last;
                before.last_at_us = incident.last_at_us;
            }
            None => {
                known.insert(key, kept.len());
                kept.push(incident);
            }
        }
    }
    kept
}

/// What an incident says, without its time and its number.
fn signature(incident: &Incident) -> String {
    let mut check = incident.machine_check.clone();
    if let Some(check) = &mut check {
        (check.tsc, check.time_s) = (None, None);
    }
    let mut ghes = incident.ghes.clone();
    if let Some(ghes) = &mut ghes {
        ghes.record = None;
    }
    let varies = |key: &str| {
        matches!(
            key,
            "tag" | "count" | "total-events" | "milliseconds" | "pid"
        )
    };
    let fields: Vec<_> = incident
        .fields
        .iter()
        .filter(|(key, _)| !varies(key))
        .collect();
    let Incident {
        kind,
        severity,
        part,
        edac,
        aer,
        ..
    } = incident;
    format!("{kind:?}{severity:?}{part:?}{fields:?}{check:?}{edac:?}{ghes:?}{aer:?}")
}

pub(super) fn storms(incidents: &[Incident]) -> Vec<Storm> {
    let mut known: BTreeMap<(Kind, Option<super::Severity>, &Option<Part>), usize> =
        BTreeMap::new();
    let mut storms: Vec<Storm> = Vec::new();
    for incident in incidents {
        let Incident {
            kind,
            severity,
            part,
            ..
        } = incident;
        let key = (*kind, *severity, part);
        if let Some(storm) = known.get(&key).and_then(|place| storms.get_mut(*place)) {
            storm.times = storm.times.saturating_add(incident.times);
            storm.errors = storm.errors.saturating_add(incident.errors);
            storm.last = storm.last.max(incident.last);
            storm.last_at_us = storm.last_at_us.max(incident.last_at_us);
            continue;
        }
        known.insert(key, storms.len());
        storms.push(Storm {
            kind: *kind,
            severity: *severity,
            part: part.clone(),
            times: incident.times,
            errors: incident.errors,
            first: incident.first,
            last: incident.last,
            first_at_us: incident.first_at_us,
            last_at_us: incident.last_at_us,
        });
    }
    storms
}
