//! The hosts that runs are about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};
use vetting_protocol::Identity;

use super::{StoreError, from_json, to_json};
use crate::spec::Spec;

/// A host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// What people call it.
    pub name: String,
    /// Who it is. What is not said is learnt from the first claim of each run.
    pub identity: Identity,
    /// What it should be made of.
    #[serde(default)]
    pub spec: Option<Spec>,
    /// Since when it is known.
    pub created: String,
}

impl Host {
    fn from_row(row: &SqliteRow) -> Result<Self, StoreError> {
        let spec: Option<String> = row.try_get("spec")?;
        Ok(Host {
            name: row.try_get("name")?,
            identity: Identity {
                mac: row.try_get("mac")?,
                system_uuid: row.try_get("system_uuid")?,
                board_serial: row.try_get("board_serial")?,
            },
            spec: spec.map(|text| from_json("spec", &text)).transpose()?,
            created: row.try_get("created")?,
        })
    }
}

/// Adds a host, or replaces what is known of it.
///
/// # Errors
///
/// When another host has its MAC address.
pub async fn put(db: &mut SqliteConnection, host: &Host) -> Result<(), StoreError> {
    let spec = host.spec.as_ref().map(|spec| to_json("spec", spec));
    sqlx::query(
        "INSERT INTO hosts (name, mac, system_uuid, board_serial, spec, created)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (name) DO UPDATE SET mac = excluded.mac, system_uuid = excluded.system_uuid,
         board_serial = excluded.board_serial, spec = excluded.spec",
    )
    .bind(&host.name)
    .bind(&host.identity.mac)
    .bind(&host.identity.system_uuid)
    .bind(&host.identity.board_serial)
    .bind(spec.transpose()?)
    .bind(&host.created)
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a host that no run refers to.
///
/// # Errors
///
/// The database's.
pub async fn remove(db: &mut SqliteConnection, name: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM hosts WHERE name = $1")
        .bind(name)
        .execute(db)
        .await?;
    Ok(())
}

/// A host by its name.
///
/// # Errors
///
/// The database's.
pub async fn get(db: &mut SqliteConnection, name: &str) -> Result<Option<Host>, StoreError> {
    let row = sqlx::query("SELECT * FROM hosts WHERE name = $1")
        .bind(name)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(Host::from_row).transpose()
}

/// The host that has a MAC address.
///
/// # Errors
///
/// The database's.
pub async fn by_mac(db: &mut SqliteConnection, mac: &str) -> Result<Option<Host>, StoreError> {
    let row = sqlx::query("SELECT * FROM hosts WHERE mac = $1")
        .bind(mac)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(Host::from_row).transpose()
}

/// All of them, by name.
///
/// # Errors
///
/// The database's.
pub async fn all(db: &mut SqliteConnection) -> Result<Vec<Host>, StoreError> {
    let rows = sqlx::query("SELECT * FROM hosts ORDER BY name")
        .fetch_all(db)
        .await?;
    rows.iter().map(Host::from_row).collect()
}

/// One row of a query over a host's runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromRow, JsonSchema)]
pub struct RunOfHost {
    /// The run.
    pub id: String,
    /// Its state.
    pub state: String,
    /// When it was made.
    pub created: String,
}

/// A host's runs, newest first.
///
/// # Errors
///
/// The database's.
pub async fn runs(db: &mut SqliteConnection, name: &str) -> Result<Vec<RunOfHost>, StoreError> {
    let query = "SELECT id, state, created FROM runs WHERE host = $1 ORDER BY created DESC";
    Ok(sqlx::query_as(query).bind(name).fetch_all(db).await?)
}
