//! smartctl.
use std::path::Path;

use crate::contract::smart::{Device, Health, SelfTestKind, SelfTestState};
use crate::contract::types::Error;

use super::Toolbox;

/// Everything smartctl finds, disks behind RAID controllers among them.
pub async fn scan(_tools: &Toolbox) -> Result<Vec<Device>, Error> {
    Err(Error::tool_missing("smartctl", "smartmontools"))
}

/// Reads one drive's health.
pub async fn read(_tools: &Toolbox, _device: &Device, _path: &Path) -> Result<Health, Error> {
    Err(Error::tool_missing("smartctl", "smartmontools"))
}

/// Starts a self-test inside the drive.
pub async fn start_self_test(
    _tools: &Toolbox,
    _device: &Device,
    _path: &Path,
    _kind: &SelfTestKind,
) -> Result<(), Error> {
    Err(Error::tool_missing("smartctl", "smartmontools"))
}

/// How a self-test stands.
pub async fn self_test_progress(
    _tools: &Toolbox,
    _device: &Device,
    _path: &Path,
) -> Result<SelfTestState, Error> {
    Err(Error::tool_missing("smartctl", "smartmontools"))
}

/// Understands `smartctl --json -x`; `exit` is the process's exit status.
pub fn parse(_json: &[u8], _device: &Device, _exit: i32) -> Result<Health, Error> {
    Err(Error::tool_failed("smartctl", "no JSON"))
}

/// Understands how a self-test stands from the same JSON.
pub fn parse_self_test(_json: &[u8]) -> Result<SelfTestState, Error> {
    Err(Error::tool_failed("smartctl", "no JSON"))
}
