//! Deadlines: stages that never end are ended, and the next one runs.

use std::time::Duration;

use vetting_tests::{Vetting, folder_of, guests};

#[test]
fn stages_that_never_end_are_inconclusive_and_the_next_one_runs() {
    for forever in ["Spin", "Sleep"] {
        let guests = guests();
        let folder = folder_of(&[(&guests, forever), (&guests, "Probe")]);
        let ended = Vetting::run(folder.path(), &["--timeout", "1s"]).output();
        assert_eq!(ended.status(), 4, "{}", ended.stderr());
        let stage = ended.stage(forever);
        assert_eq!(stage["verdict"], "inconclusive", "{stage:#}");
        assert_eq!(stage["ending"]["kind"], "deadline", "{stage:#}");
        assert_eq!(ended.stage("Probe")["verdict"], "pass");
        // A stage that was not interrupted would last for ever.
        assert!(ended.took < Duration::from_secs(60));
    }
}

#[test]
fn on_a_simulated_machine_a_spinning_stage_runs_out_of_fuel() {
    let guests = guests();
    let folder = folder_of(&[(&guests, "Spin"), (&guests, "Sleep")]);
    let args = [
        "--machine",
        "sim:small-vm",
        "--fuel",
        "100000000",
        "--timeout",
        "60s",
    ];
    let ended = Vetting::run(folder.path(), &args).output();
    assert_eq!(ended.status(), 4, "{}", ended.stderr());
    assert_eq!(
        ended.stage("Spin")["ending"]["limit"],
        "fuel",
        "{:#}",
        ended.stage("Spin")
    );
    // Virtual time goes on while a stage does not listen.
    assert_eq!(
        ended.stage("Sleep")["ending"]["kind"],
        "deadline",
        "{:#}",
        ended.stage("Sleep")
    );
}

#[test]
fn a_partial_failure_at_the_deadline_stays_a_failure() {
    let guests = guests();
    let folder = folder_of(&[(&guests, "Probe")]);
    let verdict = |mode: &str| {
        let setting = format!("Probe.mode={mode}");
        let args = [
            "--set",
            &setting,
            "--timeout",
            "2s",
            "--machine",
            "sim:small-vm",
        ];
        let ended = Vetting::run(folder.path(), &args).output();
        ended.stage("Probe")["verdict"].clone()
    };
    assert_eq!(verdict("partial"), "inconclusive");
    assert_eq!(verdict("partial-fail"), "fail");
}
