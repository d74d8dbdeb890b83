//! Disks of one model against each other.

use std::collections::BTreeMap;

use vetting_stage::disks::Disk;
use vetting_stage::{Findings, Measure, median};

use crate::judge::{Speeds, is_blank, part_of, told};
use crate::{Parameters, rules};

/// What the machine's own work on a disk takes is less than the rest.
const BUSY_FAIL_PERCENT: f64 = 50.0;

/// Holds each disk against the middle of those of its model and size; of two against the faster one,
/// since the middle of two is lowered by the slow one itself. One of its kind has no peers. A disk that
/// holds no data is no measure; one that the machine works on is failed only far below.
pub fn judge(measured: &[(Disk, Speeds)], p: &Parameters, findings: &mut Findings) {
    let mut models: BTreeMap<(String, u64), Vec<&(Disk, Speeds)>> = BTreeMap::new();
    for one in measured {
        if let Some(model) = &one.0.model
            && !is_blank(&one.0)
        {
            models
                .entry((model.clone(), one.0.size_bytes))
                .or_default()
                .push(one);
        }
    }
    for ((model, _), disks) in models.into_iter().filter(|(_, disks)| disks.len() > 1) {
        for (name, unit, of) in [
            (
                "read-in-order-of-peers",
                "B/s",
                (|s: &Speeds| s.in_order) as fn(&Speeds) -> Option<f64>,
            ),
            ("read-at-random-of-peers", "1/s", |s: &Speeds| s.at_random),
        ] {
            let values: Vec<f64> = disks.iter().filter_map(|(_, speeds)| of(speeds)).collect();
            let middle = match values[..] {
                [a, b] => Some(a.max(b)),
                _ => median(&values),
            };
            let Some(middle) = middle.filter(|m| *m > 0.0 && values.len() > 1) else {
                continue;
            };
            let what = match values.len() {
                2 => "of the other disk".to_owned(),
                all => format!("of the middle of the {all} disks"),
            };
            for (disk, speeds) in &disks {
                let Some(value) = of(speeds) else { continue };
                let percent = 100.0 * value / middle;
                let mut measure = Measure::number(name, percent)
                    .unit("%")
                    .part(&part_of(disk))
                    .at_least(rules::BELOW_PEERS, p.peers_warn_percent);
                let works = !disk.in_use.is_empty();
                measure = match works {
                    true => measure.at_least(rules::BUSY_FAR_BELOW_PEERS, BUSY_FAIL_PERCENT),
                    false => measure.at_least(rules::FAR_BELOW_PEERS, p.peers_fail_percent),
                };
                findings.hold(measure, || {
                    let beside = if works {
                        "; the machine works on it"
                    } else {
                        ""
                    };
                    format!(
                        "it gives {}, {percent:.0} % {what} of model {model}{beside}",
                        told(value, unit)
                    )
                });
            }
        }
    }
}
