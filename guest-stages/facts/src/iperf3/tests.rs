use super::*;

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!("../../captured/iperf3/", $name)).as_slice()
    };
}

const ALL: [&[u8]; 9] = [
    captured!("tcp.json"),
    captured!("rev.json"),
    captured!("bidir.json"),
    captured!("udp.json"),
    captured!("busy.json"),
    captured!("gone.json"),
    captured!("refused.json"),
    captured!("stream-3.17.jsonl"),
    captured!("issue-613-nan.json"),
];

fn read(bytes: &[u8]) -> Output {
    output(bytes).expect("a result")
}

#[test]
fn tcp_result_is_read() {
    let output = read(captured!("tcp.json"));
    assert_eq!(output.version.as_deref(), Some("iperf 3.12"));
    assert_eq!(output.connected.len(), 2);
    assert_eq!(
        output.connected[0].remote_host.as_deref(),
        Some("127.0.0.1")
    );
    assert_eq!(output.connecting_to, Some(("127.0.0.1".to_owned(), 15_201)));
    let test = output.test.expect("a test");
    assert_eq!(
        (test.protocol.as_deref(), test.streams),
        (Some("TCP"), Some(2))
    );
    assert_eq!((test.reverse, test.bidirectional), (Some(false), None));
    assert_eq!(
        (output.whole, output.error, output.intervals.len()),
        (true, None, 2)
    );
    let sent = output.end.forward.sent.expect("what was sent");
    assert!(sent.retransmits.is_some() && sent.bits_per_second > Some(1e6));
    assert_eq!(sent.sender, Some(true));
    let received = output.end.forward.received.expect("what was received");
    assert!(received.bytes <= sent.bytes && received.retransmits.is_none());
    assert_eq!(output.end.streams.len(), 2);
    let cpu = output.end.cpu.expect("CPU use");
    assert!(cpu.local_total > Some(0.0) && cpu.remote_total > Some(0.0));
    assert!(output.end.sender_congestion.is_some());
    assert!(output.end.extra.is_empty());
    let unknown: Vec<&String> = output.extra.keys().collect();
    assert_eq!(unknown, ["cookie", "sock_bufsize", "target_bitrate"]);
}

#[test]
fn both_directions_are_apart() {
    let output = read(captured!("bidir.json"));
    assert!(output.end.forward.sent.is_some() && output.end.reverse.sent.is_some());
    let interval = output.intervals.first().expect("an interval");
    assert!(interval.sum.is_some() && interval.sum_reverse.is_some());
    let one = read(captured!("rev.json"));
    assert_eq!(one.test.and_then(|test| test.reverse), Some(true));
    assert_eq!(one.end.reverse, Sums::default());
}

#[test]
fn udp_result_has_losses_and_the_servers_text() {
    let output = read(captured!("udp.json"));
    let udp = output.end.forward.udp.expect("a sum");
    assert_eq!((udp.packets, udp.lost_packets), (Some(382), Some(0)));
    assert!(udp.jitter_ms > Some(0.0));
    let stream = output
        .end
        .streams
        .first()
        .and_then(|stream| stream.udp.clone());
    assert_eq!(stream.and_then(|udp| udp.out_of_order), Some(0));
    let text = output.server_text.expect("text");
    assert!(text.contains("Jitter"));
}

#[test]
fn errors_are_read_in_every_form() {
    let error = |bytes: &[u8]| read(bytes).error.expect("an error");
    assert!(error(captured!("busy.json")).contains("busy"));
    assert!(error(captured!("refused.json")).contains("unable to connect"));
    let gone = read(captured!("gone.json"));
    assert_eq!(gone.error.as_deref(), Some("the server has terminated"));
    assert!(
        gone.end.forward.sent.is_some(),
        "what was measured is there too"
    );
    let plain = b"iperf3: error - unable to start listener: Address already in use\n";
    assert!(error(plain).starts_with("unable to start"));
    let old =
        b"iperf3: unrecognized option '--connect-timeout'\nUsage: iperf3 [-s|-c host] [options]\n";
    let old = read(old);
    assert_eq!(
        old.error.as_deref(),
        Some("unrecognized option '--connect-timeout'")
    );
    assert!(!old.whole);
    assert_eq!(old.outside.len(), 2);
    assert!(super::output(b"hello").is_err());
}

#[test]
fn stream_of_events_is_one_result() {
    let bytes = captured!("stream-3.17.jsonl");
    let output = read(bytes);
    let events = [Event::Start, Event::Interval, Event::Interval, Event::End];
    assert_eq!(output.events, events);
    assert!(output.whole);
    assert_eq!(output.intervals.len(), 2);
    let sent = output.end.forward.sent.expect("what was sent");
    assert_eq!(sent.retransmits, Some(3));
    assert_eq!(output.end.cpu.and_then(|cpu| cpu.local_total), Some(120.5));
    let test = output.test.expect("a test");
    assert_eq!(
        (test.bidirectional, test.interval_s),
        (Some(false), Some(1.0))
    );
    let stream = output.end.streams[0].sender.clone().expect("a sender");
    assert_eq!((stream.mean_rtt_us, stream.extra.len()), (Some(18), 2));
    let end = bytes
        .windows(13)
        .position(|part| part == b"{\"event\":\"end")
        .expect("an end");
    let cut = read(&bytes[..end]);
    assert!(!cut.whole);
    assert_eq!((cut.intervals.len(), cut.end), (2, End::default()));
}

#[test]
fn values_that_are_no_numbers_stay_as_text() {
    let output = read(captured!("issue-613-nan.json"));
    assert!(output.whole);
    let sum = output.intervals[0].sum.clone().expect("a sum");
    assert_eq!((sum.lost_percent, sum.packets), (None, Some(0)));
    assert_eq!(sum.bits_per_second, Some(66_005.9));
    assert_eq!(sum.extra.get("lost_percent"), Some(&"-nan".into()));
}

#[test]
fn lines_around_the_json_are_kept() {
    let mut text = b"warning: JSON data length overflow\n".to_vec();
    text.extend_from_slice(captured!("tcp.json"));
    text.extend_from_slice(b"iperf3: interrupt - the client has terminated\n");
    let output = read(&text);
    assert!(output.whole);
    assert_eq!(output.outside.len(), 2);
    assert_eq!(output.end.streams.len(), 2);
}

#[test]
fn last_of_several_results_counts() {
    let mut text = captured!("busy.json").to_vec();
    text.extend_from_slice(captured!("rev.json"));
    let output = read(&text);
    assert_eq!((output.error, output.intervals.len()), (None, 2));
    assert_eq!(output.earlier.len(), 1);
    let before = output.earlier[0].error.as_deref();
    assert!(before.is_some_and(|error| error.contains("busy")));
}

#[test]
fn servers_json_is_read() {
    let text = br#"{"start": {}, "server_output_json": {"start": {"version": "iperf 3.19"}, "server_output_json": {"a": 1}}, "later": 1}"#;
    let output = read(text);
    let server = output.server.expect("the server's result");
    assert_eq!(server.version.as_deref(), Some("iperf 3.19"));
    assert!(server.extra.contains_key("server_output_json"));
    assert_eq!(output.extra.get("later"), Some(&1.into()));
}

#[test]
fn cut_result_keeps_the_intervals_before() {
    let bytes = captured!("tcp.json");
    let end = bytes
        .windows(5)
        .position(|part| part == b"\"end\"")
        .expect("an end");
    for cut in 0..bytes.len() {
        if let Ok(output) = output(&bytes[..cut]) {
            assert!(output.intervals.len() <= 2);
            assert!(!output.whole || cut + 2 >= bytes.len());
        }
    }
    let last = bytes
        .windows(8)
        .rposition(|part| part == b"\"sum_sen")
        .expect("a sum");
    assert_eq!(read(&bytes[..last.max(end)]).intervals.len(), 2);
}

#[test]
fn damage_does_not_panic() {
    let mut state = 7_u32;
    for bytes in ALL {
        for _ in 0..100 {
            let mut damaged = bytes.to_vec();
            for _ in 0..10 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = state as usize % damaged.len();
                damaged[at] = (state >> 16) as u8;
            }
            let _ = output(&damaged);
        }
    }
}
