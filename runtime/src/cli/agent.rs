//! `vetting agent`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use vetting_machine::real::{self, LiveImage, RealMachine};
use vetting_machine::{Machine, Time};
use vetting_protocol::Identity;
use vetting_transport::Secret;

use super::args::AgentArgs;
use super::power_off::power_off;
use super::run::{MachineGiven, engine, limits, machine};
use super::{Exit, Failure, print};
use crate::agent::boot::{Given, Sources};
use crate::agent::{self, Agent, Ended, Parameters, Settings, service};
use crate::engine::Limits;
use crate::policy::Policy;
use crate::recording::header;

/// Where operators' keys go in live-image mode.
const HOLD_KEYS: &str = "/root/.ssh/authorized_keys";

/// The longest wait between two tries. (Design, section 5.)
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Walks the run.
pub async fn agent(args: AgentArgs) -> Result<Exit, Failure> {
    let sources = sources(&args).map_err(Failure::usage)?;
    if args.print_config {
        print::json(&sources.as_json())?;
        return Ok(Exit::Passed);
    }
    let given = sources.given();
    let policy = Policy::find(given.policy.as_deref(), args.live_image).map_err(Failure::usage)?;
    let boot = given.checked().map_err(Failure::usage)?;
    service::ready();
    tokio::spawn(service::watchdog());
    if args.machine.machine.starts_with("replay:") {
        let why = "an agent vets a machine, and a recording is none; `vetting run` replays it";
        return Err(Failure::usage(anyhow::anyhow!(why)));
    }
    if args.machine.machine.starts_with("dir:") {
        let why = "an agent vets a machine, not a folder of evidence: use `vetting run`";
        return Err(Failure::usage(anyhow::anyhow!(why)));
    }
    let named = args.policy.is_some() || args.live_image;
    let with = MachineGiven {
        live_image: args.live_image,
        queries: policy.queries().into_iter().filter(|_| named).collect(),
        ..MachineGiven::default()
    };
    let (machine, _no_server) = machine(&args.machine, with).await?;
    let live = live_image(&args)?;
    let limits = limits(Limits::default(), &args.limit)?;
    let given = (machine.time(), limits, policy);
    let settings = settings(&args, &boot, given, &live).map_err(Failure::usage)?;
    let flavour = crate::run::flavour(&*machine);
    let engine = engine(args.cache, false, &settings.limits, flavour)?;
    let header = |machine: &dyn Machine| header(machine, settings.seed, &settings.limits, &[]);
    let (machine, recorder) = args.recording.over(machine, header)?;
    let agent = Agent {
        boot,
        engine: Arc::new(engine),
        machine,
        recorder: recorder.clone(),
        settings,
    };
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(Failure::runtime)?;
    let ended = tokio::select! {
        ended = agent::run(agent) => Some(ended.map_err(Failure::runtime)),
        // A service that is stopped ends; its tools die with it.
        _ = terminate.recv() => None,
    };
    let closed = recorder.map_or(Ok(()), |recorder| recorder.close(None));
    if let Err(error) = closed {
        tracing::error!(target: "vetting_runtime::agent", "{error}");
    }
    let Some(ended) = ended.transpose()? else {
        return Ok(Exit::Cancelled);
    };
    if !matches!(ended, Ended::RunOver(_)) {
        service::stopping();
    }
    match ended {
        Ended::PowerOff(why) => {
            tracing::info!(target: "vetting_runtime::agent", "{why}");
            if live.is_on() {
                say(&format!("power off: {why}"));
                power_off().map_err(Failure::runtime)?;
            } else {
                say(&format!(
                    "power off: {why}; this is no live image, so the machine stays up ({})",
                    live.refusal()
                ));
            }
            Ok(Exit::Passed)
        }
        Ended::Aborted(why) => {
            say(&format!("ended: {why}; the machine stays up"));
            Ok(Exit::Cancelled)
        }
        Ended::Superseded(why) => Err(Failure::runtime(anyhow::anyhow!("{why}"))),
        Ended::RunOver(why) => {
            say(&format!("idle: {why}; this machine is left as it is"));
            service::status("idle: the run is over");
            terminate.recv().await;
            Ok(Exit::Passed)
        }
    }
}

/// Where the boot parameters come from: flags, then the environment, then the kernel.
fn sources(args: &AgentArgs) -> anyhow::Result<Sources> {
    let token = match &args.token_file {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            Some(text.trim().to_owned())
        }
        None => args.token.clone(),
    };
    let flags = Given {
        url: args.url.clone(),
        run: args.run.clone(),
        token: token.map(Secret::new),
        pins: args.pin.clone(),
        mac: args.mac.clone(),
        policy: args.policy.clone(),
    };
    let environment = Given::from_environment(|name| std::env::var(name).ok());
    let kernel = Given::from_kernel(&args.kernel_command_line);
    Ok(Sources::default()
        .then("flag", flags)
        .then("environment", environment)
        .then("kernel command line", kernel))
}

/// Whether this machine was booted for a test.
fn live_image(args: &AgentArgs) -> Result<LiveImage, Failure> {
    if args.live_image && args.machine.machine != "real" {
        let why = "--live-image is for the real machine: a simulated one has no power to be cut";
        return Err(Failure::usage(anyhow::anyhow!(why)));
    }
    let machine = RealMachine::new(real::Options {
        root: args.machine.root.clone(),
        live_image: args.live_image,
        ..real::Options::default()
    });
    Ok(machine.map_err(Failure::usage)?.live_image())
}

fn settings(
    args: &AgentArgs,
    boot: &Parameters,
    (time, limits, policy): (Time, Limits, Policy),
    live: &LiveImage,
) -> anyhow::Result<Settings> {
    let simulated = time == Time::Virtual;
    if !simulated && (args.system_uuid.is_some() || args.boot_id.is_some()) {
        anyhow::bail!(
            "--system-uuid and --boot-id are for simulated machines: a real one tells its own"
        );
    }
    let identity = (simulated && args.system_uuid.is_some()).then(|| Identity {
        mac: boot.mac.clone().unwrap_or_default(),
        system_uuid: args.system_uuid.clone(),
        board_serial: None,
    });
    let refused = (args.live_image && !live.is_on()).then(|| {
        format!(
            "live-image mode is off, so nothing is powered off, nobody is let in and no disk is written to: {}",
            live.refusal()
        )
    });
    let components = args.spool.join("components");
    let kept = std::fs::create_dir_all(&components).is_ok();
    Ok(Settings {
        tries: args.tries,
        first_wait: args.first_wait,
        longest_wait: LONGEST_WAIT,
        call: Duration::from_secs(10),
        stall: args.stall,
        grace: args.grace,
        spool: args.spool.clone(),
        components: kept.then_some(components),
        scratch: args.scratch.clone(),
        root: args.machine.root.clone(),
        hold_keys: args
            .hold_key_file
            .clone()
            .or_else(|| live.is_on().then(|| HOLD_KEYS.into())),
        notices: refused.into_iter().collect(),
        policy: Arc::new(policy),
        queue: args.queue,
        limits,
        seed: args.machine.seed,
        identity,
        boot_id: args.boot_id.clone(),
    })
}

fn say(text: &str) {
    // Where standard output is gone, the exit status still tells.
    let _read_or_not = print::lines(&format!("{text}\n"));
}
