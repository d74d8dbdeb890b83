//! Log lines and samples: stored in batches, each batch answered when it is stored, and forgotten
//! when they are old. They are keyed by run, claim and sequence number, so that a batch that is sent
//! again is stored once, and ordered by boot and monotonic time, because clocks of bare machines are
//! wrong. How much is kept of a run is bounded ([`volume`]).

pub mod volume;
mod write;

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use sqlx::sqlite::{SqliteAutoVacuum, SqlitePool, SqliteSynchronous};
use tokio::sync::{mpsc, oneshot};
use vetting_protocol::{Level, WireLine, WireSample};

use self::volume::Bounds;
use self::write::{Batch, Order, write_all};
use super::room::Room;
use super::{StoreError, options, pool};

/// How many batches wait for the disk before whoever sends more has to wait.
const WAITING: usize = 64;

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

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// How many rows were new and are stored.
    pub stored: u64,
    /// How many were dropped, because the bounds of their claim or run were reached.
    pub dropped: u64,
}

/// How much was dropped of a run, because its bounds were reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dropped {
    /// How many log lines.
    pub lines: u64,
    /// How many samples.
    pub samples: u64,
}

/// The journal.
#[derive(Clone, Debug)]
pub struct Journal {
    readers: SqlitePool,
    orders: mpsc::Sender<Order>,
    room: Room,
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
    pub(super) async fn open(folder: &Path) -> Result<Self, StoreError> {
        let file = folder.join("journal.db");
        let options = options(&file).synchronous(SqliteSynchronous::Normal);
        // A new journal can give the space of what it forgets back to the disk.
        let writer = options.clone().auto_vacuum(SqliteAutoVacuum::Incremental);
        let writer = pool(writer, 1).await?;
        super::migrate(&file, sqlx::migrate!("migrations/journal"), &writer).await?;
        let readers = pool(options.read_only(true), 4).await?;
        let (orders, work) = mpsc::channel(WAITING);
        tokio::spawn(write_all(writer, work));
        let room = Room::of(folder, &file)?;
        Ok(Journal {
            readers,
            orders,
            room,
        })
    }

    /// Stores lines, as far as the bounds let them in.
    ///
    /// # Errors
    ///
    /// When they could not be stored.
    pub async fn lines(
        &self,
        origin: Origin,
        lines: Vec<WireLine>,
        bounds: Bounds,
    ) -> Result<Taken, StoreError> {
        self.order(Batch::Lines(origin, lines, bounds)).await
    }

    /// Stores samples, as far as the bounds let them in.
    ///
    /// # Errors
    ///
    /// When they could not be stored.
    pub async fn samples(
        &self,
        origin: Origin,
        samples: Vec<WireSample>,
        bounds: Bounds,
    ) -> Result<Taken, StoreError> {
        self.order(Batch::Samples(origin, samples, bounds)).await
    }

    async fn order(&self, batch: Batch) -> Result<Taken, StoreError> {
        self.room.in_place()?;
        let failed = |why: String| StoreError::Database(sqlx::Error::Protocol(why));
        let (reply, answer) = oneshot::channel();
        let sent = self.orders.send((batch, reply)).await;
        sent.map_err(|_| failed("the journal's writer has ended".to_owned()))?;
        match answer.await {
            Ok(taken) => taken.map_err(StoreError::Journal),
            Err(_) => Err(failed("the journal's writer has ended".to_owned())),
        }
    }

    /// The last lines of a run, oldest first, each with the first `longest` characters of its text.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn last_lines(
        &self,
        run: &str,
        most: u32,
        longest: u32,
    ) -> Result<Vec<StoredLine>, StoreError> {
        // The order of the primary key: a process numbers its lines as it writes them, and only the last
        // rows are read, however many there are.
        let query =
            "SELECT epoch, seq, SUBSTR(ts, 1, 64) AS ts, level, SUBSTR(stage, 1, 64) AS stage,
             SUBSTR(text, 1, $3) AS text
             FROM lines WHERE run = $1 ORDER BY epoch DESC, seq DESC LIMIT $2";
        let mut lines: Vec<StoredLine> = sqlx::query_as(query)
            .bind(run)
            .bind(i64::from(most))
            .bind(i64::from(longest))
            .fetch_all(&self.readers)
            .await?;
        lines.reverse();
        Ok(lines)
    }

    /// The newest sample of each of a run's series, of the first `most` series by kind and key.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn latest_samples(
        &self,
        run: &str,
        most: u32,
    ) -> Result<Vec<StoredSample>, StoreError> {
        let query = "SELECT epoch, seq, SUBSTR(ts, 1, 64) AS ts, SUBSTR(kind, 1, 64) AS kind,
             SUBSTR(key, 1, 256) AS key, value, SUBSTR(unit, 1, 64) AS unit FROM series
             WHERE run = $1 ORDER BY series.kind, series.key LIMIT $2";
        Ok(sqlx::query_as(query)
            .bind(run)
            .bind(i64::from(most))
            .fetch_all(&self.readers)
            .await?)
    }

    /// How much of a run was dropped.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn dropped(&self, run: &str) -> Result<Dropped, StoreError> {
        let query = "SELECT kind, dropped FROM volumes WHERE run = $1";
        let rows: Vec<(String, i64)> = sqlx::query_as(query)
            .bind(run)
            .fetch_all(&self.readers)
            .await?;
        Ok(volume::dropped(&rows))
    }

    /// The runs of which something was dropped.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn runs_with_drops(&self) -> Result<Vec<String>, StoreError> {
        let query = "SELECT DISTINCT run FROM volumes WHERE dropped > 0";
        Ok(sqlx::query_scalar(query).fetch_all(&self.readers).await?)
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

    /// Forgets a run's lines and samples; returns how many rows there were.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn forget_run(&self, run: &str) -> Result<u64, StoreError> {
        let forgotten = self.order(Batch::ForgetRun(run.to_owned())).await?;
        Ok(forgotten.stored)
    }

    /// When the newest line was stored, if there is one.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn newest(&self) -> Result<Option<String>, StoreError> {
        let query = "SELECT MAX(stored) FROM lines";
        Ok(sqlx::query_scalar(query).fetch_one(&self.readers).await?)
    }

    /// Forgets what was stored before then.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn forget_before(&self, then: &str) -> Result<u64, StoreError> {
        let forgotten = self.order(Batch::Forget(then.to_owned())).await?;
        Ok(forgotten.stored)
    }
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
