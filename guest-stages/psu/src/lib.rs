//! PSU: do power supplies, rails and fans do what they should?

mod events;
mod judge;
mod rules;
mod sensors;

use vetting_stage::power::LogEntry;
use vetting_stage::types::Error;
use vetting_stage::{Findings, Outcome, absence, clock, context, explain, hwmon, power, sample};

vetting_stage::parameters! {
    /// How many power supplies must be there.
    expected_supplies: optional_integer = null, "the machine's spec";
    /// How far a rail that has no limits of its own may be from its nominal voltage, in per cent.
    rail_fail_percent: number = 5.0, "Intel ATX12V Power Supply Design Guide 2.0";
    /// Speed, in per cent of the middle of its siblings, below which a fan is worth a look.
    fan_warn_percent: number = 70.0, "default";
    /// Between the two readings, to tell a fault from a moment.
    pause: duration = "2s", "default";
}

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let mut findings = Findings::new();
    let _shown = context::progress(0.1, "reading");
    let log_before = power::event_log();
    let first = power::read().map_err(|e| explain(&e))?;
    let pause = u64::try_from(parameters.pause.as_millis()).unwrap_or(u64::MAX);
    let cancelled = clock::sleep(pause).is_err();
    let _shown = context::progress(0.5, "reading again");
    let second = power::read();
    if cancelled || second.is_err() {
        let why = second
            .as_ref()
            .err()
            .map_or("the stage was cut short".to_owned(), explain);
        findings.unknown(
            rules::SECOND_READING,
            None,
            format!("only one reading was made: {why}"),
        );
    }
    let readings = [first.clone(), second.unwrap_or(first)];
    let reading = &readings[1];
    if let Some(watts) = reading.total_watts {
        sample("power", "machine", watts, "W");
    }
    let controller = controller(&log_before, &mut findings);
    if controller == Controller::Answers {
        judge::controller_tells(reading, &mut findings);
    }
    let told = judge::supplies(&readings, &parameters, &mut findings);
    judge::redundancy(reading, &parameters, &mut findings);
    sensors::judge(&readings, &parameters, &mut findings);
    if let Ok(chips) = hwmon::read() {
        sensors::chips(&chips.sensors, &mut findings);
    }
    if let Ok(before) = &log_before {
        events::judge(before, power::event_log().as_ref(), &mut findings);
    }
    let nothing = told == 0 && reading.sensors.is_empty() && reading.redundancy.is_empty();
    if nothing && controller == Controller::Absent && findings.diagnoses().is_empty() {
        let reason = match reading.supplies.iter().any(|s| s.portable) {
            true => {
                "the machine is fed like a portable one: it has no power supply that tells of itself"
            }
            false => {
                "the machine has no management controller and no power supply that tells of itself"
            }
        };
        return Ok(findings.skip(reason, "nothing tells of its power"));
    }
    let fans = reading.sensors.iter().filter(|s| s.kind == "fan").count();
    let watts = reading
        .total_watts
        .map_or(String::new(), |w| format!(", {w:.0} W"));
    Ok(findings.outcome(format!(
        "{told} power supplies, {fans} fans, {} sensors{watts}",
        reading.sensors.len()
    )))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Controller {
    Answers,
    Absent,
    Silent,
}

/// Whether the management controller can be asked. One that is there and cannot be is a gap.
fn controller(log: &Result<Vec<LogEntry>, Error>, findings: &mut Findings) -> Controller {
    match log {
        Ok(_) => Controller::Answers,
        Err(error) if absence(error).is_some() => Controller::Absent,
        Err(error) => {
            let message = format!(
                "the management controller could not be asked: {}",
                explain(error)
            );
            findings.unknown(rules::CONTROLLER, None, message);
            Controller::Silent
        }
    }
}
