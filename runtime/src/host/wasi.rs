//! WASI for guests of other languages: linked whole, with nothing in it. No files, no sockets, no
//! environment; standard output goes to the log; clocks and random numbers are the machine's, so
//! that a dry run is as repeatable as one of a guest without WASI.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::io::AsyncWrite;
use vetting_machine::{Cancel, Reply, Request, Session};
use vetting_protocol::Level;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::{Host, HostState};
use crate::engine::Notebook;

/// An empty context whose random numbers are seeded by the machine.
pub async fn context(
    session: &dyn Session,
    notebook: &Arc<Notebook>,
    seed_wanted: bool,
) -> Result<WasiCtx, vetting_machine::contract::types::Error> {
    let mut builder = WasiCtxBuilder::new();
    if seed_wanted {
        let mut seed = [0_u8; 32];
        if let Reply::Random(bytes) = session.call(Request::Random { bytes: 32 }).await? {
            for (to, from) in seed.iter_mut().zip(bytes) {
                *to = from;
            }
        }
        let (secure, insecure) = (StdRng::from_seed(seed), StdRng::from_seed(seed));
        builder
            .secure_random(secure)
            .insecure_random(insecure)
            .insecure_random_seed(u128::from(seed[0]));
    }
    builder
        .stdout(LogStream::new(notebook, Level::Info))
        .stderr(LogStream::new(notebook, Level::Warn))
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false);
    Ok(builder.build())
}

/// Puts the machine's clock in the place of WASI's.
pub fn shadow(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    monotonic_clock::add_to_linker::<_, Host>(linker, |state| state)?;
    wall_clock::add_to_linker::<_, Host>(linker, |state| state)
}

impl wall_clock::Host for HostState {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        self.count_wasi()?;
        let now = self.facts.began + self.session.stamp();
        Ok(wall_clock::Datetime {
            seconds: now.as_secs(),
            nanoseconds: now.subsec_nanos(),
        })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime {
            seconds: 0,
            nanoseconds: 1,
        })
    }
}

impl monotonic_clock::Host for HostState {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.count_wasi()?;
        Ok(u64::try_from(self.session.stamp().as_nanos()).unwrap_or(u64::MAX))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.sleep_until(Duration::from_nanos(when))
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let until = self.session.stamp() + Duration::from_nanos(duration);
        self.sleep_until(until)
    }
}

impl HostState {
    fn count_wasi(&mut self) -> wasmtime::Result<()> {
        self.count(0).map_err(super::clock::infallible)
    }

    fn sleep_until(&mut self, until: Duration) -> wasmtime::Result<Resource<DynPollable>> {
        self.count_wasi()?;
        let sleep = MachineSleep {
            session: Arc::clone(&self.session),
            cancel: self.cancel.clone(),
            until,
        };
        let sleep = self.table.push(sleep)?;
        subscribe(&mut self.table, sleep)
    }
}

/// A sleep in the machine's time. It ends early when the attempt is being cancelled.
struct MachineSleep {
    session: Arc<dyn Session>,
    cancel: Cancel,
    until: Duration,
}

#[async_trait::async_trait]
impl Pollable for MachineSleep {
    async fn ready(&mut self) {
        let left = self.until.saturating_sub(self.session.stamp());
        let milliseconds = u64::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        if milliseconds > 0 {
            // A guest is woken early when the attempt is being cancelled, and sees it by its next
            // call of the contract.
            tokio::select! {
                biased;
                _slept = self.session.call(Request::Sleep { milliseconds }) => {}
                () = self.cancel.cancelled() => {}
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Standard output and error, line by line to the log.
#[derive(Clone)]
struct LogStream {
    notebook: Arc<Notebook>,
    level: Level,
}

impl LogStream {
    fn new(notebook: &Arc<Notebook>, level: Level) -> Self {
        LogStream {
            notebook: Arc::clone(notebook),
            level,
        }
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(LineWriter {
            stream: self.clone(),
            line: Vec::new(),
        })
    }
}

/// Collects bytes to lines. A line that does not end is cut at 8 KiB, and what is left is written
/// when the stream closes.
struct LineWriter {
    stream: LogStream,
    line: Vec<u8>,
}

impl LineWriter {
    const MAX_LINE: usize = 8 * 1024;

    fn flush_line(&mut self) {
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        let (notebook, level) = (&self.stream.notebook, self.stream.level);
        notebook.log_now(level, &line);
    }
}

impl AsyncWrite for LineWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        for byte in bytes {
            match byte {
                b'\n' => self.flush_line(),
                _ => self.line.push(*byte),
            }
            if self.line.len() >= Self::MAX_LINE {
                self.flush_line();
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            self.flush_line();
        }
    }
}
