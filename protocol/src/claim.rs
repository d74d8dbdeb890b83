//! Hello and claim: how a machine that has booted becomes the one that a run is about.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ExpectedDisk, Periods, StageOrder, State};

/// Who a machine is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// The MAC address it was booted by, lower case with colons.
    pub mac: String,
    /// SMBIOS' system UUID, lower case with hyphens.
    #[serde(default)]
    pub system_uuid: Option<String>,
    /// The main board's serial number.
    #[serde(default)]
    pub board_serial: Option<String>,
}

/// What an agent's image can run, so that no stage is handed out that it could not even load.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offers {
    /// The version of the contract `vetting:stage` that it offers: `0.2.0`.
    pub contract: String,
    /// The contract's interfaces, each with its functions; methods as `[method]run.next`.
    pub interfaces: BTreeMap<String, BTreeSet<String>>,
    /// The queries that a stage may ask there, by name.
    pub queries: BTreeSet<String>,
    /// The files that the image lets stages read at most, as patterns: `sys/class/**`, `proc/cpuinfo`.
    pub files: Vec<String>,
}

/// `POST hello`: the machine is up. It is answered to anybody who holds the run's boot token, and
/// gives nothing away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    /// Who it is.
    pub identity: Identity,
    /// The agent's version.
    pub version: String,
    /// Its first global address, so that an operator knows where to log in.
    #[serde(default)]
    pub address: Option<String>,
    /// What its image can run; absent from an agent that does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offers: Option<Offers>,
}

/// The answer to `hello`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HelloAnswer {
    /// The orchestrator's version.
    pub version: String,
    /// The orchestrator's time, RFC 3339.
    pub time: String,
}

/// `POST claim`, with the boot token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    /// Who it is.
    pub identity: Identity,
    /// The kernel's `boot_id`: another one means another boot.
    pub boot_id: String,
    /// A random number of this agent process: a claim that is sent again is recognised by it.
    pub instance: String,
    /// The agent's version.
    pub version: String,
    /// The machine, as reports call it: `real`, `sim:healthy-server`.
    pub machine: String,
    /// Its first global address.
    #[serde(default)]
    pub address: Option<String>,
    /// What its image can run; absent from an agent that does not say, which is then given whatever the
    /// run has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offers: Option<Offers>,
}

/// The answer to `claim`: everything that the agent needs to walk the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimAnswer {
    /// The token for every further call.
    pub session_token: String,
    /// The claim's number. An agent of an older claim is answered 409.
    pub epoch: u64,
    /// Where to begin.
    pub current_state: State,
    /// The attempt's number, where `current_state` is a stage's.
    pub attempt: u32,
    /// The stages, in order.
    pub stages: Vec<StageOrder>,
    /// The port of this run's iperf3 server, where it is at its network stage; `null`: it is not, or there
    /// is none. The stage's order says the same whenever it is given.
    #[serde(default)]
    pub iperf_port: Option<u16>,
    /// The disks of the operator's spec.
    pub expected_disks: Vec<ExpectedDisk>,
    /// Whether nothing may be written to a disk.
    pub non_destructive: bool,
    /// How often the agent does what.
    pub periods: Periods,
    /// Why the run holds, where it does.
    #[serde(default)]
    pub held_because: Option<String>,
    /// What went wrong with an earlier boot, where the agent should gather evidence of it.
    #[serde(default)]
    pub went_down: Option<WentDown>,
}

/// An attempt under which the host went down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WentDown {
    /// The stage.
    pub stage: String,
    /// The attempt.
    pub attempt: u32,
}
