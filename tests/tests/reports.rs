//! Reports by the real binary: every built-in machine's record in every format says the same, and what
//! cannot be read is answered with what to do. The HTML is looked at in a real browser too.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use vetting_machine::simulated::SimulatedMachine;
use vetting_tests::fleet::{Agent, Orchestrator};
use vetting_tests::{Ended, Vetting, folder_of, guests, stages};

#[path = "../../report/src/ocptv/schema.rs"]
mod schema;

/// Runs `vetting report FILE --format FORMAT`.
fn convert(file: &Path, format: &str) -> Ended {
    Vetting::new(&["report", "--format", format, &file.display().to_string()]).output()
}

/// The same, where it must go well.
fn converted(file: &Path, format: &str) -> String {
    let ended = convert(file, format);
    assert_eq!(ended.status(), 0, "{format}: {}", ended.stderr());
    ended.stdout()
}

/// Runs a machine's stages, and leaves the record in a file of that name.
fn record(machine: &str, file: &Path) -> Value {
    let run = Vetting::new(&["run", "--machine", machine, "--format", "json"])
        .path("--stages", &stages())
        .path("--output", file)
        .output();
    let text = std::fs::read_to_string(file);
    let text = text.unwrap_or_else(|error| panic!("{machine}: {error}\n{}", run.stderr()));
    serde_json::from_str(&text).expect("a record")
}

#[test]
fn every_machines_record_says_the_same_in_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let validator = schema::validator();
    let mut charts = 0;
    for (name, _) in SimulatedMachine::builtin_names() {
        let file = folder.path().join(format!("{name}.json"));
        let record = record(&format!("sim:{name}"), &file);
        let json = converted(&file, "json");
        assert_eq!(Some(json), std::fs::read_to_string(&file).ok(), "{name}");
        let lines = converted(&file, "ocptv");
        let lines: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect();
        ocptv(name, &record, &lines);
        for line in validator.iter().flat_map(|_| &lines) {
            let validator = validator.as_ref().expect("a validator");
            let broken: Vec<_> = validator.iter_errors(line).map(|e| e.to_string()).collect();
            assert!(broken.is_empty(), "{name}: {broken:?}\n{line}");
        }
        junit(name, &record, &converted(&file, "junit"));
        let page = converted(&file, "html");
        let of_page = page.matches("role=\"img\"").count();
        let series = record["stages"].as_array().expect("stages").iter();
        let series = series.filter(|stage| stage["series"] != Value::Array(Vec::new()));
        assert!(of_page >= series.count(), "{name}: {of_page} charts");
        charts += of_page;
        let words = converted(&file, "pretty");
        let verdict = words.lines().last().expect("a line").to_owned();
        assert!(page.contains(verdict.split(" on ").next().expect("a verdict")));
    }
    assert!(charts > 0);
}

/// The verdicts that the lines carry are the record's, of the run and of each stage.
fn ocptv(name: &str, record: &Value, lines: &[Value]) {
    let end = &lines.last().expect("lines")["testRunArtifact"]["testRunEnd"];
    let wanted = match record["verdict"].as_str().expect("a verdict") {
        "pass" => ("COMPLETE", "PASS"),
        "fail" => ("COMPLETE", "FAIL"),
        _ => (end["status"].as_str().expect("a status"), "NOT_APPLICABLE"),
    };
    assert_eq!(end["status"], wanted.0, "{name}");
    assert_eq!(end["result"], wanted.1, "{name}");
    let of_steps = |artifact: &str, key: &str| -> Vec<&Value> {
        let steps = lines.iter().map(|line| &line["testStepArtifact"][artifact]);
        steps.filter_map(|artifact| artifact.get(key)).collect()
    };
    let stages = record["stages"].as_array().expect("stages");
    let verdicts: Vec<&Value> = of_steps("extension", "content")
        .into_iter()
        .map(|facts| &facts["verdict"])
        .collect();
    let wanted: Vec<&Value> = stages.iter().map(|stage| &stage["verdict"]).collect();
    assert_eq!(verdicts, wanted, "{name}");
    for (status, verdict) in of_steps("testStepEnd", "status").into_iter().zip(wanted) {
        let judged = *verdict == "pass" || *verdict == "fail";
        assert_eq!(*status == "COMPLETE", judged, "{name}: {verdict} {status}");
    }
    let sum = |what: &str| -> usize {
        let each = stages
            .iter()
            .map(|stage| stage[what].as_array().map_or(0, Vec::len));
        each.sum()
    };
    assert_eq!(of_steps("measurement", "name").len(), sum("measurements"));
    assert_eq!(
        of_steps("measurementSeriesEnd", "totalCount").len(),
        sum("series")
    );
    let judged = stages
        .iter()
        .filter(|s| s["verdict"] == "pass" || s["verdict"] == "fail");
    // Each stage that was judged is concluded by one more.
    let diagnoses = sum("diagnoses") + judged.count();
    assert_eq!(of_steps("diagnosis", "verdict").len(), diagnoses);
}

/// A reader counts what the record counts.
fn junit(name: &str, record: &Value, text: &str) {
    let document = roxmltree::Document::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let count = |element: &str| {
        let all = document.descendants().filter(|n| n.has_tag_name(element));
        all.count() as u64
    };
    let counts = |which: &[&str]| -> u64 {
        let each = which.iter().map(|which| record["counts"][which].as_u64());
        each.map(|count| count.expect("a count")).sum()
    };
    assert_eq!(count("failure"), counts(&["failed"]), "{name}");
    assert_eq!(count("skipped"), counts(&["skipped"]), "{name}");
    let plain = count("testcase") - count("failure") - count("skipped") - count("error");
    assert_eq!(plain, counts(&["passed"]), "{name}");
    let green = count("failure") + count("error") == 0;
    assert_eq!(green, record["verdict"] == "pass", "{name}");
}

#[test]
fn a_run_writes_what_a_conversion_of_its_record_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("record.json");
    record("sim:small-vm", &file);
    for format in ["ocptv", "junit", "html"] {
        let run = Vetting::new(&["run", "--machine", "sim:small-vm", "--format", format])
            .path("--stages", &stages())
            .output();
        assert_eq!(run.stdout(), converted(&file, format), "{format}");
    }
}

#[test]
fn what_is_no_record_is_answered_with_what_is_needed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("record.json");
    let whole = record("sim:small-vm", &file);
    let later = whole.to_string().replace("vetting.run/1", "vetting.run/2");
    let no_time = whole.to_string().replace("2026-01-01T", "yesterday ");
    for (content, format, words) in [
        ("", "html", "it is no run record"),
        ("[1, 2]", "junit", "it is no run record"),
        ("{\"format\": \"vetting.run/1\"}", "junit", "missing field"),
        ("\u{0}\u{1}", "html", "it is no run record"),
        (&later, "html", "`vetting.run/2`"),
        (&no_time, "ocptv", "is no RFC 3339 time"),
    ] {
        std::fs::write(&file, content).expect("a file");
        let ended = convert(&file, format);
        let said = ended.stderr();
        assert_eq!(ended.status(), 2, "{said}");
        assert!(said.contains(words), "no `{words}`: {said}");
        assert!(ended.stdout().is_empty());
    }
    std::fs::write(&file, [0xff, 0xfe, b'{']).expect("a file");
    let ended = convert(&file, "json");
    assert!(
        ended.status() == 2 && ended.stderr().contains("is no text"),
        "{}",
        ended.stderr()
    );
    let ended = convert(Path::new("/nowhere/record.json"), "json");
    assert!(ended.status() == 2 && ended.stderr().contains("/nowhere/record.json"));
    std::fs::write(&file, whole.to_string()).expect("a file");
    let nowhere = Vetting::new(&["report", &file.display().to_string()])
        .path("--output", Path::new("/nowhere/report.html"))
        .output();
    assert_eq!(nowhere.status(), 3, "{}", nowhere.stderr());
}

/// A browser that would run scripts and fetch what a page refers to: it has nothing to run and nothing to
/// fetch, and draws the charts.
#[test]
fn a_browser_shows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("record.json");
    record("sim:failing-disk", &file);
    let page = folder.path().join("report.html");
    std::fs::write(&page, converted(&file, "html")).expect("a page");
    let browse = |what: &str, profile: &str| {
        let ended = Command::new("chromium")
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
            ])
            .args(["--disable-background-networking", "--window-size=390,4000"])
            .arg(format!(
                "--user-data-dir={}",
                folder.path().join(profile).display()
            ))
            .args([what, &format!("file://{}", page.display())])
            .output();
        ended.expect("chromium starts; `cargo xtask test` installs it")
    };
    let ended = browse("--dump-dom", "dom");
    let seen = String::from_utf8_lossy(&ended.stdout);
    let complaints = String::from_utf8_lossy(&ended.stderr);
    assert!(
        seen.contains("<h1>Vetting of sim:failing-disk</h1>"),
        "{seen}\n{complaints}"
    );
    assert!(seen.contains("role=\"img\"") && !seen.contains("<script"));
    assert!(
        !complaints.contains("Content Security Policy"),
        "{complaints}"
    );
    let picture = folder.path().join("report.png");
    browse(&format!("--screenshot={}", picture.display()), "picture");
    let bytes = std::fs::read(&picture).expect("a picture");
    // One colour would be far smaller.
    assert!(
        bytes.starts_with(b"\x89PNG") && bytes.len() > 50_000,
        "{} bytes",
        bytes.len()
    );
}

/// What was not judged is green in no format.
#[test]
fn every_way_to_end_is_the_same_in_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("record.json");
    let stages = folder_of(&[(&guests(), "Probe")]);
    for (mode, status, junit, result) in [
        ("pass", 0, [1, 0, 0, 0], ["COMPLETE", "PASS"]),
        ("fail", 1, [1, 1, 0, 0], ["COMPLETE", "FAIL"]),
        // The case of the run, in which nothing was judged.
        ("skip", 4, [2, 0, 1, 1], ["SKIP", "NOT_APPLICABLE"]),
        ("error", 4, [1, 0, 1, 0], ["ERROR", "NOT_APPLICABLE"]),
        ("panic", 4, [1, 0, 1, 0], ["ERROR", "NOT_APPLICABLE"]),
        ("unearned", 4, [1, 0, 1, 0], ["ERROR", "NOT_APPLICABLE"]),
    ] {
        let run = Vetting::new(&["run", "--machine", "sim:small-vm", "--format", "json"])
            .path("--stages", stages.path())
            .path("--output", &file)
            .path("--set", Path::new(&format!("Probe.mode={mode}")))
            .output();
        assert_eq!(run.status(), status, "{mode}: {}", run.stderr());
        let [tests, failures, errors, skipped] = junit;
        let wanted = format!(
            "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\""
        );
        let text = converted(&file, "junit");
        assert!(text.contains(&wanted), "{mode}: {text}");
        let [status, result] = result;
        let wanted = format!("{{\"status\":\"{status}\",\"result\":\"{result}\"}}");
        let lines = converted(&file, "ocptv");
        assert!(lines.contains(&wanted), "{mode}: {lines}");
        let page = converted(&file, "html");
        assert_eq!(page.contains("✓ PASS"), mode == "pass", "{mode}");
        assert_eq!(
            page.contains("a panic with a reason"),
            mode == "panic",
            "{mode}"
        );
    }
}

/// The record that an orchestrator keeps is the same kind; a stage that was run again says so.
#[test]
fn an_orchestrators_record_is_converted_too_and_tells_the_attempt() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a folder");
    let run = orchestrator.run("report", &["--stage", "PSU"]);
    let agent = Agent::new(&orchestrator, &run, "sim:psu-lost", folder.path()).start();
    let held = |view: &Value| view["holds"].as_array().is_some_and(|all| !all.is_empty());
    orchestrator.until(&run, "holding", held);
    orchestrator.cli(&["run", "retry", &run.id]);
    let again = |view: &Value| {
        let stage = &view["stages"][0];
        stage["attempt"] == 2 && stage["verdict"] == "fail"
    };
    orchestrator.until(&run, "failed again", again);
    let file = folder.path().join("record.json");
    std::fs::write(&file, orchestrator.report(&run).to_string()).expect("a file");
    for (format, words) in [
        ("pretty", "PSU (attempt 2)"),
        ("html", "PSU (attempt 2)"),
        ("junit", "<property name=\"PSU.attempt\" value=\"2\">"),
        ("ocptv", "{\"name\":\"PSU (attempt 2)\"}"),
    ] {
        let text = converted(&file, format);
        assert!(
            text.contains(words),
            "no `{words}`: {text}\n{}",
            agent.log()
        );
        assert!(
            text.contains("attempt 1: fail"),
            "the first is not told of: {text}"
        );
        let theirs = orchestrator.try_cli(&["run", "report", &run.id, "--format", format]);
        let theirs = String::from_utf8_lossy(&theirs.stdout);
        assert!(theirs.contains(words), "no `{words}`: {theirs}");
    }
}
