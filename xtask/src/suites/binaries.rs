//! Which test binaries there are, by cargo's own messages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::{shown, test};

/// One test binary.
#[derive(Debug, PartialEq)]
pub struct Binary {
    /// The suite's name: PACKAGE and `lib`, `bin NAME` or the test's name.
    pub suite: String,
    /// The file.
    pub file: PathBuf,
    /// The package's folder, in which cargo runs it.
    pub folder: PathBuf,
    /// Whether it is a file of `tests/`, whose harness is not known.
    pub is_integration: bool,
}

impl Binary {
    /// Whether it holds tests. Only for libraries and programs, whose harness is libtest's.
    pub fn has_tests(&self) -> anyhow::Result<bool> {
        let mut command = Command::new(&self.file);
        let listed = command.arg("--list").current_dir(&self.folder).output();
        let listed = listed.with_context(|| shown(&command))?;
        let text = String::from_utf8_lossy(&listed.stdout);
        Ok(text.lines().any(|line| line.ends_with(": test")))
    }
}

/// Builds all of them, which is nothing after `cargo build --tests`, and lists them by name.
pub fn all() -> anyhow::Result<Vec<Binary>> {
    let mut command = test::tests();
    command.args(["--workspace", "--no-run", "--message-format", "json"]);
    let line = shown(&command);
    println!("$ {line}");
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| line.clone())?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut found: Vec<_> = text.lines().filter_map(binary).collect();
    found.sort_by(|a, b| a.suite.cmp(&b.suite));
    Ok(found)
}

/// The test binary that a message of cargo tells of.
fn binary(line: &str) -> Option<Binary> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["profile"]["test"] != true {
        return None;
    }
    let file = message["executable"].as_str()?;
    let package = package(message["package_id"].as_str()?)?;
    let target = message["target"]["name"].as_str()?;
    let kind = message["target"]["kind"][0].as_str()?;
    let name = match kind {
        "test" => target.to_owned(),
        "bin" | "example" | "bench" => format!("{kind} {target}"),
        _ => "lib".to_owned(),
    };
    Some(Binary {
        suite: format!("{package} {name}"),
        file: file.into(),
        folder: Path::new(message["manifest_path"].as_str()?)
            .parent()?
            .into(),
        is_integration: kind == "test",
    })
}

/// The package's name in its id: `path+file:///x/machine#vetting-machine@0.1.0`, or
/// `path+file:///x/xtask#0.1.0` where its folder has the same name.
fn package(id: &str) -> Option<&str> {
    let (path, fragment) = id.rsplit_once('#')?;
    match fragment.split_once('@') {
        Some((name, _version)) => Some(name),
        None => path.rsplit('/').next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_is_named_by_package_and_target() {
        let message = |kind: &str, id: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","manifest_path":"/x/tests/Cargo.toml",
                   "target":{{"kind":["{kind}"],"name":"restarts"}},"profile":{{"test":true}},"executable":"/t/restarts-1"}}"#
            )
            .replace('\n', "")
        };
        let name = |kind, id| binary(&message(kind, id)).map(|binary| binary.suite);
        let id = "path+file:///x/tests#vetting-tests@0.1.0";
        assert_eq!(name("test", id).as_deref(), Some("vetting-tests restarts"));
        assert_eq!(name("lib", id).as_deref(), Some("vetting-tests lib"));
        let same = "path+file:///x/xtask#0.1.0";
        assert_eq!(name("bin", same).as_deref(), Some("xtask bin restarts"));
        assert_eq!(binary("warning: no JSON"), None);
    }
}
