//! What iperf3 prints: a captured result of the job's kind, with as many streams and intervals as the job
//! has, and its numbers.

use super::json_text::JsonText;
use crate::contract::iperf::Direction;

const TCP: [&str; 3] = [
    include_str!("captured/iperf3-tcp.json"),
    include_str!("captured/iperf3-tcp-reverse.json"),
    include_str!("captured/iperf3-tcp-bidir.json"),
];
const UDP: [&str; 3] = [
    include_str!("captured/iperf3-udp.json"),
    include_str!("captured/iperf3-udp-reverse.json"),
    include_str!("captured/iperf3-udp-bidir.json"),
];
const REFUSED: &str = include_str!("captured/iperf3-refused.json");

/// What stands between two objects of an array.
const BETWEEN: &str = ", ";

/// What went one way within some time, all streams together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    /// When, in seconds since the start.
    pub start: f64,
    pub end: f64,
    pub bytes: u64,
    /// Segments sent again (TCP), or datagrams lost (UDP).
    pub lost: u64,
    /// Datagrams sent (UDP).
    pub packets: u64,
    /// Whether it does not count (`-O`).
    pub omitted: bool,
}

impl Traffic {
    fn bits_per_second(&self) -> f64 {
        self.bytes as f64 * 8.0 / (self.end - self.start).max(1e-6)
    }

    /// One stream's part.
    fn shared(&self, streams: u32) -> Traffic {
        let streams = u64::from(streams.max(1));
        Traffic {
            bytes: self.bytes / streams,
            lost: self.lost / streams,
            packets: self.packets / streams,
            ..*self
        }
    }
}

/// One way.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    pub intervals: Vec<Traffic>,
    pub whole: Traffic,
}

/// What a job did.
#[derive(Clone, Debug)]
pub struct Done<'a> {
    /// iperf3's version: `3.12`.
    pub version: &'a str,
    pub udp: bool,
    pub direction: Direction,
    pub streams: u32,
    pub seconds: u64,
    pub omit: u64,
    pub bits_wanted: u64,
    /// The largest segment.
    pub mss: u32,
    /// Addresses of both ends, and the peer's port.
    pub local: &'a str,
    pub peer: (&'a str, u16),
    /// Seconds since 1970, and as iperf3's own text.
    pub epoch_seconds: u64,
    pub time: String,
    /// One flow, or of both directions that which is sent and that which is received.
    pub flows: Vec<Flow>,
    /// CPU use in per cent at this end and at the other.
    pub cpu: (f64, f64),
    /// iperf3's own error.
    pub error: Option<&'a str>,
}

/// What it prints when it comes to nothing.
pub fn refused(version: &str, error: &str) -> String {
    let mut result = JsonText::of(REFUSED);
    result.set(&["start", "version"], format_args!("\"iperf {version}\""));
    result.set(&["error"], format_args!("\"{error}\""));
    result.into_text()
}

/// The result.
pub fn result(done: &Done<'_>) -> String {
    let captured = if done.udp { UDP } else { TCP };
    let [send, receive, both] = captured;
    let mut result = JsonText::of(match done.direction {
        Direction::Send => send,
        Direction::Receive => receive,
        Direction::Both => both,
    });
    start(&mut result, done);
    intervals(&mut result, done);
    end(&mut result, done);
    let mut text = result.into_text();
    if let (Some(error), Some(at)) = (done.error, text.rfind("\n}")) {
        text.insert_str(at, &format!(",\n\t\"error\":\t\"{error}\""));
    }
    text
}

/// The numbers of the sockets: iperf3 opens one for each stream and direction.
fn sockets(done: &Done<'_>) -> impl Iterator<Item = u64> {
    let all = u64::from(done.streams).saturating_mul(done.flows.len() as u64);
    (0..all).map(|n| 5 + 2 * n)
}

fn start(result: &mut JsonText, done: &Done<'_>) {
    let connection = result.part(&["start", "connected", "0"]);
    let connected = sockets(done).map(|socket| {
        let mut connection = connection.clone();
        connection.set(&["socket"], socket);
        connection.set(&["local_host"], format_args!("\"{}\"", done.local));
        connection.set(&["local_port"], 40_000 + 2 * socket);
        connection.set(&["remote_host"], format_args!("\"{}\"", done.peer.0));
        connection.set(&["remote_port"], done.peer.1);
        connection
    });
    let connected: Vec<JsonText> = connected.collect();
    result.set_entries(&["start", "connected"], &connected, BETWEEN);
    let mut set = |path: &[&str], value: &dyn std::fmt::Display| result.set(path, value);
    set(
        &["start", "version"],
        &format_args!("\"iperf {}\"", done.version),
    );
    set(
        &["start", "timestamp", "time"],
        &format_args!("\"{}\"", done.time),
    );
    set(&["start", "timestamp", "timesecs"], &done.epoch_seconds);
    set(
        &["start", "connecting_to", "host"],
        &format_args!("\"{}\"", done.peer.0),
    );
    set(&["start", "connecting_to", "port"], &done.peer.1);
    set(&["start", "tcp_mss_default"], &done.mss);
    set(&["start", "target_bitrate"], &done.bits_wanted);
    for (name, value) in [
        ("num_streams", u64::from(done.streams)),
        ("omit", done.omit),
        ("duration", done.seconds),
        ("target_bitrate", done.bits_wanted),
    ] {
        set(&["start", "test_start", name], &value);
    }
}

fn intervals(result: &mut JsonText, done: &Done<'_>) {
    let captured = result.part(&["intervals", "0"]);
    let count = done.flows.first().map_or(0, |flow| flow.intervals.len());
    let entries = (0..count).map(|index| {
        let mut entry = captured.clone();
        let mut numbers = sockets(done);
        let mut streams = Vec::new();
        for (way, flow) in done.flows.iter().enumerate() {
            let Some(traffic) = flow.intervals.get(index) else {
                continue;
            };
            // Of both directions the capture has two streams each.
            let template = captured.part(&["streams", if way == 0 { "0" } else { "2" }]);
            let filled = filled(&template, &traffic.shared(done.streams));
            for socket in numbers.by_ref().take(done.streams as usize) {
                let mut stream = filled.clone();
                stream.set(&["socket"], socket);
                streams.push(stream);
            }
            let name = if way == 0 { "sum" } else { "sum_bidir_reverse" };
            entry.set(&[name], self::filled(&captured.part(&[name]), traffic));
        }
        entry.set_entries(&["streams"], &streams, BETWEEN);
        entry
    });
    let entries: Vec<JsonText> = entries.collect();
    result.set_entries(&["intervals"], &entries, BETWEEN);
}

fn end(result: &mut JsonText, done: &Done<'_>) {
    let mut numbers = sockets(done);
    let mut streams = Vec::new();
    for (way, flow) in done.flows.iter().enumerate() {
        let captured = result.part(&["end", "streams", if way == 0 { "0" } else { "2" }]);
        let traffic = flow.whole.shared(done.streams);
        for socket in numbers.by_ref().take(done.streams as usize) {
            let mut stream = captured.clone();
            for name in ["sender", "receiver", "udp"] {
                let mut part = filled(&captured.part(&[name]), &traffic);
                part.set(&["socket"], socket);
                stream.set(&[name], part);
            }
            streams.push(stream);
        }
        let suffix = if way == 0 { "" } else { "_bidir_reverse" };
        for name in ["sum", "sum_sent", "sum_received"] {
            let name = format!("{name}{suffix}");
            let mut part = filled(&result.part(&["end", &name]), &flow.whole);
            if done.error.is_some() && name.starts_with("sum_received") {
                // What the receiver counted never came.
                part.set(&["bytes"], 0);
                part.set(&["bits_per_second"], 0);
            }
            result.set(&["end", &name], part);
        }
    }
    result.set_entries(&["end", "streams"], &streams, BETWEEN);
    let (local, remote) = done.cpu;
    for (end, percent) in [("host", local), ("remote", remote)] {
        for (kind, share) in [("total", 1.0), ("user", 0.03), ("system", 0.97)] {
            let name = format!("{end}_{kind}");
            result.set(&["end", "cpu_utilization_percent", &name], share * percent);
        }
    }
}

/// The numbers put into whichever members a captured object has.
fn filled(captured: &JsonText, traffic: &Traffic) -> JsonText {
    let mut text = captured.clone();
    let sent = traffic.packets.max(1) as f64;
    text.set(&["start"], traffic.start);
    text.set(&["end"], traffic.end);
    text.set(&["seconds"], traffic.end - traffic.start);
    text.set(&["bytes"], traffic.bytes);
    text.set(&["bits_per_second"], traffic.bits_per_second());
    text.set(&["retransmits"], traffic.lost);
    text.set(&["packets"], traffic.packets);
    text.set(&["lost_packets"], traffic.lost);
    text.set(&["lost_percent"], 100.0 * traffic.lost as f64 / sent);
    text.set(&["omitted"], traffic.omitted);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(udp: bool, direction: Direction, flows: usize) -> Done<'static> {
        let second = |n: u32| Traffic {
            start: f64::from(n),
            end: f64::from(n) + 1.0,
            bytes: 1_000_000,
            lost: 3,
            packets: 700,
            omitted: n == 0,
        };
        let flow = Flow {
            intervals: (0..3).map(second).collect(),
            whole: Traffic {
                end: 3.0,
                ..second(0)
            },
        };
        Done {
            version: "3.12",
            udp,
            direction,
            streams: 3,
            seconds: 3,
            omit: 1,
            bits_wanted: 5,
            mss: 1_448,
            local: "192.0.2.10",
            peer: ("192.0.2.1", 5201),
            epoch_seconds: 7,
            time: "Thu, 01 Jan 1970 00:00:07 GMT".into(),
            flows: vec![flow; flows],
            cpu: (20.0, 30.0),
            error: None,
        }
    }

    #[test]
    fn a_result_has_the_job_s_streams_and_intervals() {
        for udp in [false, true] {
            for (direction, flows) in [
                (Direction::Send, 1),
                (Direction::Receive, 1),
                (Direction::Both, 2),
            ] {
                let text = result(&done(udp, direction, flows));
                let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                let streams = 3 * flows;
                assert_eq!(
                    json["start"]["connected"].as_array().map(Vec::len),
                    Some(streams)
                );
                assert_eq!(json["intervals"].as_array().map(Vec::len), Some(3));
                let interval = &json["intervals"][1];
                assert_eq!(interval["streams"].as_array().map(Vec::len), Some(streams));
                assert_eq!(interval["sum"]["bytes"], 1_000_000);
                assert_eq!(
                    json["end"]["streams"].as_array().map(Vec::len),
                    Some(streams)
                );
                assert_eq!(json["end"]["sum_sent"]["end"], 3);
                assert_eq!(json["end"]["cpu_utilization_percent"]["host_total"], 20);
                if flows == 2 {
                    assert_eq!(json["end"]["sum_sent_bidir_reverse"]["bytes"], 1_000_000);
                }
                assert_eq!(json["end"]["sum"].is_object(), udp);
            }
        }
    }

    #[test]
    fn errors_stand_where_iperf3_puts_them() {
        let text = refused("3.16", "unable to connect to server: No route to host");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            json["error"],
            "unable to connect to server: No route to host"
        );
        let mut cut = done(false, Direction::Send, 1);
        cut.error = Some("interrupt - the client has terminated");
        let json: serde_json::Value = serde_json::from_str(&result(&cut)).expect("JSON");
        assert_eq!(json["error"], "interrupt - the client has terminated");
        assert_eq!(json["end"]["sum_received"]["bytes"], 0);
    }
}
