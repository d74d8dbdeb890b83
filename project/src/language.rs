//! The languages that a project can be written in.

use std::path::Path;

use crate::ProjectError;

/// A language with a template and a build of its own. Any other that makes components can be used by
/// hand: a component that exports the world, and [`vetting_component::describe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, by way of the SDK.
    Rust,
    /// Python, by way of componentize-py.
    Python,
}

impl Language {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Language::Rust => "Rust",
            Language::Python => "Python",
        }
    }

    /// What a project's files say.
    pub(crate) fn of(folder: &Path) -> Result<Self, ProjectError> {
        if folder.join("Cargo.toml").is_file() {
            Ok(Language::Rust)
        } else if folder.join(crate::python::SOURCE).is_file() {
            Ok(Language::Python)
        } else {
            let folder = folder.to_owned();
            Err(ProjectError::NoLanguage { folder })
        }
    }
}
