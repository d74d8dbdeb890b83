//! The rules of fans: whether they turn, and as fast as their siblings.

use std::collections::BTreeMap;

use vetting_facts::bmc::{Sensor, Sensors, Unit};
use vetting_stage::outcome::Value;
use vetting_stage::{Findings, Measure, median, part};

use crate::severity::Health;
use crate::{Parameters, roles, rules, thresholds};

/// Fewer fans than this have no middle.
const FEWEST: usize = 3;

/// Of two fans of one name one may be of another zone: only what is slower than this part of the other, in
/// per cent, is worth a look.
const OF_TWO_PERCENT: f64 = 50.0;

/// Holds every fan by two readings, but those in `nonsense`, by their places in the listing. Returns how
/// many turn.
pub fn judge(
    readings: &[Sensors; 2],
    nonsense: &[usize],
    p: &Parameters,
    findings: &mut Findings,
) -> usize {
    let [first, second] = readings;
    let all = second.sensors.iter().enumerate();
    let fans = all.filter(|(at, sensor)| roles::is_fan(sensor) && !nonsense.contains(at));
    let fans: Vec<&Sensor> = fans.map(|(_, fan)| fan).collect();
    let mut doubtful = Vec::new();
    for fan in &fans {
        one(
            fan,
            roles::same(first, fan),
            second,
            &mut doubtful,
            findings,
        );
    }
    if !doubtful.is_empty() {
        let message = format!(
            "0 rpm where the lower limits are 0 too: an empty header or a fan that stands still: {}",
            doubtful.join(", ")
        );
        findings.broken(rules::FANS_IN_DOUBT, Some(&part("fan", "headers")), message);
    }
    let read = fans
        .iter()
        .filter(|fan| fan.reading.value.is_some())
        .count();
    if read == 0 && fans.iter().any(|fan| has_floor(fan)) {
        let message = "no fan has a reading, though the controller has limits for them";
        findings.unknown(rules::FANS_SILENT, None, message);
    }
    siblings(&fans, readings, p, findings);
    fans.iter()
        .filter(|fan| fan.reading.value.is_some_and(|speed| speed > 0.0))
        .count()
}

/// Whether a fan has a lower limit that it can be below of.
fn has_floor(fan: &Sensor) -> bool {
    let limits = &fan.thresholds;
    let floors = [
        limits.lower_non_critical,
        limits.lower_critical,
        limits.lower_non_recoverable,
    ];
    floors.into_iter().flatten().any(|limit| limit > 0.0)
}

fn one(
    fan: &Sensor,
    before: Option<&Sensor>,
    sensors: &Sensors,
    doubtful: &mut Vec<String>,
    findings: &mut Findings,
) {
    let place = roles::place(sensors, fan);
    let then = before.and_then(|before| before.reading.value);
    let Some(speed) = fan.reading.value else {
        // An empty header never had a reading.
        if then.is_some_and(|speed| speed > 0.0) {
            let message =
                "it had a reading in the first of two readings and has none in the second";
            findings.broken(rules::FAN_FLICKERS, Some(&place), message);
        }
        return;
    };
    let in_rpm = fan.reading.unit == Some(Unit::Rpm);
    let moved = speed > 0.0 || then.is_some_and(|then| then > 0.0);
    if speed <= 0.0 && moved {
        let message =
            "it stands still in the second of two readings and turned in the first: look at it";
        return findings.broken(rules::FAN_FLICKERS, Some(&place), message);
    }
    if speed <= 0.0 && in_rpm && !has_floor(fan) {
        // Without a limit at all it is a header that is not watched.
        if !fan.thresholds.is_empty() {
            doubtful.push(fan.name.clone());
        }
        return;
    }
    if in_rpm {
        let measure = Measure::number("fan-speed", speed)
            .unit("1/min")
            .part(&place);
        let turns = findings.hold(measure.above(rules::FAN_STANDS, 0.0), || {
            "it stands still: replace it".to_owned()
        });
        if !turns {
            return;
        }
    }
    state(fan, before, sensors, findings);
}

/// Whether a fan is at or above an upper limit.
fn is_at_its_top(fan: &Sensor) -> bool {
    let limits = &fan.thresholds;
    let top = [
        limits.upper_non_critical,
        limits.upper_critical,
        limits.upper_non_recoverable,
    ];
    let value = fan.reading.value.unwrap_or(0.0);
    top.into_iter().flatten().any(|limit| value >= limit)
}

/// A fan below its own limits. One above them was told to run at its top.
fn state(fan: &Sensor, before: Option<&Sensor>, sensors: &Sensors, findings: &mut Findings) {
    let (now, fast) = (thresholds::health(fan), is_at_its_top(fan));
    let once = before.is_some_and(|before| thresholds::health(before) != now);
    let held = match now {
        Health::Unknown => return,
        Health::Warning | Health::Critical if fast => Health::Nominal,
        Health::Critical if once => Health::Warning,
        now => now,
    };
    let measure = Measure::text("sensor-state", held.word())
        .part(&roles::place(sensors, fan))
        .differs(rules::SENSOR_WARNING, Value::Text("warning".to_owned()))
        .differs(rules::SENSOR_CRITICAL, Value::Text("critical".to_owned()));
    findings.hold(measure, || {
        format!(
            "it turns at {}, below its limit: clean or replace it",
            thresholds::reading(fan)
        )
    });
}

/// Fans of one kind have one name but for their numbers: `Fan 1A Tach` and `Fan 2A Tach`, whose second
/// rotors, `B`, are slower by design.
fn kind(fan: &Sensor) -> String {
    let mut kind = String::new();
    let name = fan.name.to_ascii_lowercase();
    for c in name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')) {
        match c.is_ascii_digit() {
            true if kind.ends_with('#') => {}
            true => kind.push('#'),
            false => kind.push(c),
        }
    }
    if fan.reading.unit == Some(Unit::Percent) {
        kind.push('%');
    }
    kind
}

/// Holds every fan against others of its kind, by the faster of two readings. One that is below its own
/// critical limit is bad already.
fn siblings(fans: &[&Sensor], readings: &[Sensors; 2], p: &Parameters, findings: &mut Findings) {
    let [first, sensors] = readings;
    let mut kinds: BTreeMap<String, Vec<(&Sensor, f64)>> = BTreeMap::new();
    for fan in fans {
        let then = roles::same(first, fan).and_then(|before| before.reading.value);
        if let Some(speed) = fan.reading.value.filter(|speed| *speed > 0.0) {
            let speed = speed.max(then.unwrap_or(speed));
            kinds.entry(kind(fan)).or_default().push((fan, speed));
        }
    }
    for fans in kinds.values() {
        let speeds: Vec<f64> = fans.iter().map(|(_, speed)| *speed).collect();
        let fastest = speeds.iter().copied().reduce(f64::max);
        let (usual, warn) = match fans.len() {
            0 | 1 => continue,
            n if n < FEWEST => (fastest, OF_TWO_PERCENT),
            _ => (median(&speeds), p.fan_warn_percent),
        };
        let Some(usual) = usual.filter(|usual| *usual > 0.0) else {
            continue;
        };
        let is_bad =
            |fan: &Sensor| thresholds::health(fan) == Health::Critical && !is_at_its_top(fan);
        for (fan, speed) in fans.iter().filter(|(fan, _)| !is_bad(fan)) {
            let percent = 100.0 * speed / usual;
            let measure = Measure::number("fan-of-siblings", percent)
                .unit("%")
                .part(&roles::place(sensors, fan))
                .at_least(rules::FAN_SLOW, warn)
                .at_least(rules::FAN_FAR_TOO_SLOW, p.fan_fail_percent);
            findings.hold(measure, || {
                let now = thresholds::reading(fan);
                format!(
                    "it turns at {now}, {percent:.0} % of fans of its kind: clean or replace it"
                )
            });
        }
    }
}
