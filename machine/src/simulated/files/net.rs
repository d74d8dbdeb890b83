//! Network ports (`Documentation/ABI/testing/sysfs-class-net` and `-statistics`).

use super::INVALID;
use super::pci;
use super::tree::Files;
use crate::simulated::counted::NicCounts;
use crate::simulated::profile::{Nic, Profile};

/// A counter of a port, and where it is counted here.
type Counter = (&'static str, fn(&NicCounts) -> u64);

const STATISTICS: [Counter; 23] = [
    ("collisions", |_| 0),
    ("multicast", |_| 0),
    ("rx_bytes", |n| n.rx_bytes),
    ("rx_compressed", |_| 0),
    ("rx_crc_errors", |n| n.rx_crc_errors),
    ("rx_dropped", |_| 0),
    ("rx_errors", |n| n.rx_errors),
    ("rx_fifo_errors", |_| 0),
    ("rx_frame_errors", |_| 0),
    ("rx_length_errors", |_| 0),
    ("rx_missed_errors", |_| 0),
    ("rx_nohandler", |_| 0),
    ("rx_over_errors", |_| 0),
    ("rx_packets", |n| n.rx_bytes / 1_448),
    ("tx_aborted_errors", |_| 0),
    ("tx_bytes", |n| n.tx_bytes),
    ("tx_carrier_errors", |_| 0),
    ("tx_compressed", |_| 0),
    ("tx_dropped", |_| 0),
    ("tx_errors", |_| 0),
    ("tx_fifo_errors", |_| 0),
    ("tx_heartbeat_errors", |_| 0),
    ("tx_packets", |n| n.tx_bytes / 1_448),
];

pub fn add(files: &mut Files, profile: &Profile) {
    for nic in &profile.nics {
        one(files, nic);
    }
}

fn one(files: &mut Files, nic: &Nic) {
    let name = &nic.name;
    let home = match &nic.pci {
        Some(address) => format!("{}/net/{name}", pci::home(address)),
        None => format!("sys/devices/platform/{}/net/{name}", nic.driver),
    };
    files.link(format!("sys/class/net/{name}"), &home);
    if let Some((device, _)) = home.rsplit_once("/net/") {
        files.link(format!("{home}/device"), device);
    }
    files.text(format!("{home}/address"), &nic.mac);
    files.text(format!("{home}/addr_assign_type"), 0);
    files.text(format!("{home}/type"), 1);
    files.text(format!("{home}/flags"), "0x1003");
    files.text(format!("{home}/mtu"), nic.mtu);
    let port = nic.clone();
    files.now(format!("{home}/operstate"), move |world| {
        let state = if world.carrier(&port) { "up" } else { "down" };
        Ok(format!("{state}\n"))
    });
    let port = nic.clone();
    files.number(format!("{home}/carrier"), move |world| {
        u64::from(world.carrier(&port))
    });
    let port = nic.clone();
    files.number(format!("{home}/carrier_changes"), move |world| {
        // The port came up once.
        let counted = world.nics.get(&port.name).map_or(0, |n| n.carrier_changes);
        counted.saturating_add(u64::from(port.carrier))
    });
    // Where the driver knows no speed, a port that is up says -1; one without a carrier too.
    let port = nic.clone();
    files.now(format!("{home}/speed"), move |world| {
        Ok(match world.speed_mbps(&port) {
            Some(mbps) => format!("{mbps}\n"),
            None => "-1\n".to_owned(),
        })
    });
    let port = nic.clone();
    files.now(format!("{home}/duplex"), move |world| {
        match (world.speed_mbps(&port), port.paravirtual) {
            (Some(_), _) => Ok("full\n".to_owned()),
            (None, true) => Err(INVALID),
            (None, false) => Ok("unknown\n".to_owned()),
        }
    });
    for (file, counts) in STATISTICS {
        let key = name.clone();
        files.number(format!("{home}/statistics/{file}"), move |world| {
            world.nics.get(&key).map_or(0, counts)
        });
    }
}
