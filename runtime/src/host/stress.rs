//! `stress`: CPU and memory load, by stress-ng.

use super::bindings::vetting::stage::stress;
use super::run_resource;

run_resource!(
    stress,
    StressRun,
    StressStart,
    vetting_machine::Reply::Stress,
    ["stress.start", "stress.next", "stress.stop", "stress.drop"]
);
