//! The rules on what GPUs count: memory errors, repairs, links between them.

use vetting_stage::gpu::{Device, Reading};
use vetting_stage::outcome::Value;
use vetting_stage::{Findings, Measure, Part, Rule, part};

use crate::{Parameters, rules};

/// A GPU as a part.
pub fn part_of(device: &Device) -> Part {
    Part {
        serial: device.serial.clone().or_else(|| device.uuid.clone()),
        model: Some(device.model.clone()),
        ..part("gpu", device.pci_address.clone())
    }
}

/// Holds every GPU, as it is after the load; one that answered before and does not now is lost.
pub fn devices(before: &Reading, after: &Reading, p: &Parameters, findings: &mut Findings) {
    for was in &before.devices {
        if !after
            .devices
            .iter()
            .any(|d| d.pci_address == was.pci_address)
        {
            findings.broken(
                rules::LOST,
                Some(&part_of(was)),
                "it stopped answering during the test: it fell off the bus",
            );
        }
    }
    for device in &after.devices {
        memory(device, p, findings);
        repairs(device, p, findings);
        fabric(device, findings);
    }
}

fn count(
    name: &str,
    value: Option<u64>,
    (rule, limit): (Rule, u64),
    device: &Device,
    advice: &str,
    findings: &mut Findings,
) {
    let Some(value) = value else { return };
    let measure = Measure::number(name, value as f64)
        .part(&part_of(device))
        .at_most(rule, limit as f64);
    findings.hold(measure, || format!("{name} is {value}: {advice}"));
}

fn flag(
    name: &str,
    value: Option<bool>,
    rule: Rule,
    device: &Device,
    advice: &str,
    findings: &mut Findings,
) {
    let Some(value) = value else { return };
    let measure = Measure::boolean(name, value)
        .part(&part_of(device))
        .equals(rule, Value::Boolean(false));
    findings.hold(measure, || advice.to_owned());
}

fn memory(device: &Device, p: &Parameters, findings: &mut Findings) {
    let ecc = &device.ecc;
    let bad = (rules::UNCORRECTED, p.uncorrected_fail);
    count(
        "uncorrected-errors",
        ecc.volatile_uncorrected,
        bad,
        device,
        "its memory lost data: reset, test again, replace",
        findings,
    );
    let old = (rules::UNCORRECTED_EVER, p.lifetime_uncorrected_warn);
    count(
        "lifetime-uncorrected-errors",
        ecc.aggregate_uncorrected,
        old,
        device,
        "its memory lost data in the past",
        findings,
    );
    for (name, value) in [
        ("corrected-errors", ecc.volatile_corrected),
        ("lifetime-corrected-errors", ecc.aggregate_corrected),
    ] {
        if let Some(value) = value {
            findings.note(Measure::number(name, value as f64).part(&part_of(device)));
        }
    }
    if let Some(enabled) = ecc.enabled {
        findings.note(Measure::boolean("error-correction", enabled).part(&part_of(device)));
    }
    let advice = "uncorrected errors of its SRAM are over the maker's threshold: replace it";
    flag(
        "sram-threshold-exceeded",
        ecc.sram_threshold_exceeded,
        rules::SRAM_THRESHOLD,
        device,
        advice,
        findings,
    );
}

fn repairs(device: &Device, p: &Parameters, findings: &mut Findings) {
    let repairs = &device.repairs;
    let advice = "a row could not be remapped: run the maker's field diagnostic, replace it";
    flag(
        "remap-failed",
        repairs.remap_failed,
        rules::REMAP_FAILED,
        device,
        advice,
        findings,
    );
    let advice = "a remap waits for a reset: reset it and test again";
    flag(
        "remap-pending",
        repairs.remap_pending,
        rules::REMAP_PENDING,
        device,
        advice,
        findings,
    );
    let advice = "a page waits to be retired: reset it and test again";
    flag(
        "retirement-pending",
        repairs.retirement_pending,
        rules::RETIREMENT_PENDING,
        device,
        advice,
        findings,
    );
    let remark = (rules::REMAPPED, p.remapped_rows_warn);
    count(
        "remapped-rows",
        repairs.remapped_uncorrected,
        remark,
        device,
        "rows were replaced",
        findings,
    );
    let bad = (rules::REMAPPED_ALL, p.remapped_rows_fail);
    count(
        "remapped-rows",
        repairs.remapped_uncorrected,
        bad,
        device,
        "no spare rows are left",
        findings,
    );
    let retired = match (repairs.retired_single_bit, repairs.retired_double_bit) {
        (None, None) => None,
        (single, double) => Some(
            single
                .unwrap_or_default()
                .saturating_add(double.unwrap_or_default()),
        ),
    };
    let bad = (rules::RETIRED, p.retired_pages_fail);
    count(
        "retired-pages",
        retired,
        bad,
        device,
        "too many pages were retired: replace it",
        findings,
    );
    let remark = (rules::BAD_PAGES, p.bad_pages_warn);
    count(
        "bad-pages",
        repairs.bad_pages,
        remark,
        device,
        "the driver reserved bad pages",
        findings,
    );
}

/// Links between GPUs. Where none is up, there is no bridge.
fn fabric(device: &Device, findings: &mut Findings) {
    let (Some(up), Some(down)) = (device.fabric_links_up, device.fabric_links_down) else {
        return;
    };
    let measure = Measure::number("fabric-links-down", f64::from(down)).part(&part_of(device));
    if up == 0 {
        return findings.note(measure);
    }
    findings.hold(measure.at_most(rules::FABRIC_DOWN, 0.0), || {
        format!("{down} of its {} links to other GPUs are down", up + down)
    });
}
