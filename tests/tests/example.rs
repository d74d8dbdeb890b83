//! The worked example of `docs/contract.txt` does what the text says of it.

use vetting_tests::{Vetting, folder_of, guests};

#[test]
fn the_worked_example_judges() {
    let guests = guests();
    let folder = folder_of(&[(&guests, "Heat")]);
    for (machine, more, status, verdict) in [
        ("sim:healthy-server", None, 0, "pass"),
        // The same machine, of which more is asked than it can give.
        (
            "sim:healthy-server",
            Some("Heat.margin_celsius=99"),
            0,
            "pass",
        ),
    ] {
        let mut args = vec!["--machine", machine];
        args.extend(more.iter().flat_map(|set| ["--set", set]));
        let ended = Vetting::run(folder.path(), &args).output();
        assert_eq!(ended.status(), status, "{}", ended.stderr());
        let stage = ended.stage("Heat");
        assert_eq!(stage["verdict"], verdict, "{stage:#}");
        let findings = stage["diagnoses"].as_array().expect("diagnoses");
        // A margin that no sensor keeps is a warning for each that has a limit.
        assert_eq!(findings.is_empty(), more.is_none(), "{stage:#}");
        assert!(findings.iter().all(|found| found["finding"] == "warn"));
    }
}
