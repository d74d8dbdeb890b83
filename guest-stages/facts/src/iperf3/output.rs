//! What iperf3 reports, as types.

use serde::Serialize;
use serde_json::{Map, Value};

/// What one iperf3 reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Output {
    /// Its version as printed: `iperf 3.12`.
    pub version: Option<String>,
    /// The system it ran on, as `uname` prints it.
    pub system: Option<String>,
    /// The title of `--title`.
    pub title: Option<String>,
    /// When it began, in seconds since 1970.
    pub timestamp_s: Option<u64>,
    /// The same as text.
    pub time: Option<String>,
    /// The peer as it was asked for, of a client: host and port.
    pub connecting_to: Option<(String, u64)>,
    /// The client that was accepted, of a server: host and port.
    pub accepted: Option<(String, u64)>,
    /// The streams' connections.
    pub connected: Vec<Connection>,
    /// Largest TCP segment in bytes that was asked for (`-M`).
    pub tcp_mss: Option<u64>,
    /// Largest TCP segment in bytes, as the system chose it.
    pub tcp_mss_default: Option<u64>,
    /// Send buffer in bytes.
    pub send_buffer_bytes: Option<u64>,
    /// Receive buffer in bytes.
    pub receive_buffer_bytes: Option<u64>,
    /// What was asked for.
    pub test: Option<Test>,
    /// The run, one part after another.
    pub intervals: Vec<Interval>,
    /// The result.
    pub end: End,
    /// iperf3's own error, from the JSON or from a plain line.
    pub error: Option<String>,
    /// What the server printed (`--get-server-output`), if it was text.
    pub server_text: Option<String>,
    /// What the server printed, if it was JSON.
    pub server: Option<Box<Output>>,
    /// Results that were printed before this one, such as those of a wrapper that tries again; the
    /// first 64.
    pub earlier: Vec<Output>,
    /// The events of `--json-stream`; empty for one document.
    pub events: Vec<Event>,
    /// Whether the document, or the stream, came to its end.
    pub whole: bool,
    /// Lines before, between and after the JSON.
    pub outside: Vec<String>,
    /// Lines within the JSON that are not JSON.
    pub unread: Vec<String>,
    /// Members that are not known; those of `start` too.
    pub extra: Map<String, Value>,
}

/// The kind of one line of `--json-stream`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The start.
    Start,
    /// One interval.
    Interval,
    /// The result.
    End,
    /// An error.
    Error,
    /// What the server printed.
    ServerOutput,
    /// Any other.
    Other,
}

/// The connection of one stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Connection {
    /// The number of its socket.
    pub socket: Option<u64>,
    /// The address on this side.
    pub local_host: Option<String>,
    /// The port on this side.
    pub local_port: Option<u64>,
    /// The address on the other side.
    pub remote_host: Option<String>,
    /// The port on the other side.
    pub remote_port: Option<u64>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Test {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Option<String>,
    /// Parallel streams in each direction.
    pub streams: Option<u64>,
    /// Bytes of one write.
    pub block_bytes: Option<u64>,
    /// Seconds at the start that do not count.
    pub omit_s: Option<u64>,
    /// Seconds to run; 0: until `bytes` or `blocks` are through.
    pub duration_s: Option<u64>,
    /// Bytes to move; 0: by time.
    pub bytes: Option<u64>,
    /// Blocks to move; 0: by time.
    pub blocks: Option<u64>,
    /// Whether the server sends.
    pub reverse: Option<bool>,
    /// Whether both send (from 3.13 on).
    pub bidirectional: Option<bool>,
    /// Type of service.
    pub tos: Option<u64>,
    /// Bits per second asked for; 0: as fast as it goes.
    pub target_bits_per_second: Option<u64>,
    /// Seconds of one interval (from 3.17 on).
    pub interval_s: Option<f64>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// Traffic of one stream, or of all of them together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Traffic {
    /// The number of its socket, of one stream.
    pub socket: Option<u64>,
    /// Begin in seconds since the start.
    pub start_s: Option<f64>,
    /// End in seconds since the start.
    pub end_s: Option<f64>,
    /// How long, in seconds.
    pub seconds: Option<f64>,
    /// Bytes moved.
    pub bytes: Option<u64>,
    /// Bits per second.
    pub bits_per_second: Option<f64>,
    /// Segments sent again (TCP), where the sender's system counts them.
    pub retransmits: Option<u64>,
    /// Congestion window in bytes at the end of the interval (TCP).
    pub congestion_window: Option<u64>,
    /// Largest congestion window in bytes (TCP).
    pub max_congestion_window: Option<u64>,
    /// Round-trip time in microseconds (TCP).
    pub rtt_us: Option<u64>,
    /// Variance of the round-trip time in microseconds (TCP).
    pub rtt_variance_us: Option<u64>,
    /// Shortest round-trip time in microseconds (TCP).
    pub min_rtt_us: Option<u64>,
    /// Longest round-trip time in microseconds (TCP).
    pub max_rtt_us: Option<u64>,
    /// Mean round-trip time in microseconds (TCP).
    pub mean_rtt_us: Option<u64>,
    /// Largest packet of the path in bytes (TCP).
    pub path_mtu: Option<u64>,
    /// Jitter in milliseconds (UDP).
    pub jitter_ms: Option<f64>,
    /// Datagrams lost (UDP); iperf3 counts below 0 when some came late.
    pub lost_packets: Option<i64>,
    /// Datagrams sent (UDP).
    pub packets: Option<u64>,
    /// Datagrams lost in per cent (UDP).
    pub lost_percent: Option<f64>,
    /// Datagrams that came in another order (UDP).
    pub out_of_order: Option<u64>,
    /// Whether this interval does not count.
    pub omitted: Option<bool>,
    /// Whether the side that reports was the sender.
    pub sender: Option<bool>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// One interval.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Interval {
    /// All streams of the first direction together.
    pub sum: Option<Traffic>,
    /// All streams of the other direction together (`--bidir`).
    pub sum_reverse: Option<Traffic>,
    /// Each stream.
    pub streams: Vec<Traffic>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// All streams of one direction together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sums {
    /// As the sender counted.
    pub sent: Option<Traffic>,
    /// As the receiver counted.
    pub received: Option<Traffic>,
    /// `sum` of UDP: the sender's bytes with the receiver's losses.
    pub udp: Option<Traffic>,
}

/// The result.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct End {
    /// The first direction: from the client, with `-R` from the server.
    pub forward: Sums,
    /// The other direction (`--bidir`).
    pub reverse: Sums,
    /// Each stream.
    pub streams: Vec<EndStream>,
    /// CPU that iperf3 used.
    pub cpu: Option<Cpu>,
    /// Congestion control of the sender: `cubic`, `bbr`.
    pub sender_congestion: Option<String>,
    /// Congestion control of the receiver.
    pub receiver_congestion: Option<String>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// The result of one stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EndStream {
    /// As the sender counted.
    pub sender: Option<Traffic>,
    /// As the receiver counted.
    pub receiver: Option<Traffic>,
    /// Both in one (UDP).
    pub udp: Option<Traffic>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// CPU that iperf3 used, in per cent of one CPU: above 100 where each stream has a thread (from 3.16 on).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cpu {
    /// This side.
    pub local_total: Option<f64>,
    /// This side, user mode.
    pub local_user: Option<f64>,
    /// This side, kernel.
    pub local_system: Option<f64>,
    /// The other side; 0 where it was not asked.
    pub remote_total: Option<f64>,
    /// The other side, user mode.
    pub remote_user: Option<f64>,
    /// The other side, kernel.
    pub remote_system: Option<f64>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}
