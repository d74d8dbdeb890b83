//! The protocol's messages, of both directions.

use serde::Serialize;
use serde::de::DeserializeOwned;
use vetting_protocol::{
    Artifact, ArtifactAnswer, BatchAnswer, Claim, ClaimAnswer, Heartbeat, HeartbeatAnswer, Hello,
    HelloAnswer, Hold, HoldAnswer, LogBatch, Refusal, ResultAnswer, SampleBatch, StageRecord,
    StageResult,
};

/// Reads the bytes as each of them. What was read can be written, and be read again.
pub fn read(bytes: &[u8]) {
    let each: &[fn(&[u8])] = &[
        one::<Hello>,
        one::<HelloAnswer>,
        one::<Claim>,
        one::<ClaimAnswer>,
        one::<Heartbeat>,
        one::<HeartbeatAnswer>,
        one::<StageResult>,
        one::<StageRecord>,
        one::<ResultAnswer>,
        one::<LogBatch>,
        one::<SampleBatch>,
        one::<BatchAnswer>,
        one::<Hold>,
        one::<HoldAnswer>,
        one::<Artifact>,
        one::<ArtifactAnswer>,
        one::<Refusal>,
    ];
    for message in each {
        message(bytes);
    }
}

fn one<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(message) = serde_json::from_slice::<T>(bytes) else {
        return;
    };
    let name = std::any::type_name::<T>();
    match serde_json::to_vec(&message) {
        Ok(written) => {
            if let Err(error) = serde_json::from_slice::<T>(&written) {
                panic!("a {name} was written that cannot be read: {error}");
            }
        }
        Err(error) => panic!("a {name} was read that cannot be written: {error}"),
    }
}
