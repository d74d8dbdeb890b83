//! Components: fetched within a size, known by their digest and verified before a byte of them is
//! parsed, kept, compiled.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use vetting_protocol::{Code, ComponentRef, StageOrder};
use vetting_transport::CallError;

use super::link::Link;
use crate::engine::{LoadError, LoadedStage, StageEngine};
use crate::policy::{Policy, Refusal};

/// How often a download that failed is tried again.
const TRIES: u32 = 3;

/// A component that is not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComponentError {
    #[error("the component is {size} bytes; {allowed} are allowed")]
    TooLarge { size: u64, allowed: u64 },
    #[error("the component could not be fetched: {0}")]
    Fetch(CallError),
    #[error(
        "what was fetched is not the claim's component: its sha256 is {found}, the claim says {claimed}"
    )]
    Digest { found: String, claimed: String },
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Load(#[from] LoadError),
    #[error("the component is the stage `{found}`, not `{claimed}`")]
    Name { found: String, claimed: String },
}

/// The components of a run.
pub(super) struct Components {
    /// Where their bytes are kept; nowhere where that cannot be.
    pub folder: Option<PathBuf>,
    /// Which of them may run.
    pub policy: Arc<Policy>,
    /// Those that are ready, each for the very order that it was verified for.
    pub loaded: BTreeMap<Ordered, LoadedStage>,
}

/// What of an order a signature vouches for: the stage, the component's digest, and its signature.
/// An order that differs in any of them is verified anew, also when its component is loaded.
pub(super) type Ordered = (String, String, Option<String>);

impl Components {
    /// The stage that an order runs, ready. Its bytes are known by their digest, and verified as the
    /// policy wants it, before one of them is parsed or kept.
    pub async fn load(
        &mut self,
        link: &Link,
        engine: &StageEngine,
        order: &StageOrder,
    ) -> Result<LoadedStage, ComponentError> {
        let reference = &order.component;
        let signature = reference.signature.clone();
        let ordered = (order.stage.clone(), reference.sha256.clone(), signature);
        if let Some(loaded) = self.loaded.get(&ordered) {
            return Ok(loaded.clone());
        }
        let (size, allowed) = (reference.size, engine.largest_component());
        if size > allowed {
            return Err(ComponentError::TooLarge { size, allowed });
        }
        let bytes = self.bytes(link, reference).await?;
        let signature = reference.signature.as_deref().map(str::as_bytes);
        let admitted = self.policy.admit(&bytes, signature, Some(&order.stage))?;
        self.keep(reference, &bytes);
        let loaded = engine.load(&bytes).await?;
        if loaded.name() != order.stage {
            return Err(ComponentError::Name {
                found: loaded.name().to_owned(),
                claimed: order.stage.clone(),
            });
        }
        self.policy.confirm(&admitted, &loaded.contents.manifest)?;
        self.loaded.insert(ordered, loaded.clone());
        Ok(loaded)
    }

    /// The bytes with the claim's digest: those that are kept, else fetched.
    async fn bytes(
        &self,
        link: &Link,
        reference: &ComponentRef,
    ) -> Result<Vec<u8>, ComponentError> {
        let kept = self
            .kept(reference)
            .and_then(|file| std::fs::read(file).ok());
        if let Some(bytes) = kept
            && vetting_component::digest(&bytes) == reference.sha256
        {
            return Ok(bytes);
        }
        let bytes = fetch(link, reference).await?;
        let found = vetting_component::digest(&bytes);
        if found != reference.sha256 {
            return Err(ComponentError::Digest {
                found,
                claimed: reference.sha256.clone(),
            });
        }
        Ok(bytes)
    }

    /// Where a component's bytes are kept.
    fn kept(&self, reference: &ComponentRef) -> Option<PathBuf> {
        let digest = &reference.sha256;
        let plain = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        let folder = self.folder.as_ref().filter(|_| plain)?;
        Some(folder.join(format!("{digest}.wasm")))
    }

    fn keep(&self, reference: &ComponentRef, bytes: &[u8]) {
        let Some(file) = self.kept(reference) else {
            return;
        };
        let half = file.with_extension("new");
        let written = std::fs::write(&half, bytes).and_then(|()| std::fs::rename(&half, &file));
        if let Err(error) = written {
            tracing::warn!("a component is not kept: {}: {error}", file.display());
        }
    }
}

async fn fetch(link: &Link, reference: &ComponentRef) -> Result<Vec<u8>, ComponentError> {
    let most = usize::try_from(reference.size).unwrap_or(usize::MAX);
    let mut back_off = link.back_off();
    for _ in 1..TRIES {
        match link.component(&reference.sha256, most).await {
            Ok(bytes) => return Ok(bytes),
            // The heartbeat, which is refused for it too, claims a new session meanwhile.
            Err(error) if error.code() == Some(&Code::SessionExpired) => {
                back_off.wait(&error).await
            }
            Err(error) if error.is_answer() => return Err(ComponentError::Fetch(error)),
            Err(error) => back_off.wait(&error).await,
        }
    }
    let last = link.component(&reference.sha256, most).await;
    last.map_err(ComponentError::Fetch)
}
