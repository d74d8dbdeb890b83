//! `log`: the stage's log.

use vetting_protocol::Level;

use super::HostState;
use super::bindings::vetting::stage::log;
use super::clock::infallible;

impl log::Host for HostState {
    async fn log(&mut self, level: log::Level, text: String) -> wasmtime::Result<()> {
        self.count(text.len()).map_err(infallible)?;
        let level = match level {
            log::Level::Trace => Level::Trace,
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        self.notebook.log(self.session.stamp(), level, &text);
        Ok(())
    }
}
