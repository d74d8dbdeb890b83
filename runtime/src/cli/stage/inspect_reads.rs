//! What `vetting stage inspect` says of the files and queries that a stage asks for.

use serde::Serialize;
use vetting_component::Manifest;
use vetting_machine::files::Share;

use crate::policy::Policy;

/// A glob or a query that a manifest names.
#[derive(Serialize)]
pub(super) struct AskedRead {
    /// The glob, or the query's name.
    pub(super) name: String,
    /// Why the stage asks for it.
    pub(super) reason: String,
    /// How much of it the policy lets the stage read.
    pub(super) granted: Granted,
}

/// How much of what is asked for is granted.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Granted {
    /// All of it.
    Yes,
    /// Some paths, and others not.
    InPart,
    /// None of it.
    No,
}

impl Granted {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Granted::Yes => "granted",
            Granted::InPart => "in part",
            Granted::No => "withheld",
        }
    }
}

/// The files and the queries that a stage asks for, each with what the policy grants.
pub(super) fn reads(policy: &Policy, manifest: &Manifest) -> (Vec<AskedRead>, Vec<AskedRead>) {
    let rules = policy.read_rules(&manifest.name);
    let asked = |name: &String, reason: &String, granted| AskedRead {
        name: name.clone(),
        reason: reason.clone(),
        granted,
    };
    let files = manifest.files.iter().map(|(glob, reason)| {
        let granted = match glob.parse().map(|pattern| rules.share(&pattern)) {
            Ok(Share::All) => Granted::Yes,
            Ok(Share::Part) => Granted::InPart,
            // A glob that is not well formed is refused with its manifest.
            Ok(Share::Nothing) | Err(_) => Granted::No,
        };
        asked(glob, reason, granted)
    });
    let queries = manifest.queries.iter().map(|(name, reason)| {
        let granted = if rules.lets_ask(name) {
            Granted::Yes
        } else {
            Granted::No
        };
        asked(name, reason, granted)
    });
    (files.collect(), queries.collect())
}
