//! How much of a run's lines and samples is kept. An agent may send as much as it likes: what is beyond the
//! bounds of its claim or its run is dropped and counted. A claim has less than its run, so that a claim that
//! talks without end leaves room for the one after it.

use sqlx::{Row as _, Sqlite, Transaction};
use vetting_protocol::{WireLine, WireSample};

use super::{Dropped, Origin};
use crate::cut;
use crate::store::runs::signed;

/// The longest text of a line that is kept, in bytes. The runtime cuts a stage's own words at 2 KiB.
pub const LONGEST_TEXT: usize = 8 << 10;
/// The longest name of a stage, kind or unit that is kept, in bytes, and the longest time stamp.
pub const LONGEST_WORD: usize = 64;
/// The longest key of a sample that is kept, in bytes.
pub const LONGEST_KEY: usize = 256;
/// What a row costs besides its texts, in bytes: its numbers and its entries in the indexes.
const ROW: u64 = 96;

/// How much of one kind is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// How many rows.
    pub rows: u64,
    /// How many bytes, with what a row costs besides its texts.
    pub bytes: u64,
}

/// How much of one kind is kept of a claim, and of all claims of a run together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Of a claim.
    pub claim: Bound,
    /// Of a run.
    pub run: Bound,
}

impl Bounds {
    /// Bounds by the bytes of a run: a claim has half of them, and a row is at least as large as a short
    /// line.
    pub fn of_run(bytes: u64) -> Self {
        let bound = |bytes: u64| Bound {
            rows: bytes / (ROW + 32),
            bytes,
        };
        Bounds {
            claim: bound(bytes / 2),
            run: bound(bytes),
        }
    }
}

/// What a batch is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Lines,
    Samples,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Lines => "lines",
            Kind::Samples => "samples",
        }
    }
}

/// A row to keep: bounded, with its size.
pub(super) trait Row {
    const KIND: Kind;

    /// Its number.
    fn seq(&self) -> u64;

    /// Cuts its texts to what is kept.
    fn cut(&mut self);

    /// What it costs, in bytes.
    fn size(&self) -> u64;
}

impl Row for WireLine {
    const KIND: Kind = Kind::Lines;

    fn seq(&self) -> u64 {
        self.seq
    }

    fn cut(&mut self) {
        cut::to_head(&mut self.text, LONGEST_TEXT);
        cut::to_head(&mut self.ts, LONGEST_WORD);
        if let Some(stage) = &mut self.stage {
            cut::to_head(stage, LONGEST_WORD);
        }
    }

    fn size(&self) -> u64 {
        let texts = self.text.len() + self.ts.len() + self.stage.as_ref().map_or(0, String::len);
        ROW + texts as u64
    }
}

impl Row for WireSample {
    const KIND: Kind = Kind::Samples;

    fn seq(&self) -> u64 {
        self.seq
    }

    fn cut(&mut self) {
        cut::to_head(&mut self.key, LONGEST_KEY);
        for word in [&mut self.kind, &mut self.unit, &mut self.ts] {
            cut::to_head(word, LONGEST_WORD);
        }
    }

    fn size(&self) -> u64 {
        let texts = self.key.len() + self.kind.len() + self.unit.len() + self.ts.len();
        ROW + texts as u64
    }
}

/// What was taken and dropped so far of a claim, and how much its run has besides.
pub(super) struct Volume {
    bounds: Bounds,
    claim: Bound,
    others: Bound,
    dropped: u64,
    /// The greatest number that came; -1: none.
    seen: i64,
}

impl Volume {
    /// The volume of a claim as it is stored.
    pub async fn read(
        tx: &mut Transaction<'static, Sqlite>,
        origin: &Origin,
        kind: Kind,
        bounds: Bounds,
    ) -> Result<Self, sqlx::Error> {
        let query = "SELECT epoch, taken, bytes, dropped, seen FROM volumes
             WHERE run = $1 AND kind = $2";
        let rows = sqlx::query(query)
            .bind(&origin.run)
            .bind(kind.as_str())
            .fetch_all(&mut **tx)
            .await?;
        let none = Bound { rows: 0, bytes: 0 };
        let mut volume = Volume {
            bounds,
            claim: none,
            others: none,
            dropped: 0,
            seen: -1,
        };
        for row in rows {
            let number =
                |column| Ok::<_, sqlx::Error>(row.try_get::<i64, _>(column)?.max(0).unsigned_abs());
            let (taken, bytes) = (number("taken")?, number("bytes")?);
            if row.try_get::<i64, _>("epoch")? == signed(origin.epoch) {
                volume.claim = Bound { rows: taken, bytes };
                volume.dropped = number("dropped")?;
                volume.seen = row.try_get("seen")?;
            } else {
                volume.others.rows = volume.others.rows.saturating_add(taken);
                volume.others.bytes = volume.others.bytes.saturating_add(bytes);
            }
        }
        Ok(volume)
    }

    /// Takes the rows for which there is room; the others are dropped, and counted where they did not come
    /// before. Returns what is to be stored and how many were dropped now.
    pub fn take<R: Row>(&mut self, rows: Vec<R>) -> (Vec<R>, u64) {
        let mut taken = Vec::with_capacity(rows.len());
        let before = self.dropped;
        for mut row in rows {
            row.cut();
            let seq = signed(row.seq());
            if self.has_room(row.size()) {
                self.claim.rows = self.claim.rows.saturating_add(1);
                self.claim.bytes = self.claim.bytes.saturating_add(row.size());
                taken.push(row);
            } else if seq > self.seen {
                self.dropped = self.dropped.saturating_add(1);
            }
            self.seen = self.seen.max(seq);
        }
        (taken, self.dropped.saturating_sub(before))
    }

    fn has_room(&self, size: u64) -> bool {
        let fits = |had: Bound, bound: Bound| {
            had.rows < bound.rows && had.bytes.saturating_add(size) <= bound.bytes
        };
        let run = Bound {
            rows: self.claim.rows.saturating_add(self.others.rows),
            bytes: self.claim.bytes.saturating_add(self.others.bytes),
        };
        fits(self.claim, self.bounds.claim) && fits(run, self.bounds.run)
    }

    /// A row that was taken is there already: it was sent again, and is counted once.
    pub fn give_back(&mut self, size: u64) {
        self.claim.rows = self.claim.rows.saturating_sub(1);
        self.claim.bytes = self.claim.bytes.saturating_sub(size);
    }

    /// Stores the volume.
    pub async fn write(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        origin: &Origin,
        kind: Kind,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO volumes (run, epoch, kind, taken, bytes, dropped, seen)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (run, epoch, kind) DO UPDATE SET taken = excluded.taken,
             bytes = excluded.bytes, dropped = excluded.dropped, seen = excluded.seen",
        )
        .bind(&origin.run)
        .bind(signed(origin.epoch))
        .bind(kind.as_str())
        .bind(signed(self.claim.rows))
        .bind(signed(self.claim.bytes))
        .bind(signed(self.dropped))
        .bind(self.seen)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// What was dropped of a run, from its rows of both kinds.
pub(super) fn dropped(rows: &[(String, i64)]) -> Dropped {
    let of = |kind: Kind| {
        let rows = rows.iter().filter(|(name, _)| name == kind.as_str());
        rows.fold(0_u64, |sum, (_, count)| {
            sum.saturating_add(count.max(&0).unsigned_abs())
        })
    };
    Dropped {
        lines: of(Kind::Lines),
        samples: of(Kind::Samples),
    }
}
