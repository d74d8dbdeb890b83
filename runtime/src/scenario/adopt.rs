//! A recording becomes a scenario: what failed on some host is tried again at a desk, for ever.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use toml::Value;
use vetting_machine::recorded::{Recording, RecordingError};
use vetting_protocol::{Finding, StageRecord};

use super::machine::REPLAY;

/// The folder of recordings, beside the scenarios.
const FOLDER: &str = "recordings";

/// A recording that cannot be made a scenario.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// It cannot be read, or does not have the stage.
    #[error("{}: {reason}", path.display())]
    Recording {
        /// The recording.
        path: PathBuf,
        /// Why.
        reason: Box<RecordingError>,
    },
    /// The attempt never ended, so that nobody knows what it must say.
    #[error("{}: the recording ends before {stage} does; there is nothing that it must say", path.display())]
    Unfinished {
        /// The recording.
        path: PathBuf,
        /// The stage.
        stage: String,
    },
    /// A scenario of that name is there.
    #[error("{} is there already; name the recording otherwise", path.display())]
    Taken {
        /// The scenario.
        path: PathBuf,
    },
    /// A file.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
}

/// Copies a recording beside the scenarios in `folder`, and writes one that expects of `stage` what was
/// recorded. Gives the scenario's file.
///
/// # Errors
///
/// When the recording has no finished attempt of the stage, or the scenario is there already.
pub fn adopt(folder: &Path, file: &Path, stage: &str) -> Result<PathBuf, AdoptError> {
    let of_recording = |reason: RecordingError| AdoptError::Recording {
        path: file.to_owned(),
        reason: Box::new(reason),
    };
    let recording = Recording::open(file).map_err(of_recording)?;
    let attempt = recording.attempt(stage);
    let attempt = attempt.ok_or_else(|| of_recording(recording.no_stage(stage)))?;
    let said = attempt.verdict.as_ref();
    let said = said.and_then(|said| Some((said.verdict.as_deref()?, &said.message)));
    let (verdict, message) = said.ok_or_else(|| AdoptError::Unfinished {
        path: file.to_owned(),
        stage: stage.to_owned(),
    })?;
    let name = super::name(file);
    let path = folder.join(format!("{name}.toml"));
    if path.exists() {
        return Err(AdoptError::Taken { path });
    }
    let kept = folder.join(FOLDER);
    let copied = std::fs::create_dir_all(&kept)
        .and_then(|()| std::fs::copy(file, kept.join(format!("{name}.recording"))));
    copied.map_err(|reason| AdoptError::Io { path: kept, reason })?;
    let line = |key: &str, value: String| format!("{key} = {}\n", Value::String(value));
    let mut text = line(
        "description",
        format!("Recorded on {}: {message}", recording.header.machine),
    );
    text += &line("machine", format!("{REPLAY}{FOLDER}/{name}.recording"));
    text += "\n[expect]\n";
    text += &line("verdict", verdict.to_owned());
    std::fs::write(&path, text).map_err(|reason| AdoptError::Io {
        path: path.clone(),
        reason,
    })?;
    Ok(path)
}

/// Expects, in a scenario that was adopted, the parts that the stage then blamed.
///
/// # Errors
///
/// When the file cannot be written.
pub fn expect_the_blamed(path: &Path, stage: &StageRecord) -> std::io::Result<()> {
    let mut text = std::fs::read_to_string(path)?;
    let blamed = stage.diagnoses.iter();
    for diagnosis in blamed.filter(|d| d.finding == Finding::Fail) {
        let name = Value::String(diagnosis.name.clone());
        // Writing to a string does not fail.
        let _written = write!(text, "\n[[expect.diagnosis]]\nname = {name}\n");
        if let Some(part) = &diagnosis.part {
            let location = Value::String(part.location.clone());
            let _written = writeln!(text, "part = {location}");
        }
    }
    std::fs::write(path, text)
}
