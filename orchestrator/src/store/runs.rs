//! Runs, and every change of their states.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _, SqliteConnection};
use vetting_protocol::{Claim, StageOrder, State};

use super::journal::Dropped;
use super::{StoreError, from_json, now, to_json};
use crate::lifecycle::Progress;

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// Its host's name.
    pub host: String,
    /// Where it is.
    pub progress: Progress,
    /// Its pipeline.
    pub orders: Vec<StageOrder>,
    /// Whether nothing may be written to a disk.
    pub non_destructive: bool,
    /// The hash of its boot token.
    pub boot_token_hash: String,
    /// The number of the newest claim; 0: nobody claimed it yet.
    pub epoch: u64,
    /// The newest claim.
    pub claim: Option<Claim>,
    /// The port of its iperf3 server, while it is at its Network stage.
    pub iperf_port: Option<u16>,
    /// Why it has no such port there.
    pub iperf_reason: Option<String>,
    /// The sha256 of the spec that it was made against; empty: its host had none; none: not known.
    pub spec_digest: Option<String>,
    /// How much of its lines and samples was dropped, as far as that is written down.
    pub dropped: Dropped,
    /// The verdict of its stored record, where it is over or holds.
    pub verdict: Option<String>,
    /// When it was made.
    pub created: String,
    /// Who made it.
    pub created_by: String,
    /// When its state last changed.
    pub changed: String,
    /// When its agent was last heard.
    pub last_heard: Option<String>,
    /// What it then said.
    pub last_words: Option<String>,
    /// Since when its agent is silent, where it is for too long.
    pub lost_since: Option<String>,
}

impl Run {
    /// What a stage of it runs.
    pub fn order(&self, stage: &str) -> Option<&StageOrder> {
        self.orders.iter().find(|order| order.stage == stage)
    }

    fn from_row(row: &SqliteRow) -> Result<Self, StoreError> {
        let progress: String = row.try_get("progress")?;
        let orders: String = row.try_get("orders")?;
        let claim: Option<String> = row.try_get("claim")?;
        let epoch: i64 = row.try_get("epoch")?;
        let port: Option<i64> = row.try_get("iperf_port")?;
        Ok(Run {
            id: row.try_get("id")?,
            host: row.try_get("host")?,
            progress: from_json("progress", &progress)?,
            orders: from_json("orders", &orders)?,
            non_destructive: row.try_get("non_destructive")?,
            boot_token_hash: row.try_get("boot_token_hash")?,
            epoch: epoch.unsigned_abs(),
            claim: claim.map(|text| from_json("claim", &text)).transpose()?,
            iperf_port: port.and_then(|port| u16::try_from(port).ok()),
            iperf_reason: row.try_get("iperf_reason")?,
            spec_digest: row.try_get("spec_digest")?,
            dropped: Dropped {
                lines: row.try_get::<i64, _>("lines_dropped")?.unsigned_abs(),
                samples: row.try_get::<i64, _>("samples_dropped")?.unsigned_abs(),
            },
            verdict: row.try_get("verdict")?,
            created: row.try_get("created")?,
            created_by: row.try_get("created_by")?,
            changed: row.try_get("changed")?,
            last_heard: row.try_get("last_heard")?,
            last_words: row.try_get("last_words")?,
            lost_since: row.try_get("lost_since")?,
        })
    }
}

/// A number of ours as the database holds it: it has no unsigned ones.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Adds a run.
///
/// # Errors
///
/// The database's.
pub async fn insert(db: &mut SqliteConnection, run: &Run) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO runs (id, host, state, progress, orders, non_destructive, boot_token_hash,
         epoch, iperf_port, created, created_by, changed, spec_digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(&run.id)
    .bind(&run.host)
    .bind(run.progress.state.as_str())
    .bind(to_json("progress", &run.progress)?)
    .bind(to_json("orders", &run.orders)?)
    .bind(run.non_destructive)
    .bind(&run.boot_token_hash)
    .bind(signed(run.epoch))
    .bind(run.iperf_port.map(i64::from))
    .bind(&run.created)
    .bind(&run.created_by)
    .bind(&run.changed)
    .bind(&run.spec_digest)
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a run with everything that the state has of it.
///
/// # Errors
///
/// The database's.
pub async fn remove(db: &mut SqliteConnection, id: &str) -> Result<(), StoreError> {
    const OF_RUN: [&str; 8] = [
        "DELETE FROM sessions WHERE run = $1",
        "DELETE FROM results WHERE run = $1",
        "DELETE FROM transitions WHERE run = $1",
        "DELETE FROM directives WHERE run = $1",
        "DELETE FROM reports WHERE run = $1",
        "DELETE FROM holds WHERE run = $1",
        "DELETE FROM artifacts WHERE run = $1",
        "DELETE FROM claims WHERE run = $1",
    ];
    for query in OF_RUN {
        sqlx::query(query).bind(id).execute(&mut *db).await?;
    }
    sqlx::query("DELETE FROM runs WHERE id = $1")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes how much of a run was dropped.
///
/// # Errors
///
/// The database's.
pub async fn dropped(
    db: &mut SqliteConnection,
    id: &str,
    dropped: Dropped,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE runs SET lines_dropped = $2, samples_dropped = $3 WHERE id = $1")
        .bind(id)
        .bind(signed(dropped.lines))
        .bind(signed(dropped.samples))
        .execute(db)
        .await?;
    Ok(())
}

/// Notes the verdict of a run that is over or holds.
///
/// # Errors
///
/// The database's.
pub async fn judged(db: &mut SqliteConnection, id: &str, verdict: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE runs SET verdict = $2 WHERE id = $1")
        .bind(id)
        .bind(verdict)
        .execute(db)
        .await?;
    Ok(())
}

/// Writes what a claim or an operator may change of a run: its pipeline, claim, epoch, port.
///
/// # Errors
///
/// The database's.
pub async fn update(db: &mut SqliteConnection, run: &Run) -> Result<(), StoreError> {
    let claim = run.claim.as_ref().map(|claim| to_json("claim", claim));
    sqlx::query(
        "UPDATE runs SET orders = $2, epoch = $3, claim = $4, iperf_port = $5, lost_since = $6,
         last_heard = $7, last_words = $8, iperf_reason = $9 WHERE id = $1",
    )
    .bind(&run.id)
    .bind(to_json("orders", &run.orders)?)
    .bind(signed(run.epoch))
    .bind(claim.transpose()?)
    .bind(run.iperf_port.map(i64::from))
    .bind(&run.lost_since)
    .bind(&run.last_heard)
    .bind(&run.last_words)
    .bind(&run.iperf_reason)
    .execute(db)
    .await?;
    Ok(())
}

/// Moves a run on: writes where it is now, and notes the change with its cause. A cause moves a run
/// once; the database itself refuses it a second time.
///
/// # Errors
///
/// The database's.
pub async fn advance(
    db: &mut SqliteConnection,
    run: &mut Run,
    progress: Progress,
    cause: &str,
) -> Result<(), StoreError> {
    let changed = now();
    if progress.state != run.progress.state || progress.attempt() != run.progress.attempt() {
        sqlx::query(
            "INSERT INTO transitions (run, seq, at, from_state, to_state, attempt, cause)
             VALUES ($1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM transitions WHERE run = $1),
             $2, $3, $4, $5, $6)",
        )
        .bind(&run.id)
        .bind(&changed)
        .bind(run.progress.state.as_str())
        .bind(progress.state.as_str())
        .bind(i64::from(progress.attempt()))
        .bind(cause)
        .execute(&mut *db)
        .await?;
        run.changed = changed;
    }
    run.progress = progress;
    sqlx::query("UPDATE runs SET state = $2, progress = $3, changed = $4 WHERE id = $1")
        .bind(&run.id)
        .bind(run.progress.state.as_str())
        .bind(to_json("progress", &run.progress)?)
        .bind(&run.changed)
        .execute(db)
        .await?;
    Ok(())
}

/// The runs that are over or hold and whose verdict is not noted: those of an earlier version.
///
/// # Errors
///
/// The database's.
pub async fn without_verdict(db: &mut SqliteConnection) -> Result<Vec<String>, StoreError> {
    let query = "SELECT id FROM runs WHERE verdict IS NULL AND state IN ($1, $2, $3, $4)";
    Ok(sqlx::query_scalar(query)
        .bind(State::Completed.as_str())
        .bind(State::FailedHolding.as_str())
        .bind(State::Cancelled.as_str())
        .bind(State::Aborted.as_str())
        .fetch_all(db)
        .await?)
}

/// A run by its id.
///
/// # Errors
///
/// The database's.
pub async fn get(db: &mut SqliteConnection, id: &str) -> Result<Option<Run>, StoreError> {
    let row = sqlx::query("SELECT * FROM runs WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(Run::from_row).transpose()
}

/// The run whose boot token has a hash.
///
/// # Errors
///
/// The database's.
pub async fn of_boot_token(
    db: &mut SqliteConnection,
    hash: &str,
) -> Result<Option<String>, StoreError> {
    let query = "SELECT id FROM runs WHERE boot_token_hash = $1";
    Ok(sqlx::query_scalar(query)
        .bind(hash)
        .fetch_optional(db)
        .await?)
}

/// All runs, newest first.
///
/// # Errors
///
/// The database's.
pub async fn all(db: &mut SqliteConnection, most: u32) -> Result<Vec<Run>, StoreError> {
    let rows = sqlx::query("SELECT * FROM runs ORDER BY created DESC, id LIMIT $1")
        .bind(i64::from(most))
        .fetch_all(db)
        .await?;
    rows.iter().map(Run::from_row).collect()
}

/// Every run that is not over.
///
/// # Errors
///
/// The database's.
pub async fn live(db: &mut SqliteConnection) -> Result<Vec<Run>, StoreError> {
    let rows = sqlx::query("SELECT * FROM runs WHERE state NOT IN ($1, $2, $3)")
        .bind(State::Completed.as_str())
        .bind(State::Cancelled.as_str())
        .bind(State::Aborted.as_str())
        .fetch_all(db)
        .await?;
    rows.iter().map(Run::from_row).collect()
}

/// The run of a host that is not over.
///
/// # Errors
///
/// The database's.
pub async fn live_of_host(
    db: &mut SqliteConnection,
    host: &str,
) -> Result<Option<Run>, StoreError> {
    let query = "SELECT * FROM runs WHERE host = $1 AND state NOT IN ($2, $3, $4)";
    let row = sqlx::query(query)
        .bind(host)
        .bind(State::Completed.as_str())
        .bind(State::Cancelled.as_str())
        .bind(State::Aborted.as_str())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(Run::from_row).transpose()
}

/// The iperf3 ports that other runs have in a state.
///
/// # Errors
///
/// The database's.
pub async fn iperf_ports(
    db: &mut SqliteConnection,
    state: &State,
    but_of: &str,
) -> Result<Vec<i64>, StoreError> {
    let query = "SELECT iperf_port FROM runs
         WHERE iperf_port IS NOT NULL AND state = $1 AND id <> $2";
    Ok(sqlx::query_scalar(query)
        .bind(state.as_str())
        .bind(but_of)
        .fetch_all(db)
        .await?)
}

/// A run's state, without the rest of it.
///
/// # Errors
///
/// The database's.
pub async fn state(db: &mut SqliteConnection, id: &str) -> Result<Option<State>, StoreError> {
    let query = "SELECT state FROM runs WHERE id = $1";
    let word: Option<String> = sqlx::query_scalar(query)
        .bind(id)
        .fetch_optional(db)
        .await?;
    Ok(word.map(State::from))
}

/// What was heard of a run's agent.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The run.
    pub run: String,
    /// When.
    pub at: String,
    /// What it said.
    pub words: String,
}

/// Notes what was heard, and that the agent is not lost.
///
/// # Errors
///
/// The database's.
pub async fn heard(db: &mut SqliteConnection, heard: &Heard) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE runs SET last_heard = $2, last_words = $3, lost_since = NULL WHERE id = $1",
    )
    .bind(&heard.run)
    .bind(&heard.at)
    .bind(&heard.words)
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that a run's agent is silent for too long.
///
/// # Errors
///
/// The database's.
pub async fn lost(db: &mut SqliteConnection, run: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE runs SET lost_since = $2 WHERE id = $1 AND lost_since IS NULL")
        .bind(run)
        .bind(now())
        .execute(db)
        .await?;
    Ok(())
}

/// One change of a run's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromRow, JsonSchema)]
pub struct Transition {
    /// Its number in the run, from 1.
    pub seq: i64,
    /// When.
    pub at: String,
    /// From which state.
    pub from_state: String,
    /// To which.
    pub to_state: String,
    /// The attempt's number there.
    pub attempt: i64,
    /// What made it happen.
    pub cause: String,
}

/// A run's changes, in order.
///
/// # Errors
///
/// The database's.
pub async fn transitions(
    db: &mut SqliteConnection,
    run: &str,
) -> Result<Vec<Transition>, StoreError> {
    let query = "SELECT seq, at, from_state, to_state, attempt, cause FROM transitions
         WHERE run = $1 ORDER BY seq";
    Ok(sqlx::query_as(query).bind(run).fetch_all(db).await?)
}
