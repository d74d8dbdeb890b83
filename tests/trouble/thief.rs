//! A thief who has read a boot token from the host's console: it claims the run from a machine of its
//! own, and passes whatever it is given.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use vetting_protocol::{ClaimAnswer, HeartbeatAnswer, ResultAnswer, StageResult, State};
use vetting_transport::Secret;

use crate::ledger::Account;
use crate::world::World;

/// What was stolen.
pub struct Loot {
    /// The run.
    pub run: String,
    /// Its boot token.
    pub boot_token: Secret,
    /// Who the host is, which stands on the same console.
    pub identity: Value,
}

/// The address that a thief gives, which no host has: a report that shows it shows the thief.
pub const ADDRESS: &str = "192.0.2.66";
/// How often it tries to pass a stage.
const TRIES: u32 = 5;

/// Claims a run after so many virtual seconds, and tries to pass it.
pub async fn steal(world: Arc<World>, loot: Loot, wait: f64, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    world.clock.sleep(wait).await;
    let client = world.client();
    let path = |call: &str| format!("/api/v1/runs/{}/{call}", loot.run);
    let mut claim = json!({
        "identity": loot.identity, "boot_id": format!("thief-{seed}"),
        "instance": format!("thief-{seed}"), "version": "0", "machine": "a thief's",
        "address": ADDRESS,
    });
    // Not every thief knows the whole identity.
    if rng.random_bool(0.3) {
        claim["identity"]["system_uuid"] = json!("00000000-0000-0000-0000-000000000066");
    }
    let claimed = world.post(&client, path("claim"), &loot.boot_token, &claim);
    let claimed: Result<ClaimAnswer, _> = claimed.await;
    let words = match &claimed {
        Ok(claimed) => format!("claim {}: {}", claimed.epoch, claimed.current_state),
        Err(no) => no.to_string(),
    };
    let line = format!("{:.0} s: a thief claimed it: {words}", world.clock.now());
    world.ledger.note(&loot.run, |account| {
        account.history.push(line);
        account.stolen.push(words);
    });
    let Ok(claimed) = claimed else { return };
    let token = Secret::new(claimed.session_token);
    let epoch = claimed.epoch;
    let mut at = (claimed.current_state, claimed.attempt);
    for number in 0..TRIES {
        // Whatever the run is at, and where it holds, the stage that it stopped at.
        let stages = claimed.stages.iter().map(|order| order.stage.clone());
        for stage in stages {
            if at.0 != State::FailedHolding && at.0 != State::Stage(stage.clone()) {
                continue;
            }
            let message = format!("stolen {} {number}", loot.run);
            let record = world.models.pass(&stage, at.1.max(1), &message);
            let result = StageResult {
                epoch,
                passed: true,
                inventory: None,
                record,
            };
            let sent = world.post(&client, path("result"), &token, &result);
            if let Ok(answer) = sent.await {
                let answer: ResultAnswer = answer;
                // What the orchestrator has of that attempt already is answered as then.
                if !answer.repeated {
                    let line = format!("{:.0} s: a thief passed {stage}", world.clock.now());
                    let note = |account: &mut Account| account.history.push(line);
                    world.ledger.note(&loot.run, note);
                }
                at = (answer.next_state, answer.attempt);
            }
        }
        world.clock.sleep(rng.random_range(5.0..30.0)).await;
        let beat = json!({ "epoch": epoch, "state": at.0 });
        let heard = world.post(&client, path("heartbeat"), &token, &beat);
        let heard: Result<HeartbeatAnswer, _> = heard.await;
        let Ok(heard) = heard else { return };
        for directive in heard.directives {
            if let (Some(stage), Some(attempt)) = (directive.stage, directive.attempt) {
                at = (State::Stage(stage), attempt);
            }
        }
    }
}
