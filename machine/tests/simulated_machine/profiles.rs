//! Profiles from text, and what is said about bad ones.

use vetting_machine::MachineError;
use vetting_machine::simulated::SimulatedMachine;

use crate::driver::Driver;

fn refused(text: &str) -> String {
    match SimulatedMachine::from_toml("mine.toml", text, 1) {
        Err(MachineError::BadProfile { path, reason }) => {
            assert_eq!(path, "mine.toml");
            reason
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("was taken"),
    }
}

fn refused_over_healthy(text: &str) -> String {
    refused(&format!("extends = \"healthy-server\"\n{text}"))
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let error = SimulatedMachine::builtin("laptpo", 1)
        .err()
        .expect("there is none")
        .to_string();
    assert!(
        error.contains("laptpo") && error.contains("laptop") && error.contains("small-vm"),
        "{error}"
    );
}

#[test]
fn typing_errors_are_named() {
    let reason = refused_over_healthy("[cpu]\nsokets = 2");
    assert!(
        reason.contains("sokets") && reason.contains("sockets"),
        "{reason}"
    );
    let reason = refused_over_healthy("[system]\nmodle = \"x\"");
    assert!(
        reason.contains("modle") && reason.contains("product"),
        "{reason}"
    );
    let reason = refused_over_healthy("[[fault]]\nkind = \"fan-daed\"\nfan = \"FAN1\"");
    assert!(
        reason.contains("fan-daed") && reason.contains("fan-dead"),
        "{reason}"
    );
    let reason =
        refused_over_healthy("[[fault]]\nkind = \"fan-dead\"\nfan = \"FAN1\"\nevry = \"5s\"");
    assert!(reason.contains("evry"), "{reason}");
}

#[test]
fn a_fault_of_a_part_that_is_not_there_is_refused() {
    let reason = refused_over_healthy("[[fault]]\nkind = \"fan-dead\"\nfan = \"FAN9\"");
    assert!(
        reason.contains("fault[0]") && reason.contains("FAN9"),
        "{reason}"
    );
}

#[test]
fn times_have_units() {
    for at in [
        "30",
        "30 parsecs",
        "-3s",
        "1.5s",
        "",
        "99999999999999999999h",
        "18446744073709551615s",
    ] {
        let fault = format!("[[fault]]\nat = \"{at}\"\nkind = \"redundancy-lost\"");
        let reason = refused_over_healthy(&fault);
        assert!(reason.contains("is not a time"), "{at}: {reason}");
    }
}

#[test]
fn text_that_is_no_profile_is_refused_with_its_line() {
    let reason = refused("description = \"x\"\n[[[");
    assert!(reason.contains("line 2"), "{reason}");
    assert!(refused("").contains("description"));
    assert!(refused("extends = \"nobody\"").contains("nobody"));
    assert!(refused("extends = 3").contains("extends"));
    assert!(refused("extends = \"dead-fan\"").contains("cannot be extended"));
    assert!(refused_over_healthy("[cpu]\nsockets = 4000000000").contains("out of range"));
}

#[test]
fn lists_merge_by_name() {
    let driver = Driver::healthy_with(
        "[[disk]]\nname = \"sda\"\nserial = \"CHANGED\"\n[[fan]]\nname = \"FAN7\"\nrpm = 9000.0",
    );
    let disks = crate::builtins::disks(&driver);
    assert_eq!(disks.len(), 6);
    let sda = disks
        .iter()
        .find(|d| d.name == "sda")
        .expect("is there");
    assert_eq!(sda.serial.as_deref(), Some("CHANGED"));
    assert_eq!(sda.model.as_deref(), Some("SEAGATE ST1200MM0129"));
}
