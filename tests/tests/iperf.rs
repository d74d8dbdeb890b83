//! The orchestrator's iperf3 servers: a port is taken when the network stage comes and given back when it
//! is left, a run for which there is none hears why, and a server serves the host under test alone.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};
use vetting_tests::eventually;
use vetting_tests::fleet::{Orchestrator, Run, call, claim};

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Takes a run's one stage: its order, and the session.
fn at_network(orchestrator: &Orchestrator, host: &str) -> (Run, Value) {
    let run = orchestrator.run(host, &["--stage", "Network"]);
    let claimed = claim(orchestrator, &run, "boot", "u").expect("claimed");
    (run, claimed)
}

fn port(claimed: &Value) -> Option<u64> {
    claimed["stages"][0]["iperf_port"].as_u64()
}

/// The network stage's result: nothing could be measured.
fn inconclusive(orchestrator: &Orchestrator, run: &Run, claimed: &Value) -> Value {
    let digest = orchestrator.show(run)["stages"][0]["digest"].clone();
    let result = json!({ "epoch": 1, "passed": false, "stage": "Network", "attempt": 1,
        "verdict": "inconclusive", "version": "0.1.0", "digest": digest, "message": "no other end",
        "summary": "", "ending": { "kind": "outcome" }, "duration_ms": 5, "diagnoses": [],
        "parameters": {}, "measurements": [] });
    let path = format!("/api/v1/runs/{}/result", run.id);
    let session = claimed["session_token"].as_str().expect("a session");
    call(orchestrator, &path, session, &result).expect("taken")
}

/// iperf3's own client, for a second.
fn client(port: u16, from: &str) -> Output {
    Command::new("iperf3")
        .args([
            "-c",
            "127.0.0.1",
            "-B",
            from,
            "-t",
            "1",
            "-p",
            &port.to_string(),
        ])
        .output()
        .expect("iperf3 starts")
}

#[test]
fn a_port_is_taken_at_the_stage_given_back_and_its_lack_is_explained() {
    let only = free_port();
    let orchestrator = Orchestrator::with(&["--iperf-ports", &format!("{only}-{only}")]);
    let earlier = orchestrator.run("earlier", &["--stage", "SMART", "--stage", "Network"]);
    let claimed = claim(&orchestrator, &earlier, "boot", "u").expect("claimed");
    assert_eq!(port(&claimed), None, "it is not at its network stage");
    let (first, of_first) = at_network(&orchestrator, "first");
    assert_eq!(port(&of_first), Some(u64::from(only)));
    let (second, of_second) = at_network(&orchestrator, "second");
    assert_eq!(port(&of_second), None, "the only port is taken");
    let answer = inconclusive(&orchestrator, &second, &of_second);
    let why = answer["held_because"].as_str().unwrap_or_default();
    let expected = format!("no iperf3 server for it: all ports from {only} to {only} are taken");
    assert!(why.contains(&expected), "{why}");
    let report = orchestrator.report(&second)["stages"][0]["message"].to_string();
    assert!(report.contains(&expected), "{report}");
    // Its stage is over, and the next one has the port.
    inconclusive(&orchestrator, &first, &of_first);
    let (_third, of_third) = at_network(&orchestrator, "third");
    assert_eq!(port(&of_third), Some(u64::from(only)));
    // A retry finds none, and says so in its directive by having none.
    orchestrator.cli(&["run", "retry", &first.id]);
    let path = format!("/api/v1/runs/{}/heartbeat", first.id);
    let session = of_first["session_token"].as_str().expect("a session");
    let beat = json!({ "epoch": 1, "state": "FailedHolding" });
    let heard = call(&orchestrator, &path, session, &beat).expect("heard");
    let order = &heard["directives"][0]["order"];
    assert_eq!(
        (&order["stage"], &order["iperf_port"]),
        (&json!("Network"), &Value::Null)
    );
}

#[test]
fn a_server_serves_the_host_under_test_alone() {
    let only = free_port();
    let orchestrator = Orchestrator::with(&["--iperf-ports", &format!("{only}-{only}")]);
    let (run, claimed) = at_network(&orchestrator, "host");
    assert_eq!(port(&claimed), Some(u64::from(only)));
    // A stranger who is there first, and says nothing.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build();
    let stranger = runtime.expect("a runtime").block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 66], 0)))?;
        let to = SocketAddr::from(([127, 0, 0, 1], only));
        socket.connect(to).await?.into_std()
    });
    let mut stranger: TcpStream = stranger.expect("it connects");
    stranger.set_nonblocking(false).expect("a blocking socket");
    let patience = Some(Duration::from_secs(20));
    stranger.set_read_timeout(patience).expect("a timeout");
    let mut byte = [0];
    match stranger.read(&mut byte) {
        Ok(0) => {}
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        other => panic!("the stranger is served: {other:?}"),
    }
    assert!(
        orchestrator.log().contains("cut off"),
        "{}",
        orchestrator.log()
    );
    // The host's own test is served, once the server is there again.
    let served = eventually(|| client(only, "127.0.0.1").status.success().then_some(()));
    assert!(served.is_some(), "{:?}", client(only, "127.0.0.1"));
    // A stranger with iperf3 does not get through its second.
    let stranger = client(only, "127.0.0.66");
    assert!(!stranger.status.success(), "{stranger:?}");
    // The stage is left: nobody listens any more.
    inconclusive(&orchestrator, &run, &claimed);
    let gone = eventually(|| {
        TcpStream::connect(("127.0.0.1", only))
            .is_err()
            .then_some(())
    });
    assert!(gone.is_some(), "the server goes on");
}

#[test]
fn a_server_that_cannot_start_is_a_reason_too() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let only = taken.local_addr().expect("an address").port();
    let orchestrator = Orchestrator::with(&["--iperf-ports", &format!("{only}-{only}")]);
    let (run, claimed) = at_network(&orchestrator, "host");
    let answer = inconclusive(&orchestrator, &run, &claimed);
    let why = answer["held_because"].as_str().unwrap_or_default();
    assert!(
        why.contains("something else listens there"),
        "{why}\n{}",
        orchestrator.log()
    );
}
