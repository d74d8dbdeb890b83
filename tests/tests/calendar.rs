//! A calendar that is set, far back or far ahead, while an orchestrator serves and between two of its
//! lives: nothing ages by it, no run ends for it, and nothing is forgotten.

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use vetting_tests::calendar::Calendar;
use vetting_tests::eventually;
use vetting_tests::fleet::{Agent, Orchestrator, Place, Run, call, claim};

const YEAR: i64 = 365 * 24 * 3600;

fn orchestrator() -> (Orchestrator, Calendar, tempfile::TempDir) {
    let of_calendar = tempfile::tempdir().expect("a temporary folder");
    let calendar = Calendar::new(of_calendar.path());
    let place = Place {
        folder: tempfile::tempdir().expect("a temporary folder"),
        // Looks after its runs ten times a second.
        flags: ["--lost", "400ms"].map(str::to_owned).to_vec(),
        environment: calendar.environment(),
    };
    (Orchestrator::at(place), calendar, of_calendar)
}

/// Waits until the orchestrator has looked after its runs at least once more: it finds that an agent which
/// claims a run now is silent.
fn looked_after(orchestrator: &Orchestrator, host: &str) {
    let run = orchestrator.run(host, &["--stage", "SMART"]);
    claim(orchestrator, &run, "boot", "one").expect("claimed");
    orchestrator.until(&run, "lost", |view| !view["agent_lost_since"].is_null());
}

/// How many log lines of a run are kept.
fn lines(orchestrator: &Orchestrator, run: &Run) -> i64 {
    let file = std::path::Path::new(&orchestrator.data()).join("journal.db");
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let counted = async {
        let mut db = options.connect().await?;
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM lines WHERE run = $1")
            .bind(&run.id)
            .fetch_one(&mut db)
            .await?;
        db.close().await?;
        Ok::<i64, sqlx::Error>(count)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let counted = runtime.expect("a runtime").block_on(counted);
    counted.expect("the journal can be read")
}

/// Everything that ages: a run that waits for its host, a session, a directive that no agent has heard of,
/// log lines.
struct Aging {
    waiting: Run,
    held: Run,
    session: Value,
    done: Run,
    lines: i64,
}

impl Aging {
    fn of(orchestrator: &Orchestrator) -> Self {
        let waiting = orchestrator.run("waiting", &["--stage", "SMART"]);
        let held = orchestrator.run("held", &["--stage", "SMART"]);
        claim(orchestrator, &held, "boot", "one").expect("claimed");
        let session = claim(orchestrator, &held, "other boot", "one").expect("claimed, and held");
        orchestrator.cli(&["run", "retry", &held.id]);
        let done = orchestrator.run("done", &["--stage", "SMART"]);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut agent =
            Agent::new(orchestrator, &done, "sim:healthy-server", folder.path()).start();
        orchestrator.until_state(&done, "Completed");
        // What it has to tell is told when it ends.
        orchestrator.cli(&["run", "shutdown", &done.id]);
        assert_eq!(agent.wait().0, 0, "{}", agent.log());
        let lines = lines(orchestrator, &done);
        assert!(lines > 0, "there is nothing that could be forgotten");
        Aging {
            waiting,
            held,
            session,
            done,
            lines,
        }
    }

    fn is_as_it_was(&self, orchestrator: &Orchestrator, after: &str) {
        let waiting = orchestrator.show(&self.waiting);
        assert_eq!(
            waiting["status"], "waiting for the host",
            "{after}: {waiting:#}"
        );
        assert_eq!(lines(orchestrator, &self.done), self.lines, "{after}");
        assert_eq!(orchestrator.show(&self.held)["state"], "SMART", "{after}");
    }

    /// The directive is still good, and the session.
    fn is_still_good(&self, orchestrator: &Orchestrator, after: &str) {
        let token = self.session["session_token"].as_str().expect("a token");
        let beat = serde_json::json!({
            "epoch": self.session["epoch"], "state": "SMART", "wait_ms": 0
        });
        let path = format!("/api/v1/runs/{}/heartbeat", self.held.id);
        let body = call(orchestrator, &path, token, &beat);
        let body = body.unwrap_or_else(|error| panic!("{after}: {error}"));
        assert_eq!(
            body["directives"][0]["cmd"], "retry_stage",
            "{after}: {body}"
        );
        let left = body["directives"][0]["expires_in_ms"].as_u64();
        assert!(
            left.is_some_and(|left| left <= 15 * 60_000),
            "{after}: {body}"
        );
    }
}

#[test]
fn nothing_ages_by_a_calendar_that_is_set_while_the_orchestrator_serves() {
    let (orchestrator, calendar, _folder) = orchestrator();
    let aging = Aging::of(&orchestrator);
    for (years, host) in [(1, "ahead"), (-2, "back"), (40, "far"), (0, "right")] {
        calendar.step(years * YEAR);
        looked_after(&orchestrator, host);
        aging.is_as_it_was(&orchestrator, host);
        aging.is_still_good(&orchestrator, host);
    }
}

#[test]
fn no_run_ends_for_a_calendar_that_was_set_while_no_orchestrator_ran() {
    let (mut orchestrator, calendar, _folder) = orchestrator();
    let aging = Aging::of(&orchestrator);
    for (years, host) in [(-2, "back"), (40, "far"), (0, "right")] {
        orchestrator.kill();
        calendar.step(years * YEAR);
        orchestrator.restart();
        looked_after(&orchestrator, host);
        let waiting = orchestrator.show(&aging.waiting);
        assert_eq!(
            waiting["status"], "waiting for the host",
            "{host}: {waiting:#}"
        );
        assert_eq!(lines(&orchestrator, &aging.done), aging.lines, "{host}");
    }
    // A retry that may have grown old holds again, so that there is somebody to give another one.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let waits = || {
        Agent::new(
            &orchestrator,
            &aging.waiting,
            "sim:healthy-server",
            folder.path(),
        )
    };
    let _agent = waits().start();
    orchestrator.until_state(&aging.waiting, "Completed");
    let held = eventually(|| {
        let view = orchestrator.show(&aging.held);
        let at_rest = view["state"] == "FailedHolding" || view["state"] == "SMART";
        at_rest.then_some(view)
    });
    let held = held.expect("it is at its stage, or holds");
    assert!(held["verdict"] != "pass", "{held:#}");
}
