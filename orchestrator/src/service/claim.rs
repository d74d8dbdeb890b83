//! Hello and claim.

use vetting_protocol::{
    Claim, ClaimAnswer, Code, Ending, Hello, HelloAnswer, Identity, Verdict, WentDown,
};

use super::{Orchestrator, ServiceError, due, from_now};
use crate::lifecycle::{Claimant, Event, Progress, step};
use crate::secret;
use crate::store::hosts::Host;
use crate::store::runs::{self, Run};
use crate::store::{audit, hosts, sessions};

impl Orchestrator {
    /// A machine says that it is up.
    ///
    /// # Errors
    ///
    /// When its token is not the run's.
    pub async fn hello(
        &self,
        run: &str,
        token: Option<&str>,
        hello: &Hello,
    ) -> Result<HelloAnswer, ServiceError> {
        let mut db = self.store.read().await?;
        let run = self.booted(&mut db, run, token).await?;
        tracing::info!(run = run.id, mac = hello.identity.mac, address = ?hello.address, "hello");
        Ok(HelloAnswer {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            time: crate::store::now(),
        })
    }

    /// An agent takes a run: from here on every older one is refused.
    ///
    /// # Errors
    ///
    /// When the token is not the run's, the host is another, the run is over, or the agent's own
    /// claim was replaced.
    pub async fn claim(
        &self,
        run: &str,
        token: Option<&str>,
        claim: Claim,
    ) -> Result<ClaimAnswer, ServiceError> {
        let mut tx = self.store.write().await?;
        let mut run = self.booted(&mut tx, run, token).await?;
        let host = hosts::get(&mut tx, &run.host).await?;
        let host = host.ok_or_else(|| ServiceError::not_found("host", &run.host))?;
        same_host(&host, &run, &claim.identity)?;
        let again = run
            .claim
            .as_ref()
            .is_some_and(|old| old.instance == claim.instance);
        let mut went_down = None;
        if run.progress.state.is_terminal() {
            // The agent is told so by the error; it must never power off for it.
            return Err(crate::lifecycle::Refused::Over(run.progress.state).into());
        }
        if !again {
            not_replaced(&mut tx, &run, &claim).await?;
            let claimant = match &run.claim {
                None => Claimant::First,
                Some(old) if old.boot_id == claim.boot_id => Claimant::AgentRestarted,
                Some(_) => Claimant::HostRebooted,
            };
            due::void_expired(&mut tx, &mut run).await?;
            let before = run.progress.clone();
            let after = step(&before, &Event::Claimed(claimant))?;
            run.epoch += 1;
            let cause = format!("claim {}", run.epoch);
            if let Some((verdict, ending)) = ended_attempt(&before, &after, claimant) {
                let answer = super::result::answer(&run, &after);
                let record = super::records::of_host(&before, verdict, ending, &after);
                if claimant == Claimant::HostRebooted {
                    went_down = Some(WentDown {
                        stage: record.stage.clone(),
                        attempt: record.attempt,
                    });
                }
                super::result::store(&mut tx, &run, &record, None, &answer).await?;
            }
            runs::advance(&mut tx, &mut run, after, &cause).await?;
            run.claim = Some(claim.clone());
            due::taken_over(&mut tx, &run).await?;
            let detail = format!("claim {} from {}", run.epoch, claim.identity.mac);
            audit::note(&mut tx, "agent", "claim", Some(&run.id), &detail).await?;
        }
        if run.iperf_port.is_none() {
            run.iperf_port = self.free_iperf_port(&mut tx).await?;
        }
        run.lost_since = None;
        runs::update(&mut tx, &run).await?;
        let session_token = secret::token("vs");
        let expires = from_now(self.settings.session);
        let hash = secret::hash(&session_token);
        sessions::open(&mut tx, &hash, &run, &expires).await?;
        tx.commit().await?;
        self.live
            .heard(&run.id, run.epoch, "claimed the run".to_owned(), None);
        self.changed(&run).await;
        let spec = host.spec.unwrap_or_default();
        Ok(ClaimAnswer {
            session_token,
            epoch: run.epoch,
            current_state: run.progress.state.clone(),
            attempt: run.progress.attempt(),
            stages: run.orders.clone(),
            iperf_port: run.iperf_port,
            expected_disks: spec.expected_disks(),
            non_destructive: run.non_destructive,
            periods: self.settings.periods,
            held_because: run.progress.held.map(|held| held.reason),
            went_down,
        })
    }

    /// A port for a run's iperf3 server that no other live run has.
    async fn free_iperf_port(
        &self,
        db: &mut sqlx::SqliteConnection,
    ) -> Result<Option<u16>, ServiceError> {
        let taken = runs::iperf_ports(db).await?;
        let mut ports = self.settings.iperf_ports.clone();
        Ok(ports.find(|port| !taken.contains(&i64::from(*port))))
    }
}

/// Refuses an agent whose claim was replaced: its session has expired, and it does not know that
/// another has the run.
async fn not_replaced(
    db: &mut sqlx::SqliteConnection,
    run: &Run,
    claim: &Claim,
) -> Result<(), ServiceError> {
    if !sessions::were_opened_for(db, &run.id, &claim.instance).await? {
        return Ok(());
    }
    let message = format!(
        "this agent's claim of the run was replaced by claim {}: it must end",
        run.epoch
    );
    Err(ServiceError::refused(Code::Superseded, message))
}

/// Refuses a host that is not the run's: by what the operator registered, and where that says
/// nothing, by who claimed the run first.
fn same_host(host: &Host, run: &Run, claimed: &Identity) -> Result<(), ServiceError> {
    let first = run.claim.as_ref().map(|claim| &claim.identity);
    let known =
        |of: fn(&Identity) -> Option<&String>| of(&host.identity).or_else(|| first.and_then(of));
    let pairs = [
        ("MAC address", Some(&host.identity.mac), Some(&claimed.mac)),
        (
            "system UUID",
            known(|identity| identity.system_uuid.as_ref()),
            claimed.system_uuid.as_ref(),
        ),
        (
            "board serial",
            known(|identity| identity.board_serial.as_ref()),
            claimed.board_serial.as_ref(),
        ),
    ];
    for (what, expected, found) in pairs {
        if let Some(expected) = expected
            && !found.is_some_and(|found| found.eq_ignore_ascii_case(expected))
        {
            return Err(ServiceError::refused(
                Code::OtherHost,
                format!(
                    "this host is not the run's: its {what} is {}, the run is {}'s, which has \
                     {expected}; correct the host with `host add`, or boot the right machine",
                    found.map_or("unknown", String::as_str),
                    host.name
                ),
            ));
        }
    }
    Ok(())
}

/// What becomes of the attempt that was at work, when the claim made the run hold.
fn ended_attempt(
    before: &Progress,
    after: &Progress,
    claimant: Claimant,
) -> Option<(Verdict, Ending)> {
    before.current()?;
    let held = after.held.as_ref()?;
    Some(match claimant {
        Claimant::HostRebooted => (Verdict::Fail, Ending::HostDown),
        _ => (
            Verdict::Inconclusive,
            Ending::AgentGone {
                reason: held.reason.clone(),
            },
        ),
    })
}
