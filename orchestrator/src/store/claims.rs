//! Every claim of a run: who, from where, with which proof, and what became of it.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use vetting_protocol::Claim;

use super::runs::signed;
use super::{StoreError, from_json, now, to_json};

/// With what a claim was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The token that the host is booted with. Whoever reads the host's console, its kernel command
    /// line or what serves its boot files has it too.
    BootToken,
    /// The session of the agent that has the run, which only the same boot of the same host has.
    Session,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimRecord {
    /// Its number as it took the run; `null`: it was refused.
    pub epoch: Option<u64>,
    /// When it came.
    pub at: String,
    /// With what it was made.
    pub proof: Proof,
    /// The address that it came from, as the connection has it.
    pub peer: String,
    /// What it said.
    pub claim: Claim,
    /// Why it was refused.
    #[serde(default)]
    pub refused: Option<String>,
    /// When its agent was heard after a claim by boot token had taken the run: its boot had not ended.
    #[serde(default)]
    pub heard_after: Option<String>,
}

impl ClaimRecord {
    fn from_row(row: &SqliteRow) -> Result<Self, StoreError> {
        let epoch: Option<i64> = row.try_get("epoch")?;
        let (proof, claim): (String, String) = (row.try_get("proof")?, row.try_get("claim")?);
        Ok(ClaimRecord {
            epoch: epoch.map(i64::unsigned_abs),
            at: row.try_get("at")?,
            proof: from_json("proof", &proof)?,
            peer: row.try_get("peer")?,
            claim: from_json("claim", &claim)?,
            refused: row.try_get("refused")?,
            heard_after: row.try_get("heard_after")?,
        })
    }
}

impl std::fmt::Display for ClaimRecord {
    /// Who it was, in one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let identity = &self.claim.identity;
        match self.epoch {
            Some(epoch) => write!(f, "claim {epoch}")?,
            None => f.write_str("a refused claim")?,
        }
        write!(f, " from {}", self.peer)?;
        if let Some(address) = self.claim.address.as_ref().filter(|a| **a != self.peer) {
            write!(f, " (it says {address})")?;
        }
        write!(f, ", MAC {}", identity.mac)?;
        if let Some(uuid) = &identity.system_uuid {
            write!(f, ", UUID {uuid}")?;
        }
        if let Some(serial) = &identity.board_serial {
            write!(f, ", board serial {serial}")?;
        }
        write!(f, ", boot {}", self.claim.boot_id)
    }
}

/// Adds a claim that took the run (`epoch`) or was `refused`.
///
/// # Errors
///
/// The database's.
pub async fn insert(
    db: &mut SqliteConnection,
    run: &str,
    epoch: Option<u64>,
    (proof, peer): (Proof, IpAddr),
    claim: &Claim,
    refused: Option<&str>,
) -> Result<(), StoreError> {
    // An agent's own number proves a claim that is sent again, so no one else may see it.
    let claim = Claim {
        instance: String::new(),
        // What its image offers is kept with the run, for as long as it has it.
        offers: None,
        ..claim.clone()
    };
    sqlx::query(
        "INSERT INTO claims (run, seq, epoch, at, proof, peer, claim, refused)
         VALUES ($1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM claims WHERE run = $1),
         $2, $3, $4, $5, $6, $7)",
    )
    .bind(run)
    .bind(epoch.map(signed))
    .bind(now())
    .bind(to_json("proof", &proof)?)
    .bind(peer.to_canonical().to_string())
    .bind(to_json("claim", &claim)?)
    .bind(refused)
    .execute(db)
    .await?;
    Ok(())
}

/// A run's claims, in the order in which they came.
///
/// # Errors
///
/// The database's.
pub async fn of_run(db: &mut SqliteConnection, run: &str) -> Result<Vec<ClaimRecord>, StoreError> {
    let query = "SELECT epoch, at, proof, peer, claim, refused, heard_after FROM claims
         WHERE run = $1 ORDER BY seq";
    let rows = sqlx::query(query).bind(run).fetch_all(db).await?;
    rows.iter().map(ClaimRecord::from_row).collect()
}

/// The claim that took a run with a number.
///
/// # Errors
///
/// The database's.
pub async fn get(
    db: &mut SqliteConnection,
    run: &str,
    epoch: u64,
) -> Result<Option<ClaimRecord>, StoreError> {
    let query = "SELECT epoch, at, proof, peer, claim, refused, heard_after FROM claims
         WHERE run = $1 AND epoch = $2";
    let row = sqlx::query(query)
        .bind(run)
        .bind(signed(epoch))
        .fetch_optional(db)
        .await?;
    row.as_ref().map(ClaimRecord::from_row).transpose()
}

/// How many claims a run has had, refused ones included.
///
/// # Errors
///
/// The database's.
pub async fn count(db: &mut SqliteConnection, run: &str) -> Result<u64, StoreError> {
    let query = "SELECT COUNT(*) FROM claims WHERE run = $1";
    let count: i64 = sqlx::query_scalar(query).bind(run).fetch_one(db).await?;
    Ok(count.unsigned_abs())
}

/// Notes that the agent of a claim was heard although a later one has the run. Returns whether that was
/// new.
///
/// # Errors
///
/// The database's.
pub async fn heard_after(
    db: &mut SqliteConnection,
    run: &str,
    epoch: u64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE claims SET heard_after = $3
         WHERE run = $1 AND epoch = $2 AND heard_after IS NULL",
    )
    .bind(run)
    .bind(signed(epoch))
    .bind(now())
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}
