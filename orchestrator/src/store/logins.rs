//! Log-ins of browsers: a token's hash, good for an operator and a while. One ends with its operator's
//! token: when the operator is removed or gets a new one.

use sqlx::{Row as _, SqliteConnection};

use super::StoreError;
use super::operators::Operator;

/// How many log-ins an operator may have; the oldest ends for one more.
const OF_OPERATOR: i64 = 16;

/// Opens a log-in of an operator whose token has a hash.
///
/// # Errors
///
/// The database's.
pub async fn open(
    db: &mut SqliteConnection,
    token_hash: &str,
    (operator, operator_token_hash): (&str, &str),
    expires: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO logins (token_hash, operator, operator_token_hash, created, expires)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(token_hash)
    .bind(operator)
    .bind(operator_token_hash)
    .bind(super::now())
    .bind(expires)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "DELETE FROM logins WHERE operator = $1 AND token_hash NOT IN
         (SELECT token_hash FROM logins WHERE operator = $1 ORDER BY expires DESC LIMIT $2)",
    )
    .bind(operator)
    .bind(OF_OPERATOR)
    .execute(db)
    .await?;
    Ok(())
}

/// Whose a log-in is, and when it ends. None where nobody's is, or its operator's token is another now.
///
/// # Errors
///
/// The database's.
pub async fn get(
    db: &mut SqliteConnection,
    token_hash: &str,
) -> Result<Option<(Operator, String)>, StoreError> {
    let row = sqlx::query(
        "SELECT o.*, l.expires FROM logins l
         JOIN operators o ON o.name = l.operator AND o.token_hash = l.operator_token_hash
         WHERE l.token_hash = $1",
    )
    .bind(token_hash)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((Operator::from_row(&row)?, row.try_get("expires")?)))
}

/// Ends a log-in.
///
/// # Errors
///
/// The database's.
pub async fn close(db: &mut SqliteConnection, token_hash: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM logins WHERE token_hash = $1")
        .bind(token_hash)
        .execute(db)
        .await?;
    Ok(())
}
