//! A stage as its author has it: a folder with a `stage.toml`. It is made from a template ([`new`]),
//! and built to a component by the toolchain of its language ([`Project::build`]).
//!
//! Nothing here runs a stage.

mod error;
mod facts;
mod language;
mod python;
mod rust;
mod template;
mod toolchain;

use std::path::{Path, PathBuf};

pub use error::ProjectError;
pub use language::Language;
pub use python::COMPONENTIZE_PY;
pub use template::{new, stage_name};
pub use toolchain::{DEBIAN_PACKAGES, RustToolchain, TARGET, found};

/// The author's description of a stage.
pub const MANIFEST: &str = "stage.toml";

/// A stage's project.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its folder.
    pub folder: PathBuf,
    /// Its language, as its files tell.
    pub language: Language,
    /// Its name, as `stage.toml` says it.
    pub name: String,
    manifest: String,
}

impl Project {
    /// The project in a folder.
    ///
    /// # Errors
    ///
    /// When the folder is no project, or its `stage.toml` cannot be read.
    pub fn open(folder: &Path) -> Result<Self, ProjectError> {
        #[derive(serde::Deserialize)]
        struct Named {
            name: String,
        }
        let path = folder.join(MANIFEST);
        let manifest = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let folder = folder.to_owned();
                return Err(ProjectError::NoProject { folder });
            }
            Err(reason) => return Err(ProjectError::Io { path, reason }),
        };
        let named: Named = toml::from_str(&manifest).map_err(|reason| ProjectError::Manifest {
            path,
            reason: reason.to_string(),
        })?;
        Ok(Project {
            folder: folder.to_owned(),
            language: Language::of(folder)?,
            name: named.name,
            manifest,
        })
    }

    /// Where its component goes.
    pub fn component(&self) -> PathBuf {
        self.folder.join(format!("{}.wasm", self.name))
    }

    /// Builds the component, with its manifest in it, to [`Project::component`]. What is built already is
    /// not built again: cargo knows that itself, and of Python's files none may be newer.
    ///
    /// `facts` is the component that exports `vetting:facts`; it becomes part of a stage that imports it. Empty: there
    /// is none, and only a stage that needs none is built.
    ///
    /// # Errors
    ///
    /// When the language's toolchain is missing, the code does not build, or the manifest is unsound or
    /// does not agree with what the code imports.
    pub fn build(&self, facts: &[u8]) -> Result<PathBuf, ProjectError> {
        if self.language == Language::Python && python::is_fresh(&self.folder, &self.component()) {
            return Ok(self.component());
        }
        let component = match self.language {
            Language::Rust => {
                let module = rust::module(&self.folder)?;
                vetting_component::pack(&module, &self.manifest)
            }
            Language::Python => {
                let component = python::component(&self.folder, &self.manifest)?;
                let component = facts::compose(component, facts)?;
                vetting_component::describe(component, &self.manifest)
            }
        };
        let component = component.map_err(|reason| ProjectError::Component {
            path: self.folder.join(MANIFEST),
            reason,
        })?;
        let path = self.component();
        put(&self.folder, &path, &component).map_err(ProjectError::io(&path))?;
        Ok(path)
    }
}

/// Puts a component into its place in a folder: written beside it and renamed, so that a run never sees
/// half a stage.
///
/// # Errors
///
/// When the folder cannot be written to.
pub fn put(folder: &Path, path: &Path, component: &[u8]) -> std::io::Result<()> {
    let half = tempfile::NamedTempFile::new_in(folder)?;
    std::fs::write(half.path(), component)?;
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(half.path(), readable)?;
    half.persist(path)?;
    Ok(())
}
