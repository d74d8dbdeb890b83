//! What every simulated machine and attacker shares: the orchestrator, virtual time, the ledger, and
//! how a call is made until it is answered.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vetting_protocol::Code;
use vetting_tests::calendar::Calendar;
use vetting_tests::fleet::Orchestrator;
use vetting_transport::{Call, CallError, Client, Secret};

use crate::clock::Clock;
use crate::disk::Disk;
use crate::ledger::Ledger;
use crate::record::Models;

/// How long one call may take.
const CALL: Duration = Duration::from_secs(10);
/// How long a call is tried again, by the wall, before its caller gives up.
const PATIENCE: Duration = Duration::from_secs(90);
/// The pauses between two tries.
const PAUSES: [u64; 4] = [50, 100, 200, 400];

/// All of it.
pub struct World {
    /// The orchestrator, killed and started by the driver alone.
    pub server: Mutex<Orchestrator>,
    /// Its disk.
    pub disk: Disk,
    /// Its calendar.
    pub calendar: Calendar,
    /// Its URL.
    pub url: String,
    /// Its certificate's fingerprint.
    pub pin: String,
    /// Virtual time.
    pub clock: Clock,
    /// The account.
    pub ledger: Ledger,
    /// Honest records.
    pub models: Models,
    /// Whether no new run is begun.
    pub calm: AtomicBool,
    /// Calls that were answered with 2xx.
    pub answered: AtomicU64,
    /// Calls that were refused for good.
    pub refused: AtomicU64,
    /// Calls that had to be made again.
    pub again: AtomicU64,
    operator: (Client, Secret),
}

/// Why a call has no answer to work with.
#[derive(Debug)]
pub enum No {
    /// It was refused.
    Refused {
        /// What is wrong.
        code: Code,
        /// In words.
        message: String,
    },
    /// It was never answered.
    Unanswered(String),
}

impl std::fmt::Display for No {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            No::Refused { code, message } => write!(f, "{}: {message}", code.as_str()),
            No::Unanswered(why) => write!(f, "not answered: {why}"),
        }
    }
}

impl World {
    /// A world around an orchestrator, whose time begins now.
    pub fn new(
        server: Orchestrator,
        disk: Disk,
        calendar: Calendar,
        models: Models,
        pace: f64,
    ) -> Self {
        let (url, pin) = (server.url.clone(), server.pin.clone());
        let operator = (client(&url, &pin), Secret::new(server.token.clone()));
        World {
            server: Mutex::new(server),
            disk,
            calendar,
            url,
            pin,
            clock: Clock::new(pace),
            ledger: Ledger::default(),
            models,
            calm: AtomicBool::new(false),
            answered: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            again: AtomicU64::new(0),
            operator,
        }
    }

    /// A client with connections of its own.
    pub fn client(&self) -> Client {
        client(&self.url, &self.pin)
    }

    /// Whether no new run is begun.
    pub fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    /// Posts until there is an answer.
    pub async fn post<A: DeserializeOwned>(
        &self,
        client: &Client,
        path: impl AsRef<str> + Send,
        token: &Secret,
        body: &(impl Serialize + Sync),
    ) -> Result<A, No> {
        let began = Instant::now();
        for tried in 0.. {
            match client.post(call(path.as_ref(), token), body).await {
                Ok(answer) => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) if error.is_answer() => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    return Err(refusal(error));
                }
                Err(error) => self.pause(tried, began, &error).await?,
            }
        }
        unreachable!("it is tried until it is answered")
    }

    async fn pause(&self, tried: usize, began: Instant, error: &CallError) -> Result<(), No> {
        self.again.fetch_add(1, Ordering::Relaxed);
        if began.elapsed() > PATIENCE {
            return Err(No::Unanswered(error.to_string()));
        }
        let pause = PAUSES[tried.min(PAUSES.len() - 1)];
        let asked = error
            .retry_after()
            .unwrap_or_default()
            .min(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(pause).max(asked)).await;
        Ok(())
    }

    /// Posts as the operator.
    pub async fn order<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<A, No> {
        let (client, token) = &self.operator;
        self.post(client, path, token, body).await
    }

    /// Posts as the operator once, whatever comes of it.
    pub async fn order_once(&self, path: &str, body: &Value) -> Result<Value, CallError> {
        let (client, token) = &self.operator;
        client.post(call(path, token), body).await
    }

    /// Gets as the operator, until there is an answer.
    pub async fn look<A: DeserializeOwned>(&self, path: &str) -> Result<A, No> {
        let (client, token) = &self.operator;
        let began = Instant::now();
        for tried in 0.. {
            match client.get(call(path, token)).await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.is_answer() => return Err(refusal(error)),
                Err(error) => self.pause(tried, began, &error).await?,
            }
        }
        unreachable!("it is tried until it is answered")
    }
}

fn call<'a>(path: &'a str, token: &'a Secret) -> Call<'a> {
    Call {
        path,
        token: Some(token),
        timeout: CALL,
    }
}

fn refusal(error: CallError) -> No {
    match error {
        CallError::Refused { refusal, .. } => No::Refused {
            code: refusal.code,
            message: refusal.message,
        },
        other => No::Unanswered(other.to_string()),
    }
}

fn client(url: &str, pin: &str) -> Client {
    let pin = pin.parse().expect("a pin");
    let client = Client::new(url, &[pin]).expect("a client");
    client.answers_up_to(64 << 20)
}
