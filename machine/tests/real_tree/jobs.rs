//! What a load tool prints reaches the stage byte for byte, and what the host knows itself with it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use vetting_machine::contract::context::NetworkPeer;
use vetting_machine::contract::types::{DocumentEnding, Error};
use vetting_machine::contract::{fio, iperf, memtest, stress};
use vetting_machine::real::{Options, RealMachine};
use vetting_machine::{Attempt, Cancel, Machine as _, Reply, Request, Session};

use crate::tree::Tree;

/// A tool of this script, in a folder of tools; asked for its version it says `NAME 9.9`.
fn tool(folder: &Path, name: &str, script: &str) {
    let tool = folder.join(name);
    let head =
        format!("#!/bin/sh\ncase \"$*\" in --version|--help) echo '{name} 9.9'; exit 0;; esac\n");
    fs::write(&tool, format!("{head}{script}\n")).expect("a script");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// A machine of two CPUs whose tools lie in a folder, and the scratch folder of its attempt.
struct Bench {
    tree: Tree,
    folder: tempfile::TempDir,
    cancel: Cancel,
}

impl Bench {
    fn new() -> Self {
        let tree = Tree::new();
        tree.file("sys/devices/system/cpu/online", "0-1\n");
        Bench {
            tree,
            folder: tempfile::tempdir().expect("a folder"),
            cancel: Cancel::new(),
        }
    }

    fn tool(&self, name: &str, script: &str) -> &Self {
        tool(self.folder.path(), name, script);
        self
    }

    async fn session(&self) -> Box<dyn Session> {
        let machine = RealMachine::new(Options {
            root: self.tree.path().to_owned(),
            tools: Some(self.folder.path().to_owned()),
            peer: Some(NetworkPeer {
                host: "127.0.0.1".into(),
                port: 5201,
                loopback: true,
            }),
            ..Options::default()
        });
        let attempt = Attempt {
            deadline: Duration::from_secs(60),
            soft_deadline: Duration::from_secs(58),
            grace: Duration::from_secs(2),
            scratch: self.folder.path().to_owned(),
            cancel: self.cancel.clone(),
            cpu_allowance: 2,
            memory_allowance_bytes: 1 << 30,
            max_tools: 2,
            beside: false,
            ..Attempt::beside("jobs")
        };
        let machine = machine.expect("a machine");
        machine.begin(attempt).await.expect("a session")
    }

    /// Runs a job to its end.
    async fn end(&self, request: Request) -> Reply {
        let session = self.session().await;
        let run = match session.call(request).await {
            Ok(Reply::Run(run)) => run,
            other => panic!("not started: {other:?}"),
        };
        end_of(&*session, run).await
    }
}

async fn end_of(session: &dyn Session, run: u32) -> Reply {
    for _ in 0..200 {
        let next = Request::RunNext {
            run,
            timeout_ms: 500,
        };
        match session.call(next).await {
            Ok(Reply::Fio(Some(fio::Event::Progress(_))) | Reply::Fio(None)) => {}
            Ok(Reply::Stress(Some(stress::Event::Progress(_))) | Reply::Stress(None)) => {}
            Ok(Reply::Iperf(Some(iperf::Event::Progress(_))) | Reply::Iperf(None)) => {}
            Ok(Reply::Memtest(Some(memtest::Event::Progress(_))) | Reply::Memtest(None)) => {}
            // The first answer after a cancel.
            Err(Error::Cancelled) => {}
            Ok(end) => return end,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("it never ends")
}

fn reading() -> Request {
    Request::FioStart {
        job: fio::Job {
            target: fio::Target::Scratch(1 << 20),
            pattern: fio::Pattern::Read,
            block_size: 4096,
            io_depth: 1,
            workers: 3,
            runtime_ms: Some(1_000),
            size_bytes: None,
            offset_bytes: 0,
            direct: false,
            verify: false,
            options: Vec::new(),
        },
    }
}

async fn fio_end(bench: &Bench) -> fio::Ending {
    match bench.end(reading()).await {
        Reply::Fio(Some(fio::Event::Finished(ending))) => ending,
        other => panic!("{other:?}"),
    }
}

fn computing(per_cpu: bool) -> Request {
    Request::StressStart {
        job: stress::Job {
            stressors: vec![stress::Stressor {
                name: "cpu".into(),
                workers: 2,
                method: None,
                memory_bytes: None,
            }],
            duration_ms: 1_000,
            verify: true,
            cpus: Vec::new(),
            per_cpu,
        },
    }
}

async fn stress_end(bench: &Bench, per_cpu: bool) -> stress::Ending {
    match bench.end(computing(per_cpu)).await {
        Reply::Stress(Some(stress::Event::Finished(ending))) => ending,
        other => panic!("{other:?}"),
    }
}

/// Messages, a broken report, keys that nobody knows, and bytes that are no text.
const ODD: &str =
    "fio: a note\\n{\\n \"jobs\" :\\n}\\n{\"jobs\": [{\"unheard of\": \"\\303\\050\"}]}\\nlast";

#[tokio::test]
async fn what_fio_prints_arrives_as_it_was() {
    let bench = Bench::new();
    bench.tool("fio", &format!("printf '{ODD}'; echo why >&2; exit 3"));
    let ending = fio_end(&bench).await;
    let expected =
        b"fio: a note\n{\n \"jobs\" :\n}\n{\"jobs\": [{\"unheard of\": \"\xc3\x28\"}]}\nlast";
    assert_eq!(ending.document.stdout, expected);
    assert_eq!(ending.document.stderr_tail, "why\n");
    assert_eq!(
        (ending.document.exit_status, ending.document.signal),
        (Some(3), None)
    );
    assert_eq!(ending.document.version.as_deref(), Some("fio 9.9"));
    assert_eq!(ending.document.query, "fio.start");
    assert!(ending.document.argv.contains(&"--numjobs=3".to_owned()));
    assert_eq!(ending.document.ending, DocumentEnding::Complete);
    assert!(ending.opened.ends_with("/fio.scratch"), "{}", ending.opened);
    let known = (
        ending.workers,
        ending.stopped,
        ending.direct,
        ending.left_out_bytes,
    );
    assert_eq!(known, (3, false, false, 0));
    assert_eq!(ending.wipe_guard, None);
}

#[tokio::test]
async fn a_flood_of_messages_ends_no_job_and_hides_no_report() {
    let bench = Bench::new();
    let flood = "yes 'crc32c: verify failed at file x offset 1, length 2' | head -c 20000000";
    bench.tool(
        "fio",
        &format!("{flood} >&2; {flood}; echo; echo '{{\"jobs\": []}}'; exit 1"),
    );
    let ending = fio_end(&bench).await;
    assert_eq!(ending.document.exit_status, Some(1));
    assert!(ending.document.stdout.ends_with(b"\n{\"jobs\": []}\n"));
    assert!(ending.document.stdout.len() <= 4 << 20);
    assert!(
        ending.left_out_bytes > 15_000_000,
        "{}",
        ending.left_out_bytes
    );
    assert_eq!(ending.document.stderr_tail.len(), 4_096);
}

#[tokio::test]
async fn a_tool_that_dies_is_a_document_with_its_signal() {
    let bench = Bench::new();
    bench.tool("fio", "printf begun; kill -SEGV $$");
    let ending = fio_end(&bench).await;
    assert_eq!(
        (ending.document.exit_status, ending.document.signal),
        (None, Some(11))
    );
    assert_eq!(ending.document.stdout, b"begun");
}

#[tokio::test]
async fn stress_ng_s_log_and_file_arrive_whole() {
    let bench = Bench::new();
    let script = "while [ $# -gt 0 ]; do case $1 in --yaml) yaml=$2;; --taskset) cpu=$2;; esac; shift; done\n\
                  printf -- '---\\nunheard-of: \\377\\n...\\n' > \"$yaml\"\n\
                  echo \"stress-ng: info: on $cpu\"; echo 'stress-ng: fail: x' >&2; exit 2";
    bench.tool("stress-ng", script);
    let ending = stress_end(&bench, true).await;
    let cpus: Vec<_> = ending.processes.iter().map(|process| process.cpu).collect();
    assert_eq!((cpus, ending.workers), (vec![Some(0), Some(1)], 2));
    for process in &ending.processes {
        let log = String::from_utf8_lossy(&process.document.stdout);
        let cpu = process.cpu.expect("a CPU");
        assert!(
            log.contains(&format!("stress-ng: info: on {cpu}\n")),
            "{log}"
        );
        assert!(log.contains("stress-ng: fail: x\n"), "{log}");
        assert_eq!(process.yaml, b"---\nunheard-of: \xff\n...\n");
        assert_eq!(process.document.exit_status, Some(2));
        assert_eq!(process.document.target, format!("cpu{cpu}"));
    }
    bench.tool(
        "stress-ng",
        "yes 'stress-ng: info: line' | head -c 9000000; echo the end",
    );
    let ending = stress_end(&bench, false).await;
    let process = &ending.processes[0];
    assert!(process.yaml.is_empty() && process.cpu.is_none());
    assert!(process.document.stdout.ends_with(b"the end\n"));
    assert_eq!(
        process.document.stdout.len() as u64 + process.left_out_bytes,
        9_000_008
    );
}

#[tokio::test]
async fn iperf3_s_output_arrives_with_this_machine_s_addresses() {
    let bench = Bench::new();
    bench.tool(
        "iperf3",
        "echo 'warning: before'; echo '{\"end\": {}, \"error\": \"x\"}'; exit 1",
    );
    let job = |seconds: u64| iperf::Job {
        direction: iperf::Direction::Send,
        protocol: iperf::Protocol::Tcp,
        streams: 2,
        duration_ms: seconds * 1_000,
        omit_ms: 0,
    };
    let start = Request::IperfStart { job: job(1) };
    let Reply::Iperf(Some(iperf::Event::Finished(ending))) = bench.end(start).await else {
        panic!("no end")
    };
    assert!(
        ending
            .document
            .stdout
            .starts_with(b"warning: before\n{\"end\"")
    );
    assert_eq!(
        (ending.peer.as_str(), ending.loopback),
        ("127.0.0.1:5201", true)
    );
    assert!(ending.addresses.iter().all(|known| known.port != "lo"));
    bench.tool("iperf3", "exec cat /dev/zero");
    let start = Request::IperfStart { job: job(5) };
    let Reply::Iperf(Some(iperf::Event::Finished(ending))) = bench.end(start).await else {
        panic!("no end")
    };
    assert_eq!(ending.document.ending, DocumentEnding::Cut(4 << 20));
    assert_eq!(ending.document.stdout.len(), 4 << 20);
}

fn memory(bytes: u64) -> Request {
    Request::MemtestStart {
        job: memtest::Job {
            bytes,
            duration_ms: 1_000,
            copy_threads: 2,
            invert_threads: 0,
            cpu_threads: 0,
            warm_copy: false,
        },
    }
}

#[tokio::test]
async fn stressapptest_is_bounded_and_its_log_arrives() {
    let bench = Bench::new();
    bench.tool("stressapptest", "echo \"$*\"; echo 'Status: PASS'");
    let Reply::Memtest(Some(memtest::Event::Finished(ending))) = bench.end(memory(64 << 20)).await
    else {
        panic!("no end")
    };
    assert_eq!(
        ending.document.stdout,
        b"-s 1 -M 64 -m 2 -i 0 -C 0\nStatus: PASS\n"
    );
    let over = bench.session().await.call(memory(2 << 30)).await;
    assert!(matches!(over, Err(Error::Invalid(_))), "{over:?}");
    // A tool of this machine is not run for another machine's memory.
    fs::remove_file(bench.folder.path().join("stressapptest")).expect("it was there");
    let other = bench.session().await.call(memory(64 << 20)).await;
    assert!(matches!(other, Err(Error::Unavailable(_))), "{other:?}");
}

/// The shell itself may say of its `sleep` that it was terminated.
fn said_its_last_words(ending: &memtest::Ending) -> bool {
    let log = String::from_utf8_lossy(&ending.document.stdout);
    log.starts_with("begun\n") && log.contains("ended\n")
}

#[tokio::test]
async fn a_job_that_is_stopped_or_cancelled_says_so() {
    let bench = Bench::new();
    let waits = "trap 'echo ended; exit 0' TERM; echo begun; while :; do sleep 0.1; done";
    bench.tool("stressapptest", waits);
    let session = bench.session().await;
    let start = || async {
        match session.call(memory(64 << 20)).await {
            Ok(Reply::Run(run)) => run,
            other => panic!("not started: {other:?}"),
        }
    };
    let run = start().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    session
        .call(Request::RunStop { run })
        .await
        .expect("stopped");
    let Reply::Memtest(Some(memtest::Event::Finished(ending))) = end_of(&*session, run).await
    else {
        panic!("no end")
    };
    assert!(ending.stopped);
    assert!(said_its_last_words(&ending));
    assert_eq!(ending.document.ending, DocumentEnding::Cancelled);
    let run = start().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    bench.cancel.cancel(vetting_machine::Reason::Deadline);
    let Reply::Memtest(Some(memtest::Event::Finished(ending))) = end_of(&*session, run).await
    else {
        panic!("no end")
    };
    assert!(ending.stopped && said_its_last_words(&ending));
}
