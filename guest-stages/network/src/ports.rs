//! The rules of network ports, before and after the measurement.

use vetting_stage::counters::Reading;
use vetting_stage::inventory::Nic;
use vetting_stage::outcome::Value;
use vetting_stage::{Findings, Measure, Part, part};

use crate::{Parameters, nic, rules};

/// A port as a part.
pub fn part_of(nic: &Nic) -> Part {
    Part {
        serial: Some(nic.mac.clone()),
        ..part("nic", nic.name.clone())
    }
}

/// Carrier, speed, duplex and PCI Express link of every port.
pub fn judge(nics: &[Nic], p: &Parameters, findings: &mut Findings) {
    let up = nics.iter().filter(|nic| nic.carrier).count();
    let measure = Measure::number("ports-with-carrier", up as f64);
    match p.expected_links {
        Some(expected) => {
            let expected = expected as f64;
            let rule = measure.at_least(rules::FEWER_LINKS, expected);
            findings.hold(rule, || format!("{up} of {expected} expected ports have a carrier: look at cables, optics and the switch"));
        }
        None => findings.note(measure),
    }
    for nic in nics {
        let place = part_of(nic);
        if nic.carrier && !nic.paravirtual {
            link(nic, &place, p, findings);
        }
        pci_express(nic, &place, findings);
    }
}

fn link(nic: &Nic, place: &Part, p: &Parameters, findings: &mut Findings) {
    if let Some(speed) = nic.speed_mbps {
        let speed = speed as f64;
        let mut measure = Measure::number("link-speed", speed)
            .unit("Mbit/s")
            .part(place);
        if let Some(most) = nic.max_speed_mbps {
            // The switch may be the slower one, legally.
            measure = measure.at_least(rules::PORT_SPEED, most as f64);
        }
        if let Some(expected) = p.expected_mbps {
            measure = measure.at_least(rules::LINK_SPEED, expected as f64);
        }
        findings.hold(measure, || {
            format!("its link came up at {speed} Mbit/s: look at cable, optic and switch port")
        });
    }
    if let Some(duplex) = &nic.duplex {
        let measure = Measure::text("duplex", duplex.clone()).part(place);
        let full = Value::Text("full".to_owned());
        findings.hold(measure.equals(rules::DUPLEX, full), || {
            format!("its link is {duplex} duplex: one side does not negotiate")
        });
    }
}

fn pci_express(nic: &Nic, place: &Part, findings: &mut Findings) {
    let Some(link) = &nic.link else { return };
    let measure = Measure::number("pcie-width", f64::from(link.current_width)).part(place);
    let most = f64::from(link.max_width);
    findings.hold(measure.at_least(rules::LINK_NARROW, most), || {
        format!(
            "its PCI Express link has {} of {} lanes: a narrow slot, or reseat the card",
            link.current_width, link.max_width
        )
    });
}

/// What was counted while the measurement ran.
pub fn counters(
    before: &Reading,
    after: &Reading,
    nics: &[Nic],
    p: &Parameters,
    findings: &mut Findings,
) {
    for now in &after.nics {
        let Some(was) = before.nics.iter().find(|n| n.name == now.name) else {
            continue;
        };
        let Some(place) = nic(nics, &now.name).map(part_of) else {
            continue;
        };
        let changes = now.carrier_changes.saturating_sub(was.carrier_changes);
        let measure = Measure::number("carrier-changes", changes as f64).part(&place);
        findings.hold(measure.at_most(rules::CARRIER, 0.0), || {
            format!(
                "its carrier came or went {changes} times during the test: cable, optic or port"
            )
        });
        let bytes = now.rx_bytes.saturating_sub(was.rx_bytes);
        let damaged = (now.rx_crc_errors + now.rx_frame_errors)
            .saturating_sub(was.rx_crc_errors + was.rx_frame_errors);
        let allowed = (bytes as f64 * 8.0 * p.bit_error_rate).ceil();
        let measure = Measure::number("damaged-frames", damaged as f64)
            .part(&place)
            .at_most(rules::DAMAGED, allowed)
            .at_most(rules::DAMAGED_MANY, 10.0 * allowed);
        findings.hold(measure, || {
            format!("{damaged} frames came damaged in {bytes} bytes, {allowed} would be usual: cable or optic")
        });
        let missed = now.rx_missed_errors.saturating_sub(was.rx_missed_errors);
        findings.note(Measure::number("missed-frames", missed as f64).part(&place));
    }
}
