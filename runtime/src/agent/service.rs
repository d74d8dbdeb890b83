//! What systemd is told, where it started the agent as a service of `Type=notify`: that it works,
//! what it does, and that it still lives. Elsewhere nothing is told to nobody. (sd_notify(3).)

use std::time::Duration;

use sd_notify::NotifyState;

/// The agent works.
pub fn ready() {
    tell(&NotifyState::Ready);
}

/// What it does.
pub fn status(text: &str) {
    tell(&NotifyState::Status(text));
}

/// It ends.
pub fn stopping() {
    tell(&NotifyState::Stopping);
}

/// Tells the watchdog that the agent lives, twice in each of its periods, until this is dropped.
pub async fn watchdog() {
    let Some(period) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    // Zero would never be met.
    let period = (period / 2).max(Duration::from_millis(1));
    loop {
        tell(&NotifyState::Watchdog);
        tokio::time::sleep(period).await;
    }
}

fn tell(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::debug!("systemd was not told: {error}");
    }
}
