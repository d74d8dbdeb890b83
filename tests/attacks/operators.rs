//! Operators whose token is good, and who want more than their roles.

use serde_json::{Value, json};
use vetting_tests::fleet::{Orchestrator, call, claim};
use vetting_tests::guests;

use crate::Attack;

pub const ATTACKS: &[&[Attack]] = &[&[
    Attack {
        name: "publish-by-retry",
        promise: "a retry runs another component only for an operator who may publish",
        attempt: publish_by_retry,
    },
    Attack {
        name: "more-than-the-role",
        promise: "roles are a set: each one allows its own calls and no others",
        attempt: more_than_the_role,
    },
    Attack {
        name: "flush-the-audit",
        promise: "no number of deeds puts an older one out of sight",
        attempt: flush_the_audit,
    },
    Attack {
        name: "serve-a-folder-twice",
        promise: "one orchestrator serves a folder, and a mistyped one becomes no database",
        attempt: serve_a_folder_twice,
    },
    Attack {
        name: "close-the-pipe",
        promise: "a command whose reader has gone ends quietly",
        attempt: close_the_pipe,
    },
]];

/// What a command of an operator with other roles printed on standard error; empty where it did it.
fn refusal(orchestrator: &Orchestrator, token: &str, args: &[&str]) -> String {
    let output = orchestrator.try_cli(&[args, &["--token", token]].concat());
    if output.status.success() {
        return String::new();
    }
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn publish_by_retry() -> String {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("held", &["--stage", "SMART"]);
    claim(&orchestrator, &run, "boot", "u").expect("claimed");
    claim(&orchestrator, &run, "other boot", "u").expect("claimed again, and held");
    let operate = orchestrator.operator("operate", &["operate"]);
    let other = vetting_tests::stages().join("SMART.wasm");
    let other = other.display().to_string();
    let retry = ["run", "retry", &run.id, "--stage-component", &other];
    let words = refusal(&orchestrator, &operate, &retry);
    assert!(words.contains("publish or admin"), "{words}");
    let both = orchestrator.operator("both", &["operate", "publish"]);
    assert_eq!(refusal(&orchestrator, &both, &retry), "");
    words.trim().to_owned()
}

fn more_than_the_role() -> String {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("host", &["--stage", "SMART"]);
    let id = run.id.as_str();
    let stage = guests().join("Sleep.wasm").display().to_string();
    let calls: [(&[&str], &[&str]); 8] = [
        (&["run", "list"], &["view", "operate", "admin"]),
        (&["audit"], &["view", "operate", "admin"]),
        (&["stage", "list"], &["view", "operate", "publish", "admin"]),
        (&["host", "set", "host"], &["operate", "admin"]),
        (&["run", "cancel", id], &["operate", "admin"]),
        (&["stage", "add", &stage], &["publish", "admin"]),
        (&["run", "shutdown", id], &["operate", "admin"]),
        (&["run", "remove", id], &["admin"]),
    ];
    let roles = ["view", "operate", "wipe", "publish", "admin"];
    let tokens = roles.map(|role| (role, orchestrator.operator(role, &[role])));
    let mut refused = 0;
    for (args, allowed) in calls {
        for (role, token) in &tokens {
            let words = refusal(&orchestrator, token, args);
            let denied = words.contains("(403, role)");
            assert_eq!(
                !denied,
                allowed.contains(role),
                "{args:?} as {role}: {words}"
            );
            refused += u32::from(denied);
        }
    }
    format!("{refused} calls refused, each role with its own alone")
}

fn flush_the_audit() -> String {
    let orchestrator = Orchestrator::start();
    let token = orchestrator.operator("eve", &["operate"]);
    let run = orchestrator.run("host", &["--stage", "SMART"]);
    orchestrator.cli(&["run", "abort", &run.id, "--token", &token]);
    for number in 0..1100_u32 {
        let [.., a, b] = number.to_be_bytes();
        let host = json!({ "name": format!("flood-{number}"),
            "identity": { "mac": format!("02:00:00:00:{a:02x}:{b:02x}") } });
        call(&orchestrator, "/api/v1/admin/hosts", &token, &host).expect("added");
    }
    let deeds = |args: &[&str]| {
        let output = orchestrator.try_cli(&[&["audit", "--export"], args].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let deeds = text.lines().map(serde_json::from_str::<Value>);
        let deeds: Result<Vec<Value>, _> = deeds.collect();
        deeds.unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    let all = deeds(&[]);
    assert!(all.len() > 1100, "{}", all.len());
    let numbers: Vec<i64> = all.iter().filter_map(|deed| deed["seq"].as_i64()).collect();
    let in_order = numbers.windows(2).all(|pair| pair[0] == pair[1] + 1);
    assert!(in_order && numbers.last() == Some(&1), "a deed is missing");
    let what = |deeds: &[Value]| -> Vec<String> {
        let what = deeds.iter().filter_map(|deed| deed["what"].as_str());
        what.map(str::to_owned).collect()
    };
    let hers = deeds(&["--who", "eve", "--what", "run abort"]);
    assert_eq!(what(&hers), ["run abort"], "{hers:?}");
    let of_run = deeds(&["--run", &run.id]);
    assert!(
        what(&of_run).contains(&"run create".to_owned()),
        "{of_run:?}"
    );
    assert!(deeds(&["--until", "2026-01-01"]).is_empty());
    assert_eq!(deeds(&["--since", "2026-01-01"]).len(), all.len());
    let page = orchestrator.try_cli(&["audit", "--limit", "5"]);
    let lines = String::from_utf8_lossy(&page.stdout).lines().count();
    let more = String::from_utf8_lossy(&page.stderr).contains("--before");
    assert!(lines == 5 && more, "{page:?}");
    format!(
        "{} deeds, each of them to be seen, the first one too",
        all.len()
    )
}

fn serve_a_folder_twice() -> String {
    let orchestrator = Orchestrator::start();
    let data = orchestrator.data();
    let second = orchestrator.try_cli(&["serve", "--data", &data, "--listen", "127.0.0.1:0"]);
    let words = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(
        !second.status.success() && words.contains("served by another orchestrator"),
        "{words}"
    );
    // What works on the folder while it is served still does.
    orchestrator.operator("bea", &["view"]);
    let nowhere = format!("{data}-with-a-typo");
    let mistyped = orchestrator.try_cli(&["operator", "list", "--data", &nowhere]);
    let refused = String::from_utf8_lossy(&mistyped.stderr).into_owned();
    assert!(refused.contains("no state.db"), "{refused}");
    assert!(
        !std::path::Path::new(&nowhere).exists(),
        "a typo makes a database"
    );
    let again = orchestrator.try_cli(&["operator", "add", "bea", "--data", &data]);
    let refused = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(refused.contains("operator set bea"), "{refused}");
    words.trim().to_owned()
}

fn close_the_pipe() -> String {
    let orchestrator = Orchestrator::start();
    for host in 0..40 {
        orchestrator.run(&format!("host-{host}"), &["--stage", "SMART"]);
    }
    let run = orchestrator.run("host", &["--stage", "SMART"]);
    for args in [&["run", "list"][..], &["audit"], &["run", "show", &run.id]] {
        let (status, stderr) = orchestrator.cli_into_closed_pipe(args);
        assert_eq!((status, stderr.as_str()), (0, ""), "{args:?}");
    }
    // Whoever prints does its work first: all stages are there, whoever read the first line.
    orchestrator.cli(&["stage", "remove", "SMART"]);
    let stages = vetting_tests::stages().display().to_string();
    let (status, stderr) = orchestrator.cli_into_closed_pipe(&["stage", "add", &stages]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    let all = orchestrator.cli(&["stage", "list"]).to_string();
    assert!(all.contains("\"SMART\""), "{all}");
    "four commands end with 0 and without a word, and their work is done".to_owned()
}
