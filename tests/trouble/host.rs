//! One simulated host from its run's creation to the run's end: it boots, its agent works, crashes and
//! comes back, and an operator does for it what a person would.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use vetting_protocol::Code;
use vetting_transport::{Client, Secret};

use crate::agent::{Over, Session};
use crate::ledger::Fate;
use crate::thief;
use crate::world::{No, World};

/// The longest time between a run's creation and its host's first claim, in virtual seconds.
const LONGEST_BOOT: f64 = 240.0;
/// How long a host takes to boot again, in virtual seconds.
const REBOOT: f64 = 60.0;
/// How long an agent takes to start again, in virtual seconds.
const RESTART: f64 = 10.0;
/// More lives of one host than these are a fault.
const MOST_LIVES: u32 = 60;

/// A host with its run.
pub struct Host {
    /// What it shares with the others.
    pub world: Arc<World>,
    /// Its name.
    pub name: String,
    /// Its run.
    pub run: String,
    /// Its boot token.
    pub boot_token: Secret,
    /// Who it is, as in a claim.
    pub identity: Value,
    /// What it is.
    pub fate: Fate,
    /// The stage that fails or is forged, where one is.
    pub weak: String,
    /// What it draws from.
    pub rng: StdRng,
    /// Its connections.
    pub client: Client,
    /// Whether a thief has its boot token already.
    pub robbed: bool,
    /// The number of its boot.
    pub boot: u32,
    /// The number of its agent process.
    pub process: u32,
    /// Its session, which it keeps for as long as it is not rebooted.
    pub session: Option<Session>,
    /// Results are told apart by it.
    pub sent: u32,
}

impl Host {
    /// Registers a host and makes a run of it; `None` where the orchestrator cannot be reached.
    pub async fn create(world: &Arc<World>, name: &str, fate: Fate, seed: u64) -> Option<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut stages: Vec<String> = world.models.names().iter().map(|s| (*s).into()).collect();
        let many = rng.random_range(2..=4).min(stages.len());
        let fits = |stage: &String| match fate {
            Fate::Forges(forgery) => forgery.fits(world.models.seconds(stage)),
            _ => true,
        };
        // At least one stage in which the fate can show.
        let weak = loop {
            let at = rng.random_range(0..stages.len());
            if fits(&stages[at]) {
                break stages[at].clone();
            }
        };
        while stages.len() > many {
            let at = rng.random_range(0..stages.len());
            if stages[at] != weak {
                stages.remove(at);
            }
        }
        let mut octets = [0_u8; 5];
        rng.fill(&mut octets[..]);
        let mac: Vec<_> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        let identity = json!({
            "mac": format!("02:{}", mac.join(":")),
            "system_uuid": uuid(rng.random()),
            "board_serial": format!("board-{name}"),
        });
        let made = created(world, name, &identity, &stages).await?;
        let text = |key: &str| made[key].as_str().unwrap_or_default().to_owned();
        let run = text("id");
        world.ledger.open(&run, name, fate, &stages);
        Some(Host {
            world: Arc::clone(world),
            name: name.to_owned(),
            run,
            boot_token: Secret::new(text("boot_token")),
            identity,
            fate,
            weak,
            rng,
            client: world.client(),
            robbed: false,
            boot: 1,
            process: 1,
            session: None,
            sent: 0,
        })
    }

    /// Lives until its run is over.
    pub async fn live(mut self) {
        let world = Arc::clone(&self.world);
        world
            .clock
            .sleep(self.rng.random_range(5.0..LONGEST_BOOT))
            .await;
        for _ in 0..MOST_LIVES {
            let over = self.agent().await;
            self.note(format!("its agent ended: {over:?}"));
            match over {
                Over::Run => {
                    world.ledger.note(&self.run, |account| account.over = true);
                    return;
                }
                Over::AgentDied | Over::LookAgain => {
                    world.clock.sleep(RESTART).await;
                    if over == Over::AgentDied {
                        self.process += 1;
                    }
                }
                // A person finds the machine without an agent, and boots it again.
                Over::HostDown | Over::Replaced => {
                    world
                        .clock
                        .sleep(REBOOT * self.rng.random_range(0.5..2.0))
                        .await;
                    self.boot += 1;
                    self.process += 1;
                    self.session = None;
                }
                Over::GivenUp => {
                    self.steer("abort").await;
                    world.ledger.note(&self.run, |account| account.over = true);
                    return;
                }
            }
        }
        world
            .ledger
            .unexpected(format!("{} ({}) lived too often", self.name, self.run));
    }

    /// The boot's id.
    pub fn boot_id(&self) -> String {
        format!("{}-boot-{}", self.name, self.boot)
    }

    /// Lets a thief try the run's boot token, some time after the host's first claim.
    pub fn rob(&mut self) {
        if std::mem::replace(&mut self.robbed, true) {
            return;
        }
        let seed = self.rng.random();
        let wait = self.rng.random_range(5.0..60.0);
        tokio::spawn(thief::steal(
            Arc::clone(&self.world),
            thief::Loot {
                run: self.run.clone(),
                boot_token: self.boot_token.clone(),
                identity: self.identity.clone(),
            },
            wait,
            seed,
        ));
    }

    /// Does what an operator would; whether it was acknowledged.
    pub async fn steer(&self, cmd: &str) -> bool {
        let path = format!("/api/v1/admin/runs/{}/steer", self.run);
        let order = json!({ "cmd": cmd });
        let steered = self.world.order::<Value>(&path, &order).await;
        match steered {
            Ok(_) => {
                self.note(format!("the operator gave {cmd}"));
                true
            }
            // It has moved on meanwhile, or an order before was acknowledged by nobody.
            Err(no) => {
                self.note(format!("the operator's {cmd} was refused: {no}"));
                false
            }
        }
    }

    /// Notes something in its history.
    pub fn note(&self, what: String) {
        let line = format!("{:.0} s: {what}", self.world.clock.now());
        self.world
            .ledger
            .note(&self.run, |account| account.history.push(line));
    }
}

/// Registers a host and makes a run of it. An answer that is lost on its way makes the same call again a
/// refusal: then this host is given up, and its run waits for nobody.
async fn created(world: &World, name: &str, identity: &Value, stages: &[String]) -> Option<Value> {
    let now = "2026-01-01T00:00:00Z";
    let host = json!({ "name": name, "identity": identity, "spec": null, "created": now });
    let _known_already = world.order::<Value>("/api/v1/admin/hosts", &host).await;
    let new = json!({ "host": name, "stages": stages });
    match world.order("/api/v1/admin/runs", &new).await {
        Ok(made) => Some(made),
        Err(No::Refused {
            code: Code::State, ..
        }) => None,
        Err(no) => {
            world.ledger.unexpected(format!("no run of {name}: {no}"));
            None
        }
    }
}

fn uuid(number: u128) -> String {
    let digits = format!("{number:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    parts.join("-")
}
