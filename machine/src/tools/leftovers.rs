//! What an earlier runtime left running: it was killed, and something that it had started outlived
//! even that. Every tool carries its owner's mark in its environment, and hands it on to whatever it
//! starts, so that a daemon of a daemon is found too; where cgroup v2 is writable it also sits in a
//! cgroup that is named after its owner. What a living runtime owns is left alone.

use std::collections::BTreeSet;

use super::group::{Cgroup, abandoned};
use super::processes::{Process, kill_all};

/// The variable that names the owner of a tool: its process id and when it was started, so that a
/// number that was given again is not mistaken for the owner.
pub(super) const OWNER: &str = "VETTING_OWNER";

/// This process's mark.
pub(super) fn mark() -> String {
    let own = nix::unistd::getpid().as_raw();
    let started = Process::read(own).map_or(0, |process| process.started);
    format!("{own}:{started}")
}

/// Kills everything that a runtime left which is gone. Blocks until it has gone, for a few seconds at
/// most. Says what was killed, one line each.
pub fn kill_leftovers() -> Vec<String> {
    let cgroups = abandoned();
    kill_all(|| {
        let all = Process::all();
        let sitting: BTreeSet<i32> = cgroups.iter().flat_map(Cgroup::members).collect();
        let left = all.values().filter(|process| {
            let mark = process.variable(OWNER);
            sitting.contains(&process.pid) || mark.is_some_and(|mark| !owner_lives(&mark))
        });
        left.cloned().collect()
    })
}

/// Whether the process of a mark is there. A mark that cannot be read is not ours to judge.
fn owner_lives(mark: &str) -> bool {
    let owner = mark.split_once(':').and_then(|(pid, started)| {
        let started: u64 = started.parse().ok()?;
        Some((pid.parse().ok()?, started))
    });
    let Some((pid, started)) = owner else {
        return true;
    };
    Process::read(pid).is_some_and(|process| process.started == started && !process.zombie())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn only_what_a_dead_owner_left_is_killed() {
        // A process id that no process has: Linux gives none above 2^22.
        let sleeper = |mark: &str| {
            let mut command = Command::new("sleep");
            command.arg("600").env(OWNER, mark).stdin(Stdio::null());
            command.spawn().expect("sleep starts")
        };
        let (mut left, mut owned) = (sleeper("4194305:7"), sleeper(&mark()));
        // A child's environment is there a moment after its parent goes on.
        for child in [&left, &owned] {
            let environment = format!("/proc/{}/environ", child.id());
            let is_there = || std::fs::read(&environment).is_ok_and(|text| !text.is_empty());
            for _ in 0..500 {
                if is_there() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
        }
        let told = kill_leftovers();
        let line = format!("process {} (sleep) was killed", left.id());
        assert!(told.contains(&line), "{told:?}");
        assert!(!left.wait().expect("reaped").success());
        let alive = owned.try_wait().expect("looked at").is_none();
        owned.kill().expect("killed");
        owned.wait().expect("reaped");
        assert!(alive, "the tool of a living owner was killed");
    }
}
