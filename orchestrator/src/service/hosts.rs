//! Hosts: added once, changed by name, removed when nothing needs them any more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vetting_protocol::{Code, Identity};

use super::{Orchestrator, ServiceError};
use crate::identity::{self, IdentityError};
use crate::spec::Spec;
use crate::store::hosts::{self, Host};
use crate::store::operators::Operator;
use crate::store::{audit, runs, specs};

/// The longest board serial number that is taken, in bytes.
const LONGEST_SERIAL: usize = 255;

/// A host to add.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NewHost {
    /// Its name: letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// Who it is. What is not given is learnt from the first claim of each run.
    pub identity: Identity,
    /// What it should be made of.
    #[serde(default)]
    pub spec: Option<Spec>,
}

/// What changes of a host; what is not given stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct HostChange {
    /// Its MAC address.
    #[serde(default)]
    pub mac: Option<String>,
    /// Its system UUID.
    #[serde(default)]
    pub system_uuid: Option<String>,
    /// Its board's serial number.
    #[serde(default)]
    pub board_serial: Option<String>,
    /// Its spec.
    #[serde(default)]
    pub spec: Option<Spec>,
    /// What is forgotten of it.
    #[serde(default)]
    pub forget: Vec<Forgettable>,
}

/// What can be forgotten of a host.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Forgettable {
    /// Its system UUID.
    SystemUuid,
    /// Its board's serial number.
    BoardSerial,
    /// Its spec: from then on nothing is expected of it.
    Spec,
}

/// A host that was changed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangedHost {
    /// What it is now.
    pub host: Host,
    /// What changed, a line each, with before and after.
    pub changes: Vec<String>,
}

/// What was removed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Removed {
    /// Its name or id.
    pub removed: String,
    /// What stays behind, a line each.
    #[serde(default)]
    pub stays: Vec<String>,
}

impl From<IdentityError> for ServiceError {
    fn from(error: IdentityError) -> Self {
        ServiceError::refused(Code::Malformed, error.to_string())
    }
}

impl Orchestrator {
    /// Adds a host.
    ///
    /// # Errors
    ///
    /// When its name or MAC address is invalid or another host has it.
    pub async fn add_host(&self, who: &Operator, new: NewHost) -> Result<Host, ServiceError> {
        let host = Host {
            name: identity::host_name(&new.name)?.to_owned(),
            identity: normal(new.identity)?,
            spec: new.spec,
            created: crate::store::now(),
        };
        let mut tx = self.store.write().await?;
        if hosts::get(&mut tx, &host.name).await?.is_some() {
            let message = format!(
                "the host {name} exists: `host set {name}` changes it",
                name = host.name
            );
            return Err(ServiceError::refused(Code::State, message));
        }
        free_mac(&mut tx, &host).await?;
        let detail = described(&mut tx, &host).await?;
        hosts::put(&mut tx, &host).await?;
        audit::note(&mut tx, &who.name, "host add", None, &detail).await?;
        tx.commit().await?;
        Ok(host)
    }

    /// Changes what is known of a host, and says what changed.
    ///
    /// # Errors
    ///
    /// When there is no such host, a value is invalid, or another host has the MAC address.
    pub async fn set_host(
        &self,
        who: &Operator,
        name: &str,
        change: HostChange,
    ) -> Result<ChangedHost, ServiceError> {
        let mut tx = self.store.write().await?;
        let before = hosts::get(&mut tx, name).await?;
        let before = before.ok_or_else(|| ServiceError::not_found("host", name))?;
        let mut host = before.clone();
        let forgets = |what| change.forget.contains(&what);
        if forgets(Forgettable::SystemUuid) {
            host.identity.system_uuid = None;
        }
        if forgets(Forgettable::BoardSerial) {
            host.identity.board_serial = None;
        }
        if forgets(Forgettable::Spec) {
            host.spec = None;
        }
        let identity = &mut host.identity;
        identity.mac = change.mac.unwrap_or(identity.mac.clone());
        identity.system_uuid = change.system_uuid.or(identity.system_uuid.take());
        identity.board_serial = change.board_serial.or(identity.board_serial.take());
        host.spec = change.spec.or(host.spec);
        host.identity = normal(host.identity)?;
        free_mac(&mut tx, &host).await?;
        let changes = changes(&before, &host);
        if let Some(spec) = &host.spec {
            specs::put(&mut tx, spec).await?;
        }
        if !changes.is_empty() {
            hosts::put(&mut tx, &host).await?;
            let detail = format!("{name}: {}", changes.join("; "));
            audit::note(&mut tx, &who.name, "host set", None, &detail).await?;
        }
        tx.commit().await?;
        Ok(ChangedHost { host, changes })
    }

    /// Removes a host, with its runs where that is wanted.
    ///
    /// # Errors
    ///
    /// When there is no such host, it is in a run that is not over, or it has runs and they are to stay.
    pub async fn remove_host(
        &self,
        who: &Operator,
        name: &str,
        with_runs: bool,
    ) -> Result<Removed, ServiceError> {
        let mut tx = self.store.write().await?;
        if hosts::get(&mut tx, name).await?.is_none() {
            return Err(ServiceError::not_found("host", name));
        }
        let its_runs = hosts::runs(&mut tx, name).await?;
        if let Some(live) = runs::live_of_host(&mut tx, name).await? {
            let message = format!(
                "{name} is in the run {}, which is at {}; end that one first",
                live.id,
                live.progress.place()
            );
            return Err(ServiceError::refused(Code::State, message));
        }
        if !its_runs.is_empty() && !with_runs {
            let message = format!(
                "{name} has {} runs with their reports: `--with-runs` removes them too",
                its_runs.len()
            );
            return Err(ServiceError::refused(Code::State, message));
        }
        for run in &its_runs {
            runs::remove(&mut tx, &run.id).await?;
        }
        hosts::remove(&mut tx, name).await?;
        let detail = format!("{name}, with {} runs", its_runs.len());
        audit::note(&mut tx, &who.name, "host remove", None, &detail).await?;
        tx.commit().await?;
        for run in &its_runs {
            self.store.journal.forget_run(&run.id).await?;
        }
        Ok(Removed {
            removed: name.to_owned(),
            stays: stays(),
        })
    }

    /// Removes a run that is over, with its results, report, evidence, log lines and samples.
    ///
    /// # Errors
    ///
    /// When there is no such run, or it is not over.
    pub async fn remove_run(&self, who: &Operator, id: &str) -> Result<Removed, ServiceError> {
        let mut tx = self.store.write().await?;
        let run = super::agents::run_of(&mut tx, id).await?;
        if !run.progress.state.is_terminal() {
            let message = format!(
                "the run is at {}; `run abort` or `run shutdown` ends it",
                run.progress.place()
            );
            return Err(ServiceError::refused(Code::State, message));
        }
        runs::remove(&mut tx, id).await?;
        let detail = format!("of {}, at {}", run.host, run.progress.state);
        audit::note(&mut tx, &who.name, "run remove", Some(id), &detail).await?;
        tx.commit().await?;
        self.store.journal.forget_run(id).await?;
        Ok(Removed {
            removed: id.to_owned(),
            stays: stays(),
        })
    }

    /// A spec that a host has or had, by its sha256.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn spec(&self, digest: &str) -> Result<Spec, ServiceError> {
        let mut db = self.store.read().await?;
        let spec = specs::get(&mut db, digest).await?;
        spec.ok_or_else(|| ServiceError::not_found("spec", digest))
    }
}

/// What no removal takes away.
fn stays() -> Vec<String> {
    [
        "what the audit says of it",
        "the stages' components that it ran, and its specs, by their sha256",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// An identity in one spelling.
fn normal(identity: Identity) -> Result<Identity, ServiceError> {
    let serial = identity.board_serial.map(|serial| serial.trim().to_owned());
    let serial = serial.filter(|serial| !serial.is_empty());
    if serial.as_ref().is_some_and(|s| s.len() > LONGEST_SERIAL) {
        let message = format!("the board's serial number is longer than {LONGEST_SERIAL} bytes");
        return Err(ServiceError::refused(Code::Malformed, message));
    }
    let uuid = identity.system_uuid.as_deref();
    Ok(Identity {
        mac: identity::mac(&identity.mac)?,
        system_uuid: uuid.map(identity::system_uuid).transpose()?,
        board_serial: serial,
    })
}

async fn free_mac(db: &mut sqlx::SqliteConnection, host: &Host) -> Result<(), ServiceError> {
    let mac = &host.identity.mac;
    match hosts::by_mac(db, mac).await? {
        Some(other) if other.name != host.name => {
            let message = format!("{mac} is the MAC address of the host {}", other.name);
            Err(ServiceError::refused(Code::State, message))
        }
        _ => Ok(()),
    }
}

/// A new host in a line of the audit; its spec is kept.
async fn described(db: &mut sqlx::SqliteConnection, host: &Host) -> Result<String, ServiceError> {
    let spec = match &host.spec {
        Some(spec) => format!("spec sha256 {}", specs::put(db, spec).await?),
        None => "no spec".to_owned(),
    };
    Ok(format!("{}: MAC {}, {spec}", host.name, host.identity.mac))
}

/// What is different, a line each.
fn changes(before: &Host, after: &Host) -> Vec<String> {
    let none = || "none".to_owned();
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(none);
    let spec = |host: &Host| host.spec.as_ref().map_or_else(none, Spec::digest);
    let (old, new) = (&before.identity, &after.identity);
    let mut changes: Vec<String> = [
        ("MAC address", old.mac.clone(), new.mac.clone()),
        (
            "system UUID",
            or_none(&old.system_uuid),
            or_none(&new.system_uuid),
        ),
        (
            "board serial",
            or_none(&old.board_serial),
            or_none(&new.board_serial),
        ),
        ("spec sha256", spec(before), spec(after)),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .map(|(what, old, new)| format!("{what}: {old} → {new}"))
    .collect();
    if let (Some(old), Some(new)) = (&before.spec, &after.spec) {
        let differ = |part: &&String| old.0.get(*part) != new.0.get(*part);
        let parts: std::collections::BTreeSet<&String> = old.0.keys().chain(new.0.keys()).collect();
        let parts: Vec<&str> = parts
            .into_iter()
            .filter(differ)
            .map(String::as_str)
            .collect();
        if !parts.is_empty() {
            changes.push(format!(
                "parts of the spec that changed: {}",
                parts.join(", ")
            ));
        }
    }
    changes
}
