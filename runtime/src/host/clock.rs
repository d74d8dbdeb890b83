//! `clock`: time, in the machine's own.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::clock::{Host, Instant};
use super::{HostError, HostState, ask, wrong_reply};

impl Host for HostState {
    async fn monotonic(&mut self) -> wasmtime::Result<u64> {
        let answer = self.ask("clock.monotonic", Request::Monotonic).await;
        match answer.map_err(infallible)? {
            Reply::Monotonic(nanoseconds) => Ok(nanoseconds),
            other => Err(infallible(wrong_reply("clock.monotonic", &other))),
        }
    }

    async fn wall(&mut self) -> wasmtime::Result<Instant> {
        let answer = self.ask("clock.wall", Request::Wall).await;
        match answer.map_err(infallible)? {
            Reply::Wall(now) => Ok(Instant {
                seconds: now.seconds,
                nanoseconds: now.nanoseconds,
            }),
            other => Err(infallible(wrong_reply("clock.wall", &other))),
        }
    }

    async fn sleep(&mut self, milliseconds: u64) -> Result<(), HostError> {
        ask!(self, "clock.sleep", Request::Sleep { milliseconds })
    }
}

/// A function without an error to tell a stage: whatever goes wrong ends the attempt.
pub(super) fn infallible(error: HostError) -> wasmtime::Error {
    match error {
        HostError::Trap(trap) => trap,
        HostError::Stage(error) => wasmtime::Error::from_anyhow(error.into()),
    }
}
