//! The rules of throughput.

use vetting_stage::context::NetworkPeer;
use vetting_facts::inventory::Nic;
use vetting_stage::iperf::Direction;
use vetting_stage::{Findings, Measure, Part};

use crate::measured::{Flow, Measured};
use crate::ports::{has_a_cable, is_up, part_of};
use crate::{Parameters, nic, rules};

/// Share of the line rate that TCP with time stamps carries: 1448 of 1538 bytes on the wire per
/// frame of MTU 1500, 8948 of 9038 of MTU 9000.
const CEILING_1500: f64 = 0.941;
const CEILING_9000: f64 = 0.990;

/// From this line rate on, in Mbit/s, less is expected.
const FAST: f64 = 40_000.0;

/// What lies between this machine and its peer.
#[derive(Clone, Debug)]
pub enum Path {
    /// Nothing: the peer is this machine.
    Loopback,
    /// A port of known speed: what TCP can carry over it, in bit/s, and its line rate in Mbit/s.
    Wire {
        /// The port.
        part: Part,
        /// What TCP can carry, in bit/s.
        ceiling: f64,
        /// Line rate in Mbit/s.
        line: f64,
    },
    /// A virtual port (a bond, a bridge, a VLAN) above ports of known speed, of which the slowest can carry
    /// this much, in bit/s.
    Above {
        /// The virtual port.
        port: String,
        /// What TCP can carry over the slowest port with a carrier, in bit/s.
        ceiling: f64,
    },
    /// A port whose speed is not known.
    Unknown,
}

/// What a virtual port must carry at least, of what the slowest port with a carrier can.
const LEAST_ABOVE: f64 = 0.25;

impl Path {
    /// By the port that the connection used.
    pub fn of(measured: &Measured, nics: &[Nic], peer: &NetworkPeer, p: &Parameters) -> Self {
        if peer.loopback || measured.to_itself {
            return Path::Loopback;
        }
        let Some(name) = measured.port.as_deref() else {
            return Path::Unknown;
        };
        let Some(port) = nic(nics, name) else {
            let up = nics.iter().filter(|nic| is_up(nic) && has_a_cable(nic));
            let ceilings = up.filter_map(|nic| Some(ceiling(nic, known_speed(nic)?)));
            return match ceilings.min_by(f64::total_cmp) {
                Some(ceiling) => Path::Above {
                    port: name.to_owned(),
                    ceiling,
                },
                None => Path::Unknown,
            };
        };
        // A paravirtual card's speed is invented.
        let Some(speed) = known_speed(port).filter(|_| !port.paravirtual) else {
            return Path::Unknown;
        };
        let speed = p.peer_mbps.map_or(speed, |peer| peer.min(speed));
        Path::Wire {
            part: part_of(port),
            ceiling: ceiling(port, speed),
            line: speed as f64,
        }
    }
}

/// A speed that is one: drivers report 0, or all bits set, where they do not know it.
fn known_speed(nic: &Nic) -> Option<u64> {
    nic.speed_mbps
        .filter(|speed| (1..=10_000_000).contains(speed))
}

/// What TCP can carry over a port of that line rate in Mbit/s, in bit/s.
fn ceiling(port: &Nic, mbps: u64) -> f64 {
    let share = if port.mtu.is_some_and(|mtu| mtu >= 9000) {
        CEILING_9000
    } else {
        CEILING_1500
    };
    mbps as f64 * 1e6 * share
}

/// Holds both directions.
pub fn judge(
    all: &[Measured],
    path: impl Fn(&Measured) -> Path,
    p: &Parameters,
    findings: &mut Findings,
) {
    let mut speeds = Vec::new();
    let mut uncounted = Vec::new();
    for measured in all {
        let name = words(&measured.direction);
        let flow = match &measured.flow {
            Ok(flow) => flow,
            Err(why) => {
                findings.unknown(rules::IPERF3, None, format!("{name}: {why}"));
                continue;
            }
        };
        speeds.push(flow.bits_per_second);
        let path = path(measured);
        goodput(name, flow, &path, measured, p, findings);
        match flow.retransmits {
            Some(segments) => retransmits(name, (flow, segments), &path, p, findings),
            None if matches!(path, Path::Loopback) => {}
            None => uncounted.push(name),
        }
    }
    if !uncounted.is_empty() {
        let message = format!(
            "{}: the sender does not count retransmits, which were not judged",
            uncounted.join(" and ")
        );
        findings.broken(rules::RETRANSMITS_UNKNOWN, None, message);
    }
    if let [send, receive] = speeds[..] {
        let percent = 100.0 * (1.0 - send.min(receive) / send.max(receive).max(1.0));
        let measure = Measure::number("asymmetry", percent).unit("%");
        // To itself a machine is as fast as its scheduler likes.
        let loopback = all.iter().any(|m| matches!(path(m), Path::Loopback));
        if loopback {
            return findings.note(measure);
        }
        let measure = measure.at_most(rules::ASYMMETRY, p.asymmetry_warn_percent);
        findings.hold(measure, || {
            format!("one direction is {percent:.0} % slower than the other")
        });
    }
}

fn words(direction: &Direction) -> &'static str {
    match direction {
        Direction::Send => "sending",
        Direction::Receive => "receiving",
        Direction::Both => "both ways",
    }
}

fn goodput(
    name: &str,
    flow: &Flow,
    path: &Path,
    measured: &Measured,
    p: &Parameters,
    findings: &mut Findings,
) {
    let bits = flow.bits_per_second;
    let measure = Measure::number(&format!("goodput-{name}"), bits).unit("bit/s");
    let gigabits = bits / 1e9;
    match path {
        Path::Loopback => {
            let floor = p.loopback_floor_gbps;
            let rule = measure.at_least(rules::LOOPBACK, floor * 1e9);
            findings.hold(rule, || {
                format!("{name} to itself the machine carries {gigabits:.2} Gbit/s")
            });
        }
        Path::Above { port, ceiling } => {
            let percent = 100.0 * bits / ceiling;
            let rule = measure.at_least(rules::ABOVE_PORTS, LEAST_ABOVE * ceiling);
            findings.hold(rule, || {
                format!("{name} over {port} the machine carries {gigabits:.2} Gbit/s, {percent:.1} % of what the slowest of its ports with a carrier can")
            });
        }
        Path::Unknown => {
            let floor = p.unknown_speed_floor_gbps;
            let rule = measure.at_least(rules::UNKNOWN_SPEED, floor * 1e9);
            findings.hold(rule, || {
                format!("{name} the machine carries {gigabits:.2} Gbit/s")
            });
        }
        Path::Wire {
            part,
            ceiling,
            line,
        } => {
            let (warn, fail) = match *line >= FAST {
                true => (
                    (rules::FAST_GOODPUT, p.fast_goodput_warn_percent),
                    (rules::FAST_GOODPUT_LOW, p.fast_goodput_fail_percent),
                ),
                false => (
                    (rules::GOODPUT, p.goodput_warn_percent),
                    (rules::GOODPUT_LOW, p.goodput_fail_percent),
                ),
            };
            let percent = 100.0 * bits / ceiling;
            findings.note(measure.part(part));
            let cpu = measured.cpu_percent;
            let limit = p.sender_cpu_percent * measured.cpu_most_percent / 100.0;
            if percent < warn.1 && cpu >= limit {
                let message = format!(
                    "{name}: {gigabits:.2} Gbit/s, but iperf3 used {cpu:.0} % of a CPU: that was measured, not the wire"
                );
                return findings.unknown(rules::SENDER_CPU, Some(part), message);
            }
            let measure = Measure::number(&format!("goodput-{name}-of-ceiling"), percent)
                .unit("%")
                .part(part)
                .at_least(warn.0, warn.1)
                .at_least(fail.0, fail.1);
            findings.hold(measure, || {
                format!("{name} it carries {gigabits:.2} Gbit/s, {percent:.0} % of what its link of {line} Mbit/s can")
            });
        }
    }
}

fn retransmits(
    name: &str,
    (flow, segments): (&Flow, u64),
    path: &Path,
    p: &Parameters,
    findings: &mut Findings,
) {
    let again = segments as f64 * flow.mss.unwrap_or(1448) as f64;
    let percent = 100.0 * again / (flow.bytes as f64).max(1.0);
    let mut measure = Measure::number(&format!("retransmits-{name}"), percent).unit("%");
    if let Path::Wire { part, .. } = path {
        measure = measure.part(part);
    }
    if matches!(path, Path::Loopback) {
        return findings.note(measure);
    }
    let measure = measure
        .at_most(rules::RETRANSMITS, p.retransmits_warn_percent)
        .at_most(rules::RETRANSMITS_MANY, p.retransmits_fail_percent);
    findings.hold(measure, || {
        format!("{name}: {segments} segments were sent again, {percent:.2} % of the data: congestion, or a bad cable")
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_the_code_does() {
        let (usual, jumbo) = (100.0 * CEILING_1500, 100.0 * CEILING_9000);
        let limit = format!("{usual:.1} % of the line rate, {jumbo:.1} % with jumbo frames");
        assert_eq!(rules::Table::RULES.matches(&limit).count(), 4, "{limit}");
        let fast = format!("{} Gbit/s", FAST / 1000.0);
        assert_eq!(rules::Table::RULES.matches(&fast).count(), 4, "{fast}");
        let above = format!("{} % of what", 100.0 * LEAST_ABOVE);
        assert!(rules::Table::RULES.contains(&above), "{above}");
    }
}
