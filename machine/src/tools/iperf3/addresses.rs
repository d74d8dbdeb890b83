//! The addresses of this machine's network ports.

use nix::sys::socket::SockaddrStorage;

use crate::contract::iperf::PortAddress;

/// How many are given, as the contract says.
const MOST: usize = 1_024;

/// Every address of every port but the loopback one, in the kernel's order.
pub(super) fn of_ports() -> Vec<PortAddress> {
    let Ok(ports) = nix::ifaddrs::getifaddrs() else {
        return Vec::new();
    };
    let addressed = ports.filter_map(|port| {
        let address = text(port.address.as_ref()?)?;
        (port.interface_name != "lo").then_some(PortAddress {
            port: port.interface_name,
            address,
        })
    });
    addressed.take(MOST).collect()
}

fn text(address: &SockaddrStorage) -> Option<String> {
    let v4 = address.as_sockaddr_in().map(|v4| v4.ip().to_string());
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| v6.ip().to_string()))
}
