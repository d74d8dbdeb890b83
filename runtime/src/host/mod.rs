//! The host functions: one file per WIT interface, each only translating and checking.
//!
//! Every question to the machine goes through [`HostState::ask`], so grants, budgets, cancellation
//! and the virtual deadline are enforced in one place. An answer that the stage may handle is
//! [`HostError::Stage`]; [`HostError::Trap`] ends the attempt.

pub mod bindings;
mod bmc;
mod clock;
mod context;
mod disks;
mod files;
pub(crate) mod fio;
pub(crate) mod gpu;
mod hwmon;
pub(crate) mod iperf;
pub(crate) mod kernel_log;
mod log;
pub(crate) mod memtest;
mod queries;
mod smart;
pub(crate) mod stress;
mod types;
mod wasi;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use vetting_machine::contract::types::Error;
use vetting_machine::{Cancel, Reply, Request, Session};
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::engine::{Facts, HarnessBroke, LimitReached, Limiter, Limits, Notebook, Over};
use crate::policy::Withheld;

/// What a host function that could not answer tells: the stage, or the engine.
#[derive(Debug)]
pub enum HostError {
    /// An answer that the stage may handle.
    Stage(Error),
    /// The attempt is over, or the harness broke.
    Trap(wasmtime::Error),
}

impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        HostError::Stage(error)
    }
}

impl From<wasmtime::Error> for HostError {
    fn from(error: wasmtime::Error) -> Self {
        HostError::Trap(error)
    }
}

impl From<LimitReached> for HostError {
    fn from(limit: LimitReached) -> Self {
        HostError::Trap(wasmtime::Error::from_anyhow(limit.into()))
    }
}

/// Everything one attempt's store holds.
pub struct HostState {
    /// This attempt's view of the machine.
    pub session: Arc<dyn Session>,
    /// The attempt's cancellation.
    pub cancel: Cancel,
    /// The attempt's facts.
    pub facts: Arc<Facts>,
    /// The interfaces that are withheld; they answer `denied` with the reason.
    pub withheld: Arc<Withheld>,
    /// What the attempt leaves behind, shared with whoever watches it.
    pub notebook: Arc<Notebook>,
    /// The attempt's budgets.
    pub limits: Limits,
    /// Bytes that host calls carried here so far.
    pub carried: u64,
    /// Memory and table accounting, for wasmtime.
    pub limiter: Limiter,
    /// The series of the sensors that were sampled last.
    pub series: hwmon::SensorSeries,
    /// Whether the machine's time is virtual, so that its deadline is kept here.
    pub virtual_time: bool,
    /// Handles of the guest's resources.
    pub table: ResourceTable,
    /// WASI's context: empty.
    pub wasi: WasiCtx,
    /// After how many host calls the attempt that this one repeats was interrupted, if it was.
    pub interrupted_after: Option<u64>,
}

/// Lends wasmtime the state of a store.
pub struct Host;

impl HasData for Host {
    type Data<'a> = &'a mut HostState;
}

impl WasiView for HostState {
    /// Every function of WASI begins here, and cannot be refused here: one too many is counted, and
    /// ends the attempt at the next tick.
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.notebook.count_call();
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

pub use hwmon::SensorSeries;
pub use wasi::context as wasi_context;

/// Links everything that a stage may import: the contract, and WASI with an empty context.
pub fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    wasi::shadow(linker)?;
    linker.allow_shadowing(false);
    bindings::Stage::add_to_linker::<_, Host>(linker, |state| state)
}

impl HostState {
    /// Counts a host call, and the bytes that it carries here, against the attempt's budget.
    fn count(&mut self, bytes: usize) -> Result<(), HostError> {
        if self.is_where_interrupted() {
            return Err(HostError::Trap(wasmtime::Error::from_anyhow(Over.into())));
        }
        self.notebook.count_call();
        self.within_calls()?;
        self.carried = self.carried.saturating_add(bytes as u64);
        let allowed = self.limits.all_call_bytes;
        if self.carried > allowed {
            let detail = format!("host calls carried more than {allowed} bytes");
            return Err(LimitReached::new("all-call-bytes", detail).into());
        }
        Ok(())
    }

    /// Whether the attempt that this one repeats was interrupted here.
    pub fn is_where_interrupted(&self) -> bool {
        let calls = self.notebook.calls();
        self.interrupted_after.is_some_and(|last| calls >= last)
    }

    /// Whether there were no more host calls than there may be, WASI's included.
    pub fn within_calls(&self) -> Result<(), LimitReached> {
        let allowed = self.limits.host_calls;
        if self.notebook.calls() > allowed {
            let detail = format!("more than {allowed} host calls");
            return Err(LimitReached::new("host-calls", detail));
        }
        Ok(())
    }

    /// Asks the machine, for `function` (such as `fio.start`).
    async fn ask(&mut self, function: &'static str, request: Request) -> Result<Reply, HostError> {
        self.count(weight(&request))?;
        tracing::trace!(function, "host call");
        let interface = function.split('.').next().unwrap_or(function);
        if let Some(reason) = self.withheld.get(interface) {
            self.notebook.denied(function, reason);
            return Err(Error::Denied(reason.clone()).into());
        }
        let answer = self.session.call(request).await;
        if self.virtual_time && self.session.elapsed() >= self.facts.deadline {
            return Err(HostError::Trap(wasmtime::Error::from_anyhow(Over.into())));
        }
        if let Err(Error::Denied(reason)) = &answer {
            self.notebook.denied(function, reason);
        }
        Ok(answer?)
    }
}

/// The bytes of a request that a guest wrote, roughly; those of a fixed size weigh nothing.
fn weight(request: &Request) -> usize {
    match request {
        Request::SmartRead { device } => device.len(),
        Request::FilesList { globs: paths } | Request::FilesRead { paths } => {
            paths.iter().map(String::len).sum()
        }
        Request::SmartStartSelfTest { .. }
        | Request::FioStart { .. }
        | Request::StressStart { .. }
        | Request::IperfStart { .. }
        | Request::MemtestStart { .. }
        | Request::GpuStart { .. } => {
            postcard::experimental::serialized_size(request).unwrap_or(usize::MAX)
        }
        _ => 0,
    }
}

/// A reply of the wrong kind is the machine's bug, not the stage's.
fn wrong_reply(function: &str, reply: &Reply) -> HostError {
    broke(format!("the machine answered {function} with {reply:?}"))
}

/// Carries a value between the contract's two sets of types, the seam's and the bindings'. Both are
/// generated from the same WIT, so their encodings agree; a value that does not carry over, or not
/// whole, means that the two were built from different contracts.
fn carry<T: Serialize, U: DeserializeOwned>(value: &T) -> Result<U, HostError> {
    let bytes = postcard::to_stdvec(value).map_err(|e| carrying::<T>(&e))?;
    match postcard::take_from_bytes(&bytes).map_err(|e| carrying::<T>(&e))? {
        (value, []) => Ok(value),
        (_, left) => Err(carrying::<T>(&format!(
            "{} bytes are left over",
            left.len()
        ))),
    }
}

fn carrying<T>(error: &dyn std::fmt::Display) -> HostError {
    let name = std::any::type_name::<T>();
    broke(format!("a {name} does not cross the seam: {error}"))
}

/// The runtime itself is at fault.
fn broke(what: String) -> HostError {
    HostError::Trap(wasmtime::Error::from_anyhow(HarnessBroke(what).into()))
}

/// Asks, expects one kind of reply, and carries it over.
macro_rules! ask {
    ($state:expr, $function:literal, $request:expr, $reply:path) => {
        match $state.ask($function, $request).await? {
            $reply(value) => $crate::host::carry(&value),
            other => Err($crate::host::wrong_reply($function, &other)),
        }
    };
    ($state:expr, $function:literal, $request:expr) => {
        match $state.ask($function, $request).await? {
            vetting_machine::Reply::Done => Ok(()),
            other => Err($crate::host::wrong_reply($function, &other)),
        }
    };
}
use ask;

/// The four tools' resources are alike: a run's number, `next`, `stop`, and the end when dropped.
macro_rules! run_resource {
    ($interface:ident, $name:ident, $start:ident, $reply:path, $functions:expr $(; $($more:tt)*)?) => {
        /// A running tool, as its stage holds it.
        #[derive(Debug)]
        pub struct $name(vetting_machine::RunId);

        impl $interface::Host for $crate::host::HostState {
            $($($more)*)?

            async fn start(
                &mut self,
                job: $interface::Job,
            ) -> Result<wasmtime::component::Resource<$name>, $crate::host::HostError> {
                let job = $crate::host::carry(&job)?;
                let request = vetting_machine::Request::$start { job };
                let [start, _, _, _] = $functions;
                match self.ask(start, request).await? {
                    vetting_machine::Reply::Run(run) => {
                        self.table.push($name(run)).map_err($crate::host::table_full)
                    }
                    other => Err($crate::host::wrong_reply(start, &other)),
                }
            }
        }

        impl $interface::HostRun for $crate::host::HostState {
            async fn next(
                &mut self,
                run: wasmtime::component::Resource<$name>,
                timeout_ms: u64,
            ) -> Result<Option<$interface::Event>, $crate::host::HostError> {
                let run = self.table.get(&run).map_err($crate::host::table_full)?.0;
                let [_, next, _, _] = $functions;
                let request = vetting_machine::Request::RunNext { run, timeout_ms };
                match self.ask(next, request).await? {
                    $reply(event) => $crate::host::carry(&event),
                    other => Err($crate::host::wrong_reply(next, &other)),
                }
            }

            async fn stop(
                &mut self,
                run: wasmtime::component::Resource<$name>,
            ) -> Result<(), $crate::host::HostError> {
                let run = self.table.get(&run).map_err($crate::host::table_full)?.0;
                let [_, _, stop, _] = $functions;
                match self.ask(stop, vetting_machine::Request::RunStop { run }).await? {
                    vetting_machine::Reply::Done => Ok(()),
                    other => Err($crate::host::wrong_reply(stop, &other)),
                }
            }

            async fn drop(
                &mut self,
                run: wasmtime::component::Resource<$name>,
            ) -> wasmtime::Result<()> {
                let run = self.table.delete(run)?.0;
                let request = vetting_machine::Request::RunDrop { run };
                self.session
                    .call(request)
                    .await
                    .map_err(|e| wasmtime::Error::from_anyhow(e.into()))?;
                Ok(())
            }
        }
    };
}
use run_resource;

/// A handle that the table does not take or does not know.
fn table_full(error: wasmtime::component::ResourceTableError) -> HostError {
    HostError::Trap(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_carried_over_whole_or_not_at_all() {
        let same: (u8, String) = carry(&(7_u8, "words")).expect("the shapes are alike");
        assert_eq!(same, (7, "words".to_owned()));
        // The encoding has no names: what is left over is all that shows another shape.
        assert!(carry::<_, u8>(&(7_u8, Some(1.5))).is_err());
    }
}
