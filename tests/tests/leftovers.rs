//! What a dead agent left running. Alone in its program: every agent that starts ends the leftovers of
//! all that are gone.

use vetting_tests::fleet::{Agent, Orchestrator};
use vetting_tests::{alive, eventually, running, stages};

#[test]
fn what_a_dead_agent_left_is_gone_before_the_next_one_claims() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Storage, as an author would ship it who writes to disks.
    let built = stages().join("../guests/wasm32-unknown-unknown/stage/stage_storage.wasm");
    let manifest = include_str!("../../guest-stages/storage/stage.toml");
    let manifest = manifest.replace("version = \"0.1.0\"", "version = \"0.1.1\"");
    let writing = format!("destructive = true\n{manifest}");
    let module = std::fs::read(&built).unwrap_or_else(|e| panic!("{}: {e}", built.display()));
    let component = vetting_component::pack(&module, &writing).expect("a component");
    let file = folder.path().join("Storage.wasm");
    std::fs::write(&file, component).expect("written");
    orchestrator.cli(&["stage", "add", &file.display().to_string()]);
    // A fio that takes its time to write, and leaves its parent at once: nothing of the kernel's takes
    // it along.
    let tools = folder.path().join("tools");
    std::fs::create_dir(&tools).expect("a folder");
    let script = "#!/bin/sh\n[ \"$1\" = --version ] && exec /usr/bin/fio --version\n\
         setsid /usr/bin/fio \"$@\" --rate=1m >/dev/null 2>&1 &\nwait\n";
    std::fs::write(tools.join("fio"), script).expect("written");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(tools.join("fio"), executable).expect("executable");
    let tools = tools.display().to_string();
    let flags = [
        "--stage",
        "Storage",
        "--destructive",
        "--set",
        "Storage.duration=300s",
    ];
    let flags = [&flags[..], &["--timeout", "Storage=600s"]].concat();
    let run = orchestrator.run("left", &flags);
    let agent = |tools: &str| {
        let agent = Agent::new(&orchestrator, &run, "real", folder.path());
        agent.args(&["--tools", tools]).start()
    };
    let first = agent(&tools);
    let mark = folder.path().display().to_string();
    let found = eventually(|| Some(running("fio", &mark)).filter(|pids| pids.len() > 1));
    let left = found.unwrap_or_else(|| panic!("no fio: {}", first.log()));
    first.kill();
    assert!(
        left.iter().any(|pid| alive(*pid)),
        "the test's fio died with its parent"
    );
    let second = agent(&tools);
    let claimed = eventually(|| second.log().contains("claimed run").then_some(()));
    assert!(claimed.is_some(), "{}", second.log());
    assert_eq!(running("fio", &mark), [], "{}", second.log());
    assert!(
        second.log().contains("left by an earlier agent"),
        "{}",
        second.log()
    );
    let view = orchestrator.until_state(&run, "FailedHolding");
    let why = view["held"]["reason"].as_str().unwrap_or_default();
    assert!(
        why.contains("may write to disks and is not run again"),
        "{why}"
    );
}
