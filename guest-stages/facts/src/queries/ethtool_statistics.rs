//! `ethtool -S PORT`, plain and with `--groups` or `--all-groups`.

use serde::Serialize;

use super::lines::lines;
use crate::Unreadable;

/// A port's counters.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statistics {
    /// The port, where the text names it (`Standard stats for eth0`).
    pub port: Option<String>,
    /// The counters in order.
    pub counters: Vec<Counter>,
    /// Lines that could not be read.
    pub unread: Vec<String>,
}

/// One counter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Counter {
    /// Its name: `rx_crc_errors_phy`, `[0]: rx_bytes`, `eth-mac-FramesTransmittedOK`.
    pub name: String,
    /// Its value. Drivers print numbers up to 2^64 - 1; some below 0 as such.
    pub value: i128,
}

impl Statistics {
    /// The value of a counter.
    pub fn value(&self, name: &str) -> Option<i128> {
        let counter = self.counters.iter().find(|counter| counter.name == name);
        counter.map(|counter| counter.value)
    }
}

/// Reads the counters.
pub fn statistics(bytes: &[u8]) -> Result<Statistics, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Statistics::default();
    let mut heading = false;
    for line in lines(&text) {
        if let Some(port) = line.text.strip_prefix("Standard stats for ") {
            found.port = Some(port.trim_end_matches(':').to_owned());
            heading = true;
        } else if line.text.starts_with("NIC statistics") || line.text == "no stats available" {
            heading = true;
        } else if let Some(counter) = counter(line.text) {
            found.counters.push(counter);
        } else {
            found.unread.push(line.text.to_owned());
        }
    }
    match heading || !found.counters.is_empty() {
        true => Ok(found),
        false => Err(Unreadable::starting("the counters of ethtool -S", bytes)),
    }
}

/// `rxq0: rx_bytes: 176801946854589`: the value is after the last colon.
fn counter(text: &str) -> Option<Counter> {
    let (name, value) = text.rsplit_once(':')?;
    Some(Counter {
        name: name.trim().to_owned(),
        value: value.trim().parse().ok()?,
    })
}
