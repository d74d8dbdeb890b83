//! How bad a state is: the shipped defaults of FreeIPMI's `freeipmi_interpret_sensor.conf` and
//! `freeipmi_interpret_sel.conf`, by the words that ipmitool uses for the same bits
//! (`ipmitool/include/ipmitool/ipmi_sel.h`).

use crate::contract::power::Health;

/// Words of states that mean a fault. Compared in lower case, anywhere in the state.
const CRITICAL: [&str; 34] = [
    "failure detected",
    "predictive failure",
    "ac lost",
    "dc lost",
    "input lost",
    "out-of-range",
    "out of range",
    "config error",
    "configuration error",
    "redundancy lost",
    "non-redundant",
    "soft-power control failure",
    "power unit failure",
    "device absent",
    "device removed",
    "install error",
    "lower critical",
    "upper critical",
    "non-recoverable",
    "drive fault",
    "in failed array",
    "in critical array",
    "ierr",
    "thermal trip",
    "frb1",
    "frb2",
    "frb3",
    "uncorrectable",
    "parity",
    "memory device disabled",
    "fatal",
    "critical interrupt",
    "transition to critical",
    "critical overtemperature",
];

/// Words of states that deserve a look.
const WARNING: [&str; 13] = [
    "redundancy degraded",
    "240va power down",
    "interlock power down",
    "power supply inactive",
    "non-critical",
    "throttled",
    "correctable",
    "logging limit reached",
    "log area reset",
    "log full",
    "transition to degraded",
    "drive rebuild",
    "power off/down",
];

/// Words of states that are as they should be.
const NOMINAL: [&str; 16] = [
    "presence detected",
    "fully redundant",
    "device present",
    "device inserted",
    "drive present",
    "device enabled",
    "transition to ok",
    "transition to running",
    "state deasserted",
    "limit not exceeded",
    "predictive failure deasserted",
    "s0/g0",
    "present",
    "presence",
    "connected",
    "enabled",
];

/// How bad one state is; `unknown` for words that are in no table.
pub fn health(state: &str) -> Health {
    let state = state.trim().to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| state.contains(word));
    // `predictive failure deasserted` holds a bad word and is good; `correctable` is part of
    // `uncorrectable`, which the critical ones catch first.
    if state.is_empty() {
        Health::Unknown
    } else if state == "ok" || state.contains("deasserted") {
        Health::Nominal
    } else if state.contains("non-critical") {
        Health::Warning
    } else if any(&CRITICAL) {
        Health::Critical
    } else if any(&WARNING) {
        Health::Warning
    } else if any(&NOMINAL) {
        Health::Nominal
    } else {
        Health::Unknown
    }
}

/// The worst of several.
pub fn worst(states: &[String]) -> Health {
    let rank = |h: &Health| match h {
        Health::Critical => 3,
        Health::Warning => 2,
        Health::Nominal => 1,
        Health::Unknown => 0,
    };
    let all = states.iter().map(|state| health(state));
    all.max_by_key(rank).unwrap_or(Health::Unknown)
}

/// The states of one field, which commas separate; one state has a comma of its own.
pub fn split(field: &str) -> Vec<String> {
    const WITH_COMMA: &str = "out-of-range, but present";
    let field = field.replace(WITH_COMMA, "out-of-range but present");
    let states = field
        .split(", ")
        .map(str::trim)
        .filter(|state| !state.is_empty());
    states.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_present_supply_that_failed_has_failed() {
        let states = split("Presence detected, Failure detected");
        assert_eq!(states, ["Presence detected", "Failure detected"]);
        assert_eq!(worst(&states), Health::Critical);
        let one = split("AC out-of-range, but present");
        assert_eq!((one.len(), worst(&one)), (1, Health::Critical));
    }

    #[test]
    fn states_that_hold_the_words_of_others() {
        assert_eq!(health("Correctable ECC"), Health::Warning);
        assert_eq!(health("Uncorrectable ECC"), Health::Critical);
        assert_eq!(health("Upper Non-critical going high"), Health::Warning);
        assert_eq!(health("Upper Critical going high"), Health::Critical);
        assert_eq!(health("Predictive failure Deasserted"), Health::Nominal);
        assert_eq!(
            health("Non-Redundant: Sufficient from Redundant"),
            Health::Critical
        );
        assert_eq!(health("Fully Redundant"), Health::Nominal);
        assert_eq!(health("something of the maker's"), Health::Unknown);
    }
}
