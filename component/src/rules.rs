//! The table of a stage's rules: what it judges parts by, known without running it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ComponentError;

/// The most rules that a stage may have.
const MAX_RULES: usize = 256;
/// The longest name of a rule, in bytes.
const MAX_NAME: usize = 64;
/// The longest description, limit or source, in bytes.
const MAX_TEXT: usize = 1000;

/// One rule of a stage: by what a part is bad, worth a look, or not judged. One name may have a rule of
/// each severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// The name that validators and diagnoses in reports have.
    pub name: String,
    /// What follows when it is broken.
    pub severity: RuleSeverity,
    /// When it is broken, in a sentence.
    pub description: String,
    /// What is still allowed, in words with its unit; `{NAME}` stands for the parameter of that name.
    /// What could not be judged may have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub limit: String,
    /// Where the limit comes from: a standard, a manual page, a paper, or `default`. What could not be
    /// judged may have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// What follows when a rule is broken.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum RuleSeverity {
    /// The part is bad, and the stage fails.
    Fail,
    /// The part is worth a look; the verdict stays.
    Warn,
    /// The part could not be judged, and the stage is inconclusive.
    Unknown,
}

impl std::fmt::Display for RuleSeverity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            RuleSeverity::Fail => "fail",
            RuleSeverity::Warn => "warn",
            RuleSeverity::Unknown => "unknown",
        })
    }
}

impl Rule {
    /// The limit in words, with `parameter` in the place of each parameter's name.
    pub fn limit_in_words(&self, parameter: impl Fn(&str) -> String) -> String {
        let pieces = self.pieces().into_iter().map(|piece| match piece {
            Piece::Words(words) => words.to_owned(),
            Piece::Parameter(name) => parameter(name),
        });
        pieces.collect()
    }

    /// The limit's pieces: words, and parameters that stand between `{` and `}`.
    fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        let mut rest = self.limit.as_str();
        while let Some((words, after)) = rest.split_once('{')
            && let Some((parameter, after)) = after.split_once('}')
        {
            pieces.push(Piece::Words(words));
            pieces.push(Piece::Parameter(parameter));
            rest = after;
        }
        pieces.push(Piece::Words(rest));
        pieces.retain(|piece| *piece != Piece::Words(""));
        pieces
    }
}

/// A piece of a rule's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// Words as they are.
    Words(&'a str),
    /// The name of a parameter.
    Parameter(&'a str),
}

/// Gives a rule whose whole limit is one parameter that parameter's source, unless it has its own.
pub(crate) fn with_sources(rules: &mut [Rule], parameters: &Value) {
    for rule in rules {
        rule.description = rule.description.trim().to_owned();
        let source = match rule.pieces().as_slice() {
            [Piece::Parameter(name)] => parameters["properties"][name]["x-source"].as_str(),
            _ => None,
        };
        if let (true, Some(source)) = (rule.source.is_empty(), source) {
            rule.source = source.to_owned();
        }
    }
}

/// Whether the rules are sound: bounded, each told once and whole, with parameters that there are.
pub(crate) fn check(rules: &[Rule], parameters: &Value) -> Result<(), ComponentError> {
    let wrong = |what: String| Err(ComponentError::Manifest(what));
    if rules.len() > MAX_RULES {
        return wrong(format!(
            "`rules` has {} rules; at most {MAX_RULES} are read",
            rules.len()
        ));
    }
    let none = Map::new();
    let known = parameters["properties"].as_object().unwrap_or(&none);
    let mut seen = BTreeSet::new();
    for rule in rules {
        let name = &rule.name;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(plain) {
            return wrong(format!(
                "`rules`: the name `{}` must be letters, digits, `-` or `_`; at most {MAX_NAME}",
                name.chars().take(MAX_NAME).collect::<String>()
            ));
        }
        let wrong = |what: String| wrong(format!("`rules`: the rule `{name}` {what}"));
        if !seen.insert((name, rule.severity)) {
            return wrong(format!(
                "is there twice with the severity `{}`",
                rule.severity
            ));
        }
        let must = rule.severity != RuleSeverity::Unknown;
        for (field, text, must) in [
            ("description", &rule.description, true),
            ("limit", &rule.limit, must),
            ("source", &rule.source, must),
        ] {
            if must && text.trim().is_empty() {
                return wrong(format!("has no `{field}`"));
            }
            if text.len() > MAX_TEXT {
                return wrong(format!("has a `{field}` of more than {MAX_TEXT} bytes"));
            }
        }
        for piece in rule.pieces() {
            if let Piece::Parameter(parameter) = piece
                && !known.contains_key(parameter)
            {
                let known: Vec<&str> = known.keys().map(String::as_str).collect();
                let known = match known.as_slice() {
                    [] => "none".to_owned(),
                    known => known.join(", "),
                };
                return wrong(format!(
                    "has the parameter `{parameter}` in its limit, which the stage does not have; \
                     there are: {known}"
                ));
            }
        }
    }
    Ok(())
}
