//! The machine's network ports: what is read of them, and the rules before the measurement.

use vetting_facts::inventory::{self, GivenPort, Nic, PORT_FILES, PORT_QUERIES};
use vetting_stage::outcome::Value;
use vetting_stage::types::Error;
use vetting_stage::{Findings, Measure, Part, explain, kernel_files, part, queries};

use crate::{Parameters, rules};

/// Where the kernel shows them.
const CLASS: &str = "sys/class/net";

/// Reads the ports: files of the kernel, and what their drivers say to ethtool.
pub fn read(findings: &mut Findings) -> Result<Vec<Nic>, String> {
    let files = kernel_files::read(PORT_FILES).map_err(|error| explain(&error))?;
    let mut gap = None;
    let mut given = Vec::new();
    for name in inventory::port_names(&files) {
        given.push(ask(name, &mut gap).map_err(|error| explain(&error))?);
    }
    let ports = inventory::ports(&files, given);
    // Of the list itself, not of an attribute that a port has not got.
    let of_list = |path: &str| path == CLASS || path.strip_prefix(CLASS) == Some("/*");
    let mut gaps = files.gaps("sys/class").filter(|(path, _)| of_list(path));
    if let Some((path, why)) = gaps.next().filter(|_| ports.is_empty()) {
        return Err(format!(
            "the network ports could not be listed: {path}: {why:?}"
        ));
    }
    if let Some(why) = gap.filter(|_| ports.iter().any(has_a_cable)) {
        // Without it no port is slower than it could be: whoever reads the result sees why.
        findings.note(Measure::text("drivers", format!("not asked: {why}")));
    }
    Ok(ports)
}

/// What a port's driver says of it; `gap` is the first reason why it does not.
fn ask(port: &str, gap: &mut Option<String>) -> Result<GivenPort, Error> {
    let mut said = [const { Vec::new() }; 3];
    for (query, said) in PORT_QUERIES.iter().zip(&mut said) {
        match queries::run(query, port) {
            Ok(document) => *said = document.stdout,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => {
                gap.get_or_insert_with(|| explain(&error));
            }
        }
    }
    let [link, driver, address] = &said;
    Ok(GivenPort::of(port, [link, driver, address]))
}

/// Whether it has a carrier now.
pub fn is_up(nic: &Nic) -> bool {
    nic.carrier == Some(true)
}

/// A port as a part.
pub fn part_of(nic: &Nic) -> Part {
    Part {
        serial: nic.mac.clone(),
        ..part("nic", nic.name.clone())
    }
}

/// Drivers of network ports on USB: the management controller's own port, or an adapter; neither is a port
/// of the machine with a cable to judge.
const USB_DRIVERS: [&str; 9] = [
    "cdc_ether",
    "cdc_eem",
    "cdc_ncm",
    "cdc_mbim",
    "cdc_subset",
    "rndis_host",
    "r8152",
    "asix",
    "ax88179_178a",
];

/// Whether a port of the machine has a cable of its own.
pub fn has_a_cable(nic: &Nic) -> bool {
    let driver = nic.driver.as_deref().unwrap_or_default();
    !nic.paravirtual && !USB_DRIVERS.contains(&driver)
}

/// Carrier, speed, duplex and PCI Express link of every port.
pub fn judge(nics: &[Nic], p: &Parameters, findings: &mut Findings) {
    // Where there are physical ports, those alone are expected to have a carrier.
    let physical = nics.iter().any(has_a_cable);
    let counted = |nic: &&Nic| is_up(nic) && (has_a_cable(nic) || !physical);
    let up = nics.iter().filter(counted).count();
    let down = nics.iter().filter(|nic| !is_up(nic) && has_a_cable(nic));
    let down: Vec<&str> = down.map(|nic| nic.name.as_str()).collect();
    let measure = Measure::number("ports-with-carrier", up as f64);
    match p.expected_links {
        Some(expected) => {
            let expected = expected as f64;
            let rule = measure.at_least(rules::FEWER_LINKS, expected);
            findings.hold(rule, || {
                let without = match down.is_empty() {
                    true => String::new(),
                    false => format!(" (without: {})", down.join(", ")),
                };
                format!("{up} of {expected} expected ports have a carrier{without}: look at cables, optics and the switch")
            });
        }
        None => findings.note(measure),
    }
    for nic in nics {
        let place = part_of(nic);
        if is_up(nic) && has_a_cable(nic) {
            link(nic, &place, p, findings);
            sibling(nic, nics, &place, findings);
        }
        pci_express(nic, &place, findings);
    }
}

fn link(nic: &Nic, place: &Part, p: &Parameters, findings: &mut Findings) {
    if let Some(speed) = nic.speed_mbps {
        let speed = speed as f64;
        let mut measure = Measure::number("link-speed", speed)
            .unit("Mbit/s")
            .part(place);
        if let Some(most) = nic.max_speed_mbps {
            // The switch may be the slower one, legally.
            measure = measure.at_least(rules::PORT_SPEED, most as f64);
        }
        if let Some(expected) = p.expected_mbps {
            measure = measure.at_least(rules::LINK_SPEED, expected as f64);
        }
        findings.hold(measure, || {
            format!("its link came up at {speed} Mbit/s: look at cable, optic and switch port")
        });
    }
    if let Some(duplex) = &nic.duplex {
        let measure = Measure::text("duplex", duplex.clone()).part(place);
        let full = Value::Text("full".to_owned());
        findings.hold(measure.equals(rules::DUPLEX, full), || {
            format!("its link is {duplex} duplex: one side does not negotiate")
        });
    }
}

/// Ports of one card are usually cabled alike.
fn sibling(nic: &Nic, nics: &[Nic], place: &Part, findings: &mut Findings) {
    let card = |nic: &Nic| Some(nic.pci_address.as_deref()?.rsplit_once('.')?.0.to_owned());
    let known = |nic: &Nic| {
        nic.speed_mbps
            .filter(|speed| (1..=10_000_000).contains(speed))
    };
    let (Some(of), Some(speed)) = (card(nic), known(nic)) else {
        return;
    };
    let others = nics
        .iter()
        .filter(|other| is_up(other) && card(other).as_ref() == Some(&of));
    let fastest = others.filter_map(known).max().unwrap_or(speed);
    if speed < fastest {
        let message = format!(
            "its link came up at {speed} Mbit/s, another port of its card at {fastest}: look at cable, optic and switch port"
        );
        findings.broken(rules::SLOWER_THAN_SIBLING, Some(place), message);
    }
}

fn pci_express(nic: &Nic, place: &Part, findings: &mut Findings) {
    let Some(link) = &nic.link else { return };
    let (Some(lanes), Some(most)) = (link.current_width, link.max_width) else {
        return;
    };
    let measure = Measure::number("pcie-width", f64::from(lanes)).part(place);
    let rule = measure.at_least(rules::LINK_NARROW, f64::from(most));
    findings.hold(rule, || {
        format!(
            "its PCI Express link has {lanes} of {most} lanes: a narrow slot, or reseat the card"
        )
    });
}
