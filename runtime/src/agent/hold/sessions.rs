//! The logins that a hold's keys opened. They are known by the mark that their login put in their
//! environment, so that nobody else's are closed, and everything that was started in them is found.

use std::collections::BTreeMap;

use vetting_machine::tools::processes::{Process, kill_all};

/// The variable that marks what a login runs; its value is the run.
const MARK: &str = "VETTING_HOLD";
/// The one whose value is the mark of the key that it was opened with.
const KEY: &str = "VETTING_HOLD_KEY";

/// Closes the logins of a run's hold, or of some keys alone: what was started in them, and their
/// connections. Blocks until they have gone, for a few seconds at most. Says what was ended, one line each.
pub(super) fn close(run: &str, of_keys: Option<&[String]>) -> Vec<String> {
    let is_ours = |process: &Process| {
        let key = || process.variable(KEY).unwrap_or_default();
        process.variable(MARK).as_deref() == Some(run)
            && of_keys.is_none_or(|keys| keys.contains(&key()))
    };
    kill_all(|| {
        let all = Process::all();
        let ours = all.values().filter(|process| is_ours(process));
        let mut found = BTreeMap::new();
        for process in ours {
            for connection in connections(process, &all) {
                found.insert(connection.pid, connection.clone());
            }
            found.insert(process.pid, process.clone());
        }
        found.into_values().collect()
    })
}

/// The processes of the SSH server that carry the connection that a process was started over: its
/// ancestors up to the listener, which stays.
fn connections<'a>(of: &Process, all: &'a BTreeMap<i32, Process>) -> Vec<&'a Process> {
    let parent = |process: &Process| all.get(&process.parent);
    let ancestors = std::iter::successors(parent(of), |process| parent(process));
    // The listener starts a process of its own kind for each connection, whatever it calls it.
    let carries = |process: &&Process| is_server(process) && parent(process).is_some_and(is_server);
    ancestors.filter(carries).collect()
}

fn is_server(process: &Process) -> bool {
    // OpenSSH: `sshd`, from 9.8 on `sshd-session` too.
    process.name.starts_with("sshd") || process.name.starts_with("dropbear")
}
