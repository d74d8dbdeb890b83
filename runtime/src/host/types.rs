//! `types` and `outcome`, which have no functions: what an error of the host becomes for a stage.

use super::bindings::vetting::stage::{outcome, types};
use super::{HostError, HostState, carry};

impl types::Host for HostState {
    fn convert_error(&mut self, error: HostError) -> wasmtime::Result<types::Error> {
        match error {
            HostError::Stage(error) => carry(&error).map_err(|e| match e {
                HostError::Trap(trap) => trap,
                HostError::Stage(error) => wasmtime::Error::from_anyhow(error.into()),
            }),
            HostError::Trap(trap) => Err(trap),
        }
    }
}

impl outcome::Host for HostState {}
