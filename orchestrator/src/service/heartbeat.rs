//! Heartbeats: what an agent does, and what it is to do. An answer is held back for as long as the
//! agent asked, or until there is a directive.

use std::time::Duration;

use vetting_protocol::{DirectiveAnswer, Heartbeat, HeartbeatAnswer};

use super::live::LONGEST_WORDS;
use super::{Caller, LiveEvent, Orchestrator, ServiceError, agents};
use crate::cut;
use crate::lifecycle::{Refused, was_given_up};
use crate::store::directives;
use crate::store::runs::Run;

/// The longest that an answer is held back.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Orchestrator {
    /// Notes that an agent lives, and answers with what it is to do.
    ///
    /// # Errors
    ///
    /// When the agent was replaced, also while its answer was held back; or when the run was given
    /// up and nothing is left to tell.
    pub async fn heartbeat(
        &self,
        caller: &Caller,
        beat: Heartbeat,
    ) -> Result<HeartbeatAnswer, ServiceError> {
        // From before the first look, so that nothing rings unheard.
        let mut bell = self.live.bell(&caller.run);
        let mut run = self.current(caller, beat.epoch).await?;
        self.note(&run, &beat);
        self.write_down(caller, &beat.directive_answers).await?;
        let wait = Duration::from_millis(beat.wait_ms).min(LONGEST_WAIT);
        let until = tokio::time::Instant::now() + wait;
        loop {
            let directives = self.due(&run).await?;
            // Its directive expired while it was away: what it still does is for nobody.
            let idle = directives.is_empty() && beat.directive_answers.is_empty();
            if idle && was_given_up(&run.progress.state) {
                return Err(Refused::Over(run.progress.state).into());
            }
            if !directives.is_empty() || tokio::time::Instant::now() >= until {
                return Ok(HeartbeatAnswer {
                    directives,
                    periods: Some(self.settings.periods),
                });
            }
            // Rung or over: both are looked at above, by an agent that was not replaced meanwhile.
            let _rung = tokio::time::timeout_at(until, bell.changed()).await;
            run = self.current(caller, beat.epoch).await?;
        }
    }

    async fn current(&self, caller: &Caller, epoch: u64) -> Result<Run, ServiceError> {
        let mut db = self.store.read().await?;
        agents::newest_of(&mut db, caller, epoch).await
    }

    fn note(&self, run: &Run, beat: &Heartbeat) {
        let note = beat.note.as_deref().unwrap_or_default();
        let mut words = match (&beat.stage, beat.attempt) {
            (Some(stage), Some(attempt)) => format!("{stage} attempt {attempt}: {note}"),
            _ => beat.state.to_string(),
        };
        cut::to_head(&mut words, LONGEST_WORDS);
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

    async fn write_down(
        &self,
        caller: &Caller,
        answers: &[DirectiveAnswer],
    ) -> Result<(), ServiceError> {
        if answers.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        for answer in answers {
            let mut answer = answer.clone();
            if let Some(reason) = &mut answer.reason {
                cut::to_head(reason, LONGEST_WORDS);
            }
            directives::answered(&mut tx, &caller.run, &answer).await?;
        }
        Ok(tx.commit().await?)
    }
}
