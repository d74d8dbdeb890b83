//! Who calls: an agent by its session's token. One token is good for one run and one claim.

use vetting_protocol::Code;

use super::{Orchestrator, ServiceError};
use crate::secret;
use crate::store::{has_passed, runs, sessions};

/// An agent whose token is good.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The run.
    pub run: String,
    /// The claim that its session was opened by.
    pub epoch: u64,
}

impl Orchestrator {
    /// The agent that a token is.
    ///
    /// # Errors
    ///
    /// When it is nobody's, another run's, or its session has expired.
    pub async fn agent(&self, run: &str, token: Option<&str>) -> Result<Caller, ServiceError> {
        let refuse = |code, message: &str| Err(ServiceError::refused(code, message));
        let hash = secret::hash(sent(token)?);
        let mut db = self.store.read().await?;
        let Some(session) = sessions::get(&mut db, &hash).await? else {
            if runs::of_boot_token(&mut db, &hash).await?.is_some() {
                return refuse(
                    Code::BadToken,
                    "a boot token is good only for hello and claim; claim the run first",
                );
            }
            return refuse(Code::BadToken, "nobody has this token");
        };
        if session.run != run {
            return refuse(Code::OtherRun, "the token is another run's");
        }
        if has_passed(&session.expires) {
            return Err(expired());
        }
        Ok(Caller {
            run: session.run,
            epoch: session.epoch.unsigned_abs(),
        })
    }

    /// A boot token's run, checked.
    pub(super) async fn booted(
        &self,
        db: &mut sqlx::SqliteConnection,
        run: &str,
        token: Option<&str>,
    ) -> Result<runs::Run, ServiceError> {
        let refuse = |code, message: &str| Err(ServiceError::refused(code, message));
        let hash = secret::hash(sent(token)?);
        match runs::of_boot_token(db, &hash).await? {
            None => refuse(Code::BadToken, "nobody has this token"),
            Some(other) if other != run => refuse(Code::OtherRun, "the token is another run's"),
            Some(_) => run_of(db, run).await,
        }
    }
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
    Err(ServiceError::refused(
        Code::Superseded,
        format!(
            "claim {} of the run was replaced by claim {}: this agent must end",
            caller.epoch.min(epoch),
            run.epoch
        ),
    ))
}
