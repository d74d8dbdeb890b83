//! Building a stage in Rust: cargo makes a core module of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::toolchain::{RustToolchain, TARGET, found};
use crate::{Language, ProjectError};

/// Builds the project's library and gives the module.
pub(crate) fn module(folder: &Path) -> Result<Vec<u8>, ProjectError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    if !Path::new(&cargo).is_file() && !found("cargo") {
        return Err(ProjectError::NoProgram {
            program: "cargo",
            language: Language::Rust.name(),
            advice: "see https://rustup.rs, or on Debian `apt-get install cargo`".to_owned(),
        });
    }
    let toolchain = RustToolchain::find().ok_or(ProjectError::NoTarget)?;
    let mut build = Command::new(&cargo);
    build
        .args(["build", "--release", "--lib", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics"])
        // Another compiler must not share what it keeps with the one of `cargo test`.
        .args(["--target-dir", "target/stage"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    toolchain.apply(&mut build);
    let program = "cargo build".to_owned();
    let built = build.output().map_err(ProjectError::io(&cargo))?;
    if !built.status.success() {
        return Err(ProjectError::Build {
            program,
            status: built.status.to_string(),
        });
    }
    let module = library(&String::from_utf8_lossy(&built.stdout), folder);
    let module = module.ok_or_else(|| ProjectError::NoLibrary {
        folder: folder.to_owned(),
    })?;
    std::fs::read(&module).map_err(ProjectError::io(&module))
}

/// The project's own library among what cargo says that it made, a line of JSON each.
fn library(messages: &str, folder: &Path) -> Option<PathBuf> {
    let own = folder.canonicalize().ok()?.join("Cargo.toml");
    let messages = messages.lines().rev().map(serde_json::from_str::<Value>);
    messages.flatten().find_map(|message| {
        let made = Path::new(message["manifest_path"].as_str()?);
        let files = message["filenames"].as_array()?;
        let mut files = files.iter().filter_map(Value::as_str);
        let module = files.rfind(|file| file.ends_with(".wasm"))?;
        (made == own).then(|| PathBuf::from(module))
    })
}
