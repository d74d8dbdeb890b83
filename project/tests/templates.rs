//! What `new` writes is whole: no placeholder is left, and what it stands on is this version's.

use std::path::{Path, PathBuf};

use vetting_project::{Language, Project, ProjectError, new};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn repository(below: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(below);
    std::fs::read_to_string(&path).expect(below)
}

#[test]
fn nothing_of_a_template_is_left_to_be_filled_in() {
    for language in [Language::Rust, Language::Python] {
        let below = tempfile::tempdir().expect("a folder");
        let folder = new(below.path(), "fan-check", language).expect("a project");
        let project = Project::open(&folder).expect("a project");
        assert_eq!(
            (project.name.as_str(), project.language),
            ("fan-check", language)
        );
        for path in files(&folder) {
            let text = std::fs::read_to_string(&path).expect("text");
            for placeholder in ["STAGE-NAME", "VETTING-VERSION", "COMPONENTIZE-VERSION"] {
                assert!(!text.contains(placeholder), "{}", path.display());
            }
            let name = path.to_string_lossy();
            assert!(!name.ends_with(".template"), "{name}");
        }
        let taken = new(below.path(), "fan-check", language).expect_err("taken");
        assert!(matches!(taken, ProjectError::Taken { .. }), "{taken}");
    }
    let below = tempfile::tempdir().expect("a folder");
    for name in ["", "7fans", "a/b", "fan check", "-fan"] {
        let refused = new(below.path(), name, Language::Rust).expect_err(name);
        assert!(matches!(refused, ProjectError::Name { .. }), "{refused}");
    }
}

#[test]
fn a_project_stands_on_what_this_repository_stands_on() {
    let below = tempfile::tempdir().expect("a folder");
    let folder = new(below.path(), "fan-check", Language::Rust).expect("a project");
    let sdk = std::fs::read_to_string(folder.join("sdk/Cargo.toml")).expect("a manifest");
    let workspace = repository("Cargo.toml");
    for dependency in ["serde = ", "wit-bindgen = "] {
        let of = |text: &str| {
            text.lines()
                .find(|l| l.starts_with(dependency))
                .map(str::to_owned)
        };
        assert_eq!(of(&sdk), of(&workspace), "{dependency}");
    }
    let facts = std::fs::read_to_string(folder.join("facts/Cargo.toml")).expect("a manifest");
    assert!(facts.contains("serde_json = "), "{facts}");
    assert!(folder.join("facts/src/smartctl/mod.rs").is_file());
    assert!(!folder.join("facts/src/smartctl/tests.rs").exists());
    let bindings = std::fs::read_to_string(folder.join("sdk/src/bindings.rs")).expect("it");
    assert!(bindings.contains("path: \"wit\","), "{bindings}");
    let contract = std::fs::read_to_string(folder.join("sdk/wit/hwmon.wit")).expect("it");
    assert_eq!(contract, repository("wit/hwmon.wit"));
}

/// componentize-py follows no links out of a project, so each example has a copy.
#[test]
fn examples_in_python_share_the_bookkeeping_of_the_template() {
    for example in ["thermals", "vitals"] {
        for file in ["errors.py", "findings.py"] {
            let template = repository(&format!("project/templates/python/{file}"));
            let copy = repository(&format!("guest-stages/examples/{example}/{file}"));
            assert!(
                template == copy,
                "copy project/templates/python/{file} to the example {example}"
            );
        }
    }
}
