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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::hwmon::SensorKind;
    use crate::contract::stress::{Job, Stressor};
    use crate::simulated::SimulatedMachine;
    use crate::{Attempt, Machine as _, Reply};

    /// The highest temperature that a session shows, in degrees Celsius.
    async fn hottest(session: &dyn Session) -> f64 {
        let Ok(Reply::Hwmon(reading)) = session.call(Request::Hwmon).await else {
            panic!("no sensors");
        };
        let sensors = reading.sensors.iter();
        let temperatures = sensors.filter(|s| s.kind == SensorKind::Temperature);
        temperatures.map(|s| s.value).fold(f64::MIN, f64::max)
    }

    #[tokio::test]
    async fn an_onlooker_sees_the_stage_s_world_and_moves_no_clock() {
        let machine = SimulatedMachine::builtin("healthy-server", 1).expect("a machine");
        let beside = machine.begin(Attempt::beside("sensors")).await;
        let beside = beside.expect("an onlooker");
        let idle = hottest(&*beside).await;
        let stage = Attempt {
            beside: false,
            cpu_allowance: 64,
            max_tools: 1,
            max_watches: 0,
            ..Attempt::beside("CPUStress")
        };
        let stage = machine.begin(stage).await.expect("a stage");
        let job = Job {
            stressors: vec![Stressor {
                name: "cpu".to_owned(),
                workers: 64,
                method: None,
                memory_bytes: None,
            }],
            duration_ms: 600_000,
            verify: false,
            cpus: Vec::new(),
            per_cpu: false,
        };
        stage
            .call(Request::StressStart { job })
            .await
            .expect("started");
        let milliseconds = 120_000;
        stage
            .call(Request::Sleep { milliseconds })
            .await
            .expect("slept");
        let elapsed = stage.elapsed();
        let loaded = hottest(&*beside).await;
        assert!(
            loaded > idle + 10.0,
            "{idle} °C idle, {loaded} °C under load"
        );
        assert_eq!(stage.elapsed(), elapsed);
        drop(stage);
        assert!(hottest(&*beside).await < idle + 10.0);
    }
}
