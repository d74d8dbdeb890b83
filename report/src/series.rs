//! Long series, thinned while they are written: neighbouring points become one bucket, and when there
//! are too many buckets each two become one. What is kept does not depend on when it is looked at.

use std::collections::BTreeMap;

use vetting_protocol::{Bucket, Series};

/// The most buckets of one series; an even number.
const MAX_BUCKETS: usize = 2_000;

/// Series by kind and key.
#[derive(Debug, Default)]
pub struct SeriesSet {
    kinds: BTreeMap<String, BTreeMap<String, Thinned>>,
    count: usize,
}

impl SeriesSet {
    /// Whether there is such a series.
    pub fn contains(&self, kind: &str, key: &str) -> bool {
        let of_kind = self.kinds.get(kind);
        of_kind.is_some_and(|series| series.contains_key(key))
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a finite point, not earlier than the series' last one, where there is such a series. The
    /// way of millions of points: nothing is looked up twice, no name is copied.
    pub fn push_known(&mut self, kind: &str, key: &str, at_ns: u64, value: f64) -> bool {
        let known = self.kinds.get_mut(kind).and_then(|of| of.get_mut(key));
        let Some(series) = known else { return false };
        series.push(at_ns, value);
        true
    }

    /// The same, and begins the series where there is none. The unit of its first point stays.
    pub fn push(&mut self, kind: &str, key: &str, unit: &str, at_ns: u64, value: f64) {
        if self.push_known(kind, key, at_ns, value) {
            return;
        }
        let mut series = Thinned {
            unit: unit.to_owned(),
            per_bucket: 1,
            buckets: Vec::new(),
        };
        series.push(at_ns, value);
        let of_kind = self.kinds.entry(kind.to_owned()).or_default();
        of_kind.insert(key.to_owned(), series);
        self.count += 1;
    }

    /// The series, by kind and key.
    pub fn finish(self) -> Vec<Series> {
        let all = self.kinds.into_iter().flat_map(|(kind, series)| {
            let named = move |(key, series)| (kind.clone(), key, series);
            series.into_iter().map(named)
        });
        let series = all.map(|(kind, key, thinned): (String, String, Thinned)| Series {
            kind,
            key,
            unit: thinned.unit,
            points: thinned.buckets.iter().map(|bucket| bucket.points).sum(),
            buckets: thinned.buckets,
        });
        series.collect()
    }
}

#[derive(Debug)]
struct Thinned {
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
            for (at, value) in values.iter().enumerate() {
                set.push("temperature", "cpu", "Cel", at as u64, *value);
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
