//! A tool that leaves a tree of processes behind, some in sessions of their own, some orphaned, some
//! both: all of it is gone when the tool's end is told, the dead waited for too.

use std::os::unix::fs::PermissionsExt as _;

use vetting_machine::tools::processes::Process;
use vetting_machine::tools::{Limits, Toolbox};

const ROUNDS: usize = 100;
const TOOL: &str = "#!/bin/sh
trap '' TERM
for i in 1 2 3 4 5; do
    (sleep 86398.75; :) >/dev/null 2>&1 &
    (setsid sleep 86398.75; :) >/dev/null 2>&1 &
    (sleep 86398.75 >/dev/null 2>&1 &)
    (setsid sleep 86398.75 >/dev/null 2>&1 &)
done
";

/// The only test of its process, so that every child is a tool's.
#[tokio::test]
async fn nothing_of_a_tree_is_left_not_even_the_dead() {
    let folder = tempfile::tempdir().expect("a folder");
    let tool = folder.path().join("leaves-a-tree");
    std::fs::write(&tool, TOOL).expect("a tool");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&tool, mode).expect("it can be run");
    let tools = Toolbox::new(Some(folder.path().to_owned()));
    let own = nix::unistd::getpid().as_raw();
    for round in 0..ROUNDS {
        let output = tools.output("leaves-a-tree", "none", &[], Limits::default());
        assert_eq!(output.await.expect("it ends").status, Some(0));
        let all = Process::all().into_values();
        let left: Vec<_> = all
            .filter(|p| p.parent == own || p.command_line() == "sleep 86398.75")
            .collect();
        assert!(left.is_empty(), "round {round}: {left:?}");
    }
}
