//! Network adapters. Sources of the words: drivers/net/ethernet, net/sched/sch_generic.c.

use super::{Device, Found};
use crate::kernel::pick::{any_pci, between, name, word_after};
use crate::kernel::{Kind, Part, Severity};

const DRIVERS: [&str; 28] = [
    "mlx5_core",
    "mlx4_core",
    "mlx4_en",
    "bnxt_en",
    "bnx2x",
    "bnx2",
    "tg3",
    "ixgbe",
    "ixgbevf",
    "igb",
    "igc",
    "e1000e",
    "i40e",
    "iavf",
    "ice",
    "qede",
    "qed",
    "cxgb4",
    "ena",
    "sfc",
    "r8169",
    "nfp",
    "ionic",
    "atlantic",
    "be2net",
    "enic",
    "hns3",
    "fm10k",
];

pub(super) fn of_device(device: &Device) -> Option<Found> {
    let said = device.text;
    // The bus's enumeration: most lines of a boot.
    if ["pci", "pci_bus", "acpi", "system"].contains(&device.driver) {
        return None;
    }
    if let Some(found) = watchdog(said, device.name) {
        return Some(found.with("address", &device.address));
    }
    let nic = DRIVERS.contains(&device.driver);
    let port = device.name.filter(|port| is_port(port));
    if let Some(up) = link(said) {
        let port = said_port(said).or(port);
        if !nic && port.is_none() {
            return None;
        }
        let part = match port {
            Some(port) => Part::Nic(port.to_owned()),
            None => Part::Pci(device.address.clone()),
        };
        return Some(
            Found::new(Kind::NicLink)
                .severity(Severity::Info)
                .part(part)
                .with("address", &device.address)
                .with("state", if up { "up" } else { "down" })
                .with("message", said),
        );
    }
    if !nic {
        return None;
    }
    let fault = [
        "atal",
        "ealth",
        "internal error",
        "insufficient power",
        "dapter removed",
        "PCIe link lost",
        "Reset adapter",
        "reset adapter",
        "Detected Tx Unit Hang",
        "Tx Unit Hang",
        "TX driver issue",
        "RX driver issue",
        "firmware",
        "Firmware",
        "hang",
        "ECC",
        "not respond",
        "cmd_out_err",
        "timeout",
        "timed out",
        "ardware",
        "malicious",
        "MDD",
        "High Temperature",
        "overheat",
        "assert",
        "stopped because it has over heated",
        "failed",
        "unsupported SFP",
        "PHY",
    ];
    let module = said.contains("Port module event") || said.contains("module event");
    if module {
        let fine = said.contains("Cable plugged") || said.contains("Cable unplugged");
        let found = Found::new(Kind::NicModule).part(Part::Pci(device.address.clone()));
        return Some(
            found
                .severity(fine.then_some(Severity::Info))
                .with("message", said),
        );
    }
    let fine = [
        "firmware version",
        "Firmware version",
        "fw ",
        "DDP package",
        "irmware load",
        "MAC/PHY",
        "PHY: Generic",
        "health reporter",
        "MDIO",
        "Using firmware",
        "PHY Type",
        "health syndrome 0",
        "RSS",
        "supported",
        "timeout value",
        "attached PHY",
        "PHY type",
        "FEC",
        "ardware PTP",
        "ardware time",
        "PTP",
        "Multiqueue",
    ];
    if !fault.iter().any(|w| said.contains(w)) || fine.iter().any(|w| said.contains(w)) {
        return None;
    }
    let fatal = said.contains("atal error") || said.contains("FATAL");
    let found = Found::new(Kind::NicFault)
        .severity(fatal.then_some(Severity::Fatal))
        .part(Part::Pci(device.address.clone()));
    Some(
        found
            .maybe("port", port)
            .with("driver", device.driver)
            .with("message", said),
    )
}

pub(super) fn read(text: &str) -> Option<Found> {
    if let Some(found) = watchdog(text, None) {
        return Some(found);
    }
    let (head, said) = text.split_once(": ")?;
    if is_port(head)
        && let Some(up) = link(text)
    {
        let found = Found::new(Kind::NicLink).severity(Severity::Info);
        let state = if up { "up" } else { "down" };
        return Some(
            found
                .part(Part::Nic(head.to_owned()))
                .with("state", state)
                .with("message", said),
        );
    }
    if DRIVERS.contains(&head)
        && (said.contains("insufficient power") || said.contains("atal error"))
    {
        return Some(
            Found::new(Kind::NicFault)
                .part(any_pci(said).map(Part::Pci))
                .with("message", said),
        );
    }
    // A bond's own words for its ports.
    if head.starts_with("bond") && said.contains("link status") && said.contains("down") {
        let port = word_after(said, "interface ").and_then(name);
        let found = Found::new(Kind::NicLink).severity(Severity::Info);
        return Some(
            found
                .part(port.map(|port| Part::Nic(port.to_owned())))
                .with("state", "down"),
        );
    }
    None
}

/// `NETDEV WATCHDOG: enp2s0 (igb): transmit queue 0 timed out`; since 6.6 `NETDEV WATCHDOG: CPU: 3:
/// transmit queue 0 timed out 5010 ms` after the device.
fn watchdog(text: &str, port: Option<&str>) -> Option<Found> {
    let rest = text.strip_prefix("NETDEV WATCHDOG: ")?;
    let port = match rest.starts_with("CPU: ") {
        true => port,
        false => name(rest),
    };
    Some(
        Found::new(Kind::NicTimeout)
            .part(port.map(|port| Part::Nic(port.to_owned())))
            .maybe("driver", between(rest, "(", ")"))
            .maybe("queue", word_after(rest, "transmit queue "))
            .maybe("milliseconds", word_after(rest, "timed out ")),
    )
}

/// Whether the link came up.
fn link(said: &str) -> Option<bool> {
    let up = [
        "Link is Up",
        "Link is up",
        "link is up",
        "Link up",
        "link up",
        "link becomes ready",
    ];
    let down = [
        "Link is Down",
        "Link is down",
        "link is down",
        "Link down",
        "link down",
        "Lost carrier",
    ];
    if !said.contains("ink") && !said.contains("arrier") {
        return None;
    }
    if down.iter().any(|words| said.contains(words)) {
        return Some(false);
    }
    up.iter().any(|words| said.contains(words)).then_some(true)
}

/// `igb: eth0 NIC Link is Up`.
fn said_port(said: &str) -> Option<&str> {
    let place = said.find(" NIC Link")?;
    let word = said.get(..place)?.rsplit([' ', ':']).next()?;
    is_port(word).then_some(word)
}

fn is_port(word: &str) -> bool {
    let prefixes = ["eth", "en", "ib", "em", "bond", "p", "wan", "lan", "rename"];
    let known = prefixes.iter().any(|prefix| word.starts_with(prefix));
    let plain = word
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    let others = ["pcieport", "pci", "pnp", "pci_bus", "power", "piix4_smbus"];
    known
        && plain
        && word.len() < 16
        && word.bytes().any(|b| b.is_ascii_digit())
        && !others.contains(&word)
}
