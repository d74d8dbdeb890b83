//! The rules of power supplies and redundancy.

use vetting_stage::outcome::{Comparison, Value};
use vetting_stage::power::{Health, Reading, Supply};
use vetting_stage::{Findings, Measure, Part, Severity, part};

use crate::Parameters;

/// Where states are interpreted.
pub const STATES: &str = "FreeIPMI, freeipmi_interpret_sensor.conf";

/// A health as a word.
pub fn word(health: &Health) -> &'static str {
    match health {
        Health::Nominal => "nominal",
        Health::Warning => "warning",
        Health::Critical => "critical",
        Health::Unknown => "unknown",
    }
}

/// Holds a health: critical is a failure, warning a remark. Unknown holds nothing.
pub fn hold(name: &str, health: &Health, place: &Part, message: String, findings: &mut Findings) {
    let measure = Measure::text(name, word(health)).part(place);
    if *health == Health::Unknown {
        return findings.note(measure);
    }
    let not = |word: &str| vec![Value::Text(word.to_owned())];
    let measure = measure
        .rule(
            name,
            Comparison::NotEqual,
            not("warning"),
            Severity::Warn,
            STATES,
        )
        .rule(
            name,
            Comparison::NotEqual,
            not("critical"),
            Severity::Fail,
            STATES,
        );
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
        findings.unknown("management-controller", None, message);
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
        let rule = measure.at_least(
            "expected_supplies",
            expected as f64,
            Severity::Fail,
            "the machine's spec",
        );
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
            findings.unknown("supply-state", Some(&place), message);
            continue;
        }
        hold(
            "supply-state",
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
        findings.warn(
            "mixed-supplies",
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
                &sensor.health,
                &place,
                format!("its state is: {states}"),
                findings,
            );
        }
    }
}
