//! The machine's power draw: `dcmi power reading`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Time;
use super::printed::{self, field, lines};
use crate::Unreadable;

/// What the machine draws, as the controller measures it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PowerReading {
    /// Now, in watts.
    pub watts: Option<f64>,
    /// The least in the sampling period, in watts.
    pub minimum_watts: Option<f64>,
    /// The most in the sampling period, in watts.
    pub maximum_watts: Option<f64>,
    /// The average of the sampling period, in watts.
    pub average_watts: Option<f64>,
    /// When it was measured, by the controller's clock.
    pub time: Option<Time>,
    /// How long the sampling period is, in seconds. ipmitool prints some controllers' milliseconds as seconds.
    pub sampling_seconds: Option<u64>,
    /// Whether the controller measures. A controller that does not may still give a reading, and may give zeros.
    pub active: Option<bool>,
    /// Fields that are not known here, as printed.
    pub extra: Map<String, Value>,
    /// Rows that could not be read, and complaints.
    pub unread: Vec<String>,
}

/// Reads `ipmitool dcmi power reading`.
pub fn power_reading(reading: &[u8]) -> Result<PowerReading, Unreadable> {
    let text = printed::text(reading);
    let mut found = PowerReading::default();
    let mut known = false;
    for line in lines(&text).filter(|line| !line.trim_ascii().is_empty()) {
        // ipmitool 1.8.19 prints no line end behind the timestamp.
        let (first, second) = match line.find("Sampling period:") {
            Some(at) if at > 0 => line.split_at_checked(at).unwrap_or((line, "")),
            _ => (line, ""),
        };
        for part in [first, second]
            .into_iter()
            .filter(|part| !part.trim_ascii().is_empty())
        {
            match field(part).filter(|_| !printed::is_complaint(part)) {
                Some((name, value)) => known |= take(&mut found, name, value),
                None => found.unread.push(part.trim_ascii().to_owned()),
            }
        }
    }
    match known {
        true => Ok(found),
        false => Err(Unreadable::starting(
            "the output of `ipmitool dcmi power reading`",
            reading,
        )),
    }
}

fn take(found: &mut PowerReading, name: &str, value: &str) -> bool {
    match name {
        "Instantaneous power reading" => found.watts = printed::number(value),
        "Minimum during sampling period" => found.minimum_watts = printed::number(value),
        "Maximum during sampling period" => found.maximum_watts = printed::number(value),
        "Average power reading over sample period" => found.average_watts = printed::number(value),
        "IPMI timestamp" => found.time = time(value),
        "Sampling period" => found.sampling_seconds = printed::whole(value),
        "Power reading state is" => {
            found.active = match value {
                "activated" => Some(true),
                "deactivated" => Some(false),
                _ => None,
            }
        }
        _ => {
            found
                .extra
                .insert(name.to_owned(), Value::String(value.to_owned()));
            return false;
        }
    }
    true
}

/// `03/11/25 17:10:01 UTC` or, before 1.8.19, `Wed Feb 15 12:49:51 2017`.
fn time(value: &str) -> Option<Time> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let words: Vec<&str> = value.split_whitespace().collect();
    let [_, month, day, clock, year] = words[..] else {
        return Time::read_one(value);
    };
    let month = MONTHS.find(month).filter(|_| month.len() == 3)?;
    let month = month.checked_div(3)?.saturating_add(1);
    let mut time = Time::read(&format!("{month}/{day}/{year}"), clock);
    time.text = value.to_owned();
    Some(time)
}
