//! Recordings of real runs: each replays to the very same report, tells where a stage goes another
//! way, and holds no secret.

use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use serde_json::Value;
use vetting_tests::fleet::{Agent, Orchestrator};
use vetting_tests::{Ended, Vetting, eventually, folder_of, guests, stages};

/// A folder for a recording.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }

    fn recording(&self) -> PathBuf {
        self.0.path().join("run.recording")
    }

    fn record(&self, stages: &Path, args: &[&str]) -> Ended {
        Vetting::run(stages, args)
            .path("--record", &self.recording())
            .output()
    }

    fn replay(&self, stages: &Path, args: &[&str]) -> Ended {
        let machine = format!("replay:{}", self.recording().display());
        let mut all = vec!["--machine", machine.as_str()];
        all.extend(args);
        Vetting::run(stages, &all).output()
    }

    /// The recording's lines.
    fn text(&self) -> String {
        let bytes = std::fs::read(self.recording()).expect("the recording");
        let bytes = zstd::decode_all(&*bytes).expect("it unpacks");
        String::from_utf8(bytes).expect("it is text")
    }
}

/// Records a run, replays it, and compares status and report byte for byte.
fn the_same(stages: &Path, args: &[&str], replayed_with: &[&str]) -> Ended {
    let folder = Folder::new();
    let then = folder.record(stages, args);
    let now = folder.replay(stages, replayed_with);
    assert_eq!(
        now.status(),
        then.status(),
        "{args:?}: {}{}",
        then.stderr(),
        now.stderr()
    );
    assert_eq!(now.stdout(), then.stdout(), "{args:?}: {}", now.stderr());
    then
}

#[test]
fn simulated_runs_are_repeated_byte_for_byte() {
    for (profile, status) in [("healthy-server", 0), ("failing-disk", 1), ("small-vm", 0)] {
        let machine = format!("sim:{profile}");
        let ended = the_same(&stages(), &["--machine", &machine, "--seed", "3"], &[]);
        assert_eq!(ended.status(), status, "{profile}: {}", ended.stderr());
    }
}

#[test]
fn a_run_on_this_machine_is_repeated_byte_for_byte() {
    let args = [
        "Inventory",
        "SMART",
        "CPUStress",
        "Memory",
        "Network",
        "PSU",
        "--set",
        "CPUStress.duration=3s",
        "--set",
        "Memory.duration=3s",
        "--set",
        "Network.duration=2s",
    ];
    let ended = the_same(&stages(), &args, &[]);
    assert_ne!(
        ended.stage("CPUStress")["measurements"],
        Value::Array(Vec::new())
    );
}

#[test]
fn every_ending_on_this_machine_is_repeated() {
    let folder = folder_of(&[(&guests(), "Probe")]);
    for (mode, times, ending) in [
        ("pass", 1, "outcome"),
        ("error", 1, "error"),
        ("panic", 1, "trap"),
        ("samples", 100, "outcome"),
        ("talk", 1, "outcome"),
        ("recursion", 10_000_000, ""),
        ("hwmon", 1, ""),
        // The deadline, with a partial outcome and without.
        ("partial", 1, "deadline"),
        ("naps", 1000, ""),
    ] {
        let (mode, times) = (format!("Probe.mode={mode}"), format!("Probe.times={times}"));
        let args = ["--timeout", "2s", "--set", &mode, "--set", &times];
        let ended = the_same(folder.path(), &args, &[]);
        let stage = ended.stage("Probe");
        if !ending.is_empty() {
            assert_eq!(stage["ending"]["kind"], ending, "{mode}: {stage:#}");
        }
    }
}

#[test]
fn a_stage_that_was_interrupted_is_interrupted_where_it_was() {
    for forever in ["Spin", "Sleep"] {
        let folder = folder_of(&[(&guests(), forever), (&guests(), "Probe")]);
        let ended = the_same(folder.path(), &["--timeout", "1s"], &[]);
        let stage = ended.stage(forever);
        assert_eq!(stage["ending"]["kind"], "deadline", "{stage:#}");
        assert_eq!(stage["ending"]["partial_outcome"], false, "{stage:#}");
    }
}

#[test]
fn a_denial_is_repeated_without_the_policy_that_denied() {
    let stages = folder_of(&[(&guests(), "Probe")]);
    let policy = stages.path().join("policy.toml");
    let text = "unsigned = \"allow\"\ndeny = [\"hwmon\"]\n";
    std::fs::write(&policy, text).expect("a policy");
    let policy = policy.display().to_string();
    let args = [
        "--machine",
        "sim:small-vm",
        "--set",
        "Probe.mode=hwmon",
        "--policy",
        &policy,
    ];
    let ended = the_same(stages.path(), &args, &["--policy", &policy]);
    assert_eq!(ended.stage("Probe")["denials"][0]["function"], "hwmon.read");

    let folder = Folder::new();
    folder.record(stages.path(), &args);
    let open = folder.replay(stages.path(), &[]).stage("Probe");
    assert_eq!(open, ended.stage("Probe"));
}

#[test]
fn a_cancelled_run_is_repeated_with_what_came_after_it_not_run() {
    let folder = Folder::new();
    let args = [
        "CPUStress",
        "PSU",
        "--set",
        "CPUStress.duration=300s",
        "--timeout",
        "600s",
    ];
    let vetting = Vetting::run(&stages(), &args).path("--record", &folder.recording());
    let vetting = vetting.start();
    vetting.tool("stress-ng");
    vetting.signal(Signal::SIGINT);
    let then = vetting.wait();
    assert_eq!(then.status(), 130, "{}", then.stderr());
    let now = folder.replay(&stages(), &[]);
    assert_eq!(now.stdout(), then.stdout(), "{}", now.stderr());
    assert_eq!(now.status(), 130);
    assert_eq!(now.stage("PSU")["ending"]["kind"], "not_run");
}

#[test]
fn a_killed_run_is_repeated_to_where_it_was_killed() {
    let folder = Folder::new();
    let stages = folder_of(&[(&guests(), "Probe")]);
    let args = ["--set", "Probe.mode=naps", "--set", "Probe.times=1000"];
    let vetting = Vetting::run(stages.path(), &args).path("--record", &folder.recording());
    let vetting = vetting.start();
    let napping = || {
        let length = std::fs::metadata(folder.recording()).map_or(0, |file| file.len());
        (length > 900).then_some(())
    };
    assert!(eventually(napping).is_some(), "nothing is recorded");
    vetting.signal(Signal::SIGKILL);
    let killed = vetting.reap();
    assert_eq!(killed, None, "it ended by a signal");
    let now = folder.replay(stages.path(), &[]);
    assert_eq!(now.status(), 4, "{}", now.stderr());
    assert!(
        now.stderr().contains("is cut short at exchange"),
        "{}",
        now.stderr()
    );
    let stage = now.stage("Probe");
    assert_eq!(stage["ending"]["kind"], "diverged", "{stage:#}");
    let message = stage["message"].as_str().expect("a message");
    assert!(message.contains("`clock.sleep`"), "{message}");
    assert!(message.contains("was never answered"), "{message}");
}

#[test]
fn a_fault_leads_a_stage_elsewhere_and_the_replay_says_where() {
    let folder = Folder::new();
    let args = ["--machine", "sim:healthy-server", "SMART", "CPUStress"];
    assert_eq!(folder.record(&stages(), &args).status(), 0);
    let fault = ["--fault", "CPUStress: stress.start = unavailable"];
    let now = folder.replay(&stages(), &fault);
    assert_eq!(now.status(), 4, "{}", now.stderr());
    assert_eq!(now.stage("SMART")["verdict"], "pass");
    assert_eq!(now.stage("CPUStress")["verdict"], "inconclusive");
    // On a machine that lives, the stage goes its other way to the end.
    let mut live = args.to_vec();
    live.extend(fault);
    let live = Vetting::run(&stages(), &live).output();
    assert_eq!(live.status(), 4, "{}", live.stderr());
    assert_eq!(live.stage("CPUStress")["ending"]["kind"], "outcome");
    let idle = folder.replay(&stages(), &["--fault", "call 99999 = denied"]);
    assert_eq!(idle.status(), 0);
    assert!(
        idle.stderr()
            .contains("`call 99999 = denied` struck nothing"),
        "{}",
        idle.stderr()
    );
    let wrong = folder.replay(&stages(), &["--fault", "call 1 = broken"]);
    assert_eq!(wrong.status(), 2, "{}", wrong.stderr());
}

#[test]
fn a_stage_that_asks_for_something_else_is_told_what_and_where() {
    let folder = Folder::new();
    let stages = folder_of(&[(&guests(), "Probe")]);
    let args = ["--machine", "sim:small-vm", "--set", "Probe.mode=hwmon"];
    assert_eq!(folder.record(stages.path(), &args).status(), 0);
    let now = folder.replay(stages.path(), &["--set", "Probe.mode=naps"]);
    assert_eq!(now.status(), 4, "{}", now.stderr());
    let stage = now.stage("Probe");
    assert_eq!(stage["ending"]["kind"], "diverged", "{stage:#}");
    assert_eq!(stage["ending"]["exchange"], 2, "{stage:#}");
    insta::assert_snapshot!(stage["message"].as_str().expect("a message"), @r#"the replay goes no further: exchange 2 asks `clock.sleep` {"milliseconds":1000} now, and asked `hwmon.read` when it was recorded"#);
    // One that asks for less is told so in the run's notes.
    let less = folder.replay(stages.path(), &["--set", "Probe.mode=pass"]);
    assert_eq!(less.status(), 0, "{}", less.stderr());
    let notes = less.report()["notes"].to_string();
    assert!(notes.contains("1 exchanges were not asked for"), "{notes}");
}

#[test]
fn another_component_of_the_stage_is_said_and_replayed() {
    let folder = Folder::new();
    let stages = folder_of(&[(&guests(), "Probe")]);
    let args = ["--machine", "sim:small-vm", "--set", "Probe.mode=hwmon"];
    let then = folder.record(stages.path(), &args);
    assert_eq!(then.status(), 0);
    // The same code with a custom section more, `note`.
    let file = stages.path().join("Probe.wasm");
    let component = std::fs::read(&file).expect("the stage");
    let changed = [component.as_slice(), &[0, 6, 4, b'n', b'o', b't', b'e', 1]].concat();
    std::fs::write(&file, changed).expect("written");
    let now = folder.replay(stages.path(), &[]);
    assert_eq!(now.status(), 0, "{}", now.stderr());
    assert!(
        now.stderr().contains("Probe is another component now"),
        "{}",
        now.stderr()
    );
    assert_eq!(
        now.stage("Probe")["message"],
        then.stage("Probe")["message"]
    );
    // A folder that has no such stage is refused.
    let without = folder_of(&[(&guests(), "Sleep")]);
    let none = folder.replay(without.path(), &[]);
    assert_eq!(none.status(), 2);
    assert!(
        none.stderr().contains("there is no stage `Probe`"),
        "{}",
        none.stderr()
    );
}

#[test]
fn what_cannot_be_replayed_is_said_before_anything_runs() {
    let folder = Folder::new();
    let stages = folder_of(&[(&guests(), "Probe"), (&guests(), "Sleep")]);
    let args = ["Probe", "--machine", "sim:small-vm"];
    assert_eq!(folder.record(stages.path(), &args).status(), 0);
    let other = folder.replay(stages.path(), &["Sleep"]);
    assert_eq!(other.status(), 2);
    assert!(
        other
            .stderr()
            .contains("holds no attempt of the stage `Sleep`; it has: Probe"),
        "{}",
        other.stderr()
    );
    let again = folder.record(stages.path(), &args);
    assert_eq!(again.status(), 2);
    assert!(
        again.stderr().contains("is there already"),
        "{}",
        again.stderr()
    );
    let paced = folder.replay(stages.path(), &["--pace", "2"]);
    assert_eq!(paced.status(), 2);
    let bytes = std::fs::read(folder.recording()).expect("the recording");
    for (what, bytes, said) in [
        ("empty", &b""[..], "is empty"),
        ("text", b"hello", "is no recording"),
        ("truncated", &bytes[..30], "cut short before its header"),
        ("flipped", &flipped(&bytes), "recording"),
    ] {
        std::fs::write(folder.recording(), bytes).expect("written");
        let now = folder.replay(stages.path(), &[]);
        assert_eq!(now.status(), 2, "{what}: {}", now.stderr());
        assert!(now.stderr().contains(said), "{what}: {}", now.stderr());
    }
}

fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    bytes
}

#[test]
fn an_agents_recording_is_replayed_on_another_machine_and_holds_no_token() {
    let orchestrator = Orchestrator::start();
    let (folder, spool) = (Folder::new(), tempfile::tempdir().expect("a folder"));
    let run = orchestrator.run("recorded", &["--stage", "SMART", "--stage", "PSU"]);
    let agent = Agent::new(&orchestrator, &run, "sim:failing-disk", spool.path());
    let file = folder.recording().display().to_string();
    let agent = agent.args(&["--record", &file]).start();
    orchestrator.until_state(&run, "FailedHolding");
    let recorded = orchestrator.report(&run)["stages"][0].clone();
    // As a host does that goes down.
    agent.kill();
    let now = folder.replay(&stages(), &[]);
    assert_eq!(now.status(), 1, "{}", now.stderr());
    let stage = now.stage("SMART");
    assert_eq!(stage["verdict"], "fail", "{stage:#}");
    assert_eq!(stage["message"], recorded["message"], "{stage:#}");
    let bytes = std::fs::read(folder.recording()).expect("the recording");
    let text = unpacked(&bytes);
    assert!(text.contains("\"stage\":\"SMART\""));
    assert!(
        !text.contains(&run.token),
        "the boot token is in the recording"
    );
    for word in ["token", "Bearer", "authorized"] {
        assert!(!text.contains(word), "`{word}` is in the recording");
    }
}

/// As much as there is of a recording that was cut short.
fn unpacked(bytes: &[u8]) -> String {
    use std::io::Read as _;
    let mut text = Vec::new();
    let mut decoder = zstd::Decoder::new(bytes).expect("zstd");
    let _cut_short = decoder.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn a_recorded_machine_shows_what_was_recorded_of_it() {
    let folder = Folder::new();
    let args = ["--machine", "sim:healthy-server", "Inventory"];
    assert_eq!(folder.record(&stages(), &args).status(), 0);
    let machine = format!("replay:{}", folder.recording().display());
    let show = |topic: &str| {
        Vetting::new(&["machine", "show", topic, "--json", "--machine", &machine]).output()
    };
    let shown = show("inventory");
    assert_eq!(shown.status(), 0, "{}", shown.stderr());
    let live = [
        "machine",
        "show",
        "inventory",
        "--json",
        "--machine",
        "sim:healthy-server",
    ];
    assert_eq!(shown.stdout(), Vetting::new(&live).output().stdout());
    let missing = show("hwmon");
    assert_eq!(missing.status(), 4);
    assert!(
        missing.stdout().contains("in the recording"),
        "{}",
        missing.stdout()
    );
}

#[test]
fn a_scrubbed_recording_gives_the_same_verdict_and_no_serial_number() {
    let folder = Folder::new();
    let args = [
        "--machine",
        "sim:failing-disk",
        "SMART",
        "Inventory",
        "--record-scrubbed",
    ];
    let then = folder.record(&stages(), &args);
    assert_eq!(then.status(), 1, "{}", then.stderr());
    assert!(then.stdout().contains("S6ESNFAILING"));
    assert!(!folder.text().contains("S6ESNFAILING"));
    let now = folder.replay(&stages(), &[]);
    assert_eq!(now.status(), 1, "{}", now.stderr());
    assert_eq!(now.stage("SMART")["verdict"], "fail");
    assert!(!now.stdout().contains("S6ESNFAILING"));
}
