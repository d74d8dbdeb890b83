//! The walk: from the claim through the stages to the run's end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use vetting_machine::Cancel;
use vetting_machine::tools::leftovers::kill_leftovers;
use vetting_protocol::{
    Claim, ClaimAnswer, Code, Hello, HelloAnswer, Level, ResultAnswer, StageOrder, StageResult,
    State,
};
use vetting_transport::CallError;

use super::beat::{Status, beat};
use super::components::Components;
use super::forward::{Journal, forward};
use super::hold::{self, Keys};
use super::link::Link;
use super::override_flags::Armed;
use super::session::Kept;
use super::spool::Spool;
use super::steering::Steps;
use super::{Agent, AgentError, Ended, evidence, identity, service, thermal};

/// How many signals may wait.
const SIGNALS: usize = 64;
/// How long gathering the evidence of an earlier boot may take.
const EVIDENCE: Duration = Duration::from_secs(120);

/// Walks a run to its end.
///
/// # Errors
///
/// When the run cannot be claimed, or the orchestrator refuses this agent.
pub async fn run(agent: Agent) -> Result<Ended, AgentError> {
    let boot_id = agent.settings.boot_id.clone();
    let boot_id = boot_id.unwrap_or_else(identity::boot_id);
    let spool = Spool::open(&agent.settings.spool, &agent.boot.run, &boot_id)?;
    let kept = Kept::new(&agent.settings.spool, &agent.boot.run, &boot_id);
    let link = Link::new(&agent.boot, &agent.settings, kept).map_err(AgentError::Client)?;
    let link = Arc::new(link);
    let journal = Arc::new(Journal::new(agent.settings.queue));
    for notice in &agent.settings.notices {
        journal.say(Level::Warn, notice);
    }
    journal.say(Level::Info, &agent.settings.policy.to_string());
    // Before the claim: two agents' tools must never work on one machine.
    let left = tokio::task::spawn_blocking(kill_leftovers).await;
    for line in left.unwrap_or_default() {
        let text = format!("left by an earlier agent: {line}");
        journal.say(Level::Warn, &text);
    }
    let mut keys = agent.settings.hold_keys.as_deref().map(Keys::new);
    let own = identity::identity(agent.boot.mac.as_deref(), &*agent.machine);
    let claim = Claim {
        identity: agent.settings.identity.clone().unwrap_or(own),
        boot_id,
        instance: identity::random_id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: agent.machine.name(),
        address: identity::address(link.url()),
    };
    service::status("claiming the run");
    hello(&agent, &link, &claim, &journal).await;
    let claimed = self::claim(&agent, &link, &claim).await;
    let holds = claimed
        .as_ref()
        .is_ok_and(|c| c.current_state == State::FailedHolding);
    if let Some(keys) = keys.as_mut().filter(|_| !holds) {
        hold::end_earlier(keys, &agent.boot.run, &journal);
    }
    let claimed = match claimed {
        Ok(claimed) => claimed,
        Err(error) if error.code() == Some(&Code::RunOver) => {
            return Ok(Ended::RunOver(error.to_string()));
        }
        Err(error) => return Err(AgentError::Claim(error)),
    };
    open(&link, &journal, &claimed);
    let text = format!("claimed run {} as claim {}", agent.boot.run, claimed.epoch);
    journal.say(Level::Info, &text);

    let status = Arc::new(Status::new(claimed.periods));
    let (sender, signals) = mpsc::channel(SIGNALS);
    let period = |of: fn(&vetting_protocol::Periods) -> u64| {
        let status = Arc::clone(&status);
        move || Duration::from_millis(of(&status.periods()))
    };
    let beside = [
        tokio::spawn(beat(
            Arc::clone(&status),
            Arc::clone(&link),
            claimed.epoch,
            sender,
        )),
        tokio::spawn(forward(
            Arc::clone(&journal),
            Arc::clone(&link),
            claimed.epoch,
            period(|periods| periods.log_ms),
        )),
        tokio::spawn(thermal::watch(
            Arc::clone(&agent.machine),
            Arc::clone(&journal),
            period(|periods| periods.sensor_ms),
        )),
    ];
    let mut walk = Walk {
        keys,
        components: Components {
            folder: agent.settings.components.clone(),
            policy: Arc::clone(&agent.settings.policy),
            loaded: BTreeMap::new(),
        },
        steps: Steps {
            status,
            journal,
            link,
            signals,
            claim,
            epoch: claimed.epoch,
            ending: None,
            at_work: None,
            retry: None,
            armed: None,
            to_apply: Vec::new(),
        },
        spool,
        agent,
        orders: claimed.stages.clone(),
        claimed,
    };
    let ended = walk.walk().await;
    for task in beside {
        task.abort();
    }
    walk.steps.last_words().await;
    ended
}

/// Says that the machine is up. That it could not be said is a warning.
async fn hello(agent: &Agent, link: &Link, claim: &Claim, journal: &Journal) {
    let hello = Hello {
        identity: claim.identity.clone(),
        version: claim.version.clone(),
        address: claim.address.clone(),
    };
    let said = patiently(agent, link, async || {
        link.boot::<_, HelloAnswer>("hello", &hello).await
    });
    if let Err(error) = said.await {
        journal.say(Level::Warn, &format!("hello was not heard: {error}"));
    }
}

async fn claim(agent: &Agent, link: &Link, claim: &Claim) -> Result<ClaimAnswer, CallError> {
    patiently(agent, link, async || link.claim(claim).await).await
}

/// Opens the session that a claim brought.
pub(super) fn open(link: &Link, journal: &Journal, claimed: &ClaimAnswer) {
    if let Err(error) = link.open(claimed.session_token.clone()) {
        let text = format!(
            "the session could not be kept ({error}): an agent that restarts in this boot will make the \
             run hold"
        );
        journal.say(Level::Error, &text);
    }
}

/// Tries again and again, until there is an answer or the tries are used up.
async fn patiently<T>(
    agent: &Agent,
    link: &Link,
    call: impl AsyncFn() -> Result<T, CallError>,
) -> Result<T, CallError> {
    let mut back_off = link.back_off();
    let mut tries = 0;
    loop {
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => {
                tries += 1;
                let enough = agent.settings.tries != 0 && tries >= agent.settings.tries;
                if enough || error.is_answer() || matches!(error, CallError::Unusable(_)) {
                    return Err(error);
                }
                tracing::warn!("{error}; trying again");
                back_off.wait(&error).await;
            }
        }
    }
}

struct Walk {
    agent: Agent,
    keys: Option<Keys>,
    steps: Steps,
    spool: Spool,
    components: Components,
    claimed: ClaimAnswer,
    orders: Vec<StageOrder>,
}

impl Walk {
    async fn walk(&mut self) -> Result<Ended, AgentError> {
        let mut state = self.claimed.current_state.clone();
        let mut attempt = self.claimed.attempt;
        let mut why = self.claimed.held_because.clone();
        self.steps.status.is(&state, None);
        self.evidence().await;
        self.prefetch().await;
        loop {
            if let Some(ended) = self.steps.ending.take() {
                return Ok(ended);
            }
            self.steps.status.is(&state, None);
            service::status(&format!("run {}: {state}", self.agent.boot.run));
            match &state {
                State::Stage(name) => {
                    let Some(order) = self.orders.iter().find(|o| o.stage == *name).cloned() else {
                        self.steps.park(&state).await;
                        continue;
                    };
                    self.steps.begins(name, attempt);
                    if let Some(answer) = self.stage(&order, attempt).await? {
                        self.renew(answer.order);
                        (state, attempt, why) =
                            (answer.next_state, answer.attempt, answer.held_because);
                    }
                }
                State::FailedHolding => {
                    let run = &self.agent.boot.run;
                    let held = self.steps.hold(self.keys.as_mut(), run, why.take());
                    if let Some(directive) = held.await {
                        self.renew(directive.order);
                        let stage = directive.stage.unwrap_or_default();
                        (state, attempt) = (State::Stage(stage), directive.attempt.unwrap_or(0));
                    }
                }
                State::Cancelled => {
                    return Ok(Ended::PowerOff("the run was cancelled".to_owned()));
                }
                State::Aborted => return Ok(Ended::Aborted("the run was given up".to_owned())),
                State::Completed => {
                    self.steps.journal.say(Level::Info, "the run is completed");
                    self.steps.wait_for_end().await;
                }
                State::SpecValidate | State::Reporting => self.steps.park(&state).await,
            }
        }
    }

    /// Gathers what is left of a boot that went down under a stage.
    async fn evidence(&mut self) {
        let Some(of) = self.claimed.went_down.clone() else {
            return;
        };
        let (link, journal) = (&self.steps.link.clone(), &self.steps.journal.clone());
        let (machine, root) = (&*self.agent.machine, &self.agent.settings.root);
        let epoch = self.steps.epoch;
        let gathered = evidence::deliver(machine, root, link, journal, epoch, &of);
        let in_time = self.steps.beside(tokio::time::timeout(EVIDENCE, gathered));
        if in_time.await.is_some_and(|gathered| gathered.is_err()) {
            let text = "not all evidence of how the host went down could be delivered in time";
            journal.say(Level::Warn, text);
        }
    }

    /// Fetches and compiles every stage before the first one starts, so that nothing compiles while
    /// something is measured. What fails is tried again, and told, when its turn has come.
    async fn prefetch(&mut self) {
        for order in self.orders.clone() {
            let link = Arc::clone(&self.steps.link);
            let load = self.components.load(&link, &self.agent.engine, &order);
            let loaded = self.steps.beside(load).await;
            match loaded {
                None => return,
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    let text = format!("{} is not ready: {error}", order.stage);
                    self.steps.journal.say(Level::Warn, &text);
                }
            }
        }
    }

    fn renew(&mut self, order: Option<StageOrder>) {
        let Some(order) = order else { return };
        match self.orders.iter_mut().find(|old| old.stage == order.stage) {
            Some(old) => *old = order,
            None => self.orders.push(order),
        }
    }

    /// One stage: to its result, and to the result's answer. `None`: the walk ends first.
    async fn stage(
        &mut self,
        order: &StageOrder,
        attempt: u32,
    ) -> Result<Option<ResultAnswer>, AgentError> {
        // Taken by whichever attempt begins next, so that it is never left for a later one.
        let armed = self.steps.armed.take();
        let result = match self.spool.left(&order.stage, attempt) {
            Some(mut left) => {
                let text = format!("{} attempt {attempt} was done already", order.stage);
                self.steps.journal.say(Level::Info, &text);
                left.epoch = self.steps.epoch;
                left
            }
            None => match self.attempt(order, attempt, armed).await? {
                Some(result) => result,
                None => return Ok(None),
            },
        };
        self.spool.put(&result)?;
        let answer = self.steps.deliver(&result).await?;
        if answer.is_some() {
            self.spool.clear();
            self.steps.apply();
        }
        Ok(answer)
    }

    async fn attempt(
        &mut self,
        order: &StageOrder,
        number: u32,
        armed: Option<Armed>,
    ) -> Result<Option<StageResult>, AgentError> {
        let link = Arc::clone(&self.steps.link);
        let load = self.components.load(&link, &self.agent.engine, order);
        let Some(loaded) = self.steps.beside(load).await else {
            return Ok(None);
        };
        let armed = armed.map(|armed| armed.of(&order.stage, number, Instant::now()));
        let wipe_override = match armed.transpose() {
            Ok(wipe_override) => wipe_override,
            Err(void) => {
                self.steps.journal.say(Level::Warn, &void);
                None
            }
        };
        let url = self.steps.link.url();
        let charge = super::work::charge(&self.claimed, order, url, wipe_override);
        let mut record = match loaded {
            Err(error) => super::work::refused(order, number, &error.to_string()),
            Ok(stage) => {
                let cancel = Cancel::new();
                let journal = Arc::clone(&self.steps.journal);
                let status = Arc::clone(&self.steps.status);
                let work = super::work::attempt(
                    &self.agent,
                    &journal,
                    &status,
                    order,
                    stage,
                    (number, cancel.clone(), charge),
                );
                let text = format!("{} attempt {number} begins", order.stage);
                self.steps.journal.say(Level::Info, &text);
                self.steps.at_work = Some((order.stage.clone(), number, cancel));
                let record = self.steps.until_over(work).await;
                self.steps.at_work = None;
                record?
            }
        };
        record.stage.clone_from(&order.stage);
        let verdict = record.verdict_word();
        let text = format!(
            "{} attempt {number}: {verdict}: {}",
            order.stage, record.message
        );
        self.steps.journal.say(Level::Info, &text);
        let inventory = match order.stage.as_str() {
            "Inventory" => identity::attached_inventory(&record),
            _ => None,
        };
        Ok(Some(StageResult {
            epoch: self.steps.epoch,
            passed: record.passed(),
            inventory,
            record,
        }))
    }
}
