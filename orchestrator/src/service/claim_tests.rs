//! Second claims: what a stolen boot token can do, and what the report says of it.

use vetting_protocol::{Code, State, Verdict};
use vetting_report::Format;

use super::ServiceError;
use crate::trial::{Made, Trial, beat, claim_of};

#[track_caller]
fn refusal<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> (Code, String) {
    match answer.expect_err("refused") {
        ServiceError::Refused { code, message } => (code, message),
        error => panic!("{error}"),
    }
}

async fn report(trial: &Trial, run: &Made) -> String {
    let report = trial.us.report(&run.id, Format::Json).await;
    report.expect("a report")
}

#[tokio::test]
async fn a_second_claim_by_boot_token_holds_in_every_state_and_is_released_by_an_operator() {
    // Also in the boot of the first one: a boot's id is no secret.
    for (boot, held_before) in [
        ("boot", false),
        ("other", false),
        ("boot", true),
        ("other", true),
    ] {
        let trial = Trial::new().await;
        let (run, session) = trial
            .with_session("h", &[("SMART", false), ("PSU", false)])
            .await;
        let first = trial.caller(&run, &session).await.expect("a session");
        if held_before {
            let held = trial.result(&first, "SMART", 1, Verdict::Fail).await;
            assert_eq!(held.expect("stored"), State::FailedHolding);
        }
        let claimed = trial
            .claim(&run, "h", boot, "second")
            .await
            .expect("claimed");
        assert_eq!(
            claimed.current_state,
            State::FailedHolding,
            "{boot} {held_before}"
        );
        let why = claimed.held_because.expect("held");
        assert!(why.contains("claim 1") && why.contains("claim 2"), "{why}");
        let second = trial
            .caller(&run, &claimed.session_token)
            .await
            .expect("a session");
        let early = trial.result(&second, "SMART", 2, Verdict::Pass).await;
        assert!(early.is_err(), "it leads on without a person");
        let order = serde_json::json!({ "cmd": "retry_stage", "stage": "SMART" });
        let released = trial.steer(&run, order).await.expect("released");
        let passed = trial
            .result(&second, "SMART", released.attempt, Verdict::Pass)
            .await;
        assert_eq!(passed.expect("stored"), State::Stage("PSU".to_owned()));
        let report = report(&trial, &run).await;
        assert!(report.contains("claim 2 from 127.0.0.1"), "{report}");
    }
}

#[tokio::test]
async fn a_boot_token_that_was_stolen_does_not_fail_a_good_host() {
    let trial = Trial::new().await;
    let (run, session) = trial.with_session("h", &[("SMART", false)]).await;
    let thief = trial.claim(&run, "h", "no such boot", "thief").await;
    assert_eq!(thief.expect("claimed").current_state, State::FailedHolding);
    let before = trial.us.run(&run.id).await.expect("the run");
    assert_eq!(
        before.stages[0].verdict.as_deref(),
        Some("fail"),
        "it may have gone down"
    );
    // The host's agent is still there, and so its boot is.
    let alive = trial.caller(&run, &session).await.expect("a session");
    let beat = trial.us.heartbeat(&alive, beat(&alive)).await;
    assert_eq!(refusal(beat).0, Code::Superseded);
    let after = trial.us.run(&run.id).await.expect("the run");
    assert_eq!(after.stages[0].verdict.as_deref(), Some("inconclusive"));
    let why = after.held.expect("it holds").reason;
    assert!(
        why.starts_with("the agent of claim 1 was heard after the claim 2"),
        "{why}"
    );
    let report = report(&trial, &run).await;
    assert!(report.contains("heard again at"), "{report}");
    assert!(report.contains("two machines"), "{report}");
}

#[tokio::test]
async fn an_agent_that_restarts_goes_on_with_its_session_alone() {
    let trial = Trial::new().await;
    let (run, session) = trial.with_session("h", &[("SMART", false)]).await;
    let restarted = trial.restarted(&run, ("h", &session), "second").await;
    let restarted = restarted.expect("claimed");
    assert_eq!(restarted.current_state, State::Stage("SMART".to_owned()));
    // A session is of one boot, and the one that it replaced is good for nothing.
    let old = trial.restarted(&run, ("h", &session), "third").await;
    assert_eq!(refusal(old).0, Code::Superseded);
    let other_boot = claim_of("h", "other", "fourth");
    let token = &restarted.session_token;
    let held = trial
        .claim_with(&run, token, other_boot)
        .await
        .expect("claimed");
    assert_eq!(held.current_state, State::FailedHolding);
}

#[tokio::test]
async fn a_refused_claim_that_cannot_be_kept_comes_again_until_the_report_has_it() {
    let trial = Trial::new().await;
    let (run, _) = trial.with_session("h", &[("SMART", false)]).await;
    let change = |sql: &'static str| {
        let store = trial.us.store.clone();
        async move {
            let mut tx = store.write().await.expect("a transaction");
            sqlx::query(sql).execute(&mut *tx).await.expect("done");
            tx.commit().await.expect("committed");
        }
    };
    // As where the disk is full: nothing can be added.
    change(
        "CREATE TRIGGER full BEFORE INSERT ON claims
         BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    )
    .await;
    let thief = || trial.claim(&run, "not-h", "boot", "thief");
    let answer = thief().await.expect_err("refused");
    assert!(
        matches!(answer, ServiceError::Store(_)),
        "the answer points to a reason that was not kept: {answer}"
    );
    change("DROP TRIGGER full").await;
    assert_eq!(refusal(thief().await).0, Code::OtherHost);
    let view = trial.us.run(&run.id).await.expect("the run");
    assert!(view.claims[1].refused.is_some());
}

#[tokio::test]
async fn refusals_say_nothing_that_helps_and_the_report_says_it_all() {
    let trial = Trial::new().await;
    let (run, _) = trial.with_session("h", &[("SMART", false)]).await;
    let (other, other_session) = trial.with_session("other", &[("SMART", false)]).await;
    for token in ["vb_wrong", &other.boot_token, &other_session] {
        let claim = claim_of("h", "boot", "x");
        let refused = refusal(trial.claim_with(&run, token, claim).await);
        assert_eq!(
            refused,
            (Code::BadToken, "invalid token for this run".to_owned())
        );
        let caller = trial.caller(&run, token).await;
        assert_eq!(
            refusal(caller),
            (Code::BadToken, "invalid token for this run".to_owned())
        );
    }
    let (code, message) = refusal(trial.claim(&run, "not-h", "boot", "thief").await);
    assert_eq!(code, Code::OtherHost);
    assert!(
        !message.contains("MAC") && !message.contains("`h`"),
        "{message}"
    );
    let view = trial.us.run(&run.id).await.expect("the run");
    let why = view.claims[1].refused.as_deref().unwrap_or_default();
    assert!(
        why.contains("MAC address of the host is not-h, of the run h"),
        "{why}"
    );
    assert_eq!(
        view.claims[1].claim.instance, "",
        "it proves a claim that is sent again"
    );
}

#[tokio::test]
async fn claims_of_a_run_are_bounded() {
    let trial = Trial::new().await;
    let (run, _) = trial.with_session("h", &[("SMART", false)]).await;
    let mut refused = 0;
    for number in 0..100 {
        let boot = format!("boot {number}");
        let claimed = trial.claim(&run, "h", &boot, &boot).await;
        refused += u32::from(claimed.is_err());
        let other = trial.claim(&run, "not-h", &boot, &boot).await;
        assert!(other.is_err());
    }
    let view = trial.us.run(&run.id).await.expect("the run");
    assert!(
        refused > 0 && view.claims.len() <= 64,
        "{}",
        view.claims.len()
    );
}
