//! Other machines through the real one: trees of sysfs below `--root`, and recorded tools in `--tools`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use vetting_tests::{Ended, Vetting, stages};

/// A folder with a `smartctl` that lists one drive and prints `answer` when it is asked for it.
fn smartctl(answer: &[u8], exit: i32) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let scan = json!({"devices": [{"name": "/dev/sdx", "type": "sat", "protocol": "ATA"}]});
    std::fs::write(folder.path().join("scan"), scan.to_string()).expect("a file");
    std::fs::write(folder.path().join("answer"), answer).expect("a file");
    let here = folder.path().display();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *--scan*) exec cat {here}/scan;; esac\ncat {here}/answer\nexit {exit}\n"
    );
    let tool = folder.path().join("smartctl");
    std::fs::write(&tool, script).expect("a script");
    std::fs::set_permissions(&tool, PermissionsExt::from_mode(0o755)).expect("a mode");
    folder
}

/// A machine without disks of its own: what smartctl finds is all there is.
fn bare() -> TempDir {
    let root = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(root.path().join("sys/block")).expect("a folder");
    std::fs::create_dir_all(root.path().join("proc")).expect("a folder");
    root
}

fn judged(answer: &[u8], exit: i32) -> Ended {
    let (tools, root) = (smartctl(answer, exit), bare());
    let vetting = Vetting::run(&stages(), &["SMART"]);
    vetting
        .path("--tools", tools.path())
        .path("--root", root.path())
        .output()
}

fn attribute(id: u8, name: &str, raw: u64, text: &str) -> Value {
    json!({"id": id, "name": name, "value": 100, "worst": 100, "thresh": 10, "when_failed": "",
        "flags": {"prefailure": true}, "raw": {"value": raw, "string": text}})
}

fn ata(model: &str, rpm: u32, attributes: Vec<Value>) -> Value {
    json!({
        "smartctl": {"version": [7, 3], "exit_status": 0},
        "device": {"name": "/dev/sdx", "type": "sat", "protocol": "ATA"},
        "model_name": model, "serial_number": "S3RIAL", "rotation_rate": rpm,
        "smart_support": {"available": true, "enabled": true},
        "smart_status": {"passed": true}, "temperature": {"current": 30},
        "ata_smart_attributes": {"table": attributes},
    })
}

fn nvme(change: impl FnOnce(&mut Value)) -> Value {
    let mut answer = json!({
        "smartctl": {"exit_status": 0}, "device": {"protocol": "NVMe"}, "model_name": "PM9A3",
        "serial_number": "S3RIAL", "smart_status": {"passed": true},
        "nvme_smart_health_information_log": {
            "critical_warning": 0, "available_spare": 100, "available_spare_threshold": 10,
            "percentage_used": 3, "media_errors": 0, "num_err_log_entries": 900,
            "power_cycles": 20, "unsafe_shutdowns": 4, "warning_temp_time": 0,
            "critical_comp_time": 0, "data_units_read": 1, "data_units_written": 1,
        },
    });
    change(&mut answer);
    answer
}

#[test]
fn recorded_drives_of_many_kinds_are_judged() {
    let sectors = |raw, text: &str| vec![attribute(5, "Reallocated_Sector_Ct", raw, text)];
    let log = |key: &'static str, value: u64| {
        move |answer: &mut Value| answer["nvme_smart_health_information_log"][key] = value.into()
    };
    let sas = |uncorrected: u64| {
        json!({"device": {"protocol": "SCSI"}, "scsi_model_name": "HUH721212AL5200",
            "serial_number": "S3RIAL", "smart_status": {"passed": true},
            "scsi_grown_defect_list": 0,
            "scsi_error_counter_log": {"read": {"total_uncorrected_errors": uncorrected}}})
    };
    let mut failing = ata("ST4000NM0035", 7200, sectors(0, "0"));
    failing["smart_status"]["passed"] = false.into();
    for (what, answer, exit, status, verdict) in [
        (
            "a good disk",
            ata("ST4000NM0035", 7200, sectors(0, "0")),
            0,
            0,
            "pass",
        ),
        (
            "behind a RAID controller",
            ata("ST4000NM0035", 7200, sectors(0, "0")),
            4,
            0,
            "pass",
        ),
        (
            "a few sectors",
            ata("ST4000NM0035", 7200, sectors(4, "4")),
            0,
            0,
            "pass",
        ),
        (
            "many sectors",
            ata("ST4000NM0035", 7200, sectors(40, "40")),
            0,
            1,
            "fail",
        ),
        ("it says so itself", failing, 8, 1, "fail"),
        (
            "a packed raw value",
            ata(
                "WDC",
                7200,
                vec![attribute(
                    194,
                    "Temperature_Celsius",
                    163_210_330_144,
                    "32 (Min/Max 24/38)",
                )],
            ),
            0,
            0,
            "pass",
        ),
        (
            "a number reused by its maker",
            ata(
                "Micron_M500DC",
                0,
                vec![attribute(184, "Error_Correction_Count", 7, "7")],
            ),
            0,
            0,
            "pass",
        ),
        ("a good NVMe", nvme(|_| {}), 0, 0, "pass"),
        (
            "a warm NVMe",
            nvme(|a| {
                a["smart_status"]["passed"] = false.into();
                log("critical_warning", 2)(a);
            }),
            8,
            0,
            "pass",
        ),
        (
            "a read-only NVMe",
            nvme(log("critical_warning", 8)),
            8,
            1,
            "fail",
        ),
        ("media errors", nvme(log("media_errors", 3)), 0, 1, "fail"),
        ("no spare", nvme(log("available_spare", 5)), 0, 1, "fail"),
        ("a good SAS disk", sas(0), 0, 0, "pass"),
        ("a SAS disk that lost data", sas(2), 0, 1, "fail"),
    ] {
        let ended = judged(answer.to_string().as_bytes(), exit);
        let stage = ended.stage("SMART");
        assert_eq!(
            (ended.status(), &stage["verdict"]),
            (status, &Value::from(verdict)),
            "{what}: {stage:#}"
        );
    }
}

#[test]
fn answers_that_are_none_are_inconclusive_and_never_good() {
    let cut = ata("ST4000NM0035", 7200, Vec::new()).to_string();
    let huge = vec![b' '; 40 << 20];
    for (what, answer) in [
        ("empty", &b""[..]),
        ("not JSON", b"smartctl 7.3 2022-02-28 r5338"),
        ("cut", &cut.as_bytes()[..cut.len() / 2]),
        ("huge", &huge),
        ("not UTF-8", b"{\"model_name\": \"\xff\xfe\"}"),
        ("an empty object", b"{}"),
        ("no attributes", cut.as_bytes()),
    ] {
        let ended = judged(answer, 0);
        let stage = ended.stage("SMART");
        assert_eq!(ended.status(), 4, "{what}: {stage:#}");
        assert_eq!(stage["verdict"], "inconclusive", "{what}");
    }
}

#[test]
fn a_tool_that_is_not_there_is_named_with_its_package() {
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("bare.toml");
    let text = "extends = \"healthy-server\"\ndescription = \"without tools\"\n\n\
                [[fault]]\nkind = \"tool-missing\"\ntool = \"TOOL\"\n";
    for (stage, tool, package) in [
        ("SMART", "smartctl", "smartmontools"),
        ("CPUStress", "stress-ng", "stress-ng"),
        ("Memory", "stress-ng", "stress-ng"),
        ("Storage", "fio", "fio"),
        ("Network", "iperf3", "iperf3"),
        ("PSU", "ipmitool", "ipmitool"),
    ] {
        std::fs::write(&profile, text.replace("TOOL", tool)).expect("a profile");
        let machine = format!("sim:{}", profile.display());
        let ended = Vetting::run(&stages(), &[stage, "--machine", &machine]).output();
        assert_eq!(ended.status(), 4, "{stage}: {}", ended.stderr());
        let record = ended.stage(stage);
        assert_eq!(record["verdict"], "inconclusive", "{stage}");
        let message = record["message"].as_str().unwrap_or_default();
        assert!(
            message.contains(&format!("apt-get install {package}")),
            "{stage}: {message}"
        );
    }
}

/// A chip below `sys/class/hwmon`.
fn chip(root: &Path, number: u32, name: &str, files: &[(&str, &str)]) {
    let folder = root.join(format!("sys/class/hwmon/hwmon{number}"));
    std::fs::create_dir_all(&folder).expect("a folder");
    if !name.is_empty() {
        std::fs::write(folder.join("name"), format!("{name}\n")).expect("a file");
    }
    for (file, content) in files {
        std::fs::write(folder.join(file), content).expect("a file");
    }
}

#[test]
fn every_sensor_that_is_there_is_read_and_broken_ones_are_told() {
    let root = bare();
    let at = root.path();
    chip(
        at,
        0,
        "coretemp",
        &[
            ("temp1_input", "45000\n"),
            ("temp1_label", "Package id 0\n"),
            ("temp1_crit", "100000\n"),
        ],
    );
    chip(at, 1, "k10temp", &[("temp1_input", "-12500\n")]);
    chip(
        at,
        2,
        "nct6798",
        &[
            ("fan1_input", "1200\n"),
            ("in0_input", "1008\n"),
            ("fan2_input", "no number\n"),
        ],
    );
    chip(at, 3, "nvme", &[("temp1_input", "")]);
    chip(at, 4, "", &[("temp1_input", "30000\n")]);
    std::fs::create_dir_all(at.join("sys/class/hwmon/hwmon5/temp1_input"))
        .expect("a folder in its place");
    std::os::unix::fs::symlink("/nowhere", at.join("sys/class/hwmon/hwmon6")).expect("a link");
    let vetting = Vetting::new(&["machine", "show", "hwmon", "--json"]);
    let ended = vetting.path("--root", at).output();
    let reading: Value = serde_json::from_str(&ended.stdout()).expect("JSON");
    let reading = if reading["sensors"].is_array() {
        &reading
    } else {
        &reading["hwmon"]
    };
    let sensors = reading["sensors"].as_array().expect("sensors");
    let values: Vec<f64> = sensors.iter().filter_map(|s| s["value"].as_f64()).collect();
    for value in [45.0, -12.5, 1200.0, 1.008, 30.0] {
        assert!(
            values.iter().any(|v| (v - value).abs() < 1e-9),
            "{value}: {values:?}"
        );
    }
    assert_eq!(values.len(), 5, "{sensors:#?}");
    let unreadable = reading["unreadable"]
        .as_array()
        .expect("those that cannot be read");
    assert!(unreadable.len() >= 2, "{unreadable:#?}");
}
