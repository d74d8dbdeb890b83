//! Operators: who a token is, and whether that is enough for a call; and the log-ins of their browsers,
//! which are good for looking at pages alone.

use std::net::IpAddr;
use std::time::Duration;

use vetting_protocol::Code;

use super::{Orchestrator, ServiceError, sent};
use crate::clock;
use crate::secret;
use crate::store::operators::{self, Operator, Role};
use crate::store::{audit, logins};

/// How often a stream looks whether whoever reads it still may.
const STILL: Duration = Duration::from_secs(2);

/// How whoever looks at a page says who it is.
#[derive(Clone, Debug)]
pub enum Proof {
    /// An operator's token.
    Token(String),
    /// The token of a browser's log-in.
    LogIn(String),
}

impl Orchestrator {
    /// The operator of a token, who must have one of the roles.
    ///
    /// # Errors
    ///
    /// When no operator has the token, which is counted by address, or none of the roles is the
    /// operator's, which is audited.
    pub async fn operator(
        &self,
        token: Option<&str>,
        from: IpAddr,
        needed: &[Role],
    ) -> Result<Operator, ServiceError> {
        let token = sent(token)?;
        let mut db = self.store.read().await?;
        let found = operators::of_token(&mut db, &secret::hash(token)).await?;
        drop(db);
        let Some(operator) = found else {
            let refusal = ServiceError::refused(Code::BadToken, "no operator has this token");
            let deed = ("token refused", "no operator has the token");
            return Err(self.refuse_caller(from, deed, None, refusal).await);
        };
        self.may(operator, from, needed).await
    }

    /// The operator who looks at a page, who must have one of the roles.
    ///
    /// # Errors
    ///
    /// When a token is nobody's, a log-in is over, or none of the roles is the operator's.
    pub async fn viewer(
        &self,
        proof: Option<&Proof>,
        from: IpAddr,
        needed: &[Role],
    ) -> Result<Operator, ServiceError> {
        let login = match proof {
            Some(Proof::LogIn(login)) => login,
            Some(Proof::Token(token)) => return self.operator(Some(token), from, needed).await,
            None => return self.operator(None, from, needed).await,
        };
        let mut db = self.store.read().await?;
        let found = logins::get(&mut db, &secret::hash(login)).await?;
        drop(db);
        let good = found
            .filter(|(_, expires)| !clock::has_passed(expires, self.settings.login))
            .map(|(operator, _)| operator);
        let Some(operator) = good else {
            return Err(ServiceError::refused(
                Code::BadToken,
                "the log-in is over: log in again",
            ));
        };
        self.may(operator, from, needed).await
    }

    async fn may(
        &self,
        operator: Operator,
        from: IpAddr,
        needed: &[Role],
    ) -> Result<Operator, ServiceError> {
        if operator.roles.may_any(needed) {
            return Ok(operator);
        }
        let refusal = lacks(&operator, needed);
        self.note_denied(&operator, from, &refusal.to_string())
            .await;
        Err(refusal)
    }

    /// Comes back when whoever looks may not look any more: the operator was removed, has another token
    /// or other roles, or the log-in is over.
    pub async fn until_refused(&self, proof: Proof, from: IpAddr, needed: &'static [Role]) {
        loop {
            tokio::time::sleep(STILL).await;
            let looked = self.viewer(Some(&proof), from, needed).await;
            if matches!(
                looked,
                Err(ServiceError::Refused { .. } | ServiceError::Later { .. })
            ) {
                return;
            }
        }
    }

    /// Opens a log-in of a browser for the operator of a token; returns the log-in's token, which is good
    /// for pages alone.
    ///
    /// # Errors
    ///
    /// As [`Orchestrator::operator`].
    pub async fn log_in(
        &self,
        token: &str,
        from: IpAddr,
        needed: &[Role],
    ) -> Result<String, ServiceError> {
        let operator = self.operator(Some(token), from, needed).await?;
        let login = secret::token("vw");
        let expires = clock::from_now(self.settings.login);
        let of = (operator.name.as_str(), secret::hash(token));
        let mut tx = self.store.write().await?;
        logins::open(&mut tx, &secret::hash(&login), (of.0, &of.1), &expires).await?;
        let detail = format!("from {from}, until {expires}");
        audit::note(&mut tx, &operator.name, "log in", None, &detail).await?;
        tx.commit().await?;
        Ok(login)
    }

    /// Ends a browser's log-in, where there is one.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn log_out(&self, login: &str) -> Result<(), ServiceError> {
        let hash = secret::hash(login);
        let mut tx = self.store.write().await?;
        if let Some((operator, _)) = logins::get(&mut tx, &hash).await? {
            audit::note(&mut tx, &operator.name, "log out", None, "").await?;
        }
        logins::close(&mut tx, &hash).await?;
        Ok(tx.commit().await?)
    }
}

/// Refuses an operator who has none of the roles.
pub(super) fn lacks(operator: &Operator, needed: &[Role]) -> ServiceError {
    let needed: Vec<_> = needed
        .iter()
        .chain(&[Role::Admin])
        .map(|role| role.as_str())
        .collect();
    let message = format!(
        "{} has the roles: {}; needed: {}",
        operator.name,
        operator.roles,
        needed.join(" or ")
    );
    ServiceError::refused(Code::Role, message)
}
