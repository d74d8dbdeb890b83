//! The restart promise: an orchestrator that is killed again and again while agents are at work loses
//! no result, advances no run twice and leaves none stuck. It is killed at random instants, and its
//! database is asked what came of it.
//!
//! `cargo xtask soak` runs this for longer: `VETTING_KILLS` and `VETTING_AGENTS` say how often and
//! with how many agents, and `VETTING_SEED` takes the instants of an earlier time again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use vetting_protocol::PIPELINE;
use vetting_tests::eventually;
use vetting_tests::fleet::{Agent, Orchestrator, RunningAgent};

/// The longest time from a start to the next kill.
const LONGEST: Duration = Duration::from_millis(600);
/// How fast the machines' time passes: a run takes some seconds, most of them within a stage.
const PACE: [&str; 2] = ["--pace", "60"];

#[test]
fn an_orchestrator_that_is_killed_loses_nothing_and_advances_nothing_twice() {
    let seed = setting("VETTING_SEED").unwrap_or_else(rand::random);
    let kills = setting("VETTING_KILLS").unwrap_or(12).max(1);
    let agents = setting("VETTING_AGENTS").unwrap_or(20);
    println!("seed {seed}: {kills} kills, {agents} agents");
    let mut instants = StdRng::seed_from_u64(seed);
    let mut orchestrator = Orchestrator::start();
    let mut fleet = Fleet::default();
    let mut at_work = Vec::new();
    for restart in 1.. {
        assert!(restart <= 10 * kills, "hardly any agent is at work");
        fleet.fill(&orchestrator, agents);
        std::thread::sleep(LONGEST.mul_f64(instants.random()));
        let working = at_work_now(&orchestrator);
        orchestrator.kill_and_restart();
        // A kill counts when there is somebody whom it can harm.
        at_work.extend((working > 0).then_some(working));
        if at_work.len() as u64 == kills {
            break;
        }
    }
    at_work.sort_unstable();
    let unfinished = || {
        let states = states(&orchestrator).into_iter();
        let open = states.filter(|(_, state)| state != "Completed");
        open.map(|(run, state)| format!("{run} is at {state}"))
            .collect::<Vec<_>>()
    };
    let _patience = eventually(|| unfinished().is_empty().then_some(()));
    let stuck = unfinished();
    let logs = fleet.logs();
    let mut found = Found::default();
    for (run, log) in &logs {
        found.look(run, &history(&orchestrator, run), log);
    }
    println!(
        "{} kills, at each of them {} or more agents at work, {} at half of them\n\
         {} runs and {} results checked\n\
         {} results lost\n{} runs advanced twice\n{} runs stuck",
        at_work.len(),
        at_work[0],
        at_work[at_work.len() / 2],
        logs.len(),
        found.results,
        found.lost.len(),
        found.twice.len(),
        stuck.len()
    );
    assert!(
        found.lost.is_empty() && found.twice.is_empty() && stuck.is_empty(),
        "seed {seed}\nlost: {:#?}\ntwice: {:#?}\nstuck: {stuck:#?}",
        found.lost,
        found.twice
    );
    assert!(logs.len() as u64 >= agents, "only {} runs", logs.len());
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|error| panic!("{name}={text}: {error}")),
    )
}

/// Agents, each with a run of its own, and a new one when that is completed.
#[derive(Default)]
struct Fleet {
    members: Vec<Member>,
    /// What the agents of completed runs logged, by run.
    logs: BTreeMap<String, String>,
}

struct Member {
    run: String,
    agent: RunningAgent,
    _folder: tempfile::TempDir,
}

impl Fleet {
    /// Puts a new run in the place of every one that is completed, up to so many.
    fn fill(&mut self, orchestrator: &Orchestrator, agents: u64) {
        let states = states(orchestrator);
        for place in 0..usize::try_from(agents).expect("a small number") {
            let done = |member: &Member| states[&member.run] == "Completed";
            match self.members.get(place).map(done) {
                None => self.members.push(member(orchestrator, place)),
                Some(false) => {}
                Some(true) => {
                    let new = member(orchestrator, place);
                    let old = std::mem::replace(&mut self.members[place], new);
                    self.logs.insert(old.run, old.agent.log());
                }
            }
        }
    }

    /// What all agents logged, by run.
    fn logs(mut self) -> BTreeMap<String, String> {
        for member in &self.members {
            self.logs.insert(member.run.clone(), member.agent.log());
        }
        self.logs
    }
}

fn member(orchestrator: &Orchestrator, place: usize) -> Member {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = orchestrator.run(&"x".repeat(place + 1), &[]);
    let agent = Agent::new(orchestrator, &run, "sim:healthy-server", folder.path());
    Member {
        run: run.id,
        agent: agent.args(&["--tries", "0"]).args(&PACE).start(),
        _folder: folder,
    }
}

/// What the database says of a run.
struct History {
    /// Stage, attempt, verdict, message.
    results: Vec<(String, i64, Option<String>, String)>,
    /// From, to, cause, in order.
    transitions: Vec<(String, String, String)>,
}

/// What must not be.
#[derive(Default)]
struct Found {
    results: usize,
    lost: Vec<String>,
    twice: Vec<String>,
}

impl Found {
    /// Looks at a run, and at what its agent says that it delivered.
    fn look(&mut self, run: &str, history: &History, log: &str) {
        // What judges every run, once.
        let mut missing: BTreeSet<&str> = PIPELINE.into();
        missing.insert("SpecValidate");
        for (stage, attempt, verdict, message) in &history.results {
            self.results += 1;
            if *attempt != 1 || !missing.remove(stage.as_str()) {
                let what = format!("{run}: {stage} attempt {attempt} was not asked for");
                self.twice.push(what);
            }
            let verdict = verdict.as_deref().unwrap_or("none");
            let said = format!("{stage} attempt {attempt}: {verdict}: {message}");
            if stage != "SpecValidate" && !log.contains(&said) {
                let what = format!("{run}: its agent never said `{said}`: {log}");
                self.lost.push(what);
            }
        }
        let missing = missing.into_iter();
        self.lost
            .extend(missing.map(|stage| format!("{run}: no result of {stage}")));

        let transitions = &history.transitions;
        let mut place = "InventoryCheck";
        let (mut places, mut causes) = (BTreeSet::from([place]), BTreeSet::new());
        for (from, to, cause) in transitions {
            if from != place || !places.insert(to) || !causes.insert(cause) {
                let what = format!("{run}: from {from} to {to} by {cause}: {transitions:#?}");
                self.twice.push(what);
                break;
            }
            place = to;
        }
    }
}

/// Every run's state.
fn states(orchestrator: &Orchestrator) -> BTreeMap<String, String> {
    let rows: Vec<(String, String)> = ask(orchestrator, async |db| {
        sqlx::query_as("SELECT id, state FROM runs")
            .fetch_all(db)
            .await
    });
    rows.into_iter().collect()
}

/// How many agents have a run that is not completed.
fn at_work_now(orchestrator: &Orchestrator) -> i64 {
    ask(orchestrator, async |db| {
        sqlx::query_scalar("SELECT COUNT(*) FROM runs WHERE epoch > 0 AND state <> 'Completed'")
            .fetch_one(db)
            .await
    })
}

fn history(orchestrator: &Orchestrator, run: &str) -> History {
    ask(orchestrator, async |db| {
        let results = sqlx::query_as(
            "SELECT stage, attempt, record ->> '$.verdict', record ->> '$.message'
             FROM results WHERE run = $1",
        );
        let transitions = sqlx::query_as(
            "SELECT from_state, to_state, cause FROM transitions WHERE run = $1 ORDER BY seq",
        );
        Ok(History {
            results: results.bind(run).fetch_all(&mut *db).await?,
            transitions: transitions.bind(run).fetch_all(&mut *db).await?,
        })
    })
}

/// Asks the database itself, by a connection that is closed again: a kill must find nobody else at
/// the files, as a power cut would.
fn ask<T>(
    orchestrator: &Orchestrator,
    query: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let options = SqliteConnectOptions::new()
        .filename(orchestrator.database())
        .read_only(true);
    let answer = runtime.block_on(async {
        let mut db = options.connect().await?;
        let answer = query(&mut db).await?;
        db.close().await?;
        Ok::<_, sqlx::Error>(answer)
    });
    answer.expect("the database answers")
}
