//! Building a stage in Python: componentize-py puts it and an interpreter into a component.
//!
//! Python imports at run time, so nothing but `stage.toml` says what a stage needs: the world that it is built for is
//! made from the interfaces that it asks for there, and from the facts that it lists.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::toolchain::found;
use crate::{Language, MANIFEST, ProjectError, facts};

/// The program, and the version that the contract was tried with.
pub const COMPONENTIZE_PY: (&str, &str) = ("componentize-py", "0.25.1");
/// The file whose `WitWorld` is the stage.
pub(crate) const SOURCE: &str = "stage.py";
/// Where types for editors and native tests are written.
const BINDINGS: &str = "bindings";
/// Interfaces that every stage has and need no asking, and that with the outcome's types.
const ALWAYS: [&str; 5] = ["clock", "context", "log", "outcome", "types"];

/// Builds the component, without its manifest.
pub(crate) fn component(folder: &Path, manifest: &str) -> Result<Vec<u8>, ProjectError> {
    let program = program(folder)?;
    let work = tempfile::tempdir().map_err(ProjectError::io(std::env::temp_dir()))?;
    let wit = work.path().join("wit");
    let asked = Asked::of(folder, manifest)?;
    write_world(&wit, &asked)?;
    let run = |args: &[&Path]| -> Result<(), ProjectError> {
        let mut command = Command::new(&program);
        command.arg("--quiet").arg("-d").arg(&wit);
        command.args(["-w", "project"]);
        for (interface, module) in asked.modules() {
            let name = format!("{interface}={module}");
            command.args(["--import-interface-name", &name]);
        }
        command.args(args);
        command.current_dir(folder).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::inherit());
        let status = command.status().map_err(ProjectError::io(&program))?;
        if status.success() {
            return Ok(());
        }
        Err(ProjectError::Build {
            program: COMPONENTIZE_PY.0.to_owned(),
            status: format!(
                "{status} (an interface that the code imports is asked for in {MANIFEST}: \
                 [interfaces.NAME] with a reason)"
            ),
        })
    };
    let bindings = folder.join(BINDINGS);
    if bindings.is_dir() {
        std::fs::remove_dir_all(&bindings).map_err(ProjectError::io(&bindings))?;
    }
    run(&[Path::new("bindings"), Path::new(BINDINGS)])?;
    let made = work.path().join("stage.wasm");
    let module = Path::new(SOURCE).file_stem().unwrap_or_default();
    run(&[
        Path::new("componentize"),
        Path::new(module),
        Path::new("-o"),
        &made,
    ])?;
    std::fs::read(&made).map_err(ProjectError::io(&made))
}

/// Whether the component is newer than everything that it is made of.
pub(crate) fn is_fresh(folder: &Path, component: &Path) -> bool {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
    let Some(built) = changed(component) else {
        return false;
    };
    let older = |path: &Path| changed(path).is_some_and(|changed| changed < built);
    let program = std::env::current_exe();
    older(&folder.join(MANIFEST))
        && program.is_ok_and(|program| older(&program))
        && sources(folder).is_ok_and(|sources| sources.iter().all(|source| older(source)))
}

/// Every file of Python that the author wrote or brought along.
fn sources(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != BINDINGS && !name.starts_with(['.', '_']) {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            found.push(path);
        }
    }
    Ok(found)
}

/// componentize-py: of the project's own environment, of the one that is active, on the path, or of the
/// one that stands beside this program, as a build leaves it.
fn program(folder: &Path) -> Result<PathBuf, ProjectError> {
    let (name, version) = COMPONENTIZE_PY;
    let in_environment = |environment: PathBuf| environment.join("bin").join(name);
    let active = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let beside = std::env::current_exe().ok();
    let beside = beside.and_then(|program| Some(program.parent()?.parent()?.join("python")));
    let own = folder.canonicalize().ok().map(|own| own.join(".venv"));
    let here = |environment: Option<PathBuf>| {
        environment
            .map(in_environment)
            .filter(|path| path.is_file())
    };
    let on_path = || found(name).then(|| PathBuf::from(name));
    here(own)
        .or_else(|| here(active))
        .or_else(on_path)
        .or_else(|| here(beside))
        .ok_or_else(|| ProjectError::NoProgram {
            program: name,
            language: Language::Python.name(),
            advice: format!(
                "in the project's folder type `python3 -m venv .venv && .venv/bin/pip install \
                 {name}=={version}`"
            ),
        })
}

/// What a world is made from.
struct Asked {
    /// Interfaces of the contract.
    interfaces: Vec<String>,
    /// Interfaces of `vetting:facts`.
    facts: Vec<String>,
}

impl Asked {
    /// The interfaces that the manifest asks for, and the facts that it lists.
    fn of(folder: &Path, manifest: &str) -> Result<Self, ProjectError> {
        let wrong = |reason: String| ProjectError::Manifest {
            path: folder.join(MANIFEST),
            reason,
        };
        let manifest: Value = toml::from_str(manifest).map_err(|error| wrong(error.to_string()))?;
        let asked = manifest["interfaces"].as_object();
        let asked: Vec<_> = asked.into_iter().flatten().map(|(name, _)| name).collect();
        let offered = &vetting_component::offered().interfaces;
        for name in &asked {
            if !offered.contains_key(*name) {
                let known = offered.keys().map(String::as_str);
                let known: Vec<_> = known.filter(|name| !ALWAYS.contains(name)).collect();
                return Err(wrong(format!(
                    "[interfaces.{name}]: not an interface of the contract; there are: {}",
                    known.join(", ")
                )));
            }
        }
        let listed: Vec<String> = match manifest.get("facts") {
            None => Vec::new(),
            Some(listed) => serde_json::from_value(listed.clone())
                .map_err(|error| wrong(format!("facts: a list of names is needed: {error}")))?,
        };
        for name in &listed {
            if !facts::names().any(|known| known == name) {
                let known: Vec<_> = facts::names().collect();
                return Err(wrong(format!(
                    "facts: `{name}` is not known; there are: {}",
                    known.join(", ")
                )));
            }
        }
        Ok(Asked {
            interfaces: asked.into_iter().cloned().collect(),
            facts: listed,
        })
    }

    /// The modules of Python that have a name of their own: those of facts, and those of the host that would share
    /// it. Both have a `bmc`: the host's stays `bmc`, the other is `facts_bmc`.
    fn modules(&self) -> Vec<(String, String)> {
        let module = |name: &str| name.replace('-', "_");
        let facts = self.facts.iter();
        let mut modules: Vec<_> = facts
            .map(|name| (of_facts(name), format!("facts_{}", module(name))))
            .collect();
        let shared = self
            .interfaces
            .iter()
            .filter(|name| self.facts.contains(name));
        modules.extend(shared.map(|name| (of_contract(name), module(name))));
        modules
    }
}

/// The whole name of an interface of the contract: `vetting:stage/bmc@0.2.0`.
fn of_contract(name: &str) -> String {
    let package = vetting_component::PACKAGE;
    format!("{package}/{name}@{}", vetting_component::offered().version)
}

/// The whole name of an interface of facts: `vetting:facts/bmc@0.1.0`.
fn of_facts(name: &str) -> String {
    let package = vetting_component::FACTS_PACKAGE;
    format!("{package}/{name}@{}", facts::version())
}

/// The contract and the facts, and a world that imports what is asked for.
fn write_world(wit: &Path, asked: &Asked) -> Result<(), ProjectError> {
    for (package, files) in [
        ("stage", vetting_component::CONTRACT.as_slice()),
        ("facts", facts::INTERFACES.as_slice()),
    ] {
        let folder = wit.join("deps").join(package);
        std::fs::create_dir_all(&folder).map_err(ProjectError::io(&folder))?;
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(ProjectError::io(&path))?;
        }
    }
    let mut world = String::from("package vetting:project;\n\nworld project {\n");
    let always = ALWAYS.iter().take(3).map(|name| (*name).to_owned());
    for name in always.chain(asked.interfaces.iter().cloned()) {
        // Writing to a string does not fail.
        let _written = writeln!(world, "    import {};", of_contract(&name));
    }
    for name in &asked.facts {
        let _written = writeln!(world, "    import {};", of_facts(name));
    }
    let _written = writeln!(
        world,
        "    use {}.{{outcome}};\n    export run: func() -> result<outcome, string>;\n}}",
        of_contract("outcome")
    );
    let path = wit.join("world.wit");
    std::fs::write(&path, world).map_err(ProjectError::io(&path))
}
