//! The operators' keys while a run holds: installed once, marked, and removed again.

use std::collections::BTreeSet;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::super::private_file;

/// What ends every line that this agent wrote.
const MARK: &str = "vetting-hold";

/// What a login by one of these keys runs: the operator's own shell or command, marked in its
/// environment, by which its processes are found when the hold ends. (sshd(8), AUTHORIZED_KEYS.)
const LOGIN: &str = concat!(
    r#"command="VETTING_HOLD=@; VETTING_HOLD_KEY=#; export VETTING_HOLD VETTING_HOLD_KEY; "#,
    r#"if [ -n \"$SSH_ORIGINAL_COMMAND\" ]; then exec \"${SHELL:-/bin/sh}\" -c \"$SSH_ORIGINAL_COMMAND\"; "#,
    r#"else exec \"${SHELL:-/bin/sh}\" -l; fi""#,
);

/// The kinds of keys that a line without options begins with.
const KINDS: [&str; 4] = ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"];

/// A file of authorised keys. The keys that it was given are removed when this is dropped.
#[derive(Debug)]
pub(in super::super) struct Keys {
    file: PathBuf,
    /// Those that are in; `None`: nothing of ours is to be removed.
    installed: Option<BTreeSet<String>>,
}

impl Keys {
    pub fn new(file: &Path) -> Self {
        Keys {
            file: file.to_owned(),
            installed: None,
        }
    }

    /// Whether anybody is let in.
    pub fn let_in(&self) -> bool {
        self.installed.as_ref().is_some_and(|keys| !keys.is_empty())
    }

    /// Puts keys in, one per line, in place of those that are in and of any that an earlier hold left.
    /// Returns the marks of those that were in and are no more.
    pub fn install(&mut self, keys: &str, run: &str) -> std::io::Result<Vec<String>> {
        let keys = keys.lines().map(str::trim).filter(|key| !key.is_empty());
        let keys: BTreeSet<String> = keys.map(str::to_owned).collect();
        if self.installed.as_ref() == Some(&keys) {
            return Ok(Vec::new());
        }
        let text = self.text()?;
        let mut lines: Vec<_> = others(&text).map(str::to_owned).collect();
        lines.extend(keys.iter().map(|key| line(key, run)));
        // From here on there may be something to remove.
        let before = self.installed.replace(BTreeSet::new()).unwrap_or_default();
        self.write(&lines)?;
        self.installed = Some(keys.clone());
        Ok(before.difference(&keys).map(|key| mark(key)).collect())
    }

    /// Takes the keys out, those that an agent before this one left too; what others wrote stays.
    pub fn remove(&mut self) -> std::io::Result<()> {
        let text = self.text()?;
        let others: Vec<_> = others(&text).map(str::to_owned).collect();
        if text.lines().count() != others.len() {
            self.write(&others)?;
        }
        self.installed = None;
        Ok(())
    }

    fn text(&self) -> std::io::Result<String> {
        match std::fs::read_to_string(&self.file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            read => read,
        }
    }

    /// Writes the file, and makes its folder where that is missing.
    fn write(&self, lines: &[String]) -> std::io::Result<()> {
        if let Some(folder) = self.file.parent() {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        private_file::write(&self.file, text.as_bytes())
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if self.installed.is_some()
            && let Err(error) = self.remove()
        {
            let file = self.file.display();
            tracing::error!("the operators' keys are still in {file}: {error}");
        }
    }
}

/// The lines that no agent wrote.
fn others(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| {
        let last = line.split_whitespace().next_back().unwrap_or_default();
        !last.starts_with(MARK)
    })
}

/// What marks the logins of a key.
fn mark(key: &str) -> String {
    let mut mark = vetting_component::digest(key.as_bytes());
    mark.truncate(16);
    mark
}

/// A key as it is authorised: with our options before those that it has.
fn line(key: &str, run: &str) -> String {
    let login = LOGIN.replace('@', run).replace('#', &mark(key));
    let plain = KINDS.iter().any(|kind| key.starts_with(kind));
    let separator = if plain { ' ' } else { ',' };
    format!("{login}{separator}{key} {MARK}-{run}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_once_and_gone_afterwards_and_others_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ssh/authorized_keys");
        let mut keys = Keys::new(&file);
        keys.remove().expect("nothing to remove");
        assert!(!file.exists(), "nothing was to be written");
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
        let gone = keys.install("ssh-ed25519 CCC other\nssh-ed25519 DDD", "r1");
        assert_eq!(gone.expect("installed"), [mark("ssh-ed25519 AAA op")]);
        let text = std::fs::read_to_string(&file).expect("text");
        assert!(!text.contains("AAA") && text.contains("CCC") && text.contains("DDD"));
        assert!(keys.let_in());
        keys.remove().expect("removed");
        assert!(!keys.let_in());
        let text = std::fs::read_to_string(&file).expect("text");
        assert_eq!(text, "ssh-rsa BBB somebody else\n");
        keys.install("ssh-ed25519 AAA op", "r2").expect("installed");
        drop(keys);
        let text = std::fs::read_to_string(&file).expect("text");
        assert_eq!(
            text, "ssh-rsa BBB somebody else\n",
            "an agent that ends lets nobody in"
        );
    }

    #[test]
    fn a_key_s_own_options_stay() {
        let own = line("from=\"10.0.0.0/8\" ssh-ed25519 AAA", "r1");
        assert!(
            own.contains("fi\",from=\"10.0.0.0/8\" ssh-ed25519 AAA vetting-hold-r1"),
            "{own}"
        );
        let plain = line("ssh-ed25519 AAA op", "r1");
        assert!(
            plain.contains("fi\" ssh-ed25519 AAA op vetting-hold-r1"),
            "{plain}"
        );
        assert!(plain.starts_with("command=\"VETTING_HOLD=r1; "), "{plain}");
    }
}
