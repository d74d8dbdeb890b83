//! Every threshold of the built-in stages, from the manifests of the components that were built.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// The text, as Markdown.
pub fn text(root: &Path) -> anyhow::Result<String> {
    let folder = std::env::var_os("VETTING_STAGES")
        .map_or_else(|| root.join("target/stages"), PathBuf::from);
    let mut text = "# Thresholds of the built-in stages\n\nEach is set by `vetting run --set \
        STAGE.NAME=VALUE`, or by a stage's parameters at the orchestrator. Generated from the stages' \
        manifests: `cargo xtask docs`.\n"
        .to_owned();
    let entries = std::fs::read_dir(&folder).with_context(|| {
        format!(
            "{}: `cargo xtask stages` builds the stages",
            folder.display()
        )
    })?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "wasm")
    });
    files.sort();
    if files.is_empty() {
        bail!(
            "{} holds no stage: `cargo xtask stages` builds them",
            folder.display()
        );
    }
    for path in files {
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let manifest = vetting_component::read(&bytes)
            .with_context(|| path.display().to_string())?
            .manifest;
        write!(text, "\n## {}\n\n{}.\n", manifest.name, manifest.summary)?;
        let none = serde_json::Map::new();
        let properties = manifest.parameters["properties"]
            .as_object()
            .unwrap_or(&none);
        let mut rows: Vec<_> = properties.iter().collect();
        rows.sort_by_key(|(name, _)| *name);
        if !rows.is_empty() {
            text.push_str("\n| name | default | where it comes from | |\n|---|---|---|---|\n");
        }
        for (name, schema) in rows {
            let default = match &schema["default"] {
                Value::Null => "not set".to_owned(),
                Value::String(default) => format!("`{default}`"),
                default => format!("`{default}`"),
            };
            let words = |key: &str| schema[key].as_str().unwrap_or_default().replace('|', "\\|");
            let (source, what) = (words("x-source"), words("description"));
            writeln!(text, "| `{name}` | {default} | {source} | {what} |")?;
        }
    }
    Ok(text)
}
