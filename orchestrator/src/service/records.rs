//! Records that the orchestrator makes: of attempts that no agent could tell of, and of whole runs.

use vetting_protocol::{Ending, StageRecord, Verdict};
use vetting_report::{Format, RunRecord, RunVerdict, Style};

use super::agents::run_of;
use super::{Orchestrator, ServiceError};
use crate::lifecycle::Progress;
use crate::store::claims::{ClaimRecord, Proof};
use crate::store::journal::Dropped;
use crate::store::runs::{self, Run};
use crate::store::{Store, StoreError, artifacts, claims, holds, reports, results};

/// A table that goes to no terminal.
const PLAIN: Style = Style {
    width: 100,
    colour: false,
};

/// The record of an attempt whose agent or host went away.
pub(super) fn of_host(
    before: &Progress,
    verdict: Verdict,
    ending: Ending,
    after: &Progress,
) -> StageRecord {
    let stage = before.current();
    let name = stage.map_or("", |stage| stage.name.as_str());
    let mut record = StageRecord::not_run(name, before.attempt());
    record.verdict = Some(verdict);
    record.ending = ending;
    let held = after.held.as_ref();
    record.message = held.map_or_else(String::new, |held| held.reason.clone());
    record
}

impl Orchestrator {
    /// A run's report as it stands: of the record that was stored when the run ended, or of one that
    /// is made anew.
    ///
    /// # Errors
    ///
    /// When there is no such run.
    pub async fn report(&self, run: &str, format: Format) -> Result<String, ServiceError> {
        let mut db = self.store.read().await?;
        let found = run_of(&mut db, run).await?;
        let stored = match found.progress.state.is_terminal() {
            true => reports::get(&mut db, run).await?,
            false => None,
        };
        let record = match stored {
            Some(body) if format == Format::Json => return Ok(body),
            Some(body) => vetting_report::from_json(&body)?,
            None => record(&mut db, &found).await?,
        };
        Ok(format.write(&record, &PLAIN)?)
    }
}

/// Notes the verdicts of runs of an earlier version, from their stored records.
pub(super) async fn note_verdicts(store: &Store) -> Result<(), StoreError> {
    /// What is read of a record.
    #[derive(serde::Deserialize)]
    struct Judged {
        verdict: RunVerdict,
    }
    let mut tx = store.write().await?;
    for run in runs::without_verdict(&mut tx).await? {
        let body = reports::get(&mut tx, &run).await?;
        let judged = body.and_then(|body| serde_json::from_str::<Judged>(&body).ok());
        if let Some(Judged { verdict }) = judged {
            runs::judged(&mut tx, &run, verdict.as_str()).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Stores the report of a run that is over or holds.
pub(super) async fn store_at_rest(
    db: &mut sqlx::SqliteConnection,
    run: &Run,
) -> Result<(), ServiceError> {
    if run.progress.state.is_at_rest() {
        store_record(db, run).await?;
    }
    Ok(())
}

/// Stores the record, from which a report is written in whatever format.
pub(super) async fn store_record(
    db: &mut sqlx::SqliteConnection,
    run: &Run,
) -> Result<(), ServiceError> {
    let record = record(db, run).await?;
    let body = Format::Json.write(&record, &PLAIN)?;
    runs::judged(db, &run.id, record.verdict.as_str()).await?;
    Ok(reports::put(db, &run.id, &body).await?)
}

/// A run's record: the newest result of every stage in the pipeline's order, with `SpecValidate`
/// where it comes, and older attempts told of in the notes.
async fn record(db: &mut sqlx::SqliteConnection, run: &Run) -> Result<RunRecord, ServiceError> {
    let results = results::of_run(db, &run.id).await?;
    let mut notes = Vec::new();
    let mut stages = Vec::new();
    let mut names: Vec<&str> = run.orders.iter().map(|o| o.stage.as_str()).collect();
    let after_inventory = names.iter().position(|n| *n == crate::lifecycle::INVENTORY);
    if let Some(at) = after_inventory {
        names.insert(at + 1, super::spec_check::STAGE);
    }
    for name in names {
        let of_stage = || results.iter().filter(|r| r.record.stage == name);
        let newest = of_stage().max_by_key(|r| r.record.attempt);
        for older in
            of_stage().filter(|r| Some(r.record.attempt) != newest.map(|n| n.record.attempt))
        {
            let verdict = older.record.verdict_word();
            notes.push(format!(
                "{name} attempt {}: {verdict}: {}",
                older.record.attempt, older.record.message
            ));
        }
        stages.push(newest.map_or_else(
            || {
                let attempt = run.progress.stage(name).map_or(1, |s| s.attempt.max(1));
                StageRecord::not_run(name, attempt)
            },
            |newest| newest.record.clone(),
        ));
    }
    for hold in holds::of_run(db, &run.id).await? {
        let Some(opened) = &hold.opened else { continue };
        let closed = hold.closed.as_deref().unwrap_or("now");
        notes.push(format!(
            "a person had access: the host held after {} and let in the keys of {} from {opened} \
             to {closed}",
            hold.stage, hold.operators
        ));
    }
    notes.extend(claim_notes(&claims::of_run(db, &run.id).await?));
    for file in artifacts::of_run(db, &run.id).await? {
        let about = match (&file.stage, file.attempt) {
            (Some(stage), Some(attempt)) => format!(" about {stage} attempt {attempt}"),
            (Some(stage), None) => format!(" about {stage}"),
            (None, _) => String::new(),
        };
        notes.push(format!(
            "evidence{about}: {} ({}, {} bytes, sha256 {})",
            file.name, file.media_type, file.bytes, file.sha256
        ));
    }
    if run.dropped != Dropped::default() {
        notes.push(format!(
            "{} log lines and {} samples were dropped: as much is kept of a run as the orchestrator's \
             bounds let in",
            run.dropped.lines, run.dropped.samples
        ));
    }
    if let Some(because) = &run.progress.ended_because {
        notes.push(because.clone());
    }
    if let Some(held) = &run.progress.held {
        notes.push(format!("the run holds: {}", held.reason));
    }
    let machine = run
        .claim
        .as_ref()
        .map_or("unclaimed", |c| c.machine.as_str());
    let version = run.claim.as_ref().map_or("", |c| c.version.as_str());
    let duration_ms = stages.iter().map(|stage| stage.duration_ms).sum();
    Ok(RunRecord::new(vetting_report::Run {
        vetting_version: version.to_owned(),
        contract: vetting_component::offered().name(),
        machine: format!("{} ({machine})", run.host),
        seed: None,
        started: run.created.clone(),
        duration_ms,
        stages,
        notes,
    }))
}

/// What a reader must know of a run's claims: nothing where there was one.
fn claim_notes(claims: &[ClaimRecord]) -> Vec<String> {
    if claims.len() < 2 {
        return Vec::new();
    }
    let note = |claim: &ClaimRecord| {
        let proof = match claim.proof {
            Proof::BootToken => "by boot token",
            Proof::Session => "by the session of the claim before",
        };
        let mut note = format!("{claim}, {proof}, at {}", claim.at);
        if let Some(why) = &claim.refused {
            note += &format!("; refused: {why}");
        }
        if let Some(at) = &claim.heard_after {
            note += &format!("; heard again at {at}, after the next claim");
        }
        note
    };
    claims.iter().map(note).collect()
}
