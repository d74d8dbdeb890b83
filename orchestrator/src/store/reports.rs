//! Stored reports: one text per run and format.

use sqlx::SqliteConnection;

use super::{StoreError, now};

/// Stores a report; a later one of the same format replaces it.
///
/// # Errors
///
/// The database's.
pub async fn put(
    db: &mut SqliteConnection,
    run: &str,
    format: &str,
    body: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO reports (run, format, body, stored) VALUES ($1, $2, $3, $4)
         ON CONFLICT (run, format) DO UPDATE SET body = excluded.body, stored = excluded.stored",
    )
    .bind(run)
    .bind(format)
    .bind(body)
    .bind(now())
    .execute(db)
    .await?;
    Ok(())
}

/// A stored report.
///
/// # Errors
///
/// The database's.
pub async fn get(
    db: &mut SqliteConnection,
    run: &str,
    format: &str,
) -> Result<Option<String>, StoreError> {
    let query = "SELECT body FROM reports WHERE run = $1 AND format = $2";
    Ok(sqlx::query_scalar(query)
        .bind(run)
        .bind(format)
        .fetch_optional(db)
        .await?)
}
