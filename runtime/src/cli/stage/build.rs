//! `vetting stage new` and `vetting stage build`: projects.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use vetting_project::{Language, Project};

use super::args::{BuildArgs, ComponentArgs, LanguageChoice, NewArgs};
use crate::cli::run::{engine, limits};
use crate::cli::{Exit, Failure};
use crate::engine::{Flavour, Limits, LoadedStage, StageEngine};
use crate::scenario;

/// The component of `vetting:facts`; empty in a build without it.
pub(super) static FACTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/facts.wasm"));
/// The folder of a project's scenarios.
pub(super) const SCENARIOS: &str = "scenarios";
/// What editors check them by, beside them.
const SCHEMA: &str = "scenario.schema.json";

/// Makes a project.
pub(super) fn new(args: &NewArgs) -> Result<Exit, Failure> {
    let language = match args.lang {
        LanguageChoice::Rust => Language::Rust,
        LanguageChoice::Python => Language::Python,
    };
    let (parent, name) = vetting_project::stage_name(&args.name).map_err(Failure::usage)?;
    let folder = vetting_project::new(parent, name, language).map_err(Failure::usage)?;
    let schema = serde_json::to_string_pretty(&scenario::schema()).map_err(Failure::runtime)?;
    let path = folder.join(SCENARIOS).join(SCHEMA);
    std::fs::write(&path, schema + "\n")
        .with_context(|| path.display().to_string())
        .map_err(Failure::usage)?;
    let folder = folder.display();
    super::show(&format!(
        "{folder} is a stage that judges fans; README.md says which file is what.\n\n    \
         cd {folder} && vetting stage build && vetting stage test\n"
    ))?;
    Ok(Exit::Passed)
}

/// Builds a project.
pub(super) fn build(args: &BuildArgs) -> Result<Exit, Failure> {
    let path = built(&args.project)?;
    let bytes = super::component(&path)?;
    let contents = crate::run::check(&bytes)
        .with_context(|| path.display().to_string())
        .map_err(Failure::usage)?;
    let manifest = contents.manifest;
    super::show(&format!(
        "{} {}: {} ({} kB)\n",
        manifest.name,
        manifest.version,
        path.display(),
        bytes.len().div_ceil(1000)
    ))?;
    Ok(Exit::Passed)
}

/// The component of a project, built as its files are now.
pub(super) fn built(project: &Path) -> Result<PathBuf, Failure> {
    let project = Project::open(project).map_err(Failure::usage)?;
    project.build(FACTS).map_err(Failure::usage)
}

/// A component that is ready to run on simulated machines, and what it was loaded with.
pub(super) struct Ready {
    pub engine: StageEngine,
    pub stage: LoadedStage,
    pub limits: Limits,
    pub bytes: Vec<u8>,
}

/// Builds the project, unless a component was named, and loads it.
pub(super) async fn ready(args: &ComponentArgs) -> Result<Ready, Failure> {
    let limits = limits(Limits::default(), &args.limit)?;
    let path = match &args.component {
        Some(file) => file.clone(),
        None => built(&args.project)?,
    };
    let bytes = super::component(&path)?;
    let flavour = Flavour::EpochAndFuel;
    let engine = engine(args.cache.clone(), false, &limits, flavour)?.keeping_functions();
    let stage = engine.load(&bytes).await;
    let stage = stage
        .with_context(|| path.display().to_string())
        .map_err(Failure::usage)?;
    Ok(Ready {
        engine,
        stage,
        limits,
        bytes,
    })
}
