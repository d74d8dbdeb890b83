//! The command line: what is wrong is answered with what would be right, and pipes stay clean.

use vetting_tests::{Vetting, stages};

fn usage(args: &[&str]) -> String {
    let ended = Vetting::run(&stages(), args).output();
    assert_eq!(
        ended.status(),
        2,
        "{args:?}: {}{}",
        ended.stdout(),
        ended.stderr()
    );
    ended.stderr()
}

#[test]
fn wrong_names_and_values_are_answered_with_the_nearest_valid_ones() {
    let sim = ["--machine", "sim:small-vm"];
    let with = |more: &[&str]| usage(&[&sim[..], more].concat());
    let said = with(&["CPUstres"]);
    assert!(said.contains("did you mean `CPUStress`?"), "{said}");
    let said = with(&["--set", "CPUStress.duraton=5s"]);
    assert!(said.contains("duration"), "{said}");
    let said = with(&["--set", "CPUStres.duration=5s"]);
    assert!(said.contains("CPUStress"), "{said}");
    let said = with(&["--set", "CPUStress.duration=soon"]);
    assert!(
        said.contains("CPUStress.duration") && said.contains("soon"),
        "{said}"
    );
    let said = with(&["--set", "SMART.pending_fail=-1"]);
    assert!(said.contains("pending_fail"), "{said}");
    let said = with(&["--set", "nonsense"]);
    assert!(said.contains("STAGE.KEY=VALUE"), "{said}");
    let said = with(&["--limit", "memry=1"]);
    assert!(said.contains("memory"), "{said}");
    let said = usage(&["--machine", "sim:healthy-servr"]);
    assert!(said.contains("healthy-server"), "{said}");
    let said = usage(&["--machine", "tape:x"]);
    assert!(said.contains("sim:PROFILE"), "{said}");
    let said = usage(&["--stages", "/nowhere/at/all"]);
    assert!(
        said.contains("/nowhere/at/all") || said.contains("--stages"),
        "{said}"
    );
}

#[test]
fn json_through_a_pipe_is_json_and_nothing_else() {
    let args = ["Inventory", "PSU", "--machine", "sim:healthy-server"];
    let ended = Vetting::run(&stages(), &args).output();
    assert_eq!(ended.status(), 0);
    // Progress would be on standard error, and there is none of it either.
    assert_eq!(ended.stderr(), "");
    assert_eq!(ended.report()["stages"].as_array().map(Vec::len), Some(2));
}

#[test]
fn plain_lines_carry_no_control_characters() {
    let mut args = vec![
        "run",
        "Inventory",
        "--machine",
        "sim:healthy-server",
        "--stages",
    ];
    let folder = stages();
    let folder = folder.to_string_lossy();
    args.push(&folder);
    let ended = Vetting::new(&args).output();
    assert_eq!(ended.status(), 0);
    let text = ended.stdout() + &ended.stderr();
    assert!(text.contains("1 passed, 0 failed"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
}

#[test]
fn a_report_goes_to_the_file_and_the_table_to_the_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.json");
    let args = ["Inventory", "--machine", "sim:small-vm"];
    let ended = Vetting::run(&stages(), &args)
        .path("--output", &file)
        .output();
    assert_eq!(ended.status(), 0);
    let report = std::fs::read_to_string(&file).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["verdict"], "pass");
    assert!(ended.stdout().contains("1 passed"), "{}", ended.stdout());
}

#[test]
fn help_fits_on_two_screens() {
    let ended = Vetting::new(&["run", "--help"]).output();
    assert_eq!(ended.status(), 0);
    let help = ended.stdout();
    assert!(
        help.lines().count() <= 2 * 24,
        "{} lines",
        help.lines().count()
    );
    assert!(
        help.lines().all(|line| line.chars().count() <= 100),
        "{help}"
    );
    for option in [
        "--machine",
        "--stages",
        "--set",
        "--timeout",
        "--format",
        "--root",
        "--tools",
    ] {
        assert!(help.contains(option), "{option}");
    }
}

#[test]
fn completions_and_manual_come_from_the_same_definitions() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = Vetting::new(&["completions", shell]).output();
        assert_eq!(ended.status(), 0);
        assert!(ended.stdout().contains("vetting"), "{shell}");
    }
    let manual = Vetting::new(&["man"]).output();
    assert_eq!(manual.status(), 0);
    assert!(manual.stdout().contains(".TH"), "{}", manual.stdout());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_string_lossy().into_owned();
    assert_eq!(Vetting::new(&["man", &path]).output().status(), 0);
    assert!(folder.path().join("vetting-run.1").is_file());
}

#[test]
fn each_row_of_a_document_is_explained() {
    let explain = |topic: &str, machine: &str| {
        let args = ["machine", "show", topic, "--explain", "--machine", machine];
        let ended = Vetting::new(&args).output();
        assert_eq!(ended.status(), 0, "{topic}: {}", ended.stderr());
        ended.stdout()
    };
    let power = explain("power", "sim:dead-fan");
    let row = power.lines().position(|line| line.starts_with("FAN3 "));
    let row = row.unwrap_or_else(|| panic!("{power}"));
    let next = power.lines().nth(row + 1).expect("what became of it");
    assert!(next.starts_with("    sensors[]."), "{next}");
    let smart = explain("smart", "sim:nvme-critical");
    assert!(smart.contains("/available_spare: 4\n"), "{smart}");
    assert!(smart.contains("available_spare = 4\n"), "{smart}");
    let log = explain("kernel-log", "sim:healthy-server");
    assert!(log.contains("ens1f0np0: Link is Up\n    NicLink"), "{log}");
    let gpu = explain("gpu", "sim:healthy-server");
    assert!(gpu.contains("<product_name>"), "{gpu}");
    let args = [
        "machine",
        "show",
        "disks",
        "--explain",
        "--machine",
        "sim:small-vm",
    ];
    let refused = Vetting::new(&args).output();
    assert_eq!(refused.status(), 2, "{}", refused.stderr());
}

#[test]
fn every_part_of_a_machine_can_be_shown() {
    for topic in [
        "hwmon",
        "inventory",
        "disks",
        "smart",
        "gpu",
        "power",
        "counters",
    ] {
        let args = [
            "machine",
            "show",
            topic,
            "--json",
            "--machine",
            "sim:healthy-server",
        ];
        let ended = Vetting::new(&args).output();
        assert_eq!(ended.status(), 0, "{topic}: {}", ended.stderr());
        let json: serde_json::Value = serde_json::from_str(&ended.stdout()).expect(topic);
        assert!(!json.is_null(), "{topic}");
        let table = Vetting::new(&["machine", "show", topic, "--machine", "sim:healthy-server"]);
        assert!(table.output().stdout().lines().count() > 1, "{topic}");
    }
}

#[test]
fn a_check_names_each_tool_and_what_to_install() {
    let ended = Vetting::new(&["machine", "check", "--json"]).output();
    assert_eq!(ended.status(), 0, "{}", ended.stderr());
    let text = ended.stdout();
    for tool in ["fio", "stress-ng", "iperf3", "smartctl", "ipmitool"] {
        assert!(text.contains(tool), "{tool}: {text}");
    }
    let _is_json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(
        text.contains("apt-get install"),
        "a machine without gpu_burn says so: {text}"
    );
}
