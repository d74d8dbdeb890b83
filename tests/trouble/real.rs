//! Some real agents on simulated machines, whose processes go through the day as they are.

use std::sync::Arc;

use vetting_tests::fleet::{Agent, RunningAgent};

use crate::ledger::Fate;
use crate::world::World;

/// How fast their machines' time passes: a stage of a minute takes some seconds.
const PACE: [&str; 2] = ["--pace", "20"];

/// One of them.
pub struct Real {
    run: String,
    agent: RunningAgent,
    _folder: tempfile::TempDir,
}

/// Starts so many, each with a run of every built-in stage.
pub async fn start(world: &Arc<World>, many: usize) -> Vec<Real> {
    let world = Arc::clone(world);
    let started = tokio::task::spawn_blocking(move || {
        let server = world.server.lock().expect("nobody panics with it");
        let one = |number| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let host = format!("real-{number}");
            let run = server.run(&host, &[]);
            let stages = world
                .models
                .names()
                .iter()
                .map(|s| (*s).to_owned())
                .collect::<Vec<_>>();
            world.ledger.open(&run.id, &host, Fate::Good, &stages);
            let agent = Agent::new(&server, &run, "sim:healthy-server", folder.path());
            let agent = agent.args(&["--tries", "0"]).args(&PACE).start();
            Real {
                run: run.id,
                agent,
                _folder: folder,
            }
        };
        (0..many).map(one).collect()
    });
    started.await.expect("the agents start")
}

/// Waits until their runs are over, and notes what they logged. Each is looked at, however late it is.
pub async fn end(world: &World, all: Vec<Real>, until: tokio::time::Instant) {
    for real in all {
        let path = format!("/api/v1/admin/runs/{}", real.run);
        let is_over = loop {
            let view = world.look::<serde_json::Value>(&path).await;
            let is_over = view.is_ok_and(|view| view["state"] == "Completed");
            if is_over || tokio::time::Instant::now() >= until {
                break is_over;
            }
            world.clock.sleep(10.0).await;
        };
        world.ledger.note(&real.run, |account| {
            account.log = Some(real.agent.log());
            account.over = is_over;
            account
                .history
                .push(format!("a real agent:\n{}", real.agent.log()));
        });
    }
}
