//! `ethtool -i PORT`: driver and firmware.

use serde::Serialize;

use super::lines::{known, lines};
use crate::Unreadable;

/// A port's driver.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Driver {
    /// Its name: `mlx5_core`.
    pub driver: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The card's firmware, with the board's name where the driver gives it: `14.23.1020 (MT_2420110034)`.
    pub firmware: Option<String>,
    /// The version of the boot ROM.
    pub expansion_rom: Option<String>,
    /// The PCI address: `0000:af:00.0`.
    pub bus: Option<String>,
    /// All other rows.
    pub extra: Vec<(String, String)>,
    /// Lines that could not be read.
    pub unread: Vec<String>,
}

/// Reads driver and firmware.
pub fn driver(bytes: &[u8]) -> Result<Driver, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Driver::default();
    let mut some = false;
    for line in lines(&text) {
        let Some((name, value)) = line.row() else {
            found.unread.push(line.text.to_owned());
            continue;
        };
        let slot = match name {
            "driver" => &mut found.driver,
            "version" => &mut found.version,
            "firmware-version" => &mut found.firmware,
            "expansion-rom-version" => &mut found.expansion_rom,
            "bus-info" => &mut found.bus,
            _ => {
                some |= name.starts_with("supports-");
                found.extra.push((name.to_owned(), value.to_owned()));
                continue;
            }
        };
        *slot = known(value);
        some = true;
    }
    match some {
        true => Ok(found),
        false => Err(Unreadable::starting(
            "the driver that ethtool -i prints",
            bytes,
        )),
    }
}
