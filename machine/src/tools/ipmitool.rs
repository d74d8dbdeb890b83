//! ipmitool: its command lines. What it prints is the stage's to read.

use std::time::{Duration, Instant};

use super::{Limits, Toolbox};
use crate::contract::bmc::Question;
use crate::contract::types::{Document, Error};

const TOOL: &str = "ipmitool";

/// What every document of the controller is the answer to.
pub const QUERY: &str = "bmc.ask";

/// How long the controller may take for one of its long answers: some take a second a sensor.
pub const PATIENT: Duration = Duration::from_secs(240);

/// How long it may take for a short one.
pub const BRIEF: Duration = Duration::from_secs(30);

impl Question {
    /// Every question, in the contract's order.
    pub const ALL: [Question; 12] = [
        Question::Sensors,
        Question::Thresholds,
        Question::SensorRecords,
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

    /// Its name in the contract.
    pub fn name(&self) -> &'static str {
        match self {
            Question::Sensors => "sensors",
            Question::Thresholds => "thresholds",
            Question::SensorRecords => "sensor-records",
            Question::EventLog => "event-log",
            Question::EventLogInfo => "event-log-info",
            Question::Clock => "clock",
            Question::Parts => "parts",
            Question::Controller => "controller",
            Question::SelfTest => "self-test",
            Question::Chassis => "chassis",
            Question::PowerDraw => "power-draw",
            Question::Network => "network",
        }
    }

    /// ipmitool's arguments for it.
    pub fn args(&self) -> &'static [&'static str] {
        match self {
            Question::Sensors => &["sdr", "elist", "all"],
            Question::Thresholds => &["sensor"],
            Question::SensorRecords => &["-v", "sdr", "elist", "all"],
            Question::EventLog => &["sel", "elist"],
            Question::EventLogInfo => &["sel", "info"],
            Question::Clock => &["sel", "time", "get"],
            Question::Parts => &["fru", "print"],
            Question::Controller => &["mc", "info"],
            Question::SelfTest => &["mc", "selftest"],
            Question::Chassis => &["chassis", "status"],
            Question::PowerDraw => &["dcmi", "power", "reading"],
            Question::Network => &["lan", "print"],
        }
    }

    /// How long its answer may take, and how much of it is kept.
    pub fn limits(&self) -> Limits {
        match self {
            Question::Sensors
            | Question::Thresholds
            | Question::SensorRecords
            | Question::EventLog
            | Question::Parts => Limits {
                timeout: PATIENT,
                max_stdout: 4 << 20,
            },
            _ => Limits {
                timeout: BRIEF,
                max_stdout: 1 << 20,
            },
        }
    }
}

/// Asks the controller, once whoever asks it now has an answer.
pub async fn ask(tools: &Toolbox, question: &Question, since: Instant) -> Result<Document, Error> {
    let question = super::Question {
        query: QUERY,
        target: question.name(),
        program: TOOL,
        package: TOOL,
        args: question.args(),
        version: &["-V"],
        limits: question.limits(),
    };
    let _alone = tools.controller.lock().await;
    tools.document(&question, since).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_has_a_name_of_its_own_and_only_reads() {
        let names: std::collections::BTreeSet<_> =
            Question::ALL.iter().map(Question::name).collect();
        assert_eq!(names.len(), Question::ALL.len());
        for question in Question::ALL {
            let name = serde_json::to_value(&question).expect("a name");
            assert_eq!(name, question.name());
            let writes = [
                "set", "clear", "delete", "reset", "raw", "write", "identify",
            ];
            assert!(question.args().iter().all(|arg| !writes.contains(arg)));
        }
    }
}
