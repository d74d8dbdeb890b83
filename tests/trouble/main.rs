//! A day of trouble: simulated agents vet their hosts while the orchestrator is killed, its disk is
//! full, its calendar jumps, and clients are slow, forge, steal and flood, in an order drawn at random.
//! At the end the orchestrator's database must agree with the simulator's own account: no unearned
//! pass, no lost result, no stuck run, every good host passed, every forgery shown in its run's report.
//!
//! `cargo xtask trouble [--seeds N] [--seed S]` runs whole days; `cargo xtask test` a short one.
//! Seeds are fresh each time, and printed. `VETTING_TROUBLE_SEEDS` says how many, `VETTING_TROUBLE_SEED`
//! takes one again, `VETTING_TROUBLE_FULL` makes them whole days.

mod agent;
mod attackers;
mod clock;
mod disk;
mod forgery;
mod host;
mod judge;
mod ledger;
mod real;
mod record;
mod thief;
mod trouble;
mod world;

use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use vetting_tests::calendar::Calendar;
use vetting_tests::fleet::{Orchestrator, Place};

use disk::Disk;
use forgery::Forgery;
use host::Host;
use judge::Wrong;
use ledger::Fate;
use record::Models;
use trouble::Day;
use world::World;

/// How many seeds there are where nothing else is said.
const SEEDS: u64 = 1;
/// How many light agents are at work at any time.
const AGENTS: usize = 50;
/// How many real agents are at work beside them.
const REAL: usize = 3;
/// How much faster than the wall's virtual time passes.
const PACE: f64 = 30.0;
/// How long runs may take to end after the last trouble, by the wall.
const PATIENCE: Duration = Duration::from_secs(120);
/// The size of the orchestrator's disk, in mebibytes.
const DISK: u32 = 256;
/// How the orchestrator is started. A run's share is such that a disk of that size holds every flood of a
/// day: one that does not fit keeps the others' lines out for good, until an operator makes room.
const FLAGS: [&str; 6] = [
    "--lost",
    "5s",
    "--run-lines",
    "16MiB",
    "--run-samples",
    "16MiB",
];
/// Set within a mount namespace of its own.
const INSIDE: &str = "VETTING_TROUBLE_INSIDE";

/// How long a day is, in virtual seconds, and how often every kind of trouble comes.
#[derive(Clone, Copy)]
struct Form {
    seconds: f64,
    times: usize,
}

/// The short form: every trouble once.
const SHORT: Form = Form {
    seconds: 600.0,
    times: 1,
};
/// Half an hour.
const FULL: Form = Form {
    seconds: 1800.0,
    times: 2,
};

fn main() -> ExitCode {
    if std::env::var_os(INSIDE).is_none() {
        return inside();
    }
    let again = number("VETTING_TROUBLE_SEED");
    let seeds: Vec<u64> = match again {
        Some(seed) => vec![seed],
        None => {
            let many = number("VETTING_TROUBLE_SEEDS").unwrap_or(SEEDS).max(1);
            (0..many)
                .map(|_| u64::from(rand::random::<u32>()))
                .collect()
        }
    };
    let form = if std::env::var_os("VETTING_TROUBLE_FULL").is_some() {
        FULL
    } else {
        SHORT
    };
    println!(
        "{} days of trouble, {:.0} min of virtual time each; seeds {seeds:?}",
        seeds.len(),
        form.seconds / 60.0
    );
    let models = Models::take();
    let mut bad = Vec::new();
    for seed in seeds {
        let wrong = day(seed, form, models.clone());
        let all = wrong.all();
        if !all.is_empty() {
            println!("seed {seed} FAILED: VETTING_TROUBLE_SEED={seed} takes its order again");
            for line in &all {
                println!("  {line}");
            }
            bad.push(seed);
        }
    }
    if bad.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("days that went wrong, by their seeds: {bad:?}");
    ExitCode::FAILURE
}

/// The same program in a mount namespace of its own, in which it may mount a disk.
fn inside() -> ExitCode {
    let mut command = Command::new("unshare");
    if !nix::unistd::getuid().is_root() {
        command.arg("--map-root-user");
    }
    let status = command
        .args(["--mount", "--propagation", "private"])
        .arg(std::env::current_exe().expect("this program"))
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .status()
        .expect("unshare starts: it is Debian's package util-linux");
    if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

/// One day from its seed.
fn day(seed: u64, form: Form, models: Models) -> Wrong {
    let order = Day::draw(seed, form.seconds, form.times);
    println!("\nseed {seed}: {order}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let disk = Disk::mount(&folder.path().join("data"), DISK);
    let calendar = Calendar::new(folder.path());
    let server = Orchestrator::at(Place {
        environment: calendar.environment(),
        flags: FLAGS.map(str::to_owned).to_vec(),
        folder,
    });
    let world = Arc::new(World::new(server, disk, calendar, models, PACE));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let wrong = runtime.block_on(pass(&world, order, seed, form));
    println!("  {}", summary(&world));
    println!("  {}", wrong.figures());
    runtime.shutdown_timeout(Duration::from_secs(5));
    wrong
}

async fn pass(world: &Arc<World>, order: Day, seed: u64, form: Form) -> Wrong {
    let real = real::start(world, REAL).await;
    let slots: Vec<_> = (0..AGENTS)
        .map(|slot| tokio::spawn(work(Arc::clone(world), slot, seed)))
        .collect();
    order.pass(world, PACE).await;
    world.clock.until(form.seconds).await;
    world.calm.store(true, Ordering::Relaxed);
    let end = tokio::time::Instant::now() + PATIENCE;
    for slot in slots {
        let mut slot = slot;
        if tokio::time::timeout_at(end, &mut slot).await.is_err() {
            slot.abort();
        }
    }
    real::end(world, real, end).await;
    judge::judge(world).await
}

/// One place in the rack: a host after the other, until the day is over.
async fn work(world: Arc<World>, slot: usize, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed ^ ((slot as u64 + 1) << 32));
    // Every forgery comes, in another order in every place.
    let mut forgeries = Vec::new();
    for number in 0.. {
        if world.is_calm() {
            return;
        }
        if forgeries.is_empty() {
            forgeries = Forgery::ALL.to_vec();
            forgeries.shuffle(&mut rng);
        }
        let fate = match rng.random_range(0..100) {
            0..55 => Fate::Good,
            55..65 => Fate::Bad,
            65..85 => Fate::Robbed,
            _ => Fate::Forges(forgeries.pop().unwrap_or(Forgery::NotRun)),
        };
        let name = format!("host-{slot}-{number}");
        match Host::create(&world, &name, fate, rng.random()).await {
            Some(host) => host.live().await,
            None => world.clock.sleep(30.0).await,
        }
    }
}

/// What happened, in figures.
fn summary(world: &World) -> String {
    let accounts = world.ledger.accounts();
    let count = |is: fn(&ledger::Account) -> bool| accounts.values().filter(|a| is(a)).count();
    let forged: std::collections::BTreeSet<_> = accounts
        .values()
        .filter(|account| account.forged.is_some())
        .filter_map(|account| match account.fate {
            Fate::Forges(forgery) => Some(forgery),
            _ => None,
        })
        .collect();
    let results: usize = accounts.values().map(|a| a.acknowledged.len()).sum();
    let lines: usize = accounts
        .values()
        .flat_map(|a| a.lines.values())
        .map(Vec::len)
        .sum();
    let claims: u64 = accounts.values().map(|a| a.claims).sum();
    format!(
        "{} runs: {} good, {} bad, {} forged ({} kinds), {} robbed; {claims} claims, {results} results, \
         {lines} lines acknowledged; {} calls answered, {} refused, {} made again; {:.0} s",
        accounts.len(),
        count(|a| a.fate == Fate::Good),
        count(|a| a.fate == Fate::Bad),
        count(|a| a.forged.is_some()),
        forged.len(),
        count(|a| !a.stolen.is_empty()),
        world.answered.load(Ordering::Relaxed),
        world.refused.load(Ordering::Relaxed),
        world.again.load(Ordering::Relaxed),
        world.clock.wall(),
    )
}
