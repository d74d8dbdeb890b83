//! An iperf3 server per run at its network stage, since one server takes one client at a time: its port is
//! taken when the stage comes and given back when it is left, and it serves the host under test alone.

mod connections;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use vetting_protocol::{StageOrder, StageRecord, State};

use super::{Orchestrator, ServiceError};
use crate::store::runs::{self, Run};
use crate::store::{StoreError, claims};

/// The stage that it is for.
pub const STAGE: &str = "Network";

/// How long a server has until it listens.
const LISTENS: Duration = Duration::from_millis(500);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How often the servers' connections are looked at.
const GUARD: Duration = Duration::from_millis(200);
/// The most of a server's last words.
const WORDS: u64 = 1024;

/// A running server; it is killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    port: u16,
    /// The address of the host under test, as its newest claim's connection has it.
    host: IpAddr,
}

impl Server {
    /// Whether it still runs.
    fn works(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Orchestrator {
    /// Takes a port for a run that has come to its network stage, where none of its own is free any more;
    /// why there is none is kept with the run.
    pub(super) async fn take_iperf_port(
        &self,
        db: &mut sqlx::SqliteConnection,
        run: &mut Run,
    ) -> Result<(), ServiceError> {
        if run.progress.state.stage() != Some(STAGE) {
            return Ok(());
        }
        let ports = self.settings.iperf_ports.clone();
        let state = State::Stage(STAGE.to_owned());
        let taken = runs::iperf_ports(db, &state, &run.id).await?;
        let free = |port: &u16| ports.contains(port) && !taken.contains(&i64::from(*port));
        let own = run.iperf_port.filter(free);
        run.iperf_port = own.or_else(|| ports.clone().find(free));
        run.iperf_reason = run.iperf_port.is_none().then(|| {
            format!(
                "all ports from {} to {} are taken by other runs at their network stage; `serve \
                 --iperf-ports` gives more",
                ports.start(),
                ports.end()
            )
        });
        Ok(runs::update(db, run).await?)
    }

    /// Starts the run's server when its network stage has come, and ends it afterwards. It goes by what is
    /// stored: of two changes, the earlier may be the later one to come here.
    pub(super) async fn serve_iperf(&self, run: &str) {
        let mut running = self.iperf.lock().await;
        let (port, host) = match self.iperf_place(run).await {
            Ok(Some(place)) => place,
            Ok(None) => {
                end(&mut running, |id, _| id == run).await;
                return;
            }
            Err(error) => {
                tracing::error!(run, "its iperf3 server could not be seen to: {error}");
                return;
            }
        };
        let same =
            |server: &mut Server| (server.port, server.host) == (port, host) && server.works();
        if running.get_mut(run).is_some_and(same) {
            return;
        }
        // One before, or one of a run that has just given the port back.
        end(&mut running, |id, server| id == run || server.port == port).await;
        match serve(self.settings.iperf_address, port, host).await {
            Ok(server) => {
                running.insert(run.to_owned(), server);
            }
            Err(error) => {
                let why = format!("the iperf3 server on port {port} did not start: {error}");
                tracing::warn!(run, "{why}");
                if let Err(error) = self.note_no_iperf(run, &why).await {
                    tracing::error!(run, "why it has no iperf3 server is not kept: {error}");
                }
            }
        }
    }

    /// The port on which a run's server is to listen now, and for whom.
    async fn iperf_place(&self, run: &str) -> Result<Option<(u16, IpAddr)>, StoreError> {
        let mut db = self.store.read().await?;
        let run = runs::get(&mut db, run).await?;
        let run = run.filter(|run| run.progress.state.stage() == Some(STAGE));
        let Some(run) = run else { return Ok(None) };
        let claim = claims::get(&mut db, &run.id, run.epoch).await?;
        let host = claim.and_then(|claim| claim.peer.parse::<IpAddr>().ok());
        Ok(run.iperf_port.zip(host.map(|host| host.to_canonical())))
    }

    async fn note_no_iperf(&self, run: &str, why: &str) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        if let Some(mut run) = runs::get(&mut tx, run).await? {
            run.iperf_reason = Some(why.to_owned());
            runs::update(&mut tx, &run).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Cuts off whoever is no host under test and holds a server, until this is dropped. iperf3 takes one
    /// client at a time: a stranger who comes while the host's test runs is sent away by iperf3 itself.
    pub async fn guard_iperf(&self) {
        loop {
            tokio::time::sleep(GUARD).await;
            let mut running = self.iperf.lock().await;
            if running.is_empty() {
                continue;
            }
            let connections = connections::established();
            for (run, server) in running.iter_mut() {
                let mut from = connections
                    .iter()
                    .filter(|connection| connection.local_port == server.port)
                    .map(|connection| connection.from)
                    .peekable();
                let Some(stranger) = from.peek().copied() else {
                    continue;
                };
                if from.any(|from| from == server.host) {
                    continue;
                }
                tracing::warn!(run, %stranger, "somebody else uses the run's iperf3 server: cut off");
                let (port, host) = (server.port, server.host);
                let ended = server.child.kill().await;
                let again = serve(self.settings.iperf_address, port, host).await;
                match (ended, again) {
                    (Ok(()), Ok(again)) => *server = again,
                    (Err(error), _) | (_, Err(error)) => {
                        tracing::warn!(run, "its iperf3 server did not start again: {error}");
                    }
                }
            }
        }
    }
}

/// Ends some servers, and waits until their ports are free.
async fn end(running: &mut BTreeMap<String, Server>, which: impl Fn(&str, &Server) -> bool) {
    let ended: Vec<Server> = running
        .extract_if(.., |id, server| which(id, server))
        .map(|(_, s)| s)
        .collect();
    for mut server in ended {
        if let Err(error) = server.child.kill().await {
            tracing::warn!(
                port = server.port,
                "an iperf3 server could not be ended: {error}"
            );
        }
    }
}

/// An order as it is sent: with the port of the run's server, where its network stage has come.
pub(super) fn with_port(run: &Run, order: &StageOrder) -> StageOrder {
    let at_stage = order.stage == STAGE && run.progress.state.stage() == Some(STAGE);
    StageOrder {
        iperf_port: run.iperf_port.filter(|_| at_stage),
        ..order.clone()
    }
}

/// Says in a result of the network stage that did not pass why this orchestrator had no server for it.
pub(super) fn explain(run: &Run, record: &mut StageRecord) {
    if record.stage != STAGE || record.passed() {
        return;
    }
    if let Some(why) = &run.iperf_reason {
        record.message += &format!("; the orchestrator had no iperf3 server for it: {why}");
    }
}

/// Starts a server, and waits until it listens.
async fn serve(address: IpAddr, port: u16, host: IpAddr) -> std::io::Result<Server> {
    if connections::listens(port) {
        return Err(std::io::Error::other("something else listens there"));
    }
    let mut command = Command::new("iperf3");
    command
        .args(["-s", "-B", &address.to_string(), "-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // SAFETY: one system call, which is async-signal-safe. Killed with this process, whatever ends
    // it; the runtime's threads, one of which forks, live as long as it does.
    unsafe {
        command.pre_exec(|| {
            nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
                .map_err(std::io::Error::from)
        });
    }
    let mut child = command.spawn()?;
    let stderr = child.stderr.take();
    let end = tokio::time::Instant::now() + LISTENS;
    while !connections::listens(port) && tokio::time::Instant::now() < end {
        if child.try_wait()?.is_some() {
            let mut words = String::new();
            if let Some(stderr) = stderr {
                stderr.take(WORDS).read_to_string(&mut words).await?;
            }
            let words = vetting_protocol::printable(words.trim());
            return Err(std::io::Error::other(format!(
                "iperf3 ended at once: {words}"
            )));
        }
        tokio::time::sleep(LOOK).await;
    }
    // Nobody reads what it says from now on, and it must not stand still for that.
    tokio::spawn(async move {
        if let Some(mut stderr) = stderr {
            let _all = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        }
    });
    Ok(Server { child, port, host })
}
