//! The judgement. Plain Rust over the contract's types: `cargo test` tries it on this machine.

use vetting_stage::power::Sensor;
use vetting_stage::{Findings, Measure, part};

use crate::{Parameters, rules};

/// Holds every fan against the slowest that it may turn, and says how many there are.
pub fn fans(sensors: &[Sensor], parameters: &Parameters, findings: &mut Findings) -> usize {
    let mut fans = 0;
    for fan in sensors.iter().filter(|sensor| sensor.kind == "fan") {
        fans += 1;
        let part = part("fan", fan.name.as_str());
        let Some(speed) = fan.value else {
            findings.unknown(rules::SILENT_FAN, Some(&part), "it tells no speed");
            continue;
        };
        let slowest = parameters.slowest_fan;
        let measure = Measure::number("fan-speed", speed)
            .unit(&fan.unit)
            .part(&part)
            .at_least(rules::SLOW_FAN, slowest);
        findings.hold(measure, || {
            format!("it turns at {speed} 1/min, and {slowest} are needed: replace it")
        });
    }
    fans
}

#[cfg(test)]
mod tests {
    use vetting_stage::power::Health;
    use vetting_stage::{Finding, Verdict};

    use super::*;

    fn fan(name: &str, speed: Option<f64>) -> Sensor {
        Sensor {
            name: name.to_owned(),
            kind: "fan".to_owned(),
            value: speed,
            unit: "1/min".to_owned(),
            state: "ok".to_owned(),
            health: Health::Nominal,
            lower_critical: None,
            lower_warning: None,
            upper_warning: None,
            upper_critical: None,
        }
    }

    #[test]
    fn a_fan_that_stands_still_is_named() {
        let mut findings = Findings::new();
        let sensors = [fan("FAN1", Some(8000.0)), fan("FAN2", Some(0.0))];
        assert_eq!(fans(&sensors, &Parameters::default(), &mut findings), 2);
        let outcome = findings.outcome("2 fans");
        assert_eq!(outcome.verdict, Verdict::Fail);
        let part = outcome.diagnoses[0].part.as_ref();
        assert_eq!(part.map(|part| part.location.as_str()), Some("FAN2"));
    }

    #[test]
    fn a_fan_that_tells_nothing_is_not_passed() {
        let mut findings = Findings::new();
        fans(&[fan("FAN1", None)], &Parameters::default(), &mut findings);
        assert_eq!(findings.diagnoses()[0].finding, Finding::Unknown);
        let outcome = findings.outcome("1 fan");
        assert!(matches!(outcome.verdict, Verdict::Inconclusive(_)));
    }
}
