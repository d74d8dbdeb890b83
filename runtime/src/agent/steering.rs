//! What the walk waits with: whatever it waits for, signals are heard beside it.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use vetting_machine::{Cancel, Reason};
use vetting_protocol::{
    Claim, ClaimAnswer, Code, Command, Directive, DirectiveStatus, Level, ResultAnswer,
    StageRecord, StageResult, State, Verdict,
};
use vetting_transport::CallError;

use super::beat::{Signal, Status};
use super::forward::Journal;
use super::link::Link;
use super::override_flags::Armed;
use super::{AgentError, Ended};

/// How long a result may be on its way.
const RESULT: Duration = Duration::from_secs(60);
/// How much of a message is kept of a result that was refused, in characters.
const CORE_MESSAGE: usize = 1000;
/// How often the last words are tried.
const LAST_TRIES: u32 = 5;

/// Where the walk is, and what it was told.
pub(super) struct Steps {
    pub status: Arc<Status>,
    pub journal: Arc<Journal>,
    pub link: Arc<Link>,
    pub signals: mpsc::Receiver<Signal>,
    pub claim: Claim,
    pub epoch: u64,
    pub ending: Option<Ended>,
    pub at_work: Option<(String, u32, Cancel)>,
    pub retry: Option<Directive>,
    /// What the last retry may wipe, until an attempt begins.
    pub armed: Option<Armed>,
    pub to_apply: Vec<String>,
}

impl Steps {
    /// Does something to its end, hearing signals beside it.
    pub async fn until_over<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = self.signal() => {}
            }
        }
    }

    /// Does something unless the walk ends first.
    pub async fn beside<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        self.unless(|steps| steps.ending.is_some(), work).await
    }

    /// Does something unless a signal makes it pointless first.
    pub async fn unless<T>(
        &mut self,
        pointless: impl Fn(&Self) -> bool,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::pin!(work);
        while !pointless(self) {
            tokio::select! {
                done = &mut work => return Some(done),
                () = self.signal() => {}
            }
        }
        None
    }

    /// Waits before another try; an end that comes meanwhile cuts it short.
    async fn wait(&mut self, wait: impl Future<Output = ()>) {
        if self.ending.is_some() {
            self.until_over(wait).await;
        } else {
            self.beside(wait).await;
        }
    }

    pub async fn wait_for_end(&mut self) {
        while self.ending.is_none() {
            self.signal().await;
        }
    }

    /// Stays where it is: a newer orchestrator may know what this one is told.
    pub async fn park(&mut self, state: &State) {
        let text = format!("this agent does not know what to do at {state}, and waits");
        self.journal.say(Level::Error, &text);
        self.wait_for_end().await;
    }

    /// Hears one signal.
    pub async fn signal(&mut self) {
        match self.signals.recv().await {
            Some(Signal::Directive(directive)) => self.directive(*directive),
            Some(Signal::Refused(error)) => self.refused(error).await,
            // The heartbeat never ends before the walk does.
            None => std::future::pending().await,
        }
    }

    fn directive(&mut self, directive: Directive) {
        let text = format!("directive {} by {}", directive.cmd.as_str(), directive.by);
        self.journal.say(Level::Info, &text);
        let id = directive.id.clone();
        let reject = |steps: &Self, reason: String| {
            steps
                .journal
                .say(Level::Warn, &format!("rejected: {reason}"));
            steps
                .status
                .answer(&id, DirectiveStatus::Rejected, Some(reason));
        };
        match &directive.cmd {
            Command::Shutdown => {
                self.end(
                    Ended::PowerOff(format!("shut down by {}", directive.by)),
                    "shutdown",
                );
                self.to_apply.push(id);
            }
            Command::Abort => {
                self.end(
                    Ended::Aborted(format!("aborted by {}", directive.by)),
                    "abort",
                );
                self.to_apply.push(id);
            }
            Command::CancelStage => match &self.at_work {
                Some((stage, attempt, cancel))
                    if directive.stage.as_ref() == Some(stage)
                        && directive.attempt == Some(*attempt) =>
                {
                    cancel.cancel(Reason::Directive("cancel_stage".to_owned()));
                    self.to_apply.push(id);
                }
                _ => {
                    let stage = directive.stage.unwrap_or_default();
                    let attempt = directive.attempt.unwrap_or_default();
                    reject(self, format!("{stage} attempt {attempt} is not at work"));
                }
            },
            // It may overtake the answer that tells of the hold.
            Command::RetryStage if self.at_work.is_none() && self.retry.is_none() => {
                self.armed = Armed::by(&directive, Instant::now());
                self.retry = Some(directive);
            }
            Command::RetryStage => reject(self, "the run does not hold".to_owned()),
            Command::Other(word) => reject(self, format!("this agent knows no `{word}`")),
        }
    }

    /// A retry that was told while the walk was on its way to that very attempt is done with it.
    pub fn begins(&mut self, stage: &str, attempt: u32) {
        let told = |retry: &mut Directive| {
            retry.stage.as_deref() == Some(stage) && retry.attempt.is_some_and(|a| a <= attempt)
        };
        if let Some(retry) = self.retry.take_if(told) {
            self.status
                .answer(&retry.id, DirectiveStatus::Applied, None);
        }
    }

    /// Ends what runs, and the walk.
    fn end(&mut self, ended: Ended, why: &str) {
        if let Some((.., cancel)) = &self.at_work {
            cancel.cancel(Reason::Directive(why.to_owned()));
        }
        self.ending.get_or_insert(ended);
    }

    /// The orchestrator refuses a heartbeat. An expired session is opened anew; a newer claim ends
    /// this agent; a run that is over leaves it idle.
    async fn refused(&mut self, error: CallError) {
        match error.code() {
            Some(Code::SessionExpired) => {
                // What is in the way now is tried again with the next heartbeat.
                let _claimed = self.claim_again().await;
            }
            Some(Code::RunOver) => self.end(Ended::RunOver(error.to_string()), "run over"),
            Some(
                Code::BadToken
                | Code::OtherRun
                | Code::OtherHost
                | Code::NotFound
                | Code::Superseded,
            ) => self.end(Ended::Superseded(error.to_string()), "superseded"),
            // A heartbeat that is refused as such must not end a run that goes well.
            _ => {
                let text = format!("a heartbeat was refused: {error}");
                self.journal.say(Level::Warn, &text);
            }
        }
    }

    /// Claims the run again as the same agent: for a session, and for where the run is. A refusal
    /// ends the walk.
    async fn claim_again(&mut self) -> Result<ClaimAnswer, CallError> {
        match self.link.boot::<_, ClaimAnswer>("claim", &self.claim).await {
            Ok(answer) if answer.epoch == self.epoch => {
                super::walk::open(&self.link, &self.journal, &answer);
                Ok(answer)
            }
            Ok(answer) => {
                let text = format!("the run has the claim {} now", answer.epoch);
                self.end(Ended::Superseded(text.clone()), "superseded");
                Err(CallError::Unusable(text))
            }
            Err(error) => {
                if error.code() == Some(&Code::RunOver) {
                    self.end(Ended::RunOver(error.to_string()), "run over");
                } else if error.is_answer() {
                    self.end(Ended::Superseded(error.to_string()), "superseded");
                }
                Err(error)
            }
        }
    }

    /// Delivers a result until it is answered. `None`: the walk ends first.
    pub async fn deliver(
        &mut self,
        result: &StageResult,
    ) -> Result<Option<ResultAnswer>, AgentError> {
        let link = Arc::clone(&self.link);
        let mut back_off = link.back_off();
        let mut result = Cow::Borrowed(result);
        let mut last_tries = 0;
        loop {
            let call = link.post("result", &*result, RESULT);
            let error = match self.until_over(call).await {
                Ok(answer) => return Ok(Some(answer)),
                Err(error) => error,
            };
            match error.code() {
                Some(Code::Superseded) => {
                    self.end(Ended::Superseded(error.to_string()), "superseded");
                }
                Some(Code::RunOver) => self.end(Ended::RunOver(error.to_string()), "run over"),
                _ => {}
            }
            match &self.ending {
                None => {}
                Some(Ended::Superseded(_) | Ended::RunOver(_)) => return Ok(None),
                // What an end leaves to tell is told some times at most.
                Some(_) if last_tries >= LAST_TRIES => return Ok(None),
                Some(_) => last_tries += 1,
            }
            let unreadable = matches!(
                error,
                CallError::Refused {
                    status: 413 | 422,
                    ..
                }
            );
            match error.code() {
                Some(Code::SessionExpired) => {
                    if let Err(error) = self.claim_again().await {
                        self.wait(back_off.wait(&error)).await;
                    }
                }
                // The run is elsewhere: whoever moved it knows where.
                Some(Code::State) => match self.claim_again().await {
                    Ok(claimed) => match elsewhere(claimed, &result.record) {
                        Some(answer) => return Ok(Some(answer)),
                        None => return Err(AgentError::Refused(error)),
                    },
                    Err(error) => {
                        self.wait(back_off.wait(&error)).await;
                    }
                },
                _ if unreadable && matches!(result, Cow::Borrowed(_)) => {
                    let text = format!("the result was refused, and its core is sent: {error}");
                    self.journal.say(Level::Error, &text);
                    result = Cow::Owned(core(&result, &error));
                }
                _ if error.is_answer() => return Err(AgentError::Refused(error)),
                _ => {
                    tracing::warn!("a result waits: {error}");
                    self.wait(back_off.wait(&error)).await;
                }
            }
        }
    }

    /// What was done is answered.
    pub fn apply(&mut self) {
        for id in std::mem::take(&mut self.to_apply) {
            self.status.answer(&id, DirectiveStatus::Applied, None);
        }
    }

    /// Answers what was applied, and delivers what still waits.
    pub async fn last_words(&mut self) {
        self.apply();
        let mut back_off = self.link.back_off();
        for _ in 0..LAST_TRIES {
            let told = self.status.last_words(&self.link, self.epoch).await;
            let delivered = self.journal.deliver(&self.link, self.epoch).await;
            match told.and(delivered) {
                Ok(()) => return,
                Err(error) if error.is_answer() => return,
                Err(error) => back_off.wait(&error).await,
            }
        }
        tracing::warn!("the orchestrator did not hear this agent's last words");
    }
}

/// What a claim says of a run that did not wait for a result; `None` where it waits for that very
/// one.
fn elsewhere(claimed: ClaimAnswer, refused: &StageRecord) -> Option<ResultAnswer> {
    let awaited = claimed.current_state.stage() == Some(refused.stage.as_str())
        && claimed.attempt == refused.attempt;
    let order = claimed.current_state.stage().and_then(|stage| {
        let mut orders = claimed.stages.iter();
        orders.find(|order| order.stage == stage).cloned()
    });
    (!awaited).then_some(ResultAnswer {
        next_state: claimed.current_state,
        attempt: claimed.attempt,
        order,
        repeated: false,
        held_because: claimed.held_because,
    })
}

/// What is left of a result that the orchestrator will never take as it is: enough for the run to
/// hold, and to say why. A failure stays one; a pass that nobody can read is none.
fn core(whole: &StageResult, refusal: &CallError) -> StageResult {
    let record = &whole.record;
    let said: String = record.message.chars().take(CORE_MESSAGE).collect();
    let verdict = match record.verdict {
        Some(Verdict::Pass | Verdict::Skip) => Some(Verdict::Inconclusive),
        other => other,
    };
    StageResult {
        epoch: whole.epoch,
        passed: false,
        inventory: None,
        record: StageRecord {
            version: record.version.clone(),
            digest: record.digest.clone(),
            verdict,
            message: format!(
                "the orchestrator refused the whole result ({refusal}); the stage ended {}: {said}",
                record.verdict_word()
            ),
            ending: record.ending.clone(),
            duration_ms: record.duration_ms,
            ..StageRecord::not_run(&record.stage, record.attempt)
        },
    }
}
