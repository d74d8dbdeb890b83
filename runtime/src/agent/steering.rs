//! What the walk waits with: whatever it waits for, signals are heard beside it.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use vetting_machine::{Cancel, Reason};
use vetting_protocol::{
    Claim, ClaimAnswer, Code, Command, Directive, DirectiveStatus, Hold, HoldAnswer, HoldStep,
    Level, ResultAnswer, StageResult, State,
};
use vetting_transport::CallError;

use super::beat::{Signal, Status};
use super::forward::Journal;
use super::hold::host_keys;
use super::link::Link;
use super::{AgentError, Ended};

/// How long a result may be on its way.
const RESULT: Duration = Duration::from_secs(60);
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
    pub holding: bool,
    pub retry: Option<Directive>,
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
        tokio::pin!(work);
        while self.ending.is_none() {
            tokio::select! {
                done = &mut work => return Some(done),
                () = self.signal() => {}
            }
        }
        None
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
            Command::RetryStage if self.holding && self.retry.is_none() => {
                self.retry = Some(directive);
            }
            Command::RetryStage => reject(self, "the run does not hold".to_owned()),
            Command::Other(word) => reject(self, format!("this agent knows no `{word}`")),
        }
    }

    /// Ends what runs, and the walk.
    fn end(&mut self, ended: Ended, why: &str) {
        if let Some((.., cancel)) = &self.at_work {
            cancel.cancel(Reason::Directive(why.to_owned()));
        }
        self.ending.get_or_insert(ended);
    }

    /// The orchestrator refuses this agent. An expired session is opened anew; a newer claim ends it.
    async fn refused(&mut self, error: CallError) {
        if error.code() == Some(&Code::SessionExpired) {
            match self.link.boot::<_, ClaimAnswer>("claim", &self.claim).await {
                Ok(answer) => return self.link.open(answer.session_token),
                Err(again) if again.is_answer() => {
                    return self.end(Ended::Superseded(again.to_string()), "superseded");
                }
                Err(_) => return,
            }
        }
        let ends = [
            Code::BadToken,
            Code::OtherRun,
            Code::OtherHost,
            Code::NotFound,
            Code::Superseded,
            Code::RunOver,
        ];
        if error.code().is_some_and(|code| ends.contains(code)) {
            return self.end(Ended::Superseded(error.to_string()), "superseded");
        }
        // A heartbeat that is refused as such must not end a run that goes well.
        let text = format!("a heartbeat was refused: {error}");
        self.journal.say(Level::Warn, &text);
    }

    /// Delivers a result until it is answered. `None`: the walk ends first.
    pub async fn deliver(
        &mut self,
        result: &StageResult,
    ) -> Result<Option<ResultAnswer>, AgentError> {
        let link = Arc::clone(&self.link);
        let mut back_off = link.back_off();
        loop {
            // What an end leaves to tell is told once.
            let last = self.ending.is_some();
            let call = link.post("result", result, RESULT);
            let error = match self.until_over(call).await {
                Ok(answer) => return Ok(Some(answer)),
                Err(error) => error,
            };
            if last || self.ending.is_some() {
                return Ok(None);
            }
            match error.code() {
                Some(Code::SessionExpired) => self.refused(error).await,
                Some(Code::Superseded | Code::RunOver) => {
                    self.end(Ended::Superseded(error.to_string()), "superseded");
                    return Ok(None);
                }
                _ if error.is_answer() => return Err(AgentError::Refused(error)),
                _ => {
                    tracing::warn!("a result waits: {error}");
                    let wait = back_off.wait(&error);
                    self.beside(wait).await;
                }
            }
        }
    }

    /// Tells of a hold, some times at most.
    pub async fn tell_hold(&mut self, step: HoldStep) -> Option<HoldAnswer> {
        let hold = Hold {
            epoch: self.epoch,
            step,
            address: self.claim.address.clone(),
            host_key_fingerprints: host_keys(Path::new("/etc/ssh")),
        };
        let link = Arc::clone(&self.link);
        let mut back_off = link.back_off();
        for _ in 0..LAST_TRIES {
            match link.post("hold", &hold, Duration::from_secs(10)).await {
                Ok(answer) => return Some(answer),
                Err(error) => {
                    let text = format!("the orchestrator was not told of the hold: {error}");
                    self.journal.say(Level::Warn, &text);
                    if error.is_answer() {
                        return None;
                    }
                    back_off.wait(&error).await;
                }
            }
        }
        None
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
