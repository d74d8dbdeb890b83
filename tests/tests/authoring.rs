//! From an idea to a stage: `vetting stage new`, `build`, `test`, `bench`, as an author types them.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use vetting_tests::{examples, folder_of, vetting};

/// How long a line that should come may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a command ended with and said.
struct Said {
    status: i32,
    out: String,
    err: String,
}

fn said(command: &mut Command) -> Said {
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    Said {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// `vetting stage …` in a folder.
fn stage(folder: &Path, args: &[&str]) -> Said {
    said(
        Command::new(vetting())
            .arg("stage")
            .args(args)
            .env("XDG_CACHE_HOME", vetting_tests::shared_cache())
            .env_remove("VETTING_CACHE")
            .current_dir(folder),
    )
}

fn good(said: Said) -> String {
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    said.out
}

/// A project that `stage new` made.
fn project(below: &Path, language: &str) -> PathBuf {
    good(stage(below, &["new", "fan-check", "--lang", language]));
    below.join("fan-check")
}

#[test]
fn a_new_stage_in_rust_builds_and_says_what_its_scenarios_expect() {
    let below = tempfile::tempdir().expect("a folder");
    let project = project(below.path(), "rust");
    let built = good(stage(&project, &["build"]));
    assert!(built.starts_with("fan-check 0.1.0"), "{built}");
    let tested = good(stage(&project, &["test"]));
    assert!(
        tested.contains("4 scenarios, 4 as expected, 0 not"),
        "{tested}"
    );

    // Its rules have tests of their own, which need no machine.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let own = said(Command::new(cargo).arg("test").current_dir(&project));
    assert_eq!(own.status, 0, "{}{}", own.out, own.err);
    assert!(
        own.out.contains("a_fan_that_stands_still_is_named"),
        "{}",
        own.out
    );

    // A rule that is edited away is seen by two scenarios: one expects it, one has it in its snapshot.
    good(stage(&project, &["test", "--update"]));
    let judge = project.join("src/judge.rs");
    let text = std::fs::read_to_string(&judge).expect("the rules");
    std::fs::write(
        &judge,
        text.replace(
            "fan.reading.value else",
            "fan.reading.value.map(|_| 9000.0) else",
        ),
    )
    .expect("edited");
    let tested = stage(&project, &["test", "--format", "json"]);
    assert_eq!(tested.status, 1, "{}{}", tested.out, tested.err);
    let all: Value = serde_json::from_str(&tested.out).expect("JSON");
    let wrong = |name: &str| {
        let all = all.as_array().expect("a list");
        let one = all.iter().find(|one| one["scenario"] == name).expect("it");
        one["mismatches"].to_string()
    };
    let dead = wrong("dead-fan");
    assert!(dead.contains("the verdict is pass, not fail"), "{dead}");
    assert!(dead.contains("there is no diagnosis slowest_fan"), "{dead}");
    assert!(wrong("healthy").contains("something else than its snapshot"));
    assert_eq!(wrong("no-fans"), "[]");

    let junit = stage(&project, &["test", "--format", "junit"]);
    let xml = roxmltree::Document::parse(&junit.out).expect("XML");
    let failed = xml
        .descendants()
        .filter(|n| n.has_tag_name("failure"))
        .count();
    assert_eq!((junit.status, failed), (1, 2), "{}", junit.out);
}

#[test]
fn a_new_stage_in_python_builds_and_says_what_its_scenarios_expect() {
    let below = tempfile::tempdir().expect("a folder");
    let project = project(below.path(), "python");
    good(stage(&project, &["build"]));
    let tested = good(stage(&project, &["test"]));
    assert!(
        tested.contains("4 scenarios, 4 as expected, 0 not"),
        "{tested}"
    );
    let own = said(
        Command::new("python3")
            .args(["-m", "unittest"])
            .current_dir(&project),
    );
    assert_eq!(own.status, 0, "{}{}", own.out, own.err);
    assert!(own.err.contains("Ran 2 tests"), "{}", own.err);
}

#[test]
fn the_example_in_python_lives_in_the_machines_time_and_is_repeatable() {
    let folder = folder_of(&[(&examples(), "Thermals")]);
    let report = || {
        let args = ["run", "--machine", "sim:healthy-server", "--format", "json"];
        let run = said(
            Command::new(vetting())
                .args(args)
                .args([
                    "--set",
                    "Thermals.duration=3600",
                    "--timeout",
                    "2h",
                    "--stages",
                ])
                .arg(folder.path())
                .env("XDG_CACHE_HOME", vetting_tests::shared_cache()),
        );
        assert_eq!(run.status, 0, "{}{}", run.out, run.err);
        run.out
    };
    let (first, second) = (report(), report());
    assert_eq!(first, second);
    let record: Value = serde_json::from_str(&first).expect("JSON");
    let stage = &record["stages"][0];
    assert_eq!(stage["verdict"], "pass");
    // It slept an hour by Python's clock, at intervals that Python's random numbers chose.
    let took = stage["duration_ms"].as_u64().expect("a time");
    assert!((3_600_000..3_610_000).contains(&took), "{took} ms");
    let looks = stage["series"][0]["points"].as_u64().expect("points");
    assert!((650..800).contains(&looks), "{looks} looks at about 5 s");
}

#[test]
fn what_an_author_gets_wrong_is_said_in_a_sentence() {
    let below = tempfile::tempdir().expect("a folder");
    let empty = stage(below.path(), &["build"]);
    assert_eq!(empty.status, 2);
    assert!(
        empty.err.contains("there is no stage.toml"),
        "{}",
        empty.err
    );

    let bad_name = stage(below.path(), &["new", "7fans"]);
    assert_eq!(bad_name.status, 2);
    assert!(
        bad_name.err.contains("is no name for a stage"),
        "{}",
        bad_name.err
    );

    let sdk = stage(below.path(), &["new", "vetting-stage"]);
    assert_eq!(sdk.status, 2);
    assert!(sdk.err.contains("the name of the SDK"), "{}", sdk.err);

    let project = project(below.path(), "rust");
    let twice = stage(below.path(), &["new", "fan-check"]);
    assert_eq!(twice.status, 2);
    assert!(twice.err.contains("is there already"), "{}", twice.err);

    // No compiler for WebAssembly: cargo is there, the target is not.
    let bare = tempfile::tempdir().expect("a folder");
    let rustc = bare.path().join("rustc");
    std::fs::write(&rustc, "#!/bin/sh\necho /nowhere\n").expect("written");
    let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&rustc, runs).expect("a mode");
    let missing = said(
        Command::new(vetting())
            .args(["stage", "build"])
            .env("RUSTC", &rustc)
            .env("PATH", "/nowhere")
            .env("CARGO", vetting())
            .current_dir(&project),
    );
    // Where Debian's own compiler is installed it is taken, and then the cargo that is none fails.
    assert_eq!(missing.status, 2);
    let told = &missing.err;
    assert!(
        told.contains("rustup target add") || told.contains("ended with"),
        "{told}"
    );

    let manifest = project.join("stage.toml");
    let sound = std::fs::read_to_string(&manifest).expect("a manifest");
    let refused = |text: String, says: &str| {
        std::fs::write(&manifest, text).expect("edited");
        let built = stage(&project, &["build"]);
        assert_eq!(built.status, 2, "{}", built.err);
        assert!(
            built.err.contains(says),
            "`{says}` is not in: {}",
            built.err
        );
    };
    refused(
        sound.replace("summary =", "sumary ="),
        "`sumary` is not known",
    );
    refused(
        sound.replace("version = \"0.1.0\"", "version = \"one\""),
        "`version` must be",
    );
    refused(
        sound.replace("timeout_seconds = 60\n", ""),
        "missing field `timeout_seconds`",
    );
    let unasked = sound
        .split("[interfaces")
        .next()
        .expect("a part")
        .to_owned();
    refused(
        unasked,
        "imports `bmc`, which its manifest does not ask for",
    );
    let more = format!("{sound}\n[interfaces.smart]\nreason = \"because\"\n");
    refused(
        more,
        "asks for `smart`, which the component does not import",
    );
    std::fs::write(&manifest, &sound).expect("mended");

    let scenario = project.join("scenarios/broken.toml");
    let untestable = |text: &str, says: &str| {
        std::fs::write(&scenario, text).expect("written");
        let tested = stage(&project, &["test", "scenarios/broken.toml"]);
        assert_eq!(tested.status, 2, "{}{}", tested.out, tested.err);
        assert!(
            tested.err.contains(says),
            "`{says}` is not in: {}",
            tested.err
        );
    };
    let expect = "[expect]\nverdict = \"pass\"\n";
    untestable("machine = \"small-vm\"\n", "missing field `expect`");
    untestable(&format!("machine = \"smal-vm\"\n{expect}"), "smal-vm");
    untestable(
        &format!("machine = \"small-vm\"\n[parameters]\nslowest_fam = 1\n{expect}"),
        "did you mean `slowest_fan`?",
    );
    untestable(
        &format!("machine = \"small-vm\"\nwithhold = [\"fio\"]\n{expect}"),
        "does not ask for `fio`",
    );
    untestable(
        &format!(
            "machine = \"healthy-server\"\n[[fault]]\nkind = \"fan-dead\"\nfan = \"FAN99\"\n{expect}"
        ),
        "there is no fan `FAN99`",
    );
}

#[test]
fn what_a_stage_costs_is_measured() {
    let below = tempfile::tempdir().expect("a folder");
    let scenario = below.path().join("healthy.toml");
    let text = "machine = \"healthy-server\"\n[expect]\nverdict = \"pass\"\n";
    std::fs::write(&scenario, text).expect("written");
    let stages = vetting_tests::stages();
    let component = stages.join("SMART.wasm");
    let component = component.to_str().expect("a path");
    let args = [
        "bench",
        "healthy.toml",
        "--component",
        component,
        "--rounds",
        "3",
    ];
    let told = good(stage(
        below.path(),
        &[&args[..], &["--format", "json"]].concat(),
    ));
    let costs: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(costs["verdict"], "pass");
    for what in ["host_calls", "fuel", "peak_memory_bytes", "component_bytes"] {
        assert!(
            costs[what].as_u64().is_some_and(|n| n > 0),
            "{what}: {costs}"
        );
    }
    for what in ["cold_load", "warm_load", "run"] {
        assert!(
            costs[what]["median_ms"].as_f64().is_some_and(|n| n > 0.0),
            "{costs}"
        );
    }
}

/// The lines that a child prints, each within a time.
fn lines_of(child: &mut Child) -> Receiver<String> {
    let (send, receive) = channel();
    let out = child.stdout.take().expect("a pipe");
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            let _nobody_reads = send.send(line);
        }
    });
    receive
}

#[test]
fn a_watched_project_is_built_and_tested_again_after_each_change() {
    let below = tempfile::tempdir().expect("a folder");
    let project = project(below.path(), "rust");
    let rules = project.join("src/judge.rs");
    let sound = std::fs::read_to_string(&rules).expect("the rules");
    let mut watching = Command::new(vetting());
    watching.args(["stage", "test", "--watch"]);
    watching.env("XDG_CACHE_HOME", vetting_tests::shared_cache());
    watching.current_dir(&project).stdout(Stdio::piped());
    watching.stderr(Stdio::null());
    let mut watching = watching.spawn().expect("it starts");
    let lines = lines_of(&mut watching);
    let until = |word: &str| {
        let mut seen = Vec::new();
        while let Ok(line) = lines.recv_timeout(PATIENCE) {
            seen.push(line);
            if seen.last().is_some_and(|line| line.starts_with(word)) {
                return seen.join("\n");
            }
        }
        panic!("`{word}` did not come: {seen:?}");
    };
    let first = until("waiting");
    assert!(first.contains("ok   healthy (pass)"), "{first}");
    let scenario = project.join("scenarios/healthy.toml");
    let expected = std::fs::read_to_string(&scenario).expect("a scenario");
    let other = expected.replace("verdict = \"pass\"", "verdict = \"fail\"");
    std::fs::write(&scenario, other).expect("written");
    let second = until("waiting");
    assert!(second.contains("NOT  healthy (pass)"), "{second}");
    std::fs::write(&rules, format!("{sound}\nfn half(")).expect("written");
    let third = until("waiting");
    assert!(
        third.contains("cargo build ended with") && !third.contains("healthy"),
        "{third}"
    );
    std::fs::write(&scenario, expected).expect("written");
    until("waiting");
    std::fs::write(&rules, sound).expect("written");
    let mended = until("waiting");
    assert!(mended.contains("ok   healthy (pass)"), "{mended}");
    let pid = Pid::from_raw(i32::try_from(watching.id()).expect("a pid"));
    kill(pid, Signal::SIGINT).expect("it is there");
    assert_eq!(watching.wait().expect("it ends").code(), Some(130));
}

#[test]
fn a_fault_over_an_exchange_leads_a_scenario_elsewhere() {
    let below = tempfile::tempdir().expect("a folder");
    let component = vetting_tests::stages().join("PSU.wasm");
    let recording = below.path().join("psu.recording");
    let run = ["run", "PSU", "--machine", "sim:healthy-server", "--stages"];
    let mut record = Command::new(vetting());
    record.args(run).arg(vetting_tests::stages());
    record.arg("--record").arg(&recording);
    record.env("XDG_CACHE_HOME", vetting_tests::shared_cache());
    good(said(&mut record));
    std::fs::create_dir(below.path().join("scenarios")).expect("a folder");
    let tested = |machine: &str, faults: &str, verdict: &str| {
        let text =
            format!("machine = \"{machine}\"\n{faults}\n[expect]\nverdict = \"{verdict}\"\n");
        std::fs::write(below.path().join("scenarios/laid.toml"), text).expect("written");
        let component = component.display().to_string();
        stage(below.path(), &["test", "--component", &component])
    };
    let failed = "exchange_faults = [\"bmc.ask = failed\"]";
    for machine in ["sim:healthy-server", "replay:../psu.recording"] {
        good(tested(machine, "", "pass"));
        good(tested(machine, failed, "inconclusive"));
        let idle = tested(
            machine,
            "exchange_faults = [\"fio.start = failed\"]",
            "pass",
        );
        assert_eq!(idle.status, 1, "{}{}", idle.out, idle.err);
        assert!(idle.out.contains("`fio.start = failed`"), "{}", idle.out);
    }
    let unknown = tested(
        "healthy-server",
        "exchange_faults = [\"tea.pour = failed\"]",
        "pass",
    );
    assert_eq!(unknown.status, 2, "{}{}", unknown.out, unknown.err);
    assert!(unknown.err.contains("bmc.ask"), "{}", unknown.err);
    let profile = "[[fault]]\nkind = \"psu-lost\"\npsu = \"PS1\"";
    let over = tested("replay:../psu.recording", profile, "pass");
    assert_eq!(over.status, 2, "{}{}", over.out, over.err);
    assert!(over.err.contains("exchange_faults"), "{}", over.err);
    let withheld = tested("replay:../psu.recording", "withhold = [\"bmc\"]", "pass");
    assert_eq!(withheld.status, 2, "{}{}", withheld.out, withheld.err);
    assert!(withheld.err.contains("no effect"), "{}", withheld.err);
}
