//! A new project: a template of the language, and what it stands on.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::python::COMPONENTIZE_PY;
use crate::{Language, ProjectError};

/// What stages in Rust depend on.
static SDK: Dir = include_dir!("$CARGO_MANIFEST_DIR/../guest-stages/sdk/src");
/// What reads the documents of tools, and files.
static FACTS: Dir = include_dir!("$CARGO_MANIFEST_DIR/../guest-stages/facts/src");
static RUST: Dir = include_dir!("$CARGO_MANIFEST_DIR/templates/rust");
static PYTHON: Dir = include_dir!("$CARGO_MANIFEST_DIR/templates/python");

/// Where the SDK finds the contract in this repository, and where in a project.
const CONTRACT: (&str, &str) = ("../../wit", "wit");
/// What a template's files call the stage.
const NAME: &str = "STAGE-NAME";
/// The packages that a project in Rust depends on.
const OWN_NAMES: [&str; 2] = ["vetting-stage", "vetting-facts"];
/// What a template's files call the runtime's version.
const VERSION: &str = "VETTING-VERSION";
/// What they call the version of componentize-py.
const COMPONENTIZE: &str = "COMPONENTIZE-VERSION";
/// A file of a template that would mean something to the tools of this repository, and what it is in
/// a project.
const RENAMED: [(&str, &str); 3] = [
    ("Cargo.toml.template", "Cargo.toml"),
    ("gitignore", ".gitignore"),
    ("vscode.json", ".vscode/settings.json"),
];

/// Makes the project `name` in a folder of its own below `parent`, and gives the folder.
///
/// # Errors
///
/// When the name is none, or taken.
pub fn new(parent: &Path, name: &str, language: Language) -> Result<PathBuf, ProjectError> {
    if !vetting_component::is_name(name) {
        let name = name.to_owned();
        return Err(ProjectError::Name { name });
    }
    if language == Language::Rust && OWN_NAMES.contains(&name) {
        let name = name.to_owned();
        return Err(ProjectError::NameOfSdk { name });
    }
    let folder = parent.join(name);
    match std::fs::create_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(ProjectError::Taken { path: folder });
        }
        made => made.map_err(ProjectError::io(&folder))?,
    }
    let template = match language {
        Language::Rust => &RUST,
        Language::Python => &PYTHON,
    };
    let plain = |text: &str| {
        let text = text.replace(NAME, name);
        let text = text.replace(VERSION, env!("CARGO_PKG_VERSION"));
        text.replace(COMPONENTIZE, COMPONENTIZE_PY.1)
    };
    write(&folder, template, &plain)?;
    if language == Language::Rust {
        let sdk = folder.join("sdk");
        write(&sdk.join("src"), &SDK, &|text| {
            text.replace(CONTRACT.0, CONTRACT.1)
        })?;
        let facts = folder.join("facts/src");
        write(&facts, &FACTS, &str::to_owned)?;
        let wit = sdk.join("wit");
        std::fs::create_dir_all(&wit).map_err(ProjectError::io(&wit))?;
        for (name, text) in vetting_component::CONTRACT {
            let path = wit.join(name);
            std::fs::write(&path, text).map_err(ProjectError::io(&path))?;
        }
    }
    Ok(folder)
}

/// A stage's name, of the last part of a path.
///
/// # Errors
///
/// When there is none.
pub fn stage_name(path: &Path) -> Result<(&Path, &str), ProjectError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| ProjectError::Name {
        name: path.display().to_string(),
    })?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    Ok((parent.unwrap_or(Path::new(".")), name))
}

/// Writes a folder of texts, each by way of `edit`.
fn write(to: &Path, from: &Dir, edit: &dyn Fn(&str) -> String) -> Result<(), ProjectError> {
    // Tests of what a project stands on stay here, with the captured outputs that they need.
    let is_test = |path: &Path| {
        let name = path.file_stem().and_then(|name| name.to_str());
        name.is_some_and(|name| name == "tests" || name.ends_with("_tests"))
    };
    for file in from.files().filter(|file| !is_test(file.path())) {
        let path = file.path().to_str().unwrap_or_default();
        let renamed = RENAMED
            .iter()
            .find(|(template, _)| path.ends_with(template));
        let path = match renamed {
            Some((template, name)) => path.replace(template, name),
            None => path.to_owned(),
        };
        let path = to.join(path);
        let folder = path.parent().unwrap_or(to);
        std::fs::create_dir_all(folder).map_err(ProjectError::io(folder))?;
        let text = file.contents_utf8().unwrap_or_default();
        std::fs::write(&path, edit(text)).map_err(ProjectError::io(&path))?;
    }
    for folder in from.dirs().filter(|folder| !is_test(folder.path())) {
        write(to, folder, edit)?;
    }
    Ok(())
}
