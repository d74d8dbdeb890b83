//! The agent's calls: which path, which token, how long, and how often again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::RngExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use vetting_protocol::{Claim, ClaimAnswer, Code};
use vetting_transport::{Call, CallError, Client, Secret};

use super::session::Kept;
use super::{Parameters, Settings};

/// The longest wait that the server may ask for: a mistake there must not park a machine for a day.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// The way to the orchestrator.
pub(super) struct Link {
    client: Client,
    run: String,
    boot: Secret,
    session: Mutex<Option<Secret>>,
    kept: Kept,
    settings: Settings,
}

impl Link {
    /// The way to the orchestrator for a run; its session is kept for this boot.
    pub fn new(boot: &Parameters, settings: &Settings, kept: Kept) -> Result<Self, CallError> {
        Ok(Link {
            client: Client::new(&boot.url, &boot.pins)?,
            run: boot.run.clone(),
            boot: boot.token.clone(),
            session: Mutex::new(None),
            kept,
            settings: settings.clone(),
        })
    }

    /// The orchestrator's URL.
    pub fn url(&self) -> &str {
        self.client.url()
    }

    /// From now on calls carry this token, and an agent that restarts in this boot has it.
    ///
    /// # Errors
    ///
    /// When it cannot be kept for such an agent.
    pub fn open(&self, token: String) -> std::io::Result<()> {
        let token = Secret::new(token);
        let kept = self.kept.put(&token);
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        *session = Some(token);
        kept
    }

    /// A claim: with the session that an agent before this one had in the same boot, and where there is
    /// none that is good, with the boot token.
    pub async fn claim(&self, claim: &Claim) -> Result<ClaimAnswer, CallError> {
        if let Some(session) = self.kept.left() {
            let path = self.path("claim");
            let call = Call {
                path: &path,
                token: Some(&session),
                timeout: self.settings.call,
            };
            match self.client.post(call, claim).await {
                Err(error) if error.code() == Some(&Code::BadToken) => {}
                answer => return answer,
            }
        }
        self.boot("claim", claim).await
    }

    /// A call with the boot token: hello, claim.
    pub async fn boot<B: Serialize + Sync, A: DeserializeOwned>(
        &self,
        name: &str,
        body: &B,
    ) -> Result<A, CallError> {
        let path = self.path(name);
        let call = Call {
            path: &path,
            token: Some(&self.boot),
            timeout: self.settings.call,
        };
        self.client.post(call, body).await
    }

    /// A call with the session's token.
    pub async fn post<B: Serialize + Sync, A: DeserializeOwned>(
        &self,
        name: &str,
        body: &B,
        timeout: Duration,
    ) -> Result<A, CallError> {
        let path = self.path(name);
        let token = self.token();
        let call = Call {
            path: &path,
            token: token.as_ref(),
            timeout,
        };
        self.client.post(call, body).await
    }

    /// A component's bytes.
    pub async fn component(&self, sha256: &str, most: usize) -> Result<Vec<u8>, CallError> {
        let path = format!("/api/v1/components/{sha256}");
        let token = self.token();
        let call = Call {
            path: &path,
            token: token.as_ref(),
            // A large component on a slow line may take long, as long as it comes.
            timeout: Duration::from_secs(600),
        };
        self.client.bytes(call, most, self.settings.stall).await
    }

    fn path(&self, name: &str) -> String {
        format!("/api/v1/runs/{}/{name}", self.run)
    }

    fn token(&self) -> Option<Secret> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.clone()
    }

    /// The waits between tries.
    pub fn back_off(&self) -> BackOff {
        BackOff {
            next: self.settings.first_wait,
            longest: self.settings.longest_wait,
        }
    }
}

/// Waits that double, each cut by chance, so that a fleet does not come back as one. (Full jitter.)
pub(super) struct BackOff {
    next: Duration,
    longest: Duration,
}

impl BackOff {
    /// Waits before the next try; as long as the server asked, where it did.
    pub async fn wait(&mut self, error: &CallError) {
        let share: f64 = rand::rng().random();
        let wait = self.next.mul_f64(share).max(Duration::from_millis(20));
        self.next = (self.next * 2).min(self.longest);
        let asked = error.retry_after().unwrap_or_default().min(LONGEST_ASKED);
        tokio::time::sleep(wait.max(asked)).await;
    }
}
