//! Agents and an orchestrator: real processes, real TLS, real SQLite. One test per promise.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use vetting_tests::fleet::{Agent, Orchestrator, Run, RunningAgent};
use vetting_tests::{alive, descendants, eventually, guests, named};
use vetting_transport::{Call, CallError, Client, Secret};

const HEALTHY: &str = "sim:healthy-server";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq test@example";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A run whose one stage loads this machine for longer than any test lasts, and its agent at work.
fn at_work(orchestrator: &Orchestrator, host: &str, folder: &Path) -> (Run, RunningAgent) {
    let set = "CPUStress.duration=300s";
    let flags = [
        "--stage",
        "CPUStress",
        "--set",
        set,
        "--timeout",
        "CPUStress=600s",
    ];
    let run = orchestrator.run(host, &flags);
    let agent = Agent::new(orchestrator, &run, "real", folder).start();
    stressed(&agent);
    (run, agent)
}

fn stressed(agent: &RunningAgent) {
    let tool = || {
        descendants(agent.pid())
            .into_iter()
            .find(|pid| named(*pid, "stress-ng"))
    };
    assert!(eventually(tool).is_some(), "no stress-ng: {}", agent.log());
}

/// One call as an agent makes it.
fn call(
    orchestrator: &Orchestrator,
    path: &str,
    token: &str,
    body: &Value,
) -> Result<Value, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let pin = orchestrator.pin.parse().expect("a pin");
    let client = Client::new(&orchestrator.url, &[pin]).expect("a client");
    let call = Call {
        path,
        token: Some(&Secret::new(token)),
        timeout: Duration::from_secs(20),
    };
    runtime
        .expect("a runtime")
        .block_on(client.post(call, body))
}

fn claim(
    orchestrator: &Orchestrator,
    run: &Run,
    boot: &str,
    uuid: &str,
) -> Result<Value, CallError> {
    let body = json!({
        "identity": { "mac": run.mac, "system_uuid": uuid }, "boot_id": boot,
        "instance": format!("{boot}-{uuid}-{}", std::process::id()), "version": "0", "machine": "a test",
    });
    call(
        orchestrator,
        &format!("/api/v1/runs/{}/claim", run.id),
        &run.token,
        &body,
    )
}

#[test]
fn a_whole_run_is_completed_and_powered_off() {
    let orchestrator = Orchestrator::start();
    let folder = folder();
    let run = orchestrator.run("whole", &[]);
    let mut agent = Agent::new(&orchestrator, &run, HEALTHY, folder.path()).start();
    let view = orchestrator.until_state(&run, "Completed");
    let verdicts: Vec<_> = view["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .map(|s| &s["verdict"])
        .collect();
    assert_eq!(verdicts, ["pass"; 8], "{view:#}");
    orchestrator.cli(&["run", "shutdown", &run.id]);
    let (status, log) = agent.wait();
    assert_eq!(status, 0, "{log}");
    assert!(log.contains("power off: shut down by root"), "{log}");
    let view = orchestrator.show(&run);
    assert_eq!(
        (view["state"].as_str(), &view["directives"][0]["status"]),
        (Some("Completed"), &json!("applied"))
    );
    let report = orchestrator.report(&run);
    assert_eq!(report["counts"]["passed"], 8, "{report:#}");
    for (what, text) in [("agent", &log), ("orchestrator", &orchestrator.log())] {
        assert!(
            !text.contains(&run.token) && !text.contains(&orchestrator.token),
            "{what}: a token is logged"
        );
    }
}

#[test]
fn an_agent_that_was_killed_is_resumed_by_the_next_one() {
    let orchestrator = Orchestrator::start();
    let folder = folder();
    let flags = ["--stage", "CPUStress", "--set", "CPUStress.duration=5s"];
    let run = orchestrator.run("resumed", &flags);
    let first = Agent::new(&orchestrator, &run, "real", folder.path()).start();
    stressed(&first);
    first.kill();
    let _second = Agent::new(&orchestrator, &run, "real", folder.path()).start();
    let view = orchestrator.until(&run, "judged", |view| {
        !view["stages"][0]["verdict"].is_null()
    });
    assert_eq!(
        (&view["epoch"], &view["stages"][0]["attempt"]),
        (&json!(2), &json!(1)),
        "{view:#}"
    );
    assert_ne!(view["stages"][0]["verdict"], "cancelled", "{view:#}");
}

#[test]
fn a_host_that_went_down_under_a_stage_has_failed_it() {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("down", &["--stage", "CPUStress"]);
    let first = claim(&orchestrator, &run, "boot-1", "u").expect("claimed");
    assert_eq!(first["current_state"], "CPUStress");
    let second = claim(&orchestrator, &run, "boot-2", "u").expect("claimed again");
    assert_eq!(second["current_state"], "FailedHolding", "{second:#}");
    let why = second["held_because"].as_str().expect("a reason");
    assert!(why.contains("went down under CPUStress"), "{why}");
    let view = orchestrator.show(&run);
    assert_eq!(view["stages"][0]["verdict"], "fail", "{view:#}");
}

#[test]
fn an_older_claim_ends_and_powers_off_nothing() {
    let orchestrator = Orchestrator::start();
    let folder = folder();
    let (run, mut agent) = at_work(&orchestrator, "fenced", folder.path());
    let tools = descendants(agent.pid());
    let body = json!({ "identity": { "mac": run.mac }, "boot_id": "b", "instance": "i",
        "version": "0", "machine": "a test" });
    let path = format!("/api/v1/runs/{}/claim", run.id);
    call(&orchestrator, &path, &run.token, &body).expect("claimed");
    let (status, log) = agent.wait();
    assert_eq!(status, 3, "{log}");
    assert!(
        log.contains("superseded") && !log.contains("power off"),
        "{log}"
    );
    let left: Vec<_> = tools.into_iter().filter(|pid| alive(*pid)).collect();
    assert!(left.is_empty(), "left running: {left:?}");
}

#[test]
fn whoever_is_not_the_run_s_is_refused_and_told_why() {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("mine", &["--stage", "CPUStress"]);
    let other = orchestrator.run("other", &["--stage", "CPUStress"]);
    claim(&orchestrator, &run, "boot", "uuid-1").expect("claimed");
    let refused = |answer: Result<Value, CallError>| answer.expect_err("refused").to_string();
    let beat = json!({ "epoch": 1, "state": "CPUStress" });
    let path = format!("/api/v1/runs/{}/heartbeat", run.id);
    let session =
        claim(&orchestrator, &other, "boot", "u").expect("claimed")["session_token"].clone();
    let session = session.as_str().expect("a token");
    for (answer, words) in [
        (claim(&orchestrator, &run, "boot", "uuid-2"), "system UUID"),
        (
            call(&orchestrator, &path, "nonsense", &beat),
            "nobody has this token",
        ),
        (call(&orchestrator, &path, session, &beat), "another run's"),
        (
            call(&orchestrator, &path, &run.token, &beat),
            "only for hello and claim",
        ),
        (
            call(&orchestrator, &path, session, &json!({ "state": "x" })),
            "another run's",
        ),
        (
            call(&orchestrator, "/api/v1/nothing", session, &beat),
            "nothing at this path",
        ),
    ] {
        let why = refused(answer);
        assert!(why.contains(words), "not `{words}`: {why}");
    }
    let folder = folder();
    let mut wrong = orchestrator.run("pinned", &["--stage", "CPUStress"]);
    let agent = |url: &str, pin: &str, run: &Run| {
        let mut command = std::process::Command::new(vetting_tests::vetting());
        command.args([
            "agent",
            "--machine",
            HEALTHY,
            "--tries",
            "1",
            "--url",
            url,
            "--pin",
            pin,
        ]);
        command
            .args(["--run", &run.id, "--spool"])
            .arg(folder.path());
        command.env("VETTING_BOOT_TOKEN", &run.token);
        let output = command.output().expect("an agent");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (status, why) = agent(&orchestrator.url, &"ab".repeat(32), &wrong);
    assert_eq!(status, Some(3), "{why}");
    assert!(why.contains("is not pinned"), "{why}");
    let plain = orchestrator.url.replace("https", "http");
    let (_, why) = agent(&plain, &orchestrator.pin, &wrong);
    assert!(why.contains("only https://"), "{why}");
    wrong.token = "vb_wrong".to_owned();
    let (_, why) = agent(&orchestrator.url, &orchestrator.pin, &wrong);
    assert!(
        why.contains("nobody has this token") && !why.contains("vb_wrong"),
        "{why}"
    );
}

#[test]
fn each_directive_ends_a_running_stage_in_its_own_way() {
    let orchestrator = Orchestrator::start();
    for (cmd, state, status, powers_off) in [
        ("shutdown", "Cancelled", 0, true),
        ("abort", "Aborted", 130, false),
        ("cancel", "Cancelled", 0, true),
    ] {
        let folder = folder();
        let (run, mut agent) = at_work(&orchestrator, cmd, folder.path());
        let tools = descendants(agent.pid());
        orchestrator.cli(&["run", cmd, &run.id]);
        let (ended, log) = agent.wait();
        assert_eq!(ended, status, "{cmd}: {log}");
        assert_eq!(log.contains("power off"), powers_off, "{cmd}: {log}");
        let left: Vec<_> = tools.into_iter().filter(|pid| alive(*pid)).collect();
        assert!(left.is_empty(), "{cmd}: left running: {left:?}");
        let view = orchestrator.show(&run);
        assert_eq!(view["state"], state, "{cmd}: {view:#}");
        assert_eq!(
            view["directives"][0]["status"], "applied",
            "{cmd}: {view:#}"
        );
        assert_eq!(view["stages"][0]["verdict"], "cancelled", "{cmd}: {view:#}");
    }
}

#[test]
fn a_run_that_holds_lets_operators_in_and_runs_a_fixed_component() {
    let orchestrator = Orchestrator::start();
    orchestrator.operator_with_key("ann", KEY);
    let folder = folder();
    // Two components of one name: one that never comes to an end, and one that passes.
    let stage = |guest: &str, manifest: &str| {
        let built = guests().join("../guests/wasm32-unknown-unknown/stage");
        let module = std::fs::read(built.join(format!("guest_{guest}.wasm"))).expect("a module");
        let component = vetting_component::pack(&module, manifest).expect("a component");
        let path = folder.path().join(format!("{guest}.wasm"));
        std::fs::write(&path, component).expect("written");
        path.display().to_string()
    };
    let sleep = include_str!("../guests/sleep/stage.toml").replace("\"Sleep\"", "\"Fixable\"");
    let probe = include_str!("../guests/probe/stage.toml").replace("\"Probe\"", "\"Fixable\"");
    let (broken, fixed) = (stage("sleep", &sleep), stage("probe", &probe));
    orchestrator.cli(&["stage", "add", &broken]);
    let run = orchestrator.run(
        "held",
        &[
            "--stage",
            "Inventory",
            "--stage",
            "Fixable",
            "--stage",
            "PSU",
        ],
    );
    let keys = folder.path().join("ssh/authorized_keys");
    let keys_text = || std::fs::read_to_string(&keys).unwrap_or_default();
    let flag = keys.display().to_string();
    let agent =
        Agent::new(&orchestrator, &run, HEALTHY, folder.path()).args(&["--hold-key-file", &flag]);
    let mut agent = agent.start();
    for attempt in 1..=3 {
        orchestrator.until(&run, "held with access", |view| {
            let holds = view["holds"].as_array().map_or(0, Vec::len);
            view["state"] == "FailedHolding"
                && holds == attempt
                && !view["holds"][attempt - 1]["opened"].is_null()
        });
        assert_eq!(
            keys_text().matches(KEY).count(),
            1,
            "{attempt} {} {}",
            keys_text(),
            agent.log()
        );
        let refused = orchestrator.try_cli(&["run", "cancel", &run.id]);
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(why.contains("no stage is at work"), "{why}");
        if attempt < 3 {
            orchestrator.cli(&["run", "retry", &run.id]);
        }
    }
    orchestrator.cli(&["run", "retry", &run.id, "--stage-component", &fixed]);
    let view = orchestrator.until_state(&run, "Completed");
    assert_eq!(
        (&view["epoch"], &view["stages"][2]["attempt"]),
        (&json!(1), &json!(4)),
        "{view:#}"
    );
    assert_eq!(keys_text().matches(KEY).count(), 0, "{}", keys_text());
    let report = orchestrator.report(&run);
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("a person had access") && notes.contains("ann"),
        "{notes}"
    );
    let late = [
        "run",
        "cancel",
        &run.id,
        "--stage",
        "Fixable",
        "--attempt",
        "1",
    ];
    orchestrator.cli(&late);
    orchestrator.until(&run, "rejected", |view| {
        let directives = view["directives"].as_array().cloned().unwrap_or_default();
        directives.last().is_some_and(|d| d["status"] == "rejected")
    });
    orchestrator.cli(&["run", "abort", &run.id]);
    assert_eq!(agent.wait().0, 130);
    assert_eq!(orchestrator.show(&run)["state"], "Completed");
    // Whoever boots into a run that is over sits idle, and powers off nothing.
    let late = Agent::new(&orchestrator, &run, HEALTHY, folder.path()).start();
    let idle = eventually(|| late.log().contains("idle: ").then(|| late.log()));
    let log = idle.unwrap_or_else(|| panic!("it does not idle: {}", late.log()));
    assert!(log.contains("410") && !log.contains("power off"), "{log}");
}

#[test]
fn an_orchestrator_that_is_killed_loses_nothing_and_advances_nothing_twice() {
    const AGENTS: usize = 20;
    const KILLS: u32 = 12;
    let mut orchestrator = Orchestrator::start();
    let folder = folder();
    let runs: Vec<Run> = (0..AGENTS)
        .map(|n| orchestrator.run(&"x".repeat(n + 1), &[]))
        .collect();
    let mut agents = Vec::new();
    for (n, run) in runs.iter().enumerate() {
        let own = folder.path().join(n.to_string());
        std::fs::create_dir(&own).expect("a folder");
        let agent = Agent::new(&orchestrator, run, HEALTHY, &own).args(&["--tries", "0"]);
        agents.push(agent.start());
    }
    let mut kills = 0;
    let all_over = eventually(|| {
        if kills < KILLS {
            // Whatever each agent is at just then.
            std::thread::sleep(Duration::from_millis(u64::from(97 * kills % 500)));
            orchestrator.kill_and_restart();
            kills += 1;
            return None;
        }
        runs.iter()
            .all(|run| orchestrator.show(run)["state"] == "Completed")
            .then_some(())
    });
    for (run, agent) in runs.iter().zip(&agents) {
        let view = orchestrator.show(run);
        assert!(
            all_over.is_some(),
            "stuck at {}: {}",
            view["state"],
            agent.log()
        );
        let causes: Vec<String> = view["transitions"]
            .as_array()
            .expect("transitions")
            .iter()
            .map(|t| t["cause"].as_str().unwrap_or_default().to_owned())
            .collect();
        let distinct: BTreeSet<_> = causes.iter().collect();
        assert_eq!(distinct.len(), causes.len(), "advanced twice: {causes:?}");
        // Eight results, the spec's and the report's.
        assert_eq!(causes.len(), 10, "{causes:?}");
        for stage in view["stages"].as_array().expect("stages") {
            assert_eq!(
                (&stage["attempt"], &stage["verdict"]),
                (&json!(1), &json!("pass")),
                "{view:#}"
            );
        }
    }
}

#[test]
fn bodies_that_no_agent_would_send_are_refused_by_name() {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("hostile", &["--stage", "CPUStress"]);
    let claimed = claim(&orchestrator, &run, "boot", "u").expect("claimed");
    let session = claimed["session_token"].as_str().expect("a token");
    let path = |name: &str| format!("/api/v1/runs/{}/{name}", run.id);
    let result = json!({ "epoch": 1, "passed": true, "stage": "CPUStress", "attempt": 1, "verdict": "fail",
        "message": "m", "summary": "s", "ending": { "kind": "outcome" }, "duration_ms": 1,
        "measurements": [], "diagnoses": [] });
    let mut missing = result.clone();
    missing
        .as_object_mut()
        .expect("an object")
        .remove("measurements");
    let mut later = result.clone();
    later["passed"] = json!(false);
    later["attempt"] = json!(7);
    for (name, body, status, words) in [
        ("result", &result, "422", "neither `pass` nor `skip`"),
        ("result", &missing, "422", "measurements"),
        ("result", &later, "409", "CPUStress attempt 1"),
        (
            "heartbeat",
            &json!({ "epoch": 9, "state": "x" }),
            "409",
            "replaced",
        ),
        ("heartbeat", &json!("x".repeat(70 << 10)), "413", ""),
        (
            "hold",
            &json!({ "epoch": 1, "step": "begin" }),
            "409",
            "does not hold",
        ),
    ] {
        let why = call(&orchestrator, &path(name), session, body)
            .expect_err("refused")
            .to_string();
        assert!(why.contains(status) && why.contains(words), "{name}: {why}");
    }
    // The same result twice: recognised, and answered the same.
    let mut good = result.clone();
    good["verdict"] = json!("pass");
    let first = call(&orchestrator, &path("result"), session, &good).expect("stored");
    let again = call(&orchestrator, &path("result"), session, &good).expect("recognised");
    assert_eq!(
        (&first["repeated"], &again["repeated"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(first["next_state"], again["next_state"]);
}
