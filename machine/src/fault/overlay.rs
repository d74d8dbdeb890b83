//! A machine with faults laid over some of its exchanges.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Counts, Faults};
use crate::contract::types::Error;
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
    /// How many exchanges there were, and how many of each function.
    asked: Mutex<(u64, Counts)>,
}

impl OverlaidSession {
    fn strike(&self, request: &Request) -> Option<Error> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, counts) = &mut *asked;
        *number = number.saturating_add(1);
        self.faults.strike(&self.stage, counts, *number, request)
    }
}

#[async_trait]
impl Session for OverlaidSession {
    async fn call(&self, request: Request) -> Answer {
        match self.strike(&request) {
            Some(error) => Err(error),
            None => self.session.call(request).await,
        }
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
