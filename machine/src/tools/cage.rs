//! The cage that a tool starts in.

use std::sync::{OnceLock, mpsc};

use nix::libc;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

/// Descriptors that matter between fork and exec.
#[derive(Clone, Copy)]
pub(super) struct Descriptors {
    /// The open file of a cgroup to join.
    pub joining: Option<i32>,
    /// A Landlock ruleset to be bound by.
    pub rules: Option<i32>,
    /// The one that the program keeps beside its standard three.
    pub kept: Option<i32>,
}

/// What happens between fork and exec. Only async-signal-safe calls.
pub(super) fn cage(parent: i32, descriptors: Descriptors) -> std::io::Result<()> {
    let Descriptors {
        joining,
        rules,
        kept,
    } = descriptors;
    // SAFETY: plain system calls on numbers; the pointer is to a static byte.
    unsafe {
        if libc::setsid() < 0 {
            return Err(std::io::Error::last_os_error());
        }
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) < 0 {
            return Err(std::io::Error::last_os_error());
        }
        // The parent may have died before the line above.
        if libc::getppid() != parent {
            return Err(std::io::Error::from_raw_os_error(libc::ESRCH));
        }
        if let Some(fd) = joining
            && libc::write(fd, b"0".as_ptr().cast(), 1) < 0
        {
            return Err(std::io::Error::last_os_error());
        }
        // No program that it starts gets more rights than it has, whatever its file's mode.
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 {
            return Err(std::io::Error::last_os_error());
        }
        if let Some(fd) = rules
            && libc::syscall(libc::SYS_landlock_restrict_self, fd, 0) < 0
        {
            return Err(std::io::Error::last_os_error());
        }
        // Marked, not closed: the standard library reports a failing exec through a pipe of its
        // own. Before Linux 5.11 this fails, and Rust's own close-on-exec has to do.
        libc::syscall(
            libc::SYS_close_range,
            3,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        );
        if let Some(fd) = kept
            && libc::fcntl(fd, libc::F_SETFD, 0) < 0
        {
            return Err(std::io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Spawns on a thread that lives as long as this process: the kernel sends the parent-death signal
/// when the *thread* that forked ends.
pub(super) async fn spawn(command: Command) -> std::io::Result<Child> {
    type Order = (
        Command,
        tokio::runtime::Handle,
        oneshot::Sender<std::io::Result<Child>>,
    );
    static SPAWNER: OnceLock<Result<mpsc::Sender<Order>, String>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (orders, work) = mpsc::channel::<Order>();
        std::thread::Builder::new()
            .name("tool-spawner".into())
            .spawn(move || {
                for (mut command, runtime, reply) in work {
                    let _inside = runtime.enter();
                    // Nobody waits for it any more: the child is killed as it is dropped.
                    let _unwanted = reply.send(command.spawn());
                }
            })
            .map(|_thread| orders)
            .map_err(|e| e.to_string())
    });
    let gone = || std::io::Error::other("the thread that starts tools has ended");
    let orders = spawner
        .as_ref()
        .map_err(|e| std::io::Error::other(e.clone()))?;
    let (reply, answer) = oneshot::channel();
    orders
        .send((command, tokio::runtime::Handle::current(), reply))
        .map_err(|_| gone())?;
    answer.await.map_err(|_| gone())?
}
