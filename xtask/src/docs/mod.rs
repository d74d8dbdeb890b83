//! What is generated of `docs/`: the reference of the contract for people, the whole contract with a
//! worked example as one plain text for assistants, and every rule of the built-in stages; and the schema of
//! the inventory, by which the orchestrator reads specs.

mod contract;
mod reference;
mod rules;

use std::path::Path;

use anyhow::Context as _;

use crate::root;

/// Makes a file's text from the repository at that root.
type Make = fn(&Path) -> anyhow::Result<String>;

/// Each generated file, and what makes it.
const FILES: [(&str, Make); 4] = [
    ("docs/reference.md", reference::text),
    ("docs/contract.txt", contract::text),
    ("docs/rules.md", rules::text),
    ("orchestrator/src/spec/inventory.schema.json", inventory),
];

/// What an inventory has, for the orchestrator, which knows no facts.
fn inventory(_root: &Path) -> anyhow::Result<String> {
    let schema = vetting_facts::inventory::schema();
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}

/// Writes every generated file.
pub fn write() -> anyhow::Result<()> {
    for (name, text) in FILES {
        let path = root().join(name);
        std::fs::write(&path, text(root())?).with_context(|| path.display().to_string())?;
        println!("{name}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_files_are_current() {
        for (name, text) in FILES {
            let committed = std::fs::read_to_string(root().join(name)).unwrap_or_default();
            let current = text(root()).expect("it can be made");
            assert!(
                committed == current,
                "{name} is not current: `cargo xtask docs` writes it"
            );
        }
    }
}
