//! What an operator does to a run at work: shut down, abort, cancel, retry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vetting_protocol::{Code, Command, Directive, OverrideFlags, State};

use super::access::lacks;
use super::agents::run_of;
use super::{Orchestrator, ServiceError, iperf};
use crate::clock::from_now;
use crate::lifecycle::{Event, Refused, step, was_given_up};
use crate::secret;
use crate::store::operators::{Operator, Role};
use crate::store::runs::{self, Run};
use crate::store::{audit, directives, hosts};

/// What an operator wants of a run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// What.
    pub cmd: Command,
    /// Which stage; the one at work, or the one that failed, when it is not said.
    #[serde(default)]
    pub stage: Option<State>,
    /// Which attempt; the newest when it is not said.
    #[serde(default)]
    pub attempt: Option<u32>,
    /// Serial numbers or world-wide names of disks that a retry may wipe.
    #[serde(default)]
    pub wipe: Vec<String>,
    /// A component that a retry runs instead, in base 64.
    #[serde(default)]
    pub component: Option<String>,
    /// That component's detached signature, in minisign's format.
    #[serde(default)]
    pub signature: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Steered {
    /// The directive's id; none where the agent has nothing to do.
    pub directive: Option<String>,
    /// The run's state now.
    pub state: State,
    /// The attempt's number, where that is a stage's.
    pub attempt: u32,
}

impl Orchestrator {
    /// Does what an operator wants, and gives the agent its directive.
    ///
    /// # Errors
    ///
    /// When the operator's role or the run's state does not allow it.
    pub async fn steer(
        &self,
        who: &Operator,
        run: &str,
        order: &Order,
    ) -> Result<Steered, ServiceError> {
        let mut tx = self.store.write().await?;
        let mut run = run_of(&mut tx, run).await?;
        let id = secret::id();
        let cause = format!("{} {id}", order.cmd.as_str());
        let mut directive = Directive {
            id: id.clone(),
            cmd: order.cmd.clone(),
            stage: None,
            attempt: None,
            override_flags: OverrideFlags::default(),
            expires: from_now(self.settings.directive),
            // Said as it is sent.
            expires_in_ms: None,
            by: who.name.clone(),
            order: None,
        };
        match &order.cmd {
            Command::Shutdown => {
                let by = who.name.clone();
                let after = step(&run.progress, &Event::Shutdown { by })?;
                runs::advance(&mut tx, &mut run, after, &cause).await?;
            }
            Command::Abort => {
                let reason = format!("aborted by {}", who.name);
                let after = step(&run.progress, &Event::Abort { reason })?;
                runs::advance(&mut tx, &mut run, after, &cause).await?;
            }
            Command::CancelStage => cancel(&run, order, &mut directive)?,
            Command::RetryStage => {
                self.retry(&mut tx, who, &mut run, order, &mut directive, &cause)
                    .await?;
            }
            Command::Other(word) => {
                return Err(ServiceError::refused(
                    Code::Malformed,
                    format!("there is no command `{word}`"),
                ));
            }
        }
        // A retry that needs no agent has none to tell.
        let told = directive.cmd != Command::RetryStage || directive.stage.is_some();
        if told {
            directives::insert(&mut tx, &run.id, &directive).await?;
        }
        super::records::store_at_rest(&mut tx, &run).await?;
        let what = format!("run {}", order.cmd.as_str());
        audit::note(
            &mut tx,
            &who.name,
            &what,
            Some(&run.id),
            &run.progress.place(),
        )
        .await?;
        tx.commit().await?;
        self.changed(&run).await;
        Ok(Steered {
            directive: told.then_some(id),
            state: run.progress.state.clone(),
            attempt: run.progress.attempt(),
        })
    }

    async fn retry(
        &self,
        db: &mut sqlx::SqliteConnection,
        who: &Operator,
        run: &mut Run,
        order: &Order,
        directive: &mut Directive,
        cause: &str,
    ) -> Result<(), ServiceError> {
        let held = run.progress.held.as_ref().map(|held| held.at.clone());
        let target = order.stage.clone().or(held).unwrap_or(State::FailedHolding);
        if !order.wipe.is_empty() && !who.roles.may(Role::Wipe) {
            return Err(lacks(who, &[Role::Wipe]));
        }
        // Another component is another program on the machine: whoever may run one publishes it.
        if order.component.is_some() && !who.roles.may(Role::Publish) {
            return Err(lacks(who, &[Role::Publish]));
        }
        let mut after = step(&run.progress, &Event::Retry(target.clone()))?;
        if let Some(component) = &order.component {
            let signature = order.signature.as_deref();
            self.replace(db, who, run, &target, (component, signature))
                .await?;
        }
        if let Some(stage) = after.current()
            && let Some(why) = self.unfit(db, run, &stage.name).await?
        {
            return Err(ServiceError::refused(Code::State, why));
        }
        if after.state == State::SpecValidate {
            runs::advance(db, run, after, cause).await?;
            let spec = hosts::get(db, &run.host).await?.and_then(|host| host.spec);
            after = super::spec_check::judge_again(db, run, spec.as_ref()).await?;
            self.settle(db, run, after, &format!("spec after {cause}"))
                .await?;
        } else {
            runs::advance(db, run, after, cause).await?;
        }
        self.take_iperf_port(db, run).await?;
        if let Some(stage) = run.progress.current() {
            directive.stage = Some(stage.name.clone());
            directive.attempt = Some(stage.attempt);
            directive.override_flags.wipe = order.wipe.clone();
            directive.order = run
                .order(&stage.name)
                .map(|order| iperf::with_port(run, order));
        }
        Ok(())
    }
}

/// Which stage is to be cancelled: the one at work, unless another was named.
fn cancel(run: &Run, order: &Order, directive: &mut Directive) -> Result<(), ServiceError> {
    if was_given_up(&run.progress.state) {
        return Err(Refused::Over(run.progress.state.clone()).into());
    }
    let current = run.progress.current();
    let named = order.stage.as_ref().and_then(State::stage);
    let name = named.or(current.map(|stage| stage.name.as_str()));
    let Some(stage) = name.and_then(|name| run.progress.stage(name)) else {
        return Err(ServiceError::refused(
            Code::State,
            format!(
                "no stage is at work: the run is at {}; `shutdown` powers the machine off",
                run.progress.place()
            ),
        ));
    };
    directive.stage = Some(stage.name.clone());
    directive.attempt = Some(order.attempt.unwrap_or(stage.attempt));
    Ok(())
}
