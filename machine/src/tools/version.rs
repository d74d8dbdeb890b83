//! Which tools are there, for `vetting machine check`.

use std::path::PathBuf;

use super::{Limits, Toolbox};
use crate::contract::types::Error;

/// Program, Debian package, and what makes it tell its version.
const TOOLS: [(&str, &str, &[&str]); 11] = [
    ("fio", "fio", &["--version"]),
    ("stress-ng", "stress-ng", &["--version"]),
    ("iperf3", "iperf3", &["--version"]),
    // It knows no option for its version; its usage begins with it.
    ("stressapptest", "stressapptest", &["--help"]),
    ("smartctl", "smartmontools", &["--version"]),
    ("ipmitool", "ipmitool", &["-V"]),
    ("nvidia-smi", "nvidia-smi", &["--version"]),
    // Without arguments gpu_burn would load the GPUs; its help is the first line of what it knows.
    ("gpu_burn", "gpu-burn", &["-h"]),
    ("dcgmi", "datacenter-gpu-manager", &["--version"]),
    ("rocm-smi", "rocm-smi", &["--version"]),
    ("amd-smi", "amd-smi-lib", &["version"]),
];

/// One tool, as far as it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its program name: `fio`.
    pub name: String,
    /// The Debian package that brings it.
    pub package: String,
    /// Where it was found.
    pub path: Option<PathBuf>,
    /// What it says of its version: `fio-3.33`; why it could not, otherwise. Empty when it was not
    /// found.
    pub version: String,
}

/// Every tool that this runtime knows, there or not.
pub async fn versions(tools: &Toolbox) -> Vec<Version> {
    let mut found = Vec::new();
    for (name, package, args) in TOOLS {
        let path = tools.find(name, package).ok();
        let version = match &path {
            None => String::new(),
            Some(_) => version(tools, name, package, args).await,
        };
        found.push(Version {
            name: name.to_owned(),
            package: package.to_owned(),
            path,
            version,
        });
    }
    found
}

/// What the tool says of its version, or why it could not.
pub(super) async fn version(tools: &Toolbox, name: &str, package: &str, args: &[&str]) -> String {
    match line(tools, name, package, args).await {
        Err(error) => error.to_string(),
        Ok(None) => "it says nothing of its version".to_owned(),
        Ok(Some(line)) => line,
    }
}

/// The first line that the tool prints when it is asked for its version, at most 200 characters.
pub(super) async fn line(
    tools: &Toolbox,
    name: &str,
    package: &str,
    args: &[&str],
) -> Result<Option<String>, Error> {
    let output = tools.output(name, package, args, Limits::default()).await?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut lines = printed.lines().chain(output.stderr_tail.lines());
    let line = lines.find(|line| !line.trim().is_empty());
    Ok(line.map(|line| line.trim().chars().take(200).collect()))
}
