//! A tool that works while a stage waits for its events.
use std::path::PathBuf;
use std::time::Duration;

use crate::Cancel;
use crate::contract::types::Error;
use crate::contract::{fio, gpu, iperf, stress};

/// What a running tool tells.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolEvent {
    /// fio.
    Fio(fio::Event),
    /// stress-ng.
    Stress(stress::Event),
    /// iperf3.
    Iperf(iperf::Event),
    /// A GPU's load.
    Gpu(gpu::Event),
}

/// What a tool is started with.
#[derive(Clone, Debug)]
pub struct RunContext {
    /// The attempt's cancellation: the tool is asked to end when it fires.
    pub cancel: Cancel,
    /// How long a tool has to end by itself.
    pub grace: Duration,
    /// The attempt's scratch folder.
    pub scratch: PathBuf,
}

/// A running tool.
#[derive(Debug)]
pub struct ToolRun {}

impl ToolRun {
    /// The next event; `None`: nothing within the time-out.
    pub async fn next(&self, _timeout: Duration) -> Result<Option<ToolEvent>, Error> {
        Err(Error::invalid("run", "it has finished"))
    }

    /// Asks it to end.
    pub fn stop(&self) {}

    /// Kills and reaps what is left; says what had to be killed.
    pub async fn end(self) -> Vec<String> {
        Vec::new()
    }
}
