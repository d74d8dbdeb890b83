//! The judgement. Plain Rust over facts: `cargo test` tries it on this machine.

use vetting_facts::bmc::{Sensor, Unit};
use vetting_stage::{Findings, Measure, part};

use crate::{Parameters, rules};

/// Holds every fan against the slowest that it may turn, and gives how many there are.
pub fn fans(sensors: &[Sensor], parameters: &Parameters, findings: &mut Findings) -> usize {
    let mut fans = 0;
    for fan in sensors
        .iter()
        .filter(|sensor| sensor.reading.unit == Some(Unit::Rpm))
    {
        fans += 1;
        let part = part("fan", fan.name.as_str());
        let Some(speed) = fan.reading.value else {
            findings.unknown(rules::SILENT_FAN, Some(&part), "it has no reading");
            continue;
        };
        let slowest = parameters.slowest_fan;
        let measure = Measure::number("fan-speed", speed)
            .unit("1/min")
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
    use vetting_facts::bmc::sensor_table;
    use vetting_stage::{Finding, Verdict};

    use super::*;

    /// What `ipmitool sensor` prints of two fans, the second at this speed.
    fn table(second: &str) -> Vec<Sensor> {
        let row = |name: &str, speed: &str| {
            format!(
                "{name:16} | {speed:10} | RPM        | ok    | na | 300.000 | na | na | na | na\n"
            )
        };
        let text = row("FAN1", "8000.000") + &row("FAN2", second);
        sensor_table(text.as_bytes()).expect("a table").sensors
    }

    #[test]
    fn a_fan_that_stands_still_is_named() {
        let mut findings = Findings::new();
        let sensors = table("0.000");
        assert_eq!(fans(&sensors, &Parameters::default(), &mut findings), 2);
        let outcome = findings.outcome("2 fans");
        assert_eq!(outcome.verdict, Verdict::Fail);
        let part = outcome.diagnoses[0].part.as_ref();
        assert_eq!(part.map(|part| part.location.as_str()), Some("FAN2"));
    }

    #[test]
    fn a_fan_without_a_reading_is_not_passed() {
        let mut findings = Findings::new();
        fans(&table("na"), &Parameters::default(), &mut findings);
        assert_eq!(findings.diagnoses()[0].finding, Finding::Unknown);
        let outcome = findings.outcome("2 fans");
        assert!(matches!(outcome.verdict, Verdict::Inconclusive(_)));
    }
}
