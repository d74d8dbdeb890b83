//! Who did what, and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, SqliteConnection};

use super::{StoreError, now};

/// One deed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromRow, JsonSchema)]
pub struct Deed {
    /// When.
    pub at: String,
    /// Who: an operator's name, or `agent`, or `orchestrator`.
    pub who: String,
    /// What: `run create`, `stage add` …
    pub what: String,
    /// On which run.
    pub run: Option<String>,
    /// What exactly.
    pub detail: String,
}

/// Notes a deed.
///
/// # Errors
///
/// The database's.
pub async fn note(
    db: &mut SqliteConnection,
    who: &str,
    what: &str,
    run: Option<&str>,
    detail: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (id, at, who, what, run, detail) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(crate::secret::id())
    .bind(now())
    .bind(who)
    .bind(what)
    .bind(run)
    .bind(detail)
    .execute(db)
    .await?;
    Ok(())
}

/// The newest deeds, newest first; of one run, where it is named.
///
/// # Errors
///
/// The database's.
pub async fn newest(
    db: &mut SqliteConnection,
    run: Option<&str>,
    most: u32,
) -> Result<Vec<Deed>, StoreError> {
    let query = "SELECT at, who, what, run, detail FROM audit
         WHERE $1 IS NULL OR run = $1 ORDER BY at DESC LIMIT $2";
    Ok(sqlx::query_as(query)
        .bind(run)
        .bind(i64::from(most))
        .fetch_all(db)
        .await?)
}
