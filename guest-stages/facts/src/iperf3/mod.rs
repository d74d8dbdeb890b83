//! What iperf3 prints: `-J` (3.0 to 3.20), `--json-stream`, and the plain lines of its errors.

mod output;
mod read;
#[cfg(test)]
mod tests;

pub use output::{Connection, Cpu, End, EndStream, Event, Interval, Output, Sums, Test, Traffic};

use serde_json::Value;

use crate::Unreadable;
use crate::fio::document;

/// Reads what iperf3 printed, in either format; standard error may be joined to it.
pub fn output(printed: &[u8]) -> Result<Output, Unreadable> {
    let found = document::find(printed);
    let mut output = Output::default();
    let mut some = false;
    let mut outside = found.outside;
    for document in found.documents {
        let keys = ["start", "intervals", "end", "error", "event"];
        if !keys.iter().any(|key| document.value.contains_key(*key)) {
            outside.push(Value::Object(document.value).to_string());
            continue;
        }
        some = true;
        read::document(&mut output, document.value);
        output.whole = document.whole;
    }
    // The last line of a stream may be missing.
    output.whole &= output.events.is_empty() || output.events.contains(&Event::End);
    output.unread.extend(found.unread);
    let said = outside.iter().find_map(|line| {
        let (_, rest) = line.split_once("iperf3: ")?;
        Some(rest.strip_prefix("error - ").unwrap_or(rest).to_owned())
    });
    output.outside = outside;
    if output.error.is_none() && said.is_some() {
        output.error = said;
        some = true;
    }
    match some {
        true => Ok(output),
        false => Err(Unreadable::starting("iperf3's JSON", printed)),
    }
}
