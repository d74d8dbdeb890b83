//! A panic in a component is a bare `unreachable` trap. This hook says first what it was.

/// The prefix by which the host knows a panic's line and joins it to the trap.
const PREFIX: &str = "panic: ";

/// Logs each panic before it traps. The `stage!` macro calls it.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        crate::log::log(crate::log::Level::Error, &format!("{PREFIX}{info}"));
    }));
}
