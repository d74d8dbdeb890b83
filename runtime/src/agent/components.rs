//! Components: fetched within a size, known by their digest before a byte of them is parsed, kept,
//! compiled.

use std::collections::BTreeMap;
use std::path::PathBuf;

use vetting_protocol::{Code, ComponentRef, StageOrder};
use vetting_transport::CallError;

use super::link::Link;
use crate::engine::{LoadError, LoadedStage, StageEngine, compile};

/// The most that a component may be, in bytes.
const MOST: u64 = 64 << 20;
/// How often a download that failed is tried again.
const TRIES: u32 = 3;

/// A component that is not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComponentError {
    #[error("the component is {size} bytes; {MOST} are allowed")]
    TooLarge { size: u64 },
    #[error("the component could not be fetched: {0}")]
    Fetch(CallError),
    #[error(
        "what was fetched is not the claim's component: its sha256 is {found}, the claim says {claimed}"
    )]
    Digest { found: String, claimed: String },
    #[error("{0}")]
    Load(#[from] LoadError),
    #[error("the component is the stage `{found}`, not `{claimed}`")]
    Name { found: String, claimed: String },
}

/// The components of a run.
pub(super) struct Components {
    /// Where their bytes are kept; nowhere where that cannot be.
    pub folder: Option<PathBuf>,
    pub loaded: BTreeMap<String, LoadedStage>,
}

impl Components {
    /// The stage that an order runs, ready.
    pub async fn load(
        &mut self,
        link: &Link,
        engine: &StageEngine,
        order: &StageOrder,
    ) -> Result<LoadedStage, ComponentError> {
        let reference = &order.component;
        let loaded = match self.loaded.get(&reference.sha256) {
            Some(loaded) => loaded.clone(),
            None => {
                let bytes = self.bytes(link, reference).await?;
                let loaded = engine.load(&bytes).await?;
                self.loaded.insert(reference.sha256.clone(), loaded.clone());
                loaded
            }
        };
        if loaded.name() != order.stage {
            return Err(ComponentError::Name {
                found: loaded.name().to_owned(),
                claimed: order.stage.clone(),
            });
        }
        Ok(loaded)
    }

    async fn bytes(
        &self,
        link: &Link,
        reference: &ComponentRef,
    ) -> Result<Vec<u8>, ComponentError> {
        let size = reference.size;
        if size > MOST {
            return Err(ComponentError::TooLarge { size });
        }
        let plain =
            reference.sha256.len() == 64 && reference.sha256.bytes().all(|b| b.is_ascii_hexdigit());
        let kept = self.folder.as_ref().filter(|_| plain);
        let kept = kept.map(|folder| folder.join(format!("{}.wasm", reference.sha256)));
        if let Some(bytes) = kept.as_ref().and_then(|file| std::fs::read(file).ok())
            && compile::digest(&bytes) == reference.sha256
        {
            return Ok(bytes);
        }
        let bytes = fetch(link, reference).await?;
        let found = compile::digest(&bytes);
        if found != reference.sha256 {
            return Err(ComponentError::Digest {
                found,
                claimed: reference.sha256.clone(),
            });
        }
        if let Some(file) = kept {
            let half = file.with_extension("new");
            let written =
                std::fs::write(&half, &bytes).and_then(|()| std::fs::rename(&half, &file));
            if let Err(error) = written {
                tracing::warn!("a component is not kept: {}: {error}", file.display());
            }
        }
        Ok(bytes)
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
