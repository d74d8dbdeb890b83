//! The whole contract as plain text: how a stage is written, every interface as it stands in `wit/`, and
//! a stage that is built and run by the tests.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

/// What no file says by itself.
const PREFACE: &str = include_str!("preface.txt");
/// The worked example.
const EXAMPLE: &str = "tests/guests/heat";

/// The text.
pub fn text(root: &Path) -> anyhow::Result<String> {
    let mut text = PREFACE.to_owned();
    text.push_str("\n## The contract, interface by interface (WIT)\n");
    let wit = std::fs::read_dir(root.join("wit")).context("wit/")?;
    let mut files = wit
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "wit"));
    files.sort();
    for path in files {
        file(&mut text, root, &path)?;
    }
    text.push_str("\n## A worked example\n");
    for name in ["Cargo.toml", "stage.toml", "src/lib.rs"] {
        file(&mut text, root, &root.join(EXAMPLE).join(name))?;
    }
    Ok(text)
}

fn file(text: &mut String, root: &Path, path: &Path) -> anyhow::Result<()> {
    let name = path.strip_prefix(root).unwrap_or(path).display();
    let content = std::fs::read_to_string(path).with_context(|| name.to_string())?;
    write!(text, "\n### {name}\n\n```\n{}\n```\n", content.trim_end())?;
    Ok(())
}
