//! The table of a stage's rules, as its author meets it: shown by `inspect`, and held to by `test`.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use vetting_tests::{guests, vetting};

/// `vetting stage …` in a folder: its exit status and what it printed.
fn stage(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new(vetting())
        .arg("stage")
        .args(args)
        .env("XDG_CACHE_HOME", vetting_tests::shared_cache())
        .env_remove("VETTING_CACHE")
        .current_dir(folder)
        .output()
        .expect("it starts");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.code().unwrap_or(-1), said)
}

#[test]
fn inspect_shows_the_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = guests().join("Heat.wasm");
    let file = file.to_str().expect("a path");
    let (status, text) = stage(folder.path(), &["inspect", file]);
    assert_eq!(status, 0, "{text}");
    let at = text.find("parameters\n").expect("parameters, then rules");
    insta::assert_snapshot!("heat", &text[at..]);
    let (status, json) = stage(folder.path(), &["inspect", file, "--format", "json"]);
    assert_eq!(status, 0, "{json}");
    let told: Value = serde_json::from_str(&json).expect("JSON");
    insta::assert_snapshot!(
        "heat_json",
        serde_json::to_string_pretty(&told["rules"]).expect("JSON")
    );
}

/// The stage Heat with another table of its rules, which is none that the SDK left.
fn heat(rules: &str) -> Vec<u8> {
    const SECTION: &[u8] = b"vetting:rules";
    let module = guests().join("../guests/wasm32-unknown-unknown/stage/guest_heat.wasm");
    let mut module = std::fs::read(module).expect("the module");
    let at = module.windows(SECTION.len()).position(|w| w == SECTION);
    let at = at.expect("the SDK's table") + SECTION.len() - 1;
    module[at] = b'_';
    let manifest = include_str!("../guests/heat/stage.toml");
    vetting_component::pack(&module, &format!("{manifest}\n{rules}")).expect("a component")
}

#[test]
fn test_tells_of_what_is_in_no_rule_of_the_manifest() {
    let rule = |name: &str, severity: &str, limit: &str| {
        format!(
            "[[rules]]\nname = \"{name}\"\nseverity = \"{severity}\"\ndescription = \"d\"\n\
             limit = \"{limit}\"\nsource = \"s\"\n"
        )
    };
    let margin = |severity: &str| rule("margin_celsius", severity, "{margin_celsius}");
    let critical = rule("critical", "fail", "its own");
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // Every sensor that has a limit is closer to it than that.
    let scenario = "machine = \"healthy-server\"\n[parameters]\nmargin_celsius = 99.0\n\
        [expect]\nverdict = \"pass\"\n";
    std::fs::write(folder.join("warm.toml"), scenario).expect("a scenario");
    let test = |rules: &str| {
        std::fs::write(folder.join("Heat.wasm"), heat(rules)).expect("a component");
        stage(folder, &["test", "warm.toml", "--component", "Heat.wasm"])
    };
    for table in ["", &(margin("warn") + &critical)] {
        let (status, said) = test(table);
        assert_eq!(status, 0, "{said}");
    }
    let (status, said) = test(&margin("fail"));
    assert_eq!(status, 1, "{said}");
    for words in [
        "it judges by `critical`, which is none of its manifest's rules; write it down in `rules!`, \
         or as [[rules]] in stage.toml. There are: margin_celsius",
        "it judges by `margin_celsius` with the severity warn; its manifest has that rule with: fail",
    ] {
        // Once, however many sensors were judged by it.
        assert_eq!(said.matches(words).count(), 1, "{words}: {said}");
    }
}
