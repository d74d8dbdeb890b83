//! A light agent: it speaks the wire protocol as `vetting agent` does, and its stages take virtual time.

use rand::RngExt as _;
use serde_json::{Value, json};
use vetting_protocol::{
    BatchAnswer, ClaimAnswer, Code, Command, DirectiveAnswer, DirectiveStatus, Heartbeat,
    HeartbeatAnswer, HoldAnswer, ResultAnswer, StageRecord, StageResult, State,
};
use vetting_transport::Secret;

use crate::forgery::Forgery;
use crate::host::Host;
use crate::ledger::{Account, Fate};
use crate::world::No;

/// Between two heartbeats, in virtual seconds.
const HEARTBEAT: f64 = 15.0;
/// The shortest time that a stage takes, in virtual seconds.
const SHORTEST: f64 = 10.0;
/// How long the answer to a heartbeat is held back while the run holds, in wall milliseconds.
const WAIT_MS: u64 = 1_000;
/// After how many heartbeats without a directive the operator looks again.
const LOOK_AFTER: u32 = 4;
/// How likely an agent dies in a stage, and how likely its host goes down.
const DIES: (f64, f64) = (0.05, 0.04);

/// How an agent process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Its run is over.
    Run,
    /// It crashed.
    AgentDied,
    /// Its host went down.
    HostDown,
    /// Another claim has the run.
    Replaced,
    /// It must claim again to know where the run is.
    LookAgain,
    /// What it sent was refused for good: an operator ends the run.
    GivenUp,
}

/// What a claim brings.
#[derive(Clone, Debug)]
pub struct Session {
    /// The token.
    pub token: Secret,
    /// The claim's number.
    pub epoch: u64,
    /// The next line's number, and the next sample's.
    next: (u64, u64),
}

/// Where a run is, for its agent.
struct Place {
    state: State,
    attempt: u32,
}

impl Host {
    /// One agent process from its claim to its end.
    pub async fn agent(&mut self) -> Over {
        let mut place = match self.claim().await {
            Ok(place) => place,
            Err(over) => return over,
        };
        if self.fate == Fate::Robbed {
            self.rob();
        }
        loop {
            let next = match &place.state {
                State::Stage(stage) => {
                    let stage = stage.clone();
                    self.stage(&stage, place.attempt).await
                }
                State::FailedHolding => self.hold().await,
                State::Completed | State::Cancelled | State::Aborted => return Over::Run,
                // The orchestrator's own turn, which is over by the next look.
                State::SpecValidate | State::Reporting => return Over::LookAgain,
            };
            place = match next {
                Ok(place) => place,
                Err(over) => return over,
            };
        }
    }

    /// Claims the run: in the same boot with the session that it has, else with the boot token.
    async fn claim(&mut self) -> Result<Place, Over> {
        let world = self.world.clone();
        let path = self.path("claim");
        let body = json!({
            "identity": self.identity, "boot_id": self.boot_id(),
            "instance": format!("{}-process-{}", self.name, self.process),
            "version": "0", "machine": "a simulated host", "address": "192.0.2.10",
        });
        let session = self.session.as_ref().map(|session| session.token.clone());
        let token = session.unwrap_or_else(|| self.boot_token.clone());
        let claimed = world.post::<ClaimAnswer>(&self.client, &path, &token, &body);
        let claimed = match claimed.await {
            Ok(claimed) => claimed,
            Err(no) if self.session.is_some() => {
                // An orchestrator that knows claims by boot token alone.
                self.note(format!("its session is not good for a claim: {no}"));
                let token = self.boot_token.clone();
                let claimed = world.post::<ClaimAnswer>(&self.client, &path, &token, &body);
                claimed.await.map_err(|no| self.refused("claim", &no))?
            }
            Err(no) => return Err(self.refused("claim", &no)),
        };
        let epoch = claimed.epoch;
        self.note(format!("claim {epoch}: {}", claimed.current_state));
        // A process that claims again, its session having expired, is answered with the claim that it has.
        let newest = |account: &mut Account| account.claims = account.claims.max(epoch);
        world.ledger.note(&self.run, newest);
        let next = match &self.session {
            Some(old) if old.epoch == epoch => old.next,
            _ => (0, 0),
        };
        self.session = Some(Session {
            token: Secret::new(claimed.session_token),
            epoch,
            next,
        });
        Ok(Place {
            state: claimed.current_state,
            attempt: claimed.attempt,
        })
    }

    /// Works at a stage, and delivers its result.
    async fn stage(&mut self, stage: &str, attempt: u32) -> Result<Place, Over> {
        let world = self.world.clone();
        let seconds = world.models.seconds(stage).max(SHORTEST) * self.rng.random_range(1.0..1.5);
        let (dies, goes_down) = DIES;
        let drawn: f64 = self.rng.random();
        // A machine that is to show something else in its report goes through without mishaps.
        let end = match self.fate {
            Fate::Good if drawn < dies => Some(Over::AgentDied),
            Fate::Good if drawn < dies + goes_down => Some(Over::HostDown),
            _ => None,
        };
        let beats = (seconds / HEARTBEAT).ceil() as u32;
        let last = self.rng.random_range(0..beats);
        for beat in 0..beats {
            world.clock.sleep(seconds / f64::from(beats)).await;
            if let (true, Some(over)) = (beat == last, end) {
                return Err(over);
            }
            self.deliver(stage).await?;
            let state = State::Stage(stage.to_owned());
            self.heartbeat(&state, Some((stage, attempt)), 0, Vec::new())
                .await?;
        }
        self.sent += 1;
        let message = format!("{} {} {stage} {attempt}", self.run, self.sent);
        let is_weak = stage == self.weak;
        let (record, honest) = match self.fate {
            Fate::Bad if is_weak => (world.models.fail(stage, attempt, &message), true),
            Fate::Forges(forgery) if is_weak => {
                let mut record = world.models.pass(stage, attempt, &message);
                forgery.forge(&mut record);
                (record, forgery.leaves_an_honest_result())
            }
            _ => (world.models.pass(stage, attempt, &message), true),
        };
        if let (Fate::Forges(forgery), true) = (self.fate, is_weak) {
            self.forge_aside(forgery, &record).await;
        }
        if honest && record.passed() {
            let result = (stage.to_owned(), attempt, message.clone());
            world
                .ledger
                .note(&self.run, |account| account.earned.push(result));
        }
        let answer = self.result(&self.path("result"), record.clone(), 0).await;
        if !honest {
            let answered = match &answer {
                Ok(answer) => format!("went to {}", answer.next_state),
                Err(no) => no.to_string(),
            };
            self.note(format!("its forgery was answered: {answered}"));
            world
                .ledger
                .note(&self.run, |account| account.forged = Some(answered));
        }
        match answer {
            Ok(answer) => {
                let result = (stage.to_owned(), attempt, message);
                world
                    .ledger
                    .note(&self.run, |account| account.acknowledged.push(result));
                if let (Fate::Forges(Forgery::OtherContent), true) = (self.fate, is_weak) {
                    let mut other = world.models.fail(stage, attempt, "another content");
                    other.summary = record.summary;
                    let again = self.result(&self.path("result"), other, 0).await;
                    let answered = again.map_or_else(|no| no.to_string(), |_| "repeated".into());
                    world
                        .ledger
                        .note(&self.run, |account| account.forged = Some(answered));
                }
                Ok(Place {
                    state: answer.next_state,
                    attempt: answer.attempt,
                })
            }
            Err(_) if !honest => Err(Over::GivenUp),
            Err(no) => Err(self.refused("result", &no)),
        }
    }

    /// Sends what no claim of this run allows, before the honest result.
    async fn forge_aside(&mut self, forgery: Forgery, record: &StageRecord) {
        let world = self.world.clone();
        let sent = match forgery {
            Forgery::OtherEpoch => {
                let mut record = record.clone();
                record.message += " of another claim";
                self.result(&self.path("result"), record, 7).await
            }
            Forgery::OtherRun => {
                let drawn = self.rng.random_range(0..usize::MAX);
                let Some((run, stage)) = world.ledger.another(&self.run, |len| drawn % len) else {
                    return;
                };
                let record = world.models.pass(&stage, 1, "of another run");
                let path = format!("/api/v1/runs/{run}/result");
                self.result(&path, record, 0).await
            }
            _ => return,
        };
        let answered = sent.map_or_else(
            |no| no.to_string(),
            |answer| format!("ACCEPTED: {}", answer.next_state),
        );
        self.note(format!("its forgery was answered: {answered}"));
        world
            .ledger
            .note(&self.run, |account| account.forged = Some(answered));
    }

    async fn result(
        &self,
        path: &str,
        record: StageRecord,
        later: u64,
    ) -> Result<ResultAnswer, No> {
        let (token, epoch) = self.credentials();
        let result = StageResult {
            epoch: epoch + later,
            passed: record.passed(),
            inventory: None,
            record,
        };
        self.world.post(&self.client, path, &token, &result).await
    }

    /// Delivers some log lines and samples.
    async fn deliver(&mut self, stage: &str) -> Result<(), Over> {
        let (token, epoch) = self.credentials();
        let Some(session) = &mut self.session else {
            return Err(Over::LookAgain);
        };
        let many = (self.rng.random_range(1..6), self.rng.random_range(1..10));
        let (first, next) = session.next;
        session.next = (first + many.0, next + many.1);
        let ts = "2026-01-01T00:00:00.000000000Z";
        let lines: Vec<u64> = (first..first + many.0).collect();
        let samples: Vec<u64> = (next..next + many.1).collect();
        let batch = json!({ "epoch": epoch, "lines": lines.iter().map(|seq| json!({
            "seq": seq, "ts": ts, "mono_ns": seq, "level": "info", "stage": stage,
            "text": format!("line {seq} of {}", self.name),
        })).collect::<Vec<_>>() });
        let world = self.world.clone();
        let stored = world.post::<BatchAnswer>(&self.client, self.path("log"), &token, &batch);
        stored.await.map_err(|no| self.refused("log", &no))?;
        world.ledger.note(&self.run, |account| {
            account.lines.entry(epoch).or_default().extend(lines);
        });
        let batch = json!({ "epoch": epoch, "samples": samples.iter().map(|seq| json!({
            "seq": seq, "ts": ts, "mono_ns": seq, "kind": "temperature", "key": "cpu0",
            "value": 40.0, "unit": "C",
        })).collect::<Vec<_>>() });
        let stored = world.post::<BatchAnswer>(&self.client, self.path("sensor"), &token, &batch);
        stored.await.map_err(|no| self.refused("sensor", &no))?;
        world.ledger.note(&self.run, |account| {
            account.samples.entry(epoch).or_default().extend(samples);
        });
        Ok(())
    }

    /// Holds until a directive leads on.
    async fn hold(&mut self) -> Result<Place, Over> {
        let begun = self.hold_step("begin").await?;
        if !begun {
            return Err(Over::LookAgain);
        }
        self.world
            .ledger
            .note(&self.run, |account| account.holds += 1);
        self.hold_step("open").await?;
        let mut answers = Vec::new();
        for beat in 0_u32.. {
            if beat % LOOK_AFTER == 0 {
                self.decide().await;
            }
            let heard = self
                .heartbeat(
                    &State::FailedHolding,
                    None,
                    WAIT_MS,
                    std::mem::take(&mut answers),
                )
                .await?;
            for directive in heard.directives {
                let answer = |status| DirectiveAnswer {
                    id: directive.id.clone(),
                    status,
                    reason: None,
                };
                answers.push(answer(DirectiveStatus::Applied));
                match (&directive.cmd, &directive.stage, directive.attempt) {
                    (Command::RetryStage, Some(stage), Some(attempt)) => {
                        let state = State::Stage(stage.clone());
                        self.heartbeat(&state, Some((stage, attempt)), 0, answers)
                            .await?;
                        return Ok(Place { state, attempt });
                    }
                    (Command::Shutdown | Command::Abort, ..) => {
                        let over = State::Cancelled;
                        // The run is over whatever becomes of these.
                        let _heard = self.heartbeat(&over, None, 0, answers).await;
                        let _closed = self.hold_step("closed").await;
                        return Err(Over::Run);
                    }
                    _ => {}
                }
            }
            if beat > 200 {
                let what = format!("{} held for ever", self.run);
                self.world.ledger.unexpected(what);
                return Err(Over::GivenUp);
            }
        }
        Err(Over::LookAgain)
    }

    /// What an operator does with a run that holds: a good machine goes on, any other is shut down.
    async fn decide(&mut self) {
        let path = format!("/api/v1/admin/runs/{}", self.run);
        let Ok(view) = self.world.look::<Value>(&path).await else {
            return;
        };
        if view["state"] != "FailedHolding" {
            return;
        }
        let why = view["held"]["reason"].as_str().unwrap_or_default();
        self.note(format!("it holds: {why}"));
        if self.fate.must_pass() {
            if self.steer("retry_stage").await {
                self.world
                    .ledger
                    .note(&self.run, |account| account.retries += 1);
            }
        } else {
            self.steer("shutdown").await;
        }
    }

    /// Whether the orchestrator takes the run to hold.
    async fn hold_step(&mut self, step: &str) -> Result<bool, Over> {
        let (token, epoch) = self.credentials();
        let hold = json!({ "epoch": epoch, "step": step, "address": "192.0.2.10",
            "host_key_fingerprints": ["SHA256:x"] });
        let world = self.world.clone();
        let held = world.post::<HoldAnswer>(&self.client, self.path("hold"), &token, &hold);
        match held.await {
            Ok(_) => Ok(true),
            Err(No::Refused {
                code: Code::State, ..
            }) => Ok(false),
            Err(no) => Err(self.refused("hold", &no)),
        }
    }

    async fn heartbeat(
        &mut self,
        state: &State,
        at: Option<(&str, u32)>,
        wait_ms: u64,
        directive_answers: Vec<DirectiveAnswer>,
    ) -> Result<HeartbeatAnswer, Over> {
        let (token, epoch) = self.credentials();
        let beat = Heartbeat {
            epoch,
            state: state.clone(),
            stage: at.map(|(stage, _)| stage.to_owned()),
            attempt: at.map(|(_, attempt)| attempt),
            fraction: None,
            note: None,
            wait_ms,
            directive_answers,
        };
        let world = self.world.clone();
        let heard = world.post(&self.client, self.path("heartbeat"), &token, &beat);
        heard.await.map_err(|no| self.refused("heartbeat", &no))
    }

    /// What follows from a refusal.
    fn refused(&mut self, call: &str, no: &No) -> Over {
        self.note(format!("{call} was refused: {no}"));
        match no {
            No::Refused { code, .. } => match code {
                Code::Superseded => Over::Replaced,
                Code::RunOver => Over::Run,
                Code::SessionExpired | Code::State => Over::LookAgain,
                _ => {
                    let what = format!("{} ({}): {call}: {no}", self.run, self.name);
                    self.world.ledger.unexpected(what);
                    Over::GivenUp
                }
            },
            No::Unanswered(_) => {
                let what = format!("{} ({}): {call}: {no}", self.run, self.name);
                self.world.ledger.unexpected(what);
                Over::LookAgain
            }
        }
    }

    fn path(&self, call: &str) -> String {
        format!("/api/v1/runs/{}/{call}", self.run)
    }

    fn credentials(&self) -> (Secret, u64) {
        match &self.session {
            Some(session) => (session.token.clone(), session.epoch),
            None => (self.boot_token.clone(), 0),
        }
    }
}
