//! Every spec that a host ever had, by its sha256.

use sqlx::SqliteConnection;

use super::{StoreError, from_json, now, to_json};
use crate::spec::Spec;

/// Keeps a spec; returns its sha256.
///
/// # Errors
///
/// The database's.
pub async fn put(db: &mut SqliteConnection, spec: &Spec) -> Result<String, StoreError> {
    let digest = spec.digest();
    sqlx::query(
        "INSERT INTO specs (digest, body, stored) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(&digest)
    .bind(to_json("spec", spec)?)
    .bind(now())
    .execute(db)
    .await?;
    Ok(digest)
}

/// The spec of a sha256.
///
/// # Errors
///
/// The database's.
pub async fn get(db: &mut SqliteConnection, digest: &str) -> Result<Option<Spec>, StoreError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM specs WHERE digest = $1")
        .bind(digest)
        .fetch_optional(db)
        .await?;
    body.map(|body| from_json("spec", &body)).transpose()
}
