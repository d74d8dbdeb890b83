//! The series that a stage sampled, as curves: one chart per kind and unit, several where there are
//! more series than can be told apart.

use std::collections::BTreeMap;

use maud::Markup;
use vetting_protocol::{Bucket, Series};

use super::chart::{LINES, Line, Naming, Point, lines};
use super::scale::Axis;
use crate::series::merge;
use crate::words::{number_words, printable, unit_words};

/// Points that are drawn of one series; neighbours are drawn as one with their band.
const POINTS: usize = 240;

/// The charts, and how many series they do not show because there were `most` charts already.
pub(super) fn charts(id: &str, series: &[Series], most: usize) -> (Vec<Markup>, usize) {
    let mut groups: BTreeMap<(&str, &str), Vec<&Series>> = BTreeMap::new();
    for one in series.iter().filter(|one| !one.buckets.is_empty()) {
        groups.entry((&one.kind, &one.unit)).or_default().push(one);
    }
    let mut charts = Vec::new();
    let mut left_out = 0;
    for ((kind, unit), group) in groups {
        let parts = group.chunks(LINES);
        let of = parts.len();
        for (number, part) in parts.enumerate() {
            if charts.len() == most {
                left_out += part.len();
                continue;
            }
            let mut title = format!("{} in {}", printable(kind), unit_words(unit));
            if of > 1 {
                title.push_str(&format!(", {} of {of}", number + 1));
            }
            let id = format!("{id}c{}", charts.len());
            match chart(id, title, unit, &group, part) {
                Some(chart) => charts.push(chart),
                None => left_out += part.len(),
            }
        }
    }
    (charts, left_out)
}

/// Some series of a group; all of it has the same axes, so that its charts can be compared.
fn chart(
    id: String,
    title: String,
    unit: &str,
    group: &[&Series],
    part: &[&Series],
) -> Option<Markup> {
    let buckets = || group.iter().flat_map(|series| &series.buckets);
    let low = buckets().map(|b| b.min).fold(f64::INFINITY, f64::min);
    let high = buckets().map(|b| b.max).fold(f64::NEG_INFINITY, f64::max);
    let end = buckets().map(|b| b.at_ns).max().unwrap_or_default();
    let y = Axis::of(low, high, &unit_words(unit))?;
    let x = Axis::of_time(seconds(end))?;
    let all: Vec<Line> = part.iter().map(|series| line(series)).collect();
    let each = all
        .iter()
        .map(|line| format!("{}: {}", line.label, line.told));
    let each: Vec<String> = each.collect();
    let words = format!(
        "Curves over {} s, mean with a band from lowest to highest. {}",
        number_words(seconds(end)),
        each.join("; ")
    );
    Some(lines(&Naming { id, title, words }, &x, &y, &all))
}

fn line(series: &Series) -> Line {
    let drawn = thinned(&series.buckets);
    let whole = series.buckets.iter().copied().reduce(merge);
    let unit = unit_words(&series.unit);
    let told = whole.map_or(String::new(), |all| {
        let [min, mean, max] = [all.min, all.mean, all.max].map(number_words);
        format!("{min} to {max} {unit}, mean {mean}")
    });
    Line {
        label: printable(&series.key),
        told,
        points: drawn.iter().map(point).collect(),
    }
}

fn point(bucket: &Bucket) -> Point {
    Point {
        x: seconds(bucket.at_ns),
        low: bucket.min,
        middle: bucket.mean,
        high: bucket.max,
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

fn thinned(buckets: &[Bucket]) -> Vec<Bucket> {
    let each = buckets.len().div_ceil(POINTS).max(1);
    let chunks = buckets.chunks(each);
    chunks
        .filter_map(|chunk| chunk.iter().copied().reduce(merge))
        .collect()
}
