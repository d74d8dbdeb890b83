//! What a stage said the last time, kept beside its scenario: a change of it is seen, whether or not
//! anybody expected anything of it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use similar::TextDiff;
use vetting_protocol::StageRecord;

/// The folder of snapshots, beside the scenarios.
const FOLDER: &str = "snapshots";

/// A scenario's snapshot.
#[derive(Debug)]
pub struct Snapshot {
    path: PathBuf,
    kept: Option<String>,
}

impl Snapshot {
    /// That of the scenario in a file, if it was ever kept.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn of(scenario: &Path) -> std::io::Result<Self> {
        let folder = scenario.parent().unwrap_or(Path::new(".")).join(FOLDER);
        let path = folder.join(format!("{}.json", super::name(scenario)));
        let kept = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Snapshot { path, kept })
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the stage says something else than it did, as a diff; `None`: nowhere, or none is kept.
    pub fn differs(&self, stage: &StageRecord) -> Option<String> {
        let (kept, now) = (self.kept.as_ref()?, text(stage));
        if *kept == now {
            return None;
        }
        let diff = TextDiff::from_lines(kept, &now);
        let diff = diff.unified_diff().context_radius(2).to_string();
        Some(diff)
    }

    /// Keeps what the stage says now.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn keep(&self, stage: &StageRecord) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&self.path, text(stage))
    }
}

/// What an author means a stage to say: not what depends on how it was compiled.
fn text(stage: &StageRecord) -> String {
    let said: Value = json!({
        "verdict": stage.verdict,
        "message": stage.message,
        "summary": stage.summary,
        "ending": stage.ending,
        "measurements": stage.measurements,
        "diagnoses": stage.diagnoses,
        "denials": stage.denials,
    });
    // A value that was made of values is text.
    format!("{said:#}\n")
}
