//! What ethtool prints of a simulated machine's network ports.

use super::{Printed, document};
use crate::contract::queries::Query as Known;
use crate::contract::types::{Document, Error};
use crate::queries::{Query, Subject, built_in, find, not_listed};
use crate::simulated::profile::Nic;
use crate::simulated::world::World;

const LINK: &str = include_str!("captured/ethtool-link.txt");
const DRIVER: &str = include_str!("captured/ethtool-driver.txt");

/// What is printed of a port.
type Text = fn(&World, &Nic) -> String;

/// The questions to ethtool that a profile can answer.
const ANSWERED: &[(&str, Text)] = &[
    ("ethtool", link),
    ("ethtool-address", address),
    ("ethtool-driver", driver),
];

fn text(query: &str) -> Option<Text> {
    let mut answered = ANSWERED.iter();
    answered
        .find(|(name, _)| *name == query)
        .map(|(_, text)| *text)
}

/// The queries, of which those that no profile can answer are not installed.
pub fn list(world: &World) -> Vec<Known> {
    let known = |query: Query| {
        let answered = query.program == "ethtool" && text(&query.name).is_some();
        let missing = match answered && world.has_tool(&query.program) {
            true => None,
            false => match Error::tool_missing(&query.program, &query.package) {
                Error::Unavailable(missing) => Some(missing),
                _ => None,
            },
        };
        query.known(missing)
    };
    built_in().map(known).collect()
}

/// The answer to a query.
pub fn run(world: &World, name: &str, target: &str) -> Result<Document, Error> {
    let query = find(&[], name)?;
    let subject = query.subject();
    let text = text(name);
    let text = text.ok_or_else(|| Error::tool_missing(&query.program, &query.package))?;
    let nic = world.profile.nics.iter().find(|nic| nic.name == target);
    let nic = nic.filter(|_| subject == Subject::Port);
    let nic = nic.ok_or_else(|| not_listed(&subject, target))?;
    let printed = Printed {
        stdout: text(world, nic).into_bytes(),
        exit_status: 0,
    };
    let version = world.profile.tools.get("ethtool");
    let version = format!("ethtool version {}", version.map_or("6.1", String::as_str));
    let tool = (query.program.as_str(), query.package.as_str());
    let args = query.args_about(target);
    document(world, tool, &version, name, target, &args, printed)
}

fn address(_world: &World, nic: &Nic) -> String {
    format!("Permanent address: {}\n", nic.mac)
}

fn driver(world: &World, nic: &Nic) -> String {
    let kernel = &world.profile.system.kernel;
    DRIVER
        .replace("{driver}", &nic.driver)
        .replace("{version}", kernel)
        .replace("{firmware}", nic.firmware.as_deref().unwrap_or_default())
        .replace("{bus}", nic.pci.as_deref().unwrap_or_default())
}

fn link(world: &World, nic: &Nic) -> String {
    let modes = nic.mbps.map(modes).unwrap_or_default();
    let modes = match modes.is_empty() {
        true => "Not reported".to_owned(),
        false => modes.join(&format!("\n\t{:24}", "")),
    };
    let carrier = world.carrier(nic);
    let speed = match world.speed_mbps(nic) {
        Some(mbps) => format!("{mbps}Mb/s"),
        None => "Unknown!".to_owned(),
    };
    let duplex = match world.speed_mbps(nic) {
        Some(_) => "Full",
        None => "Unknown! (255)",
    };
    LINK.replace("{port}", &nic.name)
        .replace("{modes}", &modes)
        .replace("{speed}", &speed)
        .replace("{duplex}", duplex)
        .replace("{link}", if carrier { "yes" } else { "no" })
}

/// The link modes of a port of that speed and of those below it, as the kernel names them.
fn modes(mbps: u64) -> Vec<&'static str> {
    const MODES: [(u64, &str); 11] = [
        (100, "100baseT/Full"),
        (1_000, "1000baseT/Full"),
        (2_500, "2500baseT/Full"),
        (5_000, "5000baseT/Full"),
        (10_000, "10000baseCR/Full"),
        (25_000, "25000baseCR/Full"),
        (40_000, "40000baseCR4/Full"),
        (50_000, "50000baseCR2/Full"),
        (100_000, "100000baseCR4/Full"),
        (200_000, "200000baseCR4/Full"),
        (400_000, "400000baseCR8/Full"),
    ];
    let known = MODES.iter().filter(|(speed, _)| *speed <= mbps);
    known.map(|(_, mode)| *mode).collect()
}
