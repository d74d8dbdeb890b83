//! What the measurement was worth: whether any wire was tested at all.

use vetting_stage::context::NetworkPeer;
use vetting_stage::inventory::Nic;
use vetting_stage::iperf::{Direction, Summary};
use vetting_stage::types::Error;
use vetting_stage::{Findings, absence, explain};

use crate::ports::part_of;
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
pub fn what_was_reached(nics: &[Nic], peer: &NetworkPeer, findings: &mut Findings) {
    if !peer.loopback {
        return;
    }
    let mut physical = nics.iter().filter(|nic| !nic.paravirtual).peekable();
    if physical.peek().is_none() {
        let message =
            "the ports are a hypervisor's and the peer is this machine: no wire was judged";
        return findings.broken(rules::NO_WIRE_VIRTUAL, None, message);
    }
    for nic in physical {
        let state = if nic.carrier {
            "has a carrier"
        } else {
            "has no carrier"
        };
        let message =
            format!("it {state} and carried nothing: the peer is this machine; {NAME_A_PEER}");
        findings.unknown(rules::NO_WIRE, Some(&part_of(nic)), message);
    }
}

/// What was tested, in a line.
pub fn summary(nics: &[Nic], flows: &[(Direction, Summary)], peer: Option<&NetworkPeer>) -> String {
    let up = nics.iter().filter(|nic| nic.carrier).count();
    let speed = |wanted: Direction| {
        let summary = flows.iter().find(|(direction, _)| *direction == wanted);
        let flow = summary.and_then(|(_, s)| s.flows.iter().find(|flow| flow.direction == wanted));
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
    use crate::{Parameters, ports};
    use vetting_stage::iperf::Flow;
    use vetting_stage::{Outcome, Verdict};

    fn nic(paravirtual: bool, speed_mbps: u64) -> Nic {
        Nic {
            name: "eth0".into(),
            mac: "02:00:00:00:00:01".into(),
            driver: None,
            firmware: None,
            pci_address: None,
            paravirtual,
            carrier: true,
            speed_mbps: Some(speed_mbps),
            max_speed_mbps: Some(25_000),
            duplex: Some("full".into()),
            mtu: 1500,
            link: None,
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
        cpu: f64,
        retransmits: u64,
    ) -> (Direction, Summary) {
        let flow = Flow {
            direction,
            bytes: (bits_per_second / 8.0) as u64,
            bits_per_second,
            retransmits: Some(retransmits),
            mss: Some(1448),
            lost_packets: None,
            packets: None,
            jitter_ms: None,
            intervals: Vec::new(),
        };
        let summary = Summary {
            version: "iperf 3.12".into(),
            flows: vec![flow],
            local_cpu_percent: Some(cpu),
            peer_cpu_percent: None,
            error: None,
            exit_status: Some(0),
            local_nic: Some("eth0".into()),
            partial: false,
            runtime_ms: 1000,
            extra: Vec::new(),
        };
        (direction, summary)
    }

    fn judged(nics: &[Nic], flows: &[(Direction, Summary)], peer: &NetworkPeer) -> Outcome {
        let p = Parameters::default();
        let mut findings = Findings::new();
        ports::judge(nics, &p, &mut findings);
        flow::judge(flows, |s| Path::of(s, nics, peer, &p), &p, &mut findings);
        what_was_reached(nics, peer, &mut findings);
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
        let (direction, mut summary) = measured(Direction::Send, 0.0, 0.0, 0);
        summary.error = Some("unable to connect to server".into());
        let outcome = judged(&[nic(true, 10_000)], &[(direction, summary)], &peer(false));
        assert!(matches!(outcome.verdict, Verdict::Inconclusive(_)));
    }
}
