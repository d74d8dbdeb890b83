//! The journal's one writer: batches as they come, several in one transaction when several wait.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};
use tokio::sync::{mpsc, oneshot};
use vetting_protocol::{WireLine, WireSample};

use super::volume::{Bounds, Row, Volume};
use super::{Origin, Taken, level};
use crate::store::now;
use crate::store::runs::signed;

/// How many rows go into one statement: a call of the database costs more than a row.
const ROWS: usize = 100;
/// How many batches go into one transaction.
const TOGETHER: usize = 64;

/// What the writer does.
pub(super) enum Batch {
    Lines(Origin, Vec<WireLine>, Bounds),
    Samples(Origin, Vec<WireSample>, Bounds),
    /// What was stored before then is forgotten.
    Forget(String),
    /// What is of a run is forgotten.
    ForgetRun(String),
}

pub(super) type Order = (Batch, oneshot::Sender<Result<Taken, Arc<sqlx::Error>>>);

/// Writes until nobody can send more.
pub(super) async fn write_all(writer: SqlitePool, mut work: mpsc::Receiver<Order>) {
    let mut orders = Vec::with_capacity(TOGETHER);
    while work.recv_many(&mut orders, TOGETHER).await > 0 {
        let (batches, replies): (Vec<_>, Vec<_>) = orders.drain(..).unzip();
        let answers = match write(&writer, batches).await {
            Ok(taken) => taken.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(Arc::new(error)); replies.len()],
        };
        for (reply, answer) in replies.into_iter().zip(answers) {
            // Who asked may have gone; the batch is stored all the same.
            let _gone = reply.send(answer);
        }
    }
}

async fn write(writer: &SqlitePool, batches: Vec<Batch>) -> Result<Vec<Taken>, sqlx::Error> {
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let stored = now();
    let forgets = |batch: &Batch| matches!(batch, Batch::Forget(_) | Batch::ForgetRun(_));
    let forgets = batches.iter().any(forgets);
    let mut answers = Vec::with_capacity(batches.len());
    for batch in batches {
        answers.push(match batch {
            Batch::Forget(then) => delete(&mut tx, &BEFORE, &then).await?,
            Batch::ForgetRun(run) => delete(&mut tx, &OF_RUN, &run).await?,
            Batch::Lines(origin, lines, bounds) => {
                let (taken, _) = insert(&mut tx, &origin, lines, bounds, &stored).await?;
                taken
            }
            Batch::Samples(origin, samples, bounds) => {
                let (taken, kept) = insert(&mut tx, &origin, samples, bounds, &stored).await?;
                newest(&mut tx, &origin, &kept, &stored).await?;
                taken
            }
        });
    }
    tx.commit().await?;
    if forgets {
        // What was forgotten is given back to the disk, where the file was made so.
        sqlx::query("PRAGMA incremental_vacuum")
            .execute(writer)
            .await?;
    }
    Ok(answers)
}

/// What forgets what was stored before an instant.
const BEFORE: [&str; 3] = [
    "DELETE FROM lines WHERE stored < $1",
    "DELETE FROM samples WHERE stored < $1",
    "DELETE FROM series WHERE stored < $1",
];
/// What forgets a run.
const OF_RUN: [&str; 4] = [
    "DELETE FROM lines WHERE run = $1",
    "DELETE FROM samples WHERE run = $1",
    "DELETE FROM series WHERE run = $1",
    "DELETE FROM volumes WHERE run = $1",
];

async fn delete(
    tx: &mut Transaction<'static, Sqlite>,
    queries: &[&'static str],
    what: &str,
) -> Result<Taken, sqlx::Error> {
    let mut gone = 0;
    for query in queries {
        let done = sqlx::query(*query).bind(what).execute(&mut **tx).await?;
        gone += done.rows_affected();
    }
    Ok(Taken {
        stored: gone,
        dropped: 0,
    })
}

/// Rows of one kind, as a statement inserts them.
trait Insert: Row {
    /// The table's name and its columns up to the one that says when it was stored.
    const INTO: &'static str;

    fn bind(&self, row: &mut sqlx::query_builder::Separated<'_, Sqlite, &'static str>);
}

impl Insert for WireLine {
    const INTO: &'static str =
        "INSERT INTO lines (run, epoch, seq, boot_id, stored, ts, mono_ns, level, stage, text) ";

    fn bind(&self, row: &mut sqlx::query_builder::Separated<'_, Sqlite, &'static str>) {
        row.push_bind(self.ts.clone())
            .push_bind(signed(self.mono_ns))
            .push_bind(level(self.level))
            .push_bind(self.stage.clone())
            .push_bind(self.text.clone());
    }
}

impl Insert for WireSample {
    const INTO: &'static str = "INSERT INTO samples
         (run, epoch, seq, boot_id, stored, ts, mono_ns, kind, key, value, unit) ";

    fn bind(&self, row: &mut sqlx::query_builder::Separated<'_, Sqlite, &'static str>) {
        row.push_bind(self.ts.clone())
            .push_bind(signed(self.mono_ns))
            .push_bind(self.kind.clone())
            .push_bind(self.key.clone())
            .push_bind(self.value)
            .push_bind(self.unit.clone());
    }
}

/// Stores the rows of a batch that are not there yet, as far as the bounds let them in. Returns also what
/// was let in.
async fn insert<R: Insert>(
    tx: &mut Transaction<'static, Sqlite>,
    origin: &Origin,
    rows: Vec<R>,
    bounds: Bounds,
    stored: &str,
) -> Result<(Taken, Vec<R>), sqlx::Error> {
    let mut volume = Volume::read(tx, origin, R::KIND, bounds).await?;
    let (rows, dropped) = volume.take(rows);
    let mut new = 0;
    for some in rows.chunks(ROWS) {
        let mut query = QueryBuilder::new(R::INTO);
        query.push_values(some, |mut values, row| {
            values
                .push_bind(origin.run.clone())
                .push_bind(signed(origin.epoch))
                .push_bind(signed(row.seq()))
                .push_bind(origin.boot_id.clone())
                .push_bind(stored.to_owned());
            row.bind(&mut values);
        });
        query.push(" ON CONFLICT DO NOTHING RETURNING seq");
        let there: Vec<SqliteRow> = query.build().fetch_all(&mut **tx).await?;
        let mut inserted: BTreeMap<i64, u64> = BTreeMap::new();
        for row in &there {
            *inserted.entry(row.try_get("seq")?).or_default() += 1;
        }
        new += there.len() as u64;
        for row in some {
            match inserted.get_mut(&signed(row.seq())) {
                Some(left) if *left > 0 => *left -= 1,
                _ => volume.give_back(row.size()),
            }
        }
    }
    volume.write(tx, origin, R::KIND).await?;
    let taken = Taken {
        stored: new,
        dropped,
    };
    Ok((taken, rows))
}

/// Keeps the newest sample of each series of a batch, where it is newer than what is there.
async fn newest(
    tx: &mut Transaction<'static, Sqlite>,
    origin: &Origin,
    samples: &[WireSample],
    stored: &str,
) -> Result<(), sqlx::Error> {
    let mut newest: BTreeMap<(&str, &str), &WireSample> = BTreeMap::new();
    for sample in samples {
        let of = newest.entry((&sample.kind, &sample.key)).or_insert(sample);
        if sample.seq >= of.seq {
            *of = sample;
        }
    }
    let newest: Vec<&WireSample> = newest.into_values().collect();
    for some in newest.chunks(ROWS) {
        let mut query = QueryBuilder::new(
            "INSERT INTO series (run, kind, key, epoch, seq, ts, value, unit, stored) ",
        );
        query.push_values(some, |mut values, sample| {
            values
                .push_bind(origin.run.clone())
                .push_bind(sample.kind.clone())
                .push_bind(sample.key.clone())
                .push_bind(signed(origin.epoch))
                .push_bind(signed(sample.seq))
                .push_bind(sample.ts.clone())
                .push_bind(sample.value)
                .push_bind(sample.unit.clone())
                .push_bind(stored.to_owned());
        });
        query.push(
            " ON CONFLICT (run, kind, key) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq,
             ts = excluded.ts, value = excluded.value, unit = excluded.unit, stored = excluded.stored
             WHERE excluded.epoch > series.epoch
             OR (excluded.epoch = series.epoch AND excluded.seq > series.seq)",
        );
        query.build().execute(&mut **tx).await?;
    }
    Ok(())
}
