//! An iperf3 server on this machine's loopback, for a run without a peer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::contract::types::Error;
use crate::tools::Toolbox;
use crate::tools::group::Group;
use crate::tools::process::Watch;
use crate::tools::toolbox::Reach;

/// A server on 127.0.0.1. It ends when this is dropped, and when this process dies.
#[derive(Debug)]
pub struct Server {
    /// Its TCP port.
    pub port: u16,
    group: Arc<Group>,
    task: JoinHandle<()>,
}

impl Server {
    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.group.leader()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
        self.group.kill_all();
    }
}

/// Starts a server on a free port of 127.0.0.1, and returns once it listens.
pub async fn serve_loopback(tools: &Toolbox) -> Result<Server, Error> {
    /// Another program may take the free port before the server does.
    const TRIES: usize = 5;
    for _ in 0..TRIES {
        if let Some(server) = attempt(tools).await? {
            return Ok(server);
        }
    }
    Err(Error::tool_failed(
        "iperf3",
        "its server did not come up on any free port of 127.0.0.1",
    ))
}

async fn attempt(tools: &Toolbox) -> Result<Option<Server>, Error> {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|e| Error::tool_failed("iperf3", format!("127.0.0.1 has no free port: {e}")))?
        .port();
    let number = port.to_string();
    let arguments = ["-s", "-B", "127.0.0.1", "-p", &number];
    let mut caged = tools
        .start(
            "iperf3",
            "iperf3",
            &arguments,
            Reach::writing(&[&std::env::temp_dir()]),
        )
        .await?;
    let group = caged.group.clone();
    let watch = Watch {
        stop: CancellationToken::new(),
        timeout: None,
        signal: Signal::SIGTERM,
        grace: Duration::ZERO,
        max_stderr: usize::MAX,
    };
    // What it prints must be read, or it would wait for a reader; nobody wants it.
    let task = tokio::spawn(async move {
        if let Err(error) = caged.watch(&watch, |_, _| Ok(())).await {
            tracing::warn!(%error, "the loopback iperf3 server ended");
        }
    });
    let server = Server { port, group, task };
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until && !server.task.is_finished() {
        if listens(port) {
            return Ok(Some(server));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(None)
}

/// Whether somebody listens on 127.0.0.1:`port`. Connecting would count as a client.
fn listens(port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let address = format!("0100007F:{port:04X}");
    table.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        // 0A: LISTEN.
        fields.next() == Some(&address) && fields.nth(1) == Some("0A")
    })
}
