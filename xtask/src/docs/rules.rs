//! Every rule and every parameter of the built-in stages, from the manifests of the components that were
//! built.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};
use vetting_component::{Manifest, RuleSeverity};

/// What the page begins with.
const HEAD: &str = "\
# Rules of the built-in stages

Every rule that a stage judges parts by, under the name that reports give it. **fail**: the part is bad, and
the stage fails. **warn**: the part is worth a look; the verdict stays. **inconclusive**: the part should have
been judged and could not be; unless another part is bad, the stage is inconclusive, which holds a run as a
failure does. A limit is what is still allowed. A source called *default* is this project's own choice: change
it where you know better.

A limit that names a parameter is set by `vetting run --set STAGE.NAME=VALUE`, for example `--set
SMART.reallocated_fail=8`; for a fleet by `vetting-orchestrator stage add FILE --set NAME=VALUE`, or for one
run by `run create HOST --set STAGE.NAME=VALUE`. Other limits are fixed. `vetting stage inspect FILE` shows
these tables of any stage. Generated from the stages' manifests, which hold what their code judges by: `cargo
xtask docs`.
";

/// The text, as Markdown.
pub fn text(root: &Path) -> anyhow::Result<String> {
    let mut text = HEAD.to_owned();
    for path in components(root)? {
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let manifest = vetting_component::read(&bytes)
            .with_context(|| path.display().to_string())?
            .manifest;
        write!(text, "\n## {}\n\n{}.\n", manifest.name, manifest.summary)?;
        rules(&mut text, &manifest)?;
        parameters(&mut text, &manifest)?;
    }
    Ok(text)
}

/// The built-in stages, by name.
fn components(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let folder = std::env::var_os("VETTING_STAGES")
        .map_or_else(|| root.join("target/stages"), PathBuf::from);
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
    Ok(files)
}

fn rules(text: &mut String, manifest: &Manifest) -> std::fmt::Result {
    if manifest.rules.is_empty() {
        return Ok(());
    }
    text.push_str(
        "\n| rule | it is broken when | then | limit | source |\n|---|---|---|---|---|\n",
    );
    let parameters = properties(manifest);
    for rule in &manifest.rules {
        let then = match rule.severity {
            RuleSeverity::Fail => "fail",
            RuleSeverity::Warn => "warn",
            RuleSeverity::Unknown => "inconclusive",
        };
        let limit = rule.limit_in_words(|name| {
            let schema = parameters.and_then(|all| all.get(name));
            let default = default(schema.unwrap_or(&Value::Null));
            format!("`{name}` ({default})")
        });
        writeln!(
            text,
            "| `{}` | {} | {then} | {} | {} |",
            rule.name,
            cell(&rule.description),
            cell(&limit),
            cell(&rule.source)
        )?;
    }
    Ok(())
}

fn parameters(text: &mut String, manifest: &Manifest) -> std::fmt::Result {
    let mut rows: Vec<_> = properties(manifest).into_iter().flatten().collect();
    rows.sort_by_key(|(name, _)| *name);
    if !rows.is_empty() {
        text.push_str("\n| parameter | default | where it comes from | |\n|---|---|---|---|\n");
    }
    for (name, schema) in rows {
        let words = |key: &str| cell(schema[key].as_str().unwrap_or_default());
        let (source, what) = (words("x-source"), words("description"));
        let default = default(schema);
        writeln!(text, "| `{name}` | {default} | {source} | {what} |")?;
    }
    Ok(())
}

fn properties(manifest: &Manifest) -> Option<&Map<String, Value>> {
    manifest.parameters["properties"].as_object()
}

fn default(schema: &Value) -> String {
    match &schema["default"] {
        Value::Null => "not set".to_owned(),
        Value::String(default) => format!("`{default}`"),
        default => format!("`{default}`"),
    }
}

/// A text as a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*")
}
