//! The operators' keys while a run holds: installed once, marked, and removed again.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// What ends every line that this agent wrote.
const MARK: &str = "vetting-hold";

/// A file of authorised keys.
pub(super) struct Keys {
    file: PathBuf,
}

impl Keys {
    pub fn new(file: &Path) -> Self {
        Keys {
            file: file.to_owned(),
        }
    }

    /// Puts the keys in, in place of any that an earlier hold left.
    pub fn install(&self, keys: &str, run: &str) -> std::io::Result<()> {
        let mut lines = self.others()?;
        let ours = keys.lines().map(str::trim).filter(|key| !key.is_empty());
        lines.extend(ours.map(|key| format!("{key} {MARK}-{run}")));
        self.write(&lines)
    }

    /// Takes the keys out; what others wrote stays.
    pub fn remove(&self) -> std::io::Result<()> {
        if !self.file.exists() {
            return Ok(());
        }
        self.write(&self.others()?)
    }

    fn others(&self) -> std::io::Result<Vec<String>> {
        let text = match std::fs::read_to_string(&self.file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            other => other?,
        };
        let ours = |line: &&str| {
            let last = line.split_whitespace().next_back().unwrap_or_default();
            last.starts_with(MARK)
        };
        let others = text.lines().filter(|line| !ours(line));
        Ok(others.map(str::to_owned).collect())
    }

    /// Writes the file beside its place and renames it, so that it is never half.
    fn write(&self, lines: &[String]) -> std::io::Result<()> {
        if let Some(folder) = self.file.parent() {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        let half = self.file.with_extension("vetting-new");
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&half)?;
        for line in lines {
            writeln!(file, "{line}")?;
        }
        file.sync_all()?;
        std::fs::rename(&half, &self.file)
    }
}

/// The fingerprints of this machine's SSH host keys, as `ssh-keygen -l` prints them: base 64 of the
/// sha256, without padding.
pub(super) fn host_keys(folder: &Path) -> Vec<String> {
    use base64::Engine as _;
    use sha2::Digest as _;
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            if !(name.starts_with("ssh_host_") && name.ends_with(".pub")) {
                return None;
            }
            let text = std::fs::read_to_string(entry.path()).ok()?;
            let mut words = text.split_whitespace();
            let (kind, key) = (words.next()?, words.next()?);
            let key = base64::engine::general_purpose::STANDARD.decode(key).ok()?;
            let print =
                base64::engine::general_purpose::STANDARD_NO_PAD.encode(sha2::Sha256::digest(key));
            Some(format!("SHA256:{print} ({kind})"))
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_once_and_gone_afterwards_and_others_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ssh/authorized_keys");
        let keys = Keys::new(&file);
        keys.remove().expect("nothing to remove");
        keys.install("ssh-ed25519 AAA op", "r1").expect("installed");
        let mut text = std::fs::read_to_string(&file).expect("text");
        text.push_str("ssh-rsa BBB somebody else\n");
        std::fs::write(&file, &text).expect("written");
        for _ in 0..3 {
            keys.install("ssh-ed25519 AAA op\n\n", "r1")
                .expect("installed");
        }
        let text = std::fs::read_to_string(&file).expect("text");
        assert_eq!(text.matches("ssh-ed25519 AAA").count(), 1, "{text}");
        keys.remove().expect("removed");
        let text = std::fs::read_to_string(&file).expect("text");
        assert_eq!(text, "ssh-rsa BBB somebody else\n");
    }
}
