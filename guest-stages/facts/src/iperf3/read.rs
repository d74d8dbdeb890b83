//! From iperf3's JSON to its types.

use serde_json::{Map, Value};

use super::output::{
    Connection, Cpu, End, EndStream, Event, Interval, Output, Sums, Test, Traffic,
};
use crate::fio::fields::Fields;

/// How many earlier results are kept.
const MAX_EARLIER: usize = 64;

/// Adds one document: a whole result, or one event.
pub(super) fn document(output: &mut Output, value: Map<String, Value>) {
    let mut fields = Fields::new(value);
    match fields.text("event") {
        Some(event) => add_event(output, &event, fields),
        None => {
            if *output != Output::default() {
                let mut before = std::mem::take(output);
                output.earlier = std::mem::take(&mut before.earlier);
                if output.earlier.len() < MAX_EARLIER {
                    output.earlier.push(before);
                }
            }
            whole(output, fields);
        }
    }
}

fn add_event(output: &mut Output, name: &str, mut fields: Fields) {
    let event = match name {
        "start" => Event::Start,
        "interval" => Event::Interval,
        "end" => Event::End,
        "error" => Event::Error,
        "server_output_text" | "server_output_json" => Event::ServerOutput,
        _ => Event::Other,
    };
    output.events.push(event);
    match event {
        Event::Start => start(output, fields.object("data")),
        Event::Interval => output.intervals.extend(fields.object("data").map(interval)),
        Event::End => end(&mut output.end, fields.object("data")),
        Event::Error => output.error = fields.text("data"),
        Event::ServerOutput => match fields.text("data") {
            Some(text) => output.server_text = Some(text),
            None => output.server = fields.object("data").map(server),
        },
        Event::Other => {}
    }
    let rest = fields.rest();
    if !rest.is_empty() {
        output.extra.insert(name.to_owned(), Value::Object(rest));
    }
}

fn whole(output: &mut Output, mut fields: Fields) {
    output.error = fields.text("error");
    output.title = fields.text("title");
    start(output, fields.object("start"));
    let intervals = list(&mut fields, "intervals", interval);
    output.intervals.extend(intervals);
    end(&mut output.end, fields.object("end"));
    output.server_text = fields.text("server_output_text");
    output.server = fields.object("server_output_json").map(server);
    output.extra.extend(fields.rest());
}

/// The server's own result.
fn server(mut fields: Fields) -> Box<Output> {
    let mut output = Output {
        whole: true,
        ..Output::default()
    };
    // What a server within this one printed stays as it is: this goes no deeper.
    let inner = fields.object("server_output_json");
    whole(&mut output, fields);
    if let Some(inner) = inner {
        let inner = Value::Object(inner.rest());
        output.extra.insert("server_output_json".to_owned(), inner);
    }
    Box::new(output)
}

fn list<T>(fields: &mut Fields, name: &str, read: impl Fn(Fields) -> T) -> Vec<T> {
    let mut found = Vec::new();
    let mut others = Vec::new();
    for value in fields.array(name).unwrap_or_default() {
        match Fields::of(value) {
            Ok(fields) => found.push(read(fields)),
            Err(other) => others.push(other),
        }
    }
    if !others.is_empty() {
        fields.keep(name, Value::Array(others));
    }
    found
}

fn start(output: &mut Output, fields: Option<Fields>) {
    let Some(mut fields) = fields else { return };
    output.version = fields.text("version");
    output.system = fields.text("system_info");
    output.title = output.title.take().or(fields.text("title"));
    if let Some(mut time) = fields.object("timestamp") {
        output.time = time.text("time");
        output.timestamp_s = time.unsigned("timesecs");
    }
    let mut peer = |name: &str| {
        let mut peer = fields.object(name)?;
        Some((peer.text("host")?, peer.unsigned("port")?))
    };
    output.connecting_to = peer("connecting_to");
    output.accepted = peer("accepted_connection");
    output.connected = list(&mut fields, "connected", connection);
    output.tcp_mss = fields.unsigned("tcp_mss");
    output.tcp_mss_default = fields.unsigned("tcp_mss_default");
    output.send_buffer_bytes = fields.unsigned("sndbuf_actual");
    output.receive_buffer_bytes = fields.unsigned("rcvbuf_actual");
    output.test = fields.object("test_start").map(test);
    output.extra.extend(fields.rest());
}

fn connection(mut fields: Fields) -> Connection {
    Connection {
        socket: fields.unsigned("socket"),
        local_host: fields.text("local_host"),
        local_port: fields.unsigned("local_port"),
        remote_host: fields.text("remote_host"),
        remote_port: fields.unsigned("remote_port"),
        extra: fields.rest(),
    }
}

fn test(mut fields: Fields) -> Test {
    Test {
        protocol: fields.text("protocol"),
        streams: fields.unsigned("num_streams"),
        block_bytes: fields.unsigned("blksize"),
        omit_s: fields.unsigned("omit"),
        duration_s: fields.unsigned("duration"),
        bytes: fields.unsigned("bytes"),
        blocks: fields.unsigned("blocks"),
        reverse: fields.flag("reverse"),
        bidirectional: fields.flag("bidir"),
        tos: fields.unsigned("tos"),
        target_bits_per_second: fields.unsigned("target_bitrate"),
        interval_s: fields.float("interval"),
        extra: fields.rest(),
    }
}

fn traffic(mut fields: Fields) -> Traffic {
    Traffic {
        socket: fields.unsigned("socket"),
        start_s: fields.float("start"),
        end_s: fields.float("end"),
        seconds: fields.float("seconds"),
        bytes: fields.unsigned("bytes"),
        bits_per_second: fields.float("bits_per_second"),
        retransmits: fields.unsigned("retransmits"),
        congestion_window: fields.unsigned("snd_cwnd"),
        max_congestion_window: fields.unsigned("max_snd_cwnd"),
        rtt_us: fields.unsigned("rtt"),
        rtt_variance_us: fields.unsigned("rttvar"),
        min_rtt_us: fields.unsigned("min_rtt"),
        max_rtt_us: fields.unsigned("max_rtt"),
        mean_rtt_us: fields.unsigned("mean_rtt"),
        path_mtu: fields.unsigned("pmtu"),
        jitter_ms: fields.float("jitter_ms"),
        lost_packets: fields.signed("lost_packets"),
        packets: fields.unsigned("packets"),
        lost_percent: fields.float("lost_percent"),
        out_of_order: fields.unsigned("out_of_order"),
        omitted: fields.flag("omitted"),
        sender: fields.flag("sender"),
        extra: fields.rest(),
    }
}

fn interval(mut fields: Fields) -> Interval {
    Interval {
        sum: fields.object("sum").map(traffic),
        sum_reverse: fields.object("sum_bidir_reverse").map(traffic),
        streams: list(&mut fields, "streams", traffic),
        extra: fields.rest(),
    }
}

fn end(to: &mut End, fields: Option<Fields>) {
    let Some(mut fields) = fields else { return };
    let mut sums = |suffix: &str| {
        let mut sum = |name: &str| fields.object(&format!("{name}{suffix}")).map(traffic);
        Sums {
            sent: sum("sum_sent"),
            received: sum("sum_received"),
            udp: sum("sum"),
        }
    };
    *to = End {
        forward: sums(""),
        reverse: sums("_bidir_reverse"),
        streams: list(&mut fields, "streams", end_stream),
        cpu: fields.object("cpu_utilization_percent").map(cpu),
        sender_congestion: fields.text("sender_tcp_congestion"),
        receiver_congestion: fields.text("receiver_tcp_congestion"),
        extra: fields.rest(),
    };
}

fn end_stream(mut fields: Fields) -> EndStream {
    EndStream {
        sender: fields.object("sender").map(traffic),
        receiver: fields.object("receiver").map(traffic),
        udp: fields.object("udp").map(traffic),
        extra: fields.rest(),
    }
}

fn cpu(mut fields: Fields) -> Cpu {
    Cpu {
        local_total: fields.float("host_total"),
        local_user: fields.float("host_user"),
        local_system: fields.float("host_system"),
        remote_total: fields.float("remote_total"),
        remote_user: fields.float("remote_user"),
        remote_system: fields.float("remote_system"),
        extra: fields.rest(),
    }
}
