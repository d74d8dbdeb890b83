//! Simulated machines, seen through the seam as a stage would see them.

mod builtins;
mod clock;
mod driver;
mod ends;
mod evidence_faults;
mod faults;
mod jobs;
mod profiles;
mod properties;
mod schema;
mod sick;
mod tool_faults;
mod troubles;
mod wipe;
