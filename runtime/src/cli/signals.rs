//! Signals that end a run: the first one cancels it, a second one ends the program at once.

use tokio::signal::unix::{SignalKind, signal};
use vetting_machine::{Cancel, Reason};

use super::Exit;

/// Cancels the run on SIGINT, SIGTERM or SIGHUP (a closed terminal).
///
/// # Errors
///
/// When the system does not let a handler be set.
pub fn cancel_on_signals(cancel: &Cancel) -> std::io::Result<()> {
    let kinds = [
        ("SIGINT", SignalKind::interrupt()),
        ("SIGTERM", SignalKind::terminate()),
        ("SIGHUP", SignalKind::hangup()),
    ];
    for (name, kind) in kinds {
        let mut signals = signal(kind)?;
        let cancel = cancel.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                // A closed terminal may send its SIGHUP more than once; only a person insists.
                if cancel.is_cancelled() && name == "SIGINT" {
                    // Tools die with their parent.
                    std::process::exit(Exit::Cancelled as i32);
                }
                cancel.cancel(Reason::Person(name.to_owned()));
            }
        });
    }
    Ok(())
}
