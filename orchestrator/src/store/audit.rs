//! Who did what, and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, SqliteConnection};

use super::{StoreError, now};

/// The most deeds of one page.
pub const PAGE: u32 = 1000;

/// One deed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromRow, JsonSchema)]
pub struct Deed {
    /// Its number: deeds are numbered in the order in which they were done, whatever the calendar said.
    pub seq: i64,
    /// When.
    pub at: String,
    /// Who: an operator's name, or `agent`, `orchestrator`, `console`, or `unknown`.
    pub who: String,
    /// What: `run create`, `stage add` …
    pub what: String,
    /// On which run.
    pub run: Option<String>,
    /// What exactly.
    pub detail: String,
}

/// Which deeds are wanted, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wanted {
    /// Of this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Of this actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Of this kind: `log in`, `run create` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// From this time on (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Before this time (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Older than the deed with this number: the last one of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// At most so many; 1,000 at most, which is also how many there are without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
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
        "INSERT INTO audit (id, seq, at, who, what, run, detail)
         VALUES ($1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit), $2, $3, $4, $5, $6)",
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

/// A page of deeds, newest first.
///
/// # Errors
///
/// The database's.
pub async fn page(db: &mut SqliteConnection, wanted: &Wanted) -> Result<Vec<Deed>, StoreError> {
    let query = "SELECT seq, at, who, what, run, detail FROM audit
         WHERE ($1 IS NULL OR run = $1) AND ($2 IS NULL OR who = $2) AND ($3 IS NULL OR what = $3)
         AND ($4 IS NULL OR at >= $4) AND ($5 IS NULL OR at < $5) AND ($6 IS NULL OR seq < $6)
         ORDER BY seq DESC LIMIT $7";
    Ok(sqlx::query_as(query)
        .bind(&wanted.run)
        .bind(&wanted.who)
        .bind(&wanted.what)
        .bind(wanted.since.as_deref().map(bound))
        .bind(wanted.until.as_deref().map(bound))
        .bind(wanted.before)
        .bind(i64::from(wanted.most.unwrap_or(PAGE).min(PAGE)))
        .fetch_all(db)
        .await?)
}

/// A time as a bound of stored ones: without its `Z`, which sorts after the fraction of a second.
fn bound(time: &str) -> &str {
    time.strip_suffix('Z').unwrap_or(time)
}

/// Forgets the deeds before the first that was done at a time or later; returns how many. One whose
/// calendar was wrong stays for as long as those before it.
///
/// # Errors
///
/// The database's.
pub async fn forget_before(db: &mut SqliteConnection, time: &str) -> Result<u64, StoreError> {
    let query = "DELETE FROM audit WHERE seq <
         (SELECT COALESCE(MIN(seq), 0) FROM audit WHERE at >= $1)";
    let done = sqlx::query(query).bind(bound(time)).execute(db).await?;
    Ok(done.rows_affected())
}

/// When the newest deed was done.
///
/// # Errors
///
/// The database's.
pub async fn newest(db: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    let query = "SELECT at FROM audit ORDER BY seq DESC LIMIT 1";
    Ok(sqlx::query_scalar(query).fetch_optional(db).await?)
}
