//! Measurements as charts: what was measured of several parts as bars, one per part, with the rules
//! that it was held against; percentiles (`latency-p50`, `latency-p99.9`) as a line per part.

use std::collections::{BTreeMap, BTreeSet};

use maud::Markup;
use vetting_protocol::{Comparison, Measurement, Severity, Value};

use super::chart::{
    Bar, LINES, Line, Naming, Point, Threshold, bars, lines, shared_prefix, si_measured,
};
use super::scale::Axis;
use crate::words::{met_words, part_words, printable, rule_words, unit_words};

/// The charts that the measurements make, percentiles first.
pub(super) fn charts(id: &str, measurements: &[Measurement]) -> Vec<Markup> {
    let mut numbers: Vec<Number<'_>> = measurements.iter().filter_map(Number::of).collect();
    let mut charts = Vec::new();
    for ((name, unit), group) in grouped(&numbers, Number::percentile_of) {
        charts.extend(percentiles(
            &format!("{id}p{}", charts.len()),
            name,
            unit,
            &group,
        ));
    }
    if !charts.is_empty() {
        numbers.retain(|number| number.percentile.is_none());
    }
    for (at, ((name, unit), group)) in grouped(&numbers, Number::name).into_iter().enumerate() {
        charts.extend(of_each_part(format!("{id}b{at}"), name, unit, &group));
    }
    charts
}

/// A measured number of one part.
#[derive(Clone, Copy)]
struct Number<'a> {
    of: &'a Measurement,
    value: f64,
    part: &'a vetting_protocol::Part,
    /// The name before `-p`, and the percentage after it.
    percentile: Option<(&'a str, f64)>,
}

impl<'a> Number<'a> {
    fn of(of: &'a Measurement) -> Option<Self> {
        let Value::Number(value) = of.value else {
            return None;
        };
        let percentile = of.name.rsplit_once("-p").and_then(|(name, percent)| {
            let plain = percent.chars().all(|c| c.is_ascii_digit() || c == '.');
            let percent = percent.parse().ok().filter(|_| plain)?;
            Some((name, percent))
        });
        Some(Number {
            of,
            value,
            part: of.part.as_ref()?,
            percentile,
        })
    }

    fn name(&self) -> Option<&'a str> {
        Some(&self.of.name)
    }

    fn percentile_of(&self) -> Option<&'a str> {
        self.percentile.map(|(name, _)| name)
    }

    fn percentile_text(&self) -> &'a str {
        self.of.name.rsplit_once("-p").map_or("", |(_, text)| text)
    }
}

type Groups<'n, 'a> = Vec<((&'a str, &'a str), Vec<&'n Number<'a>>)>;

/// By a name and the unit, in the order of the first of each.
fn grouped<'n, 'a>(
    numbers: &'n [Number<'a>],
    name: impl Fn(&Number<'a>) -> Option<&'a str>,
) -> Groups<'n, 'a> {
    let mut groups: Groups<'n, 'a> = Vec::new();
    for number in numbers {
        let Some(name) = name(number) else { continue };
        let key = (name, number.of.unit.as_deref().unwrap_or_default());
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(number),
            None => groups.push((key, vec![number])),
        }
    }
    groups
}

/// A line per part over its percentiles; several charts where there are many parts.
fn percentiles(id: &str, name: &str, unit: &str, group: &[&Number<'_>]) -> Vec<Markup> {
    let mut percents: Vec<(f64, &str)> = group
        .iter()
        .filter_map(|n| Some((n.percentile?.1, n.percentile_text())))
        .collect();
    percents.sort_by(|a, b| a.0.total_cmp(&b.0));
    percents.dedup_by_key(|(percent, _)| *percent);
    if percents.len() < 2 {
        return Vec::new();
    }
    let names: Vec<String> = percents
        .iter()
        .map(|(_, text)| (*text).to_owned())
        .collect();
    let mut by_part: BTreeMap<(&str, &str), Vec<&Number<'_>>> = BTreeMap::new();
    for number in group {
        by_part
            .entry((&number.part.kind, &number.part.location))
            .or_default()
            .push(number);
    }
    let x = Axis::of_names(&names, "percentile");
    let values = || group.iter().map(|n| n.value);
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let unit = unit_words(unit);
    let Some(y) = Axis::of_magnitudes(low, high, &unit) else {
        return Vec::new();
    };
    let line = |((_, location), numbers): (&(&str, &str), &Vec<&Number<'_>>)| {
        let at = |n: &&&Number<'_>| {
            percents
                .iter()
                .position(|(p, _)| Some(*p) == n.percentile.map(|x| x.1))
        };
        let mut points: Vec<Point> = numbers
            .iter()
            .filter_map(|n| Some((at(&n)?, n.value)))
            .map(|(at, value)| Point {
                x: at as f64,
                low: value,
                middle: value,
                high: value,
            })
            .collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        // The middle, and the worst.
        let ends = [points.first(), points.last()];
        let told = ends.into_iter().flatten().map(|point| {
            let name = names.get(point.x as usize).map_or("", String::as_str);
            format!("p{name} {}", si_measured(point.middle, &unit))
        });
        Line {
            label: printable(location),
            told: told.collect::<Vec<_>>().join(", "),
            points,
        }
    };
    let all: Vec<Line> = by_part.iter().map(line).collect();
    let charts = all.chunks(LINES).enumerate().map(|(number, part)| {
        let each = part
            .iter()
            .map(|line| format!("{}: {}", line.label, line.told));
        let naming = Naming {
            id: format!("{id}n{number}"),
            title: format!("{} percentiles in {unit}", printable(name)),
            words: each.collect::<Vec<_>>().join("; "),
        };
        lines(&naming, &x, &y, part)
    });
    charts.collect()
}

/// A bar per part, where parts differ.
fn of_each_part(id: String, name: &str, unit: &str, group: &[&Number<'_>]) -> Option<Markup> {
    let parts: BTreeSet<_> = group
        .iter()
        .map(|n| (&n.part.kind, &n.part.location))
        .collect();
    let first = group.first()?;
    if parts.len() < 2 || group.iter().all(|n| n.value == first.value) {
        return None;
    }
    let unit = unit_words(unit);
    let thresholds = thresholds(group, &unit);
    let values = || {
        let of_rules = thresholds.iter().map(|threshold| threshold.value);
        group.iter().map(|n| n.value).chain(of_rules)
    };
    let high = values().fold(0.0, f64::max);
    let low = values().fold(0.0, f64::min);
    let axis = Axis::of(low, high, &unit)?;
    let one_kind = group.iter().all(|n| n.part.kind == first.part.kind);
    let label = |n: &&Number<'_>| match one_kind {
        true => printable(&n.part.location),
        false => part_words(n.part),
    };
    let labels: Vec<String> = group.iter().map(label).collect();
    let shared = shared_prefix(&labels.iter().map(String::as_str).collect::<Vec<_>>()).len();
    let bar = |(n, label): (&&Number<'_>, &String)| {
        let missed = n.of.validators.iter().filter(|v| v.met != Some(true));
        let worst = missed.max_by_key(|v| v.severity == Severity::Fail);
        Bar {
            label: label[shared..].to_owned(),
            value: n.value,
            told: si_measured(n.value, ""),
            mark: worst.map(|validator| met_words(validator).0),
        }
    };
    let all: Vec<Bar> = group.iter().zip(&labels).map(bar).collect();
    let each = all.iter().map(|bar| format!("{} {}", bar.label, bar.told));
    let mut title = printable(name);
    if !unit.is_empty() {
        title.push_str(&format!(" in {unit}"));
    }
    if let Some(shared) = labels
        .first()
        .map(|label| label[..shared].trim_end())
        .filter(|s| !s.is_empty())
    {
        title.push_str(&format!(": {shared}"));
    } else if one_kind {
        title.push_str(&format!(", by {}", printable(&first.part.kind)));
    }
    let words = each.collect::<Vec<_>>().join(", ");
    Some(bars(&Naming { id, title, words }, &axis, &all, &thresholds))
}

/// The rules that all were held against alike. Where each part has its own, a line would say nothing.
fn thresholds(group: &[&Number<'_>], unit: &str) -> Vec<Threshold> {
    let mut thresholds: Vec<Threshold> = Vec::new();
    let Some(first) = group.first() else {
        return thresholds;
    };
    for rule in &first.of.validators {
        let same = |n: &&Number<'_>| {
            let mut rules = n.of.validators.iter();
            rules.any(|other| (&other.name, &other.expected) == (&rule.name, &rule.expected))
        };
        let ordered = matches!(
            rule.comparison,
            Comparison::LessThan
                | Comparison::LessThanOrEqual
                | Comparison::GreaterThan
                | Comparison::GreaterThanOrEqual
        );
        let [Value::Number(value)] = rule.expected.as_slice() else {
            continue;
        };
        if ordered && group.iter().all(same) {
            let severity = match rule.severity {
                Severity::Warn => "else worth a look",
                Severity::Fail => "else it fails",
            };
            let told = format!(
                "{} {unit} ({}), {severity}",
                rule_words(rule),
                printable(&rule.name)
            );
            thresholds.push(Threshold {
                value: *value,
                told,
            });
        }
    }
    thresholds
}
