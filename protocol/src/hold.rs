//! A run that holds: the machine waits for a person, and lets the operators' keys in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST hold`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// The claim's number.
    pub epoch: u64,
    /// What is told or asked.
    pub step: HoldStep,
    /// The agent's first global address.
    #[serde(default)]
    pub address: Option<String>,
    /// The fingerprints of the machine's SSH host keys, as `ssh-keygen -l` prints them.
    #[serde(default)]
    pub host_key_fingerprints: Vec<String>,
}

/// Where a hold is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldStep {
    /// The hold has begun: which keys open it?
    Begin,
    /// The keys are in place: access is open.
    Open,
    /// Access is open: which keys open it now? Asked for as long as the hold lasts, so that an operator who
    /// was removed is let in no more.
    Keys,
    /// The keys are removed and their sessions are closed.
    Closed,
}

/// The answer to a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldAnswer {
    /// The public keys of the operators whom this host lets in, one per line; `null`: there are none.
    #[serde(default)]
    pub authorized_key: Option<String>,
}

/// `POST artifact`: a file about the run that no stage attached, such as a kernel's last words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// The claim's number.
    pub epoch: u64,
    /// The stage it is about.
    #[serde(default)]
    pub stage: Option<String>,
    /// The attempt it is about.
    #[serde(default)]
    pub attempt: Option<u32>,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its content in base 64.
    pub base64: String,
}

/// The answer to an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArtifactAnswer {
    /// The sha256 under which it was stored.
    pub sha256: String,
}
