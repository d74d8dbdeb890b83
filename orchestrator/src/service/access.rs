//! Operators: who a token is, and whether that is enough for a call.

use std::net::IpAddr;

use vetting_protocol::Code;

use super::{Orchestrator, ServiceError, sent};
use crate::secret;
use crate::store::operators::{self, Operator, Role};

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
        if operator.roles.may_any(needed) {
            return Ok(operator);
        }
        Err(lacks(&operator, needed))
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
