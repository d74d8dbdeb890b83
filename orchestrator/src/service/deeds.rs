//! The audit: what is read of it, what refused operators add to it, and when it is forgotten.

use std::net::IpAddr;

use jiff::Timestamp;
use vetting_protocol::Code;

use super::{Orchestrator, ServiceError};
use crate::clock::Served;
use crate::store::audit::{self, Deed, Wanted};
use crate::store::operators::Operator;

impl Orchestrator {
    /// A page of the audit, newest first.
    ///
    /// # Errors
    ///
    /// When a time is none.
    pub async fn deeds(&self, mut wanted: Wanted) -> Result<Vec<Deed>, ServiceError> {
        wanted.since = wanted.since.as_deref().map(instant).transpose()?;
        wanted.until = wanted.until.as_deref().map(instant).transpose()?;
        let mut db = self.store.read().await?;
        Ok(audit::page(&mut db, &wanted).await?)
    }

    /// Notes that an operator's roles do not reach for a call. Of one address only the first such call is
    /// noted, and every one whose count has doubled since.
    pub(super) async fn note_denied(&self, operator: &Operator, from: IpAddr, why: &str) {
        let Some(count) = self.denied.failed(from).audit else {
            return;
        };
        let detail = format!("from {from}, refusal {count} from there: {why}");
        if let Err(error) = self
            .note_deed(&operator.name, "call refused", None, &detail)
            .await
        {
            tracing::error!("a refused operator could not be audited: {error}");
        }
    }

    /// Notes a deed that changes nothing else.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn note_deed(
        &self,
        who: &str,
        what: &str,
        run: Option<&str>,
        detail: &str,
    ) -> Result<(), ServiceError> {
        let mut tx = self.store.write().await?;
        audit::note(&mut tx, who, what, run, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets the deeds that are older than they are kept for.
    pub(super) async fn forget_deeds(&self, served: &Served) -> Result<(), ServiceError> {
        let Some(then) = served.older_than(self.settings.audit_retention) else {
            return Ok(());
        };
        let mut tx = self.store.write().await?;
        let gone = audit::forget_before(&mut tx, &then).await?;
        if gone > 0 {
            let detail = format!("{gone} deeds from before {then}");
            audit::note(&mut tx, "orchestrator", "audit forgotten", None, &detail).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// A time in the spelling of stored ones.
fn instant(told: &str) -> Result<String, ServiceError> {
    let read = told.parse::<Timestamp>().map_err(|error| {
        let message = format!(
            "`{}` is no time such as 2026-05-01T12:00:00Z: {error}",
            told.escape_debug()
        );
        ServiceError::refused(Code::Malformed, message)
    });
    Ok(read?.to_string())
}
