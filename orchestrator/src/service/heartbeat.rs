//! Heartbeats: what an agent does, and what it is to do. An answer is held back for as long as the
//! agent asked, or until there is a directive.

use std::time::Duration;

use vetting_protocol::{Directive, DirectiveAnswer, Heartbeat, HeartbeatAnswer};

use super::{Caller, LiveEvent, Orchestrator, ServiceError, agents, has_passed};
use crate::lifecycle::{Event, step};
use crate::store::runs::{self, Run};
use crate::store::{audit, directives};

/// The longest that an answer is held back.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Orchestrator {
    /// Notes that an agent lives, and answers with what it is to do.
    ///
    /// # Errors
    ///
    /// When the agent was replaced, also while its answer was held back.
    pub async fn heartbeat(
        &self,
        caller: &Caller,
        beat: Heartbeat,
    ) -> Result<HeartbeatAnswer, ServiceError> {
        // From before the first look, so that nothing rings unheard.
        let mut bell = self.live.bell(&caller.run);
        let run = self.current(caller, beat.epoch).await?;
        self.note(&run, &beat);
        if begins(&run, &beat) || !beat.directive_answers.is_empty() {
            self.write_down(caller, &beat).await?;
        }
        let wait = Duration::from_millis(beat.wait_ms).min(LONGEST_WAIT);
        let until = tokio::time::Instant::now() + wait;
        loop {
            let directives = self.due(&run.id).await?;
            if !directives.is_empty() || tokio::time::Instant::now() >= until {
                return Ok(HeartbeatAnswer {
                    directives,
                    periods: Some(self.settings.periods),
                });
            }
            // Rung or over: both are looked at above, by an agent that was not replaced meanwhile.
            let _rung = tokio::time::timeout_at(until, bell.changed()).await;
            self.current(caller, beat.epoch).await?;
        }
    }

    async fn current(&self, caller: &Caller, epoch: u64) -> Result<Run, ServiceError> {
        let mut db = self.store.read().await?;
        agents::newest_of(&mut db, caller, epoch).await
    }

    fn note(&self, run: &Run, beat: &Heartbeat) {
        let note = beat.note.as_deref().unwrap_or_default();
        let words = match (&beat.stage, beat.attempt) {
            (Some(stage), Some(attempt)) => format!("{stage} attempt {attempt}: {note}"),
            _ => beat.state.to_string(),
        };
        self.live.tell(
            &run.id,
            LiveEvent::Run {
                state: run.progress.state.to_string(),
                words: words.clone(),
                fraction: beat.fraction,
            },
        );
        self.live.heard(&run.id, run.epoch, words, beat.fraction);
    }

    async fn write_down(&self, caller: &Caller, beat: &Heartbeat) -> Result<(), ServiceError> {
        let mut tx = self.store.write().await?;
        for answer in &beat.directive_answers {
            directives::answered(&mut tx, &caller.run, answer).await?;
        }
        // The run may have moved on since it was looked at: its result was faster.
        let run = runs::get(&mut tx, &caller.run).await?;
        if let Some(mut run) = run.filter(|run| begins(run, beat)) {
            let after = step(&run.progress, &Event::Begun)?;
            runs::advance(&mut tx, &mut run, after, "begun").await?;
        }
        Ok(tx.commit().await?)
    }

    /// The directives that an agent is to be told. Those that are too old are void.
    async fn due(&self, run: &str) -> Result<Vec<Directive>, ServiceError> {
        let mut db = self.store.read().await?;
        let pending = directives::pending(&mut db, run).await?;
        let (void, due): (Vec<_>, Vec<_>) = pending
            .into_iter()
            .partition(|directive| has_passed(&directive.expires));
        if !void.is_empty() {
            drop(db);
            let mut tx = self.store.write().await?;
            for directive in void {
                let answer = DirectiveAnswer {
                    id: directive.id,
                    status: vetting_protocol::DirectiveStatus::Rejected,
                    reason: Some("it expired before the agent did it".to_owned()),
                };
                directives::answered(&mut tx, run, &answer).await?;
                let cmd = directive.cmd.as_str();
                audit::note(&mut tx, "orchestrator", "directive expired", Some(run), cmd).await?;
            }
            tx.commit().await?;
        }
        Ok(due)
    }
}

/// Whether the heartbeat is the first word of the attempt whose turn it is.
fn begins(run: &Run, beat: &Heartbeat) -> bool {
    run.progress.current().is_some_and(|stage| {
        !stage.begun
            && beat.stage.as_ref() == Some(&stage.name)
            && beat.attempt == Some(stage.attempt)
    })
}
