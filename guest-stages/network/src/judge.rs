//! What the measurement was worth: whether any wire was tested at all.

use vetting_stage::context::NetworkPeer;
use vetting_facts::inventory::Nic;
use vetting_stage::iperf::Direction;
use vetting_stage::types::Error;
use vetting_stage::{Findings, absence, explain};

use crate::measured::Measured;
use crate::ports::{has_a_cable, is_up, part_of};
use crate::rules;

const NAME_A_PEER: &str = "name a peer that runs an iperf3 server with --peer HOST:PORT";

/// Without a peer no port carried anything. `why` is what the host says when it is asked.
pub fn without_peer(why: &Error, findings: &mut Findings) {
    let message = match absence(why) {
        Some(_) => format!("there is no peer to measure against: {NAME_A_PEER}"),
        None => format!("there is no peer to measure against: {}", explain(why)),
    };
    findings.unknown(rules::PEER, None, message);
}

/// Against itself a machine measures no wire. Only where all its ports are a hypervisor's is there
/// none to measure.
pub fn what_was_reached(
    nics: &[Nic],
    all: &[Measured],
    peer: &NetworkPeer,
    findings: &mut Findings,
) {
    let to_itself = peer.loopback || all.iter().any(|measured| measured.to_itself);
    if !to_itself {
        return not_measured(nics, all, findings);
    }
    let mut physical = nics.iter().filter(|nic| has_a_cable(nic)).peekable();
    if physical.peek().is_none() {
        let message =
            "the ports are a hypervisor's and the peer is this machine: no wire was judged";
        return findings.broken(rules::NO_WIRE_VIRTUAL, None, message);
    }
    for nic in physical {
        let state = if is_up(nic) {
            "has a carrier"
        } else {
            "has no carrier"
        };
        let message =
            format!("it {state} and carried nothing: the peer is this machine; {NAME_A_PEER}");
        findings.unknown(rules::NO_WIRE, Some(&part_of(nic)), message);
    }
}

/// Ports with a carrier that the connection did not use.
fn not_measured(nics: &[Nic], all: &[Measured], findings: &mut Findings) {
    let used: Vec<&str> = all.iter().filter_map(|m| m.port.as_deref()).collect();
    // Over a bond or a bridge, or where the port is not known, each may have been used.
    if used.is_empty()
        || !used
            .iter()
            .all(|name| nics.iter().any(|nic| nic.name == *name))
    {
        return;
    }
    let up = nics.iter().filter(|nic| is_up(nic) && has_a_cable(nic));
    for nic in up.filter(|nic| !used.contains(&nic.name.as_str())) {
        let message =
            "it has a carrier, and nothing was measured over it: the connection used another port";
        findings.broken(rules::NOT_MEASURED, Some(&part_of(nic)), message);
    }
}

/// What was tested, in a line.
pub fn summary(nics: &[Nic], all: &[Measured], peer: Option<&NetworkPeer>) -> String {
    let up = nics.iter().filter(|nic| is_up(nic)).count();
    let speed = |wanted: Direction| {
        let measured = all.iter().find(|measured| measured.direction == wanted);
        let flow = measured.and_then(|measured| measured.flow.as_ref().ok());
        flow.map_or("nothing".to_owned(), |flow| {
            format!("{:.2} Gbit/s", flow.bits_per_second / 1e9)
        })
    };
    let to = match peer {
        None => return format!("{up} of {} ports up, nothing measured", nics.len()),
        Some(peer) if peer.loopback => "to itself".to_owned(),
        Some(peer) => format!("to {}", peer.host),
    };
    format!(
        "{up} of {} ports up; {to} {} out, {} in",
        nics.len(),
        speed(Direction::Send),
        speed(Direction::Receive)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{self, Path};
    use crate::measured::Flow;
    use crate::{Parameters, ports};
    use vetting_stage::{Outcome, Verdict};

    fn nic(paravirtual: bool, speed_mbps: u64) -> Nic {
        Nic {
            name: "eth0".into(),
            mac: Some("02:00:00:00:00:01".into()),
            paravirtual,
            carrier: Some(true),
            speed_mbps: Some(speed_mbps),
            max_speed_mbps: Some(25_000),
            duplex: Some("full".into()),
            mtu: Some(1500),
            ..Nic::default()
        }
    }

    fn peer(loopback: bool) -> NetworkPeer {
        NetworkPeer {
            host: "peer".into(),
            port: 5201,
            loopback,
        }
    }

    fn measured(
        direction: Direction,
        bits_per_second: f64,
        cpu_percent: f64,
        retransmits: u64,
    ) -> Measured {
        Measured {
            direction,
            flow: Ok(Flow {
                bytes: (bits_per_second / 8.0) as u64,
                bits_per_second,
                retransmits: Some(retransmits),
                mss: Some(1448),
            }),
            port: Some("eth0".into()),
            to_itself: false,
            cpu_percent,
            cpu_most_percent: 100.0,
            cut_short: false,
            busy: false,
        }
    }

    fn judged(nics: &[Nic], flows: &[Measured], peer: &NetworkPeer) -> Outcome {
        let p = Parameters::default();
        let mut findings = Findings::new();
        ports::judge(nics, &p, &mut findings);
        flow::judge(flows, |s| Path::of(s, nics, peer, &p), &p, &mut findings);
        what_was_reached(nics, flows, peer, &mut findings);
        findings.outcome("")
    }

    #[test]
    fn a_wire_must_carry_most_of_what_it_can() {
        let nics = [nic(false, 25_000)];
        let with = |gigabits: f64, cpu: f64| {
            judged(
                &nics,
                &[measured(Direction::Send, gigabits * 1e9, cpu, 0)],
                &peer(false),
            )
            .verdict
        };
        assert_eq!(with(23.0, 50.0), Verdict::Pass);
        assert_eq!(with(15.0, 50.0), Verdict::Fail);
        assert!(
            matches!(with(15.0, 99.0), Verdict::Inconclusive(_)),
            "the CPU was measured"
        );
    }

    #[test]
    fn to_itself_a_physical_machine_proves_nothing() {
        let flows = [measured(Direction::Send, 30e9, 50.0, 0)];
        let physical = judged(&[nic(false, 25_000)], &flows, &peer(true));
        assert!(matches!(physical.verdict, Verdict::Inconclusive(_)));
        let guest = judged(&[nic(true, 10_000)], &flows, &peer(true));
        assert_eq!(guest.verdict, Verdict::Pass);
        assert!(guest.message.contains("no wire"), "{}", guest.message);
        let slow = judged(
            &[nic(true, 10_000)],
            &[measured(Direction::Send, 5e8, 50.0, 0)],
            &peer(true),
        );
        assert_eq!(slow.verdict, Verdict::Fail);
    }

    #[test]
    fn segments_sent_again_and_slow_links() {
        let nics = [nic(false, 25_000)];
        let again = measured(Direction::Send, 23e9, 50.0, 30_000);
        assert_eq!(judged(&nics, &[again], &peer(false)).verdict, Verdict::Fail);
        let slow = [nic(false, 10_000)];
        let fine = measured(Direction::Send, 9.3e9, 50.0, 0);
        let outcome = judged(&slow, &[fine], &peer(false));
        assert_eq!(
            (outcome.verdict, outcome.diagnoses.len()),
            (Verdict::Pass, 1),
            "the switch may be slower"
        );
        let expecting = Parameters {
            expected_mbps: Some(25_000),
            ..Parameters::default()
        };
        let mut findings = Findings::new();
        ports::judge(&slow, &expecting, &mut findings);
        assert_eq!(findings.outcome("").verdict, Verdict::Fail);
    }

    #[test]
    fn an_error_of_iperf3_is_not_a_zero() {
        let mut refused = measured(Direction::Send, 0.0, 0.0, 0);
        refused.flow = Err("unable to connect to server".into());
        let outcome = judged(&[nic(true, 10_000)], &[refused], &peer(false));
        assert!(matches!(outcome.verdict, Verdict::Inconclusive(_)));
    }

    #[test]
    fn threads_of_iperf3_are_processors_of_their_own() {
        let nics = [nic(false, 100_000)];
        let mut threads = measured(Direction::Send, 40e9, 120.0, 0);
        assert!(matches!(
            judged(&nics, std::slice::from_ref(&threads), &peer(false)).verdict,
            Verdict::Inconclusive(_)
        ));
        threads.cpu_most_percent = 400.0;
        assert_eq!(
            judged(&nics, &[threads], &peer(false)).verdict,
            Verdict::Fail
        );
    }

    #[test]
    fn a_bond_is_held_against_its_ports() {
        let over_a_bond = |gigabits: f64| Measured {
            port: Some("bond0".into()),
            ..measured(Direction::Send, gigabits * 1e9, 20.0, 0)
        };
        let nics = [nic(false, 25_000)];
        let with = |gigabits| judged(&nics, &[over_a_bond(gigabits)], &peer(false)).verdict;
        assert_eq!(with(23.0), Verdict::Pass);
        assert_eq!(with(0.5), Verdict::Fail);
    }

    #[test]
    fn what_was_not_measured_is_said() {
        let second = Nic {
            name: "eth1".into(),
            ..nic(false, 25_000)
        };
        let flows = [measured(Direction::Send, 23e9, 20.0, 0)];
        let outcome = judged(&[nic(false, 25_000), second], &flows, &peer(false));
        assert_eq!(
            (outcome.verdict, outcome.diagnoses.len()),
            (Verdict::Pass, 1)
        );
        let mut itself = flows;
        itself[0].to_itself = true;
        let outcome = judged(&[nic(false, 25_000)], &itself, &peer(false));
        assert!(outcome.message.contains("the peer is this machine"));
        let mut uncounted = measured(Direction::Receive, 23e9, 20.0, 0);
        if let Ok(flow) = &mut uncounted.flow {
            flow.retransmits = None;
        }
        let outcome = judged(&[nic(false, 25_000)], &[uncounted], &peer(false));
        assert!(
            outcome.message.contains("retransmits"),
            "{}",
            outcome.message
        );
    }
}
