//! Operators: people and programs with a named token and a role.

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::{StoreError, from_json, to_json};

/// What an operator may do; each role may do what those before it may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look at everything.
    View,
    /// Make runs and steer them; log in to machines that hold.
    Operate,
    /// Let a retry wipe disks.
    Wipe,
    /// Register stages.
    Publish,
}

/// An operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The public SSH key that a machine lets in while it holds.
    #[serde(default)]
    pub ssh_key: Option<String>,
    /// Since when.
    pub created: String,
}

impl Operator {
    fn from_row(row: &SqliteRow) -> Result<Self, StoreError> {
        let role: String = row.try_get("role")?;
        Ok(Operator {
            name: row.try_get("name")?,
            role: from_json("role", &role)?,
            ssh_key: row.try_get("ssh_key")?,
            created: row.try_get("created")?,
        })
    }
}

/// Adds an operator, or gives an existing one another role, token and key.
///
/// # Errors
///
/// The database's.
pub async fn put(
    db: &mut SqliteConnection,
    operator: &Operator,
    token_hash: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO operators (name, role, token_hash, ssh_key, created)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (name) DO UPDATE SET role = excluded.role, token_hash = excluded.token_hash,
         ssh_key = excluded.ssh_key",
    )
    .bind(&operator.name)
    .bind(to_json("role", &operator.role)?)
    .bind(token_hash)
    .bind(&operator.ssh_key)
    .bind(&operator.created)
    .execute(db)
    .await?;
    Ok(())
}

/// The operator whose token has a hash.
///
/// # Errors
///
/// The database's.
pub async fn of_token(
    db: &mut SqliteConnection,
    hash: &str,
) -> Result<Option<Operator>, StoreError> {
    let row = sqlx::query("SELECT * FROM operators WHERE token_hash = $1")
        .bind(hash)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(Operator::from_row).transpose()
}

/// All operators, by name.
///
/// # Errors
///
/// The database's.
pub async fn all(db: &mut SqliteConnection) -> Result<Vec<Operator>, StoreError> {
    let rows = sqlx::query("SELECT * FROM operators ORDER BY name")
        .fetch_all(db)
        .await?;
    rows.iter().map(Operator::from_row).collect()
}

/// Removes an operator; the token is worth nothing from then on.
///
/// # Errors
///
/// The database's.
pub async fn remove(db: &mut SqliteConnection, name: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM operators WHERE name = $1")
        .bind(name)
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}
