//! The agent as a service: what systemd is told, and where its parameters come from.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use serde_json::{Value, json};
use vetting_tests::fleet::{Agent, Orchestrator};
use vetting_tests::{Vetting, eventually};

#[test]
fn systemd_is_told_that_the_agent_works_and_lives() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let socket = folder.path().join("notify");
    let told = UnixDatagram::bind(&socket).expect("a socket");
    told.set_read_timeout(Some(Duration::from_millis(100)))
        .expect("a time-out");
    let run = orchestrator.run("service", &["--stage", "Inventory"]);
    let agent = Agent::new(&orchestrator, &run, "sim:healthy-server", folder.path());
    let agent = agent.env("NOTIFY_SOCKET", &socket);
    let mut agent = agent.env("WATCHDOG_USEC", "200000").start();
    let mut heard = Vec::new();
    let mut hear = |wanted: &str| {
        let mut buffer = [0; 4096];
        let found = eventually(|| {
            if let Ok(length) = told.recv(&mut buffer) {
                heard.push(String::from_utf8_lossy(&buffer[..length]).trim().to_owned());
            }
            heard.iter().position(|line| line.contains(wanted))
        });
        let at = found.unwrap_or_else(|| panic!("{wanted} was not told: {heard:?}"));
        heard.remove(at);
    };
    hear("READY=1");
    hear(&format!("STATUS=run {}: Completed", run.id));
    // It lives on while it waits.
    hear("WATCHDOG=1");
    hear("WATCHDOG=1");
    orchestrator.cli(&["run", "shutdown", &run.id]);
    hear("STOPPING=1");
    assert_eq!(agent.wait().0, 0);
}

#[test]
fn boot_parameters_are_shown_with_where_they_come_from_and_no_secret() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kernel = folder.path().join("cmdline");
    let line = "ro vetting.url=https://kernel:1 vetting.run=r7 vetting.token=vb_hunter2 \
         vetting.pin=aa vetting.mac=02:00:00:00:00:09";
    std::fs::write(&kernel, line).expect("written");
    let shown = Vetting::new(&["agent", "--print-config", "--url", "https://flag:2"])
        .path("--kernel-command-line", &kernel)
        .env("VETTING_RUN", std::path::Path::new("r8"))
        .output();
    assert_eq!(shown.status(), 0, "{}", shown.stderr());
    let text = shown.stdout();
    assert!(!text.contains("hunter2"), "{text}");
    let config: Value = serde_json::from_str(&text).expect("JSON");
    for (name, value, from) in [
        ("url", "https://flag:2", "flag"),
        ("run", "r8", "environment"),
        ("token", "(secret)", "kernel command line"),
        ("pin", "aa", "kernel command line"),
        ("mac", "02:00:00:00:00:09", "kernel command line"),
    ] {
        assert_eq!(
            config[name],
            json!({ "value": value, "from": from }),
            "{text}"
        );
    }
}
