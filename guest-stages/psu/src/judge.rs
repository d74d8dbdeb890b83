//! The rules of power supplies and redundancy.

use vetting_stage::outcome::Value;
use vetting_stage::power::{Health, Reading, Supply};
use vetting_stage::{Findings, Measure, Part, Rule, part};

use crate::{Parameters, rules};

/// A health as a word.
pub fn word(health: &Health) -> &'static str {
    match health {
        Health::Nominal => "nominal",
        Health::Warning => "warning",
        Health::Critical => "critical",
        Health::Unknown => "unknown",
    }
}

/// Holds a health, by the rule for a warning and the one for what is critical. Unknown holds nothing.
pub fn hold(
    name: &str,
    (warning, critical): (Rule, Rule),
    health: &Health,
    place: &Part,
    message: String,
    findings: &mut Findings,
) {
    let measure = Measure::text(name, word(health)).part(place);
    if *health == Health::Unknown {
        return findings.note(measure);
    }
    let measure = measure
        .differs(warning, Value::Text("warning".to_owned()))
        .differs(critical, Value::Text("critical".to_owned()));
    findings.hold(measure, || message);
}

/// A controller that gives its event log and nothing of its sensors was not judged.
pub fn controller_tells(reading: &Reading, findings: &mut Findings) {
    for source in reading
        .sources
        .iter()
        .filter(|s| s.name == "ipmi" && !s.available)
    {
        let message = format!(
            "the management controller's sensors could not be read: {}",
            source.detail
        );
        findings.unknown(rules::CONTROLLER, None, message);
    }
}

/// Holds every supply by the worse of two readings. Returns how many tell of themselves.
pub fn supplies(readings: &[Reading; 2], p: &Parameters, findings: &mut Findings) -> usize {
    let reading = &readings[1];
    let servers: Vec<&Supply> = reading.supplies.iter().filter(|s| !s.portable).collect();
    let present: Vec<&&Supply> = servers
        .iter()
        .filter(|s| s.present != Some(false))
        .collect();
    if let Some(expected) = p.expected_supplies {
        let measure = Measure::number("supplies", present.len() as f64);
        let rule = measure.at_least(rules::FEWER_SUPPLIES, expected as f64);
        findings.hold(rule, || {
            format!(
                "{} of {expected} expected power supplies are there",
                present.len()
            )
        });
    }
    for supply in &reading.supplies {
        let place = Part {
            serial: supply.serial.clone(),
            model: supply.model.clone(),
            ..part("psu", supply.name.clone())
        };
        if supply.present == Some(false) {
            findings.note(Measure::boolean("present", false).part(&place));
            continue;
        }
        let states = match supply.states.is_empty() {
            true => "no state is told".to_owned(),
            false => supply.states.join(", "),
        };
        // A server's supply that is listed and tells no state was not judged.
        if supply.health == Health::Unknown && !supply.portable {
            let message = format!("its state is not told or not understood: {states}");
            findings.unknown(rules::SUPPLY_UNKNOWN, Some(&place), message);
            continue;
        }
        hold(
            "supply-state",
            (rules::SUPPLY_WARNING, rules::SUPPLY_CRITICAL),
            &supply.health,
            &place,
            format!("its state is: {states}"),
            findings,
        );
        if let Some(watts) = supply.input_watts.or(supply.output_watts) {
            findings.note(
                Measure::number("supply-power", watts)
                    .unit("W")
                    .part(&place),
            );
        }
    }
    mixed(&present, findings);
    servers.len()
}

fn mixed(present: &[&&Supply], findings: &mut Findings) {
    let models: std::collections::BTreeSet<&str> = present
        .iter()
        .filter_map(|supply| supply.model.as_deref())
        .collect();
    if models.len() > 1 {
        let models: Vec<&str> = models.into_iter().collect();
        findings.broken(
            rules::MIXED_SUPPLIES,
            None,
            format!(
                "power supplies of several models are mixed: {}",
                models.join(", ")
            ),
        );
    }
}

/// Holds redundancy, unless the spec says that there is one supply and so none.
pub fn redundancy(reading: &Reading, p: &Parameters, findings: &mut Findings) {
    let single = p.expected_supplies == Some(1);
    for sensor in &reading.redundancy {
        let place = part("redundancy", sensor.name.clone());
        let states = sensor.states.join(", ");
        if single && sensor.kind == "power" {
            findings.note(Measure::text("redundancy", states).part(&place));
        } else {
            hold(
                "redundancy",
                (rules::REDUNDANCY_WARNING, rules::REDUNDANCY_CRITICAL),
                &sensor.health,
                &place,
                format!("its state is: {states}"),
                findings,
            );
        }
    }
}
