//! What operators want of agents, and what became of it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use vetting_protocol::{Directive, DirectiveAnswer, DirectiveStatus};

use super::{StoreError, from_json, now, to_json};
use crate::clock::has_passed;

/// A directive and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Given {
    /// The directive.
    pub directive: Directive,
    /// How far it is: `sent`, `received`, `applied`, `rejected`.
    pub status: String,
    /// Why it was rejected.
    #[serde(default)]
    pub reason: Option<String>,
    /// When it was given.
    pub created: String,
}

impl Given {
    /// Whether it came to nothing: no agent has received it while it was good.
    pub fn is_void(&self, good_for: Duration) -> bool {
        self.status == "sent" && has_passed(&self.directive.expires, good_for)
    }

    fn from_row(row: &SqliteRow) -> Result<Self, StoreError> {
        let body: String = row.try_get("body")?;
        Ok(Given {
            directive: from_json("body", &body)?,
            status: row.try_get("status")?,
            reason: row.try_get("reason")?,
            created: row.try_get("created")?,
        })
    }
}

/// Adds a directive.
///
/// # Errors
///
/// The database's.
pub async fn insert(
    db: &mut SqliteConnection,
    run: &str,
    directive: &Directive,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO directives (id, run, body, status, created, changed)
         VALUES ($1, $2, $3, 'sent', $4, $4)",
    )
    .bind(&directive.id)
    .bind(run)
    .bind(to_json("body", directive)?)
    .bind(now())
    .execute(db)
    .await?;
    Ok(())
}

/// A run's directives that are neither applied nor rejected, oldest first. What is `sent` may be
/// known to nobody; what is `received` is with the run's newest agent.
///
/// # Errors
///
/// The database's.
pub async fn pending(db: &mut SqliteConnection, run: &str) -> Result<Vec<Given>, StoreError> {
    let query = "SELECT * FROM directives WHERE run = $1 AND status IN ('sent', 'received')
         ORDER BY created, id";
    let rows = sqlx::query(query).bind(run).fetch_all(db).await?;
    rows.iter().map(Given::from_row).collect()
}

/// Notes that the agent which had received a run's directives is gone: its successor has none yet.
///
/// # Errors
///
/// The database's.
pub async fn unreceive(db: &mut SqliteConnection, run: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE directives SET status = 'sent', changed = $2
         WHERE run = $1 AND status = 'received'",
    )
    .bind(run)
    .bind(now())
    .execute(db)
    .await?;
    Ok(())
}

/// All of a run's directives, oldest first.
///
/// # Errors
///
/// The database's.
pub async fn of_run(db: &mut SqliteConnection, run: &str) -> Result<Vec<Given>, StoreError> {
    let query = "SELECT * FROM directives WHERE run = $1 ORDER BY created, id";
    let rows = sqlx::query(query).bind(run).fetch_all(db).await?;
    rows.iter().map(Given::from_row).collect()
}

/// Notes what became of a directive. What was applied or rejected stays so.
///
/// # Errors
///
/// The database's.
pub async fn answered(
    db: &mut SqliteConnection,
    run: &str,
    answer: &DirectiveAnswer,
) -> Result<(), StoreError> {
    let status = match answer.status {
        DirectiveStatus::Received => "received",
        DirectiveStatus::Applied => "applied",
        DirectiveStatus::Rejected => "rejected",
    };
    sqlx::query(
        "UPDATE directives SET status = $3, reason = $4, changed = $5
         WHERE id = $1 AND run = $2 AND status IN ('sent', 'received')",
    )
    .bind(&answer.id)
    .bind(run)
    .bind(status)
    .bind(&answer.reason)
    .bind(now())
    .execute(db)
    .await?;
    Ok(())
}
