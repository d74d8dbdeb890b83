//! Hello and claim. A boot token is good for one claim that leads on without a person: whoever reads the
//! host's console or its kernel command line has it too. An agent that restarts in the same boot comes with
//! its session; every other second claim takes the run, so that a host that went down can say so, and holds
//! it until an operator decides.

use std::net::IpAddr;

use vetting_protocol::{
    Claim, ClaimAnswer, Code, Ending, Hello, HelloAnswer, StageOrder, StageRecord, Verdict,
    WentDown,
};

use super::holder::{Held, holder};
use super::{Orchestrator, ServiceError, due, image, iperf};
use crate::clock::from_now;
use crate::identity::same_host;
use crate::lifecycle::{Claimant, Event, Progress, Refused, step};
use crate::secret;
use crate::store::claims::{ClaimRecord, Proof};
use crate::store::runs::{self, Run};
use crate::store::{audit, claims, hosts, results, sessions};

/// How many claims a run may have: a host that goes down again and again has other needs, and whoever
/// has stolen a boot token must not fill the database with claims.
const MOST_CLAIMS: u64 = 64;
/// How long any text of a claim may be, in bytes.
const LONGEST: usize = 255;

impl Orchestrator {
    /// A machine says that it is up.
    ///
    /// # Errors
    ///
    /// When its token is not the run's, or what it offers is too long to be shown.
    pub async fn hello(
        &self,
        run: &str,
        token: Option<&str>,
        from: IpAddr,
        hello: &Hello,
    ) -> Result<HelloAnswer, ServiceError> {
        hello.offers.as_ref().map_or(Ok(()), image::bounded)?;
        let mut db = self.store.read().await?;
        let Some((run, _)) = holder(&mut db, run, token).await? else {
            drop(db);
            return Err(self.refuse_token(from, "hello refused", run).await);
        };
        let contract = hello.offers.as_ref().map(|offers| offers.contract.as_str());
        tracing::info!(run = run.id, mac = hello.identity.mac, %from, address = ?hello.address, contract, "hello");
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
    /// claim was replaced. A refusal does not say what would have been right: the report, the audit and
    /// the log do.
    pub async fn claim(
        &self,
        run: &str,
        token: Option<&str>,
        from: IpAddr,
        claim: Claim,
    ) -> Result<ClaimAnswer, ServiceError> {
        bounded(&claim)?;
        let mut tx = self.store.write().await?;
        let Some((mut run, held)) = holder(&mut tx, run, token).await? else {
            tx.rollback().await?;
            return Err(self.refuse_token(from, "claim refused", run).await);
        };
        let proof = match held {
            Held::BootToken => Proof::BootToken,
            Held::Session => Proof::Session,
        };
        let host = hosts::get(&mut tx, &run.host).await?;
        let host = host.ok_or_else(|| ServiceError::not_found("host", &run.host))?;
        let first = run.claim.as_ref().map(|claim| &claim.identity);
        let mut why = same_host(&host.identity, first, &claim.identity).err();
        let mut refusal = ServiceError::refused(
            Code::OtherHost,
            "this host is not the run's; an operator finds the reason in the audit",
        );
        if why.is_none() && run.progress.state.is_terminal() {
            // The agent is told so by the error; it must never power off for it.
            refusal = Refused::Over(run.progress.state.clone()).into();
            let same_boot = run
                .claim
                .as_ref()
                .is_some_and(|old| old.boot_id == claim.boot_id);
            if same_boot {
                return Err(refusal);
            }
            why = Some(format!("the run was over: {}", run.progress.state));
        }
        if let Some(why) = why {
            let claim = (&claim, (proof, from), why.as_str());
            tx.rollback().await?;
            return Err(self.refuse_claim(&run, claim, refusal).await);
        }
        let again = run
            .claim
            .as_ref()
            .is_some_and(|old| old.instance == claim.instance && old.boot_id == claim.boot_id);
        let mut went_down = None;
        if !again {
            not_replaced(&mut tx, &run, &claim).await?;
            let claimant = self.claimant(&mut tx, &run, &claim, (proof, from)).await?;
            due::void_expired(&mut tx, &mut run, self.settings.directive).await?;
            let before = run.progress.clone();
            let after = step(&before, &Event::Claimed(claimant.clone()))?;
            run.epoch = run.epoch.saturating_add(1);
            run.claim = Some(claim.clone());
            let cause = format!("claim {}", run.epoch);
            if let Some((verdict, ending)) = ended_attempt(&before, &after, &claimant) {
                let answer = super::result::answer(&run, &after);
                let record = super::records::of_host(&before, verdict, ending, &after);
                if matches!(claimant, Claimant::Another { .. }) {
                    went_down = Some(WentDown {
                        stage: record.stage.clone(),
                        attempt: record.attempt,
                    });
                }
                super::result::store(&mut tx, &run, &record, None, &answer).await?;
            }
            let after = self.hold_claimed(&mut tx, &run, after).await?;
            runs::advance(&mut tx, &mut run, after, &cause).await?;
            due::taken_over(&mut tx, &run, &claimant).await?;
            claims::insert(
                &mut tx,
                &run.id,
                Some(run.epoch),
                (proof, from),
                &claim,
                None,
            )
            .await?;
            let taken = claims::get(&mut tx, &run.id, run.epoch).await?;
            let detail = taken.map(|taken| taken.to_string()).unwrap_or_default();
            audit::note(&mut tx, "agent", "claim", Some(&run.id), &detail).await?;
        }
        self.take_iperf_port(&mut tx, &mut run).await?;
        run.lost_since = None;
        runs::update(&mut tx, &run).await?;
        super::records::store_at_rest(&mut tx, &run).await?;
        let session_token = secret::token("vs");
        let expires = from_now(self.settings.session);
        let hash = secret::hash(&session_token);
        sessions::open(&mut tx, &hash, &run, &expires).await?;
        tx.commit().await?;
        if run.epoch == 1 && !again {
            self.live.begins(&run.id, &run.progress);
        }
        self.live
            .heard(&run.id, run.epoch, "claimed the run".to_owned(), None);
        self.changed(&run).await;
        let spec = host.spec.unwrap_or_default();
        let stages: Vec<StageOrder> = run
            .orders
            .iter()
            .map(|order| iperf::with_port(&run, order))
            .collect();
        Ok(ClaimAnswer {
            session_token,
            epoch: run.epoch,
            current_state: run.progress.state.clone(),
            attempt: run.progress.attempt(),
            iperf_port: stages.iter().find_map(|order| order.iperf_port),
            stages,
            expected_disks: spec.expected_disks(),
            non_destructive: run.non_destructive,
            periods: self.settings.periods,
            held_because: run.progress.held.map(|held| held.reason),
            went_down,
        })
    }

    /// What an agent that claims is to the run.
    async fn claimant(
        &self,
        db: &mut sqlx::SqliteConnection,
        run: &Run,
        claim: &Claim,
        (proof, from): (Proof, IpAddr),
    ) -> Result<Claimant, ServiceError> {
        let Some(old) = &run.claim else {
            return Ok(Claimant::First);
        };
        if proof == Proof::Session && old.boot_id == claim.boot_id {
            return Ok(Claimant::AgentRestarted);
        }
        if claims::count(db, &run.id).await? >= MOST_CLAIMS {
            let message = "the run was claimed too often: an operator must create a new one";
            return Err(ServiceError::refused(Code::State, message));
        }
        let new = ClaimRecord {
            epoch: Some(run.epoch.saturating_add(1)),
            at: crate::store::now(),
            proof,
            peer: from.to_canonical().to_string(),
            claim: claim.clone(),
            refused: None,
            heard_after: None,
        };
        let old = claims::get(db, &run.id, run.epoch).await?;
        let claims = match old {
            Some(old) => format!("{old}; {new}"),
            None => new.to_string(),
        };
        Ok(Claimant::Another { claims })
    }

    /// Keeps a claim that was refused although its token is good, for the run's report, up to
    /// [`MOST_CLAIMS`]. Where it cannot be kept the answer is that failure, after which the caller may
    /// try again: a final refusal is in the report.
    async fn refuse_claim(
        &self,
        run: &Run,
        (claim, (proof, from), why): (&Claim, (Proof, IpAddr), &str),
        refusal: ServiceError,
    ) -> ServiceError {
        let kept = async {
            let mut tx = self.store.write().await?;
            if claims::count(&mut tx, &run.id).await? < MOST_CLAIMS {
                claims::insert(&mut tx, &run.id, None, (proof, from), claim, Some(why)).await?;
                super::records::store_at_rest(&mut tx, run).await?;
            }
            Ok::<_, ServiceError>(tx.commit().await?)
        };
        let answer = match kept.await {
            Ok(()) => refusal,
            Err(error) => error,
        };
        self.refuse_caller(from, ("claim refused", why), Some(&run.id), answer)
            .await
    }

    /// Notes that the agent of an older claim was heard. Where a claim by boot token had taken the run,
    /// the host did not go down: two machines are up at once.
    pub(super) async fn heard_after(&self, run: &str, epoch: u64) -> Result<(), ServiceError> {
        let mut db = self.store.read().await?;
        let old = claims::get(&mut db, run, epoch).await?;
        drop(db);
        if old.is_none_or(|old| old.heard_after.is_some()) {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        let mut run = super::agents::run_of(&mut tx, run).await?;
        if !claims::heard_after(&mut tx, &run.id, epoch).await? {
            return Ok(());
        }
        let new = claims::get(&mut tx, &run.id, epoch.saturating_add(1)).await?;
        if let Some(new) = new.filter(|new| new.proof == Proof::BootToken) {
            let reason = format!(
                "the agent of claim {epoch} was heard after the {new}: two machines are up at once, the \
                 host did not go down, and one of them has the run's boot token from somewhere else"
            );
            results::replace_host_down(&mut tx, &run.id, new.epoch.unwrap_or(0), |record| {
                doubted(record, &reason);
            })
            .await?;
            let event = Event::Disputed {
                reason: reason.clone(),
            };
            let after = step(&run.progress, &event)?;
            runs::advance(&mut tx, &mut run, after, "two machines").await?;
            super::records::store_at_rest(&mut tx, &run).await?;
            audit::note(
                &mut tx,
                "orchestrator",
                "two machines",
                Some(&run.id),
                &reason,
            )
            .await?;
            tracing::warn!(
                run = run.id,
                reason,
                "two machines have the run's boot token"
            );
        }
        tx.commit().await?;
        self.changed(&run).await;
        Ok(())
    }
}

/// Refuses a claim whose texts are too long to be kept and shown.
fn bounded(claim: &Claim) -> Result<(), ServiceError> {
    let identity = &claim.identity;
    let texts = [
        ("identity.mac", Some(&identity.mac)),
        ("identity.system_uuid", identity.system_uuid.as_ref()),
        ("identity.board_serial", identity.board_serial.as_ref()),
        ("boot_id", Some(&claim.boot_id)),
        ("instance", Some(&claim.instance)),
        ("version", Some(&claim.version)),
        ("machine", Some(&claim.machine)),
        ("address", claim.address.as_ref()),
    ];
    for (name, text) in texts {
        if text.is_some_and(|text| text.len() > LONGEST) {
            let message = format!("`{name}` is longer than {LONGEST} bytes");
            return Err(ServiceError::refused(Code::Malformed, message));
        }
    }
    claim.offers.as_ref().map_or(Ok(()), image::bounded)
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

/// What becomes of the attempt that was at work, when the claim made the run hold.
fn ended_attempt(
    before: &Progress,
    after: &Progress,
    claimant: &Claimant,
) -> Option<(Verdict, Ending)> {
    before.current().filter(|stage| stage.begun)?;
    let held = after.held.as_ref()?;
    Some(match claimant {
        Claimant::Another { .. } => (Verdict::Fail, Ending::HostDown),
        _ => (
            Verdict::Inconclusive,
            Ending::AgentGone {
                reason: held.reason.clone(),
            },
        ),
    })
}

/// A host that was thought to have gone down, and had not.
fn doubted(record: &mut StageRecord, reason: &str) {
    record.verdict = Some(Verdict::Inconclusive);
    record.ending = Ending::AgentGone {
        reason: reason.to_owned(),
    };
    record.message = reason.to_owned();
}
