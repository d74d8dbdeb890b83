//! What holds for every drive, and how it is named.

use vetting_facts::smartctl::{self, EnvironmentReading, ExitBits, WhenFailed};
use vetting_stage::outcome::Value;
use vetting_stage::{Findings, Measure, Part, Rule, part};

use crate::self_tests::{self, SelfTest};
use crate::{Parameters, ata, media, nvme, rules, scsi};

/// The NVMe critical-warning bit that only tells of the temperature.
const TEMPERATURE_BIT: u8 = 0x02;

/// SCSI's additional sense code of a warning.
const WARNING: u8 = 0x0b;

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

/// Holds one drive against every rule for it. `status` is smartctl's exit status.
pub fn judge(
    device: &str,
    facts: &smartctl::Drive,
    status: Option<u8>,
    parameters: &Parameters,
    findings: &mut Findings,
) {
    let name = facts.serial.clone().unwrap_or_else(|| device.to_owned());
    let part = Part {
        serial: facts.serial.clone(),
        model: facts.model.clone(),
        ..part("disk", device.to_owned())
    };
    let drive = Drive {
        part,
        name,
        parameters,
    };
    for message in &facts.run.messages {
        vetting_stage::info!("{device}: smartctl: {}", message.text);
    }
    let bits = smartctl::exit_bits(status.unwrap_or_default());
    overall(facts, bits, &drive, findings);
    let tests = self_tests::of(facts);
    exit(facts, bits, tests.as_deref(), &drive, findings);
    temperature(facts, &drive, findings);
    self_tests(tests.as_deref(), &drive, findings);
    media::judge(facts, &drive, findings);
    if let Some(hours) = facts.power_on_hours {
        findings.note(
            Measure::number("power-on-hours", hours as f64)
                .unit("h")
                .part(&drive.part),
        );
    }
    let protocol = facts.device.as_ref().and_then(|d| d.protocol.as_deref());
    let health = facts.nvme.as_ref().and_then(|nvme| nvme.health.as_ref());
    match (protocol, health) {
        (_, Some(log)) => nvme::judge(log, &drive, findings),
        (Some("ATA"), _) => ata::judge(facts, &drive, findings),
        (Some("SCSI"), _) => scsi::judge(facts, &drive, findings),
        _ if facts.ata.is_some() => ata::judge(facts, &drive, findings),
        _ if facts.scsi.is_some() => scsi::judge(facts, &drive, findings),
        // Without its health log there is nothing to judge of an NVMe drive.
        (protocol, None) => findings.unknown(
            rules::PROTOCOL,
            Some(&drive.part),
            format!(
                "only its own verdict could be read (protocol {})",
                protocol.unwrap_or("unknown")
            ),
        ),
    }
}

/// The drive's own verdict.
fn overall(facts: &smartctl::Drive, bits: ExitBits, drive: &Drive, findings: &mut Findings) {
    // An NVMe drive that is only too warm says that it fails; the temperature has its own rule.
    let health = facts.nvme.as_ref().and_then(|nvme| nvme.health.as_ref());
    let only_warm = health.is_some_and(|log| log.critical_warning == Some(TEMPERATURE_BIT));
    let exception = facts.scsi.as_ref().and_then(|scsi| scsi.exception.as_ref());
    let says = exception.and_then(|exception| exception.text.as_deref());
    // 0Bh is a warning, 5Dh a prediction of failure (SPC-4, additional sense codes).
    let warning = exception.is_some_and(|exception| exception.asc == Some(WARNING));
    if warning {
        let says = says.unwrap_or("additional sense code 0Bh");
        let message = format!("drive {}: it warns of itself: {says}", drive.name);
        findings.broken(rules::WARNED, Some(&drive.part), message);
    }
    let passed = match facts.passed {
        _ if only_warm || warning => true,
        _ if bits.failing => false,
        Some(passed) => passed,
        None => {
            let message = "the drive gives no verdict of its own";
            return findings.broken(rules::NO_STATUS, Some(&drive.part), message);
        }
    };
    let measure = Measure::boolean("smart-status-passed", passed).part(&drive.part);
    findings.hold(measure.equals(rules::STATUS, Value::Boolean(true)), || {
        let says = says.map_or(String::new(), |text| format!(" ({text})"));
        format!(
            "drive {}: it predicts its own failure{says}: replace it",
            drive.name
        )
    });
}

/// smartctl's exit status, bit by bit. Bit 2 (a command failed) matters only where something is
/// missing, and then has its own finding.
fn exit(
    facts: &smartctl::Drive,
    bits: ExitBits,
    tests: Option<&[SelfTest]>,
    drive: &Drive,
    findings: &mut Findings,
) {
    let name = &drive.name;
    let part = Some(&drive.part);
    if bits.usage {
        findings.unknown(
            rules::USAGE,
            part,
            format!("drive {name}: smartctl did not understand its command line"),
        );
    }
    if bits.open_failed {
        findings.unknown(
            rules::OPEN,
            part,
            format!("drive {name}: it did not open, or is in a low-power state"),
        );
    }
    let ata = facts.ata.as_ref();
    let attributes = ata
        .and_then(|ata| ata.attributes.as_deref())
        .unwrap_or_default();
    let failed = |when| attributes.iter().any(|a| a.when_failed == Some(when));
    // With the attributes at hand their own rule names the one.
    if bits.prefail_now && !failed(WhenFailed::Now) {
        findings.broken(
            rules::PREFAIL_NOW,
            part,
            format!("drive {name}: a pre-failure attribute is at its threshold: replace it"),
        );
    }
    if bits.below_in_past && !failed(WhenFailed::Past) {
        findings.broken(
            rules::BELOW_IN_PAST,
            part,
            format!("drive {name}: an attribute was at its threshold in the past"),
        );
    }
    if bits.self_test_log && tests.is_none_or(<[SelfTest]>::is_empty) {
        findings.broken(
            rules::SELF_TEST_LOG,
            part,
            format!("drive {name}: its self-test log holds errors"),
        );
    }
    if bits.error_log && ata.is_none_or(|ata| ata::error_count(ata).is_none()) {
        findings.broken(
            rules::ERROR_LOG,
            part,
            format!("drive {name}: its error log holds errors"),
        );
    }
}

/// The temperature now, in degrees Celsius: from the low byte of attribute 194 or 190, whose raw value
/// packs minimum and maximum above it, where smartctl did not decode it.
fn celsius(facts: &smartctl::Drive) -> Option<f64> {
    let current = facts.temperature.as_ref().and_then(|t| t.current);
    let attribute = |id: u8| {
        let attributes = facts.ata.as_ref()?.attributes.as_ref()?;
        let raw = attributes.iter().find(|a| a.id == id)?.raw?;
        i64::try_from(raw & 0xff).ok()
    };
    let reported = environment(facts).and_then(|reading| reading.current);
    let found = current
        .or(reported)
        .or_else(|| attribute(194))
        .or_else(|| attribute(190));
    // Drives without a sensor tell zero or 255.
    found
        .map(|celsius| celsius as f64)
        .filter(|c| (1.0..150.0).contains(c))
}

/// The temperature in a SAS drive's environmental report, which smartctl prints in place of the plain one.
fn environment(facts: &smartctl::Drive) -> Option<&EnvironmentReading> {
    let readings = &facts.scsi.as_ref()?.environment;
    readings
        .iter()
        .find(|reading| reading.name.starts_with("temperature"))
}

/// The drive's own limit in degrees Celsius: never the highest that is recommended (SCT's `op_limit_max`).
/// Zero and other nonsense are drives that have none.
fn limit(facts: &smartctl::Drive) -> Option<f64> {
    let heat = facts.temperature.as_ref();
    let reported = environment(facts).and_then(|reading| reading.limit_max);
    let nvme = facts
        .nvme
        .as_ref()
        .and_then(|nvme| nvme.critical_temperature);
    let limits = [
        heat.and_then(|t| t.critical_limit_max),
        nvme,
        heat.and_then(|t| t.limit_max),
        reported,
        heat.and_then(|t| t.drive_trip),
    ];
    let limits = limits.into_iter().flatten().map(|celsius| celsius as f64);
    limits
        .into_iter()
        .find(|celsius| (40.0..=150.0).contains(celsius))
}

fn temperature(facts: &smartctl::Drive, drive: &Drive, findings: &mut Findings) {
    let Some(celsius) = celsius(facts) else {
        return;
    };
    let spins = facts.rotation_rpm.is_some_and(|rpm| rpm > 0);
    let (rule, warn) = match spins {
        true => (rules::HDD_WARM, drive.parameters.hdd_celsius_warn),
        false => (rules::SSD_WARM, drive.parameters.ssd_celsius_warn),
    };
    let mut measure = Measure::number("temperature", celsius)
        .unit("Cel")
        .part(&drive.part)
        .below(rule, warn);
    if let Some(limit) = limit(facts) {
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
