//! What must hold between use cases, each tried without HTTP and without an agent.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vetting_protocol::{Code, DirectiveStatus, State, Verdict};

use super::{ServiceError, Settings};
use crate::trial::{Made, Trial, beat};

/// An orchestrator whose directives expire before anybody hears of them.
async fn forgetful() -> Trial {
    let directive = Duration::ZERO;
    Trial::with(Settings {
        directive,
        ..Settings::default()
    })
    .await
}

/// The code with which a call was refused.
#[track_caller]
fn code<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> Code {
    match answer.expect_err("refused") {
        ServiceError::Refused { code, .. } => code,
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn an_agent_whose_claim_was_replaced_does_not_get_its_run_back() {
    let trial = Trial::new().await;
    let (run, session) = trial.with_session("h", &[("SMART", false)]).await;
    let first = trial.caller(&run, &session).await.expect("a session");
    let second = trial.restarted(&run, ("h", &session), "second").await;
    let second = trial
        .caller(&run, &second.expect("claimed").session_token)
        .await
        .expect("a session");
    let again = trial.claim(&run, "h", "boot", "first").await;
    assert_eq!(code(again), Code::Superseded);
    assert_eq!(
        code(trial.us.heartbeat(&first, beat(&first)).await),
        Code::Superseded
    );
    assert_eq!(trial.stored(&run).await.epoch, 2);
    let heard = trial.us.heartbeat(&second, beat(&second)).await;
    heard.expect("the newest agent goes on");
    // The newest one may claim again: its answer was lost, or its session has expired.
    let again = trial.claim(&run, "h", "boot", "second").await;
    assert_eq!(again.expect("claimed").epoch, 2);
}

/// When a run's session ends.
async fn expiry(trial: &Trial, run: &Made) -> String {
    let mut db = trial.us.store.read().await.expect("a connection");
    let query = sqlx::query_scalar("SELECT expires FROM sessions WHERE run = $1");
    query.bind(&run.id).fetch_one(&mut *db).await.expect("one")
}

#[tokio::test]
async fn the_session_of_a_completed_run_s_agent_lasts_and_that_of_a_cancelled_one_s_does_not() {
    for (ends, state, lasts) in [
        (Verdict::Pass, State::Completed, true),
        (Verdict::Cancelled, State::Cancelled, false),
    ] {
        let trial = Trial::new().await;
        let (run, caller) = trial.claimed("h", &[("SMART", false)]).await;
        let next = trial.result(&caller, "SMART", 1, ends).await;
        assert_eq!(next.expect("stored"), state);
        let before = expiry(&trial, &run).await;
        let _answer = trial.us.heartbeat(&caller, beat(&caller)).await;
        trial.us.write_down_heard().await.expect("written down");
        assert_eq!(expiry(&trial, &run).await != before, lasts, "{state}");
        assert!(trial.stored(&run).await.last_heard.is_some());
    }
}

#[tokio::test]
async fn what_is_over_written_down_and_listened_to_by_nobody_is_forgotten() {
    let trial = Trial::with(Settings {
        lost: Duration::ZERO,
        ..Settings::default()
    })
    .await;
    let (over, caller) = trial.claimed("over", &[("SMART", false)]).await;
    let (_at_work, _) = trial.claimed("at-work", &[("SMART", false)]).await;
    let done = trial.result(&caller, "SMART", 1, Verdict::Pass).await;
    assert_eq!(done.expect("stored"), State::Completed);
    let look = async || {
        let looked = trial.us.look_after_runs(Instant::now()).await;
        looked.expect("looked after");
        trial.us.live.count()
    };
    assert_eq!(look().await, 2, "its last words are not written down yet");
    trial.us.write_down_heard().await.expect("written down");
    let listener = trial.us.watch(&over.id);
    assert_eq!(look().await, 2, "somebody listens");
    drop(listener);
    assert_eq!(look().await, 1, "the run that is at work stays");
    let view = trial.us.run(&over.id).await.expect("the run");
    let words = view.last_words.unwrap_or_default();
    assert!(words.contains("result of SMART"), "{words}");
}

#[tokio::test]
async fn a_retry_that_no_agent_hears_of_makes_the_run_hold_again() {
    let trial = forgetful().await;
    let (run, session) = trial.with_session("h", &[("SMART", false)]).await;
    let caller = trial.caller(&run, &session).await.expect("a session");
    let held = trial.result(&caller, "SMART", 1, Verdict::Fail).await;
    assert_eq!(held.expect("stored"), State::FailedHolding);
    let retry = json!({ "cmd": "retry_stage" });
    let steered = trial.steer(&run, retry.clone()).await.expect("retried");
    assert_eq!(steered.state, State::Stage("SMART".to_owned()));
    let heard = trial.us.heartbeat(&caller, beat(&caller)).await;
    assert_eq!(heard.expect("an answer").directives, []);
    let view = trial.us.run(&run.id).await.expect("the run");
    let why = view.held.expect("it holds").reason;
    assert!(why.contains("expired"), "{why}");
    assert_eq!(view.directives[0].status, "rejected");
    // Nor does an agent that claims the run hours later begin it.
    let again = trial.steer(&run, retry).await.expect("retried once more");
    assert_eq!(again.attempt, 3);
    let claimed = trial.restarted(&run, ("h", &session), "second").await;
    assert_eq!(
        claimed.expect("claimed").current_state,
        State::FailedHolding
    );
}

#[tokio::test]
async fn a_retry_that_may_write_and_was_told_is_not_run_again_when_its_agent_dies() {
    let trial = Trial::new().await;
    let (run, session) = trial.with_session("h", &[("Storage", true)]).await;
    let caller = trial.caller(&run, &session).await.expect("a session");
    let held = trial.result(&caller, "Storage", 1, Verdict::Fail).await;
    assert_eq!(held.expect("stored"), State::FailedHolding);
    let retried = trial.steer(&run, json!({ "cmd": "retry_stage" })).await;
    retried.expect("retried");
    let heard = trial.us.heartbeat(&caller, beat(&caller)).await;
    assert_eq!(heard.expect("an answer").directives.len(), 1);
    let claimed = trial.restarted(&run, ("h", &session), "second").await;
    assert_eq!(
        claimed.expect("claimed").current_state,
        State::FailedHolding
    );
}

#[tokio::test]
async fn the_agent_of_a_run_that_was_given_up_is_told_once_that_it_is_over() {
    for cmd in ["shutdown", "abort"] {
        let trial = Trial::new().await;
        let (run, caller) = trial.claimed("h", &[("SMART", false)]).await;
        let steered = trial.steer(&run, json!({ "cmd": cmd })).await;
        let id = steered.expect("ended").directive.expect("a directive");
        for (status, left) in [("received", 1), ("applied", 0)] {
            let mut beat = beat(&caller);
            let answer = json!({ "id": id, "status": status });
            beat.directive_answers = vec![serde_json::from_value(answer).expect("an answer")];
            let heard = trial.us.heartbeat(&caller, beat).await.expect("an answer");
            assert_eq!(heard.directives.len(), left, "{cmd} {status}");
        }
        let after = trial.us.heartbeat(&caller, beat(&caller)).await;
        assert_eq!(code(after), Code::RunOver, "{cmd}");
        let cancel = json!({ "cmd": "cancel_stage", "stage": "SMART" });
        assert_eq!(code(trial.steer(&run, cancel).await), Code::RunOver);
    }
}

#[tokio::test]
async fn an_agent_that_was_away_until_its_directive_expired_does_not_go_on_for_ever() {
    let trial = forgetful().await;
    let (run, caller) = trial.claimed("h", &[("SMART", false)]).await;
    let ended = trial.steer(&run, json!({ "cmd": "shutdown" })).await;
    ended.expect("ended");
    let heard = trial.us.heartbeat(&caller, beat(&caller)).await;
    assert_eq!(code(heard), Code::RunOver);
    // What it was at is still taken.
    let late = trial.result(&caller, "SMART", 1, Verdict::Cancelled).await;
    assert_eq!(late.expect("stored"), State::Cancelled);
}

#[tokio::test]
async fn a_directive_that_an_agent_died_with_is_given_to_the_next_one() {
    let trial = Trial::new().await;
    let (run, session) = trial.with_session("h", &[("SMART", false)]).await;
    let caller = trial.caller(&run, &session).await.expect("a session");
    let steered = trial.steer(&run, json!({ "cmd": "cancel_stage" })).await;
    let id = steered.expect("given").directive.expect("a directive");
    let mut received = beat(&caller);
    received.directive_answers = vec![vetting_protocol::DirectiveAnswer {
        id,
        status: DirectiveStatus::Received,
        reason: None,
    }];
    let heard = trial.us.heartbeat(&caller, received).await;
    heard.expect("an answer");
    let mut given = trial.us.run(&run.id).await.expect("the run").directives;
    "2020-01-01T00:00:00Z".clone_into(&mut given[0].directive.expires);
    assert!(
        !given[0].is_void(Duration::ZERO),
        "an agent has it, and decides"
    );
    let claimed = trial.restarted(&run, ("h", &session), "second").await;
    let session = claimed.expect("claimed").session_token;
    let second = trial.caller(&run, &session).await.expect("a session");
    let heard = trial.us.heartbeat(&second, beat(&second)).await;
    assert_eq!(heard.expect("an answer").directives.len(), 1);
    let view = trial.us.run(&run.id).await.expect("the run");
    assert_eq!(view.directives[0].status, "sent");
}

fn disks(serial: &str) -> Option<Value> {
    Some(json!({ "disks": [{ "serial": serial }] }))
}

#[tokio::test]
async fn a_spec_that_is_judged_again_voids_nothing_that_passed_since_the_parts_changed() {
    let trial = Trial::new().await;
    let stages = [("Inventory", false), ("SMART", false), ("PSU", false)];
    let (run, caller) = trial.claimed("h", &stages).await;
    let (pass, fail) = (Verdict::Pass, Verdict::Fail);
    for (stage, attempt, verdict, inventory, retry) in [
        ("Inventory", 1, pass, disks("old"), None),
        ("SMART", 1, pass, None, None),
        ("PSU", 1, fail, None, Some("Inventory")),
        ("Inventory", 2, pass, disks("new"), None),
        ("SMART", 2, pass, None, None),
        ("PSU", 2, fail, None, Some("SpecValidate")),
    ] {
        let result = trial.told(&caller, stage, attempt, verdict, inventory);
        result
            .await
            .unwrap_or_else(|e| panic!("{stage} {attempt}: {e}"));
        if let Some(stage) = retry {
            let order = json!({ "cmd": "retry_stage", "stage": stage });
            trial.steer(&run, order).await.expect("retried");
        }
    }
    let stored = trial.stored(&run).await;
    assert_eq!(stored.progress.place(), "PSU attempt 3");
    let begun = stored.progress.current().map(|stage| stage.begun);
    assert_eq!(begun, Some(false), "no agent was told of it yet");
}

#[tokio::test]
async fn an_inventory_that_was_not_delivered_is_not_judged_by_an_older_one() {
    let trial = Trial::new().await;
    let (run, caller) = trial
        .claimed("h", &[("Inventory", false), ("PSU", false)])
        .await;
    let spec = json!({ "disks": [{ "serial": "old" }] });
    let spec = serde_json::from_value(spec).expect("a spec");
    trial.expect("h", spec).await;
    let told = trial.told(&caller, "Inventory", 1, Verdict::Pass, disks("old"));
    assert_eq!(told.await.expect("stored"), State::Stage("PSU".to_owned()));
    let held = trial.result(&caller, "PSU", 1, Verdict::Fail).await;
    held.expect("stored");
    let order = json!({ "cmd": "retry_stage", "stage": "Inventory" });
    trial.steer(&run, order).await.expect("retried");
    let untold = trial.result(&caller, "Inventory", 2, Verdict::Pass).await;
    assert_eq!(untold.expect("stored"), State::FailedHolding);
    let order = json!({ "cmd": "retry_stage", "stage": "SpecValidate" });
    let again = trial.steer(&run, order).await.expect("judged again");
    assert_eq!(again.state, State::FailedHolding);
}

#[tokio::test]
async fn a_change_that_is_told_late_starts_no_iperf3_server_for_a_run_that_is_over() {
    let trial = Trial::with(Settings {
        iperf_address: std::net::Ipv4Addr::LOCALHOST.into(),
        ..Settings::default()
    })
    .await;
    let (run, _) = trial.claimed("h", &[("Network", false)]).await;
    assert_eq!(trial.us.iperf.lock().await.len(), 1);
    let before = trial.stored(&run).await;
    let ended = trial.steer(&run, json!({ "cmd": "abort" })).await;
    ended.expect("ended");
    assert_eq!(trial.us.iperf.lock().await.len(), 0);
    trial.us.changed(&before).await;
    assert_eq!(trial.us.iperf.lock().await.len(), 0);
}

#[tokio::test]
async fn a_result_that_contradicts_itself_is_refused() {
    let trial = Trial::new().await;
    let (_, caller) = trial.claimed("h", &[("SMART", false)]).await;
    for (verdict, passed) in [(Verdict::Fail, true), (Verdict::Pass, false)] {
        let mut result = crate::trial::result(&caller, "SMART", 1, verdict);
        result.passed = passed;
        let answer = trial.us.result(&caller, result).await;
        assert_eq!(code(answer), Code::Malformed, "{verdict:?}");
    }
}

#[tokio::test]
async fn a_long_message_is_cut_where_it_is_looked_at_and_whole_in_the_report() {
    let trial = Trial::new().await;
    let (run, caller) = trial.claimed("h", &[("SMART", false)]).await;
    let mut result = crate::trial::result(&caller, "SMART", 1, Verdict::Fail);
    result.record.message = "long ".repeat(1 << 20);
    trial.us.result(&caller, result).await.expect("stored");
    let mut views = trial.us.runs(10).await.expect("views");
    views.push(trial.us.run(&run.id).await.expect("a view"));
    for view in views {
        let size = serde_json::to_string(&view).expect("JSON").len();
        assert!(size < 20_000, "{size}");
    }
    let report = trial.us.report(&run.id, vetting_report::Format::Json).await;
    assert!(report.expect("a report").len() > 5 << 20);
    // A result that an earlier version stored has no head, and is shown all the same.
    let mut tx = trial.us.store.write().await.expect("a transaction");
    let forgotten = sqlx::query("UPDATE results SET head = NULL")
        .execute(&mut *tx)
        .await;
    forgotten.expect("forgotten");
    tx.commit().await.expect("committed");
    let view = trial.us.run(&run.id).await.expect("a view");
    assert_eq!(view.stages[0].verdict.as_deref(), Some("fail"));
}
