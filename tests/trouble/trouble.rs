//! What goes wrong in a day, drawn at random and done in that order.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use vetting_protocol::ClaimAnswer;
use vetting_transport::Secret;

use crate::attackers;
use crate::host::Host;
use crate::ledger::Fate;
use crate::world::World;

/// How long a service may take until it works again after a trouble, by the wall.
const RECOVERY: Duration = Duration::from_secs(20);
/// How often that is tried.
const TRY: Duration = Duration::from_millis(200);
/// Between the beginning and the first trouble, in virtual seconds.
const QUIET: f64 = 60.0;

/// One trouble. Times are in virtual seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// The orchestrator is killed as by a power cut, and started again.
    Kill,
    /// The orchestrator is ended by SIGTERM, and started again.
    Terminate,
    /// Its disk is full for so long.
    DiskFull(f64),
    /// Its calendar is set so many seconds off the right time.
    Calendar(i64),
    /// Clients that hardly say anything.
    SlowClients(usize),
    /// Connections that are opened and kept.
    Connections(usize),
    /// Calls with tokens that nobody has, for so long.
    WrongTokens(f64),
    /// One agent's log lines, for so long.
    Lines(f64),
    /// One agent's samples, for so long.
    Samples(f64),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Kill => write!(f, "kill -9"),
            Trouble::Terminate => write!(f, "SIGTERM"),
            Trouble::DiskFull(seconds) => write!(f, "disk full for {seconds:.0} s"),
            Trouble::Calendar(seconds) => write!(f, "calendar {seconds:+} s"),
            Trouble::SlowClients(many) => write!(f, "{many} slow clients"),
            Trouble::Connections(many) => write!(f, "{many} connections"),
            Trouble::WrongTokens(seconds) => write!(f, "wrong tokens for {seconds:.0} s"),
            Trouble::Lines(seconds) => write!(f, "a flood of lines for {seconds:.0} s"),
            Trouble::Samples(seconds) => write!(f, "a flood of samples for {seconds:.0} s"),
        }
    }
}

/// A day: when which trouble begins.
pub struct Day(Vec<(f64, Trouble)>);

impl Day {
    /// Draws a day of so many virtual seconds, in which every kind of trouble comes so often.
    pub fn draw(seed: u64, seconds: f64, times: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut all = Vec::new();
        for _ in 0..times {
            all.push(Trouble::Kill);
            all.push(Trouble::Terminate);
            all.push(Trouble::DiskFull(rng.random_range(30.0..90.0)));
            // From a minute to a month, in either direction.
            let seconds: f64 = 60.0 * 43_200_f64.powf(rng.random());
            let sign = if rng.random() { 1.0 } else { -1.0 };
            all.push(Trouble::Calendar((seconds * sign) as i64));
            all.push(Trouble::SlowClients(rng.random_range(50..200)));
            all.push(Trouble::Connections(rng.random_range(200..800)));
            all.push(Trouble::WrongTokens(rng.random_range(20.0..60.0)));
            all.push(Trouble::Lines(rng.random_range(20.0..60.0)));
            all.push(Trouble::Samples(rng.random_range(20.0..60.0)));
        }
        all.shuffle(&mut rng);
        let last = seconds * 0.9;
        let mut times: Vec<f64> = all.iter().map(|_| rng.random_range(QUIET..last)).collect();
        times.sort_by(f64::total_cmp);
        Day(times.into_iter().zip(all).collect())
    }

    /// Does all of it.
    pub async fn pass(self, world: &Arc<World>, pace: f64) {
        for (at, trouble) in self.0 {
            world.clock.until(at).await;
            happen(world, trouble, pace).await;
            recovered(world, &trouble.to_string()).await;
        }
        world.disk.free();
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let clock = |at: f64| format!("{:02.0}:{:02.0}", (at / 60.0).floor(), (at % 60.0).floor());
        let all: Vec<_> = self
            .0
            .iter()
            .map(|(at, trouble)| format!("{} {trouble}", clock(*at)))
            .collect();
        f.write_str(&all.join(", "))
    }
}

async fn happen(world: &Arc<World>, trouble: Trouble, pace: f64) {
    let wall = |seconds: f64| Duration::from_secs_f64(seconds / pace);
    let shared = Arc::clone(world);
    match trouble {
        Trouble::Kill => restarted(world, true).await,
        Trouble::Terminate => restarted(world, false).await,
        Trouble::DiskFull(seconds) => {
            world.disk.fill();
            world.clock.sleep(seconds).await;
            world.disk.free();
        }
        Trouble::Calendar(seconds) => {
            world.calendar.step(seconds);
            stepped(world, seconds).await;
        }
        Trouble::SlowClients(many) => attackers::slow(shared, many, wall(60.0)).await,
        Trouble::Connections(many) => {
            attackers::connections(shared, many, wall(60.0)).await;
        }
        Trouble::WrongTokens(seconds) => {
            attackers::wrong_tokens(shared, wall(seconds)).await;
        }
        Trouble::Lines(seconds) => flood(world, true, wall(seconds)).await,
        Trouble::Samples(seconds) => flood(world, false, wall(seconds)).await,
    }
}

/// Sees that the orchestrator has its new calendar: a run that it creates now is of that time.
async fn stepped(world: &Arc<World>, seconds: i64) {
    let now = world.clock.now();
    let name = format!("calendar-{now:.0}");
    let Some(host) = Host::create(world, &name, Fate::Bad, now.to_bits()).await else {
        return;
    };
    let path = format!("/api/v1/admin/runs/{}", host.run);
    if let Ok(view) = world.look::<Value>(&path).await {
        let created = view["created"].as_str().unwrap_or_default();
        let off = crate::clock::offset(created);
        if off.is_none_or(|off| (off - seconds).abs() > 30) {
            let what = format!("a run was created at {created}, which is not {seconds:+} s off");
            world.ledger.unexpected(what);
        }
    }
    host.steer("abort").await;
    world.ledger.note(&host.run, |account| account.over = true);
}

/// Ends the orchestrator and starts it again, on a thread that may wait.
async fn restarted(world: &Arc<World>, at_once: bool) {
    let world = Arc::clone(world);
    let done = tokio::task::spawn_blocking(move || {
        let mut server = world.server.lock().expect("nobody panics with it");
        if at_once {
            server.kill();
        } else {
            server.terminate();
        }
        server.restart();
    });
    done.await.expect("the orchestrator starts again");
}

/// A host whose agent delivers as fast as it can. Its run is ended by the operator afterwards.
async fn flood(world: &Arc<World>, lines: bool, wall: Duration) {
    let Some(noisy) = Host::create(
        world,
        &format!("noisy-{:.0}", world.clock.now()),
        Fate::Bad,
        world.clock.now().to_bits(),
    )
    .await
    else {
        return;
    };
    let claim = json!({ "identity": noisy.identity, "boot_id": "noisy", "instance": "noisy",
        "version": "0", "machine": "noisy" });
    let path = format!("/api/v1/runs/{}/claim", noisy.run);
    let claimed = world.post(&noisy.client, &path, &noisy.boot_token, &claim);
    let claimed: Result<ClaimAnswer, _> = claimed.await;
    if let Ok(claimed) = claimed {
        let session = Secret::new(claimed.session_token);
        let of = (noisy.run.clone(), session, claimed.epoch);
        attackers::deliveries(Arc::clone(world), of, lines, wall).await;
    }
    noisy.steer("abort").await;
    world.ledger.note(&noisy.run, |account| account.over = true);
}

/// Waits until a write succeeds; where none does, says so, and starts the orchestrator again so that the
/// rest of the day can be looked at.
async fn recovered(world: &Arc<World>, after: &str) {
    let began = std::time::Instant::now();
    let host = json!({ "name": "probe", "identity": { "mac": "02:00:00:00:00:01" },
        "spec": null, "created": "2026-01-01T00:00:00Z" });
    let mut last = String::new();
    while began.elapsed() < RECOVERY {
        let probe: Result<Value, _> = world.order_once("/api/v1/admin/hosts", &host).await;
        match probe {
            Ok(_) => return,
            // It is known already, and the database has said so.
            Err(error) if error.is_answer() => return,
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(TRY).await;
    }
    let seconds = RECOVERY.as_secs();
    world.ledger.unexpected(format!(
        "NOT RECOVERED: {seconds} s after `{after}` no write succeeds: {last}"
    ));
    restarted(world, true).await;
}
