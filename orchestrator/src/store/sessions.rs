//! Sessions of agents: a token's hash, good for one run, one claim and a while. They are kept when
//! they have expired: they say which agents have claimed a run.

use sqlx::{FromRow, SqliteConnection};

use super::StoreError;
use super::runs::{Run, signed};

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Session {
    /// The run.
    pub run: String,
    /// The claim.
    pub epoch: i64,
    /// The run's newest claim.
    pub newest: i64,
    /// When it ends.
    pub expires: String,
}

/// Opens a session of a run's newest claim.
///
/// # Errors
///
/// The database's.
pub async fn open(
    db: &mut SqliteConnection,
    token_hash: &str,
    run: &Run,
    expires: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sessions (token_hash, run, epoch, instance, expires)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(token_hash)
    .bind(&run.id)
    .bind(signed(run.epoch))
    .bind(run.claim.as_ref().map(|claim| &claim.instance))
    .bind(expires)
    .execute(db)
    .await?;
    Ok(())
}

/// Whether an agent process has claimed a run at any time.
///
/// # Errors
///
/// The database's.
pub async fn were_opened_for(
    db: &mut SqliteConnection,
    run: &str,
    instance: &str,
) -> Result<bool, StoreError> {
    let query = "SELECT COUNT(*) FROM sessions WHERE run = $1 AND instance = $2";
    let count: i64 = sqlx::query_scalar(query)
        .bind(run)
        .bind(instance)
        .fetch_one(db)
        .await?;
    Ok(count > 0)
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
    let query = "SELECT s.run, s.epoch, r.epoch AS newest, s.expires FROM sessions s
         JOIN runs r ON r.id = s.run WHERE s.token_hash = $1";
    Ok(sqlx::query_as(query)
        .bind(token_hash)
        .fetch_optional(db)
        .await?)
}

/// Lets every session of a run's newest claim that is still good last until then; one that has expired
/// stays so.
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
    let query = "UPDATE sessions SET expires = $3 WHERE run = $1 AND epoch = $2 AND expires > $4";
    sqlx::query(query)
        .bind(run)
        .bind(signed(epoch))
        .bind(expires)
        .bind(crate::clock::steady().to_string())
        .execute(db)
        .await?;
    Ok(())
}
