//! What is looked after all the time: agents that fall silent, runs that nobody claims, lines that
//! are old, what was heard and is not written down yet.

use std::time::{Duration, Instant};

use super::{Orchestrator, ServiceError};
use crate::clock::{self, Served, from_now};
use crate::lifecycle::{Event, step, was_given_up};
use crate::store::runs::{self, Heard, Run};
use crate::store::{audit, sessions};

/// How often old lines are looked for.
const CLEANING: Duration = Duration::from_secs(3600);
/// From how far on a calendar that was set is worth a warning.
const SET: Duration = Duration::from_secs(60);

impl Orchestrator {
    /// Looks after all of it until this is dropped.
    pub async fn patrol(&self) {
        let started = Instant::now();
        // Often enough for whatever is over first: an agent's silence, or its session.
        let shortest = self.settings.lost.min(self.settings.session);
        let period = (shortest / 4).clamp(Duration::from_millis(50), Duration::from_secs(5));
        let mut cleaned: Option<Instant> = None;
        let newest = self.newest().await.unwrap_or_else(|error| {
            tracing::error!("what was stored last could not be looked up: {error}");
            None
        });
        let served = Served::new(newest.as_deref());
        if let Err(error) = self.take_up().await {
            tracing::error!("runs could not be taken up: {error}");
        }
        loop {
            if let Err(error) = self.write_down_heard().await {
                tracing::error!("what was heard could not be written down: {error}");
            }
            if let Err(error) = self.write_down_dropped().await {
                tracing::error!("what was dropped could not be written down: {error}");
            }
            if let Err(error) = self.look_after_runs(started).await {
                tracing::error!("runs could not be looked after: {error}");
            }
            if cleaned.is_none_or(|last| last.elapsed() > CLEANING) {
                cleaned = Some(Instant::now());
                self.clean(&served).await;
            }
            tokio::time::sleep(period).await;
        }
    }

    /// When the newest of what ages was stored.
    async fn newest(&self) -> Result<Option<String>, ServiceError> {
        let line = self.store.journal.newest().await?;
        let deed = audit::newest(&mut *self.store.read().await?).await?;
        Ok(line.max(deed))
    }

    /// After a restart: the iperf3 servers of runs that are at their network stage.
    async fn take_up(&self) -> Result<(), ServiceError> {
        let mut db = self.store.read().await?;
        let live = runs::live(&mut db).await?;
        drop(db);
        for run in live {
            self.serve_iperf(&run.id).await;
        }
        Ok(())
    }

    pub(super) async fn write_down_heard(&self) -> Result<(), ServiceError> {
        let heard = self.live.unwritten();
        if heard.is_empty() {
            return Ok(());
        }
        let expires = from_now(self.settings.session);
        let mut tx = self.store.write().await?;
        for (run, presence) in &heard {
            let Some(state) = runs::state(&mut tx, run).await? else {
                continue;
            };
            let words = Heard {
                run: run.clone(),
                at: presence.time.clone(),
                words: presence.words.clone(),
            };
            runs::heard(&mut tx, &words).await?;
            // The agent of a completed run waits for a directive, however long that takes.
            if !was_given_up(&state) {
                sessions::slide(&mut tx, run, presence.epoch, &expires).await?;
            }
        }
        tx.commit().await?;
        self.live.written(&heard);
        Ok(())
    }

    /// Writes down how much was dropped of runs, for their reports.
    pub(super) async fn write_down_dropped(&self) -> Result<(), ServiceError> {
        for run in self.live.take_dropped() {
            if let Err(error) = self.write_down_drops_of(&run).await {
                // It is tried again.
                self.live.dropped(&run);
                return Err(error);
            }
        }
        Ok(())
    }

    async fn write_down_drops_of(&self, run: &str) -> Result<(), ServiceError> {
        let dropped = self.store.journal.dropped(run).await?;
        let mut tx = self.store.write().await?;
        runs::dropped(&mut tx, run, dropped).await?;
        if let Some(run) = runs::get(&mut tx, run).await? {
            super::records::store_at_rest(&mut tx, &run).await?;
        }
        Ok(tx.commit().await?)
    }

    pub(super) async fn look_after_runs(&self, started: Instant) -> Result<(), ServiceError> {
        let mut db = self.store.read().await?;
        let live = runs::live(&mut db).await?;
        drop(db);
        self.live.forget(self.settings.lost, |run| {
            live.iter().all(|live| live.id != run)
        });
        for run in live {
            if run.epoch == 0 {
                self.time_out(&run).await?;
                continue;
            }
            // After a restart everybody has as long as ever to be heard.
            let last = self.live.presence(&run.id).map_or(started, |p| p.at);
            if run.lost_since.is_none() && last.elapsed() > self.settings.lost {
                let mut tx = self.store.write().await?;
                runs::lost(&mut tx, &run.id).await?;
                let words = run.last_words.as_deref().unwrap_or("nothing");
                let detail = format!("last heard: {words}");
                audit::note(
                    &mut tx,
                    "orchestrator",
                    "agent lost",
                    Some(&run.id),
                    &detail,
                )
                .await?;
                tx.commit().await?;
                tracing::warn!(run = run.id, detail, "the agent is silent");
                self.live.changed(&run.id, &run.progress);
            }
        }
        Ok(())
    }

    /// Gives up a run that nobody has claimed in time.
    async fn time_out(&self, run: &Run) -> Result<(), ServiceError> {
        if self.live.unclaimed_for(&run.id) <= self.settings.unclaimed {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        // It may have been claimed or ended since it was looked at.
        let waits = |run: &Run| run.epoch == 0 && !run.progress.state.is_terminal();
        let Some(mut run) = runs::get(&mut tx, &run.id).await?.filter(waits) else {
            return Ok(());
        };
        let limit = humantime::format_duration(self.settings.unclaimed);
        let reason = format!(
            "nobody claimed the run within {limit}: did the host boot the image, and with this \
             run's parameters?"
        );
        let event = Event::Abort {
            reason: reason.clone(),
        };
        let after = step(&run.progress, &event)?;
        runs::advance(&mut tx, &mut run, after, "unclaimed").await?;
        super::records::store_record(&mut tx, &run).await?;
        audit::note(
            &mut tx,
            "orchestrator",
            "run timed out",
            Some(&run.id),
            &reason,
        )
        .await?;
        tx.commit().await?;
        self.changed(&run).await;
        Ok(())
    }

    async fn clean(&self, served: &Served) {
        let set = clock::was_set_by();
        if set.unsigned_abs() > SET {
            tracing::warn!(
                by = %format_args!("{set:#}"),
                "the calendar was set since the orchestrator started; nothing ages by it"
            );
        }
        if let Err(error) = self.forget_deeds(served).await {
            tracing::error!("old deeds could not be forgotten: {error}");
        }
        let Some(then) = served.older_than(self.settings.retention) else {
            return;
        };
        match self.store.journal.forget_before(&then).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "old lines and samples were forgotten"),
            Err(error) => tracing::error!("old lines could not be forgotten: {error}"),
        }
    }
}
