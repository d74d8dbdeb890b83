//! Operators whose token is good, and who want more than their roles.

use vetting_tests::fleet::{Orchestrator, claim};
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
