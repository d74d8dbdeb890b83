//! The pipeline as data: which stages a run walks, and what each is given.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::State;

/// The order of the built-in stages: cheap and harmless first, load after, power last, when everything
/// has been under load. Stages of other names come after these.
pub const PIPELINE: [&str; 8] = [
    "Inventory",
    "SMART",
    "CPUStress",
    "Memory",
    "Storage",
    "Network",
    "GPU",
    "PSU",
];

/// One stage of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageOrder {
    /// Its name. One that the runtime never heard of runs like any other.
    pub stage: String,
    /// The state in which it is run.
    pub state: State,
    /// What to run.
    pub component: ComponentRef,
    /// The interfaces that it is granted; `null`: all that it asks for.
    #[serde(default)]
    pub grants: Option<Vec<String>>,
    /// Its parameters, by name; what is not said is the manifest's default.
    #[serde(default)]
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// Its deadline in seconds; `null`: the manifest's.
    #[serde(default)]
    pub timeout_seconds: Option<u64>,
    /// The port of the orchestrator's iperf3 server for this attempt; `null`: it has none for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iperf_port: Option<u16>,
}

/// A component, by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentRef {
    /// The sha256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its detached signature, where it has one.
    #[serde(default)]
    pub signature: Option<String>,
}

/// A disk that an operator's spec names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExpectedDisk {
    /// Its serial number.
    pub serial: String,
    /// Its size in gigabytes (10⁹ bytes); of a range of sizes the smallest.
    pub size_gb: f64,
    /// Of a range of sizes the largest, in gigabytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_gb: Option<f64>,
    /// Its world-wide name, NGUID or EUI-64, where the spec gives one.
    #[serde(default)]
    pub wwn: Option<String>,
    /// How it is attached (`sata`, `usb` …), where the spec says so. Disks that are attached otherwise
    /// than by SATA, SAS or PCIe are written to only where this says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
}

/// How often the agent does what it does beside the stages, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Periods {
    /// Between two heartbeats.
    pub heartbeat_ms: u64,
    /// Between two readings of all sensors.
    pub sensor_ms: u64,
    /// Between two deliveries of log lines, when there are any.
    pub log_ms: u64,
}

impl Default for Periods {
    fn default() -> Self {
        Periods {
            heartbeat_ms: 10_000,
            sensor_ms: 5_000,
            log_ms: 2_000,
        }
    }
}
