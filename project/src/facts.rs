//! Putting facts into a stage: the component that exports `vetting:facts` becomes part of a component that imports
//! it. What is left imported is what a runtime offers.

use vetting_component::{features, imported, is_of_facts};
use wasm_compose::graph::{Component, CompositionGraph, EncodeOptions};
use wasmparser::Validator;

use crate::ProjectError;

/// The interfaces of `vetting:facts`, each file with its name, as they were when this was built.
pub(crate) const INTERFACES: [(&str, &str); 7] = [
    (
        "bmc.wit",
        include_str!("../../guest-stages/facts-component/wit/bmc.wit"),
    ),
    (
        "counters.wit",
        include_str!("../../guest-stages/facts-component/wit/counters.wit"),
    ),
    (
        "gpu.wit",
        include_str!("../../guest-stages/facts-component/wit/gpu.wit"),
    ),
    (
        "inventory.wit",
        include_str!("../../guest-stages/facts-component/wit/inventory.wit"),
    ),
    (
        "kernel-events.wit",
        include_str!("../../guest-stages/facts-component/wit/kernel-events.wit"),
    ),
    (
        "smart.wit",
        include_str!("../../guest-stages/facts-component/wit/smart.wit"),
    ),
    (
        "world.wit",
        include_str!("../../guest-stages/facts-component/wit/world.wit"),
    ),
];

/// The version of these interfaces, as their package says it.
pub(crate) fn version() -> &'static str {
    let texts = INTERFACES.iter().flat_map(|(_, text)| text.lines());
    let mut packages = texts.filter_map(|line| {
        let version = line.strip_prefix("package ")?.split_once('@')?.1;
        version.strip_suffix(';')
    });
    packages.next().unwrap_or_default()
}

/// What the interfaces are called, `kernel-events` among them.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let files = INTERFACES
        .iter()
        .map(|(file, _)| file.trim_end_matches(".wit"));
    files.filter(|name| *name != "world")
}

/// Puts the facts into a component where it imports any. One that imports none is given back as it is.
///
/// # Errors
///
/// When there are no facts to put in, they lack what is imported, or the bytes are not a component.
pub(crate) fn compose(component: Vec<u8>, facts: &[u8]) -> Result<Vec<u8>, ProjectError> {
    let failed = |reason: String| ProjectError::Compose { reason };
    let imports = imported(&component).map_err(|error| failed(error.to_string()))?;
    if !imports.iter().any(|name| is_of_facts(name)) {
        return Ok(component);
    }
    if facts.is_empty() {
        return Err(ProjectError::NoFacts);
    }
    let words = |error: anyhow::Error| failed(format!("{error:#}"));
    let mut validator = Validator::new_with_features(features::OF_AUTHORS);
    let stage = Component::from_bytes(&mut validator, "stage", component).map_err(words)?;
    let facts = Component::from_bytes(&mut validator, "facts", facts).map_err(words)?;
    let mut wires = Vec::new();
    for (import, name, _) in stage.imports() {
        if !is_of_facts(name) {
            continue;
        }
        let Some((export, ..)) = facts.export_by_name(name) else {
            let offered: Vec<_> = facts.exports().map(|(_, name, ..)| name).collect();
            return Err(failed(format!(
                "it imports `{name}`, and there are: {}",
                offered.join(", ")
            )));
        };
        wires.push((import, export));
    }
    let mut graph = CompositionGraph::new();
    let stage = graph.add_component(stage).map_err(words)?;
    let facts = graph.add_component(facts).map_err(words)?;
    let stage = graph.instantiate(stage).map_err(words)?;
    let facts = graph.instantiate(facts).map_err(words)?;
    for (import, export) in wires {
        graph
            .connect(facts, Some(export), stage, import)
            .map_err(words)?;
    }
    let options = EncodeOptions {
        define_components: true,
        export: Some(stage),
        validate: false,
    };
    let composed = graph.encode(options).map_err(words)?;
    Ok(composed)
}
