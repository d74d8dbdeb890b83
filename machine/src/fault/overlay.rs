//! A machine with faults laid over some of its exchanges.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{FaultState, Faults, Plan};
use crate::delegate::delegate_machine;
use crate::{Answer, Attempt, Halt, Machine, MachineError, Request, Session};

/// A machine with faults.
pub struct Overlay {
    machine: Arc<dyn Machine>,
    faults: Arc<Faults>,
}

impl Overlay {
    /// The same machine, with those faults.
    pub fn new(machine: Arc<dyn Machine>, faults: Arc<Faults>) -> Self {
        Overlay { machine, faults }
    }
}

#[async_trait]
impl Machine for Overlay {
    delegate_machine!(machine);

    fn pace(&self) -> Option<f64> {
        self.machine.pace()
    }

    async fn begin(&self, attempt: Attempt) -> Result<Box<dyn Session>, MachineError> {
        if attempt.beside {
            return self.machine.begin(attempt).await;
        }
        let stage = attempt.stage.clone();
        Ok(Box::new(OverlaidSession {
            session: self.machine.begin(attempt).await?,
            faults: Arc::clone(&self.faults),
            stage,
            asked: Mutex::default(),
        }))
    }
}

struct OverlaidSession {
    session: Box<dyn Session>,
    faults: Arc<Faults>,
    stage: String,
    /// How many exchanges there were, and what faults know of them.
    asked: Mutex<(u64, FaultState)>,
}

impl OverlaidSession {
    fn asked(&self) -> MutexGuard<'_, (u64, FaultState)> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan(&self, request: &Request) -> Plan {
        let mut asked = self.asked();
        let (number, state) = &mut *asked;
        *number = number.saturating_add(1);
        self.faults.plan(&self.stage, state, *number, request)
    }
}

#[async_trait]
impl Session for OverlaidSession {
    async fn call(&self, request: Request) -> Answer {
        let plan = self.plan(&request);
        if let Some(error) = plan.refusal() {
            return Err(error.clone());
        }
        let answer = self.session.call(request.clone()).await;
        let (_, state) = &mut *self.asked();
        plan.give(state, &request, answer)
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
