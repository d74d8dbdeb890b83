//! The rules of power supplies: states, presence, models, and how they share the load.

use vetting_facts::bmc::{Meaning, Supply};
use vetting_stage::outcome::Value;
use vetting_stage::{Findings, Measure, Part, part};

use crate::severity::{self, Health};
use crate::{Parameters, rules};

/// Below so many watts of all supplies together their shares mean nothing.
const LOADED_WATTS: f64 = 100.0;

/// The share of the load, in per cent, below which one of two supplies does not share it.
const LEAST_SHARE: f64 = 20.0;

/// A supply's place in a report.
pub fn place(supply: &Supply) -> Part {
    Part {
        serial: supply.serial.clone(),
        model: supply.model.clone(),
        ..part("psu", supply.name.clone())
    }
}

/// How bad its states are.
pub fn health(supply: &Supply) -> Health {
    let state = |meaning: Option<Meaning>| match meaning {
        Some(meaning) => severity::of(meaning, Some(0x08), &supply.name),
        None => Health::Unknown,
    };
    let each = supply.states.iter().map(|found| state(found.meaning));
    each.max().unwrap_or(Health::Unknown)
}

fn words(supply: &Supply) -> String {
    let all: Vec<&str> = supply
        .states
        .iter()
        .map(|state| state.text.as_str())
        .collect();
    match all.is_empty() {
        true => "no state".to_owned(),
        false => all.join(", "),
    }
}

/// Holds every supply by two readings. Returns how many supplies are there.
pub fn judge(
    readings: &[Vec<Supply>; 2],
    redundant: bool,
    p: &Parameters,
    findings: &mut Findings,
) -> usize {
    let [first, second] = readings;
    for supply in second {
        let before = first.iter().find(|other| other.sensors == supply.sensors);
        one(supply, before, redundant, findings);
    }
    let there: Vec<&Supply> = second.iter().filter(|s| s.present != Some(false)).collect();
    if there.is_empty() && !second.is_empty() {
        let message = "none of the machine's power supplies has a reading, though it runs";
        findings.unknown(rules::SUPPLY_UNKNOWN, None, message);
    }
    mixed(&there, findings);
    shares(&there, p, findings);
    there.len()
}

fn one(supply: &Supply, before: Option<&Supply>, redundant: bool, findings: &mut Findings) {
    let place = place(supply);
    let was_there = before.is_some_and(|before| before.present == Some(true));
    if supply.present == Some(false) {
        if was_there {
            let message = "it went during the test: reseat it and its cable, or replace it";
            return findings.broken(rules::SUPPLY_GONE, Some(&place), message);
        }
        return findings.note(Measure::boolean("present", false).part(&place));
    }
    let measured = supply.input_watts.or(supply.output_watts);
    // A supply that rests while the others are redundant does so by the operator's setting.
    let now = match health(supply) {
        Health::Warning if redundant && rests(supply) => Health::Nominal,
        now => now,
    };
    let before = before.filter(|before| health(before) == Health::Critical);
    match (now, before) {
        (Health::Critical, _) | (Health::Nominal | Health::Warning, None) => {
            hold(supply, &place, now, findings);
        }
        (_, Some(before)) => {
            let (then, now) = (words(before), words(supply));
            let message = format!(
                "its state was {then} in the first of two readings and is {now} in the second: check its cable and its seat"
            );
            findings.broken(rules::SUPPLY_FLICKERS, Some(&place), message);
        }
        // It gives power, and says nothing that is understood.
        (Health::Unknown, None) if measured.is_some_and(|watts| watts > 0.0) => {}
        (Health::Unknown, None) => {
            let message = format!("its state is not known: {}", words(supply));
            findings.unknown(rules::SUPPLY_UNKNOWN, Some(&place), message);
        }
    }
    if let Some(watts) = measured {
        findings.note(
            Measure::number("supply-power", watts)
                .unit("W")
                .part(&place),
        );
    }
}

/// Whether the controller lets it rest.
fn rests(supply: &Supply) -> bool {
    let mut states = supply.states.iter();
    states.any(|state| state.meaning == Some(Meaning::PowerSupplyInactive))
}

fn has_no_input(supply: &Supply) -> bool {
    let mut states = supply.states.iter();
    states.any(|state| {
        matches!(
            state.meaning,
            Some(
                Meaning::PowerSupplyInputLost
                    | Meaning::PowerSupplyInputLostOrOutOfRange
                    | Meaning::PowerSupplyInputOutOfRangeButPresent
            )
        )
    })
}

fn hold(supply: &Supply, place: &Part, health: Health, findings: &mut Findings) {
    let measure = Measure::text("supply-state", health.word())
        .part(place)
        .differs(rules::SUPPLY_WARNING, Value::Text("warning".to_owned()))
        .differs(rules::SUPPLY_CRITICAL, Value::Text("critical".to_owned()));
    findings.hold(measure, || {
        let advice = match has_no_input(supply) {
            true => "check its mains cable and the feed, then replace it",
            false => "replace it",
        };
        format!("its state is {}: {advice}", words(supply))
    });
}

/// Holds how many there are against the spec. `silent` names bays without a supply.
pub fn count(there: usize, bays: &[Supply], p: &Parameters, findings: &mut Findings) {
    let Some(expected) = p.expected_supplies else {
        return findings.note(Measure::number("supplies", there as f64));
    };
    if there == 0 && bays.is_empty() {
        let message = format!("{expected} power supplies are expected, and nothing reports one");
        return findings.unknown(rules::SUPPLY_UNKNOWN, None, message);
    }
    let measure = Measure::number("supplies", there as f64);
    findings.hold(
        measure.at_least(rules::FEWER_SUPPLIES, expected as f64),
        || {
            let empty = bays.iter().filter(|bay| bay.present == Some(false));
            let empty: Vec<&str> = empty.map(|bay| bay.name.as_str()).collect();
            let empty = match empty.is_empty() {
                true => String::new(),
                false => format!("; without one: {}", empty.join(", ")),
            };
            format!("{there} of {expected} expected power supplies are there{empty}")
        },
    );
}

/// The model without the maker behind it: Dell buys one supply of several (`PWR SPLY,750W,RDNT,DELTA`).
fn model(supply: &Supply) -> Option<&str> {
    let model = supply.model.as_deref()?.trim();
    match model.starts_with("PWR SPLY") {
        true => model.rsplit_once(',').map(|(model, _maker)| model),
        false => Some(model).filter(|model| !model.is_empty()),
    }
}

fn mixed(there: &[&Supply], findings: &mut Findings) {
    let models: std::collections::BTreeSet<&str> =
        there.iter().filter_map(|supply| model(supply)).collect();
    if models.len() > 1 {
        let models: Vec<&str> = models.into_iter().collect();
        let models = models.join(", ");
        let message = format!("power supplies of several models are mixed: {models}");
        findings.broken(rules::MIXED_SUPPLIES, None, message);
    }
}

/// One of two supplies that hardly gives anything will not carry the machine alone. Those that rest do
/// not count.
fn shares(there: &[&Supply], p: &Parameters, findings: &mut Findings) {
    let watts = |supply: &Supply| supply.output_watts.or(supply.input_watts);
    let working: Vec<(&Supply, f64)> = there
        .iter()
        .filter(|supply| !rests(supply) && health(supply) != Health::Critical)
        // One without mains is told by its feed.
        .filter(|supply| supply.input_volts.is_none_or(|volts| volts > 0.0))
        .filter_map(|supply| Some((*supply, watts(supply)?)))
        .collect();
    let sum: f64 = working.iter().map(|(_, watts)| watts).sum();
    if working.len() < 2 || sum < LOADED_WATTS || p.expected_supplies == Some(1) {
        return;
    }
    // Of more supplies each has less.
    let least = LEAST_SHARE * 2.0 / working.len() as f64;
    for (supply, watts) in working {
        let share = 100.0 * watts / sum;
        let measure = Measure::number("supply-share", share)
            .unit("%")
            .part(&place(supply));
        findings.hold(measure.at_least(rules::SUPPLY_SHARE, least), || {
            format!(
                "it gives {watts:.0} of {sum:.0} W, {share:.0} %: at least {least:.0} % are its share, unless the controller lets it rest"
            )
        });
    }
}
