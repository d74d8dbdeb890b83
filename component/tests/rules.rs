//! The table of a stage's rules: taken from the module or from `stage.toml`, held against the stage's
//! parameters, and bounded.

use proptest::prelude::*;
use serde_json::{Value, json};
use vetting_component::{ComponentError, RULES_SECTION, Rule, RuleSeverity, describe, pack, read};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const STAGE: &str = "name = \"Fans\"\nversion = \"1.0.0\"\nsummary = \"s\"\ntimeout_seconds = 5\n";
const PARAMETERS: &str = "[parameters]\ntype = \"object\"\n[parameters.properties.slowest]\n\
    type = \"number\"\ndefault = 500.0\nx-source = \"a paper\"\n";

/// A core module that exports `run`, as a compiler would leave it.
fn module() -> Vec<u8> {
    let text = "package test:stage; world stage { export run: func(); }";
    let mut resolve = Resolve::default();
    let package = resolve.push_str("stage.wit", text).expect("WIT");
    let world = resolve.select_world(&[package], None).expect("a world");
    let mut module = wat::parse_str("(module (func (export \"run\")))").expect("a module");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("it");
    module
}

/// The module with a table as the SDK leaves it.
fn with_table(rows: &[Value]) -> Vec<u8> {
    let text: String = rows.iter().map(Value::to_string).collect();
    let mut module = module();
    let mut body = vec![u8::try_from(RULES_SECTION.len()).expect("short")];
    body.extend(RULES_SECTION.as_bytes());
    body.extend(text.as_bytes());
    module.push(0);
    let mut size = body.len();
    while size >= 0x80 {
        module.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    module.push(size as u8);
    module.extend(body);
    module
}

fn row(name: &str, severity: &str, limit: &str) -> Value {
    json!({
        "name": name,
        "severity": severity,
        "description": " A fan is slow.",
        "limit": limit,
        "source": "default",
    })
}

fn packed(rows: &[Value]) -> Result<Vec<Rule>, ComponentError> {
    let component = pack(&with_table(rows), &format!("{STAGE}{PARAMETERS}"))?;
    Ok(read(&component)?.manifest.rules)
}

fn refused(rows: &[Value]) -> String {
    packed(rows).expect_err("it is refused").to_string()
}

#[test]
fn the_modules_table_becomes_the_manifests() {
    let rows = [
        json!({ "name": "slowest", "severity": "fail", "description": " A fan is slow.", "limit": "{slowest}" }),
        row("slowest", "warn", "2 × {slowest} 1/min"),
        json!({ "name": "fan-speed", "severity": "unknown", "description": " It tells no speed." }),
    ];
    let rules = packed(&rows).expect("a component");
    assert_eq!(rules[0].description, "A fan is slow.");
    assert_eq!(rules[0].source, "a paper", "the parameter's");
    assert_eq!(rules[1].source, "default", "its own");
    let limit = rules[1].limit_in_words(|name| format!("{name} (500)"));
    assert_eq!(limit, "2 × slowest (500) 1/min");
    assert_eq!(rules[2].severity, RuleSeverity::Unknown);
    assert_eq!(
        serde_json::to_value(&rules[2]).expect("JSON"),
        json!({ "name": "fan-speed", "severity": "unknown", "description": "It tells no speed." })
    );
    let component = pack(&with_table(&rows), &format!("{STAGE}{PARAMETERS}")).expect("it");
    let left = |name: &str| component.windows(name.len()).any(|w| w == name.as_bytes());
    assert!(!left(RULES_SECTION), "it was taken over");
}

#[test]
fn another_toolchains_table_is_in_stage_toml() {
    let mut encoder = ComponentEncoder::default().module(&module()).expect("one");
    let component = encoder.encode().expect("a component");
    let rules = "[[rules]]\nname = \"slowest\"\nseverity = \"fail\"\n\
        description = \"A fan is slow.\"\nlimit = \"{slowest}\"\n";
    let text = format!("{STAGE}{PARAMETERS}{rules}");
    let described = describe(component.clone(), &text).expect("a stage");
    let told = read(&described).expect("it reads").manifest.rules;
    assert_eq!((told.len(), told[0].source.as_str()), (1, "a paper"));
    let without = describe(component, STAGE).expect("a stage without a table");
    let manifest = read(&without).expect("it reads").manifest;
    assert!(manifest.rules.is_empty());
    let json = serde_json::to_value(&manifest).expect("JSON");
    assert!(json.get("rules").is_none(), "{json}");
    let twice = pack(&with_table(&[row("a", "warn", "0")]), &text);
    let twice = twice.expect_err("two tables").to_string();
    assert!(twice.contains("remove [[rules]]"), "{twice}");
}

#[test]
fn a_table_that_is_not_sound_is_refused_with_a_sentence() {
    let many: Vec<Value> = (0..257)
        .map(|n| row(&format!("rule-{n}"), "fail", "0"))
        .collect();
    assert!(packed(&many[..256]).is_ok());
    for (rows, words) in [
        (many, "257 rules; at most 256"),
        (
            vec![row("slow", "fail", "{fastest} 1/min")],
            "`slow` has the parameter `fastest` in its limit, which the stage does not have; there \
             are: slowest",
        ),
        (
            vec![row("slow", "fail", "0"), row("slow", "fail", "1")],
            "`slow` is there twice with the severity `fail`",
        ),
        (vec![row("slow", "fail", "")], "`slow` has no `limit`"),
        (vec![row("a b", "fail", "0")], "the name `a b` must be"),
        (vec![row("", "fail", "0")], "must be letters"),
        (vec![row(&"x".repeat(65), "fail", "0")], "at most 64"),
        (
            vec![row("slow", "fail", &"x".repeat(1001))],
            "a `limit` of more than 1000 bytes",
        ),
        (vec![row("slow", "bad", "0")], "unknown variant `bad`"),
        (vec![json!({ "name": "slow" })], "missing field"),
    ] {
        let said = refused(&rows);
        assert!(said.contains(words), "{words}: {said}");
    }
    let both = [row("slow", "fail", "1"), row("slow", "warn", "0")];
    assert!(packed(&both).is_ok(), "one of each severity");
    let open = row("slow", "fail", "{slowest");
    assert!(packed(&[open]).is_ok(), "words, not a parameter");
}

proptest! {
    /// Whatever an author writes, nothing of a limit is lost, and only a parameter is put in.
    #[test]
    fn a_limit_in_words_is_the_limit(limit in "([{}a-z °%]|[{][a-z_]{1,5}[}]){0,12}") {
        let rule = Rule {
            name: "slow".to_owned(),
            severity: RuleSeverity::Fail,
            description: "A fan is slow.".to_owned(),
            limit: limit.clone(),
            source: "default".to_owned(),
        };
        prop_assert_eq!(rule.limit_in_words(|name| format!("{{{name}}}")), limit);
    }
}
