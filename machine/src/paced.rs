//! A machine of virtual time that keeps to a pace of the wall's clock: every answer comes when its
//! instant has come. So a fleet of simulated machines works for as long as real ones would, or for a
//! known share of that, and can be interrupted in the middle of whatever it does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::delegate::delegate_machine;
use crate::{Answer, Attempt, Cancel, Halt, Machine, MachineError, Request, Session};

/// A machine at a pace.
pub struct Paced {
    machine: Arc<dyn Machine>,
    pace: f64,
}

impl Paced {
    /// A machine of virtual time, of which `pace` seconds pass in one of the wall's. `pace` is
    /// positive.
    pub fn new(machine: Arc<dyn Machine>, pace: f64) -> Self {
        Paced { machine, pace }
    }
}

#[async_trait]
impl Machine for Paced {
    delegate_machine!(machine);

    fn pace(&self) -> Option<f64> {
        Some(self.pace)
    }

    async fn begin(&self, attempt: Attempt) -> Result<Box<dyn Session>, MachineError> {
        if attempt.beside {
            // Who looks on waits for nobody's clock.
            return self.machine.begin(attempt).await;
        }
        let cancel = attempt.cancel.clone();
        Ok(Box::new(PacedSession {
            session: self.machine.begin(attempt).await?,
            began: Instant::now(),
            pace: self.pace,
            cancel,
        }))
    }
}

struct PacedSession {
    session: Box<dyn Session>,
    began: Instant,
    pace: f64,
    cancel: Cancel,
}

#[async_trait]
impl Session for PacedSession {
    async fn call(&self, request: Request) -> Answer {
        let answer = self.session.call(request).await;
        let elapsed = self.session.elapsed().as_secs_f64() / self.pace;
        let wait = Duration::try_from_secs_f64(elapsed).unwrap_or(Duration::MAX);
        let due = self.began.checked_add(wait);
        let due = due.unwrap_or_else(|| self.began + Duration::from_secs(u64::from(u32::MAX)));
        tokio::select! {
            () = tokio::time::sleep_until(due) => {}
            // Who is cancelled does not wait for the wall any more.
            () = self.cancel.cancelled() => {}
        }
        answer
    }

    fn elapsed(&self) -> Duration {
        self.session.elapsed()
    }

    fn stamp(&self) -> Duration {
        self.session.stamp()
    }

    async fn halted(&self) -> Halt {
        self.session.halted().await
    }

    async fn end(&self) -> Vec<String> {
        self.session.end().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;
    use crate::simulated::SimulatedMachine;

    const SLEEP: Request = Request::Sleep {
        milliseconds: 60_000,
    };

    async fn session(pace: f64, cancel: &Cancel) -> Box<dyn Session> {
        let machine = SimulatedMachine::builtin("healthy-server", 1).expect("a machine");
        let attempt = Attempt {
            beside: false,
            cancel: cancel.clone(),
            ..Attempt::beside("a test")
        };
        let paced = Paced::new(Arc::new(machine), pace);
        paced.begin(attempt).await.expect("a session")
    }

    #[tokio::test]
    async fn an_answer_comes_no_sooner_than_its_instant() {
        let session = session(1200.0, &Cancel::new()).await;
        let began = Instant::now();
        session.call(SLEEP).await.expect("slept");
        let took = began.elapsed().as_secs_f64();
        assert!(took >= 60.0 / 1200.0, "{took}");
    }

    #[tokio::test]
    async fn who_is_cancelled_does_not_wait() {
        let cancel = Cancel::new();
        // A minute would take an hour.
        let session = session(1.0 / 60.0, &cancel).await;
        let cancelling = async { cancel.cancel(Reason::Person("SIGINT".to_owned())) };
        let (_answer, ()) = tokio::join!(session.call(SLEEP), cancelling);
    }
}
