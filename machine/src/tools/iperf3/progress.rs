//! How fast iperf3 is, from its stream of events. This is progress, not evidence.

use std::time::Duration;

use serde_json::Value;

use crate::tools::json::{at, float, read, text};

/// A line that is longer than this is none of iperf3's.
const LONGEST: usize = 1 << 20;

/// Picks the intervals out of a stream of events.
#[derive(Debug, Default)]
pub(in crate::tools) struct Lines(Vec<u8>);

impl Lines {
    /// Takes more output; gives each interval's end and its bits per second, all flows together.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<(Duration, f64)> {
        self.0.extend_from_slice(bytes);
        let Some(end) = self.0.iter().rposition(|byte| *byte == b'\n') else {
            if self.0.len() > LONGEST {
                self.0.clear();
            }
            return Vec::new();
        };
        let rest = self.0.split_off(end.saturating_add(1));
        let lines = std::mem::replace(&mut self.0, rest);
        let events = lines.split(|byte| *byte == b'\n');
        events
            .filter_map(|line| interval(&read("iperf3", line).ok()?))
            .collect()
    }
}

fn interval(event: &Value) -> Option<(Duration, f64)> {
    (text(event, &["event"])? == "interval").then_some(())?;
    let sum = at(event, &["data", "sum"]);
    let reverse = float(event, &["data", "sum_bidir_reverse", "bits_per_second"]);
    let end = Duration::try_from_secs_f64(float(sum, &["end"])?).ok()?;
    Some((
        end,
        float(sum, &["bits_per_second"])? + reverse.unwrap_or(0.0),
    ))
}
