//! Every message as it was first published is read for ever, by name: a field that is missing is
//! named, one that is unknown is ignored, and what is written is read back the same.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vetting_protocol::{
    Artifact, Claim, ClaimAnswer, Code, Command, Heartbeat, HeartbeatAnswer, Hello, Hold,
    HoldAnswer, LogBatch, Offers, Refusal, ResultAnswer, SampleBatch, StageResult, State,
};

/// Reads a golden file as `T`, and tries each of the three directions.
fn golden<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    name: &str,
    text: &str,
    required: &[&str],
) {
    let message: T = serde_json::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let written = serde_json::to_value(&message).expect("JSON");
    let again: T = serde_json::from_value(written.clone()).expect("what was written is read");
    assert_eq!(again, message, "{name}");
    let first: Value = serde_json::from_str(text).expect("JSON");
    for (key, value) in first.as_object().expect("an object") {
        assert_eq!(
            &written[key], value,
            "{name}.{key} is written otherwise than it was read"
        );
    }
    let mut later = first.clone();
    later["a_field_of_a_later_version"] = json!({ "any": 1 });
    let read: T = serde_json::from_value(later).expect("unknown fields are ignored");
    assert_eq!(read, message, "{name}");
    for field in required {
        let mut cut = first.clone();
        cut.as_object_mut().expect("an object").remove(*field);
        let error = serde_json::from_value::<T>(cut)
            .expect_err(field)
            .to_string();
        assert!(error.contains(field), "{name} without {field}: {error}");
    }
}

#[test]
fn messages_are_read_as_they_were_first_published() {
    golden::<Hello>(
        "hello",
        include_str!("golden/hello.json"),
        &["identity", "version"],
    );
    golden::<Claim>(
        "claim",
        include_str!("golden/claim.json"),
        &["identity", "boot_id", "instance", "version", "machine"],
    );
    golden::<Offers>(
        "offers",
        include_str!("golden/offers.json"),
        &["contract", "interfaces", "queries", "files"],
    );
    golden::<ClaimAnswer>(
        "claim answer",
        include_str!("golden/claim-answer.json"),
        &[
            "session_token",
            "epoch",
            "current_state",
            "attempt",
            "stages",
            "expected_disks",
            "non_destructive",
        ],
    );
    golden::<Heartbeat>(
        "heartbeat",
        include_str!("golden/heartbeat.json"),
        &["epoch", "state"],
    );
    golden::<HeartbeatAnswer>(
        "heartbeat answer",
        include_str!("golden/heartbeat-answer.json"),
        &["directives"],
    );
    golden::<StageResult>(
        "result",
        include_str!("golden/result.json"),
        &[
            "epoch",
            "passed",
            "stage",
            "attempt",
            "message",
            "measurements",
            "diagnoses",
        ],
    );
    golden::<ResultAnswer>(
        "result answer",
        include_str!("golden/result-answer.json"),
        &["next_state", "attempt"],
    );
    golden::<LogBatch>("log", include_str!("golden/log.json"), &["epoch", "lines"]);
    golden::<SampleBatch>(
        "sensor",
        include_str!("golden/sensor.json"),
        &["epoch", "samples"],
    );
    golden::<Hold>("hold", include_str!("golden/hold.json"), &["epoch", "step"]);
    golden::<HoldAnswer>("hold answer", include_str!("golden/hold-answer.json"), &[]);
    golden::<Artifact>(
        "artifact",
        include_str!("golden/artifact.json"),
        &["epoch", "name", "media_type", "base64"],
    );
    golden::<Refusal>(
        "refusal",
        include_str!("golden/refusal.json"),
        &["code", "message"],
    );
}

#[test]
fn a_stage_s_state_is_its_name_but_for_the_inventory_s() {
    let state = |word: &str| State::from(word.to_owned());
    assert_eq!(
        state("InventoryCheck"),
        State::Stage("Inventory".to_owned())
    );
    assert_eq!(
        State::Stage("Inventory".to_owned()).as_str(),
        "InventoryCheck"
    );
    for word in ["SMART", "Storage", "AStageOfTomorrow"] {
        assert_eq!(state(word).stage(), Some(word));
        assert_eq!(state(word).as_str(), word);
    }
    for fixed in State::FIXED {
        assert_eq!(State::from(fixed.as_str().to_owned()), fixed);
        assert!(State::is_reserved(fixed.as_str()));
    }
    let terminal: Vec<_> = State::FIXED
        .iter()
        .filter(|s| s.is_terminal())
        .map(State::as_str)
        .collect();
    assert_eq!(terminal, ["Completed", "Cancelled", "Aborted"]);
}

#[test]
fn words_of_a_later_version_are_kept_and_not_misread() {
    let command: Command = serde_json::from_value(json!("dance")).expect("a word");
    assert_eq!(command, Command::Other("dance".to_owned()));
    let code: Code = serde_json::from_value(json!("teapot")).expect("a word");
    assert_eq!(code.as_str(), "teapot");
}
