//! The session of the agent that has the run, in a file that only this user reads and that does not
//! outlive the boot: an agent that restarts claims its run with it. A boot token alone leads on without a
//! person only once, because more than the host may have it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vetting_transport::Secret;

use super::private_file;

/// Where a run's session is kept.
#[derive(Debug)]
pub(super) struct Kept {
    file: PathBuf,
    boot_id: String,
}

#[derive(Serialize, Deserialize)]
struct Content {
    boot_id: String,
    session: String,
}

impl Kept {
    /// The file of a run's session in the spool's folder, for this boot.
    pub fn new(folder: &Path, run: &str, boot_id: &str) -> Self {
        Kept {
            file: folder.join(format!("session-{run}.json")),
            boot_id: boot_id.to_owned(),
        }
    }

    /// The session that an agent before this one had in the same boot.
    pub fn left(&self) -> Option<Secret> {
        let bytes = std::fs::read(&self.file).ok()?;
        let content: Content = serde_json::from_slice(&bytes).ok()?;
        (content.boot_id == self.boot_id).then(|| Secret::new(content.session))
    }

    /// Keeps a session, whole or not at all.
    pub fn put(&self, session: &Secret) -> std::io::Result<()> {
        let content = Content {
            boot_id: self.boot_id.clone(),
            session: session.expose().to_owned(),
        };
        private_file::write(&self.file, &serde_json::to_vec(&content)?)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_session_is_left_for_the_same_boot_and_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = Kept::new(folder.path(), "r-1", "boot-1");
        assert_eq!(kept.left(), None);
        kept.put(&Secret::new("vs_1")).expect("kept");
        kept.put(&Secret::new("vs_2")).expect("kept again");
        assert_eq!(kept.left(), Some(Secret::new("vs_2")));
        let file = folder.path().join("session-r-1.json");
        let mode = std::fs::metadata(file).expect("the file").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        assert_eq!(Kept::new(folder.path(), "r-1", "boot-2").left(), None);
        assert_eq!(Kept::new(folder.path(), "r-2", "boot-1").left(), None);
    }
}
