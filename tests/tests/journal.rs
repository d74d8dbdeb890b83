//! Log lines and samples while the orchestrator is away: none is lost below the bound, and above it
//! the exact count is in the log. Their numbers prove it.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use vetting_tests::fleet::{Agent, Orchestrator, Run};
use vetting_tests::{eventually, guests};

/// What a stage says and samples, each so often.
const SECONDS: u64 = 2000;

#[test]
fn below_the_bound_nothing_is_lost() {
    for (of, stored) in away(20_000) {
        assert_eq!(stored.missing, BTreeSet::new(), "{of}");
        assert_eq!(stored.told, 0, "{of}");
        assert!(
            stored.count as u64 >= SECONDS,
            "{of}: only {}",
            stored.count
        );
    }
}

#[test]
fn above_the_bound_the_exact_count_is_told() {
    for (of, stored) in away(150) {
        assert!(!stored.missing.is_empty(), "{of}: nothing was dropped");
        assert_eq!(stored.missing.len() as u64, stored.told, "{of}");
    }
}

/// What the orchestrator has of one kind.
struct Stored {
    count: usize,
    /// The numbers that are not there, up to the last that is.
    missing: BTreeSet<i64>,
    /// How many were dropped, as the log says.
    told: u64,
}

/// Lets a stage talk while the orchestrator is away, with so much place to wait.
fn away(queue: u64) -> [(&'static str, Stored); 2] {
    let mut orchestrator = Orchestrator::start();
    orchestrator.cli(&[
        "stage",
        "add",
        &guests().join("Probe.wasm").display().to_string(),
    ]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let times = format!("Probe.times={SECONDS}");
    let flags = [
        "--stage",
        "Probe",
        "--set",
        "Probe.mode=talk",
        "--set",
        &times,
    ];
    let flags = [&flags[..], &["--timeout", "Probe=2h"]].concat();
    let run = orchestrator.run("talking", &flags);
    let agent = Agent::new(&orchestrator, &run, "sim:healthy-server", folder.path());
    let queue = queue.to_string();
    let mut agent = agent.args(&["--pace", "1000", "--queue", &queue]).start();
    orchestrator.until(&run, "at work", |view| {
        let words = view["last_words"].as_str().unwrap_or_default();
        words.starts_with("Probe attempt 1")
    });
    orchestrator.kill();
    let over = eventually(|| agent.log().contains("Probe attempt 1: pass").then_some(()));
    assert!(over.is_some(), "the stage never ended: {}", agent.log());
    orchestrator.restart();
    orchestrator.until_state(&run, "Completed");
    orchestrator.cli(&["run", "shutdown", &run.id]);
    let (status, log) = agent.wait();
    assert_eq!(status, 0, "{log}");
    [
        (
            "log lines",
            stored(&orchestrator, &run, "lines", "log lines"),
        ),
        ("samples", stored(&orchestrator, &run, "samples", "samples")),
    ]
}

fn stored(orchestrator: &Orchestrator, run: &Run, table: &str, word: &str) -> Stored {
    let file = std::path::Path::new(&orchestrator.data()).join("journal.db");
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let (numbers, texts): (Vec<i64>, Vec<String>) = runtime.expect("a runtime").block_on(async {
        let mut db = options.connect().await.expect("the journal opens");
        let query = sqlx::AssertSqlSafe(format!("SELECT seq FROM {table} WHERE run = $1"));
        let numbers = sqlx::query_scalar(query)
            .bind(&run.id)
            .fetch_all(&mut db)
            .await;
        let query = "SELECT text FROM lines WHERE run = $1 AND text LIKE '% were dropped: %'";
        let texts = sqlx::query_scalar(query)
            .bind(&run.id)
            .fetch_all(&mut db)
            .await;
        db.close().await.expect("closed");
        (numbers.expect("numbers"), texts.expect("texts"))
    });
    let there: BTreeSet<i64> = numbers.iter().copied().collect();
    let last = there.last().copied().expect("something is stored");
    let told = texts.iter().filter_map(|text| {
        let (count, rest) = text.split_once(' ')?;
        rest.starts_with(word)
            .then(|| count.parse::<u64>().expect("a count"))
    });
    Stored {
        count: there.len(),
        missing: (0..=last).filter(|seq| !there.contains(seq)).collect(),
        told: told.sum(),
    }
}
