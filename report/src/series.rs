//! Long series, thinned while they are written: neighbouring points become one bucket, and when there
//! are too many buckets each two become one. What is kept does not depend on when it is looked at.

use std::collections::BTreeMap;

use vetting_protocol::{Bucket, Series};

/// The most buckets of one series; an even number.
const MAX_BUCKETS: usize = 2_000;

/// Series by kind and key.
#[derive(Debug, Default)]
pub struct SeriesSet {
    places: BTreeMap<String, BTreeMap<String, Place>>,
    series: Vec<Thinned>,
}

/// Where a series is in its set: the way of millions of points, on which no name is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

impl SeriesSet {
    /// The place of a series, where there is one.
    pub fn place(&self, kind: &str, key: &str) -> Option<Place> {
        self.places.get(kind)?.get(key).copied()
    }

    /// Begins a series that there is not yet. One that never gets a point is not kept.
    pub fn begin(&mut self, kind: &str, key: &str, unit: &str) -> Place {
        let place = Place(self.series.len());
        self.series.push(Thinned {
            kind: kind.to_owned(),
            key: key.to_owned(),
            unit: unit.to_owned(),
            per_bucket: 1,
            buckets: Vec::new(),
        });
        let of_kind = self.places.entry(kind.to_owned()).or_default();
        of_kind.insert(key.to_owned(), place);
        place
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Adds a finite point, not earlier than the series' last one. Tells the series' kind, key and unit;
    /// nothing where this set has no such place.
    pub fn push(&mut self, place: Place, at_ns: u64, value: f64) -> Option<(&str, &str, &str)> {
        let series = self.series.get_mut(place.0)?;
        series.push(at_ns, value);
        Some((&series.kind, &series.key, &series.unit))
    }

    /// The series, by kind and key.
    pub fn finish(self) -> Vec<Series> {
        let mut all: Vec<Thinned> = self.series;
        all.retain(|thinned| !thinned.buckets.is_empty());
        all.sort_by(|a, b| (&a.kind, &a.key).cmp(&(&b.kind, &b.key)));
        let series = all.into_iter().map(|thinned| Series {
            points: thinned.buckets.iter().map(|bucket| bucket.points).sum(),
            kind: thinned.kind,
            key: thinned.key,
            unit: thinned.unit,
            buckets: thinned.buckets,
        });
        series.collect()
    }
}

#[derive(Debug)]
struct Thinned {
    kind: String,
    key: String,
    unit: String,
    per_bucket: u64,
    buckets: Vec<Bucket>,
}

impl Thinned {
    fn push(&mut self, at_ns: u64, value: f64) {
        let point = Bucket {
            at_ns,
            points: 1,
            min: value,
            mean: value,
            max: value,
        };
        match self.buckets.last_mut() {
            Some(last) if last.points < self.per_bucket => *last = merge(*last, point),
            _ => {
                if self.buckets.len() == MAX_BUCKETS {
                    self.halve();
                }
                self.buckets.push(point);
            }
        }
    }

    fn halve(&mut self) {
        let pairs = self.buckets.chunks(2);
        self.buckets = pairs
            .filter_map(|pair| pair.iter().copied().reduce(merge))
            .collect();
        self.per_bucket *= 2;
    }
}

/// Two neighbours as one.
pub(crate) fn merge(a: Bucket, b: Bucket) -> Bucket {
    let points = a.points + b.points;
    // Weighted so that no intermediate value leaves the range of the two means.
    let weight = b.points as f64 / points as f64;
    let mean = a.mean * (1.0 - weight) + b.mean * weight;
    let (min, max) = (a.min.min(b.min), a.max.max(b.max));
    Bucket {
        at_ns: a.at_ns,
        points,
        min,
        mean: mean.clamp(min, max),
        max,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_lost(values in proptest::collection::vec(-1e9_f64..1e9, 0..9_000)) {
            let mut set = SeriesSet::default();
            let place = set.begin("temperature", "cpu", "Cel");
            prop_assert_eq!(set.place("temperature", "cpu"), Some(place));
            for (at, value) in values.iter().enumerate() {
                let told = set.push(place, at as u64, *value);
                prop_assert_eq!(told, Some(("temperature", "cpu", "Cel")));
            }
            let series = set.finish();
            if values.is_empty() {
                prop_assert!(series.is_empty());
                return Ok(());
            }
            prop_assert_eq!(series.len(), 1);
            let series = &series[0];
            prop_assert_eq!(series.points, values.len() as u64);
            prop_assert!(series.buckets.len() <= MAX_BUCKETS);
            let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let min = series.buckets.iter().map(|b| b.min).fold(f64::INFINITY, f64::min);
            let max = series.buckets.iter().map(|b| b.max).fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!((min, max), (lowest, highest));
            for bucket in &series.buckets {
                prop_assert!(bucket.min <= bucket.mean && bucket.mean <= bucket.max);
            }
            for pair in series.buckets.windows(2) {
                prop_assert!(pair[0].at_ns < pair[1].at_ns);
            }
        }
    }
}
