//! Compares what the orchestrator has at the end of a day with the simulator's account of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::ledger::{Account, Fate};
use crate::thief;
use crate::world::World;

/// What must not be: each with the run and why.
#[derive(Default)]
pub struct Wrong {
    /// Runs that passed without having earned it.
    pub unearned: Vec<String>,
    /// What was acknowledged and is not there.
    pub lost: Vec<String>,
    /// Runs that are neither over nor hold for a person.
    pub stuck: Vec<String>,
    /// Good hosts that did not pass.
    pub not_passed: Vec<String>,
    /// Forgeries and thefts that the run's report does not show.
    pub unseen: Vec<String>,
    /// What else should not have happened.
    pub unexpected: Vec<String>,
}

impl Wrong {
    /// The figures, in one line.
    pub fn figures(&self) -> String {
        format!(
            "{} unearned passes, {} lost results, {} stuck runs, {} good hosts that did not pass, \
             {} forgeries not seen, {} other faults",
            self.unearned.len(),
            self.lost.len(),
            self.stuck.len(),
            self.not_passed.len(),
            self.unseen.len(),
            self.unexpected.len()
        )
    }

    /// Everything, with its kind.
    pub fn all(&self) -> Vec<String> {
        let kinds = [
            ("UNEARNED PASS", &self.unearned),
            ("LOST", &self.lost),
            ("STUCK", &self.stuck),
            ("GOOD HOST THAT DID NOT PASS", &self.not_passed),
            ("FORGERY NOT SEEN", &self.unseen),
            ("FAULT", &self.unexpected),
        ];
        let lines = kinds
            .into_iter()
            .flat_map(|(kind, all)| all.iter().map(move |what| format!("{kind}: {what}")));
        lines.collect()
    }
}

/// What an operator sees of a run.
struct Seen {
    state: String,
    passed: bool,
    /// View, report and audit as texts.
    words: String,
}

/// Looks at every run as an operator, and then into the database.
pub async fn judge(world: &World) -> Wrong {
    let mut wrong = Wrong {
        unexpected: world.ledger.all_unexpected(),
        ..Wrong::default()
    };
    let accounts = world.ledger.accounts();
    let data = world.server.lock().expect("nobody panics with it").data();
    let kept = Kept::read(Path::new(&data)).await;
    for (run, account) in &accounts {
        let who = format!("{run} ({}, {:?})", account.host, account.fate);
        match seen(world, run).await {
            Ok(seen) => look(&mut wrong, (run, &who), account, &kept, &seen),
            Err(why) => wrong
                .lost
                .push(format!("{who}: its run cannot be looked at: {why}")),
        }
    }
    wrong
}

fn look(wrong: &mut Wrong, (run, who): (&str, &str), account: &Account, kept: &Kept, seen: &Seen) {
    let state = &seen.state;
    let history = account.history.join("\n    ");
    let with_history = |what: String| format!("{who}: {what}\n    {history}");
    let is_over = ["Completed", "Cancelled", "Aborted"].contains(&state.as_str());
    let results = kept.results.get(run).map_or(&[][..], Vec::as_slice);
    if seen.passed {
        let earned = account.earned.iter();
        let earned: BTreeSet<_> = earned.map(|(stage, _, message)| (stage, message)).collect();
        for stage in &account.stages {
            let mut of_stage = results.iter().filter(|r| r.stage == *stage);
            let is_earned = |r: &Stored| match &account.log {
                Some(log) => log.contains(&r.said()),
                None => earned.contains(&(stage, &r.message)),
            };
            let good = of_stage.any(|r| r.passed && is_earned(r));
            let forged = results
                .iter()
                .any(|r| r.stage == *stage && r.passed && !is_earned(r));
            if !good || forged || account.fate == Fate::Bad {
                wrong
                    .unearned
                    .push(with_history(format!("{stage} passed, its run is {state}")));
                break;
            }
        }
    }
    for (stage, attempt, message) in &account.acknowledged {
        let mut same = results
            .iter()
            .filter(|r| r.stage == *stage && r.attempt == i64::from(*attempt));
        if !same.any(|r| r.record.contains(message.as_str())) {
            wrong.lost.push(with_history(format!(
                "the result of {stage} attempt {attempt}"
            )));
        }
    }
    let deliveries = [
        ("line", &account.lines, &kept.lines),
        ("sample", &account.samples, &kept.samples),
    ];
    for (kind, sent, stored) in deliveries {
        for (epoch, seqs) in sent {
            let stored = stored.get(&(run.to_owned(), *epoch));
            let missing = seqs
                .iter()
                .filter(|seq| stored.is_none_or(|all| !all.contains(seq)));
            let missing = missing.count();
            if missing > 0 {
                wrong
                    .lost
                    .push(format!("{who}: {missing} {kind}s of claim {epoch}"));
            }
        }
    }
    let counts = kept.counts.get(run).copied().unwrap_or_default();
    for (what, sent, stored) in [
        ("claims", account.claims, counts.epoch),
        ("holds", account.holds.min(1), counts.holds),
        ("retries", account.retries, counts.retries),
    ] {
        if stored < sent {
            wrong.lost.push(with_history(format!(
                "{sent} {what} were acknowledged, {stored} are there"
            )));
        }
    }
    if !is_over || !account.over {
        wrong.stuck.push(with_history(format!("it is at {state}")));
    } else if account.fate.must_pass() && !seen.passed {
        wrong
            .not_passed
            .push(with_history(format!("it is {state}")));
    }
    let shows_forgery = ["contradict", "forged", "refused"]
        .iter()
        .any(|word| seen.words.contains(word));
    if let (Fate::Forges(_), Some(answer)) = (account.fate, &account.forged)
        && !shows_forgery
    {
        wrong
            .unseen
            .push(with_history(format!("answered `{answer}`, it is {state}")));
    }
    if !account.stolen.is_empty() && !seen.words.contains(thief::ADDRESS) {
        let answers = account.stolen.join("; ");
        wrong.unseen.push(with_history(format!(
            "a thief's claim, answered `{answers}`"
        )));
    }
}

async fn seen(world: &World, run: &str) -> Result<Seen, String> {
    let at = |path: String| async move {
        let found = world.look::<Value>(&path).await;
        found.map_err(|no| no.to_string())
    };
    let view = at(format!("/api/v1/admin/runs/{run}")).await?;
    let report = at(format!("/api/v1/admin/runs/{run}/report?format=json")).await?;
    let audit = at(format!("/api/v1/admin/audit?run={run}")).await?;
    let body = report["body"].as_str().unwrap_or_default();
    let record: Value =
        serde_json::from_str(body).map_err(|error| format!("its report: {error}"))?;
    let state = view["state"].as_str().unwrap_or_default().to_owned();
    Ok(Seen {
        passed: state == "Completed" && record["verdict"] == "pass",
        state,
        words: format!("{view} {body} {audit}"),
    })
}

/// One stored result.
struct Stored {
    stage: String,
    attempt: i64,
    passed: bool,
    verdict: String,
    message: String,
    /// All of it.
    record: String,
}

impl Stored {
    /// What its agent logged of it.
    fn said(&self) -> String {
        let Stored {
            stage,
            attempt,
            verdict,
            message,
            ..
        } = self;
        format!("{stage} attempt {attempt}: {verdict}: {message}")
    }
}

#[derive(Clone, Copy, Default)]
struct Counts {
    epoch: u64,
    holds: u64,
    retries: u64,
}

type Numbers = BTreeMap<(String, u64), BTreeSet<u64>>;

/// What the databases hold.
#[derive(Default)]
struct Kept {
    results: BTreeMap<String, Vec<Stored>>,
    counts: BTreeMap<String, Counts>,
    lines: Numbers,
    samples: Numbers,
}

impl Kept {
    async fn read(data: &Path) -> Self {
        let mut kept = Kept::default();
        let mut state = open(&data.join("state.db")).await;
        let results: Vec<(String, String, i64, bool, String)> =
            sqlx::query_as("SELECT run, stage, attempt, passed, record FROM results")
                .fetch_all(&mut state)
                .await
                .expect("the results");
        for (run, stage, attempt, passed, record) in results {
            let fields: Value = serde_json::from_str(&record).expect("a record");
            let text = |key: &str| fields[key].as_str().unwrap_or_default().to_owned();
            kept.results.entry(run).or_default().push(Stored {
                stage,
                attempt,
                passed,
                verdict: text("verdict"),
                message: text("message"),
                record,
            });
        }
        let counts: Vec<(String, i64, i64, i64)> = sqlx::query_as(
            "SELECT id, epoch, (SELECT COUNT(*) FROM holds WHERE run = id),
                (SELECT COUNT(*) FROM transitions WHERE run = id AND cause LIKE 'retry_stage%')
             FROM runs",
        )
        .fetch_all(&mut state)
        .await
        .expect("the runs");
        for (run, epoch, holds, retries) in counts {
            let [epoch, holds, retries] = [epoch, holds, retries].map(i64::unsigned_abs);
            kept.counts.insert(
                run,
                Counts {
                    epoch,
                    holds,
                    retries,
                },
            );
        }
        state.close().await.expect("it is closed");
        let mut journal = open(&data.join("journal.db")).await;
        kept.lines = numbers(
            &mut journal,
            "SELECT run, epoch, seq FROM lines WHERE seq < 1000000",
        )
        .await;
        kept.samples = numbers(
            &mut journal,
            "SELECT run, epoch, seq FROM samples WHERE seq < 1000000",
        )
        .await;
        journal.close().await.expect("it is closed");
        kept
    }
}

async fn open(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    options.connect().await.expect("the database opens")
}

async fn numbers(db: &mut SqliteConnection, query: &'static str) -> Numbers {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(query).fetch_all(db).await.expect("rows");
    let mut all = Numbers::new();
    for (run, epoch, seq) in rows {
        let of = (run, epoch.unsigned_abs());
        all.entry(of).or_default().insert(seq.unsigned_abs());
    }
    all
}
