//! The controller's network port: `lan print`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::printed::{self, field, lines};
use crate::Unreadable;

/// The controller's network port. Addresses of zeros are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Network {
    /// Its address.
    pub address: Option<String>,
    /// Where that is from, in ipmitool's words: `DHCP Address`, `Static Address`.
    pub source: Option<String>,
    /// Its MAC address, lower case with colons.
    pub mac: Option<String>,
    /// The gateway's address.
    pub gateway: Option<String>,
    /// Its VLAN; `None` where it has none.
    pub vlan: Option<u32>,
    /// Other rows, as printed.
    pub extra: Map<String, Value>,
    /// Rows that could not be read, and complaints.
    pub unread: Vec<String>,
}

/// Reads `ipmitool lan print`.
pub fn network(output: &[u8]) -> Result<Network, Unreadable> {
    let text = printed::text(output);
    let mut found = Network::default();
    let mut some = false;
    // What begins with a colon goes on with the row before: the rights of each way to log in.
    let goes_on = |line: &str| line.trim_ascii().is_empty() || line.trim_ascii().starts_with(':');
    for line in lines(&text).filter(|line| !goes_on(line)) {
        let Some((name, value)) = field(line).filter(|_| !printed::is_complaint(line)) else {
            found.unread.push(line.to_owned());
            continue;
        };
        let real = || Some(value).filter(|value| value.bytes().any(|b| !b":.0".contains(&b)));
        match name {
            "IP Address" => found.address = real().map(str::to_owned),
            "IP Address Source" => found.source = real().map(str::to_owned),
            "MAC Address" => found.mac = real().map(str::to_ascii_lowercase),
            "Default Gateway IP" => found.gateway = real().map(str::to_owned),
            "802.1q VLAN ID" => found.vlan = printed::whole(value),
            _ => {
                let value = Value::String(value.to_owned());
                found.extra.insert(name.to_owned(), value);
                continue;
            }
        }
        some = true;
    }
    match some {
        true => Ok(found),
        false => Err(Unreadable::starting(
            "the output of `ipmitool lan print`",
            output,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATIC: &[u8] = include_bytes!("../../captured/bmc/lan-print-static.txt");
    const DHCP: &[u8] = include_bytes!("../../captured/bmc/lan-print-dhcp.txt");

    #[test]
    fn addresses_are_read_and_zeros_are_none() {
        let port = network(DHCP).expect("a port");
        assert_eq!(port.address.as_deref(), Some("192.0.2.15"));
        assert_eq!(port.mac.as_deref(), Some("02:00:00:00:00:0a"));
        assert_eq!(port.source.as_deref(), Some("DHCP Address"));
        assert_eq!((port.vlan, port.unread.len()), (None, 0));
        let port = network(STATIC).expect("a port");
        assert_eq!((port.address, port.gateway), (None, None));
        assert_eq!(port.vlan, Some(120));
        assert_eq!(port.extra.get("RMCP+ Cipher Suites"), Some(&"0,3,17".into()));
    }

    #[test]
    fn what_is_no_answer_is_unreadable() {
        for bytes in [b"".as_slice(), b"Invalid channel: 9\n", b"\xff\0"] {
            assert!(network(bytes).is_err(), "{bytes:?}");
        }
    }
}
