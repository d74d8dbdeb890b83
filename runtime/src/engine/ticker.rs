//! The epoch ticker: one thread that ticks as long as its engine lives.

use std::time::Duration;

use wasmtime::EngineWeak;

/// The time between two ticks: how long a guest runs before it is looked at.
pub const TICK: Duration = Duration::from_millis(10);

/// Starts the thread. It ends by itself within a tick after the engine is gone.
///
/// # Errors
///
/// When the system gives no more threads.
pub fn start(engine: EngineWeak) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name("epoch-ticker".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })?;
    Ok(())
}
