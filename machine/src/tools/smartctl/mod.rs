//! smartctl: what drives say of their own health.

pub(super) mod output;
#[cfg(test)]
mod tests;

use std::path::Path;

use super::{Output, Toolbox, json};
use crate::contract::smart::{Device, Health, SelfTest, SelfTestKind, SelfTestState};
use crate::contract::types::{Error, Missing, MissingKind};

pub use output::parse;

const TOOL: &str = "smartctl";
const PACKAGE: &str = "smartmontools";

/// The exit status that we ask for when a drive is in standby; its own for that, 2, also means that
/// the drive did not open (smartctl(8), `-n`).
const ASLEEP: i32 = 3;

/// Everything smartctl finds, disks behind RAID controllers among them.
pub async fn scan(tools: &Toolbox) -> Result<Vec<Device>, Error> {
    let output = ask(tools, &["--json=c", "--scan-open"]).await?;
    let scanned = json::read(TOOL, &output.stdout).map_err(|e| with_output(e, &output))?;
    Ok(output::scanned(&scanned))
}

/// Reads one drive's health.
pub async fn read(tools: &Toolbox, device: &Device, path: &Path) -> Result<Health, Error> {
    let output = everything(tools, device, path).await?;
    parse(&output.stdout, device, exit(&output)?).map_err(|error| with_output(error, &output))
}

/// Starts a self-test inside the drive.
pub async fn start_self_test(
    tools: &Toolbox,
    device: &Device,
    path: &Path,
    kind: &SelfTestKind,
) -> Result<(), Error> {
    let kind = match kind {
        SelfTestKind::Short => "short",
        SelfTestKind::Extended => "long",
        SelfTestKind::Other(name) if name == "conveyance" => "conveyance",
        SelfTestKind::Other(name) => {
            let reason = format!("`{name}` is no self-test; short, extended and conveyance are");
            return Err(Error::invalid("kind", reason));
        }
    };
    let path = path.to_string_lossy();
    let mut args = vec!["--json=c", "-t", kind];
    typed(&mut args, device);
    args.push(&path);
    let output = ask(tools, &args).await?;
    let answer = json::read(TOOL, &output.stdout).map_err(|e| with_output(e, &output))?;
    // Bits 0 to 2 tell of the command; the others tell of the drive's past.
    match exit(&output)? & 0b111 {
        0 => Ok(()),
        _ => Err(output.failure(TOOL, output::messages(&answer).join("; "))),
    }
}

/// How a self-test stands.
pub async fn self_test_progress(
    tools: &Toolbox,
    device: &Device,
    path: &Path,
) -> Result<SelfTestState, Error> {
    let output = everything(tools, device, path).await?;
    let health = parse(&output.stdout, device, exit(&output)?);
    let newest = health.map_err(|error| with_output(error, &output))?;
    let answer = json::read(TOOL, &output.stdout).map_err(|e| with_output(e, &output))?;
    let newest: Option<SelfTest> = newest.self_tests.and_then(|t| t.into_iter().next());
    Ok(match (output::remaining(&answer), newest) {
        (Some(percent), _) => SelfTestState::Running(percent),
        (None, Some(test)) => SelfTestState::Ended(test),
        (None, None) => SelfTestState::Idle,
    })
}

async fn everything(tools: &Toolbox, device: &Device, path: &Path) -> Result<Output, Error> {
    let path = path.to_string_lossy();
    let standby = format!("standby,{ASLEEP}");
    let mut args = vec!["--json=c", "-x", "-n", &standby];
    typed(&mut args, device);
    args.push(&path);
    ask(tools, &args).await
}

async fn ask(tools: &Toolbox, args: &[&str]) -> Result<Output, Error> {
    tools
        .output(TOOL, PACKAGE, args, super::Limits::default())
        .await
}

fn typed<'a>(args: &mut Vec<&'a str>, device: &'a Device) {
    if let Some(kind) = &device.kind {
        args.extend(["-d", kind]);
    }
}

fn exit(output: &Output) -> Result<i32, Error> {
    output.status.ok_or_else(|| {
        let signal = output.signal.unwrap_or_default();
        output.failure(TOOL, format!("signal {signal} ended it"))
    })
}

/// A failure to understand what it printed, with what the process left behind.
fn with_output(error: Error, output: &Output) -> Error {
    match error {
        Error::Failed(failure) => output.failure(TOOL, failure.reason),
        other => other,
    }
}

fn missing(kind: MissingKind, what: String, remedy: &str) -> Error {
    Error::Unavailable(Missing {
        kind,
        what,
        remedy: remedy.to_owned(),
    })
}
