//! Files about a run that no stage attached: what an agent gathered of a host that went down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, SqliteConnection};

use super::{StoreError, now};

/// What is known of a file without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromRow, JsonSchema)]
pub struct ArtifactRecord {
    /// Its name.
    pub name: String,
    /// Its media type, as the agent told it.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: i64,
    /// Its content's sha256, lower-case hexadecimal.
    pub sha256: String,
    /// The stage it is about.
    pub stage: Option<String>,
    /// The attempt it is about.
    pub attempt: Option<i64>,
    /// When it was stored.
    pub stored: String,
}

/// A file to store.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// The run.
    pub run: &'a str,
    /// The sha256 of its content.
    pub sha256: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its media type.
    pub media_type: &'a str,
    /// The stage it is about.
    pub stage: Option<&'a str>,
    /// The attempt it is about.
    pub attempt: Option<u32>,
    /// Its content.
    pub bytes: &'a [u8],
}

/// Stores a file. The same one again is no error.
///
/// # Errors
///
/// The database's.
pub async fn put(db: &mut SqliteConnection, new: &New<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO artifacts (run, digest, name, media_type, stage, attempt, bytes, stored)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
    )
    .bind(new.run)
    .bind(new.sha256)
    .bind(new.name)
    .bind(new.media_type)
    .bind(new.stage)
    .bind(new.attempt.map(i64::from))
    .bind(new.bytes)
    .bind(now())
    .execute(db)
    .await?;
    Ok(())
}

/// A run's files, in the order in which they came.
///
/// # Errors
///
/// The database's.
pub async fn of_run(
    db: &mut SqliteConnection,
    run: &str,
) -> Result<Vec<ArtifactRecord>, StoreError> {
    let query = "SELECT name, media_type, LENGTH(bytes) AS bytes, digest AS sha256, stage, attempt,
         stored FROM artifacts WHERE run = $1 ORDER BY stored, name";
    Ok(sqlx::query_as(query).bind(run).fetch_all(db).await?)
}

/// The content of a run's file.
///
/// # Errors
///
/// The database's.
pub async fn content(
    db: &mut SqliteConnection,
    run: &str,
    sha256: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let query = "SELECT bytes FROM artifacts WHERE run = $1 AND digest = $2 LIMIT 1";
    Ok(sqlx::query_scalar(query)
        .bind(run)
        .bind(sha256)
        .fetch_optional(db)
        .await?)
}
