//! The order of stages.

use vetting_protocol::PIPELINE;

/// What a list of stages is sorted by: built-in ones in their order, others after these, by name.
pub fn rank(name: &str) -> (usize, &str) {
    let built_in = PIPELINE.iter().position(|stage| *stage == name);
    (built_in.unwrap_or(PIPELINE.len()), name)
}
