//! A look at a simulated machine beside the stage at work: it sees that stage's world as it is, and
//! moves no clock, so that a stage's results do not depend on who looks on.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;

use super::session::{Shared, SimulatedSession};
use crate::{Answer, Request, Session};

/// The session of the stage at work, where there is one.
#[derive(Default)]
pub(super) struct AtWork(Mutex<Weak<Shared>>);

impl AtWork {
    /// From now on this one is at work, until it is dropped.
    pub fn is(&self, session: &SimulatedSession) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = session.shared();
    }

    fn get(&self) -> Option<Arc<Shared>> {
        let at_work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at_work.upgrade()
    }
}

/// A session that looks on. While no stage is at work it sees an idle machine of its own.
pub(super) struct Onlooker {
    idle: SimulatedSession,
    at_work: Arc<AtWork>,
}

impl Onlooker {
    pub fn new(idle: SimulatedSession, at_work: Arc<AtWork>) -> Self {
        Onlooker { idle, at_work }
    }
}

#[async_trait]
impl Session for Onlooker {
    async fn call(&self, request: Request) -> Answer {
        match self.at_work.get().and_then(|stage| stage.look(&request)) {
            Some(answer) => answer,
            None => self.idle.call(request).await,
        }
    }

    fn elapsed(&self) -> Duration {
        self.idle.elapsed()
    }

    async fn end(&self) -> Vec<String> {
        self.idle.end().await
    }
}
