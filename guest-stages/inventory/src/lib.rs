//! The Inventory stage.

use vetting_stage::{Findings, Measure, Outcome, Severity};

vetting_stage::parameters! {
    /// How long to look.
    duration: duration = "90s", "default";
}

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    let _parameters = Parameters::read()?;
    let mut findings = Findings::new();
    let parts = vetting_stage::inventory::read().map_err(|e| vetting_stage::explain(&e))?;
    findings.hold(
        Measure::number("cpus", parts.cpus.len() as f64).at_least("cpus", 1.0, Severity::Fail, "default"),
        || "no processor".to_owned(),
    );
    Ok(findings.outcome("x"))
}
