//! An iperf3 server per run: one server takes one client. It ends with the run's network stage, and
//! with this process.

use std::net::IpAddr;
use std::process::Stdio;

use tokio::process::{Child, Command};

/// The stage that it is for.
pub const STAGE: &str = "Network";

/// A running server; it is killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
}

impl Server {
    /// Whether it still runs.
    pub fn works(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

/// Starts a server.
///
/// # Errors
///
/// When iperf3 is not installed or cannot be started.
pub async fn serve(address: IpAddr, port: u16) -> std::io::Result<Server> {
    let mut command = Command::new("iperf3");
    command
        .args(["-s", "-B", &address.to_string(), "-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    // SAFETY: one system call, which is async-signal-safe. Killed with this process, whatever ends
    // it; the runtime's threads, one of which forks, live as long as it does.
    unsafe {
        command.pre_exec(|| {
            nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
                .map_err(std::io::Error::from)
        });
    }
    Ok(Server {
        child: command.spawn()?,
    })
}
