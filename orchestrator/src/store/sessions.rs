//! Sessions of agents: a token's hash, good for one run, one claim and a while.

use sqlx::{FromRow, SqliteConnection};

use super::StoreError;
use super::runs::signed;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Session {
    /// The run.
    pub run: String,
    /// The claim.
    pub epoch: i64,
    /// When it ends.
    pub expires: String,
}

/// Opens a session.
///
/// # Errors
///
/// The database's.
pub async fn open(
    db: &mut SqliteConnection,
    token_hash: &str,
    run: &str,
    epoch: u64,
    expires: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO sessions (token_hash, run, epoch, expires) VALUES ($1, $2, $3, $4)")
        .bind(token_hash)
        .bind(run)
        .bind(signed(epoch))
        .bind(expires)
        .execute(db)
        .await?;
    Ok(())
}

/// The session of a token.
///
/// # Errors
///
/// The database's.
pub async fn get(
    db: &mut SqliteConnection,
    token_hash: &str,
) -> Result<Option<Session>, StoreError> {
    let query = "SELECT run, epoch, expires FROM sessions WHERE token_hash = $1";
    Ok(sqlx::query_as(query)
        .bind(token_hash)
        .fetch_optional(db)
        .await?)
}

/// Lets every session of a run's newest claim last until then.
///
/// # Errors
///
/// The database's.
pub async fn slide(
    db: &mut SqliteConnection,
    run: &str,
    epoch: u64,
    expires: &str,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE sessions SET expires = $3 WHERE run = $1 AND epoch = $2")
        .bind(run)
        .bind(signed(epoch))
        .bind(expires)
        .execute(db)
        .await?;
    Ok(())
}
