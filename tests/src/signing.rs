//! Keys, signatures and policies, made by the real programs: ours, and `minisign`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::vetting;

/// A key pair without a password.
pub struct Signer {
    folder: tempfile::TempDir,
}

impl Signer {
    /// A new one, made by `vetting stage keygen`.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let signer = Signer { folder };
        let (secret, public) = (signer.secret(), signer.public());
        let mut keygen = Command::new(vetting());
        keygen.args(["stage", "keygen", "--no-password", "--secret-key"]);
        good(keygen.arg(secret).arg("--public-key").arg(public));
        signer
    }

    /// The secret key's file.
    pub fn secret(&self) -> PathBuf {
        self.folder.path().join("a.key")
    }

    /// The public key's file.
    pub fn public(&self) -> PathBuf {
        self.folder.path().join("a.pub")
    }

    /// The public key, as a policy has it.
    pub fn line(&self) -> String {
        let text = std::fs::read_to_string(self.public()).expect("a public key");
        text.lines().nth(1).expect("a key").to_owned()
    }

    /// The key's id, as minisign writes it into the comment.
    pub fn id(&self) -> String {
        let text = std::fs::read_to_string(self.public()).expect("a public key");
        let id = text.lines().next().and_then(|line| line.rsplit(' ').next());
        id.expect("a comment").to_owned()
    }

    /// Signs a stage as `vetting stage sign` does; returns the signature's text.
    pub fn sign(&self, file: &Path) -> String {
        let mut sign = Command::new(vetting());
        good(
            sign.args(["stage", "sign"])
                .arg(file)
                .arg("-s")
                .arg(self.secret()),
        );
        signature(file)
    }

    /// Signs any file as any stage, with `minisign` and more of its flags.
    pub fn sign_as(&self, file: &Path, name: &str, version: &str, flags: &[&str]) -> String {
        let comment = format!(
            "vetting-stage name={name} version={version} sha256={}",
            vetting_component::digest(&std::fs::read(file).expect("a file"))
        );
        let mut sign = Command::new("minisign");
        sign.arg("-S").args(flags).arg("-s").arg(self.secret());
        good(sign.arg("-m").arg(file).args(["-t", &comment]));
        signature(file)
    }

    /// The entry of a policy that trusts it.
    pub fn trusted(&self) -> String {
        let line = self.line();
        format!("[[keys]]\nkey = \"{line}\"\ncomment = \"a test's\"\n")
    }
}

impl Default for Signer {
    fn default() -> Self {
        Self::new()
    }
}

/// Where the signature of a file is put.
pub fn beside(file: &Path) -> PathBuf {
    vetting_component::signature::beside(file)
}

fn signature(file: &Path) -> String {
    std::fs::read_to_string(beside(file)).expect("a signature")
}

/// Runs a command that must end well.
fn good(command: &mut Command) {
    let output = run(command, "");
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// Runs a command that reads this, to its end.
pub fn run(command: &mut Command, input: &str) -> Output {
    let program = command.get_program().to_owned();
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap_or_else(|error| {
        panic!("{program:?}: {error}; `cargo xtask test` installs what is missing")
    });
    let mut stdin = child.stdin.take().expect("a pipe");
    // One that reads nothing may have ended already.
    let _read = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("its end")
}
