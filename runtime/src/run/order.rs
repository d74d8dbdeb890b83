//! The order of the built-in stages.

/// The built-in pipeline: cheap and harmless first, load after, power last, when everything has been
/// under load. Stages of other names come after these, by name.
pub const PIPELINE: [&str; 8] = [
    "Inventory",
    "SMART",
    "CPUStress",
    "Memory",
    "Storage",
    "Network",
    "GPU",
    "PSU",
];

/// What a list of stages is sorted by.
pub fn rank(name: &str) -> (usize, &str) {
    let built_in = PIPELINE.iter().position(|stage| *stage == name);
    (built_in.unwrap_or(PIPELINE.len()), name)
}
