//! GPUs: what their tools print reaches the stage as it came, while they are asked and after a load.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use vetting_machine::contract::gpu::{Burn, Diagnosis, Ending, Event, Job, Question};
use vetting_machine::contract::types::{DocumentEnding, Error};
use vetting_machine::real::{Options, RealMachine};
use vetting_machine::{Attempt, Machine as _, Reply, Request, RunId, Session};

use crate::tree::Tree;

fn tool(folder: &Path, name: &str, script: &str) {
    let file = folder.join(name);
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("a script");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
}

async fn session(tools: &Path) -> Box<dyn Session> {
    let tree = Tree::new();
    let machine = RealMachine::new(Options {
        root: tree.path().to_owned(),
        tools: Some(tools.to_owned()),
        ..Options::default()
    });
    let attempt = Attempt {
        deadline: Duration::from_secs(60),
        soft_deadline: Duration::from_secs(58),
        grace: Duration::from_secs(2),
        max_tools: 4,
        beside: false,
        ..Attempt::beside("gpus")
    };
    let begun = machine.expect("a machine").begin(attempt).await;
    begun.expect("a session")
}

async fn start(session: &dyn Session, job: Job) -> Result<RunId, Error> {
    match session.call(Request::GpuStart { job }).await? {
        Reply::Run(run) => Ok(run),
        other => panic!("{other:?}"),
    }
}

async fn end(session: &dyn Session, run: RunId) -> Ending {
    for _ in 0..100 {
        let next = Request::RunNext {
            run,
            timeout_ms: 500,
        };
        if let Ok(Reply::Gpu(Some(Event::Finished(ending)))) = session.call(next).await {
            return ending;
        }
    }
    panic!("it does not end");
}

#[tokio::test]
async fn every_question_is_its_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["nvidia-smi", "rocm-smi", "amd-smi"] {
        tool(
            folder.path(),
            name,
            "echo \"$0 $*\" | sed 's,.*/,,'; exit 3",
        );
    }
    let session = session(folder.path()).await;
    for (question, line) in [
        (Question::NvidiaSmi, "nvidia-smi -q -x"),
        (Question::NvlinkStatus, "nvidia-smi nvlink -s"),
        (Question::NvlinkErrors, "nvidia-smi nvlink -e"),
        (Question::RocmSmi, "rocm-smi -a --json"),
        (Question::AmdSmiStatic, "amd-smi static --json"),
        (Question::AmdSmiMetric, "amd-smi metric --json"),
    ] {
        let Ok(Reply::Document(document)) = session.call(Request::GpuAsk { question }).await else {
            panic!("no document");
        };
        assert_eq!(document.stdout, format!("{line}\n").as_bytes());
        assert_eq!(document.argv.join(" "), line);
        assert_eq!(
            (document.query.as_str(), document.exit_status),
            ("gpu.ask", Some(3))
        );
    }
    let Ok(Reply::Document(sample)) = session.call(Request::GpuSample).await else {
        panic!("no sample");
    };
    let line = String::from_utf8_lossy(&sample.stdout).into_owned();
    assert!(line.contains("--query-gpu=index,pci.bus_id,"), "{line}");
    assert!(line.ends_with("--format=csv,nounits\n"), "{line}");
}

#[tokio::test]
async fn both_streams_of_a_load_come_as_they_came() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "echo \"Burning for $3 seconds.\"; sleep 0.2; echo \"lost $2\" >&2; sleep 0.2; echo done; exit $2";
    tool(folder.path(), "gpu_burn", script);
    let session = session(folder.path()).await;
    let job = Job::Burn(Burn {
        gpus: vec![0, 5],
        duration_ms: 1_000,
    });
    let run = start(&*session, job).await.expect("a run");
    let ending = end(&*session, run).await;
    assert!(!ending.stopped);
    for (printed, number) in ending.printed.iter().zip([0, 5]) {
        assert_eq!(printed.gpus, [number]);
        let text = format!("Burning for 1 seconds.\nlost {number}\ndone\n");
        assert_eq!(printed.document.stdout, text.as_bytes());
        assert_eq!(printed.document.exit_status, i32::try_from(number).ok());
        assert_eq!(printed.document.ending, DocumentEnding::Complete);
        assert_eq!(printed.left_out, 0);
    }
    assert!(session.end().await.is_empty());
}

#[tokio::test]
async fn a_load_that_is_stopped_leaves_what_it_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    tool(
        folder.path(),
        "dcgmi",
        "[ $1 = --version ] && exec echo 'version: 4.2'; echo begun; exec sleep 30",
    );
    let session = session(folder.path()).await;
    let job = Job::Diagnosis(Diagnosis {
        gpus: Vec::new(),
        level: 1,
    });
    let run = start(&*session, job).await.expect("a run");
    tokio::time::sleep(Duration::from_millis(500)).await;
    session
        .call(Request::RunStop { run })
        .await
        .expect("it is asked to end");
    let ending = end(&*session, run).await;
    let document = &ending.printed[0].document;
    assert!(ending.stopped);
    assert_eq!(document.stdout, b"begun\n");
    assert_eq!((document.exit_status, document.signal), (None, Some(15)));
    assert_eq!(document.ending, DocumentEnding::Cancelled);
    assert_eq!(document.version.as_deref(), Some("version: 4.2"));
    assert_eq!(document.argv.join(" "), "dcgmi diag -r 1 -j");
    session.end().await;
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = session(folder.path()).await;
    let question = Question::AmdSmiMetric;
    let answer = session.call(Request::GpuAsk { question }).await;
    assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
    let job = Job::Burn(Burn {
        gpus: vec![0],
        duration_ms: 999,
    });
    let refused = start(&*session, job).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}
