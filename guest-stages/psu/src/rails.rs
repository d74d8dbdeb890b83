//! The rules of voltages that the controller has no limits for: rails by the voltage in their names, and
//! the mains.

use vetting_facts::bmc::{Sensor, Sensors, Unit};
use vetting_stage::{Findings, Measure, part};

use crate::{Parameters, roles, rules};

/// Nominal voltages of rails, in volts.
const RAILS: [f64; 3] = [12.0, 5.0, 3.3];

/// So far from its nominal voltage, in per cent, a rail does not run a machine: the number is wrong.
const IMPLAUSIBLE_PERCENT: f64 = 30.0;

/// Beyond so many volts a voltage is that of the mains.
const MAINS_VOLTS: f64 = 85.0;

/// Below this part of the other feeds' voltage, in per cent, a feed is dead.
const DEAD_PERCENT: f64 = 20.0;

fn volts(sensor: &Sensor) -> Option<f64> {
    let value = sensor.reading.value?;
    (sensor.reading.unit == Some(Unit::Volts)).then_some(value)
}

/// Whether a rail reads what it cannot have: then nothing that its supply's chip reads is worth anything.
pub fn is_nonsense(sensor: &Sensor) -> bool {
    let (Some(volts), Some(nominal)) = (volts(sensor), nominal(&sensor.name)) else {
        return false;
    };
    sensor.thresholds.is_empty() && off_percent(volts, nominal) > IMPLAUSIBLE_PERCENT
}

fn off_percent(volts: f64, nominal: f64) -> f64 {
    100.0 * (volts - nominal).abs() / nominal
}

/// Holds every voltage without limits of its own. `of_bad`: the sensors of supplies that were judged bad
/// already, whose feeds are no news.
pub fn judge(readings: &[Sensors; 2], of_bad: &[usize], p: &Parameters, findings: &mut Findings) {
    let [first, second] = readings;
    for sensor in &second.sensors {
        let Some(now) = volts(sensor) else { continue };
        if !sensor.thresholds.is_empty() {
            continue;
        }
        if let Some(nominal) = nominal(&sensor.name) {
            let then = roles::same(first, sensor).and_then(volts).unwrap_or(now);
            rail(
                &roles::name(second, sensor),
                nominal,
                [then, now],
                p,
                findings,
            );
        }
    }
    feeds(second, of_bad, findings);
}

/// A voltage must be off in both readings: 12 V may leave its range for a moment (ATX12V).
fn rail(name: &str, nominal: f64, volts: [f64; 2], p: &Parameters, findings: &mut Findings) {
    let off = volts.map(|volts| off_percent(volts, nominal));
    let (off, now) = (off[0].min(off[1]), volts[1]);
    let place = part("rail", name);
    if off > IMPLAUSIBLE_PERCENT {
        let message = format!(
            "{now} V cannot be: a rail of {nominal} V so far off runs no machine. The controller misreads it: update its firmware, or reseat the supply"
        );
        return findings.unknown(rules::IMPLAUSIBLE, Some(&place), message);
    }
    let measure = Measure::number("rail-off", off).unit("%").part(&place);
    findings.hold(measure.at_most(rules::RAIL, p.rail_fail_percent), || {
        format!("it has {now:.2} V, {off:.1} % from its nominal {nominal} V")
    });
}

/// Of feeds with one name but for their numbers (`Voltage 1`, `PS2 Input Volt`), one without mains while
/// others have it.
fn feeds(sensors: &Sensors, of_bad: &[usize], findings: &mut Findings) {
    let stem = |name: &str| -> String {
        name.chars()
            .filter(|c| !c.is_ascii_digit())
            .collect::<String>()
            .to_ascii_lowercase()
    };
    let feeds = || sensors.sensors.iter().filter_map(|s| Some((s, volts(s)?)));
    for (at, sensor) in sensors.sensors.iter().enumerate() {
        let Some(now) = volts(sensor).filter(|_| !of_bad.contains(&at)) else {
            continue;
        };
        let same = feeds().filter(|(other, _)| stem(&other.name) == stem(&sensor.name));
        let best = same.map(|(_, volts)| volts).fold(0.0, f64::max);
        if best < MAINS_VOLTS || stem(&sensor.name) == sensor.name.to_ascii_lowercase() {
            continue;
        }
        let percent = 100.0 * now / best;
        let measure = Measure::number("feed", percent)
            .unit("%")
            .part(&part("feed", roles::name(sensors, sensor)))
            .at_least(rules::NO_MAINS, DEAD_PERCENT);
        findings.hold(measure, || {
            format!("{now:.0} V, and {best:.0} V at another supply: it has no mains. Check its cable and feed")
        });
    }
}

/// The nominal voltage that stands in a rail's name: `Planar 12V`, `P12V_SCALED`, `BB +12.0V`, `SYS_V12`,
/// `P3V3`, `3P3V`, `5VSB`. A negative rail is not one of these.
pub fn nominal(name: &str) -> Option<f64> {
    let name = name.to_ascii_lowercase();
    let bytes = name.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let run = |from: usize| (from..bytes.len()).take_while(|at| is_digit(*at)).count();
    let number = |from: usize, length: usize| name.get(from..from.saturating_add(length));
    let mut at = 0;
    while at < bytes.len() {
        let length = run(at);
        if length == 0 {
            at = at.saturating_add(1);
            continue;
        }
        let end = at.saturating_add(length);
        let before = at.checked_sub(1).and_then(|at| bytes.get(at)).copied();
        let whole = number(at, length);
        // Digits behind a point, a `v` or a `p` are the decimals of what stands before.
        let decimals = match bytes.get(end) {
            Some(b'.' | b'p' | b'v') => run(end.saturating_add(1)),
            _ => 0,
        };
        let fraction = number(end.saturating_add(1), decimals).unwrap_or_default();
        let after = end
            .saturating_add(usize::from(decimals > 0))
            .saturating_add(decimals);
        let volts_behind = bytes.get(end) == Some(&b'v') || bytes.get(after) == Some(&b'v');
        let volts_before = before == Some(b'v') && !at.checked_sub(2).is_some_and(is_digit);
        let value = format!("{}.{fraction}0", whole.unwrap_or_default());
        let value = value.parse::<f64>().ok();
        let negative = before == Some(b'-');
        if (volts_behind || volts_before) && !negative {
            let found = RAILS.iter().find(|rail| value == Some(**rail));
            if let Some(rail) = found {
                return Some(*rail);
            }
        }
        at = after.max(end);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::nominal;

    #[test]
    fn a_rail_s_voltage_stands_in_its_name() {
        for name in [
            "12V",
            "+12V",
            "Planar 12V",
            "Volt_P12V",
            "BB +12.0V",
            "P12V_SCALED",
            "SYS_V12",
            "PSU0_12V",
            "P12V_CPU1",
            "12VSB",
            "P12V0",
        ] {
            assert_eq!(nominal(name), Some(12.0), "{name}");
        }
        for name in ["MAIN_5V", "Planar 5V", "5VCC", "P5V0_AUX", "5VSB", "V5"] {
            assert_eq!(nominal(name), Some(5.0), "{name}");
        }
        for name in [
            "P3V3",
            "3P3V",
            "3.3V",
            "3.3VCC",
            "+3.3V",
            "P3V3_STBY",
            "V3P3",
            "V3.3",
        ] {
            assert_eq!(nominal(name), Some(3.3), "{name}");
        }
        for name in [
            "1.05V PCH",
            "P1V05",
            "P1V5",
            "VBAT",
            "Voltage 1",
            "CPU1 VCORE",
            "-12V",
            "DIMM 12",
            "2.5V",
            "P1V8",
            "PSU1 VIN",
            "VDIMM1",
            "54V",
            "FAN12",
        ] {
            assert_eq!(nominal(name), None, "{name}");
        }
    }
}
