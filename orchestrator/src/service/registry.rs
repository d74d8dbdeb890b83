//! The stage registry: components are read and checked before anything is kept of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vetting_component::Manifest;
use vetting_component::signature::Signature;
use vetting_protocol::{
    Code, ComponentRef, PIPELINE, Publication, PublicationSet, StageOrder, State, printable,
};

use super::{Orchestrator, ServiceError};
use crate::store::audit;
use crate::store::operators::Operator;
use crate::store::releases;
use crate::store::runs::{self, Run};
use crate::store::stages::{self, Settings, Stage};

/// The most stages that one call registers together.
const MAX_SET: usize = 64;

/// A component that was checked.
struct Checked {
    manifest: Manifest,
    digest: String,
    bytes: Vec<u8>,
    signature: Option<Signature>,
}

impl Orchestrator {
    /// Registers a stage, or replaces its component and settings; a canary is only kept.
    ///
    /// # Errors
    ///
    /// When the component is no stage or not the one that was sent, its version is published with other
    /// bytes, or the settings do not fit its manifest.
    pub async fn publish(
        &self,
        who: &Operator,
        publication: &Publication,
    ) -> Result<Stage, ServiceError> {
        self.room()?;
        let checked = arrived(publication)?;
        let mut tx = self.store.write().await?;
        let stage = register(&mut tx, who, &checked, publication).await?;
        tx.commit().await?;
        Ok(stage)
    }

    /// Registers several stages, all of them or none: a fact that several stages judge by is mended in all of them
    /// at once, or a run would judge by both.
    ///
    /// # Errors
    ///
    /// When there are none or too many, two are the same stage, or one of them cannot be registered.
    pub async fn publish_set(
        &self,
        who: &Operator,
        set: &PublicationSet,
    ) -> Result<Vec<Stage>, ServiceError> {
        self.room()?;
        let malformed = |why: String| ServiceError::refused(Code::Malformed, why);
        let count = set.publications.len();
        if !(1..=MAX_SET).contains(&count) {
            let why = format!("a set has 1 to {MAX_SET} stages, and this one has {count}");
            return Err(malformed(why));
        }
        let mut all = Vec::new();
        let mut names = BTreeSet::new();
        for publication in &set.publications {
            let checked = arrived(publication)?;
            if !names.insert(checked.manifest.name.clone()) {
                let name = &checked.manifest.name;
                return Err(malformed(format!("the set has the stage `{name}` twice")));
            }
            all.push((checked, publication));
        }
        let mut tx = self.store.write().await?;
        let mut stages = Vec::new();
        for (checked, publication) in &all {
            stages.push(register(&mut tx, who, checked, publication).await?);
        }
        tx.commit().await?;
        Ok(stages)
    }

    /// Removes a stage from the registry. Runs that were made with it keep it.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub async fn unpublish(&self, who: &Operator, name: &str) -> Result<(), ServiceError> {
        let mut tx = self.store.write().await?;
        if !stages::remove(&mut tx, name).await? {
            return Err(ServiceError::not_found("stage", name));
        }
        audit::note(&mut tx, &who.name, "stage remove", None, name).await?;
        Ok(tx.commit().await?)
    }

    /// Gives one stage of a run another component, for a retry.
    pub(super) async fn replace(
        &self,
        db: &mut sqlx::SqliteConnection,
        who: &Operator,
        run: &mut Run,
        target: &State,
        (component, signature): (&str, Option<&str>),
    ) -> Result<(), ServiceError> {
        self.room()?;
        let checked = checked(component, signature)?;
        let stage = target.stage().unwrap_or_default();
        let Some(order) = run.orders.iter_mut().find(|order| order.stage == stage) else {
            return Err(ServiceError::not_found("stage of the run", stage));
        };
        if checked.manifest.name != stage {
            return Err(ServiceError::refused(
                Code::Malformed,
                format!(
                    "the component is the stage `{}`, not `{stage}`",
                    checked.manifest.name
                ),
            ));
        }
        fits(&checked.manifest, &order.parameters)?;
        let same = order.component.sha256 == checked.digest;
        let before = order.component.signature.take().filter(|_| same);
        order.component = ComponentRef {
            sha256: checked.digest.clone(),
            size: checked.bytes.len() as u64,
            signature: checked.signature.map(|s| s.text().to_owned()).or(before),
        };
        stages::put_component(db, &checked.digest, &checked.bytes).await?;
        runs::update(db, run).await?;
        let detail = format!("{stage}: sha256 {}", checked.digest);
        audit::note(db, &who.name, "stage replaced", Some(&run.id), &detail).await?;
        Ok(())
    }
}

/// A publication's component as it was sent, checked.
fn arrived(publication: &Publication) -> Result<Checked, ServiceError> {
    let checked = checked(&publication.component, publication.signature.as_deref())?;
    if let Some(claimed) = &publication.sha256
        && *claimed != checked.digest
    {
        let message = format!(
            "the component arrived with the sha256 {}, and its publisher has {claimed}: it was \
             changed on the way",
            checked.digest
        );
        return Err(ServiceError::refused(Code::Malformed, message));
    }
    Ok(checked)
}

/// Registers a stage within a transaction.
async fn register(
    db: &mut sqlx::SqliteConnection,
    who: &Operator,
    checked: &Checked,
    publication: &Publication,
) -> Result<Stage, ServiceError> {
    let name = checked.manifest.name.clone();
    let version = &checked.manifest.version;
    if let Some(release) = releases::get(db, &name, version).await?
        && release.digest != checked.digest
    {
        let message = format!(
            "{name} {version} is published already, with other bytes (sha256 {}): give this one \
             another version",
            release.digest
        );
        return Err(ServiceError::refused(Code::State, message));
    }
    let before = stages::get(db, &name).await?;
    let all = stages::all(db).await?;
    if let Some(other) = all.iter().find(|other| is_mistaken_for(&name, &other.name)) {
        let message = format!(
            "`{name}` would be taken for the stage `{}`, which is registered; name it otherwise",
            other.name
        );
        return Err(ServiceError::refused(Code::State, message));
    }
    let mut settings = before
        .as_ref()
        .map(|s| s.settings.clone())
        .unwrap_or(Settings {
            position: position(&name),
            ..Settings::default()
        });
    let unpinning = publication.pinned == Some(false);
    if let Some(before) = &before
        && before.settings.pinned
        && before.digest != checked.digest
        && !unpinning
        && !publication.canary
    {
        return Err(ServiceError::refused(
            Code::State,
            format!(
                "{name} is pinned to {} ({}); register it with `--unpinned` to replace it",
                before.version, before.digest
            ),
        ));
    }
    if let Some(grants) = &publication.grants {
        asked_for(&checked.manifest, grants)?;
        settings.grants = Some(grants.clone());
    }
    in_time(&name, publication.timeout_seconds)?;
    settings.parameters.extend(publication.parameters.clone());
    settings.timeout_seconds = publication.timeout_seconds.or(settings.timeout_seconds);
    settings.position = publication.position.unwrap_or(settings.position);
    settings.pinned = publication.pinned.unwrap_or(settings.pinned);
    fits(&checked.manifest, &settings.parameters)?;
    let manifest = serde_json::to_value(&checked.manifest)
        .map_err(|error| ServiceError::refused(Code::Malformed, error.to_string()))?;
    let (signature, signed_by) = match (&checked.signature, before) {
        (Some(signature), _) => (
            Some(signature.text().to_owned()),
            Some(signature.key().to_string()),
        ),
        (None, Some(before)) if before.digest == checked.digest => {
            (before.signature, before.signed_by)
        }
        (None, _) => (None, None),
    };
    let stage = Stage {
        name: name.clone(),
        digest: checked.digest.clone(),
        size: checked.bytes.len() as u64,
        version: checked.manifest.version.clone(),
        manifest,
        signature,
        signed_by,
        settings,
        published: crate::store::now(),
        published_by: who.name.clone(),
    };
    stages::put_component(db, &checked.digest, &checked.bytes).await?;
    releases::put(db, &stage).await?;
    if !publication.canary {
        stages::put(db, &stage).await?;
    }
    let signed = stage.signed_by.as_deref();
    let signed = signed.map_or("unsigned".to_owned(), |key| format!("signed by {key}"));
    let detail = format!("{name} {} sha256 {} {signed}", stage.version, stage.digest);
    let deed = if publication.canary {
        "stage canary"
    } else {
        "stage add"
    };
    audit::note(db, &who.name, deed, None, &detail).await?;
    Ok(stage)
}

/// What a stage of a new run runs.
pub(super) fn order(stage: &Stage) -> StageOrder {
    StageOrder {
        stage: stage.name.clone(),
        state: State::Stage(stage.name.clone()),
        component: ComponentRef {
            sha256: stage.digest.clone(),
            size: stage.size,
            signature: stage.signature.clone(),
        },
        grants: stage.settings.grants.clone(),
        parameters: stage.settings.parameters.clone(),
        timeout_seconds: stage.settings.timeout_seconds,
        iperf_port: None,
    }
}

/// Where a stage stands unless its owner says otherwise: built-in ones in their order, others after.
pub(super) fn position(name: &str) -> i64 {
    let place = PIPELINE.iter().position(|stage| *stage == name);
    let place = place.unwrap_or(PIPELINE.len());
    i64::try_from(place).map_or(i64::MAX, |place| (place + 1) * 100)
}

/// A component that is a stage, with a signature that says the same of it. Whether the key is to be
/// trusted is not known here.
fn checked(component: &str, signature: Option<&str>) -> Result<Checked, ServiceError> {
    let malformed = |why: String| ServiceError::refused(Code::Malformed, why);
    let bytes = STANDARD
        .decode(component)
        .map_err(|error| malformed(format!("`component` is no base 64: {error}")))?;
    let signature = signature.map(|text| Signature::parse(text.as_bytes()));
    let signature = signature
        .transpose()
        .map_err(|e| malformed(e.to_string()))?;
    let contents = vetting_component::read(&bytes)
        .and_then(|contents| {
            vetting_component::check_manifest(&contents)?;
            Ok(contents)
        })
        .map_err(|error| malformed(format!("the component is no stage: {error}")))?;
    let name = &contents.manifest.name;
    if State::is_reserved(name) {
        return Err(malformed(format!(
            "`{name}` is a run's state, in whatever case; name the stage otherwise"
        )));
    }
    if let Some(built_in) = PIPELINE.iter().find(|stage| is_mistaken_for(name, stage)) {
        return Err(malformed(format!(
            "`{name}` would be taken for the stage `{built_in}`; name it otherwise, or exactly so"
        )));
    }
    if let Some(signature) = &signature {
        let binding = signature.is_for(&bytes);
        let described = binding.and_then(|binding| binding.describes(&contents.manifest));
        described.map_err(|error| malformed(error.to_string()))?;
    }
    Ok(Checked {
        signature,
        digest: vetting_component::digest(&bytes),
        manifest: contents.manifest,
        bytes,
    })
}

/// Whether a name is another one in other letters only.
fn is_mistaken_for(name: &str, other: &str) -> bool {
    name != other && name.eq_ignore_ascii_case(other)
}

/// Whether a manifest asks for everything that is granted: a typo would withhold what is meant.
fn asked_for(manifest: &Manifest, grants: &[String]) -> Result<(), ServiceError> {
    let strange = |grant: &&String| !manifest.interfaces.contains_key(grant.as_str());
    let Some(strange) = grants.iter().find(strange) else {
        return Ok(());
    };
    let asked: Vec<&str> = manifest.interfaces.keys().map(String::as_str).collect();
    let message = format!(
        "{} does not ask for `{}`, so it cannot be granted; it asks for: {}",
        manifest.name,
        printable(strange),
        asked.join(", ")
    );
    Err(ServiceError::refused(Code::Malformed, message))
}

/// Whether a deadline is one, where it is given.
pub(super) fn in_time(stage: &str, seconds: Option<u64>) -> Result<(), ServiceError> {
    let Some(seconds) = seconds else {
        return Ok(());
    };
    let checked = vetting_component::deadline(Duration::from_secs(seconds));
    checked
        .map(drop)
        .map_err(|error| ServiceError::refused(Code::Malformed, format!("{stage}: {error}")))
}

/// Whether the parameters are ones that the stage has.
pub(super) fn fits(
    manifest: &Manifest,
    parameters: &BTreeMap<String, serde_json::Value>,
) -> Result<(), ServiceError> {
    let values: Vec<_> = parameters.clone().into_iter().collect();
    let checked = vetting_component::parameters(manifest, &values);
    checked.map(drop).map_err(|error| {
        ServiceError::refused(Code::Malformed, format!("{}: {error}", manifest.name))
    })
}
