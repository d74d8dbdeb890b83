//! The words that every part of `vetting` shares: the record of an attempt, and the messages between
//! agent and orchestrator. Serde types only; this crate does no I/O and knows no other.
//!
//! Agent and orchestrator talk JSON over HTTPS: `POST /api/v1/runs/{run}/` and `hello`, `claim`,
//! `heartbeat`, `result`, `sensor`, `log`, `hold` or `artifact`, and
//! `GET /api/v1/components/{sha256}`. Unknown fields are ignored when reading; missing ones are an
//! error that names them. Fields are in snake case.
//!
//! **To change a message**: a new field has `#[serde(default)]`, so that an older writer is still
//! understood, and says in its comment what its absence means; a field is never given another
//! meaning or unit. `tests/golden/` holds a file of every message as it was first published, which
//! must be read for ever.

mod attempt;
mod claim;
mod earned;
mod heartbeat;
mod hold;
mod outcome;
mod pipeline;
mod printable;
mod publication;
mod refusal;
mod result;
mod sample;
mod state;
mod stream;

pub use attempt::{AttachmentRecord, Bucket, Denial, Ending, Series, StageRecord};
pub use claim::{Claim, ClaimAnswer, Hello, HelloAnswer, Identity, Offers, WentDown};
pub use earned::{Unearned, met, unearned};
pub use heartbeat::{
    Command, Directive, DirectiveAnswer, DirectiveStatus, Heartbeat, HeartbeatAnswer, OverrideFlags,
};
pub use hold::{Artifact, ArtifactAnswer, Hold, HoldAnswer, HoldStep};
pub use outcome::{
    Comparison, Diagnosis, Finding, Measurement, Part, Severity, Validator, Value, Verdict,
};
pub use pipeline::{ComponentRef, ExpectedDisk, PIPELINE, Periods, StageOrder};
pub use printable::{Lines, is_printable, printable, printable_lines};
pub use publication::{Publication, PublicationSet};
pub use refusal::{Code, Refusal};
pub use result::{ResultAnswer, StageResult};
pub use sample::{Level, LogLine, Sample};
pub use state::State;
pub use stream::{BatchAnswer, LogBatch, SampleBatch, WireLine, WireSample};
