//! `ethtool -P PORT`: its permanent address.

use super::lines::lines;
use crate::Unreadable;

/// Reads the permanent address, lower case; `None` where the port has none (`not set`, or zeros).
pub fn address(bytes: &[u8]) -> Result<Option<String>, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut rows = lines(&text).filter_map(|line| line.row());
    let Some((_, value)) = rows.find(|(name, _)| *name == "Permanent address") else {
        return Err(Unreadable::starting(
            "the address that ethtool -P prints",
            bytes,
        ));
    };
    let is_address = value.contains(':') && value.bytes().any(|byte| !b"0:".contains(&byte));
    Ok(is_address.then(|| value.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_with_an_address_and_ports_without() {
        let virtio = include_bytes!("../../captured/queries/ethtool-address-virtio.txt");
        let loopback = include_bytes!("../../captured/queries/ethtool-address-none.txt");
        assert_eq!(address(virtio), Ok(Some("02:00:00:00:00:01".to_owned())));
        assert_eq!(address(loopback), Ok(None));
        assert_eq!(address(b"Permanent address: not set\n"), Ok(None));
        assert!(address(b"No data available\n").is_err());
    }
}
