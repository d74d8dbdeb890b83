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
    /// The hosts that let it in: names, in which `*` stands for whatever is there. None are all.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Since when.
    pub created: String,
}

impl Operator {
    pub(super) fn from_row(row: &SqliteRow) -> Result<Self, StoreError> {
        let (roles, hosts): (String, String) = (row.try_get("roles")?, row.try_get("hosts")?);
        Ok(Operator {
            name: row.try_get("name")?,
            roles: from_json("roles", &roles)?,
            ssh_key: row.try_get("ssh_key")?,
            hosts: from_json("hosts", &hosts)?,
            created: row.try_get("created")?,
        })
    }

    /// The public SSH key that a host lets in while it holds.
    pub fn key_for(&self, host: &str) -> Option<&str> {
        let there = self.hosts.is_empty() || self.hosts.iter().any(|p| matches(p, host));
        let key = self.ssh_key.as_deref()?;
        (there && self.roles.may(Role::Operate)).then_some(key)
    }
}

/// Whether a name is as a pattern says, in which `*` stands for whatever is there.
fn matches(pattern: &str, name: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return pattern == name;
    };
    let inner = name
        .strip_prefix(first)
        .and_then(|name| name.strip_suffix(last));
    let left = middle
        .iter()
        .try_fold(inner, |left, part| Some(Some(left?.split_once(part)?.1)));
    left.flatten().is_some()
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
        "INSERT INTO operators (name, roles, token_hash, ssh_key, hosts, created)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (name) DO UPDATE SET roles = excluded.roles, token_hash = excluded.token_hash,
         ssh_key = excluded.ssh_key, hosts = excluded.hosts",
    )
    .bind(&operator.name)
    .bind(to_json("roles", &operator.roles)?)
    .bind(token_hash)
    .bind(&operator.ssh_key)
    .bind(to_json("hosts", &operator.hosts)?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_let_in_by_the_hosts_that_are_named() {
        let of = |hosts: &[&str], role| Operator {
            name: "ann".to_owned(),
            roles: Roles::new([role]),
            ssh_key: Some("ssh-ed25519 A".to_owned()),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            created: String::new(),
        };
        let lets_in = |hosts: &[&str], host| of(hosts, Role::Operate).key_for(host).is_some();
        assert!(lets_in(&[], "any"));
        assert!(
            lets_in(&["rack1-*", "spare"], "rack1-07") && lets_in(&["rack1-*", "spare"], "spare")
        );
        assert!(lets_in(&["*-07"], "rack1-07") && lets_in(&["r*1*7"], "rack1-07"));
        for (pattern, host) in [
            ("rack1-*", "rack10-07"),
            ("rack1", "rack1-07"),
            ("*-07", "rack1-070"),
            ("", "rack1"),
        ] {
            assert!(!lets_in(&[pattern], host), "{pattern} {host}");
        }
        assert!(of(&[], Role::View).key_for("any").is_none());
    }
}
