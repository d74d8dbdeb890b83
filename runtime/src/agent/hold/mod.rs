//! The hold: the machine waits for a person, whom it lets in.
//!
//! ```text
//! begin (asked until it is answered) ─► keys in ─► open ─► wait for retry_stage or the end
//!   ▲                                               │        └─► keys out, logins closed ─► closed
//!   └── nobody is let in: asked again ◄─────────────┴─ asked again: keys that go are closed out
//! ```
//!
//! It is asked again with every heartbeat's period, so that an operator who was removed is let in no more
//! and a new one is.
//!
//! Signals are heard all the while, so that a retry or a shutdown never waits for an orchestrator
//! that was away when the hold began.

mod keys;
mod sessions;

use std::path::Path;
use std::time::Duration;

use vetting_protocol::{Directive, DirectiveStatus, Hold, HoldAnswer, HoldStep, Level};

pub(super) use keys::Keys;

use super::forward::Journal;
use super::steering::Steps;

/// How long one call may take.
const CALL: Duration = Duration::from_secs(10);
/// How often it is told that the keys are gone.
const CLOSED_TRIES: u32 = 5;

/// Ends the hold of an agent before this one, of which nothing may be left where the run does not
/// hold any more.
pub(super) fn end_earlier(keys: &mut Keys, run: &str, journal: &Journal) {
    if let Err(error) = keys.remove() {
        let text = format!("keys that an earlier agent left could not be removed: {error}");
        journal.say(Level::Error, &text);
    }
    for line in sessions::close(run, None) {
        let text = format!("left by an earlier hold: {line}");
        journal.say(Level::Warn, &text);
    }
}

impl Steps {
    /// Waits for a person: the operators' keys are in `keys`, until a retry or the end. `None`: the
    /// end.
    pub async fn hold(
        &mut self,
        keys: Option<&mut Keys>,
        run: &str,
        why: Option<String>,
    ) -> Option<Directive> {
        let reason = why.unwrap_or_default();
        let text = format!("the run holds: {reason}");
        self.journal.say(Level::Warn, &text);
        let begun = self.tell_until_over(HoldStep::Begin).await;
        match keys {
            Some(keys) => self.attend(keys, run, begun).await,
            None => {
                self.say_that_nobody_is_let_in();
                while !self.hold_is_over() {
                    self.signal().await;
                }
            }
        }
        let directive = self.retry.take()?;
        self.status
            .answer(&directive.id, DirectiveStatus::Applied, None);
        Some(directive)
    }

    /// Lets in whom the orchestrator names, now and whenever that changes, until the hold is over.
    async fn attend(&mut self, keys: &mut Keys, run: &str, begun: Option<HoldAnswer>) {
        let link = self.link.clone();
        let given = |answer: HoldAnswer| answer.authorized_key.unwrap_or_default();
        let mut works = self
            .let_in(keys, &begun.map(given).unwrap_or_default(), run)
            .await;
        if !keys.let_in() {
            self.say_that_nobody_is_let_in();
        }
        while !self.hold_is_over() {
            let period = Duration::from_millis(self.status.periods().heartbeat_ms);
            let wait = tokio::time::sleep(period);
            if self.unless(Self::hold_is_over, wait).await.is_none() {
                break;
            }
            if !works {
                continue;
            }
            let step = if keys.let_in() {
                HoldStep::Keys
            } else {
                HoldStep::Begin
            };
            let body = self.step(step);
            let call = link.post::<_, HoldAnswer>("hold", &body, CALL);
            match self.unless(Self::hold_is_over, call).await {
                Some(Ok(answer)) => works = self.let_in(keys, &given(answer), run).await,
                // The heartbeat says that nobody answers, and an orchestrator that refuses ends the hold.
                Some(Err(error)) => {
                    tracing::debug!("it was not heard whose keys are let in: {error}");
                }
                None => {}
            }
        }
        if keys.let_in() {
            self.close(keys, run).await;
        }
    }

    /// Lets in the keys that are given, one per line, and nobody else. Whether the file of keys can be
    /// written.
    async fn let_in(&mut self, keys: &mut Keys, given: &str, run: &str) -> bool {
        let was_open = keys.let_in();
        if given.is_empty() {
            if was_open {
                self.close(keys, run).await;
            }
            return true;
        }
        let gone = match keys.install(given, run) {
            Ok(gone) => gone,
            Err(error) => {
                let text = format!("the operators' keys could not be installed: {error}");
                self.journal.say(Level::Error, &text);
                return false;
            }
        };
        if !was_open {
            self.tell_until_over(HoldStep::Open).await;
        }
        if !gone.is_empty() {
            let run = run.to_owned();
            let close = move || sessions::close(&run, Some(&gone));
            let closed = tokio::task::spawn_blocking(close).await;
            for line in closed.unwrap_or_default() {
                let text = format!("a key is let in no more: {line}");
                self.journal.say(Level::Info, &text);
            }
        }
        true
    }

    fn say_that_nobody_is_let_in(&self) {
        if !self.hold_is_over() {
            let text = "nobody is let in while the run holds";
            self.journal.say(Level::Info, text);
        }
    }

    /// Takes the keys out, and ends what came in by them.
    async fn close(&mut self, keys: &mut Keys, run: &str) {
        if let Err(error) = keys.remove() {
            let text = format!("the operators' keys could not be removed: {error}");
            self.journal.say(Level::Error, &text);
            return;
        }
        let run = run.to_owned();
        let closed = tokio::task::spawn_blocking(move || sessions::close(&run, None)).await;
        for line in closed.unwrap_or_default() {
            let text = format!("the hold is over: {line}");
            self.journal.say(Level::Info, &text);
        }
        let link = self.link.clone();
        let mut back_off = link.back_off();
        for _ in 0..CLOSED_TRIES {
            let body = self.step(HoldStep::Closed);
            match link.post::<_, HoldAnswer>("hold", &body, CALL).await {
                Ok(_) => return,
                Err(error) => {
                    let text =
                        format!("the orchestrator was not told that the hold is over: {error}");
                    self.journal.say(Level::Warn, &text);
                    if error.is_answer() {
                        return;
                    }
                    back_off.wait(&error).await;
                }
            }
        }
    }

    fn hold_is_over(&self) -> bool {
        self.retry.is_some() || self.ending.is_some()
    }

    /// Tells of the hold until it is answered, or over.
    async fn tell_until_over(&mut self, step: HoldStep) -> Option<HoldAnswer> {
        let link = self.link.clone();
        let mut back_off = link.back_off();
        loop {
            let body = self.step(step);
            let call = link.post::<_, HoldAnswer>("hold", &body, CALL);
            let error = match self.unless(Self::hold_is_over, call).await? {
                Ok(answer) => return Some(answer),
                Err(error) => error,
            };
            let text = format!("the orchestrator was not told of the hold: {error}");
            self.journal.say(Level::Warn, &text);
            if error.is_answer() {
                return None;
            }
            let wait = back_off.wait(&error);
            self.unless(Self::hold_is_over, wait).await?;
        }
    }

    fn step(&self, step: HoldStep) -> Hold {
        Hold {
            epoch: self.epoch,
            step,
            address: self.claim.address.clone(),
            host_key_fingerprints: host_keys(Path::new("/etc/ssh")),
        }
    }
}

/// The fingerprints of this machine's SSH host keys, as `ssh-keygen -l` prints them: base 64 of the
/// sha256, without padding.
fn host_keys(folder: &Path) -> Vec<String> {
    use base64::Engine as _;
    use sha2::Digest as _;
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            if !(name.starts_with("ssh_host_") && name.ends_with(".pub")) {
                return None;
            }
            let text = std::fs::read_to_string(entry.path()).ok()?;
            let mut words = text.split_whitespace();
            let (kind, key) = (words.next()?, words.next()?);
            let key = base64::engine::general_purpose::STANDARD.decode(key).ok()?;
            let print =
                base64::engine::general_purpose::STANDARD_NO_PAD.encode(sha2::Sha256::digest(key));
            Some(format!("SHA256:{print} ({kind})"))
        })
        .collect();
    found.sort();
    found
}
