//! Disks of one model against each other.

use std::collections::BTreeMap;

use vetting_stage::disks::Disk;
use vetting_stage::{Findings, Measure, median};

use crate::judge::{Speeds, part_of, told};
use crate::{Parameters, rules};

/// Holds each disk against the middle of those of its model and size. One of its kind has no peers.
pub fn judge(measured: &[(Disk, Speeds)], p: &Parameters, findings: &mut Findings) {
    let mut models: BTreeMap<(String, u64), Vec<&(Disk, Speeds)>> = BTreeMap::new();
    for one in measured {
        if let Some(model) = &one.0.model {
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
            let Some(middle) = median(&values).filter(|m| *m > 0.0 && values.len() > 1) else {
                continue;
            };
            for (disk, speeds) in &disks {
                let Some(value) = of(speeds) else { continue };
                let percent = 100.0 * value / middle;
                let measure = Measure::number(name, percent)
                    .unit("%")
                    .part(&part_of(disk))
                    .at_least(rules::BELOW_PEERS, p.peers_warn_percent)
                    .at_least(rules::FAR_BELOW_PEERS, p.peers_fail_percent);
                findings.hold(measure, || {
                    format!(
                        "it gives {}, {percent:.0} % of the middle of the {} disks of model {model}",
                        told(value, unit),
                        disks.len()
                    )
                });
            }
        }
    }
}
