//! The author's guide is true: its commands are typed, in its order, with the files that it shows, and end
//! as it says.

use std::path::Path;
use std::process::{Command, Stdio};

use vetting_tests::fleet::Orchestrator;
use vetting_tests::vetting;

/// What a page asks its reader to do.
#[derive(Debug, PartialEq)]
enum Step {
    /// Write a file.
    Write { path: String, text: String },
    /// Type a line, which ends with this status.
    Type { line: String, status: i32 },
}

/// The steps of a page: the lines after `$` of its console blocks, and the files whose names stand on a
/// line of their own before a block.
fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut named = None;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let path = line.strip_prefix('`').and_then(|l| l.strip_suffix("`:"));
        if let Some(path) = path {
            named = Some(path.to_owned());
        }
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
        if language == "console" {
            steps.extend(block.iter().filter_map(|l| typed(l)));
        } else if let Some(path) = named.take() {
            let text = block.join("\n") + "\n";
            steps.push(Step::Write { path, text });
        }
    }
    steps
}

fn typed(line: &str) -> Option<Step> {
    let line = line.strip_prefix("$ ")?;
    let (line, remark) = line.split_once('#').unwrap_or((line, ""));
    let status = remark.trim().strip_prefix("exit status ");
    Some(Step::Type {
        line: line.trim().to_owned(),
        status: status.map_or(0, |status| status.parse().expect("a status")),
    })
}

#[test]
fn a_page_is_read_as_it_is_meant() {
    let page = "`a/b.toml`:\n\n```toml\nx = 1\n```\n```console\n$ one   # a remark\nsaid\n$ two # exit status 4\n```\n";
    let typed = |line: &str, status| Step::Type {
        line: line.to_owned(),
        status,
    };
    let written = Step::Write {
        path: "a/b.toml".to_owned(),
        text: "x = 1\n".to_owned(),
    };
    assert_eq!(steps(page), [written, typed("one", 0), typed("two", 4)]);
}

#[test]
fn the_guide_is_true() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/authoring.md");
    let page = std::fs::read_to_string(page).expect("the guide");
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a folder");
    let programs = vetting().parent().expect("a folder").to_owned();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", programs.display());
    let mut here = folder.path().to_owned();
    let steps = steps(&page);
    assert!(steps.len() > 25, "{}", steps.len());
    for step in steps {
        match step {
            Step::Write { path, text } => {
                std::fs::write(here.join(&path), text).expect("a file of the guide");
            }
            Step::Type { line, .. } if line.starts_with("cd ") => {
                here.push(line.trim_start_matches("cd "));
            }
            Step::Type { line, status } => {
                let output = Command::new("sh")
                    .args(["-c", &line])
                    .current_dir(&here)
                    .env("PATH", &path)
                    .env("XDG_CACHE_HOME", vetting_tests::shared_cache())
                    .env_remove("VETTING_STAGES")
                    .env("VETTING_SERVER", &orchestrator.url)
                    .env("VETTING_PIN", &orchestrator.pin)
                    .env("VETTING_TOKEN", &orchestrator.token)
                    .stdin(Stdio::null())
                    .output()
                    .expect("sh starts");
                assert_eq!(
                    output.status.code(),
                    Some(status),
                    "`{line}`:\n{}{}",
                    String::from_utf8_lossy(&output.stdout),
                    String::from_utf8_lossy(&output.stderr)
                );
            }
        }
    }
}
