//! What the kernel counted for network ports while the measurement ran.

use vetting_facts::counters::{self, Nic};
use vetting_facts::inventory::Nic as Port;
use vetting_stage::types::Error;
use vetting_stage::{Findings, Measure, explain, kernel_files};

use crate::ports::part_of;
use crate::{Parameters, nic, rules};

/// What is read of each port.
const FILES: [&str; 4] = [
    "sys/class/net/*",
    "sys/class/net/*/type",
    "sys/class/net/*/carrier_changes",
    "sys/class/net/*/statistics/*",
];

/// Reads the counters of all ports.
pub fn read() -> Result<Vec<Nic>, Error> {
    Ok(counters::nics(&kernel_files::read(&FILES)?))
}

/// Frames that came damaged, and carriers that went, between two readings.
pub fn judge(
    before: &[Nic],
    after: &Result<Vec<Nic>, Error>,
    ports: &[Port],
    p: &Parameters,
    findings: &mut Findings,
) {
    let after = match after {
        Ok(after) => after,
        // After a cancel there is nothing to compare with.
        Err(Error::Cancelled) => return,
        Err(error) => {
            let message = format!("the ports' counters: {}", explain(error));
            return findings.broken(rules::COUNTERS, None, message);
        }
    };
    for now in after {
        let Some(was) = before.iter().find(|was| was.name == now.name) else {
            continue;
        };
        let Some(place) = nic(ports, &now.name).map(part_of) else {
            continue;
        };
        if let (Some(now), Some(was)) = (now.carrier_changes, was.carrier_changes) {
            let changes = now.saturating_sub(was);
            let measure = Measure::number("carrier-changes", changes as f64).part(&place);
            findings.hold(measure.at_most(rules::CARRIER, 0.0), || {
                format!(
                    "its carrier came or went {changes} times during the test: cable, optic or port"
                )
            });
        }
        let came = |names: &[&str]| -> Option<u64> {
            let sums = names.iter().map(|name| {
                let (now, was) = (count(now, name)?, count(was, name)?);
                Some(now.saturating_sub(was))
            });
            sums.sum()
        };
        let bytes = came(&["rx_bytes"]).unwrap_or(0);
        if let Some(damaged) = came(&["rx_crc_errors", "rx_frame_errors"]) {
            let allowed = (bytes as f64 * 8.0 * p.bit_error_rate).ceil();
            let measure = Measure::number("damaged-frames", damaged as f64)
                .part(&place)
                .at_most(rules::DAMAGED, allowed)
                .at_most(rules::DAMAGED_MANY, 10.0 * allowed);
            findings.hold(measure, || {
                format!("{damaged} frames came damaged in {bytes} bytes, {allowed} would be usual: cable or optic")
            });
        }
        if let Some(missed) = came(&["rx_missed_errors"]) {
            findings.note(Measure::number("missed-frames", missed as f64).part(&place));
        }
    }
}

/// A counter by the kernel's name.
fn count(nic: &Nic, name: &str) -> Option<u64> {
    let mut counts = nic.statistics.iter();
    counts
        .find(|count| count.name == name)
        .map(|count| count.count)
}
