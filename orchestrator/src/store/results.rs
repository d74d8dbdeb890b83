//! Results of attempts.

use serde::{Deserialize, Serialize};
use sqlx::{Row as _, SqliteConnection};
use vetting_protocol::{Ending, ResultAnswer, StageRecord};

use super::runs::signed;
use super::{StoreError, from_json, now, to_json};
use crate::cut;

/// A stored result.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// How the attempt went.
    pub record: StageRecord,
    /// Whether that let the run go on.
    pub passed: bool,
    /// When it was stored.
    pub stored: String,
}

/// A result to store.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// The run.
    pub run: &'a str,
    /// The claim under which it came.
    pub epoch: u64,
    /// Whether it lets the run go on.
    pub passed: bool,
    /// How the attempt went.
    pub record: &'a StageRecord,
    /// What the machine is made of, with the result of `Inventory`.
    pub inventory: Option<&'a serde_json::Value>,
    /// What it was answered.
    pub answer: &'a ResultAnswer,
}

/// The longest message or summary in a [`Head`], in bytes.
const LONGEST_TEXT: usize = 2048;

/// The head of a result: what lists and pages show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The verdict's word.
    pub verdict: String,
    /// The beginning of the message.
    pub message: String,
    /// The beginning of the summary.
    pub summary: String,
    /// How long the attempt took.
    pub duration_ms: u64,
}

impl Head {
    fn of(record: &StageRecord) -> Self {
        Head {
            verdict: record.verdict_word().to_owned(),
            message: cut::head(&record.message, LONGEST_TEXT).into_owned(),
            summary: cut::head(&record.summary, LONGEST_TEXT).into_owned(),
            duration_ms: record.duration_ms,
        }
    }
}

/// The answer that a result of this attempt was given, when there was one.
///
/// # Errors
///
/// The database's.
pub async fn answer(
    db: &mut SqliteConnection,
    run: &str,
    stage: &str,
    attempt: u32,
) -> Result<Option<ResultAnswer>, StoreError> {
    let query = "SELECT answer FROM results WHERE run = $1 AND stage = $2 AND attempt = $3";
    let text: Option<String> = sqlx::query_scalar(query)
        .bind(run)
        .bind(stage)
        .bind(i64::from(attempt))
        .fetch_optional(db)
        .await?;
    text.map(|text| from_json("answer", &text)).transpose()
}

/// Stores a result. There must be none of this attempt.
///
/// # Errors
///
/// The database's.
pub async fn insert(db: &mut SqliteConnection, new: &New<'_>) -> Result<(), StoreError> {
    let inventory = new.inventory.map(|value| to_json("inventory", value));
    sqlx::query(
        "INSERT INTO results (run, stage, attempt, epoch, passed, record, inventory, answer, stored, head)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(new.run)
    .bind(&new.record.stage)
    .bind(i64::from(new.record.attempt))
    .bind(signed(new.epoch))
    .bind(new.passed)
    .bind(to_json("record", new.record)?)
    .bind(inventory.transpose()?)
    .bind(to_json("answer", new.answer)?)
    .bind(now())
    .bind(to_json("head", &Head::of(new.record))?)
    .execute(db)
    .await?;
    Ok(())
}

/// The head of an attempt's result, where it has one.
///
/// # Errors
///
/// The database's.
pub async fn head(
    db: &mut SqliteConnection,
    run: &str,
    stage: &str,
    attempt: u32,
) -> Result<Option<Head>, StoreError> {
    let query = "SELECT head, CASE WHEN head IS NULL THEN record END AS record FROM results
         WHERE run = $1 AND stage = $2 AND attempt = $3";
    let row = sqlx::query(query)
        .bind(run)
        .bind(stage)
        .bind(i64::from(attempt))
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (head, record): (Option<String>, Option<String>) =
        (row.try_get("head")?, row.try_get("record")?);
    if let Some(head) = head {
        return from_json("head", &head).map(Some);
    }
    let record = record.map(|record| from_json::<StageRecord>("record", &record));
    Ok(record.transpose()?.as_ref().map(Head::of))
}

/// All results of a run, in the order in which they came.
///
/// # Errors
///
/// The database's.
pub async fn of_run(db: &mut SqliteConnection, run: &str) -> Result<Vec<Stored>, StoreError> {
    let query = "SELECT record, passed, stored FROM results WHERE run = $1
         ORDER BY stored, stage, attempt";
    let rows = sqlx::query(query).bind(run).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let record: String = row.try_get("record")?;
            Ok(Stored {
                record: from_json("record", &record)?,
                passed: row.try_get("passed")?,
                stored: row.try_get("stored")?,
            })
        })
        .collect()
}

/// The number of a stage's newest attempt that has a result; 0 where none has.
///
/// # Errors
///
/// The database's.
pub async fn last_attempt(
    db: &mut SqliteConnection,
    run: &str,
    stage: &str,
) -> Result<u32, StoreError> {
    let query = "SELECT MAX(attempt) FROM results WHERE run = $1 AND stage = $2";
    let last: Option<i64> = sqlx::query_scalar(query)
        .bind(run)
        .bind(stage)
        .fetch_one(db)
        .await?;
    Ok(last.and_then(|last| u32::try_from(last).ok()).unwrap_or(0))
}

/// The last inventory that came with any result of `Inventory`.
///
/// # Errors
///
/// The database's.
pub async fn last_inventory(
    db: &mut SqliteConnection,
    run: &str,
) -> Result<Option<serde_json::Value>, StoreError> {
    let query = "SELECT inventory FROM results
         WHERE run = $1 AND stage = $2 AND inventory IS NOT NULL ORDER BY attempt DESC LIMIT 1";
    let text: Option<String> = sqlx::query_scalar(query)
        .bind(run)
        .bind(crate::lifecycle::INVENTORY)
        .fetch_optional(db)
        .await?;
    text.map(|text| from_json("inventory", &text)).transpose()
}

/// The inventory that came with the newest result of `Inventory`, where one did.
///
/// # Errors
///
/// The database's.
pub async fn newest_inventory(
    db: &mut SqliteConnection,
    run: &str,
) -> Result<Option<serde_json::Value>, StoreError> {
    let query = "SELECT inventory FROM results WHERE run = $1 AND stage = $2
         ORDER BY attempt DESC LIMIT 1";
    let newest: Option<Option<String>> = sqlx::query_scalar(query)
        .bind(run)
        .bind(crate::lifecycle::INVENTORY)
        .fetch_optional(db)
        .await?;
    let text = newest.flatten();
    text.map(|text| from_json("inventory", &text)).transpose()
}

/// Changes the orchestrator's own records that a host went down, which a claim made of the attempt that
/// was at work: what was learnt since says otherwise. Returns how many there were.
///
/// # Errors
///
/// The database's.
pub async fn replace_host_down(
    db: &mut SqliteConnection,
    run: &str,
    epoch: u64,
    change: impl Fn(&mut StageRecord),
) -> Result<u64, StoreError> {
    let query = "SELECT stage, attempt, record FROM results WHERE run = $1 AND epoch = $2";
    let rows = sqlx::query(query)
        .bind(run)
        .bind(signed(epoch))
        .fetch_all(&mut *db)
        .await?;
    let mut changed = 0;
    for row in rows {
        let (stage, attempt): (String, i64) = (row.try_get("stage")?, row.try_get("attempt")?);
        let text: String = row.try_get("record")?;
        let mut record: StageRecord = from_json("record", &text)?;
        if record.ending != Ending::HostDown {
            continue;
        }
        change(&mut record);
        sqlx::query(
            "UPDATE results SET record = $4, head = $5
             WHERE run = $1 AND stage = $2 AND attempt = $3",
        )
        .bind(run)
        .bind(stage)
        .bind(attempt)
        .bind(to_json("record", &record)?)
        .bind(to_json("head", &Head::of(&record))?)
        .execute(&mut *db)
        .await?;
        changed += 1;
    }
    Ok(changed)
}
