//! The agents: tasks of this process, a thread of them for each CPU. Each has a simulated machine of
//! its own, whose time is the wall's; the stages' code is there once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;
use vetting_machine::Paced;
use vetting_machine::simulated::SimulatedMachine;
use vetting_runtime::agent::{self, Agent, Parameters, Settings};
use vetting_runtime::engine::{Cache, Compiler, Flavour, Limits, StageEngine};
use vetting_runtime::policy::Policy;

use super::Built;

/// Machines boot over this time, one after the other.
const BOOT: Duration = Duration::from_secs(30);
/// Seconds of a machine's time in one of the wall's.
const PACE: f64 = 1.0;

/// One engine for all of them, with every stage compiled and loaded.
pub async fn engine(built: &Built) -> anyhow::Result<Arc<StageEngine>> {
    let compiler = Compiler::new(built.vetting.clone(), Limits::default());
    let cache = Cache::open(&built.cache)?;
    let engine = StageEngine::new(Flavour::EpochAndFuel, compiler, Some(cache))
        .map_err(|error| anyhow::anyhow!("{error:#}"))?
        .sharing();
    for entry in std::fs::read_dir(&built.stages)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "wasm") {
            engine.load(&std::fs::read(&path)?).await?;
        }
    }
    Ok(Arc::new(engine))
}

/// Starts them; tells of each that ends, which none should while it is measured.
pub fn start(
    boots: Vec<Parameters>,
    engine: &Arc<StageEngine>,
    memory: &Path,
) -> anyhow::Result<UnboundedReceiver<String>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let apart = BOOT.div_f64(boots.len() as f64);
    let mut shares: Vec<Vec<(Duration, Agent)>> = (0..threads).map(|_| Vec::new()).collect();
    for (number, boot) in boots.into_iter().enumerate() {
        let machine = SimulatedMachine::builtin("healthy-server", number as u64)?;
        let agent = Agent {
            boot,
            engine: Arc::clone(engine),
            machine: Arc::new(Paced::new(Arc::new(machine), PACE)),
            recorder: None,
            settings: settings(memory),
        };
        shares[number % threads].push((apart.mul_f64(number as f64), agent));
    }
    let (ended, told) = unbounded_channel();
    for share in shares {
        let ended = ended.clone();
        std::thread::spawn(move || walk(share, &ended));
    }
    Ok(told)
}

/// Walks the runs of some agents, each from its boot on.
fn walk(agents: Vec<(Duration, Agent)>, ended: &UnboundedSender<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let tasks = LocalSet::new();
    for (wait, agent) in agents {
        let ended = ended.clone();
        tasks.spawn_local(async move {
            tokio::time::sleep(wait).await;
            let end = agent::run(agent).await;
            // Nobody listens any more once all is measured.
            let _heard = ended.send(format!("{end:?}"));
        });
    }
    match runtime {
        Ok(runtime) => runtime.block_on(tasks),
        Err(error) => {
            let _heard = ended.send(error.to_string());
        }
    }
}

/// As `vetting agent` has them.
fn settings(memory: &Path) -> Settings {
    Settings {
        tries: 20,
        first_wait: Duration::from_secs(2),
        longest_wait: Duration::from_secs(30),
        call: Duration::from_secs(10),
        stall: Duration::from_secs(10),
        grace: Duration::from_secs(2),
        spool: memory.join("spool"),
        // Each of them fetches its components, as each machine of a fleet does.
        components: None,
        scratch: memory.to_owned(),
        // Nobody's last words are in an empty folder.
        root: memory.to_owned(),
        hold_keys: None,
        notices: Vec::new(),
        policy: Arc::new(Policy::Open),
        queue: 20_000,
        limits: Limits::default(),
        seed: 1,
        identity: None,
        boot_id: None,
    }
}
