//! Who this machine is, and in which boot.

use std::time::Duration;

use vetting_machine::{Attempt, Cancel, Machine, MachineError, Reply, Request, Session};
use vetting_protocol::Identity;

/// A session of the agent's own, beside the stages'.
pub(super) async fn session(
    machine: &dyn Machine,
    what: &str,
) -> Result<Box<dyn Session>, MachineError> {
    machine
        .begin(Attempt {
            stage: what.to_owned(),
            number: 1,
            seed: 0,
            deadline: Duration::MAX,
            soft_deadline: Duration::MAX,
            cancel: Cancel::new(),
            grace: Duration::ZERO,
            peer: None,
            scratch: std::path::PathBuf::new(),
            cpu_allowance: 0,
            memory_allowance_bytes: 0,
            max_tools: 0,
        })
        .await
}

/// What the machine is made of, in the contract's shape; `None` where it does not tell.
pub(super) async fn inventory(machine: &dyn Machine) -> Option<serde_json::Value> {
    let session = session(machine, "inventory").await.ok()?;
    let answer = session.call(Request::Inventory).await;
    let _nothing_ran = session.end().await;
    match answer {
        Ok(Reply::Inventory(parts)) => serde_json::to_value(parts).ok(),
        _ => None,
    }
}

/// Who the machine is: by the MAC address that it was booted by, or else its first port's.
pub(super) fn identity(mac: Option<&str>, inventory: Option<&serde_json::Value>) -> Identity {
    let text = |pointer: &str| {
        let value = inventory?.pointer(pointer)?.as_str()?;
        Some(value.to_owned())
    };
    Identity {
        mac: mac
            .map(str::to_owned)
            .or_else(|| text("/nics/0/mac"))
            .unwrap_or_default(),
        system_uuid: text("/system/uuid"),
        board_serial: text("/board/serial"),
    }
}

/// The kernel's number of this boot.
pub(super) fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

/// The address by which the orchestrator is reached, which is where an operator logs in.
pub(super) fn address(url: &str) -> Option<String> {
    use std::net::{ToSocketAddrs as _, UdpSocket};
    let host = url.strip_prefix("https://")?.split('/').next()?;
    let with_port = if host.rsplit(']').next()?.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:443")
    };
    let peer = with_port.to_socket_addrs().ok()?.next()?;
    let any = if peer.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    // Nothing is sent: a connected datagram socket knows which address it would send from.
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(peer).ok()?;
    Some(socket.local_addr().ok()?.ip().to_string())
}

/// A random number in hexadecimal.
pub(super) fn random_id() -> String {
    use rand::RngExt as _;
    let (a, b): (u64, u64) = (rand::rng().random(), rand::rng().random());
    format!("{a:016x}{b:016x}")
}
