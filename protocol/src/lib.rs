//! The words that every part of `vetting` shares: verdicts, measurements, diagnoses, samples. Serde
//! types only; this crate does no I/O and knows no other.
//!
//! Unknown fields are ignored when reading; missing ones are an error that names them. Fields are
//! in snake case.

mod outcome;
mod sample;

pub use outcome::{
    Comparison, Diagnosis, Finding, Measurement, Part, Severity, Validator, Value, Verdict,
};
pub use sample::{Level, LogLine, Sample};
