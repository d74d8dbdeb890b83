//! An outcome's rules against the table of them in the stage's manifest, which is signed with it and was
//! there before the stage ran. A rule that is not in the table earns nothing, and the source of one that
//! is stands in the report as the table has it.

use vetting_component::{Rule, RuleSeverity};
use vetting_protocol::{Measurement, Severity, Validator};

/// Takes from every rule that is not in the table what it would earn: the measurement counts as not
/// compared. A violation stays one. Returns the names of those rules, each once. A manifest without a
/// table says nothing of its rules.
pub(super) fn by_table(table: &[Rule], measurements: &mut [Measurement]) -> Vec<String> {
    let mut undeclared = Vec::new();
    if table.is_empty() {
        return undeclared;
    }
    for validator in measurements.iter_mut().flat_map(|m| &mut m.validators) {
        match declared(table, validator) {
            Some(rule) if !rule.source.is_empty() => validator.source.clone_from(&rule.source),
            Some(_) => {}
            None => {
                validator.met = validator.met.filter(|met| !met);
                if !undeclared.contains(&validator.name) {
                    undeclared.push(validator.name.clone());
                }
            }
        }
    }
    undeclared
}

fn declared<'a>(table: &'a [Rule], validator: &Validator) -> Option<&'a Rule> {
    let severity = match validator.severity {
        Severity::Warn => RuleSeverity::Warn,
        Severity::Fail => RuleSeverity::Fail,
    };
    table
        .iter()
        .find(|rule| rule.name == validator.name && rule.severity == severity)
}
