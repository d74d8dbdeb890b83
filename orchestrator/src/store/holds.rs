//! When a person could log in to the machine of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, SqliteConnection};

use super::{StoreError, now};

/// One hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromRow, JsonSchema)]
pub struct HoldRecord {
    /// Where the run stopped.
    pub stage: String,
    /// The machine's address.
    pub address: Option<String>,
    /// The fingerprints of its SSH host keys, one per line.
    pub host_keys: String,
    /// The operators whose keys were ever handed out, with commas.
    pub operators: String,
    /// Those whose keys are let in now, with commas; empty once the hold is closed.
    pub let_in: String,
    /// When the hold began.
    pub begun: String,
    /// When the keys were in place.
    pub opened: Option<String>,
    /// When they were gone again.
    pub closed: Option<String>,
}

/// A hold begins. One that began and was not opened is the same one, told again; one that was left open
/// by an agent that died stays open in the record.
///
/// # Errors
///
/// The database's.
pub async fn begin(
    db: &mut SqliteConnection,
    run: &str,
    stage: &str,
    address: Option<&str>,
    host_keys: &str,
    operators: &str,
) -> Result<(), StoreError> {
    let told_again = sqlx::query(
        "UPDATE holds SET stage = $2, address = $3, host_keys = $4, operators = $5, let_in = $5
         WHERE run = $1 AND opened IS NULL AND closed IS NULL",
    )
    .bind(run)
    .bind(stage)
    .bind(address)
    .bind(host_keys)
    .bind(operators)
    .execute(&mut *db)
    .await?;
    if told_again.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO holds (run, seq, stage, address, host_keys, operators, let_in, begun)
         VALUES ($1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM holds WHERE run = $1),
         $2, $3, $4, $5, $5, $6)",
    )
    .bind(run)
    .bind(stage)
    .bind(address)
    .bind(host_keys)
    .bind(operators)
    .bind(now())
    .execute(db)
    .await?;
    Ok(())
}

/// The keys of the newest hold are in place.
///
/// # Errors
///
/// The database's.
pub async fn opened(
    db: &mut SqliteConnection,
    run: &str,
    host_keys: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE holds SET opened = $2, host_keys = $3 WHERE run = $1 AND opened IS NULL
         AND seq = (SELECT MAX(seq) FROM holds WHERE run = $1)",
    )
    .bind(run)
    .bind(now())
    .bind(host_keys)
    .execute(db)
    .await?;
    Ok(())
}

/// The newest hold, which is open, lets other operators in from now on; `ever` are all whom it ever let in.
///
/// # Errors
///
/// The database's.
pub async fn let_in(
    db: &mut SqliteConnection,
    run: &str,
    now: &str,
    ever: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE holds SET let_in = $2, operators = $3 WHERE run = $1
         AND seq = (SELECT MAX(seq) FROM holds WHERE run = $1)",
    )
    .bind(run)
    .bind(now)
    .bind(ever)
    .execute(db)
    .await?;
    Ok(())
}

/// The keys are gone again: every hold that was open is closed.
///
/// # Errors
///
/// The database's.
pub async fn closed(db: &mut SqliteConnection, run: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE holds SET closed = $2, let_in = ''
         WHERE run = $1 AND opened IS NOT NULL AND closed IS NULL",
    )
    .bind(run)
    .bind(now())
    .execute(db)
    .await?;
    Ok(())
}

/// A run's holds, in order.
///
/// # Errors
///
/// The database's.
pub async fn of_run(db: &mut SqliteConnection, run: &str) -> Result<Vec<HoldRecord>, StoreError> {
    let query =
        "SELECT stage, address, host_keys, operators, let_in, begun, opened, closed FROM holds
         WHERE run = $1 ORDER BY seq";
    Ok(sqlx::query_as(query).bind(run).fetch_all(db).await?)
}
