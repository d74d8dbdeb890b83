//! The device under test: the parts that anything was said of, and the software that said it.

use vetting_protocol::{Part, StageRecord};

use super::artifacts::{DutInfo, HardwareInfo, SoftwareInfo};
use crate::record::RunRecord;

/// Parts and components with their ids.
pub(super) struct Device<'a> {
    parts: Vec<&'a Part>,
    /// By digest where there is one, else by name.
    components: Vec<&'a StageRecord>,
}

impl<'a> Device<'a> {
    pub(super) fn of(record: &'a RunRecord) -> Self {
        let mut device = Device {
            parts: Vec::new(),
            components: Vec::new(),
        };
        for stage in &record.stages {
            let of_measurements = stage.measurements.iter().map(|m| &m.part);
            let of_diagnoses = stage.diagnoses.iter().map(|d| &d.part);
            for part in of_measurements.chain(of_diagnoses).flatten() {
                if !device.parts.contains(&part) {
                    device.parts.push(part);
                }
            }
            if device.component(stage).is_none() {
                device.components.push(stage);
            }
        }
        device
    }

    /// A part's id.
    pub(super) fn part(&self, part: Option<&Part>) -> Option<String> {
        let part = part?;
        let at = self.parts.iter().position(|known| *known == part)?;
        Some(at.to_string())
    }

    /// The id of a stage's component. `vetting` itself is 0.
    pub(super) fn component(&self, stage: &StageRecord) -> Option<String> {
        let same =
            |known: &&StageRecord| (&known.stage, &known.digest) == (&stage.stage, &stage.digest);
        let at = self.components.iter().position(same)?;
        Some((at + 1).to_string())
    }

    pub(super) fn info(&self, record: &'a RunRecord) -> DutInfo<'a> {
        let vetting = SoftwareInfo {
            software_info_id: "0".to_owned(),
            name: "vetting",
            version: Some(&record.vetting_version),
            revision: None,
            software_type: "APPLICATION",
        };
        let components = self.components.iter().map(|stage| SoftwareInfo {
            software_info_id: self.component(stage).unwrap_or_default(),
            name: &stage.stage,
            version: stage.version.as_deref(),
            revision: stage.digest.as_deref(),
            software_type: "APPLICATION",
        });
        let parts = self
            .parts
            .iter()
            .enumerate()
            .map(|(id, part)| HardwareInfo {
                hardware_info_id: id.to_string(),
                name: format!("{} {}", part.kind, part.location),
                part_type: &part.kind,
                location: &part.location,
                serial_number: part.serial.as_deref(),
                part_number: part.model.as_deref(),
            });
        DutInfo {
            dut_info_id: &record.machine,
            name: &record.machine,
            software_infos: std::iter::once(vetting).chain(components).collect(),
            hardware_infos: parts.collect(),
        }
    }
}
