//! Who calls: an agent by its session's token. One token is good for one run and one claim.

use std::net::IpAddr;

use vetting_protocol::Code;

use super::{Orchestrator, ServiceError};
use crate::clock::has_passed;
use crate::secret;
use crate::store::{runs, sessions};

/// An agent whose token is good.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The run.
    pub run: String,
    /// The claim that its session was opened by.
    pub epoch: u64,
}

impl Orchestrator {
    /// The agent that a token is. One whose claim was replaced is noted as heard: where another boot has
    /// the run, that is news for its report.
    ///
    /// # Errors
    ///
    /// When the token is not a session's of the run, or its session has expired. A wrong token is refused
    /// in the same words whatever it is good for elsewhere.
    pub async fn agent(
        &self,
        run: &str,
        token: Option<&str>,
        from: IpAddr,
    ) -> Result<Caller, ServiceError> {
        let hash = secret::hash(sent(token)?);
        let mut db = self.store.read().await?;
        let session = sessions::get(&mut db, &hash).await?;
        drop(db);
        let Some(session) = session.filter(|session| session.run == run) else {
            let deed = (
                "session refused",
                "no valid session for the run of the call",
            );
            return Err(self.refuse_caller(from, deed, None, bad_token()).await);
        };
        let epoch = session.epoch.unsigned_abs();
        if epoch < session.newest.unsigned_abs() {
            self.heard_after(&session.run, epoch).await?;
        }
        if has_passed(&session.expires, self.settings.session) {
            return Err(expired());
        }
        Ok(Caller {
            run: session.run,
            epoch,
        })
    }
}

/// A token that is not good for this call, whatever else it may be good for.
pub(super) fn bad_token() -> ServiceError {
    ServiceError::refused(Code::BadToken, "invalid token for this run")
}

/// A claim that is not the run's newest any more.
pub(super) fn replaced(epoch: u64, newest: u64) -> ServiceError {
    let message =
        format!("claim {epoch} of the run was replaced by claim {newest}: this agent must end");
    ServiceError::refused(Code::Superseded, message)
}

/// A session that was not heard for too long.
pub(super) fn expired() -> ServiceError {
    let message = "the session has expired: claim the run again";
    ServiceError::refused(Code::SessionExpired, message)
}

/// The token that a call must carry.
///
/// # Errors
///
/// When it carries none.
pub fn sent(token: Option<&str>) -> Result<&str, ServiceError> {
    token.ok_or_else(|| {
        let message = "no token was sent (Authorization: Bearer …)";
        ServiceError::refused(Code::BadToken, message)
    })
}

/// A run that there must be.
pub(super) async fn run_of(
    db: &mut sqlx::SqliteConnection,
    id: &str,
) -> Result<runs::Run, ServiceError> {
    let run = runs::get(db, id).await?;
    run.ok_or_else(|| ServiceError::not_found("run", id))
}

/// The run of an agent, which no newer claim may have replaced.
pub(super) async fn newest_of(
    db: &mut sqlx::SqliteConnection,
    caller: &Caller,
    epoch: u64,
) -> Result<runs::Run, ServiceError> {
    let run = run_of(db, &caller.run).await?;
    if caller.epoch == run.epoch && epoch == run.epoch {
        return Ok(run);
    }
    Err(replaced(caller.epoch.min(epoch), run.epoch))
}
