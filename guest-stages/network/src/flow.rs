//! The rules of throughput.

use vetting_stage::context::NetworkPeer;
use vetting_stage::inventory::Nic;
use vetting_stage::iperf::{Direction, Flow, Summary};
use vetting_stage::{Findings, Measure, Part};

use crate::ports::part_of;
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
    /// A port whose speed nobody tells, or none that is known.
    Unknown,
}

impl Path {
    /// By the port that the connection used.
    pub fn of(summary: &Summary, nics: &[Nic], peer: &NetworkPeer, p: &Parameters) -> Self {
        if peer.loopback {
            return Path::Loopback;
        }
        let used = summary
            .local_nic
            .as_deref()
            .and_then(|name| nic(nics, name));
        let Some((port, speed)) = used.and_then(|nic| Some((nic, nic.speed_mbps?))) else {
            return Path::Unknown;
        };
        // A paravirtual card's speed is invented.
        if port.paravirtual || speed == 0 {
            return Path::Unknown;
        }
        let line = p.peer_mbps.map_or(speed, |peer| peer.min(speed)) as f64;
        let share = if port.mtu >= 9000 {
            CEILING_9000
        } else {
            CEILING_1500
        };
        Path::Wire {
            part: part_of(port),
            ceiling: line * 1e6 * share,
            line,
        }
    }
}

/// Holds both directions.
pub fn judge(
    flows: &[(Direction, Summary)],
    path: impl Fn(&Summary) -> Path,
    p: &Parameters,
    findings: &mut Findings,
) {
    let mut speeds = Vec::new();
    for (direction, summary) in flows {
        let name = words(direction);
        if let Some(error) = &summary.error {
            findings.unknown(rules::IPERF3, None, format!("{name}: iperf3: {error}"));
            continue;
        }
        let flow = summary
            .flows
            .iter()
            .find(|flow| flow.direction == *direction);
        let Some(flow) = flow.filter(|flow| flow.bytes > 0) else {
            findings.unknown(rules::IPERF3, None, format!("{name}: not one byte arrived"));
            continue;
        };
        speeds.push(flow.bits_per_second);
        let path = path(summary);
        goodput(name, flow, &path, summary, p, findings);
        retransmits(name, flow, &path, p, findings);
    }
    if let [send, receive] = speeds[..] {
        let percent = 100.0 * (1.0 - send.min(receive) / send.max(receive).max(1.0));
        let measure = Measure::number("asymmetry", percent).unit("%");
        // To itself a machine is as fast as its scheduler likes.
        let loopback = flows.iter().any(|(_, s)| matches!(path(s), Path::Loopback));
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
    summary: &Summary,
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
            let cpu = summary
                .local_cpu_percent
                .unwrap_or_default()
                .max(summary.peer_cpu_percent.unwrap_or_default());
            findings.note(measure.part(part));
            if percent < warn.1 && cpu >= p.sender_cpu_percent {
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

fn retransmits(name: &str, flow: &Flow, path: &Path, p: &Parameters, findings: &mut Findings) {
    let Some(segments) = flow.retransmits else {
        return;
    };
    let again = segments as f64 * f64::from(flow.mss.unwrap_or(1448));
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
    }
}
