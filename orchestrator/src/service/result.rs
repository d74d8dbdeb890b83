//! Results: the one thing that moves a run on.

use serde_json::Value;
use vetting_protocol::{Code, ResultAnswer, StageRecord, StageResult, State, Verdict};

use super::{Caller, Orchestrator, ServiceError, agents, contradiction, iperf, spec_check};
use crate::cut;
use crate::lifecycle::{Event, Progress, Worth, step};
use crate::spec::Spec;
use crate::store::results::New;
use crate::store::runs::{self, Run};
use crate::store::{audit, hosts, results};

/// What an agent calls a machine that is neither simulated nor a recording.
const REAL: &str = "real";

/// The longest reason for which a run holds, in bytes; the result has all of it.
const LONGEST_REASON: usize = 4096;

impl Orchestrator {
    /// Stores a result, moves the run on, and says where it goes. The first result of an attempt
    /// wins; the same again is recognised and answered as then.
    ///
    /// # Errors
    ///
    /// When the agent was replaced, the result is not awaited, or it contradicts itself.
    pub async fn result(
        &self,
        caller: &Caller,
        mut result: StageResult,
    ) -> Result<ResultAnswer, ServiceError> {
        let mut tx = self.store.write().await?;
        let mut run = agents::newest_of(&mut tx, caller, result.epoch).await?;
        let record = &mut result.record;
        let stored = results::answer(&mut tx, &run.id, &record.stage, record.attempt).await?;
        if let Some(mut answer) = stored {
            answer.repeated = true;
            tx.rollback().await?;
            // Whoever sent it first may have been cut off before anybody was told.
            self.changed(&run).await;
            return Ok(answer);
        }
        consistent(result.passed, record)?;
        self.check(&mut tx, &run, record).await?;
        iperf::explain(&run, record);
        let record = &*record;
        let host = hosts::get(&mut tx, &run.host).await?;
        let spec = host.and_then(|host| host.spec);
        let (worth, mut reason) = worth(&run, record, spec.as_ref());
        cut::to_head(&mut reason, LONGEST_REASON);
        let event = Event::Result {
            stage: record.stage.clone(),
            attempt: record.attempt,
            worth,
            reason: reason.clone(),
        };
        let mut after = step(&run.progress, &event)?;
        let cause = format!("result {} {}", record.stage, record.attempt);
        if after.state == State::SpecValidate {
            runs::advance(&mut tx, &mut run, after, &cause).await?;
            let inventory = result.inventory.as_ref();
            after = spec_check::judge(&mut tx, &run, spec.as_ref(), inventory).await?;
            let cause = format!("spec after {} {}", record.stage, record.attempt);
            self.settle(&mut tx, &mut run, after, &cause).await?;
        } else {
            self.settle(&mut tx, &mut run, after, &cause).await?;
        }
        self.take_iperf_port(&mut tx, &mut run).await?;
        let answer = answer(&run, &run.progress);
        let new = New {
            run: &run.id,
            epoch: run.epoch,
            passed: worth == Worth::Passed,
            record,
            inventory: result.inventory.as_ref(),
            answer: &answer,
        };
        results::insert(&mut tx, &new).await?;
        super::records::store_at_rest(&mut tx, &run).await?;
        tx.commit().await?;
        self.live.heard(
            &run.id,
            run.epoch,
            format!("result of {} attempt {}", record.stage, record.attempt),
            None,
        );
        self.changed(&run).await;
        Ok(answer)
    }

    /// Lowers a result that contradicts itself or what was ordered: it holds the run.
    async fn check(
        &self,
        db: &mut sqlx::SqliteConnection,
        run: &Run,
        record: &mut StageRecord,
    ) -> Result<(), ServiceError> {
        let Some(order) = run.order(&record.stage) else {
            // A stage that the run does not have is refused as such.
            return Ok(());
        };
        if !record.passed() {
            return Ok(());
        }
        let manifest = self.manifest(db, &order.component.sha256).await?;
        let real = run
            .claim
            .as_ref()
            .is_some_and(|claim| claim.machine == REAL);
        let entered = self.live.entered(&run.id, &record.stage, record.attempt);
        let ordered = contradiction::Ordered {
            order,
            manifest: manifest.as_ref(),
            // A simulated machine's time passes as fast as it likes.
            elapsed: entered.map(|at| at.elapsed()).filter(|_| real),
        };
        if let Some(why) = contradiction::find(record, &ordered) {
            tracing::warn!(
                run = run.id,
                stage = record.stage,
                why,
                "a contradictory result"
            );
            let detail = format!("{} attempt {}: {why}", record.stage, record.attempt);
            audit::note(db, "agent", "contradictory result", Some(&run.id), &detail).await?;
            contradiction::lower(record, &why);
        }
        Ok(())
    }

    /// Moves a run to where it is, and through the report, which is the orchestrator's own.
    pub(super) async fn settle(
        &self,
        db: &mut sqlx::SqliteConnection,
        run: &mut Run,
        after: Progress,
        cause: &str,
    ) -> Result<(), ServiceError> {
        let after = self.hold_before(db, run, after).await?;
        let reporting = after.state == State::Reporting;
        runs::advance(db, run, after, cause).await?;
        if reporting {
            let done = step(&run.progress, &Event::Reported)?;
            runs::advance(db, run, done, &format!("report after {cause}")).await?;
            audit::note(db, "orchestrator", "run completed", Some(&run.id), cause).await?;
        }
        Ok(())
    }
}

/// What a result at this point is answered.
pub(super) fn answer(run: &Run, progress: &Progress) -> ResultAnswer {
    ResultAnswer {
        next_state: progress.state.clone(),
        attempt: progress.attempt(),
        order: progress
            .current()
            .and_then(|stage| run.order(&stage.name))
            .map(|order| iperf::with_port(run, order)),
        repeated: false,
        held_because: progress.held.as_ref().map(|held| held.reason.clone()),
    }
}

/// Stores a result that the orchestrator itself gave.
pub(super) async fn store(
    db: &mut sqlx::SqliteConnection,
    run: &Run,
    record: &StageRecord,
    inventory: Option<&Value>,
    answer: &ResultAnswer,
) -> Result<(), ServiceError> {
    let new = New {
        run: &run.id,
        epoch: run.epoch,
        passed: record.passed(),
        record,
        inventory,
        answer,
    };
    Ok(results::insert(db, &new).await?)
}

/// `passed` is true only for a pass and an accepted skip.
fn consistent(passed: bool, record: &StageRecord) -> Result<(), ServiceError> {
    if passed != record.passed() {
        let message = if passed {
            "`passed` is true for a verdict that is neither `pass` nor `skip`"
        } else {
            "`passed` is false for a verdict that is `pass` or `skip`"
        };
        return Err(ServiceError::refused(Code::Malformed, message));
    }
    if record.attempt == 0 || record.stage.is_empty() {
        return Err(ServiceError::refused(
            Code::Malformed,
            "`stage` is empty or `attempt` is 0",
        ));
    }
    Ok(())
}

/// What a record says to the run, and why it does not pass.
fn worth(run: &Run, record: &StageRecord, spec: Option<&Spec>) -> (Worth, String) {
    let name = &record.stage;
    match record.verdict {
        Some(Verdict::Pass) => (Worth::Passed, String::new()),
        Some(Verdict::Skip) => match spec_check::expected_part(name, spec) {
            None => match spec_check::lost_spec(run, spec) {
                None => (Worth::Passed, String::new()),
                Some(digest) => (
                    Worth::NotPassed,
                    format!(
                        "{name} was skipped, and whether that was expected is not known: the run was \
                         made against the spec {digest}, and {} has none now",
                        run.host
                    ),
                ),
            },
            Some(expected) => (
                Worth::NotPassed,
                format!(
                    "{name} was skipped, but the spec expects {expected}: {}",
                    record.message
                ),
            ),
        },
        Some(Verdict::Cancelled) => (
            Worth::Cancelled,
            format!("{name} was cancelled: {}", record.message),
        ),
        Some(verdict) => (
            Worth::NotPassed,
            format!("{name}: {}: {}", verdict.as_str(), record.message),
        ),
        None => (
            Worth::NotPassed,
            format!("{name} broke: {}", record.message),
        ),
    }
}
