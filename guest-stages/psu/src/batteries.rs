//! The rules of batteries and mains adapters that the kernel's class `power_supply` shows.

use vetting_facts::power::PowerSupply;
use vetting_stage::outcome::Value;
use vetting_stage::{Findings, Measure, Part, part};

use crate::rules;
use crate::severity::Health;

/// How bad a battery's health is (Linux, `Documentation/ABI/testing/sysfs-class-power`, `health`).
fn health(word: &str) -> Health {
    match word {
        "Good" => Health::Nominal,
        "Dead" | "Unspecified failure" | "Over voltage" | "Overheat" => Health::Critical,
        "Unknown" => Health::Unknown,
        _ => Health::Warning,
    }
}

/// Holds the health of each. Those of a mouse or a keyboard power no machine. Returns how many there are.
pub fn judge(supplies: &[PowerSupply], findings: &mut Findings) -> usize {
    let of_machine = supplies
        .iter()
        .filter(|s| s.scope.as_deref() != Some("Device"));
    let mut count = 0_usize;
    for supply in of_machine {
        count = count.saturating_add(1);
        let Some(word) = supply.health.as_deref() else {
            continue;
        };
        let health = health(word);
        let place = Part {
            serial: supply.serial.clone(),
            model: supply.model.clone(),
            ..part("battery", supply.name.clone())
        };
        let measure = Measure::text("battery-health", health.word()).part(&place);
        if health == Health::Unknown {
            findings.note(measure);
            continue;
        }
        let measure = measure
            .differs(rules::BATTERY_WARNING, Value::Text("warning".to_owned()))
            .differs(rules::BATTERY_CRITICAL, Value::Text("critical".to_owned()));
        findings.hold(measure, || format!("its health is {word}"));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use vetting_stage::Verdict;

    #[test]
    fn a_dead_battery_fails_and_that_of_a_mouse_does_not_count() {
        let supply = |health: &str, scope: &str| PowerSupply {
            name: "BAT0".into(),
            health: Some(health.into()),
            scope: Some(scope.into()),
            ..PowerSupply::default()
        };
        let judged = |supplies: &[PowerSupply]| {
            let mut findings = Findings::new();
            (judge(supplies, &mut findings), findings.outcome("").verdict)
        };
        assert_eq!(judged(&[supply("Good", "System")]), (1, Verdict::Pass));
        assert_eq!(judged(&[supply("Dead", "System")]), (1, Verdict::Fail));
        assert_eq!(judged(&[supply("Dead", "Device")]).0, 0);
    }
}
