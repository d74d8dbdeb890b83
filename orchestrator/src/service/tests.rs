//! What must hold between use cases, each tried without HTTP and without an agent.

use vetting_protocol::Code;

use super::ServiceError;
use crate::trial::{Trial, beat};

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
