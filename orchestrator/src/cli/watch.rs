//! `run watch`: follows a run, also across a restart of the orchestrator.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use vetting_report::RunVerdict;
use vetting_transport::CallError;

use super::print::{aside, line};
use super::remote::Remote;
use crate::service::RunView;

/// How often the run is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How often an orchestrator that does not answer is asked again.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// Prints a line for every change, until the run is over or holds. The exit status is that of the run's
/// verdict, as `vetting run` has it.
pub async fn watch(remote: &Remote, run: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let path = format!("/api/v1/admin/runs/{run}");
    let mut printed = String::new();
    loop {
        let view: RunView = serde_json::from_value(patiently(remote, &path).await?)?;
        let words = view.last_words.clone().unwrap_or_default();
        let line = format!("{} {words}", view.status);
        if line != printed {
            if as_json {
                let (state, attempt) = (&view.state, view.attempt);
                line!(
                    "{}",
                    json!({ "state": state, "attempt": attempt, "status": view.status, "words": words })
                );
            } else {
                line!("{line}");
            }
            printed = line;
        }
        if view.state.is_at_rest() {
            let verdict = view.verdict.unwrap_or(RunVerdict::Inconclusive);
            if as_json {
                line!("{}", json!({ "state": view.state, "verdict": verdict }));
            } else {
                if let Some(why) = view.held.map(|held| held.reason).or(view.ended_because) {
                    line!("{why}");
                }
                line!("{}", verdict.as_str());
            }
            return Ok(ExitCode::from(verdict.exit_status()));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Asks until there is an answer: an orchestrator that restarts is back in seconds.
async fn patiently(remote: &Remote, path: &str) -> anyhow::Result<Value> {
    let mut said = false;
    loop {
        let error = match remote.get(path).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let again = error
            .downcast_ref::<CallError>()
            .is_some_and(CallError::is_transient);
        if !again {
            return Err(error);
        }
        if !said {
            aside(&format!("vetting-orchestrator: {error:#}; asking again"));
            said = true;
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}
