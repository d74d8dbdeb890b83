//! One iperf3 job, read: which flows it measured, and over which port.

use std::net::IpAddr;

use vetting_facts::iperf3::{self, Output, Sums, Traffic};
use vetting_stage::iperf::{Direction, Ending};
use vetting_stage::types::DocumentEnding;

/// The first version whose streams are threads, so that each may use a processor of its own (release
/// notes of 3.16).
const THREADED: (u32, u32) = (3, 16);

/// What was measured in one direction.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Which way.
    pub direction: Direction,
    /// The flow; `Err`: why there is none, in a sentence.
    pub flow: Result<Flow, String>,
    /// The local port that the connection used.
    pub port: Option<String>,
    /// Whether the peer is this machine.
    pub to_itself: bool,
    /// CPU use in per cent of one CPU, the higher of both ends, and how much there is.
    pub cpu_percent: f64,
    pub cpu_most_percent: f64,
    /// Whether it was ended before its time.
    pub cut_short: bool,
    /// Whether the server had another client.
    pub busy: bool,
}

/// What went one way.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// Bytes, and bits per second, as the receiver counted them.
    pub bytes: u64,
    pub bits_per_second: f64,
    /// Segments sent again, where the sender counts them.
    pub retransmits: Option<u64>,
    /// The largest segment in bytes.
    pub mss: Option<u64>,
}

impl Measured {
    /// Reads an ending.
    pub fn of(direction: Direction, ending: &Ending) -> Self {
        let document = &ending.document;
        let mut printed = document.stdout.clone();
        printed.extend_from_slice(b"\n");
        printed.extend_from_slice(document.stderr_tail.as_bytes());
        let version = document.version.as_deref().unwrap_or("iperf3");
        let (flow, output) = match iperf3::output(&printed) {
            Ok(output) => (flow(&output, version, document.exit_status), output),
            Err(why) => (Err(format!("{version}: {why}")), Output::default()),
        };
        let (port, to_itself) = ends(&output, ending);
        let cpu = output.end.cpu.as_ref();
        let ends = cpu.map(|cpu| [cpu.local_total, cpu.remote_total]);
        let cpu_percent = ends.into_iter().flatten().flatten().fold(0.0, f64::max);
        let streams = match number(version) >= Some(THREADED) {
            true => ending.streams.max(1),
            false => 1,
        };
        let error = output.error.as_deref().unwrap_or_default();
        Measured {
            direction,
            flow,
            port,
            to_itself,
            cpu_percent,
            cpu_most_percent: 100.0 * f64::from(streams),
            cut_short: ending.stopped || document.ending != DocumentEnding::Complete,
            busy: error.contains("server is busy"),
        }
    }
}

/// `iperf 3.16 (cJSON 1.7.15)`
fn number(version: &str) -> Option<(u32, u32)> {
    let mut words = version.split_whitespace();
    let number = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = number.split(['.', '-', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn flow(output: &Output, version: &str, exit_status: Option<i32>) -> Result<Flow, String> {
    if let Some(error) = &output.error {
        let old = ["unrecognized option", "invalid option", "unknown option"];
        let advice = match old.iter().any(|words| error.contains(words)) {
            true => ": it is too old, install 3.7 or later",
            false => "",
        };
        return Err(format!("{version}: {error}{advice}"));
    }
    let Sums {
        sent,
        received,
        udp,
    } = &output.end.forward;
    let counted = [received, udp, sent];
    let moved = |traffic: &&Traffic| traffic.bytes > Some(0);
    let Some(traffic) = counted.into_iter().flatten().find(moved) else {
        let status = exit_status.map_or("a signal".to_owned(), |s| format!("exit status {s}"));
        return Err(match output.whole {
            true => "not one byte arrived".to_owned(),
            false => format!("{version} came to no result ({status})"),
        });
    };
    if !output.whole {
        return Err(format!("{version}: its result is cut"));
    }
    Ok(Flow {
        bytes: traffic.bytes.unwrap_or(0),
        bits_per_second: traffic.bits_per_second.unwrap_or(0.0),
        retransmits: sent.as_ref().and_then(|sent| sent.retransmits),
        mss: output
            .tcp_mss
            .filter(|mss| *mss > 0)
            .or(output.tcp_mss_default),
    })
}

/// The port that has the connection's local address, and whether its other end is this machine, too.
fn ends(output: &Output, ending: &Ending) -> (Option<String>, bool) {
    let address = |text: &Option<String>| address(text.as_deref()?);
    let connection = output.connected.first();
    let local = connection.and_then(|c| address(&c.local_host));
    let remote = connection.and_then(|c| address(&c.remote_host));
    let port_of = |wanted: IpAddr| {
        let mut ports = ending.addresses.iter();
        ports.find(|port| self::address(&port.address) == Some(wanted))
    };
    let own = |address: IpAddr| address.is_loopback() || port_of(address).is_some();
    // The peer as it was asked for, `HOST:PORT`.
    let asked = ending
        .peer
        .rsplit_once(':')
        .map_or("", |(host, _port)| host);
    let asked = self::address(asked.trim_matches(['[', ']']));
    let to_itself = ending.loopback || [remote, asked].into_iter().flatten().any(own);
    let port = local.and_then(port_of).map(|port| port.port.clone());
    (port, to_itself)
}

/// An address as iperf3 prints it: with a zone, or an IPv4 address within IPv6.
fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.split('%').next()?.parse().ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use vetting_stage::iperf::PortAddress;
    use vetting_stage::types::Document;

    use super::*;

    fn measured(stdout: &str, stderr: &str, version: &str, own: &str) -> Measured {
        let document = Document {
            query: "iperf.start".into(),
            target: "192.0.2.9:5201".into(),
            argv: vec!["iperf3".into()],
            version: Some(version.into()),
            exit_status: Some(0),
            signal: None,
            stdout: stdout.as_bytes().to_vec(),
            stderr_tail: stderr.into(),
            ending: DocumentEnding::Complete,
            begun_ns: 0,
            took_ns: 0,
        };
        let ending = Ending {
            document,
            peer: "192.0.2.9:5201".into(),
            loopback: false,
            addresses: vec![PortAddress {
                port: "eth0".into(),
                address: own.into(),
            }],
            streams: 4,
            stopped: false,
            ran_ms: 2_000,
            extra: Vec::new(),
        };
        Measured::of(Direction::Send, &ending)
    }

    macro_rules! captured {
        ($name:literal) => {
            include_str!(concat!("../../facts/captured/iperf3/", $name))
        };
    }

    #[test]
    fn a_result_of_either_format_is_read() {
        let one = measured(captured!("tcp.json"), "", "iperf 3.12", "192.0.2.2");
        let flow = one.flow.expect("a flow");
        assert!(flow.bits_per_second > 1e6 && flow.retransmits.is_some());
        assert!(one.to_itself, "over loopback");
        assert_eq!(one.cpu_most_percent, 100.0);
        let stream = measured(
            captured!("stream-3.17.jsonl"),
            "",
            "iperf 3.18 (cJSON)",
            "192.0.2.2",
        );
        assert!(stream.flow.is_ok());
        assert_eq!(stream.cpu_most_percent, 400.0);
        let text = format!(
            "warning: JSON data length overflow\n{}",
            captured!("rev.json")
        );
        assert!(measured(&text, "", "iperf 3.12", "").flow.is_ok());
    }

    #[test]
    fn errors_are_not_zeros() {
        let why = |stdout, stderr, version| {
            measured(stdout, stderr, version, "")
                .flow
                .expect_err("an error")
        };
        assert!(why(captured!("refused.json"), "", "iperf 3.12").contains("unable to connect"));
        assert!(why(captured!("gone.json"), "", "iperf 3.12").contains("terminated"));
        assert!(measured(captured!("busy.json"), "", "iperf 3.12", "").busy);
        let old = "iperf3: unrecognized option '--connect-timeout'\nUsage: iperf3 [-s|-c host]\n";
        let old = why("", old, "iperf 3.1.3");
        assert!(old.contains("3.1.3") && old.contains("too old"), "{old}");
        assert!(why("", "", "iperf 3.12").contains("iperf 3.12"));
        let cut = &captured!("stream-3.17.jsonl")[..600];
        assert!(measured(cut, "", "iperf 3.17", "").flow.is_err());
    }

    #[test]
    fn the_local_address_names_a_port() {
        let text = captured!("tcp.json").replace(
            "\"local_host\":\t\"127.0.0.1\"",
            "\"local_host\":\t\"::ffff:192.0.2.2\"",
        );
        let text = text.replace(
            "\"remote_host\":\t\"127.0.0.1\"",
            "\"remote_host\":\t\"192.0.2.9\"",
        );
        let one = measured(&text, "", "iperf 3.12", "192.0.2.2");
        assert_eq!((one.port.as_deref(), one.to_itself), (Some("eth0"), false));
        let own = measured(&text, "", "iperf 3.12", "192.0.2.9");
        assert!(own.to_itself && own.port.is_none());
    }
}
