//! PSU: do power supplies, rails and fans do what they should, and what does the controller say?

mod batteries;
mod chips;
mod controller;
mod events;
mod fans;
mod itself;
mod rails;
mod redundancy;
mod roles;
mod rules;
mod severity;
mod states;
mod supplies;
#[cfg(test)]
mod tests;
mod thresholds;

use vetting_facts::bmc::{self as facts, Frus, Sensors, Supply};
use vetting_facts::power::{self, SUPPLY};
use vetting_stage::bmc::Question;
use vetting_stage::{Findings, Outcome, clock, context, explain, hwmon, kernel_files, sample};

use controller::Controller;

vetting_stage::parameters! {
    /// How many power supplies must be there.
    expected_supplies: optional_integer = null, "the machine's spec";
    /// How far a rail that has no limits of its own may be from its nominal voltage, in per cent.
    rail_fail_percent: number = 5.0, "Intel ATX12V Power Supply Design Guide 2.0";
    /// Speed, in per cent of the middle of fans of its kind, below which a fan is worth a look.
    fan_warn_percent: number = 70.0, "default";
    /// Speed, in per cent of the middle of fans of its kind, below which a fan has failed.
    fan_fail_percent: number = 30.0, "default";
    /// Temperature of the air at the inlet, in degrees Celsius, from which on the room is worth a look: more than this.
    inlet_celsius_warn: number = 35.0, "ASHRAE TC 9.9, class A2";
    /// How far the controller's clock may be from the machine's, time zones aside.
    clock_skew_warn: duration = "5m", "default";
    /// Between the two readings, to tell a fault from a moment.
    pause: duration = "2s", "default";
}

vetting_stage::files! {
    /// to read batteries and mains adapters that the kernel sees
    vetting_facts::power::SUPPLY;
}

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let mut findings = Findings::new();
    let _shown = context::progress(0.1, "reading");
    let mut controller = Controller::default();
    let log_before = controller.need(Question::EventLog, facts::event_log, &mut findings);
    let first = sensors(&mut controller, &mut findings);
    let units = controller
        .may(Question::Parts, facts::frus)
        .unwrap_or_default();
    let info = controller.may(Question::EventLogInfo, facts::event_log_info);
    let time = controller.may(Question::Clock, facts::clock);
    let wall = clock::wall().seconds;
    let test = controller.may(Question::SelfTest, facts::self_test);
    let status = controller.may(Question::Chassis, facts::chassis_status);
    let draw = controller.may(Question::PowerDraw, facts::power_reading);
    let pause = u64::try_from(parameters.pause.as_millis()).unwrap_or(u64::MAX);
    let cancelled = clock::sleep(pause).is_err();
    let _shown = context::progress(0.5, "reading again");
    let mut read = Readings::default();
    if let Some(first) = first {
        let second = match cancelled {
            true => None,
            false => sensors(&mut controller, &mut findings),
        };
        if second.is_none() {
            let message = "only one reading of the controller's sensors was made: the stage was cut short, or the controller stopped answering";
            findings.unknown(rules::SECOND_READING, None, message);
        }
        read = Readings::of(first, second, &units);
    }
    let chips = hwmon::read();
    let by_kernel = match &chips {
        Ok(chips) => chips::judge(&chips.sensors, &mut findings),
        Err(error) => {
            let message = format!("the kernel's sensors were not read: {}", explain(error));
            findings.unknown(rules::CHIPS, None, message);
            0
        }
    };
    let batteries = match kernel_files::read(SUPPLY) {
        Ok(files) => batteries::judge(&power::supplies(&files), &mut findings),
        Err(error) => {
            let message = format!(
                "the kernel's power supplies were not read: {}",
                explain(&error)
            );
            findings.unknown(rules::CHIPS, None, message);
            0
        }
    };
    let (there, fans) = read.judge(&parameters, &mut findings);
    let supplies = there.max(by_kernel);
    let has_any = !controller.is_absent || by_kernel > 0;
    if has_any && !controller.is_silent {
        supplies::count(supplies, &read.supplies[1], &parameters, &mut findings);
    }
    let log_after = match (&log_before, cancelled) {
        (Some(_), false) => controller.need(Question::EventLog, facts::event_log, &mut findings),
        _ => None,
    };
    if let Some(before) = &log_before {
        events::judge(before, log_after.as_ref(), &mut findings);
    }
    itself::room(info.as_ref(), log_after.as_ref(), &mut findings);
    let times = log_before
        .iter()
        .flat_map(|log| &log.events)
        .filter_map(|event| event.time.as_ref());
    let newest = times.rev().find(|time| time.seconds.is_some());
    let last = newest.or(info.as_ref().and_then(|info| info.last_add.as_ref()));
    itself::clocks(time.as_ref(), last, wall, &parameters, &mut findings);
    if let Some(test) = &test {
        itself::self_test(test, &mut findings);
    }
    if let Some(status) = &status {
        itself::chassis(status, &mut findings);
    }
    controller.judge_speed(&mut findings);
    if controller.is_absent && by_kernel == 0 && findings.diagnoses().is_empty() {
        let reason = match batteries {
            0 => {
                "the machine has no management controller, and the kernel shows no power supply of a server"
            }
            _ => "the machine is fed like a portable one: it has no power supply of a server",
        };
        return Ok(findings.skip(reason, "nothing reports on its power"));
    }
    let watts = draw
        .filter(|draw| draw.active == Some(true))
        .and_then(|draw| draw.watts);
    let watts = facts::machine_watts(&read.sensors[1])
        .or(watts)
        .filter(|watts| *watts > 0.0);
    if let Some(watts) = watts {
        sample("power", "machine", watts, "W");
    }
    let watts = watts.map_or(String::new(), |watts| format!(", {watts:.0} W"));
    Ok(findings.outcome(format!(
        "{supplies} power supplies, {fans} fans, {} sensors{watts}",
        read.sensors[1].sensors.len()
    )))
}

/// Two readings of every sensor, and the supplies in them. Where only one was made, it is both.
#[derive(Default)]
struct Readings {
    sensors: [Sensors; 2],
    supplies: [Vec<Supply>; 2],
}

impl Readings {
    fn of(first: Sensors, second: Option<Sensors>, units: &Frus) -> Self {
        let second = second.unwrap_or_else(|| first.clone());
        let sensors = [first, second];
        let supplies = [&sensors[0], &sensors[1]].map(|sensors| facts::supplies(sensors, units));
        Readings { sensors, supplies }
    }

    /// Holds everything against the rules. Returns how many supplies are there, and how many fans turn.
    fn judge(&self, p: &Parameters, findings: &mut Findings) -> (usize, usize) {
        let redundant = redundancy::of_supplies(&self.sensors[1]);
        let there = supplies::judge(&self.supplies, redundant, p, findings);
        redundancy::judge(&self.sensors, p, findings);
        let nonsense = self.of_supplies(|supply| {
            let mut sensors = supply
                .sensors
                .iter()
                .filter_map(|at| self.sensors[1].sensors.get(*at));
            sensors.any(rails::is_nonsense)
        });
        let fans = fans::judge(&self.sensors, &nonsense, p, findings);
        thresholds::judge(&self.sensors, p, findings);
        let bad = self.of_supplies(|supply| supplies::health(supply) == severity::Health::Critical);
        rails::judge(&self.sensors, &bad, p, findings);
        states::judge(&self.sensors, &self.of_supplies(|_| true), findings);
        (there, fans)
    }

    /// The sensors of supplies of some sort, by their places in the second reading.
    fn of_supplies(&self, which: impl Fn(&Supply) -> bool) -> Vec<usize> {
        let supplies = self.supplies[1].iter().filter(|supply| which(supply));
        supplies
            .flat_map(|supply| supply.sensors.iter().copied())
            .collect()
    }
}

/// The listing of the sensors, joined with their table. Either alone is read as far as it goes, and the
/// other is a gap.
fn sensors(controller: &mut Controller, findings: &mut Findings) -> Option<Sensors> {
    let listing = controller.need(Question::Sensors, facts::from_elist, findings);
    let table = controller.need(Question::Thresholds, facts::sensor_table, findings);
    match (listing, table) {
        (Some(listing), Some(table)) => Some(facts::joined(listing, &table)),
        (listing, table) => listing.or(table),
    }
}
