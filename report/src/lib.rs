//! One run record in; a terminal table or JSON out.
//!
//! [`RunRecord`] is the stable JSON that `vetting run --format json` prints; its schema, generated
//! from these types, is `report/schema/run-record.schema.json`.

mod record;

pub use record::{
    AttachmentRecord, Bucket, Counts, Denial, Ending, RunRecord, RunVerdict, Series, StageRecord,
};
