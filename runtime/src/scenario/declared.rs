//! A stage's record against the table of its rules, where its manifest has one.

use std::collections::BTreeSet;

use vetting_component::{Rule, RuleSeverity};
use vetting_protocol::{Finding, Severity, StageRecord};

use super::Mismatch;

/// What the stage concluded, or held a part against, by a rule that is not in its table: each once.
/// Without a table it may be anything.
pub fn undeclared(rules: &[Rule], stage: &StageRecord) -> Vec<Mismatch> {
    if rules.is_empty() {
        return Vec::new();
    }
    let diagnoses = stage.diagnoses.iter().map(|diagnosis| {
        let severity = match diagnosis.finding {
            // Whichever rule it was good by.
            Finding::Pass => None,
            Finding::Warn => Some(RuleSeverity::Warn),
            Finding::Fail => Some(RuleSeverity::Fail),
            Finding::Unknown => Some(RuleSeverity::Unknown),
        };
        (diagnosis.name.as_str(), severity)
    });
    let validators = stage.measurements.iter().flat_map(|m| &m.validators);
    let validators = validators.map(|validator| {
        let severity = match validator.severity {
            Severity::Warn => RuleSeverity::Warn,
            Severity::Fail => RuleSeverity::Fail,
        };
        (validator.name.as_str(), Some(severity))
    });
    let used: BTreeSet<_> = diagnoses.chain(validators).collect();
    let unknown = used.into_iter().filter_map(|(name, severity)| {
        let of_name = rules.iter().filter(|rule| rule.name == name);
        let severities: Vec<_> = of_name.map(|rule| rule.severity).collect();
        match severity {
            _ if severities.is_empty() => Some(format!(
                "it judges by `{name}`, which is none of its manifest's rules; write it down in \
                 `rules!`, or as [[rules]] in stage.toml. There are: {}",
                names(rules)
            )),
            Some(severity) if !severities.contains(&severity) => {
                let known: Vec<_> = severities.iter().map(RuleSeverity::to_string).collect();
                Some(format!(
                    "it judges by `{name}` with the severity {severity}; its manifest has that rule \
                     with: {}",
                    known.join(", ")
                ))
            }
            _ => None,
        }
    });
    unknown.map(Mismatch).collect()
}

fn names(rules: &[Rule]) -> String {
    let names: BTreeSet<_> = rules.iter().map(|rule| rule.name.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
