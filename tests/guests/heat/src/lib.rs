//! Every temperature sensor against its chip's own limit: the worked example of `docs/contract.txt`.

use vetting_stage::hwmon::{Reading, Sensor, SensorKind};
use vetting_stage::{Findings, Measure, Outcome, explain, hwmon, part};

vetting_stage::parameters! {
    /// How far below its critical limit, in degrees, a sensor should stay.
    margin_celsius: number = 10.0, "default";
}

vetting_stage::rules! {
    /// A sensor is close to its critical limit.
    WARM: warn margin_celsius;
    /// A sensor is at its critical limit.
    HOT: fail "critical" = "below the sensor's critical limit", "hwmon temp*_crit";
    /// A sensor's chip says that it is broken.
    BROKEN: unknown "fault";
    /// A sensor could not be read.
    UNREADABLE: unknown "unreadable";
}

vetting_stage::stage!(run);

/// Asks. An error of the host is the stage's error here, and makes the attempt inconclusive.
fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let reading = hwmon::read().map_err(|error| explain(&error))?;
    if reading.sensors.is_empty() && reading.unreadable.is_empty() {
        // The hardware does not exist: there is nothing to judge.
        return Ok(Findings::new().skip("this machine has no sensors", ""));
    }
    let findings = judge(&reading, &parameters);
    let read = findings.measurements().len();
    Ok(findings.outcome(format!("{read} temperatures read")))
}

/// Judges: plain Rust over the contract's types.
fn judge(reading: &Reading, parameters: &Parameters) -> Findings {
    let mut findings = Findings::new();
    let of_kind = |sensor: &&Sensor| sensor.kind == SensorKind::Temperature;
    for sensor in reading.sensors.iter().filter(of_kind) {
        let place = part("sensor", format!("{} {}", sensor.chip, sensor.label));
        if sensor.fault {
            findings.unknown(BROKEN, Some(&place), "its chip says that it is broken");
            continue;
        }
        let celsius = sensor.value;
        let measure = Measure::number("temperature", celsius)
            .unit("Cel")
            .part(&place);
        let Some(critical) = sensor.limits.crit else {
            findings.note(measure);
            continue;
        };
        let wanted = critical - parameters.margin_celsius;
        let measure = measure.below(WARM, wanted).below(HOT, critical);
        findings.hold(measure, || {
            format!("it is at {celsius:.0} °C, its limit is {critical:.0} °C: look at its cooling")
        });
    }
    for unreadable in &reading.unreadable {
        // It should have been judged and could not be.
        findings.unknown(
            UNREADABLE,
            None,
            format!("{}: {}", unreadable.path, unreadable.reason),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use vetting_stage::Verdict;
    use vetting_stage::hwmon::Limits;

    use super::*;

    fn verdict(value: f64, crit: Option<f64>, fault: bool) -> Verdict {
        let sensor = Sensor {
            chip: "coretemp".into(),
            device: "platform:coretemp.0".into(),
            label: "Core 0".into(),
            channel: "temp2".into(),
            kind: SensorKind::Temperature,
            value,
            limits: Limits {
                min: None,
                max: None,
                lcrit: None,
                crit,
                emergency: None,
            },
            alarms: Vec::new(),
            fault,
            extra: Vec::new(),
        };
        let reading = Reading {
            sensors: vec![sensor],
            unreadable: Vec::new(),
        };
        judge(&reading, &Parameters::default()).outcome("").verdict
    }

    #[test]
    fn below_its_limit_it_is_good_at_it_it_is_not() {
        assert_eq!(verdict(60.0, Some(100.0), false), Verdict::Pass);
        assert_eq!(verdict(95.0, Some(100.0), false), Verdict::Pass);
        assert_eq!(verdict(100.0, Some(100.0), false), Verdict::Fail);
    }

    #[test]
    fn what_has_no_limit_or_is_broken_was_not_judged() {
        for (crit, fault) in [(None, false), (Some(100.0), true)] {
            assert!(matches!(
                verdict(60.0, crit, fault),
                Verdict::Inconclusive(_)
            ));
        }
    }
}
