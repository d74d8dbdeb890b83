//! Directives on their way: which of them an agent is to be told, which are void because none heard of
//! them in time, and what becomes of them when another agent has the run.

use std::time::Duration;

use vetting_protocol::{Command, Directive, DirectiveAnswer, DirectiveStatus};

use super::{Orchestrator, ServiceError, agents, records};
use crate::clock;
use crate::lifecycle::{Claimant, Event, step};
use crate::store::directives::Given;
use crate::store::runs::{self, Run};
use crate::store::{audit, directives};

impl Orchestrator {
    /// The directives that a run's agent is to be told. A retry counts as begun from here on: its
    /// agent may die before it says that it has begun.
    pub(super) async fn due(&self, run: &Run) -> Result<Vec<Directive>, ServiceError> {
        let mut db = self.store.read().await?;
        let mut pending = directives::pending(&mut db, &run.id).await?;
        drop(db);
        let untold = run.progress.current().is_some_and(|stage| !stage.begun);
        let good_for = self.settings.directive;
        if untold || pending.iter().any(|given| given.is_void(good_for)) {
            let mut tx = self.store.write().await?;
            let mut run = agents::run_of(&mut tx, &run.id).await?;
            let before = run.progress.state.clone();
            void_expired(&mut tx, &mut run, good_for).await?;
            pending = directives::pending(&mut tx, &run.id).await?;
            if pending.iter().any(|given| is_retry_at(&run, given)) {
                let after = step(&run.progress, &Event::Told)?;
                runs::advance(&mut tx, &mut run, after, "told").await?;
            }
            tx.commit().await?;
            if run.progress.state != before {
                self.changed(&run).await;
            }
        }
        Ok(pending
            .into_iter()
            .map(|given| sent(given, good_for))
            .collect())
    }
}

/// A directive as it is sent now.
fn sent(given: Given, good_for: Duration) -> Directive {
    let left = clock::left(&given.directive.expires, good_for).unwrap_or_default();
    Directive {
        expires_in_ms: Some(u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
        ..given.directive
    }
}

/// Notes which directives no agent has heard of in time. A run that waits for such a retry holds
/// again, so that there is somebody to give another one.
pub(super) async fn void_expired(
    db: &mut sqlx::SqliteConnection,
    run: &mut Run,
    good_for: Duration,
) -> Result<(), ServiceError> {
    for given in directives::pending(db, &run.id).await? {
        if !given.is_void(good_for) {
            continue;
        }
        let reason = "it expired before an agent heard of it";
        settle(db, run, &given, DirectiveStatus::Rejected, reason).await?;
        let cmd = given.directive.cmd.as_str();
        audit::note(db, "orchestrator", "directive expired", Some(&run.id), cmd).await?;
        if is_retry_at(run, &given) {
            let after = step(&run.progress, &Event::RetryExpired)?;
            let cause = format!("expired {}", given.directive.id);
            runs::advance(db, run, after, &cause).await?;
            records::store_at_rest(db, run).await?;
        }
    }
    Ok(())
}

/// Another agent has the run: a retry is in the run's state, which the claim is answered with, unless
/// that claim made the run hold; of everything else it has heard nothing yet.
pub(super) async fn taken_over(
    db: &mut sqlx::SqliteConnection,
    run: &Run,
    claimant: &Claimant,
) -> Result<(), ServiceError> {
    for given in directives::pending(db, &run.id).await? {
        if given.directive.cmd != Command::RetryStage {
            continue;
        }
        let (status, reason) = if matches!(claimant, Claimant::Another { .. }) {
            let reason = "the run was claimed by another boot, and holds";
            (DirectiveStatus::Rejected, reason)
        } else if given.directive.override_flags.wipe.is_empty() {
            (DirectiveStatus::Applied, "with the claim that followed")
        } else {
            let reason =
                "with the claim that followed, which may wipe no disk: retry once more for that";
            (DirectiveStatus::Applied, reason)
        };
        settle(db, run, &given, status, reason).await?;
    }
    Ok(directives::unreceive(db, &run.id).await?)
}

async fn settle(
    db: &mut sqlx::SqliteConnection,
    run: &Run,
    given: &Given,
    status: DirectiveStatus,
    reason: &str,
) -> Result<(), ServiceError> {
    let answer = DirectiveAnswer {
        id: given.directive.id.clone(),
        status,
        reason: Some(reason.to_owned()),
    };
    Ok(directives::answered(db, &run.id, &answer).await?)
}

/// Whether a directive is the retry that the run waits for.
fn is_retry_at(run: &Run, given: &Given) -> bool {
    let directive = &given.directive;
    run.progress.current().is_some_and(|stage| {
        directive.cmd == Command::RetryStage
            && directive.stage.as_ref() == Some(&stage.name)
            && directive.attempt == Some(stage.attempt)
    })
}
