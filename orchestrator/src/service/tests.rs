//! What must hold between use cases, each tried without HTTP and without an agent.

use std::time::{Duration, Instant};

use vetting_protocol::{Code, State, Verdict};

use super::{ServiceError, Settings};
use crate::trial::{Made, Trial, beat};

/// The code with which a call was refused.
#[track_caller]
fn code<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> Code {
    match answer.expect_err("refused") {
        ServiceError::Refused { code, .. } => code,
        ServiceError::Store(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn an_agent_whose_claim_was_replaced_does_not_get_its_run_back() {
    let trial = Trial::new().await;
    let (run, first) = trial.claimed("h", &[("SMART", false)]).await;
    let second = trial.claim(&run, "h", "boot", "second").await;
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
