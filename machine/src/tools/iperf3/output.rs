//! What iperf3 prints: one JSON document, or one event a line.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::contract::iperf::{Direction, Flow, Interval, Summary};
use crate::contract::types::{Error, ToolFailure};
use crate::tools::json::{at, boolean, float, list, read, text, unsigned};

/// Understands what iperf3 printed for a job of this direction, in either format. An iperf3 that
/// says what went wrong gives a summary with `error`. `partial` and `runtime-ms` are the caller's.
pub fn parse(
    printed: &[u8],
    direction: &Direction,
    exit: Option<i32>,
    stderr_tail: &str,
) -> Result<Summary, Error> {
    let document = document(printed).map_err(|error| match error {
        Error::Failed(failure) => Error::Failed(ToolFailure {
            exit_status: exit,
            stderr_tail: stderr_tail.chars().take(1024 / 4).collect(),
            ..failure
        }),
        other => other,
    })?;
    let mut error = text(&document, &["error"]);
    let end = at(&document, &["end"]);
    let measured = end.as_object().is_some_and(|end| !end.is_empty());
    if !measured && error.is_none() {
        error = Some("it gave no result".into());
    }
    let flows = match direction {
        _ if !measured => Vec::new(),
        Direction::Send => vec![flow(&document, "", Direction::Send)],
        Direction::Receive => vec![flow(&document, "", Direction::Receive)],
        Direction::Both => vec![
            flow(&document, "", Direction::Send),
            flow(&document, "_bidir_reverse", Direction::Receive),
        ],
    };
    let cpu = |who| float(end, &["cpu_utilization_percent", who]);
    let connected = list(&document, &["start", "connected"]).first();
    let local = connected.and_then(|c| text(c, &["local_host"]));
    Ok(Summary {
        version: text(&document, &["start", "version"]).unwrap_or_else(|| "unknown".into()),
        flows: flows.into_iter().flatten().collect(),
        local_cpu_percent: cpu("host_total"),
        // A peer that was not asked at the end counts as 0.
        peer_cpu_percent: cpu("remote_total").filter(|_| error.is_none()),
        error,
        exit_status: exit,
        local_nic: local.and_then(|address| nic(&address)),
        partial: false,
        runtime_ms: 0,
        extra: Vec::new(),
    })
}

/// Both formats as the one of `-J`.
fn document(printed: &[u8]) -> Result<Value, Error> {
    let whole = read("iperf3", printed);
    match &whole {
        Ok(value) if value.get("event").is_none() => match value.is_object() {
            true => return whole,
            false => {
                return Err(Error::tool_failed(
                    "iperf3",
                    "its output is not a JSON object",
                ));
            }
        },
        _ => {}
    }
    let mut document = Map::new();
    let mut intervals = Vec::new();
    for line in printed.split(|byte| *byte == b'\n') {
        let Ok(mut event) = read("iperf3", line) else {
            continue;
        };
        let Some(name) = text(&event, &["event"]) else {
            continue;
        };
        let data = event.get_mut("data").map_or(Value::Null, Value::take);
        match name.as_str() {
            "interval" => intervals.push(data),
            "start" | "end" | "error" => {
                document.insert(name, data);
            }
            _ => {}
        }
    }
    if document.is_empty() && intervals.is_empty() {
        return Err(whole
            .err()
            .unwrap_or_else(|| Error::tool_failed("iperf3", "it told no event")));
    }
    document.insert("intervals".into(), json!(intervals));
    Ok(Value::Object(document))
}

/// One direction's result; `suffix` is that of the fields' names.
fn flow(document: &Value, suffix: &str, direction: Direction) -> Option<Flow> {
    let end = at(document, &["end"]);
    let sums = |name: &str| at(end, &[&format!("{name}{suffix}")]).clone();
    let (sent, received, sum) = (sums("sum_sent"), sums("sum_received"), sums("sum"));
    if !sent.is_object() && !received.is_object() && !sum.is_object() {
        return None;
    }
    // A run that was broken off never heard what the receiver counted.
    let counts = [&received, &sum, &sent];
    let counted = counts
        .iter()
        .find(|s| unsigned(s, &["bytes"]).is_some_and(|b| b > 0));
    let counted = counted.copied().unwrap_or(&Value::Null);
    let udp = |name| {
        [&received, &sum, &sent]
            .iter()
            .find_map(|s| unsigned(s, &[name]))
    };
    let is_udp = unsigned(&sent, &["packets"])
        .or(unsigned(&sum, &["packets"]))
        .is_some();
    let intervals = list(document, &["intervals"])
        .iter()
        .filter_map(|interval| {
            let sum = at(interval, &[&format!("sum{suffix}")]);
            (boolean(sum, &["omitted"]) != Some(true)).then_some(())?;
            Some(Interval {
                at_ms: (float(sum, &["end"])?.max(0.0) * 1000.0) as u64,
                bits_per_second: float(sum, &["bits_per_second"])?,
                retransmits: unsigned(sum, &["retransmits"]),
            })
        });
    let start = at(document, &["start"]);
    let mss = unsigned(start, &["tcp_mss"]).or_else(|| unsigned(start, &["tcp_mss_default"]));
    Some(Flow {
        direction,
        bytes: unsigned(counted, &["bytes"]).unwrap_or(0),
        bits_per_second: float(counted, &["bits_per_second"]).unwrap_or(0.0),
        retransmits: unsigned(&sent, &["retransmits"]),
        mss: mss
            .and_then(|mss| u32::try_from(mss).ok())
            .filter(|mss| *mss > 0 && !is_udp),
        lost_packets: udp("lost_packets").filter(|_| is_udp),
        packets: unsigned(&sent, &["packets"]).or_else(|| unsigned(&sum, &["packets"])),
        jitter_ms: [&received, &sum]
            .iter()
            .find_map(|s| float(s, &["jitter_ms"])),
        intervals: intervals.collect(),
    })
}

/// The network port that has an address.
fn nic(address: &str) -> Option<String> {
    let address: std::net::IpAddr = address.split('%').next()?.parse().ok()?;
    let port = nix::ifaddrs::getifaddrs().ok()?.find(|port| {
        let Some(own) = &port.address else {
            return false;
        };
        match address {
            std::net::IpAddr::V4(v4) => own.as_sockaddr_in().is_some_and(|own| own.ip() == v4),
            std::net::IpAddr::V6(v6) => own.as_sockaddr_in6().is_some_and(|own| own.ip() == v6),
        }
    })?;
    Some(port.interface_name)
}

/// Picks the intervals out of a stream of events.
#[derive(Debug, Default)]
pub(in crate::tools) struct Lines(Vec<u8>);

impl Lines {
    /// Takes more output; gives each interval's end and its bits per second, all flows together.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<(Duration, f64)> {
        self.0.extend_from_slice(bytes);
        let Some(end) = self.0.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let rest = self.0.split_off(end + 1);
        let lines = std::mem::replace(&mut self.0, rest);
        let events = lines.split(|byte| *byte == b'\n');
        events
            .filter_map(|line| interval(&read("iperf3", line).ok()?))
            .collect()
    }
}

fn interval(event: &Value) -> Option<(Duration, f64)> {
    (text(event, &["event"])? == "interval").then_some(())?;
    let sum = at(event, &["data", "sum"]);
    let reverse = float(event, &["data", "sum_bidir_reverse", "bits_per_second"]);
    let end = Duration::try_from_secs_f64(float(sum, &["end"])?).ok()?;
    Some((
        end,
        float(sum, &["bits_per_second"])? + reverse.unwrap_or(0.0),
    ))
}
