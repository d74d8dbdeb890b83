//! Log lines and samples: stored in batches, each batch answered when it is stored, and forgotten
//! when they are old. They are keyed by run, claim and sequence number, so that a batch that is sent
//! again is stored once, and ordered by boot and monotonic time, because clocks of bare machines are
//! wrong.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqlitePool, SqliteSynchronous};
use sqlx::{FromRow, QueryBuilder, Sqlite, Transaction};
use tokio::sync::{mpsc, oneshot};
use vetting_protocol::{Level, WireLine, WireSample};

use super::runs::signed;
use super::{StoreError, now, options, pool};

/// How many batches wait for the disk before whoever sends more has to wait.
const WAITING: usize = 256;
/// How many rows go into one statement: a call of the database costs more than a row.
const ROWS: usize = 100;
/// How many batches go into one transaction.
const TOGETHER: usize = 64;

/// Where a batch comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The run.
    pub run: String,
    /// The claim.
    pub epoch: u64,
    /// The boot.
    pub boot_id: String,
}

enum Batch {
    Lines(Origin, Vec<WireLine>),
    Samples(Origin, Vec<WireSample>),
    /// What was stored before then is forgotten.
    Forget(String),
    /// What is of a run is forgotten.
    ForgetRun(String),
}

type Order = (Batch, oneshot::Sender<Result<u64, String>>);

/// The journal.
#[derive(Clone, Debug)]
pub struct Journal {
    readers: SqlitePool,
    orders: mpsc::Sender<Order>,
}

/// A stored line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromRow)]
pub struct StoredLine {
    /// The claim.
    pub epoch: i64,
    /// Its number.
    pub seq: i64,
    /// The calendar's time there.
    pub ts: String,
    /// How much it matters.
    pub level: String,
    /// The stage that wrote it.
    pub stage: Option<String>,
    /// What it says.
    pub text: String,
}

/// A stored sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct StoredSample {
    /// The claim.
    pub epoch: i64,
    /// Its number.
    pub seq: i64,
    /// The calendar's time there.
    pub ts: String,
    /// What kind of thing.
    pub kind: String,
    /// Which one.
    pub key: String,
    /// The value.
    pub value: f64,
    /// Its unit.
    pub unit: String,
}

impl Journal {
    pub(super) async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = options(file).synchronous(SqliteSynchronous::Normal);
        let writer = pool(options.clone(), 1).await?;
        sqlx::migrate!("migrations/journal").run(&writer).await?;
        let readers = pool(options.read_only(true), 4).await?;
        let (orders, work) = mpsc::channel(WAITING);
        tokio::spawn(write_all(writer, work));
        Ok(Journal { readers, orders })
    }

    /// Stores lines; returns how many were new.
    ///
    /// # Errors
    ///
    /// When they could not be stored.
    pub async fn lines(&self, origin: Origin, lines: Vec<WireLine>) -> Result<u64, StoreError> {
        self.order(Batch::Lines(origin, lines)).await
    }

    /// Stores samples; returns how many were new.
    ///
    /// # Errors
    ///
    /// When they could not be stored.
    pub async fn samples(
        &self,
        origin: Origin,
        samples: Vec<WireSample>,
    ) -> Result<u64, StoreError> {
        self.order(Batch::Samples(origin, samples)).await
    }

    async fn order(&self, batch: Batch) -> Result<u64, StoreError> {
        let failed = |why: String| StoreError::Database(sqlx::Error::Protocol(why));
        let (reply, answer) = oneshot::channel();
        let sent = self.orders.send((batch, reply)).await;
        sent.map_err(|_| failed("the journal's writer has ended".to_owned()))?;
        match answer.await {
            Ok(stored) => stored.map_err(failed),
            Err(_) => Err(failed("the journal's writer has ended".to_owned())),
        }
    }

    /// The last lines of a run, oldest first.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn last_lines(&self, run: &str, most: u32) -> Result<Vec<StoredLine>, StoreError> {
        let query = "SELECT epoch, seq, ts, level, stage, text FROM lines WHERE run = $1
             ORDER BY epoch DESC, mono_ns DESC, seq DESC LIMIT $2";
        let mut lines: Vec<StoredLine> = sqlx::query_as(query)
            .bind(run)
            .bind(i64::from(most))
            .fetch_all(&self.readers)
            .await?;
        lines.reverse();
        Ok(lines)
    }

    /// The newest sample of each of a run's series.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn latest_samples(&self, run: &str) -> Result<Vec<StoredSample>, StoreError> {
        let query = "SELECT s.epoch, s.seq, s.ts, s.kind, s.key, s.value, s.unit FROM samples s
             JOIN (SELECT kind, key, MAX(epoch * 1000000000 + seq) AS newest FROM samples
             WHERE run = $1 GROUP BY kind, key) n
             ON s.run = $1 AND s.epoch * 1000000000 + s.seq = n.newest
             ORDER BY s.kind, s.key";
        Ok(sqlx::query_as(query)
            .bind(run)
            .fetch_all(&self.readers)
            .await?)
    }

    /// How many lines and samples of a run are stored.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn counts(&self, run: &str) -> Result<(i64, i64), StoreError> {
        let query = "SELECT (SELECT COUNT(*) FROM lines WHERE run = $1),
             (SELECT COUNT(*) FROM samples WHERE run = $1)";
        Ok(sqlx::query_as(query)
            .bind(run)
            .fetch_one(&self.readers)
            .await?)
    }

    /// Forgets a run's lines and samples; returns how many there were.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn forget_run(&self, run: &str) -> Result<u64, StoreError> {
        self.order(Batch::ForgetRun(run.to_owned())).await
    }

    /// Forgets what was stored before then.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn forget_before(&self, then: &str) -> Result<u64, StoreError> {
        self.order(Batch::Forget(then.to_owned())).await
    }
}

/// Forgets what is of a run.
async fn forget_run(tx: &mut Transaction<'static, Sqlite>, run: &str) -> Result<u64, sqlx::Error> {
    let mut gone = 0;
    for query in [
        "DELETE FROM lines WHERE run = $1",
        "DELETE FROM samples WHERE run = $1",
    ] {
        let done = sqlx::query(query).bind(run).execute(&mut **tx).await?;
        gone += done.rows_affected();
    }
    Ok(gone)
}

/// Writes batches as they come, several in one transaction when several wait.
async fn write_all(writer: SqlitePool, mut work: mpsc::Receiver<Order>) {
    let mut batches = Vec::with_capacity(TOGETHER);
    while work.recv_many(&mut batches, TOGETHER).await > 0 {
        let mut answers = Vec::with_capacity(batches.len());
        let stored = write(&writer, &batches, &mut answers).await;
        for (index, (_, reply)) in batches.drain(..).enumerate() {
            let answer = match &stored {
                Ok(()) => Ok(answers.get(index).copied().unwrap_or(0)),
                Err(error) => Err(error.to_string()),
            };
            // Who asked may have gone; the batch is stored all the same.
            let _gone = reply.send(answer);
        }
    }
}

async fn write(
    writer: &SqlitePool,
    batches: &[Order],
    answers: &mut Vec<u64>,
) -> Result<(), sqlx::Error> {
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let stored = now();
    for (batch, _) in batches {
        answers.push(match batch {
            Batch::Forget(then) => forget(&mut tx, then).await?,
            Batch::ForgetRun(run) => forget_run(&mut tx, run).await?,
            Batch::Lines(origin, lines) => insert_lines(&mut tx, origin, lines, &stored).await?,
            Batch::Samples(origin, samples) => {
                insert_samples(&mut tx, origin, samples, &stored).await?
            }
        });
    }
    tx.commit().await
}

async fn forget(tx: &mut Transaction<'static, Sqlite>, then: &str) -> Result<u64, sqlx::Error> {
    let lines = sqlx::query("DELETE FROM lines WHERE stored < $1")
        .bind(then)
        .execute(&mut **tx)
        .await?;
    let samples = sqlx::query("DELETE FROM samples WHERE stored < $1")
        .bind(then)
        .execute(&mut **tx)
        .await?;
    Ok(lines.rows_affected() + samples.rows_affected())
}

async fn insert_lines(
    tx: &mut Transaction<'static, Sqlite>,
    origin: &Origin,
    lines: &[WireLine],
    stored: &str,
) -> Result<u64, sqlx::Error> {
    let mut new = 0;
    for some in lines.chunks(ROWS) {
        let mut query = QueryBuilder::new(
            "INSERT INTO lines (run, epoch, seq, boot_id, ts, mono_ns, level, stage, text, stored) ",
        );
        query.push_values(some, |mut row, line| {
            row.push_bind(&origin.run)
                .push_bind(signed(origin.epoch))
                .push_bind(signed(line.seq))
                .push_bind(&origin.boot_id)
                .push_bind(&line.ts)
                .push_bind(signed(line.mono_ns))
                .push_bind(level(line.level))
                .push_bind(&line.stage)
                .push_bind(&line.text)
                .push_bind(stored);
        });
        new += insert(tx, query).await?;
    }
    Ok(new)
}

async fn insert_samples(
    tx: &mut Transaction<'static, Sqlite>,
    origin: &Origin,
    samples: &[WireSample],
    stored: &str,
) -> Result<u64, sqlx::Error> {
    let mut new = 0;
    for some in samples.chunks(ROWS) {
        let mut query = QueryBuilder::new(
            "INSERT INTO samples
             (run, epoch, seq, boot_id, ts, mono_ns, kind, key, value, unit, stored) ",
        );
        query.push_values(some, |mut row, sample| {
            row.push_bind(&origin.run)
                .push_bind(signed(origin.epoch))
                .push_bind(signed(sample.seq))
                .push_bind(&origin.boot_id)
                .push_bind(&sample.ts)
                .push_bind(signed(sample.mono_ns))
                .push_bind(&sample.kind)
                .push_bind(&sample.key)
                .push_bind(sample.value)
                .push_bind(&sample.unit)
                .push_bind(stored);
        });
        new += insert(tx, query).await?;
    }
    Ok(new)
}

/// Stores the rows of a query that are not there yet; returns how many those were.
async fn insert(
    tx: &mut Transaction<'static, Sqlite>,
    mut query: QueryBuilder<Sqlite>,
) -> Result<u64, sqlx::Error> {
    query.push(" ON CONFLICT DO NOTHING");
    let done = query.build().execute(&mut **tx).await?;
    Ok(done.rows_affected())
}

/// A level's word.
pub fn level(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}
