//! The network stage against the orchestrator's own iperf3 server, of which each run has one.

use vetting_tests::fleet::{Agent, Orchestrator};
use vetting_tests::{eventually, running};

#[test]
fn a_run_s_network_is_measured_against_its_own_server() {
    let orchestrator = Orchestrator::with(&["--iperf-ports", "15201-15210"]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flags = ["--stage", "Network", "--set", "Network.duration=4s"];
    let run = orchestrator.run("network", &flags);
    let _agent = Agent::new(&orchestrator, &run, "real", folder.path()).start();
    let server = || Some(running("iperf3", "-p 15201".replace(' ', "\0").as_str()));
    let served = eventually(|| server().filter(|pids| !pids.is_empty()));
    assert!(
        served.is_some(),
        "no iperf3 server: {:#}",
        orchestrator.show(&run)
    );
    let view = orchestrator.until(&run, "judged", |view| {
        !view["stages"][0]["verdict"].is_null()
    });
    // Loopback says nothing of a physical port; of a virtual machine's ports there is nothing to say.
    let verdict = view["stages"][0]["verdict"].as_str().unwrap_or_default();
    assert!(["pass", "inconclusive"].contains(&verdict), "{view:#}");
    let report = orchestrator.report(&run);
    let measured = report["stages"][0]["measurements"].as_array().cloned();
    let goodput = measured
        .unwrap_or_default()
        .into_iter()
        .find(|measurement| {
            let name = measurement["name"].as_str().unwrap_or_default();
            name.starts_with("goodput-") && measurement["value"].as_f64().is_some_and(|v| v > 1e6)
        });
    assert!(goodput.is_some(), "{report:#}");
    let gone = eventually(|| server().filter(Vec::is_empty));
    assert!(gone.is_some(), "its server is still there");
}
