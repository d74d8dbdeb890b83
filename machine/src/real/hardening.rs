//! What the kernel offers to hold tools and the runtime in, for `vetting machine check`. Each is used
//! where it is there; where it is not, the detail says what stands in for it.

use std::path::Path;

use super::check::check;
use crate::check::{Check, Subject};
use crate::tools::{group::Cgroup, landlock_version, own_cgroup};

/// The checks.
pub(super) fn checks() -> Vec<Check> {
    vec![no_new_privileges(), landlock(), cgroup(), memory_cap()]
}

fn line(name: &str, found: Result<String, String>, remedy: &str) -> Check {
    let (usable, detail) = match found {
        Ok(detail) => (true, detail),
        Err(detail) => (false, detail),
    };
    check(Subject::Hardening, name, usable, detail, remedy, &[])
}

/// Since Linux 3.5 it can always be had.
fn no_new_privileges() -> Check {
    let set = nix::sys::prctl::get_no_new_privs();
    let found = match set {
        Ok(true) => Ok("set for tools, and for this process already".to_owned()),
        Ok(false) => Ok("set for tools".to_owned()),
        Err(error) => Err(format!("the kernel does not know it: {error}")),
    };
    line("no new privileges", found, "Linux 3.5 or newer")
}

fn landlock() -> Check {
    let found = match landlock_version() {
        Some(version) => Ok(format!(
            "version {version}: tools write only where their job says"
        )),
        None => {
            Err("the kernel has none, or it is off: tools may write wherever this user may".into())
        }
    };
    line(
        "Landlock",
        found,
        "boot with `lsm=landlock,…`; Linux 5.13 or newer",
    )
}

/// Whether a tool gets a cgroup of its own; tries it with an empty one.
fn cgroup() -> Check {
    let found = match Cgroup::create() {
        Some(_removed_again) => Ok("each tool has its own, killed as a whole".to_owned()),
        None => Err(
            "cgroup v2 is missing, read-only or older than `cgroup.kill`: tools are found \
                     by process group, session and parentage"
                .to_owned(),
        ),
    };
    line(
        "a cgroup per tool",
        found,
        "mount cgroup v2 (Linux 5.14 or newer), and run as root",
    )
}

/// How much memory the runtime and its tools may take before the kernel ends them.
fn memory_cap() -> Check {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let unified = own_cgroup().and_then(|folder| read(&folder.join("memory.max")));
    let cap = unified.or_else(|| read(&first_version()?.join("memory.limit_in_bytes")));
    // The first version says \"none\" by a number near 2^63.
    let bytes = cap
        .as_deref()
        .and_then(|cap| cap.trim().parse::<u64>().ok());
    let found = match bytes.filter(|bytes| *bytes < 1 << 62) {
        Some(bytes) => Ok(format!("{} MiB", bytes >> 20)),
        None => Err("none: the runtime and its tools may take all there is".to_owned()),
    };
    line("memory cap", found, "`MemoryMax=` in the agent's unit")
}

/// This process's folder in the memory hierarchy of cgroup v1.
fn first_version() -> Option<std::path::PathBuf> {
    let memberships = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = memberships.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let controllers = parts.next()?;
        let path = parts.next()?;
        controllers
            .split(',')
            .any(|c| c == "memory")
            .then_some(path)
    })?;
    let below = path.trim_start_matches('/');
    Some(Path::new("/sys/fs/cgroup/memory").join(below))
}
