//! GPUs, as `vetting machine show` reads their tools' documents: with `vetting-facts`, as stages do.

use serde::Serialize;
use serde_json::{Map, Value, json};
use vetting_facts::Unreadable;
use vetting_facts::gpu::{amd_smi, nvidia_smi, nvlinks, rocm_smi};
use vetting_machine::contract::gpu::Question;
use vetting_machine::contract::types::{Document, Error};
use vetting_machine::{Reply, Request, Session};

use super::explain::explain;
use super::machine_tables::of;

/// What is asked, by the names of the JSON.
const QUESTIONS: [(&str, Question); 6] = [
    ("nvidia-smi", Question::NvidiaSmi),
    ("nvlink-status", Question::NvlinkStatus),
    ("nvlink-errors", Question::NvlinkErrors),
    ("rocm-smi", Question::RocmSmi),
    ("amd-smi-static", Question::AmdSmiStatic),
    ("amd-smi-metric", Question::AmdSmiMetric),
];

/// The GPUs that the kernel shows, and what the tools printed of them.
pub struct ShownGpus {
    devices: Vec<String>,
    answers: Vec<(&'static str, Result<Document, Error>)>,
}

/// Asks every tool that is installed.
pub async fn gpus(session: &dyn Session) -> Result<ShownGpus, Error> {
    let unexpected =
        |reply: Reply| Error::tool_failed("the machine", format!("answered with {reply:?}"));
    let devices = match session.call(Request::GpuDevices).await? {
        Reply::GpuDevices(devices) => devices,
        other => return Err(unexpected(other)),
    };
    let mut answers = Vec::new();
    for (name, question) in QUESTIONS {
        let answer = match session.call(Request::GpuAsk { question }).await {
            Ok(Reply::Document(document)) => Ok(*document),
            Ok(other) => Err(unexpected(other)),
            Err(error) => Err(error),
        };
        answers.push((name, answer));
    }
    Ok(ShownGpus { devices, answers })
}

/// A parser's facts as JSON, or why there are none.
fn facts<T: Serialize>(read: Result<T, Unreadable>) -> Result<Value, serde_json::Error> {
    match read {
        Ok(facts) => serde_json::to_value(facts),
        Err(error) => Ok(json!({ "message": error.to_string() })),
    }
}

/// The facts of a document, by what was asked.
fn read(name: &str, bytes: &[u8]) -> Result<Value, serde_json::Error> {
    match name {
        "nvidia-smi" => facts(nvidia_smi::gpus(bytes)),
        "nvlink-status" => facts(nvlinks::status(bytes)),
        "nvlink-errors" => facts(nvlinks::errors(bytes)),
        "rocm-smi" => facts(rocm_smi::report(bytes)),
        _ => facts(amd_smi::report(bytes)),
    }
}

impl ShownGpus {
    /// The documents of tools that are installed.
    fn documents(&self) -> impl Iterator<Item = (&'static str, &Document)> {
        let answers = self.answers.iter();
        answers.filter_map(|(name, answer)| Some((*name, answer.as_ref().ok()?)))
    }

    /// What nvidia-smi says.
    pub fn nvidia(&self) -> Option<nvidia_smi::Report> {
        let mut documents = self.documents();
        let (_, document) = documents.find(|(name, _)| *name == "nvidia-smi")?;
        nvidia_smi::gpus(&document.stdout).ok()
    }

    /// Why a GPU of the kernel's is in no document.
    fn silence(&self, report: Option<&nvidia_smi::Report>) -> String {
        let message = report.and_then(|report| report.messages.first());
        let error = self
            .answers
            .iter()
            .find_map(|(_, answer)| answer.as_ref().err());
        match (message, error) {
            (Some(message), _) => message.text.clone(),
            (None, Some(error)) if self.documents().next().is_none() => error.to_string(),
            _ => "no tool that is installed lists it".to_owned(),
        }
    }

    /// A row for each.
    pub fn table(&self) -> String {
        let number = |value: Option<f64>| value.map_or_else(String::new, |n| format!("{n:.0}"));
        let report = self.nvidia();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for gpu in report.iter().flat_map(|report| &report.gpus) {
            let power = gpu.power.clone().unwrap_or_default();
            let action = gpu
                .recovery_action
                .clone()
                .filter(|action| action != "None");
            let remark = match (gpu.lost, action) {
                (true, _) => "lost".to_owned(),
                (false, action) => action.unwrap_or_default(),
            };
            rows.push(vec![
                gpu.pci_address.clone().unwrap_or_default(),
                gpu.identity.name.clone().unwrap_or_default(),
                report
                    .as_ref()
                    .and_then(|r| r.driver.clone())
                    .unwrap_or_default(),
                number(gpu.temperatures.gpu),
                number(power.average_draw.or(power.instant_draw).or(power.draw)),
                remark,
            ]);
        }
        for (name, document) in self
            .documents()
            .filter(|(name, _)| name.starts_with("amd-smi"))
        {
            let Ok(report) = amd_smi::report(&document.stdout) else {
                continue;
            };
            for gpu in report.gpus {
                rows.push(vec![
                    gpu.pci_address.unwrap_or_default(),
                    gpu.name.unwrap_or_default(),
                    gpu.driver.unwrap_or_default(),
                    number(gpu.hotspot),
                    number(gpu.power),
                    name.to_owned(),
                ]);
            }
        }
        for address in &self.devices {
            if !rows.iter().any(|row| row.first() == Some(address)) {
                let mut row = vec![String::new(); 6];
                row[0].clone_from(address);
                row[5] = self.silence(report.as_ref());
                rows.push(row);
            }
        }
        let head = ["PCI", "Model", "Driver", "°C", "W", "Remarks"];
        of(&head, rows.into_iter(), "no GPUs")
    }

    /// The facts of each document, or why there are none.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        let mut all = Map::new();
        all.insert("devices".to_owned(), json!(self.devices));
        for (name, answer) in &self.answers {
            let value = match answer {
                Err(error) => json!({ "error": error, "message": error.to_string() }),
                Ok(document) => read(name, &document.stdout)?,
            };
            all.insert((*name).to_owned(), value);
        }
        Ok(Value::Object(all))
    }

    /// Which row of each document became which facts.
    pub fn explained(&self) -> String {
        let one = |(name, answer): &(&str, Result<Document, Error>)| match answer {
            Ok(document) => explain(document, &|bytes| read(name, bytes).unwrap_or_default()),
            Err(error) => format!("# {name}: {error}\n"),
        };
        self.answers.iter().map(one).collect()
    }

    /// What the tools printed, as it came.
    pub fn raw(&self) -> String {
        let one = |(name, answer): &(&str, Result<Document, Error>)| match answer {
            Ok(document) => format!(
                "# {}\n{}\n",
                document.argv.join(" "),
                String::from_utf8_lossy(&document.stdout)
            ),
            Err(error) => format!("# {name}: {error}\n"),
        };
        self.answers.iter().map(one).collect()
    }
}
