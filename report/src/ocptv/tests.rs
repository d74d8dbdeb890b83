//! The output's shape, and the specification's own schema where there is a copy of it.

use serde_json::Value as Json;
use vetting_protocol::Verdict;

use super::*;
use crate::record::tests::{record, stage};
use crate::specimen;

fn lines(record: &RunRecord) -> Vec<Json> {
    let text = ocptv(record).expect("lines");
    assert!(text.ends_with('\n'));
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn something_of_everything() {
    insta::assert_snapshot!(ocptv(&specimen::full()).expect("lines"));
}

#[test]
fn lines_are_numbered_from_zero_and_every_id_that_is_named_is_told() {
    for record in [specimen::full(), specimen::hostile()] {
        let lines = lines(&record);
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(line["sequenceNumber"], number);
            let time = line["timestamp"].as_str().expect("a time");
            time.parse::<jiff::Timestamp>().expect("RFC 3339");
        }
        let device = &lines[1]["testRunArtifact"]["testRunStart"]["dutInfo"];
        let parts = device["hardwareInfos"].as_array().expect("parts");
        let ids: Vec<&Json> = parts.iter().map(|part| &part["hardwareInfoId"]).collect();
        let mut named = 0;
        for line in &lines {
            for kind in ["measurement", "diagnosis"] {
                let id = &line["testStepArtifact"][kind]["hardwareInfoId"];
                if !id.is_null() {
                    assert!(ids.contains(&id), "{line}");
                    named += 1;
                }
            }
        }
        assert!(named > 0);
    }
}

#[test]
fn only_what_was_judged_is_complete() {
    let end = |verdicts: &[Option<Verdict>]| {
        let stages = verdicts
            .iter()
            .map(|verdict| stage("S", *verdict))
            .collect();
        let lines = lines(&record(stages));
        let end = &lines.last().expect("an end")["testRunArtifact"]["testRunEnd"];
        let words = [&end["status"], &end["result"]];
        words.map(|word| word.as_str().expect("a word").to_owned())
    };
    let (pass, skip) = (Some(Verdict::Pass), Some(Verdict::Skip));
    assert_eq!(end(&[pass, skip]), ["COMPLETE", "PASS"]);
    assert_eq!(end(&[pass, Some(Verdict::Fail)]), ["COMPLETE", "FAIL"]);
    assert_eq!(
        end(&[pass, Some(Verdict::Inconclusive)]),
        ["ERROR", "NOT_APPLICABLE"]
    );
    assert_eq!(end(&[pass, None]), ["ERROR", "NOT_APPLICABLE"], "not run");
    assert_eq!(
        end(&[pass, Some(Verdict::Cancelled)]),
        ["SKIP", "NOT_APPLICABLE"]
    );
    assert_eq!(
        end(&[skip]),
        ["SKIP", "NOT_APPLICABLE"],
        "nothing was judged"
    );
    assert_eq!(end(&[]), ["SKIP", "NOT_APPLICABLE"]);
}

#[test]
fn a_time_that_is_none_is_an_error_and_one_beyond_the_calendar_is_not() {
    let mut run = record(vec![stage("S", Some(Verdict::Pass))]);
    run.stages[0].duration_ms = u64::MAX;
    ocptv(&run).expect("lines");
    run.started = "yesterday".to_owned();
    let error = ocptv(&run).expect_err("no time").to_string();
    assert!(error.contains("`yesterday`"), "{error}");
}

#[test]
fn it_holds_to_the_specifications_schema_where_there_is_a_copy() {
    let Some(validator) = schema::validator() else {
        return;
    };
    for record in [specimen::full(), specimen::hostile(), record(Vec::new())] {
        for line in lines(&record) {
            let broken: Vec<_> = validator
                .iter_errors(&line)
                .map(|e| e.to_string())
                .collect();
            assert!(broken.is_empty(), "{broken:?}\n{line}");
        }
    }
    // That it can say no.
    let wrong = serde_json::json!({"sequenceNumber": 0, "timestamp": "2026-01-01T00:00:00Z",
        "testRunArtifact": {"testRunEnd": {"status": "DONE", "result": "PASS"}}});
    assert!(!validator.is_valid(&wrong));
}
