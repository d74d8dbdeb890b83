//! What the author of a stage depends on: the contract's functions and types, a macro that makes a
//! function a stage, typed parameters, a table of rules, and the bookkeeping of a judgement.
//!
//! A stage is a library crate with `crate-type = ["cdylib", "rlib"]`, a `stage.toml`, and
//!
//! ```text
//! vetting_stage::parameters! {
//!     /// How long to look, as `90s` or `5m`.
//!     duration: duration = "60s", "default";
//! }
//!
//! vetting_stage::rules! {
//!     /// It broke while it was looked at.
//!     BROKE: fail "broke" = "once", "default";
//! }
//!
//! vetting_stage::stage!(run);
//!
//! fn run() -> Result<Outcome, String> {
//!     let parameters = Parameters::read()?;
//!     let mut findings = Findings::new();
//!     // ask the machine, hold what it says against rules …
//!     Ok(findings.outcome("what was tested, in a line"))
//! }
//! ```
//!
//! Keep asking and judging apart: judgement is plain Rust over the contract's types, and is tested
//! natively with `cargo test`.

mod bindings;
mod drive;
mod errors;
mod findings;
pub mod kernel_events;
pub mod kernel_files;
mod panic;
mod parameters;
mod plan;
pub mod platform;
mod reads;
mod rules;
mod section;
mod sensors;
pub mod stress_endings;
mod stress_report;

pub use bindings::exports_of_stage as __exports;
pub use bindings::vetting::stage::{
    bmc, clock, context, disks, files, fio, gpu, hwmon, iperf, kernel_log, log, memtest, outcome,
    queries, smart, stress, types,
};
pub use drive::{Drive, Driven, Next, Step, Tool, drive};
pub use errors::{absence, explain};
pub use findings::{Findings, Measure, part};
pub use kernel_events::KernelEvents;
pub use outcome::{Diagnosis, Finding, Measurement, Outcome, Part, Severity, Validator, Verdict};
pub use panic::log_panics;
pub use parameters::{Kind, ParameterError, Value as ParameterValue, find, milliseconds};
pub use plan::Plan;
pub use platform::{Platform, platform};
#[doc(hidden)]
pub use reads::{__Group, __lines, __lines_length};
pub use rules::{Gap, Has, Rule};
#[doc(hidden)]
pub use section::{__joined, __length, __same};
pub use sensors::{Heat, median, sample, sampling_ms};
#[doc(hidden)]
pub use serde_json as __serde_json;
pub use stress_endings::judge_endings;
pub use stress_report::{StressProcess, StressReport};
pub use types::Error;
#[doc(hidden)]
pub use vetting_facts::VERSION as __FACTS_VERSION;

/// Makes a function `fn() -> Result<Outcome, String>` the stage that this component exports, and says in it with which
/// version of `vetting-facts` it is linked.
#[macro_export]
macro_rules! stage {
    ($run:path) => {
        #[doc(hidden)]
        struct __Stage;
        impl $crate::__exports::Guest for __Stage {
            fn run() -> ::core::result::Result<$crate::Outcome, ::std::string::String> {
                $crate::log_panics();
                $run()
            }
        }
        $crate::__section!("vetting:facts", &[$crate::__FACTS_VERSION]);
        $crate::__exports::export!(__Stage with_types_in $crate::__exports);
    };
}

/// Writes a line to the stage's log at level `info`, formatted like `format!`.
#[macro_export]
macro_rules! info {
    ($($text:tt)*) => { $crate::log::log($crate::log::Level::Info, &::std::format!($($text)*)) };
}

/// Writes a line to the stage's log at level `warn`, formatted like `format!`.
#[macro_export]
macro_rules! warning {
    ($($text:tt)*) => { $crate::log::log($crate::log::Level::Warn, &::std::format!($($text)*)) };
}
