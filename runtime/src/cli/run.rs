//! `vetting run`: a local run, from the command line to the report.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use vetting_machine::contract::context::NetworkPeer;
use vetting_machine::directory::DirectoryMachine;
use vetting_machine::queries::Query;
use vetting_machine::real::{self, RealMachine};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::tools::Toolbox;
use vetting_machine::tools::iperf3;
use vetting_machine::{Cancel, Machine, Paced};

use super::args::{MachineChoice, RunArgs};
use super::live::View;
use super::recording::{self, Watched};
use super::report;
use super::settings;
use super::signals::cancel_on_signals;
use super::{Exit, Failure, print};
use crate::agent::boot::Given;
use crate::engine::{Cache, Compiler, Flavour, Limits, StageEngine};
use crate::policy::Policy;
use crate::recording::header;
use crate::run::{self, Plan};

/// Where the kernel tells what it was booted with.
const KERNEL_COMMAND_LINE: &str = "/proc/cmdline";
/// iperf3's own default port.
const IPERF_PORT: u16 = 5201;

/// Runs stages and reports.
pub async fn run(args: RunArgs) -> Result<Exit, Failure> {
    if args.limit.iter().any(|limit| limit == "list") {
        return list_limits();
    }
    // From here on a signal ends the run in good order, whatever it is at.
    let cancel = Cancel::new();
    cancel_on_signals(&cancel).map_err(Failure::runtime)?;
    let replay = recording::replayed(&args.machine)?;
    let faults = recording::faults(&args.fault)?;
    let mut limits = limits(recording::limits(replay.as_ref())?, &args.limit)?;
    if let Some(fuel) = args.fuel {
        limits.fuel = fuel;
    }
    let folder = args.folder.clone().unwrap_or_else(default_stages);
    let policy = policy(args.policy.as_deref())?;
    let candidates = run::find(&folder, &policy, limits.component_bytes).map_err(Failure::usage)?;
    let names: Vec<String> = candidates.iter().map(|c| c.name().to_owned()).collect();
    let candidates = run::select(
        candidates,
        &recording::stages(replay.as_ref(), &args.stages)?,
    )
    .map_err(Failure::usage)?;

    let (machine, _loopback_server) = match replay.clone() {
        Some(replay) => (recording::machine(replay, Arc::clone(&faults)), None),
        None => {
            // The policy of this machine's own image speaks for the image, not for a laptop.
            let named = args.policy.is_some();
            let with = MachineGiven {
                peer: args.peer.as_deref(),
                with_peer: true,
                queries: policy.queries().into_iter().filter(|_| named).collect(),
                ..MachineGiven::default()
            };
            let (machine, server) = machine(&args.machine, with).await?;
            (recording::overlaid(machine, &faults), server)
        }
    };
    let parameters =
        settings::parameters(&*machine, &candidates, &names, &args.set).map_err(Failure::usage)?;
    let engine = engine(
        args.cache.clone(),
        args.no_cache,
        &limits,
        run::flavour(&*machine),
    )?;
    let mut stages = Vec::new();
    for (candidate, parameters) in candidates.iter().zip(parameters) {
        let stage = engine
            .load(&candidate.bytes)
            .await
            .with_context(|| candidate.path.display().to_string())
            .map_err(Failure::usage)?;
        stages.push((stage, parameters));
    }

    let view = View::new(
        &args,
        Arc::clone(&machine),
        stages.iter().map(|(s, _)| s.name()),
    );
    if let Some(replay) = &replay {
        recording::say_what_changed(replay, &stages);
    }
    let header = |machine: &dyn Machine| header(machine, args.machine.seed, &limits, &stages);
    let (machine, recorder) = args.recording.over(machine, header)?;
    let cancelled = replay.as_ref().and_then(recording::cancelled);
    if let Some((None, reason)) = &cancelled {
        cancel.cancel(reason.clone());
    }
    let plan = Plan {
        stages,
        timeout: args.timeout,
        grace: args.grace,
        seed: args.machine.seed,
        limits,
        scratch: args.scratch.clone(),
        policy,
        granted: None,
    };
    let watched = Watched {
        view: &view,
        recorder: recorder.as_ref(),
        cancelled,
        cancel: &cancel,
    };
    let record = run::run(&engine, &*machine, plan, &cancel, &watched).await;
    view.close();
    let closed = recorder.map_or(Ok(()), |recorder| recorder.close(cancel.reason().cloned()));
    for fault in faults.idle() {
        recording::say(&format!("the fault `{fault}` struck nothing"));
    }
    let record = record.map_err(Failure::runtime)?;
    report::of_run(&record, args.format, args.output.as_deref())?;
    closed.map_err(Failure::runtime)?;
    Ok(record.verdict.into())
}

/// What a real machine is given besides what the command line chose.
#[derive(Debug, Default)]
pub struct MachineGiven<'a> {
    /// The peer that was named.
    pub peer: Option<&'a str>,
    /// Whether an iperf3 server on loopback is to be the peer where none was named.
    pub with_peer: bool,
    /// Whether it was said that the machine was booted for a test.
    pub live_image: bool,
    /// Queries of a policy file.
    pub queries: Vec<Query>,
}

/// The machine that was asked for, and the iperf3 server on loopback when that is wanted and nothing
/// better was named.
pub async fn machine(
    choice: &MachineChoice,
    given: MachineGiven<'_>,
) -> Result<(Arc<dyn Machine>, Option<iperf3::Server>), Failure> {
    if let Some(profile) = choice.machine.strip_prefix("sim:") {
        let machine = if profile.ends_with(".toml") {
            let text = std::fs::read_to_string(profile)
                .with_context(|| format!("the machine profile {profile}"))
                .map_err(Failure::usage)?;
            SimulatedMachine::from_toml(profile, &text, choice.seed)
        } else {
            SimulatedMachine::builtin(profile, choice.seed)
        };
        let machine: Arc<dyn Machine> = Arc::new(machine.map_err(Failure::usage)?);
        return Ok(match choice.pace {
            Some(pace) => (Arc::new(Paced::new(machine, pace)), None),
            None => (machine, None),
        });
    }
    if let Some(folder) = choice.machine.strip_prefix("dir:") {
        if choice.pace.is_some() {
            return Err(Failure::usage(anyhow::anyhow!(
                "--pace is for simulated machines: evidence answers as fast as it can"
            )));
        }
        let machine = DirectoryMachine::open(folder, Path::new(folder)).map_err(Failure::usage)?;
        return Ok((Arc::new(machine), None));
    }
    if let Some(recording) = recording::replayed(choice)? {
        return Ok((recording::machine(recording, Arc::default()), None));
    }
    if choice.pace.is_some() {
        return Err(Failure::usage(anyhow::anyhow!(
            "--pace is for simulated machines: a real one keeps its own time"
        )));
    }
    if choice.machine != "real" {
        return Err(Failure::usage(anyhow::anyhow!(
            "unknown machine `{}`: use `real`, `dir:FOLDER`, `replay:FILE`, or `sim:PROFILE` with one of: {}",
            choice.machine,
            profiles()
        )));
    }
    let (peer, server) = match given.peer {
        Some(peer) => (Some(named_peer(peer).map_err(Failure::usage)?), None),
        None if given.with_peer => loopback_peer(choice).await,
        None => (None, None),
    };
    let machine = RealMachine::new(real::Options {
        root: choice.root.clone(),
        tools: choice.tools.clone(),
        peer,
        live_image: given.live_image,
        queries: given.queries,
    })
    .map_err(Failure::usage)?;
    Ok((Arc::new(machine), server))
}

/// An iperf3 server of our own on loopback. Where that cannot be, there is no peer, and the network
/// stage says so.
async fn loopback_peer(choice: &MachineChoice) -> (Option<NetworkPeer>, Option<iperf3::Server>) {
    match iperf3::serve_loopback(&Toolbox::new(choice.tools.clone())).await {
        Ok(server) => {
            let peer = NetworkPeer {
                host: "127.0.0.1".to_owned(),
                port: server.port,
                loopback: true,
            };
            (Some(peer), Some(server))
        }
        Err(error) => {
            tracing::warn!("no iperf3 server on loopback: {error}");
            (None, None)
        }
    }
}

/// `HOST`, `HOST:PORT`, `[V6]`, `[V6]:PORT`.
fn named_peer(text: &str) -> anyhow::Result<NetworkPeer> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host, Some(port)),
            _ => (text, None),
        },
    };
    let port = port.map_or(Ok(IPERF_PORT), str::parse);
    let port = port.with_context(|| format!("--peer {text}: the port is no number"))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:%".contains(c);
    if host.is_empty() || host.starts_with('-') || !host.chars().all(plain) {
        anyhow::bail!("--peer {text}: HOST[:PORT] is needed, such as 10.0.0.5:5201");
    }
    let address = host.parse::<std::net::IpAddr>();
    Ok(NetworkPeer {
        loopback: host == "localhost" || address.is_ok_and(|address| address.is_loopback()),
        host: host.to_owned(),
        port,
    })
}

fn profiles() -> String {
    let names = SimulatedMachine::builtin_names();
    let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// An engine, and its cache unless there is to be none.
pub fn engine(
    folder: Option<PathBuf>,
    no_cache: bool,
    limits: &Limits,
    flavour: Flavour,
) -> Result<StageEngine, Failure> {
    let program = std::env::current_exe()
        .context("this program's own file cannot be found, and it is the compiler too")
        .map_err(Failure::runtime)?;
    let compiler = Compiler::new(program, limits.clone());
    let folder = folder.or_else(default_cache);
    let cache = match folder {
        Some(folder) if !no_cache => match Cache::open(&folder) {
            Ok(cache) => Some(cache),
            Err(error) => {
                let folder = folder.display();
                tracing::warn!("compiled stages are not kept, {folder} cannot be used: {error}");
                None
            }
        },
        _ => None,
    };
    StageEngine::new(flavour, compiler, cache)
        .map_err(|error| Failure::runtime(anyhow::Error::from(error)))
}

/// The policy of a file that was named, else that of the image that this machine was booted with.
pub fn policy(named: Option<&Path>) -> Result<Policy, Failure> {
    let environment = Given::from_environment(|name| std::env::var(name).ok());
    let booted = || Given::from_kernel(Path::new(KERNEL_COMMAND_LINE));
    let named = named.map(Path::to_owned).or(environment.policy);
    let named = named.or_else(|| booted().policy);
    Policy::find(named.as_deref(), false).map_err(Failure::usage)
}

/// Limits, and over them what was given as NAME=VALUE.
pub fn limits(mut limits: Limits, given: &[String]) -> Result<Limits, Failure> {
    for limit in given {
        let (name, value) = limit.split_once('=').ok_or_else(|| {
            Failure::usage(anyhow::anyhow!(
                "--limit {limit}: NAME=VALUE is needed, such as memory=64MiB"
            ))
        })?;
        limits.set(name, value).map_err(Failure::usage)?;
    }
    Ok(limits)
}

fn list_limits() -> Result<Exit, Failure> {
    let mut text = String::new();
    for (name, default, what) in Limits::ALL {
        text.push_str(&format!("{name:<18} {default:>14} {what}\n"));
    }
    print::lines(&text)?;
    Ok(Exit::Passed)
}

/// Beside the program (as a build leaves them), else where a package puts them.
fn default_stages() -> PathBuf {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.parent()?.join("stages")));
    match beside {
        Some(folder) if folder.is_dir() => folder,
        _ => Path::new("/usr/share/vetting/stages").to_owned(),
    }
}

fn default_cache() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.filter(|path| path.is_absolute()).or_else(home)?;
    Some(base.join("vetting").join("code"))
}
