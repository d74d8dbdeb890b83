//! Why a file is no stage, each in a sentence that says what to do.

/// A file that is no stage, or a stage that cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// Nothing in it.
    #[error("it is empty, not a stage component")]
    Empty,
    /// Something else altogether.
    #[error("it is no WebAssembly component: {0}")]
    NotWasm(&'static str),
    /// A core module, which has no typed interfaces.
    #[error("it is a WebAssembly core module, not a component; build it with `cargo xtask stages`")]
    CoreModule,
    /// It begins well and goes on badly.
    #[error("it is malformed or truncated at byte {offset}: {reason}")]
    Malformed {
        /// Where.
        offset: usize,
        /// What the parser said.
        reason: String,
    },
    /// WebAssembly that the engine has off for stages.
    #[error(
        "it uses WebAssembly that a stage may not use (byte {offset}): {reason}; build it without that feature"
    )]
    Unsupported {
        /// Where.
        offset: usize,
        /// What the validator said.
        reason: String,
    },
    /// A stage whose facts are not in it.
    #[error(
        "it imports `{0}`, which a stage carries itself; build it by `vetting stage build`, which puts the facts into it"
    )]
    OpenFacts(String),
    /// Without a manifest nobody knows what it is.
    #[error(
        "it has no manifest (the custom section `vetting:manifest`); build it with `cargo xtask stages`"
    )]
    NoManifest,
    /// More than one.
    #[error("it has {0} manifests; a stage has exactly one")]
    SeveralManifests(usize),
    /// A manifest too large.
    #[error("its manifest has {size} bytes; at most {allowed} are read")]
    LargeManifest {
        /// Its size.
        size: usize,
        /// What is allowed.
        allowed: usize,
    },
    /// A manifest that cannot be understood.
    #[error("its manifest cannot be used: {0}")]
    Manifest(String),
    /// The manifest and the imports disagree.
    #[error("{0}")]
    Disagrees(String),
    /// It needs what the runtime does not have.
    #[error("the stage needs {needs}; this runtime has {has}")]
    Gap {
        /// What it imports.
        needs: String,
        /// What there is.
        has: String,
    },
    /// It does not export the contract's world.
    #[error("it does not export `run`, so it is no stage; see the world `stage` in wit/world.wit")]
    NoRun,
    /// A module that does not become a component.
    #[error("the module does not become a component: {0}")]
    Encode(String),
}
