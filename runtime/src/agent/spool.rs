//! A result that is not answered yet, in a file, so that an agent that dies loses none.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vetting_protocol::StageResult;

use super::{AgentError, private_file};

/// A run's spool. It holds one result at most: the next stage begins when the last is answered.
pub(super) struct Spool {
    file: PathBuf,
    boot_id: String,
}

#[derive(Serialize, Deserialize)]
struct Spooled {
    boot_id: String,
    result: StageResult,
}

impl Spool {
    pub fn open(folder: &Path, run: &str, boot_id: &str) -> Result<Self, AgentError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|reason| AgentError::Spool {
                path: folder.to_owned(),
                reason,
            })?;
        Ok(Spool {
            file: folder.join(format!("result-{run}.json")),
            boot_id: boot_id.to_owned(),
        })
    }

    /// Keeps a result: whole or not at all.
    pub fn put(&self, result: &StageResult) -> Result<(), AgentError> {
        let write = || -> std::io::Result<()> {
            let spooled = Spooled {
                boot_id: self.boot_id.clone(),
                result: result.clone(),
            };
            private_file::write(&self.file, &serde_json::to_vec(&spooled)?)
        };
        write().map_err(|reason| AgentError::Spool {
            path: self.file.clone(),
            reason,
        })
    }

    /// The result of this attempt that an agent before left in this boot.
    pub fn left(&self, stage: &str, attempt: u32) -> Option<StageResult> {
        let bytes = std::fs::read(&self.file).ok()?;
        let spooled: Spooled = serde_json::from_slice(&bytes).ok()?;
        let record = &spooled.result.record;
        let same =
            spooled.boot_id == self.boot_id && record.stage == stage && record.attempt == attempt;
        same.then_some(spooled.result)
    }

    /// Forgets what was answered.
    pub fn clear(&self) {
        // It may never have been there.
        let _gone = std::fs::remove_file(&self.file);
    }
}
