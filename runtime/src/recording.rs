//! What a run tells its recording, beside what crosses the seam.

use std::collections::BTreeMap;

use vetting_machine::Machine;
use vetting_machine::recorded::{Header, Planned, Verdict};
use vetting_protocol::{Ending, StageRecord};

use crate::engine::{Limits, LoadedStage};

/// The header of a run's recording. `stages`: those that are to run; none where an orchestrator decides.
pub fn header(
    machine: &dyn Machine,
    seed: u64,
    limits: &Limits,
    stages: &[(LoadedStage, serde_json::Value)],
) -> Header {
    let planned = |(stage, parameters): &(LoadedStage, serde_json::Value)| Planned {
        stage: stage.name().to_owned(),
        digest: stage.digest.clone(),
        parameters: vetting_component::blank(&stage.contents.manifest, parameters).0,
    };
    let limits = limits.values().into_iter();
    Header {
        limits: limits
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        stages: stages.iter().map(planned).collect(),
        ..Header::of(
            machine,
            env!("CARGO_PKG_VERSION"),
            &vetting_component::offered().name(),
            seed,
        )
    }
}

/// The limits that a recording was made under.
///
/// # Errors
///
/// When it names one that there is not.
pub fn limits(recorded: &BTreeMap<String, u64>) -> Result<Limits, crate::engine::LimitError> {
    let mut limits = Limits::default();
    for (name, value) in recorded {
        limits.set(name, &value.to_string())?;
    }
    Ok(limits)
}

/// What an attempt came to, as its recording keeps it.
pub fn verdict(record: &StageRecord) -> Verdict {
    let interrupted = matches!(
        record.ending,
        Ending::Deadline {
            partial_outcome: false
        } | Ending::Cancelled {
            partial_outcome: false,
            ..
        }
    );
    Verdict {
        stage: record.stage.clone(),
        attempt: record.attempt,
        verdict: record.verdict.map(|verdict| verdict.as_str().to_owned()),
        message: record.message.clone(),
        ending: serde_json::to_value(&record.ending).unwrap_or_default(),
        interrupted,
        host_calls: record.host_calls,
    }
}
