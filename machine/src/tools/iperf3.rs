//! iperf3.
use crate::contract::context::NetworkPeer;
use crate::contract::iperf::Job;
use crate::contract::types::Error;

use super::{RunContext, ToolRun, Toolbox};

/// A server on 127.0.0.1. It ends when dropped.
#[derive(Debug)]
pub struct Server {
    /// Its TCP port.
    pub port: u16,
}

/// Starts a job as a client of `peer`.
pub async fn start(
    _tools: &Toolbox,
    _job: &Job,
    _peer: &NetworkPeer,
    _ctx: &RunContext,
) -> Result<ToolRun, Error> {
    Err(Error::tool_missing("iperf3", "iperf3"))
}

/// Starts a server on 127.0.0.1 for a local run.
pub async fn serve_loopback(_tools: &Toolbox) -> Result<Server, Error> {
    Err(Error::tool_missing("iperf3", "iperf3"))
}
