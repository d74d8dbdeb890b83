//! Operators: people and programs with a named token and a set of roles.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::{StoreError, from_json, to_json};

/// What an operator may do. Roles do not contain each other, but for `admin`, who may do everything.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look at everything.
    View,
    /// Add hosts, make runs and steer them; log in to machines that hold.
    Operate,
    /// Let a retry wipe disks.
    Wipe,
    /// Register stages, or let a retry run another component.
    Publish,
    /// Everything, and remove hosts and runs.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 5] = [
        Role::View,
        Role::Operate,
        Role::Wipe,
        Role::Publish,
        Role::Admin,
    ];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::View => "view",
            Role::Operate => "operate",
            Role::Wipe => "wipe",
            Role::Publish => "publish",
            Role::Admin => "admin",
        }
    }
}

/// The roles of an operator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// A set of roles.
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Self {
        Roles(roles.into_iter().collect())
    }

    /// Whether they contain a role, or `admin`.
    pub fn may(&self, role: Role) -> bool {
        self.0.contains(&role) || self.0.contains(&Role::Admin)
    }

    /// Whether they contain one of some roles, or `admin`.
    pub fn may_any(&self, roles: &[Role]) -> bool {
        self.0.contains(&Role::Admin) || roles.iter().any(|role| self.0.contains(role))
    }
}

impl std::fmt::Display for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<_> = self.0.iter().map(|role| role.as_str()).collect();
        f.write_str(&words.join(", "))
    }
}

/// An operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The name.
    pub name: String,
    /// The roles.
    pub roles: Roles,
    /// The public SSH key that a machine lets in while it holds.
    #[serde(default)]
    pub ssh_key: Option<String>,
    /// Since when.
    pub created: String,
}

impl Operator {
    fn from_row(row: &SqliteRow) -> Result<Self, StoreError> {
        let roles: String = row.try_get("roles")?;
        Ok(Operator {
            name: row.try_get("name")?,
            roles: from_json("roles", &roles)?,
            ssh_key: row.try_get("ssh_key")?,
            created: row.try_get("created")?,
        })
    }
}

/// Adds an operator, or gives an existing one other roles, another token and key.
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
        "INSERT INTO operators (name, roles, token_hash, ssh_key, created)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (name) DO UPDATE SET roles = excluded.roles, token_hash = excluded.token_hash,
         ssh_key = excluded.ssh_key",
    )
    .bind(&operator.name)
    .bind(to_json("roles", &operator.roles)?)
    .bind(token_hash)
    .bind(&operator.ssh_key)
    .bind(&operator.created)
    .execute(db)
    .await?;
    Ok(())
}

/// An operator by name, with the hash of the token.
///
/// # Errors
///
/// The database's.
pub async fn get(
    db: &mut SqliteConnection,
    name: &str,
) -> Result<Option<(Operator, String)>, StoreError> {
    let row = sqlx::query("SELECT * FROM operators WHERE name = $1")
        .bind(name)
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((
        Operator::from_row(&row)?,
        row.try_get("token_hash")?,
    )))
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
