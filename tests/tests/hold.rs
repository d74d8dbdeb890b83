//! A run that holds: who is let in, for how long, and how it goes on.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use vetting_tests::fleet::{Agent, Orchestrator};
use vetting_tests::{eventually, guests, running};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq test@example";

fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

/// The stage `Storage`, mended: it passes.
fn mended(folder: &Path) -> String {
    let module = guests().join("../guests/wasm32-unknown-unknown/stage/guest_probe.wasm");
    let module = std::fs::read(module).expect("a module");
    let manifest = include_str!("../guests/probe/stage.toml").replace("\"Probe\"", "\"Storage\"");
    let component = vetting_component::pack(&module, &manifest).expect("a component");
    let path = folder.join("mended.wasm");
    std::fs::write(&path, component).expect("written");
    path.display().to_string()
}

#[test]
fn a_failed_stage_holds_lets_operators_in_and_is_mended_without_a_reboot() {
    let orchestrator = Orchestrator::start();
    orchestrator.operator_with_key("ann", KEY);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let stages = [
        "--stage",
        "Inventory",
        "--stage",
        "Storage",
        "--stage",
        "PSU",
    ];
    let run = orchestrator.run("held", &stages);
    let keys = folder.path().join("ssh/authorized_keys");
    let others = "ssh-rsa AAAAB3 somebody else\n";
    std::fs::create_dir(folder.path().join("ssh")).expect("a folder");
    std::fs::write(&keys, others).expect("written");
    let agent = Agent::new(&orchestrator, &run, "sim:slow-disk", folder.path());
    let file = keys.display().to_string();
    let mut agent = agent.args(&["--hold-key-file", &file]).start();
    for attempt in 1..=3 {
        let view = orchestrator.until(&run, "held with access", |view| {
            let holds = view["holds"].as_array().map_or(0, Vec::len);
            view["state"] == "FailedHolding"
                && holds == attempt
                && !view["holds"][attempt - 1]["opened"].is_null()
        });
        assert_eq!(view["stages"][1]["verdict"], "fail", "{view:#}");
        let text = text(&keys);
        assert_eq!(
            text.matches(KEY).count(),
            1,
            "hold {attempt}: {text} {}",
            agent.log()
        );
        if attempt < 3 {
            orchestrator.cli(&["run", "retry", &run.id]);
        }
    }
    let mended = mended(folder.path());
    orchestrator.cli(&["run", "retry", &run.id, "--stage-component", &mended]);
    let view = orchestrator.until_state(&run, "Completed");
    assert_eq!(
        (&view["epoch"], &view["stages"][1]["attempt"]),
        (&json!(1), &json!(4)),
        "{view:#}"
    );
    assert_eq!(text(&keys), others, "the key is gone, others' stay");
    let notes = orchestrator.report(&run)["notes"].to_string();
    assert!(
        notes.contains("a person had access") && notes.contains("ann"),
        "{notes}"
    );
    assert_eq!(notes.matches("a person had access").count(), 3, "{notes}");
    orchestrator.cli(&["run", "shutdown", &run.id]);
    assert_eq!(agent.wait().0, 0);
    // Whoever boots into a run that is over sits idle, and powers off nothing.
    let late = Agent::new(&orchestrator, &run, "sim:slow-disk", folder.path()).start();
    let idle = eventually(|| late.log().contains("idle: ").then(|| late.log()));
    let log = idle.unwrap_or_else(|| panic!("it does not idle: {}", late.log()));
    assert!(log.contains("410") && !log.contains("power off"), "{log}");
}

/// An SSH server of the test's own, which lets in whoever a file says.
struct Sshd {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Sshd {
    fn start(folder: &Path, keys: &Path) -> Self {
        for name in ["host", "operator"] {
            let file = folder.join(name);
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                .arg(&file)
                .status();
            assert!(made.expect("ssh-keygen starts").success());
        }
        if nix::unistd::getuid().is_root() {
            // The folder that OpenSSH locks itself into before it knows who calls. (sshd(8))
            std::fs::create_dir_all("/run/sshd").expect("a folder");
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let option = |name: &str, value: &Path| format!("{name}={}", value.display());
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f", "/dev/null", "-p", &port.to_string()])
            .args(["-o", "ListenAddress=127.0.0.1", "-o", "StrictModes=no"])
            .args(["-o", "UsePAM=no", "-o", "PidFile=none"])
            .args(["-o", &option("HostKey", &folder.join("host"))])
            .args(["-o", &option("AuthorizedKeysFile", keys)])
            .stdin(Stdio::null())
            .stderr(std::fs::File::create(folder.join("sshd.log")).expect("a log"))
            .spawn()
            .expect("sshd starts");
        Sshd {
            child,
            folder: folder.to_owned(),
            port,
        }
    }

    fn key(&self) -> String {
        text(&self.folder.join("operator.pub"))
    }

    /// Logs in and runs a command, the word `SSH` in front of it.
    fn login(&self, command: &str) -> Command {
        let user = nix::unistd::User::from_uid(nix::unistd::getuid());
        let user = user.expect("users").expect("this user").name;
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-p", &self.port.to_string(), "-i"])
            .arg(self.folder.join("operator"))
            .args(["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"])
            .args([
                "-o",
                "UserKnownHostsFile=/dev/null",
                "-o",
                "IdentitiesOnly=yes",
            ])
            .arg(format!("{user}@127.0.0.1"))
            .arg(command)
            .stdin(Stdio::null());
        ssh
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn logins_are_closed_when_the_hold_ends() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = folder.path().join("authorized_keys");
    let sshd = Sshd::start(folder.path(), &keys);
    orchestrator.operator_with_key("ann", &sshd.key());
    let probe = guests().join("Probe.wasm").display().to_string();
    orchestrator.cli(&["stage", "add", &probe]);
    let stage = ["--stage", "Probe", "--set", "Probe.mode=fail"];
    let run = orchestrator.run("entered", &stage);
    let agent = Agent::new(&orchestrator, &run, "sim:healthy-server", folder.path());
    let file = keys.display().to_string();
    let mut agent = agent.args(&["--hold-key-file", &file]).start();
    let open = |view: &Value| !view["holds"][0]["opened"].is_null();
    orchestrator.until(&run, "open", open);
    // A command's answer comes back, quotes and all.
    let answer = sshd
        .login("printf '%s' \"it is $((6 * 7))\"")
        .output()
        .expect("ssh starts");
    let log = text(&folder.path().join("sshd.log"));
    assert_eq!(
        String::from_utf8_lossy(&answer.stdout),
        "it is 42",
        "{answer:?}\n{log}"
    );
    // A login that works on, and something that it left behind.
    let mark = "86399";
    let work = format!("setsid sleep {mark} & sleep {mark}");
    let mut login = sshd.login(&work).spawn().expect("ssh starts");
    let sleeps = || Some(running("sleep", mark)).filter(|pids| pids.len() == 2);
    assert!(
        eventually(sleeps).is_some(),
        "{}",
        text(&folder.path().join("sshd.log"))
    );
    orchestrator.cli(&["run", "shutdown", &run.id]);
    let (status, log) = agent.wait();
    assert_eq!(status, 0, "{log}");
    assert_eq!(running("sleep", mark), [], "{log}");
    let closed = eventually(|| login.try_wait().expect("a child"));
    assert!(closed.is_some_and(|status| !status.success()));
    assert_eq!(text(&keys), "", "{log}");
    let refused = sshd.login("true").output().expect("ssh starts");
    assert!(!refused.status.success(), "{refused:?}");
    let view = orchestrator.show(&run);
    assert!(!view["holds"][0]["closed"].is_null(), "{view:#}");
}

#[test]
fn a_removed_operator_s_key_leaves_a_held_host_and_a_new_one_is_let_in() {
    let orchestrator = Orchestrator::start();
    let data = orchestrator.data();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = folder.path().join("authorized_keys");
    let sshd = Sshd::start(folder.path(), &keys);
    orchestrator.operator_with_key("ann", &sshd.key());
    let run = orchestrator.run("rack1-07", &["--stage", "Storage"]);
    let agent = Agent::new(&orchestrator, &run, "sim:slow-disk", folder.path());
    let file = keys.display().to_string();
    let agent = agent.args(&["--hold-key-file", &file]).start();
    let hold = |nth: usize, what: &str, is: &dyn Fn(&Value) -> bool| {
        orchestrator.until(&run, what, |view| is(&view["holds"][nth]))
    };
    hold(0, "open", &|hold| !hold["opened"].is_null());
    let mark = "86398";
    let work = format!("setsid sleep {mark} & sleep {mark}");
    let mut login = sshd.login(&work).spawn().expect("ssh starts");
    let sleeps = || Some(running("sleep", mark)).filter(|pids| pids.len() == 2);
    assert!(eventually(sleeps).is_some(), "{}", agent.log());
    // Bea is let in by other hosts alone, Cem by this one.
    let add = |name: &str, key: &str, hosts: &str| {
        let key_file = folder.path().join(name);
        std::fs::write(&key_file, key).expect("written");
        let key_file = key_file.display().to_string();
        let add = [
            "operator", "add", name, "--role", "operate", "--data", &data,
        ];
        orchestrator.cli(&[&add[..], &["--ssh-key", &key_file, "--hosts", hosts]].concat());
    };
    add("bea", "ssh-ed25519 BBBB bea", "rack2-*");
    add("cem", "ssh-ed25519 CCCC cem", "rack1-*");
    orchestrator.cli(&["operator", "remove", "ann", "--data", &data]);
    let gone = || running("sleep", mark).is_empty().then_some(());
    assert!(
        eventually(gone).is_some(),
        "the login goes on: {}",
        agent.log()
    );
    let closed = eventually(|| login.try_wait().expect("a child"));
    assert!(closed.is_some_and(|status| !status.success()));
    let refused = sshd.login("true").output().expect("ssh starts");
    assert!(!refused.status.success(), "{refused:?}");
    let in_file = text(&keys);
    assert!(
        in_file.contains("CCCC") && !in_file.contains("BBBB"),
        "{in_file}"
    );
    hold(0, "told", &|hold| {
        hold["let_in"] == "cem" && hold["operators"] == "ann, cem"
    });
    // Once nobody is left, the hold is closed; whoever comes opens another.
    orchestrator.cli(&["operator", "remove", "cem", "--data", &data]);
    hold(0, "closed", &|hold| !hold["closed"].is_null());
    assert_eq!(text(&keys), "");
    orchestrator.operator_with_key("dan", KEY);
    hold(1, "open again", &|hold| {
        !hold["opened"].is_null() && hold["let_in"] == "dan"
    });
    orchestrator.cli(&["run", "abort", &run.id]);
    let report = orchestrator.report(&run)["notes"].to_string();
    assert!(
        report.contains("ann, cem") && report.contains("dan"),
        "{report}"
    );
    let audit = orchestrator.cli(&["audit", "--what", "hold keys changed"]);
    // In one row, or in two where a heartbeat came in between.
    let text = audit.to_string();
    assert!(
        text.contains("let in: cem") && text.contains("no more: ann"),
        "{audit:#}"
    );
}

#[test]
fn an_agent_that_is_stopped_lets_nobody_in_any_more() {
    let orchestrator = Orchestrator::start();
    orchestrator.operator_with_key("ann", KEY);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = folder.path().join("authorized_keys");
    let file = keys.display().to_string();
    let run = orchestrator.run("stopped", &["--stage", "Storage"]);
    let start = || {
        let agent = Agent::new(&orchestrator, &run, "sim:slow-disk", folder.path());
        agent.args(&["--hold-key-file", &file]).start()
    };
    let in_file = |count: usize| {
        let found = || (text(&keys).matches(KEY).count() == count).then_some(());
        assert!(eventually(found).is_some(), "{}", text(&keys));
    };
    let mut first = start();
    in_file(1);
    nix::sys::signal::kill(first.pid(), nix::sys::signal::Signal::SIGTERM).expect("sent");
    first.wait();
    in_file(0);
    // One that is killed leaves it, and the next one, which holds again, has it there once.
    let second = start();
    in_file(1);
    orchestrator.until(&run, "open again", |view| {
        !view["holds"][1]["opened"].is_null()
    });
    second.kill();
    assert_eq!(text(&keys).matches(KEY).count(), 1);
    let mut third = start();
    orchestrator.until(&run, "held thrice", |view| {
        let holds = view["holds"].as_array().map_or(0, Vec::len);
        holds == 3 && !view["holds"][2]["opened"].is_null()
    });
    in_file(1);
    orchestrator.cli(&["run", "abort", &run.id]);
    assert_eq!(third.wait().0, 130);
    in_file(0);
}
