//! Stored records: one per run, from which its report is written in whatever format.

use sqlx::SqliteConnection;

use super::{StoreError, now};

/// The format in which a record is stored.
const FORMAT: &str = "json";

/// Stores a run's record; a later one replaces it.
///
/// # Errors
///
/// The database's.
pub async fn put(db: &mut SqliteConnection, run: &str, body: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO reports (run, format, body, stored) VALUES ($1, $2, $3, $4)
         ON CONFLICT (run, format) DO UPDATE SET body = excluded.body, stored = excluded.stored",
    )
    .bind(run)
    .bind(FORMAT)
    .bind(body)
    .bind(now())
    .execute(db)
    .await?;
    Ok(())
}

/// A run's stored record.
///
/// # Errors
///
/// The database's.
pub async fn get(db: &mut SqliteConnection, run: &str) -> Result<Option<String>, StoreError> {
    let query = "SELECT body FROM reports WHERE run = $1 AND format = $2";
    Ok(sqlx::query_scalar(query)
        .bind(run)
        .bind(FORMAT)
        .fetch_optional(db)
        .await?)
}
