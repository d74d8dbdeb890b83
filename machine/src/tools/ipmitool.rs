//! ipmitool: its command lines. What it prints is the stage's to read; the inventory, which this program
//! still makes itself, takes the controller's maker and firmware from it.

use std::time::{Duration, Instant};

use super::{Limits, Output, Toolbox};
use crate::contract::bmc::Question;
use crate::contract::inventory::Bmc;
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
    pub const ALL: [Question; 11] = [
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

/// The controller itself, for the inventory: from `ipmitool mc info` and `ipmitool lan print`.
pub async fn mc_info(tools: &Toolbox) -> Result<Bmc, Error> {
    let output = fields_of(tools, Question::Controller.args()).await?;
    let info = fields(&output.stdout);
    if info.is_empty() {
        let reason = "its output holds nothing that can be understood";
        return Err(output.failure(TOOL, reason));
    }
    // A controller without a network port answers this one with an error.
    let lan = match fields_of(tools, &["lan", "print"]).await {
        Ok(output) => fields(&output.stdout),
        Err(_without_a_port) => Vec::new(),
    };
    Ok(bmc(&info, &lan))
}

async fn fields_of(tools: &Toolbox, args: &[&str]) -> Result<Output, Error> {
    let limits = Question::Controller.limits();
    let _alone = tools.controller.lock().await;
    tools.output(TOOL, TOOL, args, limits).await
}

/// Lines of `Name : value`.
pub(super) fn fields(printed: &[u8]) -> Vec<(String, String)> {
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let (name, value) = (name.trim(), value.trim());
        (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
    };
    let text = String::from_utf8_lossy(printed);
    text.lines().filter_map(field).collect()
}

/// From `mc info` and `lan print`.
pub(super) fn bmc(info: &[(String, String)], lan: &[(String, String)]) -> Bmc {
    let among = |fields: &[(String, String)], name: &str| {
        let found = fields.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.clone())
    };
    let real = |value: &String| !value.starts_with("Unknown") && value != "0.0.0.0";
    Bmc {
        manufacturer: among(info, "Manufacturer Name").filter(real),
        firmware: among(info, "Firmware Revision"),
        address: among(lan, "IP Address").filter(real),
        mac: among(lan, "MAC Address").map(|mac| mac.to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_controller_itself() {
        let info = b"Manufacturer Name         : ACME\nFirmware Revision         : 1.2\n";
        let lan =
            b"IP Address              : 10.0.0.9\nMAC Address             : 02:00:00:00:00:0A\n";
        let bmc = bmc(&fields(info), &fields(lan));
        assert_eq!(bmc.manufacturer.as_deref(), Some("ACME"));
        assert_eq!(bmc.address.as_deref(), Some("10.0.0.9"));
        assert_eq!(bmc.mac.as_deref(), Some("02:00:00:00:00:0a"));
        let unknown = b"Manufacturer Name         : Unknown (0x1234)\n";
        assert_eq!(super::bmc(&fields(unknown), &[]).manufacturer, None);
    }

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
