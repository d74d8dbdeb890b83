//! House rules that a machine can check.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::root;

/// The longest Rust file, in lines.
const MAX_LINES: usize = 450;

/// Looks at every file that git tracks or would track.
///
/// # Errors
///
/// Names every place that breaks a rule.
pub fn tidy() -> anyhow::Result<()> {
    let output = Command::new("git")
        .current_dir(root())
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("git does not start")?;
    let files = String::from_utf8(output.stdout)?;
    let mut broken = Vec::new();
    for name in files.lines() {
        let path = root().join(name);
        broken.extend(bad_room(name));
        if name.ends_with(".rs")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            broken.extend(bad_source(name, &text));
            if let Some(folder) = name.strip_suffix("/rules.rs").filter(|f| is_stage(f)) {
                let beside = beside(folder, files.lines())?;
                broken.extend(idle_rules(name, &text, &beside));
            }
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    bail!("the house rules are broken:\n{}", broken.join("\n"))
}

/// A folder whose name says nothing.
fn bad_room(name: &str) -> Option<String> {
    let rooms = ["utils", "util", "common", "helpers", "misc"];
    let parents = Path::new(name).parent()?;
    let bad = parents
        .iter()
        .find(|part| rooms.iter().any(|room| part == room))?;
    Some(format!(
        "{name}: `{}` says nothing of what is in it",
        bad.display()
    ))
}

fn bad_source(name: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        broken.push(format!("{name}: {lines} lines; is it still one idea?"));
    }
    let mut forbid = |words: &[String], why: &str| {
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                broken.push(format!("{name}:{}: {why}", number + 1));
            }
        }
    };
    // Written in two parts, so that this file keeps its own rules.
    let word = |a: &str, b: &str| format!("{a}{b}");
    forbid(
        &[
            word("#[ign", "ore"),
            word("todo", "!("),
            word("unimpl", "emented!("),
        ],
        "a check or a body that is not there",
    );
    if name.starts_with("machine/src") {
        let words = [word("wasmtime", "::"), word("wasmtime", "_wasi")];
        forbid(&words, "a machine must not know WebAssembly");
    }
    if ["machine/src", "orchestrator/src"]
        .iter()
        .any(|room| name.starts_with(room))
    {
        let words = [word("vetting", "_facts")];
        forbid(&words, "what evidence means is for stages to say");
    }
    if interprets_nothing(name) {
        let words = EVIDENCE.map(|(a, b)| word(a, b));
        forbid(
            &words,
            "a parser of evidence belongs into guest-stages/facts",
        );
    }
    if name.starts_with("protocol/src") {
        let words = ["tokio", "reqwest", "axum", "sqlx"].map(|name| word(name, "::"));
        forbid(&words, "the protocol does no I/O");
    }
    broken
}

/// Words of drives' documents and of the kernel's log, each in two parts: who looks for them reads evidence.
const EVIDENCE: [(&str, &str); 6] = [
    ("ata_smart", "_"),
    ("nvme_smart", "_"),
    ("scsi_error", "_counter"),
    ("[Hardware", " Error]"),
    ("PCIe Bus", " Error"),
    ("NVRM:", " Xid"),
];

/// Whether a file is native code that hands evidence over and does not read it. Simulated machines write
/// what tools and kernels print.
fn interprets_nothing(name: &str) -> bool {
    let native = ["machine/src", "runtime/src", "orchestrator/src"];
    let native = native.iter().any(|room| name.starts_with(room));
    native && !name.starts_with("machine/src/simulated")
}

/// Whether a folder holds a stage's code. The SDK has tables only for others.
fn is_stage(folder: &str) -> bool {
    let stages = ["guest-stages/", "project/templates/"];
    stages.iter().any(|stages| folder.starts_with(stages)) && folder != "guest-stages/sdk/src"
}

/// The text of what stands beside a stage's table.
fn beside<'a>(folder: &str, files: impl Iterator<Item = &'a str>) -> anyhow::Result<String> {
    let mut texts = String::new();
    for name in files {
        let of_stage = Path::new(name).parent() == Some(Path::new(folder));
        if of_stage && name.ends_with(".rs") && !name.ends_with("/rules.rs") {
            texts +=
                &std::fs::read_to_string(root().join(name)).with_context(|| name.to_owned())?;
        }
    }
    Ok(texts)
}

/// Rules that nothing is held against. The compiler does not tell: a macro of another crate made them.
fn idle_rules(name: &str, table: &str, beside: &str) -> Vec<String> {
    let words = |text: &str| -> std::collections::BTreeSet<String> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.map(str::to_owned).collect()
    };
    let used = words(beside);
    let severities = ["fail ", "warn ", "unknown "];
    let rules = table.lines().filter_map(|line| {
        let (rule, rest) = line.trim().split_once(": ")?;
        severities
            .iter()
            .any(|s| rest.starts_with(s))
            .then_some(rule)
    });
    let idle = rules.filter(|rule| !used.contains(*rule));
    idle.map(|rule| format!("{name}: nothing is held against the rule {rule}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_rules_are_found() {
        let ignored = format!("#[ign{}]\nfn test() {{}}\n", "ore");
        assert_eq!(bad_source("a.rs", &ignored).len(), 1);
        let forbidden = format!("use wasmtime{}Engine;\n", "::");
        assert_eq!(bad_source("machine/src/lib.rs", &forbidden).len(), 1);
        assert!(bad_source("runtime/src/lib.rs", &forbidden).is_empty());
        assert_eq!(bad_source("a.rs", &"\n".repeat(500)).len(), 1);
        let interpreted = format!("text.contains(\"PCIe{}\");\n", " Bus Error");
        assert_eq!(bad_source("machine/src/real/mod.rs", &interpreted).len(), 1);
        assert!(bad_source("machine/src/simulated/strike.rs", &interpreted).is_empty());
        let linked = format!("use vetting{};\n", "_facts::kernel");
        assert_eq!(bad_source("machine/src/lib.rs", &linked).len(), 1);
        assert!(bad_source("runtime/src/cli/machine_facts.rs", &linked).is_empty());
        let table = "    A_RULE: fail \"a\" = \"0\", \"b\";\n    ANOTHER: unknown that;\n";
        let judge = "findings.hold(measure.at_most(rules::A_RULE, 0.0), tell);";
        let idle = idle_rules("rules.rs", table, judge);
        assert_eq!(idle, ["rules.rs: nothing is held against the rule ANOTHER"]);
        assert!(bad_room("machine/src/utils/mod.rs").is_some());
        assert!(bad_room("machine/src/tools/mod.rs").is_none());
    }
}
