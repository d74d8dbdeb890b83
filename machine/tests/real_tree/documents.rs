//! What a tool prints reaches the stage byte for byte, whatever it is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::smart::SelfTestKind;
use vetting_machine::contract::types::{Document, DocumentEnding, Error};
use vetting_machine::real::{Options, RealMachine};
use vetting_machine::{Attempt, Machine as _, Reply, Request};

use crate::tree::Tree;

/// A `smartctl` of this script, in a folder of tools.
fn smartctl(folder: &Path, script: &str) {
    let tool = folder.join("smartctl");
    let head =
        "#!/bin/sh\ncase \"$*\" in --version) echo 'smartctl 7.9 of a test'; exit 0;; esac\n";
    fs::write(&tool, format!("{head}{script}\n")).expect("a script");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("a mode");
}

async fn ask(tools: &Path, request: Request) -> Result<Document, Error> {
    let tree = Tree::new();
    let machine = RealMachine::new(Options {
        root: tree.path().to_owned(),
        tools: Some(tools.to_owned()),
        ..Options::default()
    });
    let machine = machine.expect("a machine");
    let attempt = Attempt {
        deadline: Duration::from_secs(60),
        soft_deadline: Duration::from_secs(58),
        beside: false,
        ..Attempt::beside("documents")
    };
    let session = machine.begin(attempt).await.expect("a session");
    match session.call(request).await? {
        Reply::Document(document) => Ok(*document),
        other => panic!("{other:?}"),
    }
}

fn read(device: &str) -> Request {
    Request::SmartRead {
        device: device.to_owned(),
    }
}

/// Unknown keys and random bytes, planted in what a tool prints.
#[tokio::test]
async fn any_bytes_of_a_tool_arrive_as_they_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed = folder.path().join("printed");
    smartctl(folder.path(), &format!("exec cat {}", printed.display()));
    let mut chance = StdRng::seed_from_u64(7);
    for length in [0, 1, 1_000, 200_000] {
        let mut bytes =
            b"{\"smartctl\":{\"version\":[7,9]},\"unheard_of\":{\"x\":[1,2]}}\n".to_vec();
        for _ in 0..length {
            let at = chance.random_range(0..=bytes.len());
            bytes.insert(at.min(60), chance.random());
        }
        fs::write(&printed, &bytes).expect("a file");
        let document = ask(folder.path(), read("sda")).await.expect("a document");
        assert!(document.stdout == bytes, "{length} bytes were planted");
        assert_eq!(document.ending, DocumentEnding::Complete);
        assert_eq!((document.exit_status, document.signal), (Some(0), None));
        assert_eq!(document.version.as_deref(), Some("smartctl 7.9 of a test"));
        assert_eq!(
            (document.query.as_str(), document.target.as_str()),
            ("smart.read", "sda")
        );
    }
}

#[tokio::test]
async fn a_document_says_how_its_tool_was_asked_and_how_it_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    smartctl(folder.path(), "echo \"$*\"; echo why >&2; exit 4");
    let document = ask(folder.path(), read("bus/0:megaraid,3"))
        .await
        .expect("a document");
    let asked = String::from_utf8_lossy(&document.stdout).into_owned();
    assert!(asked.contains("-x -n standby,3 -d megaraid,3 "), "{asked}");
    assert!(asked.trim_end().ends_with("/dev/bus/0"), "{asked}");
    assert_eq!(document.argv[0], "smartctl");
    assert_eq!(document.argv[1..].join(" "), asked.trim_end());
    assert_eq!(
        (document.exit_status, document.stderr_tail.trim()),
        (Some(4), "why")
    );
    smartctl(folder.path(), "printf begun; kill -SEGV $$");
    let document = ask(folder.path(), read("sda")).await.expect("a document");
    assert_eq!((document.exit_status, document.signal), (None, Some(11)));
    assert_eq!(document.stdout, b"begun");
    let kind = SelfTestKind::Extended;
    smartctl(folder.path(), "echo \"$*\"");
    let device = "sda".to_owned();
    let start = Request::SmartStartSelfTest { device, kind };
    let document = ask(folder.path(), start).await.expect("a document");
    assert!(String::from_utf8_lossy(&document.stdout).contains("-t long "));
}

#[tokio::test]
async fn a_flood_is_cut_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    smartctl(folder.path(), "exec cat /dev/zero");
    let document = ask(folder.path(), read("sda")).await.expect("a document");
    assert_eq!(document.ending, DocumentEnding::Cut(4 << 20));
    assert_eq!(document.stdout.len(), 4 << 20);
}

#[tokio::test]
async fn what_does_not_name_a_drive_is_never_given_to_a_tool() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = folder.path().join("ran");
    smartctl(folder.path(), &format!("touch {}", ran.display()));
    for device in [
        "--all",
        "watchdog",
        "/etc/passwd",
        "sda\n--all",
        "sda:-x",
        "../sda",
        "st0",
        "",
    ] {
        let answer = ask(folder.path(), read(device)).await;
        assert!(
            matches!(&answer, Err(Error::Invalid(_))),
            "{device:?}: {answer:?}"
        );
    }
    assert!(!ran.exists());
}

/// An `ipmitool` of this script, in a folder of tools.
fn ipmitool(folder: &Path, script: &str) {
    let tool = folder.join("ipmitool");
    let head = "#!/bin/sh\ncase \"$*\" in -V) echo 'ipmitool version 1.8.99'; exit 0;; esac\n";
    fs::write(&tool, format!("{head}{script}\n")).expect("a script");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("a mode");
}

#[tokio::test]
async fn the_controller_is_asked_by_the_words_of_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    ipmitool(folder.path(), "echo \"$*\"; echo why >&2; exit 1");
    let asked = [
        (Question::Sensors, "sdr elist all"),
        (Question::Thresholds, "sensor"),
        (Question::SensorRecords, "-v sdr elist all"),
        (Question::EventLog, "sel elist"),
        (Question::EventLogInfo, "sel info"),
        (Question::Clock, "sel time get"),
        (Question::Parts, "fru print"),
        (Question::Controller, "mc info"),
        (Question::SelfTest, "mc selftest"),
        (Question::Chassis, "chassis status"),
        (Question::PowerDraw, "dcmi power reading"),
        (Question::Network, "lan print"),
    ];
    assert_eq!(asked.len(), Question::ALL.len());
    for (question, words) in asked {
        let name = question.name();
        let document = ask(folder.path(), Request::Bmc { question }).await;
        let document = document.expect("a document");
        assert_eq!(document.stdout, format!("{words}\n").into_bytes());
        assert_eq!(document.argv.join(" "), format!("ipmitool {words}"));
        assert_eq!(
            (document.query.as_str(), document.target.as_str()),
            ("bmc.ask", name)
        );
        assert_eq!(
            (document.exit_status, document.stderr_tail.trim()),
            (Some(1), "why")
        );
        assert_eq!(document.version.as_deref(), Some("ipmitool version 1.8.99"));
    }
}

#[tokio::test]
async fn one_ipmitool_runs_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    ipmitool(folder.path(), "date +%s%N; sleep 0.3; date +%s%N");
    let tree = Tree::new();
    let machine = RealMachine::new(Options {
        root: tree.path().to_owned(),
        tools: Some(folder.path().to_owned()),
        ..Options::default()
    });
    let machine = machine.expect("a machine");
    let one = || async {
        let session = machine.begin(Attempt::beside("documents")).await;
        let question = Question::EventLog;
        session
            .expect("a session")
            .call(Request::Bmc { question })
            .await
    };
    let (first, second, third) = futures::join!(one(), one(), one());
    let mut spans = Vec::new();
    for answer in [first, second, third] {
        let Ok(Reply::Document(document)) = answer else {
            panic!("{answer:?}")
        };
        let printed = String::from_utf8_lossy(&document.stdout).into_owned();
        let times: Vec<u64> = printed
            .lines()
            .filter_map(|line| line.parse().ok())
            .collect();
        spans.push((times[0], times[1]));
    }
    spans.sort_unstable();
    assert!(
        spans.windows(2).all(|pair| pair[0].1 <= pair[1].0),
        "{spans:?}"
    );
}

/// The tools of this machine know nothing of a machine whose files lie elsewhere.
#[tokio::test]
async fn below_a_root_without_tools_no_controller_is_asked() {
    let tree = Tree::new();
    tree.file("dev/ipmi0", "");
    let machine = RealMachine::new(Options {
        root: tree.path().to_owned(),
        ..Options::default()
    });
    let session = machine
        .expect("a machine")
        .begin(Attempt::beside("documents"))
        .await;
    let question = Question::EventLog;
    let answer = session
        .expect("a session")
        .call(Request::Bmc { question })
        .await;
    assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
}
