//! What else agents deliver: log lines and samples; and the components that they fetch.

use std::time::Duration;

use vetting_protocol::{BatchAnswer, Code, LogBatch, SampleBatch};

use super::agents::{self, newest_of};
use super::{Caller, LiveEvent, Orchestrator, ServiceError};
use crate::clock::has_passed;
use crate::secret;
use crate::store::journal::{Origin, Taken};
use crate::store::stages;

/// After how long an agent whose lines found no room comes again.
const COME_AGAIN: Duration = Duration::from_secs(10);

impl Orchestrator {
    /// Stores log lines.
    ///
    /// # Errors
    ///
    /// When the agent was replaced, or the disk has no room for lines.
    pub async fn lines(
        &self,
        caller: &Caller,
        batch: LogBatch,
    ) -> Result<BatchAnswer, ServiceError> {
        self.room()?;
        let origin = self.origin(caller, batch.epoch).await?;
        let event = self.live.is_watched(&caller.run);
        let event = event.then(|| LiveEvent::of_lines(&batch.lines));
        let bounds = self.settings.lines;
        let taken = self.store.journal.lines(origin, batch.lines, bounds);
        self.delivered(caller, taken.await?, event)
    }

    /// Stores samples.
    ///
    /// # Errors
    ///
    /// When the agent was replaced, or the disk has no room for samples.
    pub async fn samples(
        &self,
        caller: &Caller,
        batch: SampleBatch,
    ) -> Result<BatchAnswer, ServiceError> {
        self.room()?;
        let origin = self.origin(caller, batch.epoch).await?;
        let event = self.live.is_watched(&caller.run);
        let event = event.then(|| LiveEvent::of_samples(&batch.samples));
        let bounds = self.settings.samples;
        let taken = self.store.journal.samples(origin, batch.samples, bounds);
        self.delivered(caller, taken.await?, event)
    }

    /// Answers a batch that was stored as far as the run's bounds let it in.
    fn delivered(
        &self,
        caller: &Caller,
        taken: Taken,
        event: Option<LiveEvent>,
    ) -> Result<BatchAnswer, ServiceError> {
        if taken.dropped > 0 && self.live.dropped(&caller.run) {
            tracing::warn!(
                run = caller.run,
                "the run's bound of log lines or samples is reached: what comes is dropped and counted"
            );
        }
        if let Some(event) = event {
            self.live.tell(&caller.run, event);
        }
        Ok(BatchAnswer {
            stored: taken.stored,
            dropped: taken.dropped,
        })
    }

    /// Refuses what can wait while the disk has less room than its floor: what is left is for results,
    /// claims and directives.
    pub(super) fn room(&self) -> Result<(), ServiceError> {
        self.store
            .room
            .above(self.settings.min_free)
            .map_err(|why| ServiceError::Later {
                code: Code::Unavailable,
                message: format!("{why}; come again later"),
                after: COME_AGAIN,
            })
    }

    /// A component's bytes, for anybody who holds a session.
    ///
    /// # Errors
    ///
    /// When the token is no session's, or there is no such component.
    pub async fn component(
        &self,
        token: Option<&str>,
        digest: &str,
    ) -> Result<Vec<u8>, ServiceError> {
        let hash = token.map(secret::hash).unwrap_or_default();
        let mut db = self.store.read().await?;
        let session = crate::store::sessions::get(&mut db, &hash).await?;
        let Some(session) = session else {
            return Err(ServiceError::refused(
                Code::BadToken,
                "components are given to agents with a session only",
            ));
        };
        if has_passed(&session.expires, self.settings.session) {
            return Err(agents::expired());
        }
        let bytes = stages::component(&mut db, digest).await?;
        bytes.ok_or_else(|| ServiceError::not_found("component", digest))
    }

    async fn origin(&self, caller: &Caller, epoch: u64) -> Result<Origin, ServiceError> {
        let mut db = self.store.read().await?;
        let run = newest_of(&mut db, caller, epoch).await?;
        Ok(Origin {
            run: run.id,
            epoch,
            boot_id: run.claim.map(|claim| claim.boot_id).unwrap_or_default(),
        })
    }
}
