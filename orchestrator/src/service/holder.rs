//! Whose a token is that claims a run: the machine's that was booted with it, or the agent's that has the
//! run already.

use std::net::IpAddr;

use super::agents::{bad_token, replaced, run_of, sent};
use super::{Orchestrator, ServiceError};
use crate::secret;
use crate::store::runs::{self, Run};
use crate::store::sessions;

/// What a claim's token is.
pub(super) enum Held {
    BootToken,
    /// The session of the run's newest claim.
    Session,
}

impl Orchestrator {
    /// Looks whether a token may claim a run, before anything else of the call is read.
    ///
    /// # Errors
    ///
    /// When the token is not the run's, which is counted by address, or its claim was replaced.
    pub async fn boots(
        &self,
        run: &str,
        token: Option<&str>,
        from: IpAddr,
    ) -> Result<(), ServiceError> {
        let mut db = self.store.read().await?;
        let found = holder(&mut db, run, token).await?;
        drop(db);
        match found {
            Some(_) => Ok(()),
            None => Err(self.refuse_token(from, "claim refused", run).await),
        }
    }

    pub(super) async fn refuse_token(&self, from: IpAddr, what: &str, run: &str) -> ServiceError {
        // What stands in a path is anybody's word.
        let run: String = run.chars().take(64).collect();
        let detail = format!("no valid token for the run `{}`", run.escape_debug());
        self.refuse_caller(from, (what, &detail), None, bad_token())
            .await
    }
}

/// The run that a token may claim, and what the token is; none where it is nobody's or another run's.
pub(super) async fn holder(
    db: &mut sqlx::SqliteConnection,
    run: &str,
    token: Option<&str>,
) -> Result<Option<(Run, Held)>, ServiceError> {
    let hash = secret::hash(sent(token)?);
    if let Some(of) = runs::of_boot_token(db, &hash).await? {
        let same = of == run;
        return Ok(match runs::get(db, run).await? {
            Some(found) if same => Some((found, Held::BootToken)),
            _ => None,
        });
    }
    // An expired session still says which agent this is.
    let session = sessions::get(db, &hash).await?;
    let Some(session) = session.filter(|session| session.run == run) else {
        return Ok(None);
    };
    let found = run_of(db, run).await?;
    if session.epoch.unsigned_abs() != found.epoch {
        return Err(replaced(session.epoch.unsigned_abs(), found.epoch));
    }
    Ok(Some((found, Held::Session)))
}
