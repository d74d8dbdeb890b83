//! `kernel-log`: the kernel's log, as it keeps it.

use vetting_machine::{Reply, Request, WatchId};
use wasmtime::component::Resource;

use super::bindings::vetting::stage::kernel_log::{Beginning, Entry, Host, HostWatch};
use super::clock::infallible;
use super::{HostError, HostState, ask, carry, table_full, wrong_reply};

/// A watch, as its stage holds it.
#[derive(Debug)]
pub struct KernelLogWatch(WatchId);

impl Host for HostState {
    async fn open(&mut self, begins: Beginning) -> Result<Resource<KernelLogWatch>, HostError> {
        let begins = carry(&begins)?;
        let request = Request::KernelLogOpen { begins };
        match self.ask("kernel-log.open", request).await? {
            Reply::Watch(watch) => self.table.push(KernelLogWatch(watch)).map_err(table_full),
            other => Err(wrong_reply("kernel-log.open", &other)),
        }
    }
}

impl HostWatch for HostState {
    async fn next(
        &mut self,
        watch: Resource<KernelLogWatch>,
        timeout_ms: u64,
    ) -> Result<Vec<Entry>, HostError> {
        let watch = self.table.get(&watch).map_err(table_full)?.0;
        let request = Request::KernelLogNext { watch, timeout_ms };
        ask!(self, "kernel-log.next", request, Reply::KernelLog)
    }

    async fn lost(&mut self, watch: Resource<KernelLogWatch>) -> wasmtime::Result<u64> {
        let watch = self.table.get(&watch)?.0;
        let request = Request::KernelLogLost { watch };
        match self.ask("kernel-log.lost", request).await {
            Ok(Reply::Lost(lines)) => Ok(lines),
            Ok(other) => Err(infallible(wrong_reply("kernel-log.lost", &other))),
            Err(error) => Err(infallible(error)),
        }
    }

    async fn drop(&mut self, watch: Resource<KernelLogWatch>) -> wasmtime::Result<()> {
        let watch = self.table.delete(watch)?.0;
        let request = Request::KernelLogClose { watch };
        let closed = self.session.call(request).await;
        closed.map_err(|e| wasmtime::Error::from_anyhow(e.into()))?;
        Ok(())
    }
}
