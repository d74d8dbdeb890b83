//! From text to profile: `extends`, unknown names, and the checks that types cannot make.

use serde::Deserialize;
use toml::{Table, Value};

use super::{Fault, Profile};
use crate::MachineError;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../profiles/", $name, ".toml")))),*]
    };
}

/// The built-in profiles: name and text.
const BUILT_IN: &[(&str, &str)] = built_in![
    "healthy-server",
    "storage-server",
    "gpu-server",
    "laptop",
    "small-vm",
    "bad-core",
    "dead-fan",
    "ecc-errors",
    "failing-disk",
    "gpu-off-bus",
    "gpu-pcie-degraded",
    "missing-dimm",
    "nic-pcie-degraded",
    "nvme-critical",
    "nvme-pcie-degraded",
    "psu-lost",
    "slow-core",
    "slow-disk",
    "slow-link",
    "throttling-cpu",
];

/// The built-in profiles: name and description.
pub fn builtin_names() -> Vec<(&'static str, &'static str)> {
    let description = |text: &'static str| {
        let line = text.lines().find_map(|l| l.strip_prefix("description = "));
        line.unwrap_or_default().trim_matches('"')
    };
    BUILT_IN
        .iter()
        .map(|(name, text)| (*name, description(text)))
        .collect()
}

/// A built-in profile.
pub fn builtin(name: &str) -> Result<Profile, MachineError> {
    from_toml(name, builtin_text(name)?)
}

/// A built-in profile's text.
pub fn builtin_text(name: &str) -> Result<&'static str, MachineError> {
    let found = BUILT_IN.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| unknown(name))
}

/// The built-in profiles that stand by themselves, so that others may extend them.
pub fn extendable() -> Vec<&'static str> {
    let whole = |text: &str| !text.lines().any(|line| line.starts_with("extends ="));
    let named = BUILT_IN.iter().filter(|(_, text)| whole(text));
    named.map(|(name, _)| *name).collect()
}

fn unknown(name: &str) -> MachineError {
    MachineError::UnknownProfile {
        name: name.to_owned(),
        known: BUILT_IN
            .iter()
            .map(|(known, _)| (*known).to_owned())
            .collect(),
    }
}

/// A profile from text; `path` is what errors call it.
pub fn from_toml(path: &str, text: &str) -> Result<Profile, MachineError> {
    let bad = |reason: String| MachineError::BadProfile {
        path: path.to_owned(),
        reason,
    };
    let mut table: Table = toml::from_str(text).map_err(|e| bad(e.to_string()))?;
    let mut profile: Profile = match table.remove("extends") {
        // Straight from the text, so that an error tells its line.
        None => toml::from_str(text).map_err(|e| bad(e.to_string()))?,
        Some(Value::String(base)) => {
            let (_, base) = BUILT_IN
                .iter()
                .find(|(known, _)| *known == base)
                .ok_or_else(|| bad(format!("extends: {}", unknown(&base))))?;
            let mut merged: Table = toml::from_str(base).map_err(|e| bad(e.to_string()))?;
            if merged.contains_key("extends") {
                return Err(bad(
                    "extends: a profile that extends another cannot be extended".into(),
                ));
            }
            overlay(&mut merged, table);
            Profile::deserialize(Value::Table(merged)).map_err(|e| bad(e.to_string()))?
        }
        Some(other) => {
            return Err(bad(format!(
                "extends: a built-in profile's name was expected, not {other}"
            )));
        }
    };
    // It comes with the driver.
    let mut drivers = profile.gpus.iter().filter(|gpu| gpu.vendor == "nvidia");
    if let Some(driver) = drivers.find_map(|gpu| gpu.driver.clone()) {
        let tools = &mut profile.tools;
        tools.entry("nvidia-smi".to_owned()).or_insert(driver);
    }
    check(&profile).map_err(bad)?;
    Ok(profile)
}

/// Lays one table over another. Tables merge; lists of named tables merge by name, with new names at
/// the end; anything else is replaced.
fn overlay(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => overlay(base, over),
            (Some(Value::Array(base)), Value::Array(over))
                if over.iter().all(|v| name(v).is_some()) =>
            {
                for part in over {
                    let same = base.iter_mut().find(|b| name(b) == name(&part));
                    match (same, part) {
                        (Some(Value::Table(base)), Value::Table(part)) => overlay(base, part),
                        (_, part) => base.push(part),
                    }
                }
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn name(part: &Value) -> Option<&str> {
    part.get("name")?.as_str()
}

/// What types cannot say.
fn check(profile: &Profile) -> Result<(), String> {
    let cpus = u64::from(profile.cpu.sockets)
        .saturating_mul(u64::from(profile.cpu.cores))
        .saturating_mul(u64::from(profile.cpu.threads_per_core));
    if !(1..=4096).contains(&cpus) {
        return Err(format!(
            "cpu: {cpus} logical CPUs are out of range, 1 to 4096"
        ));
    }
    for (what, length) in [
        ("disk", profile.disks.len()),
        ("nic", profile.nics.len()),
        ("gpu", profile.gpus.len()),
        ("psu", profile.psus.len()),
        ("fan", profile.fans.len()),
        ("memory.slots", profile.memory.slots.len()),
        ("fault", profile.faults.len()),
    ] {
        if length > 1024 {
            return Err(format!("{what}: {length} are too many, at most 1024"));
        }
    }
    if let Some(gpu) = profile.gpus.iter().find(|gpu| gpu.nvlinks > 64) {
        let nvlinks = gpu.nvlinks;
        return Err(format!("gpu.nvlinks: {nvlinks} are too many, at most 64"));
    }
    if profile.epoch_seconds > 253_402_300_799 {
        return Err("epoch_seconds: later than the year 9999".into());
    }
    if let Some(disk) = &profile.scratch.disk
        && !profile.disks.iter().any(|d| d.name == *disk)
    {
        return Err(format!("scratch.disk: there is no disk `{disk}`"));
    }
    if let Some(peer) = &profile.peer
        && !profile.nics.iter().any(|n| n.name == peer.nic)
    {
        return Err(format!("peer.nic: there is no nic `{}`", peer.nic));
    }
    for (index, scheduled) in profile.faults.iter().enumerate() {
        if let Some((what, name)) = scheduled.fault.unknown_part(profile) {
            return Err(format!("fault[{index}]: there is no {what} `{name}`"));
        }
        if let Fault::SlowCall { milliseconds, .. } = scheduled.fault
            && milliseconds > 86_400_000
        {
            return Err(format!(
                "fault[{index}].milliseconds: {milliseconds} are more than a day"
            ));
        }
        if scheduled.every == Some(0) {
            return Err(format!("fault[{index}].every: must be at least 1s"));
        }
    }
    Ok(())
}

