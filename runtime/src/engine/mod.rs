//! The stage engine: from a component's bytes to how its attempt ended.
//!
//! A component is checked ([`vetting_component`]), compiled in a child process ([`compile`]) unless
//! the code cache ([`cache`]) has it, and run in a fresh store ([`attempt`]). One attempt's store is
//! never used again.

mod attempt;
mod cache;
pub mod compile;
mod config;
mod declared;
mod ending;
mod facts;
mod functions;
mod limits;
mod notebook;
mod order;
mod outcome;
mod share;
mod ticker;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use vetting_component::Contents;
use wasmtime::component::{Component, Linker};

pub use attempt::Attempted;
pub use cache::Cache;
pub use compile::{CompileError, Compiled, Compiler};
pub use config::{Flavour, config};
pub use ending::{HarnessBroke, Over};
pub use facts::Facts;
pub use limits::{LimitError, LimitReached, Limiter, Limits};
pub use notebook::{Live, Notebook, Tap};
pub use order::{Charge, Order};
pub use share::{allowances, scratch_folder};

use crate::host::bindings::StagePre;
use crate::host::{HostState, link};

/// Why a component cannot be made ready to run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is no stage, or needs what this runtime lacks.
    #[error(transparent)]
    Component(#[from] vetting_component::ComponentError),
    /// It does not compile.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The compiled code does not load or link.
    #[error("the compiled stage does not link: {0:#}")]
    Link(wasmtime::Error),
}

/// A stage that is ready to run.
#[derive(Clone)]
pub struct LoadedStage {
    /// What its file says of it.
    pub contents: Arc<Contents>,
    /// The sha256 of its bytes, lower-case hexadecimal.
    pub digest: String,
    pre: StagePre<HostState>,
}

impl LoadedStage {
    /// Its name in a pipeline.
    pub fn name(&self) -> &str {
        &self.contents.manifest.name
    }
}

/// An engine of one flavour. Compiled code of one does not run on the other.
pub struct StageEngine {
    engine: config::TickingEngine,
    linker: Linker<HostState>,
    compiler: Compiler,
    cache: Option<Cache>,
    keeps_functions: bool,
    shared: Option<Mutex<BTreeMap<String, LoadedStage>>>,
}

impl StageEngine {
    /// An engine, with the compiler to use and, unless nothing may be kept, a code cache.
    ///
    /// # Errors
    ///
    /// When this processor cannot run what wasmtime compiles.
    pub fn new(
        flavour: Flavour,
        compiler: Compiler,
        cache: Option<Cache>,
    ) -> wasmtime::Result<Self> {
        let engine = config::TickingEngine::new(flavour, compiler.limits().stack)?;
        let mut linker = Linker::new(engine.get());
        link(&mut linker)?;
        Ok(StageEngine {
            engine,
            linker,
            compiler,
            cache,
            keeps_functions: false,
            shared: None,
        })
    }

    /// The same, keeping every compiled function of a stage for its next version: only what its author
    /// changed is compiled. They take about the code's size once more in the cache.
    #[must_use]
    pub fn keeping_functions(mut self) -> Self {
        self.keeps_functions = true;
        self
    }

    /// The same, keeping what it loads: many runs in one process have one copy of a stage's code.
    #[must_use]
    pub fn sharing(mut self) -> Self {
        self.shared = Some(Mutex::default());
        self
    }

    /// The most that a component may be, in bytes: the limit `component-bytes`.
    pub fn largest_component(&self) -> u64 {
        self.compiler.limits().component_bytes
    }

    /// Its flavour.
    pub fn flavour(&self) -> Flavour {
        self.engine.flavour()
    }

    /// Checks a component, and compiles it unless the cache has it.
    ///
    /// # Errors
    ///
    /// See [`LoadError`]; nothing of the component was run.
    pub async fn load(&self, bytes: &[u8]) -> Result<LoadedStage, LoadError> {
        self.compiler.admit(bytes)?;
        let digest = vetting_component::digest(bytes);
        let shared = self.shared.as_ref();
        let shared = || shared.map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(loaded) = shared().and_then(|kept| kept.get(&digest).cloned()) {
            return Ok(loaded);
        }
        let contents = vetting_component::read(bytes)?;
        vetting_component::check_here(&contents)?;
        let component = self
            .component(&contents.manifest.name, &digest, bytes)
            .await?;
        let pre = self
            .linker
            .instantiate_pre(&component)
            .and_then(StagePre::new)
            .map_err(LoadError::Link)?;
        let loaded = LoadedStage {
            contents: Arc::new(contents),
            digest,
            pre,
        };
        if let Some(mut kept) = shared() {
            kept.insert(loaded.digest.clone(), loaded.clone());
        }
        Ok(loaded)
    }

    /// The compiled component, from the cache or from the compiler.
    async fn component(
        &self,
        name: &str,
        digest: &str,
        bytes: &[u8],
    ) -> Result<Component, LoadError> {
        let compatibility = self.engine.compatibility();
        let key = format!("{digest}-{compatibility}");
        if let Some(code) = self.cache.as_ref().and_then(|cache| cache.get(&key)) {
            match self.deserialize(&code) {
                Ok(component) => return Ok(component),
                Err(error) => {
                    tracing::warn!("compiled again, the cached code is no use: {error:#}")
                }
            }
        }
        let parts = format!("{name}-functions-{compatibility}");
        let parted = self.cache.as_ref().filter(|_| self.keeps_functions);
        let functions = parted.map(|cache| cache.get(&parts).unwrap_or_default());
        let compiled = self
            .compiler
            .compile(self.flavour(), bytes, functions.as_deref())
            .await?;
        if let Some(cache) = &self.cache {
            cache.put(&key, &compiled.code);
        }
        if let (Some(cache), Some(functions)) = (parted, &compiled.functions) {
            cache.put(&parts, functions);
        }
        self.deserialize(&compiled.code).map_err(LoadError::Link)
    }

    fn deserialize(&self, code: &[u8]) -> wasmtime::Result<Component> {
        // SAFETY: the bytes come straight from our own compiler child's pipe, or were read once
        // from a file of a private directory that only this user could write and that carries the
        // checksum which was verified over this very buffer. See `cache`.
        unsafe { Component::deserialize(self.engine.get(), code) }
    }
}
