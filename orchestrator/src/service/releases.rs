//! Versions of stages: which one new runs run, and which one a single run tries.

use vetting_component::Manifest;
use vetting_protocol::Code;

use super::{Orchestrator, ServiceError};
use crate::store::audit;
use crate::store::operators::Operator;
use crate::store::releases::{self, Release};
use crate::store::stages::{self, Settings, Stage};

impl Orchestrator {
    /// All published versions of a stage, oldest first.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn releases(&self, name: &str) -> Result<Vec<Release>, ServiceError> {
        let mut db = self.store.read().await?;
        let all = releases::of_stage(&mut db, name).await?;
        if all.is_empty() {
            return Err(ServiceError::not_found("stage", name));
        }
        Ok(all)
    }

    /// Makes a published version the one that new runs run: a canary that proved good, or an older one
    /// again. A pinned stage stays pinned, now to this one.
    ///
    /// # Errors
    ///
    /// When there is no such version.
    pub async fn use_release(
        &self,
        who: &Operator,
        name: &str,
        version: &str,
    ) -> Result<Stage, ServiceError> {
        let mut tx = self.store.write().await?;
        let release = release(&mut tx, name, version).await?;
        let mut stage = with(&mut tx, release).await?;
        stage.published = crate::store::now();
        stage.published_by.clone_from(&who.name);
        stages::put(&mut tx, &stage).await?;
        let detail = format!("{name} {version} sha256 {}", stage.digest);
        audit::note(&mut tx, &who.name, "stage use", None, &detail).await?;
        tx.commit().await?;
        Ok(stage)
    }

    /// What a component says of itself, where it is kept here.
    pub(super) async fn manifest(
        &self,
        db: &mut sqlx::SqliteConnection,
        digest: &str,
    ) -> Result<Option<Manifest>, ServiceError> {
        if let Some(manifest) = releases::manifest(db, digest).await? {
            return Ok(serde_json::from_value(manifest).ok());
        }
        // One that came with a retry is no release.
        let bytes = stages::component(db, digest).await?;
        let read = bytes.and_then(|bytes| vetting_component::read(&bytes).ok());
        Ok(read.map(|contents| contents.manifest))
    }
}

/// The registered stages, with the canaries `NAME@VERSION` in the place of those of their names.
///
/// # Errors
///
/// When a canary is none that was published.
pub(super) async fn with_canaries(
    db: &mut sqlx::SqliteConnection,
    canaries: &[String],
) -> Result<Vec<Stage>, ServiceError> {
    let mut registered = stages::all(db).await?;
    for canary in canaries {
        let (name, version) = canary.split_once('@').ok_or_else(|| {
            ServiceError::refused(
                Code::Malformed,
                format!("the canary `{canary}` must be NAME@VERSION"),
            )
        })?;
        let release = release(db, name, version).await?;
        let stage = with(db, release).await?;
        registered.retain(|other| other.name != stage.name);
        registered.push(stage);
    }
    registered.sort_by(|a, b| (a.settings.position, &a.name).cmp(&(b.settings.position, &b.name)));
    Ok(registered)
}

/// A version, or those there are.
async fn release(
    db: &mut sqlx::SqliteConnection,
    name: &str,
    version: &str,
) -> Result<Release, ServiceError> {
    let all = releases::of_stage(db, name).await?;
    let versions: Vec<_> = all.iter().map(|release| release.version.clone()).collect();
    if versions.is_empty() {
        return Err(ServiceError::not_found("stage", name));
    }
    let found = all.into_iter().find(|release| release.version == version);
    found.ok_or_else(|| {
        let message = format!(
            "{name} has no version `{version}`; there are: {}",
            versions.join(", ")
        );
        ServiceError::refused(Code::NotFound, message)
    })
}

/// The stage with this release: settings are those that it is registered with.
async fn with(db: &mut sqlx::SqliteConnection, release: Release) -> Result<Stage, ServiceError> {
    let stage = stages::get(db, &release.name)
        .await?
        .unwrap_or_else(|| Stage {
            name: release.name.clone(),
            digest: String::new(),
            size: 0,
            version: String::new(),
            manifest: serde_json::Value::Null,
            signature: None,
            signed_by: None,
            settings: Settings {
                position: super::registry::position(&release.name),
                ..Settings::default()
            },
            published: release.published.clone(),
            published_by: release.published_by.clone(),
        });
    Ok(release.over(stage))
}
