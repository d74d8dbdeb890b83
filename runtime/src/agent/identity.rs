//! Who this machine is, and in which boot.

use vetting_machine::Machine;
use vetting_protocol::{Identity, StageRecord};

/// The attachment of `Inventory` that a spec is compared with.
const INVENTORY: &str = "inventory.json";

/// The inventory that the stage `Inventory` attached to its result; `None` where it attached none.
pub(super) fn attached_inventory(record: &StageRecord) -> Option<serde_json::Value> {
    let mut attachments = record.attachments.iter();
    let attached = attachments.find(|attachment| attachment.name == INVENTORY)?;
    serde_json::from_str(attached.text.as_deref()?).ok()
}

/// Who the machine is: by the MAC address that it was booted by, or else its first port's.
pub(super) fn identity(mac: Option<&str>, machine: &dyn Machine) -> Identity {
    let own = machine.identity();
    Identity {
        mac: mac.map(str::to_owned).or(own.mac).unwrap_or_default(),
        system_uuid: own.system_uuid,
        board_serial: own.board_serial,
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
    let peer = authority(url)?.to_socket_addrs().ok()?.next()?;
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

/// The host and the port of an `https://` URL; an IPv6 address without its brackets.
pub(super) fn authority(url: &str) -> Option<(String, u16)> {
    let authority = url.strip_prefix("https://")?.split('/').next()?;
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => v6.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok()?,
        None => 443,
    };
    Some((host.to_owned(), port))
}

/// A random number in hexadecimal.
pub(super) fn random_id() -> String {
    use rand::RngExt as _;
    let (a, b): (u64, u64) = (rand::rng().random(), rand::rng().random());
    format!("{a:016x}{b:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_host_and_port() {
        let of = |url: &str| authority(url).expect(url);
        assert_eq!(of("https://10.0.0.5:8443/x"), ("10.0.0.5".to_owned(), 8443));
        assert_eq!(of("https://vet.example"), ("vet.example".to_owned(), 443));
        assert_eq!(of("https://[::1]:8443"), ("::1".to_owned(), 8443));
        assert_eq!(of("https://[fd00::5]"), ("fd00::5".to_owned(), 443));
        assert_eq!(authority("https://host:port"), None);
    }
}
