//! What no file says: disks as the host lists them, and what tools say of ports and the management controller.

use serde::Serialize;

use super::Disk;
use crate::bmc;
use crate::queries::{ethtool_address, ethtool_driver, ethtool_link};
use crate::smbios::Tables;

/// The queries that say of a port what its files do not, in the order of [`GivenPort::of`].
pub const PORT_QUERIES: [&str; 3] = ["ethtool", "ethtool-driver", "ethtool-address"];

/// What no file says, given by who asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// The management controller, where something asked it.
    pub bmc: Option<Bmc>,
    /// Disks, as native code found them; they are given on as they are.
    pub disks: Vec<Disk>,
    /// What drivers say of network ports.
    pub ports: Vec<GivenPort>,
    /// SMBIOS tables that were read otherwise (`smbios::printed`), for files that have none.
    pub tables: Option<Tables>,
}

/// The board's management controller.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Bmc {
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Version of its firmware.
    pub firmware: Option<String>,
    /// Its network address.
    pub address: Option<String>,
    /// Its MAC address.
    pub mac: Option<String>,
}

/// What a driver says of one network port (`ethtool`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GivenPort {
    /// The kernel's name of the port.
    pub name: String,
    /// Its permanent address, with colons.
    pub permanent_mac: Option<String>,
    /// Driver.
    pub driver: Option<String>,
    /// Version of its firmware.
    pub firmware: Option<String>,
    /// The highest speed that it supports, in Mbit/s.
    pub max_speed_mbps: Option<u64>,
}

impl Bmc {
    /// The controller by what `ipmitool mc info` and `ipmitool lan print` said; `None` where neither says
    /// anything of it.
    pub fn of(info: &[u8], network: &[u8]) -> Option<Bmc> {
        let info = bmc::controller(info).ok();
        let network = bmc::network(network).ok();
        if info.is_none() && network.is_none() {
            return None;
        }
        let info = info.unwrap_or_default();
        let network = network.unwrap_or_default();
        Some(Bmc {
            manufacturer: info.manufacturer,
            firmware: info.firmware,
            address: network.address,
            mac: network.mac,
        })
    }
}

impl GivenPort {
    /// A port by what the queries of [`PORT_QUERIES`] said of it, each of which may be nothing.
    pub fn of(name: &str, [link, driver, address]: [&[u8]; 3]) -> GivenPort {
        let link = ethtool_link::link(link).unwrap_or_default();
        let driver = ethtool_driver::driver(driver).unwrap_or_default();
        GivenPort {
            name: name.to_owned(),
            permanent_mac: ethtool_address::address(address).ok().flatten(),
            driver: driver.driver,
            firmware: driver.firmware,
            max_speed_mbps: link.max_speed_mbps(),
        }
    }
}
