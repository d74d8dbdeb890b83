//! How long an author waits for a verdict after an edit: a project as `vetting stage new` makes it, one
//! number of its rules changed, and `vetting stage test` until it has ended.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::Built;
use crate::table::{Pairs, Row, seconds};

const ROUNDS: usize = 5;

/// A language's project: where its rules are, and what is changed there.
struct Language {
    name: &'static str,
    rules: &'static str,
    number: &'static str,
}

const RUST: Language = Language {
    name: "rust",
    rules: "src/judge.rs",
    number: "fans = 0;",
};
const PYTHON: Language = Language {
    name: "python",
    rules: "judge.py",
    number: "return len(told)",
};

/// From the edit to the verdict of four scenarios, against building alone.
pub fn measure(built: &Built) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (language, what) in [
        (RUST, "From an edit to the verdict, a stage in Rust"),
        (PYTHON, "From an edit to the verdict, a stage in Python"),
    ] {
        let project = project(built, &language)?;
        let rules = project.join(language.rules);
        let text = std::fs::read_to_string(&rules)?;
        let mut edits = 0;
        let mut edited = |verb: &str| {
            edits += 1;
            let edit = format!("{} # {edits}", language.number);
            let edit = match language.name {
                "rust" => edit.replace('#', "//"),
                _ => edit,
            };
            std::fs::write(&rules, text.replacen(language.number, &edit, 1))?;
            timed(built, &project, verb)
        };
        // Everything that does not change is built and compiled once.
        edited("test")?;
        let mut pairs = Pairs::default();
        for _ in 0..ROUNDS {
            pairs.push(edited("test")?, edited("build")?);
        }
        rows.push(pairs.row(what, "vetting stage test", "vetting stage build", seconds));
    }
    Ok(rows)
}

fn project(built: &Built, language: &Language) -> anyhow::Result<PathBuf> {
    let folder = built.scratch.path().join(language.name);
    std::fs::create_dir_all(&folder)?;
    let mut new = Command::new(&built.vetting);
    new.args(["stage", "new", "edited", "--lang", language.name]);
    ended_well(new.current_dir(&folder))?;
    Ok(folder.join("edited"))
}

/// Seconds until the command has ended well.
fn timed(built: &Built, project: &Path, verb: &str) -> anyhow::Result<f64> {
    let mut stage = Command::new(&built.vetting);
    stage.args(["stage", verb]).current_dir(project);
    stage.env("VETTING_CACHE", built.scratch.path().join("cache"));
    let began = Instant::now();
    ended_well(&mut stage)?;
    Ok(began.elapsed().as_secs_f64())
}

fn ended_well(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
