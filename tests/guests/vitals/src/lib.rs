//! The twin of the example in Python (`guest-stages/examples/vitals`): the same rules over the crate that the example
//! has as a component. `tests/tests/facts.rs` compares what both find.

use serde_json::Value;
use vetting_facts::bmc::{self as controller, Meaning, Sensor, Supply};
use vetting_facts::smartctl::{self, Drive};
use vetting_stage::bmc::{self, Question};
use vetting_stage::types::{Error, MissingKind};
use vetting_stage::{Findings, Measure, Outcome, Part, Rule, explain, part, smart};

vetting_stage::parameters! {
    /// Rated life used, in per cent, that a drive may have.
    used_fail_percent: number = 100.0, "NVM Express Base Specification, Percentage Used";
    /// Sectors that wait for a reallocation (attribute 197) that a drive may have.
    pending_fail: number = 0.0, "default";
    /// Errors that were not corrected that a drive may have.
    uncorrected_fail: number = 0.0, "default";
}

vetting_stage::rules! {
    /// A drive reports that it fails.
    OVERALL_HEALTH: fail "overall-health" = "passed", "the drive's own judgement";
    /// A drive has used more than its rated life.
    USED: fail used_fail_percent;
    /// Sectors of a drive wait for a reallocation.
    PENDING: fail pending_fail;
    /// A drive has errors that were not corrected.
    UNCORRECTED: fail uncorrected_fail;
    /// A drive is warmer than its own limit.
    DRIVE_TEMPERATURE: fail "drive-temperature" = "the drive's own limit", "the drive's own limit";
    /// A sensor is below its lower critical threshold.
    LOWER_CRITICAL: fail "lower-critical" = "the threshold", "the controller's own threshold";
    /// A sensor is above its upper critical threshold.
    UPPER_CRITICAL: fail "upper-critical" = "the threshold", "the controller's own threshold";
    /// A power supply reports a failure or a lost input.
    SUPPLY_STATE: fail "supply-state" = "none", "IPMI 2.0, table 42-3";
    /// A drive gives no health.
    DRIVE_UNREAD: unknown "drive-unread";
}

/// The sectors that wait for a reallocation, by the number that all makers give this attribute.
const PENDING_SECTORS: u8 = 197;
/// States of a power supply that is bad or has no input.
const BAD_STATES: [Meaning; 4] = [
    Meaning::PowerSupplyFailure,
    Meaning::PowerSupplyPredictiveFailure,
    Meaning::PowerSupplyInputLost,
    Meaning::PowerSupplyInputLostOrOutOfRange,
];

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let mut findings = Findings::new();
    let drives = smart::devices().map_err(|error| explain(&error))?;
    for name in &drives {
        let document = smart::read(name).map_err(|error| explain(&error));
        let read = |bytes: Vec<u8>| smartctl::drive(&bytes).map_err(|error| error.to_string());
        match document.and_then(|document| read(document.stdout)) {
            Ok(drive) => judge_drive(name, &drive, &parameters, &mut findings),
            Err(why) => findings.unknown(DRIVE_UNREAD, Some(&part("disk", name.as_str())), why),
        }
    }
    let listing = match bmc::ask(Question::Sensors) {
        Ok(document) => document.stdout,
        Err(Error::Unavailable(missing)) if missing.kind == MissingKind::Hardware => {
            if drives.is_empty() {
                return Ok(findings.skip("no drives, no management controller", "no parts"));
            }
            return Ok(findings.outcome(format!("{} drives", drives.len())));
        }
        Err(error) => return Err(explain(&error)),
    };
    let ask = |question| match bmc::ask(question) {
        Ok(document) => Ok(document.stdout),
        Err(error) => Err(explain(&error)),
    };
    let (table, units) = (ask(Question::Thresholds)?, ask(Question::Parts)?);
    let read = |error: vetting_facts::Unreadable| error.to_string();
    let table = controller::sensor_table(&table).map_err(read)?;
    let sensors = controller::joined(controller::from_elist(&listing).map_err(read)?, &table);
    judge_sensors(&sensors.sensors, &mut findings);
    let units = controller::frus(&units).map_err(read)?;
    let supplies = controller::supplies(&sensors, &units);
    judge_supplies(&supplies, &mut findings);
    Ok(findings.outcome(format!(
        "{} drives, {} sensors, {} power supplies",
        drives.len(),
        sensors.sensors.len(),
        supplies.len()
    )))
}

/// A count of a drive: its name, its value and unit, its rule and that rule's limit.
type Count<'a> = (&'a str, Option<u64>, Option<&'a str>, Rule, f64);

fn judge_drive(name: &str, drive: &Drive, parameters: &Parameters, findings: &mut Findings) {
    let Some(passed) = drive.passed else {
        let place = part("disk", name);
        findings.unknown(DRIVE_UNREAD, Some(&place), "it gives no health");
        return;
    };
    let place = Part {
        serial: drive.serial.clone(),
        model: drive.model.clone(),
        ..part("disk", name)
    };
    if !passed {
        let message = "SMART overall health: FAILED. Replace the drive.";
        findings.broken(OVERALL_HEALTH, Some(&place), message);
    }
    let ata = drive.ata.as_ref();
    let health = drive.nvme.as_ref().and_then(|nvme| nvme.health.as_ref());
    let scsi = drive.scsi.as_ref();
    let used = drive
        .endurance_used_percent
        .or(health
            .and_then(|health| health.percentage_used)
            .map(u64::from))
        .or(scsi.and_then(|scsi| scsi.percentage_used));
    let mut attributes = ata
        .into_iter()
        .flat_map(|ata| ata.attributes.iter().flatten());
    let pending = attributes.find(|attribute| attribute.id == PENDING_SECTORS);
    let reads = scsi.and_then(|scsi| scsi.read_errors.as_ref()?.uncorrected);
    let writes = scsi.and_then(|scsi| scsi.write_errors.as_ref()?.uncorrected);
    let uncorrected = parameters.uncorrected_fail;
    let counts: [Count; 5] = [
        (
            "life-used",
            used,
            Some("%"),
            USED,
            parameters.used_fail_percent,
        ),
        (
            "pending",
            pending.and_then(|a| a.raw),
            None,
            PENDING,
            parameters.pending_fail,
        ),
        (
            "media-errors",
            health.and_then(|h| h.media_errors),
            None,
            UNCORRECTED,
            uncorrected,
        ),
        ("read-errors", reads, None, UNCORRECTED, uncorrected),
        ("write-errors", writes, None, UNCORRECTED, uncorrected),
    ];
    for (what, count, unit, rule, limit) in counts {
        let Some(count) = count else { continue };
        let mut measure = Measure::number(what, count as f64).part(&place);
        if let Some(unit) = unit {
            measure = measure.unit(unit);
        }
        findings.hold(measure.at_most(rule, limit), || {
            format!("{what} is {count}, limit {limit:.0}: replace the drive")
        });
    }
    judge_temperature(drive, &place, findings);
}

fn judge_temperature(drive: &Drive, place: &Part, findings: &mut Findings) {
    let limits = drive.temperature;
    let nvme = drive.nvme.as_ref();
    let health = nvme.and_then(|nvme| nvme.health.as_ref());
    let now = limits.and_then(|limits| limits.current);
    let Some(celsius) = now.or(health.and_then(|health| health.temperature)) else {
        return;
    };
    let trip = limits.and_then(|limits| limits.drive_trip);
    let limit = nvme
        .and_then(|nvme| nvme.warning_temperature)
        .or(limits.and_then(|limits| limits.op_limit_max))
        .or(trip.filter(|celsius| *celsius > 0));
    let mut measure = Measure::number("drive-temperature", celsius as f64)
        .unit("Cel")
        .part(place);
    if let Some(limit) = limit {
        measure = measure.at_most(DRIVE_TEMPERATURE, limit as f64);
    }
    let limit = limit.unwrap_or_default();
    findings.hold(measure, || {
        format!("{celsius} °C, limit {limit} °C. Check the airflow.")
    });
}

fn judge_sensors(sensors: &[Sensor], findings: &mut Findings) {
    for sensor in sensors {
        let Some(value) = sensor.reading.value else {
            continue;
        };
        let limits = &sensor.thresholds;
        let mut measure = Measure::number("sensor-reading", value);
        if let Some(limit) = limits.lower_critical {
            measure = measure.at_least(LOWER_CRITICAL, limit);
        }
        if let Some(limit) = limits.upper_critical {
            measure = measure.at_most(UPPER_CRITICAL, limit);
        }
        if limits.lower_critical.or(limits.upper_critical).is_none() {
            continue;
        }
        if let Some(unit) = sensor.reading.unit.as_ref().map(serde_json::to_value)
            && let Ok(Value::String(unit)) = unit
        {
            measure = measure.unit(&unit);
        }
        findings.hold(measure.part(&part("sensor", sensor.name.as_str())), || {
            format!("it reads {value:.1}, beyond a critical threshold of the controller")
        });
    }
}

fn judge_supplies(supplies: &[Supply], findings: &mut Findings) {
    for supply in supplies {
        let place = Part {
            serial: supply.serial.clone(),
            model: supply.model.clone(),
            ..part("psu", supply.name.as_str())
        };
        for state in &supply.states {
            if state
                .meaning
                .is_some_and(|meaning| BAD_STATES.contains(&meaning))
            {
                let message = format!(
                    "it reports: {}. Check its cord, then replace it.",
                    state.text
                );
                findings.broken(SUPPLY_STATE, Some(&place), message);
            }
        }
    }
}
