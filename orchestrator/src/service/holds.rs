//! Holds: a machine that waits for a person asks whose keys it lets in, and tells when they are in and gone.

use std::collections::BTreeSet;

use sqlx::SqliteConnection;
use vetting_protocol::{Code, Hold, HoldAnswer, HoldStep};

use super::agents::newest_of;
use super::{Caller, Orchestrator, ServiceError};
use crate::store::runs::Run;
use crate::store::{audit, holds, operators};

/// The operators whom a host lets in, and their keys, one per line.
#[derive(Debug, Default)]
struct LetIn {
    names: BTreeSet<String>,
    keys: Option<String>,
}

impl Orchestrator {
    /// A machine that holds asks for the operators' keys, or tells that they are in or gone.
    ///
    /// # Errors
    ///
    /// When the agent was replaced, or the run does not hold.
    pub async fn hold(&self, caller: &Caller, hold: &Hold) -> Result<HoldAnswer, ServiceError> {
        let host_keys = hold.host_key_fingerprints.join("\n");
        let mut tx = self.store.write().await?;
        let run = newest_of(&mut tx, caller, hold.epoch).await?;
        let mut answer = HoldAnswer {
            authorized_key: None,
        };
        match hold.step {
            HoldStep::Begin => {
                let at = place(&run)?;
                let let_in = let_in(&mut tx, &run.host).await?;
                let (address, names) = (hold.address.as_deref(), list(&let_in.names));
                let newest = holds::of_run(&mut tx, &run.id).await?.pop();
                let nothing_new = newest.is_some_and(|begun| {
                    (begun.opened.is_none() && begun.closed.is_none())
                        && (&begun.stage, &begun.let_in) == (&at, &names)
                });
                if !nothing_new {
                    holds::begin(&mut tx, &run.id, &at, address, &host_keys, &names).await?;
                }
                if let_in.keys.is_some() {
                    deed(&mut tx, &run.id, "hold keys given", &names).await?;
                }
                answer.authorized_key = let_in.keys;
            }
            HoldStep::Open => holds::opened(&mut tx, &run.id, &host_keys).await?,
            HoldStep::Keys => {
                place(&run)?;
                let now = let_in(&mut tx, &run.host).await?;
                renew(&mut tx, &run.id, &now.names).await?;
                answer.authorized_key = now.keys;
            }
            HoldStep::Closed => {
                holds::closed(&mut tx, &run.id).await?;
                if run.progress.state.is_terminal() {
                    super::records::store_record(&mut tx, &run).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(answer)
    }
}

/// Where a run holds.
fn place(run: &Run) -> Result<String, ServiceError> {
    let held = run.progress.held.as_ref();
    held.map(|held| held.at.to_string()).ok_or_else(|| {
        let place = run.progress.place();
        ServiceError::refused(
            Code::State,
            format!("the run does not hold: it is at {place}"),
        )
    })
}

async fn let_in(db: &mut SqliteConnection, host: &str) -> Result<LetIn, ServiceError> {
    let all = operators::all(db).await?;
    let (names, keys): (BTreeSet<_>, Vec<_>) = all
        .iter()
        .filter_map(|operator| Some((operator.name.clone(), operator.key_for(host)?)))
        .unzip();
    let keys = (!keys.is_empty()).then(|| keys.join("\n"));
    Ok(LetIn { names, keys })
}

/// Notes whom the open hold lets in from now on, where that has changed.
async fn renew(
    db: &mut SqliteConnection,
    run: &str,
    now: &BTreeSet<String>,
) -> Result<(), ServiceError> {
    let open = holds::of_run(db, run).await?.pop();
    let Some(open) = open.filter(|hold| hold.closed.is_none()) else {
        return Ok(());
    };
    let names = |listed: &str| -> BTreeSet<String> {
        let names = listed.split(", ").filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    };
    let (before, ever) = (names(&open.let_in), names(&open.operators));
    if before == *now {
        return Ok(());
    }
    let ever: BTreeSet<String> = ever.union(now).cloned().collect();
    holds::let_in(db, run, &list(now), &list(&ever)).await?;
    let differ = |a: &BTreeSet<String>, b| list(&a.difference(b).cloned().collect());
    let detail = format!(
        "let in: {}; no more: {}",
        differ(now, &before),
        differ(&before, now)
    );
    deed(db, run, "hold keys changed", &detail).await
}

fn list(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.join(", ")
}

async fn deed(
    db: &mut SqliteConnection,
    run: &str,
    what: &str,
    detail: &str,
) -> Result<(), ServiceError> {
    Ok(audit::note(db, "orchestrator", what, Some(run), detail).await?)
}
