//! The series that a stage sampled, as curves: one chart per kind and unit, several where there are
//! more series than can be told apart.

use std::collections::BTreeMap;

use maud::Markup;
use vetting_protocol::{Bucket, Series};

use super::chart::{LINES, Line, Naming, Point, lines, shared_prefix, si_measured};
use super::scale::{Axis, si};
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
    for ((kind, unit), mut group) in groups {
        group.sort_by_cached_key(|series| natural(&series.key));
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
    mut title: String,
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
    let keys: Vec<&str> = part.iter().map(|series| series.key.as_str()).collect();
    let shared = shared_prefix(&keys);
    if !shared.is_empty() {
        title.push_str(&format!(
            ": {}",
            printable(shared.trim_end_matches(['/', ' ']))
        ));
    }
    let all: Vec<Line> = part
        .iter()
        .map(|series| line(series, shared.len()))
        .collect();
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

fn line(series: &Series, shared: usize) -> Line {
    let drawn = thinned(&series.buckets);
    let whole = series.buckets.iter().copied().reduce(merge);
    let unit = unit_words(&series.unit);
    let told = whole.map_or(String::new(), |all| {
        let (min, mean, max) = (si(all.min), si(all.mean), si_measured(all.max, &unit));
        format!("{min} to {max}, mean {mean}")
    });
    Line {
        label: printable(&series.key[shared..]),
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

/// So that core 2 comes before core 10: pieces of text, each with the number after it.
fn natural(key: &str) -> Vec<(String, u64)> {
    let mut pieces = vec![(String::new(), 0_u64)];
    let mut in_number = false;
    for c in key.chars() {
        if !c.is_ascii_digit() && in_number {
            pieces.push((String::new(), 0));
        }
        in_number = c.is_ascii_digit();
        if let Some((text, number)) = pieces.last_mut() {
            match c.to_digit(10) {
                Some(digit) => *number = number.saturating_mul(10).saturating_add(digit.into()),
                None => text.push(c),
            }
        }
    }
    pieces
}

fn thinned(buckets: &[Bucket]) -> Vec<Bucket> {
    let each = buckets.len().div_ceil(POINTS).max(1);
    let chunks = buckets.chunks(each);
    chunks
        .filter_map(|chunk| chunk.iter().copied().reduce(merge))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_two_comes_before_core_ten() {
        let mut keys = ["a/Core 10", "a/Core 2", "b", "a/Core 2 x"];
        keys.sort_by_cached_key(|key| natural(key));
        assert_eq!(keys, ["a/Core 2", "a/Core 2 x", "a/Core 10", "b"]);
    }

    #[test]
    fn what_all_begin_with_ends_at_a_word() {
        assert_eq!(shared_prefix(&["a/Core 10", "a/Core 12"]), "a/Core ");
        assert_eq!(shared_prefix(&["a/Core", "a/Core"]), "a/");
        assert_eq!(shared_prefix(&["é/1", "è/1"]), "");
        assert_eq!(shared_prefix(&["alone/1"]), "");
    }
}
