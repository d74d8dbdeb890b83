//! Why a project cannot be made or built, each in a sentence that says what to do.

use std::path::PathBuf;

use vetting_component::ComponentError;

use crate::MANIFEST;

/// What is wrong with a project.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// A folder that is none.
    #[error("{} holds no stage: there is no {MANIFEST} in it; `vetting stage new NAME` makes a project", folder.display())]
    NoProject {
        /// The folder.
        folder: PathBuf,
    },
    /// A project in no language that is known here.
    #[error("{} has a {MANIFEST}, and neither a Cargo.toml (Rust) nor a stage.py (Python)", folder.display())]
    NoLanguage {
        /// The folder.
        folder: PathBuf,
    },
    /// A name that no stage can have.
    #[error(
        "`{name}` is no name for a stage: a letter, then letters, digits or `-`, at most 64 in all"
    )]
    Name {
        /// What was given.
        name: String,
    },
    /// A name that a stage in Rust cannot have.
    #[error(
        "`{name}` is the name of the SDK that the project depends on; give the stage another one"
    )]
    NameOfSdk {
        /// What was given.
        name: String,
    },
    /// A name that is taken.
    #[error("{} is there already; give the stage another name, or remove it", path.display())]
    Taken {
        /// The folder that is in the way.
        path: PathBuf,
    },
    /// The stage's description cannot be understood.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The description is unsound, or is not what the code is.
    #[error("{}: {reason}", path.display())]
    Component {
        /// The stage's description.
        path: PathBuf,
        /// What is wrong.
        reason: ComponentError,
    },
    /// The stage and its facts do not fit together.
    #[error("the facts cannot be put into the stage: {reason}")]
    Compose {
        /// What is wrong.
        reason: String,
    },
    /// A build of this program that has no facts to give.
    #[error(
        "the stage asks for facts in {MANIFEST}, and this `vetting` was built without them; build it by `cargo xtask build`"
    )]
    NoFacts,
    /// A program is missing.
    #[error("{program} is needed to build a stage in {language}, and is not found; {advice}")]
    NoProgram {
        /// Which.
        program: &'static str,
        /// The stage's language.
        language: &'static str,
        /// How to get it.
        advice: String,
    },
    /// The compiler cannot make WebAssembly.
    #[error(
        "the Rust toolchain has no target {}; {}",
        crate::TARGET,
        crate::toolchain::advice()
    )]
    NoTarget,
    /// The build failed; its own words were shown.
    #[error("{program} ended with {status}; what it said stands above")]
    Build {
        /// Which program.
        program: String,
        /// Its exit status.
        status: String,
    },
    /// A build left nothing to take.
    #[error("{} was built, and there is no library in it for {}: its Cargo.toml needs `crate-type = [\"cdylib\", \"rlib\"]`", folder.display(), crate::TARGET)]
    NoLibrary {
        /// The project.
        folder: PathBuf,
    },
    /// A file or folder.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
}

impl ProjectError {
    /// For `map_err`, with the path that it is about.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |reason| ProjectError::Io { path, reason }
    }
}
