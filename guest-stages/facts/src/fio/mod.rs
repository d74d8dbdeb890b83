//! What fio prints: its JSON (`--output-format=json` and `json+`, 2.2 to 3.4x) and its standard error.

mod complaints;
pub(crate) mod document;
pub(crate) mod fields;
mod read;
mod report;
#[cfg(test)]
mod tests;

pub use complaints::{About, Complaint, complaints};
pub use report::{
    Bin, Direction, DiskUse, Job, Latency, LatencyShare, Percentile, Report, Share, Spread,
    SteadyState, Sync,
};

use crate::Unreadable;
use document::Document;

/// Reads fio's standard output: the last result that came to its end, or else what the last one has.
/// Text before, between and after the results is kept; [`complaints`] reads such lines too.
pub fn output(stdout: &[u8]) -> Result<Report, Unreadable> {
    let (mut documents, outside, unread) = documents(stdout);
    let index = match documents.iter().rposition(|document| document.whole) {
        Some(index) => index,
        None => documents.len().saturating_sub(1),
    };
    let cut_after = index.saturating_add(1) < documents.len();
    if index >= documents.len() {
        return Err(Unreadable::starting("fio's JSON", stdout));
    }
    Ok(Report {
        cut_after,
        outside,
        unread,
        ..read::report(documents.swap_remove(index))
    })
}

/// Reads every result of fio's standard output: with `--status-interval` there is one per interval, each
/// counted from the start.
pub fn every(stdout: &[u8]) -> Vec<Report> {
    let documents = documents(stdout).0;
    documents.into_iter().map(read::report).collect()
}

fn documents(stdout: &[u8]) -> (Vec<Document>, Vec<String>, Vec<String>) {
    let found = document::find(stdout);
    let known = ["fio version", "jobs", "client_stats"];
    let mut outside = found.outside;
    let mut documents = Vec::new();
    for document in found.documents {
        if known.iter().any(|name| document.value.contains_key(*name)) {
            documents.push(document);
        } else {
            outside.push(serde_json::Value::Object(document.value).to_string());
        }
    }
    (documents, outside, found.unread)
}
