//! What the management controller answers, as `vetting machine show power` prints it: read with
//! `vetting-facts`, as stages do.

use serde_json::{Value, json};
use vetting_facts::Unreadable;
use vetting_facts::bmc::{self, Frus, Sensors, Supply};
use vetting_facts::files::Files;
use vetting_facts::power::{self, PowerSupply, SUPPLY};
use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::types::{Document, Error};
use vetting_machine::{Reply, Request, Session};
use vetting_protocol::printable;

use super::explain::explain;
use super::machine_files;
use super::machine_tables::of;

/// What is asked: all but the one that takes a slow controller minutes.
const ASKED: [Question; 11] = [
    Question::Sensors,
    Question::Thresholds,
    Question::EventLog,
    Question::EventLogInfo,
    Question::Clock,
    Question::Parts,
    Question::Controller,
    Question::SelfTest,
    Question::Chassis,
    Question::PowerDraw,
    Question::Network,
];

/// The controller's answers, and what the kernel shows of batteries and mains adapters.
pub struct ShownPower {
    answers: Vec<(Question, Result<Document, Error>)>,
    batteries: Vec<PowerSupply>,
}

/// What the answers say.
struct Facts {
    sensors: Sensors,
    supplies: Vec<Supply>,
    watts: Option<f64>,
}

impl ShownPower {
    /// Asks everything.
    pub async fn ask(session: &dyn Session) -> Result<Self, Error> {
        let mut files = Files::new();
        for glob in SUPPLY {
            // A recording may hold none of them.
            let _read = machine_files::read(session, glob, &mut files).await;
        }
        let batteries = batteries(&files);
        let mut answers = Vec::new();
        for question in ASKED {
            let request = Request::Bmc {
                question: question.clone(),
            };
            let answer = match session.call(request).await {
                Ok(Reply::Document(document)) => Ok(*document),
                Ok(other) => Err(Error::tool_failed(
                    "the machine",
                    format!("answered with {other:?}"),
                )),
                Err(Error::Unavailable(_)) if !batteries.is_empty() => break,
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(error) => Err(error),
            };
            answers.push((question, answer));
        }
        let failed = answers.iter().all(|(_, answer)| answer.is_err());
        match answers.first_mut() {
            Some((_, Err(error))) if failed => Err(error.clone()),
            _ => Ok(ShownPower { answers, batteries }),
        }
    }

    fn facts(&self) -> Facts {
        let answers = self.answers.iter();
        let documents =
            answers.filter_map(|(question, answer)| Some((question, answer.as_ref().ok()?)));
        let documents: Vec<_> = documents.collect();
        facts(&documents)
    }

    /// Power supplies as a table, and what each question came to.
    pub fn table(&self) -> String {
        let facts = self.facts();
        let watts = |watts: Option<f64>| watts.map_or(String::new(), |watts| format!("{watts:.0}"));
        let row = |supply: &Supply| {
            let states: Vec<&str> = supply.states.iter().map(|s| s.text.as_str()).collect();
            let there = match supply.present {
                Some(true) => "yes",
                Some(false) => "no",
                None => "",
            };
            vec![
                supply.name.clone(),
                there.to_owned(),
                states.join(", "),
                watts(supply.input_watts),
                watts(supply.output_watts),
                supply.model.clone().unwrap_or_default(),
                supply.serial.clone().unwrap_or_default(),
            ]
        };
        let head = [
            "Supply", "There", "States", "W in", "W out", "Model", "Serial",
        ];
        let mut text = of(&head, facts.supplies.iter().map(row), "no power supplies");
        for battery in &self.batteries {
            let words = [&battery.kind, &battery.status, &battery.health];
            let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
            text.push_str(&format!(
                "{}: {}\n",
                printable(&battery.name),
                printable(&words.join(", "))
            ));
        }
        text.push_str(&format!("{} sensors", facts.sensors.sensors.len()));
        if let Some(watts) = facts.watts {
            text.push_str(&format!(", the machine draws {watts:.0} W"));
        }
        text.push('\n');
        for (question, answer) in &self.answers {
            let line = match answer {
                Ok(document) => {
                    let mark = if document.exit_status == Some(0) {
                        "✓"
                    } else {
                        "✗"
                    };
                    let seconds = document.took_ns / 1_000_000_000;
                    let said = document.stderr_tail.lines().next().unwrap_or_default();
                    let bytes = document.stdout.len();
                    format!(
                        "{mark} {}: {bytes} bytes, {seconds} s {said}",
                        document.argv.join(" ")
                    )
                }
                Err(error) => format!("✗ {}: {error}", question.name()),
            };
            text.push_str(printable(&line).trim_end());
            text.push('\n');
        }
        text
    }

    /// The facts as JSON.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        let facts = self.facts();
        let mut answers = Vec::new();
        for (question, answer) in &self.answers {
            answers.push(match answer {
                Ok(document) => json!({
                    "question": question.name(),
                    "argv": document.argv,
                    "exit_status": document.exit_status,
                    "stderr": document.stderr_tail,
                }),
                Err(error) => json!({ "question": question.name(), "error": error.to_string() }),
            });
        }
        let document = |wanted: &Question| {
            let mut answers = self.answers.iter();
            let found = answers.find(|(question, _)| question == wanted);
            found.and_then(|(_, answer)| answer.as_ref().ok())
        };
        let log = document(&Question::EventLog).and_then(|d| bmc::event_log(&d.stdout).ok());
        let info =
            document(&Question::EventLogInfo).and_then(|d| bmc::event_log_info(&d.stdout).ok());
        let chassis =
            document(&Question::Chassis).and_then(|d| bmc::chassis_status(&d.stdout).ok());
        let controller =
            document(&Question::Controller).and_then(|d| bmc::controller(&d.stdout).ok());
        let network = document(&Question::Network).and_then(|d| bmc::network(&d.stdout).ok());
        Ok(json!({
            "supplies": serde_json::to_value(&facts.supplies)?,
            "batteries": serde_json::to_value(&self.batteries)?,
            "total_watts": facts.watts,
            "sensors": serde_json::to_value(&facts.sensors.sensors)?,
            "event_log": serde_json::to_value(log.map(|log| log.events))?,
            "event_log_info": serde_json::to_value(info)?,
            "chassis": serde_json::to_value(chassis)?,
            "controller": serde_json::to_value(controller)?,
            "network": serde_json::to_value(network)?,
            "answers": answers,
        }))
    }

    /// Which row of each answer became which facts.
    pub fn explained(&self) -> String {
        let one = |(question, answer): &(Question, Result<Document, Error>)| match answer {
            Ok(document) => explain(document, &|bytes| read(question, bytes)),
            Err(error) => format!("# {}: {error}\n", question.name()),
        };
        self.answers.iter().map(one).collect()
    }

    /// What ipmitool printed, as it came.
    pub fn raw(&self) -> String {
        let one = |(question, answer): &(Question, Result<Document, Error>)| match answer {
            Ok(document) => format!(
                "# {}\n{}\n",
                document.argv.join(" "),
                String::from_utf8_lossy(&document.stdout)
            ),
            Err(error) => format!("# {}: {error}\n", question.name()),
        };
        self.answers.iter().map(one).collect()
    }
}

/// The facts of one answer.
fn read(question: &Question, bytes: &[u8]) -> Value {
    fn value<T: serde::Serialize>(facts: Result<T, Unreadable>) -> Value {
        let facts = facts.ok().map(serde_json::to_value);
        facts.and_then(Result::ok).unwrap_or_default()
    }
    match question {
        Question::Sensors => value(bmc::from_elist(bytes)),
        Question::Thresholds => value(bmc::sensor_table(bytes)),
        Question::SensorRecords => value(bmc::sensors(bytes)),
        Question::EventLog => value(bmc::event_log(bytes)),
        Question::EventLogInfo => value(bmc::event_log_info(bytes)),
        Question::Clock => value(bmc::clock(bytes)),
        Question::Parts => value(bmc::frus(bytes)),
        Question::Controller => value(bmc::controller(bytes)),
        Question::SelfTest => value(bmc::self_test(bytes)),
        Question::Chassis => value(bmc::chassis_status(bytes)),
        Question::PowerDraw => value(bmc::power_reading(bytes)),
        Question::Network => value(bmc::network(bytes)),
    }
}

/// For a profile.
impl ShownPower {
    /// Supplies that are there, then batteries and adapters: name, model, serial number, and whether it is one
    /// of the latter.
    pub fn sources(&self) -> Vec<(String, Option<String>, Option<String>, bool)> {
        let supplies = self.facts().supplies.into_iter();
        let there = supplies.filter(|supply| supply.present != Some(false));
        let supplies = there.map(|supply| (supply.name, supply.model, supply.serial, false));
        let batteries = self.batteries.iter().cloned();
        let batteries =
            batteries.map(|battery| (battery.name, battery.model, battery.serial, true));
        supplies.chain(batteries).collect()
    }

    /// Fans by name, each with its speed now in revolutions per minute.
    pub fn fans(&self) -> Vec<(String, f64)> {
        self.measured(&bmc::Unit::Rpm)
    }

    /// Voltages by name, in volts; one at the mains or of a battery is no rail that a profile can say.
    pub fn rails(&self) -> Vec<(String, f64)> {
        let mut rails = self.measured(&bmc::Unit::Volts);
        rails.retain(|(_, volts)| (0.5..60.0).contains(volts));
        rails
    }

    fn measured(&self, unit: &bmc::Unit) -> Vec<(String, f64)> {
        let sensors = self.facts().sensors.sensors.into_iter();
        let of_unit = sensors.filter(|sensor| sensor.reading.unit.as_ref() == Some(unit));
        of_unit
            .filter_map(|sensor| Some((sensor.name, sensor.reading.value?)))
            .collect()
    }
}

/// What the sensors, units and readings of these documents say.
fn facts(documents: &[(&Question, &Document)]) -> Facts {
    let stdout = |wanted: Question| {
        let mut all = documents.iter();
        let found = all.find(|(question, _)| **question == wanted);
        found.map_or(&[] as &[u8], |(_, document)| document.stdout.as_slice())
    };
    let listing = bmc::from_elist(stdout(Question::Sensors));
    let table = bmc::sensor_table(stdout(Question::Thresholds));
    let sensors = match (listing, table) {
        (Ok(listing), Ok(table)) => bmc::joined(listing, &table),
        (Ok(one), Err(_)) | (Err(_), Ok(one)) => one,
        (Err(_), Err(_)) => Sensors::default(),
    };
    let units = bmc::frus(stdout(Question::Parts)).unwrap_or_else(|_| Frus::default());
    let draw = bmc::power_reading(stdout(Question::PowerDraw)).ok();
    let draw = draw.filter(|draw| draw.active == Some(true));
    Facts {
        supplies: bmc::supplies(&sensors, &units),
        watts: bmc::machine_watts(&sensors).or(draw.and_then(|draw| draw.watts)),
        sensors,
    }
}

/// Batteries and adapters of the machine itself: not those of a mouse or a keyboard.
fn batteries(files: &Files) -> Vec<PowerSupply> {
    let mut all = power::supplies(files);
    all.retain(|supply| supply.scope.as_deref() != Some("Device"));
    all
}
