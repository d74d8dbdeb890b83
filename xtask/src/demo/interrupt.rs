//! Ctrl-C and its like, which end the demo in order: nothing that it started is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};

/// Whether somebody wants the demo to end.
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Takes the signals from here on: they end nothing by themselves any more.
    pub fn take() -> anyhow::Result<Self> {
        let came = Arc::new(AtomicBool::new(false));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let inside = runtime.enter();
        for kind in [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ] {
            let mut signals = signal(kind)?;
            let came = Arc::clone(&came);
            runtime.spawn(async move {
                while signals.recv().await.is_some() {
                    came.store(true, Ordering::Relaxed);
                }
            });
        }
        drop(inside);
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        Ok(Interrupt(came))
    }

    /// Whether one came.
    pub fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Fails when one came.
    pub fn check(&self) -> anyhow::Result<()> {
        if self.came() {
            bail!("interrupted");
        }
        Ok(())
    }
}
