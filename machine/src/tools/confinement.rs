//! What a tool may write to, enforced by the kernel (Landlock, since Linux 5.13) for it and whatever it
//! starts: the places that its job names, and nothing else. Reading is not restricted: a test looks at
//! everything. Where the kernel has no Landlock a tool runs without, and `vetting machine check` says so.

use std::os::fd::OwnedFd;
use std::path::Path;

use landlock::{
    ABI, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError,
};

/// Writing, creating, removing, renaming and truncating, as the third version knows them (Linux 6.2).
/// Older kernels enforce what they know.
const KNOWN: ABI = ABI::V3;

/// Device nodes that swallow or give bytes and that any program may open for writing.
const HARMLESS: [&str; 3] = ["/dev/null", "/dev/zero", "/dev/full"];

/// Every device node: for tools that ask drives, controllers and GPUs, which is done by opening the
/// node for writing. What they then ask for is typed (`smartctl.rs`, `ipmitool.rs`, `gpu.rs`).
pub(super) const DEVICES: &str = "/dev";

/// A ruleset that lets its bearer write below these places only; `None` where the kernel has none.
pub(super) fn writing_only(places: &[&Path]) -> Result<Option<OwnedFd>, RulesetError> {
    let writing = AccessFs::from_write(KNOWN);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(writing)?
        .create()?;
    for place in HARMLESS.iter().map(Path::new).chain(places.iter().copied()) {
        // What is not there cannot be written to either.
        let Ok(node) = PathFd::new(place) else {
            continue;
        };
        let of_a_file = AccessFs::from_file(KNOWN);
        let may = match place.is_dir() {
            true => writing,
            false => writing & of_a_file,
        };
        rules = rules.add_rule(PathBeneath::new(node, may))?;
    }
    Ok(rules.into())
}

/// The version of Landlock that the kernel has; `None`: none, or it is switched off.
pub fn landlock_version() -> Option<i64> {
    const VERSION: u32 = 1;
    // SAFETY: with this flag the kernel reads no memory and only tells its version.
    let version = unsafe {
        nix::libc::syscall(
            nix::libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0,
            VERSION,
        )
    };
    (version > 0).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::super::process::Watch;
    use super::super::toolbox::{Limits, Reach, Toolbox};
    use super::*;

    #[tokio::test]
    async fn a_tool_writes_where_its_job_says_and_nowhere_else() {
        assert!(
            landlock_version().is_some(),
            "this kernel has no Landlock: boot it with `lsm=landlock,…`"
        );
        let allowed = tempfile::tempdir().expect("a folder");
        let other = tempfile::tempdir().expect("a folder");
        let precious = other.path().join("precious");
        std::fs::write(&precious, "precious").expect("written");
        let (inside, outside) = (allowed.path().display(), other.path().display());
        let tries = format!(
            "echo x > {inside}/new; echo x > {outside}/new; echo x >> {outside}/precious; \
             rm {outside}/precious; mv {outside}/precious {inside}/; mkdir {outside}/more; \
             truncate -s 0 {outside}/precious; cat {outside}/precious > {inside}/copy; \
             grep NoNewPrivs /proc/self/status > {inside}/privileges; \
             setsid sh -c 'echo x > {outside}/by-a-child' < /dev/null > /dev/null 2>&1; true"
        );
        let tools = Toolbox::new(None);
        let arguments = ["-c", &tries];
        let may_write = [allowed.path()];
        let caged = tools
            .start("sh", "dash", &arguments, Reach::writing(&may_write))
            .await;
        let mut caged = caged.expect("it starts");
        let watch = Watch::for_at_most(Limits::default().timeout);
        let ended = caged.watch(&watch, |_, _| Ok(())).await.expect("it ends");
        assert!(ended.status.success(), "{ended:?}");
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(read(&allowed.path().join("new")), "x\n");
        assert_eq!(
            read(&allowed.path().join("copy")),
            "precious",
            "reading is free"
        );
        assert!(read(&allowed.path().join("privileges")).contains("1"));
        let left: Vec<_> = std::fs::read_dir(other.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(left, ["precious"], "written elsewhere");
        assert_eq!(read(&precious), "precious");
    }

    #[tokio::test]
    async fn what_is_not_a_device_is_closed_to_those_that_only_ask() {
        let other = tempfile::tempdir().expect("a folder");
        let file = other.path().join("new");
        let write = format!("echo x > {}", file.display());
        let tools = Toolbox::new(None);
        let arguments = ["-c", &write];
        let output = tools.output("sh", "dash", &arguments, Limits::default());
        let output = output.await.expect("it runs");
        assert_ne!(output.status, Some(0), "{output:?}");
        assert!(!file.exists());
    }
}
