//! What holds for every drive, and how it is named.

use vetting_stage::outcome::Value;
use vetting_stage::smart::{Details, Health, SelfTest};
use vetting_stage::{Findings, Measure, Part, Rule, part};

use crate::{Parameters, ata, nvme, rules, scsi};

/// The NVMe critical-warning bit that only tells of the temperature.
const TEMPERATURE_BIT: u8 = 0x02;

/// One drive being judged.
pub struct Drive<'a> {
    /// The part, with its serial number.
    pub part: Part,
    /// What messages begin with: the serial number, or the device where there is none.
    pub name: String,
    /// The rules' thresholds.
    pub parameters: &'a Parameters,
}

impl Drive<'_> {
    /// Holds a count against the most that is a remark and the most that is allowed.
    pub fn count(
        &self,
        findings: &mut Findings,
        what: &str,
        value: u64,
        warn: Option<(Rule, u64)>,
        fail: Option<(Rule, u64)>,
        advice: &str,
    ) {
        let mut measure = Measure::number(what, value as f64).part(&self.part);
        for (rule, limit) in warn.into_iter().chain(fail) {
            measure = measure.at_most(rule, limit as f64);
        }
        let name = &self.name;
        findings.hold(measure, || {
            format!("drive {name}: {what} is {value}: {advice}")
        });
    }
}

/// Holds one drive's health against every rule for it.
pub fn judge(health: &Health, parameters: &Parameters, findings: &mut Findings) {
    let name = health
        .serial
        .clone()
        .unwrap_or_else(|| health.device.id.clone());
    let part = Part {
        serial: health.serial.clone(),
        model: health.model.clone(),
        ..part("disk", health.device.id.clone())
    };
    let drive = Drive {
        part,
        name,
        parameters,
    };
    for message in &health.messages {
        vetting_stage::info!("{}: smartctl: {message}", health.device.id);
    }
    overall(health, &drive, findings);
    exit(health, &drive, findings);
    temperature(health, &drive, findings);
    self_tests(health.self_tests.as_deref(), &drive, findings);
    if let Some(hours) = health.power_on_hours {
        findings.note(
            Measure::number("power-on-hours", hours as f64)
                .unit("h")
                .part(&drive.part),
        );
    }
    match &health.details {
        Details::Ata(details) => ata::judge(details, health, &drive, findings),
        Details::Nvme(details) => nvme::judge(details, &drive, findings),
        Details::Scsi(details) => scsi::judge(details, &drive, findings),
        Details::Other(protocol) => findings.unknown(
            rules::PROTOCOL,
            Some(&drive.part),
            format!("it tells nothing of itself but its own verdict (protocol {protocol})"),
        ),
    }
}

/// The drive's own verdict.
fn overall(health: &Health, drive: &Drive, findings: &mut Findings) {
    // An NVMe drive that is only too warm says that it fails; the temperature has its own rule.
    let only_warm =
        matches!(&health.details, Details::Nvme(n) if n.critical_warning == TEMPERATURE_BIT);
    let passed = match health.overall_passed {
        _ if only_warm => true,
        _ if health.exit.failing => false,
        Some(passed) => passed,
        None => {
            let message = "the drive gives no verdict of its own";
            return findings.broken(rules::NO_STATUS, Some(&drive.part), message);
        }
    };
    let measure = Measure::boolean("smart-status-passed", passed).part(&drive.part);
    findings.hold(measure.equals(rules::STATUS, Value::Boolean(true)), || {
        format!(
            "drive {}: it predicts its own failure: replace it",
            drive.name
        )
    });
}

/// smartctl's exit status, bit by bit. Bit 2 (a command failed) matters only where something is
/// missing, and then has its own finding.
fn exit(health: &Health, drive: &Drive, findings: &mut Findings) {
    let exit = &health.exit;
    let name = &drive.name;
    let part = Some(&drive.part);
    if exit.usage {
        findings.unknown(
            rules::USAGE,
            part,
            format!("drive {name}: smartctl did not understand its command line"),
        );
    }
    if exit.open_failed {
        findings.unknown(
            rules::OPEN,
            part,
            format!("drive {name}: it did not open, or is in a low-power state"),
        );
    }
    let attributes = match &health.details {
        Details::Ata(ata) => ata.attributes.as_slice(),
        _ => &[],
    };
    // With the attributes at hand their own rule names the one.
    if exit.prefail_now && attributes.iter().all(|a| a.when_failed != "now") {
        findings.broken(
            rules::PREFAIL_NOW,
            part,
            format!("drive {name}: a pre-failure attribute is at its threshold: replace it"),
        );
    }
    if exit.below_in_past && attributes.iter().all(|a| a.when_failed != "past") {
        findings.broken(
            rules::BELOW_IN_PAST,
            part,
            format!("drive {name}: an attribute was at its threshold in the past"),
        );
    }
    if exit.self_test_log && health.self_tests.as_ref().is_none_or(Vec::is_empty) {
        findings.broken(
            rules::SELF_TEST_LOG,
            part,
            format!("drive {name}: its self-test log holds errors"),
        );
    }
    if exit.error_log && !matches!(&health.details, Details::Ata(ata) if ata.error_count.is_some())
    {
        findings.broken(
            rules::ERROR_LOG,
            part,
            format!("drive {name}: its error log holds errors"),
        );
    }
}

fn temperature(health: &Health, drive: &Drive, findings: &mut Findings) {
    // Drives without a sensor tell zero or 255.
    let Some(celsius) = health.temperature.filter(|c| (1.0..150.0).contains(c)) else {
        return;
    };
    let spins = health.rotation_rpm.is_some_and(|rpm| rpm > 0);
    let (rule, warn) = match spins {
        true => (rules::HDD_WARM, drive.parameters.hdd_celsius_warn),
        false => (rules::SSD_WARM, drive.parameters.ssd_celsius_warn),
    };
    let mut measure = Measure::number("temperature", celsius)
        .unit("Cel")
        .part(&drive.part)
        .below(rule, warn);
    if let Some(limit) = health.temperature_limit {
        measure = measure.below(rules::TOO_HOT, limit);
    }
    findings.hold(measure, || {
        format!(
            "drive {}: it has {celsius:.0} °C: look at fans, ducts and its neighbours",
            drive.name
        )
    });
}

/// The newest test of each kind that came to an end.
fn self_tests(tests: Option<&[SelfTest]>, drive: &Drive, findings: &mut Findings) {
    let Some(tests) = tests else { return };
    let is_long = |test: &&SelfTest| {
        let kind = test.kind.to_ascii_lowercase();
        kind.contains("extended") || kind.contains("long")
    };
    let ended = || tests.iter().filter(|test| test.passed.is_some());
    let newest_long = ended().find(is_long);
    let newest = ended().next();
    let measure = Measure::number("self-tests", tests.len() as f64).part(&drive.part);
    findings.note(measure);
    for test in [
        newest_long,
        newest.filter(|newest| Some(*newest) != newest_long),
    ]
    .into_iter()
    .flatten()
    {
        // smartctl, too, takes a failure for outdated by a later good extended test.
        let good = test.passed == Some(true);
        let measure = Measure::boolean("self-test-passed", good).part(&drive.part);
        findings.hold(
            measure.equals(rules::SELF_TEST, Value::Boolean(true)),
            || {
                format!(
                    "drive {}: its last self-test ({}) failed: {}",
                    drive.name, test.kind, test.status
                )
            },
        );
    }
}
