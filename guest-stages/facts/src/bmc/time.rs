//! Times of the controller's clock, as ipmitool prints them.

use serde::Serialize;

use super::printed;

/// A time by the controller's clock, which is often wrong and whose time zone is not known for sure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Time {
    /// As printed: `03/11/2025 16:34:51`, `Pre-Init 0000000035`.
    pub text: String,
    /// Seconds since 1970-01-01 00:00:00, the printed clock taken as UTC; `None` where it is not understood.
    pub seconds: Option<i64>,
    /// Whether only the date is printed, as `-v sel elist` of ipmitool 1.8.19 does: `seconds` is then midnight.
    pub date_only: bool,
    /// The time zone as printed: `CEST`. ipmitool before 1.8.19 prints none.
    pub zone: Option<String>,
    /// Whether the controller had not set its clock yet: it then counts from its own start.
    pub pre_init: bool,
    /// Seconds since the controller's start, where `pre_init` is set.
    pub since_start: Option<u64>,
}

impl Time {
    /// Reads a date and a time of day, each a column or one text. A date without time counts as 00:00:00.
    pub(super) fn read(date: &str, time: &str) -> Self {
        let (date, time) = (date.trim_ascii(), time.trim_ascii());
        let mut found = Time {
            text: [date, time].join(" ").trim_ascii().to_owned(),
            seconds: None,
            date_only: false,
            zone: None,
            pre_init: false,
            since_start: None,
        };
        if date.starts_with("Pre-Init") {
            found.pre_init = true;
            let digits = time.trim_start_matches('0');
            found.since_start =
                printed::whole(digits).or((!time.is_empty() && digits.is_empty()).then_some(0));
            return found;
        }
        // `S+ 00:00:35`: seconds since the controller's start.
        if date.starts_with("S+") {
            found.pre_init = true;
            return found;
        }
        let Some(day) = day(date) else {
            return found;
        };
        found.date_only = time.is_empty();
        let mut words = time.split_whitespace();
        let clock = words.next().map_or(Some(0), clock);
        let mut seconds = clock;
        for word in words {
            match word {
                "AM" | "am" => seconds = seconds.map(|s| if s >= 43_200 { s - 43_200 } else { s }),
                "PM" | "pm" => seconds = seconds.map(|s| if s < 43_200 { s + 43_200 } else { s }),
                zone => found.zone = Some(zone.to_owned()),
            }
        }
        found.seconds = seconds.and_then(|s| day.checked_mul(86_400)?.checked_add(s));
        found
    }

    /// Reads `03/11/25 16:34:51 UTC`.
    pub(super) fn read_one(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        if matches!(text, "" | "Not Available" | "Unspecified" | "Not available") {
            return None;
        }
        let (date, time) = text.split_once(' ').unwrap_or((text, ""));
        Some(Time::read(date, time))
    }
}

/// Days since 1970-01-01 of `03/11/2025`, `03/11/25`, `2025-03-11`, `11.03.2025`. Slashes have the month first,
/// unless it would be none.
fn day(text: &str) -> Option<i64> {
    let separator = ['/', '-', '.'].into_iter().find(|c| text.contains(*c))?;
    let mut parts = text.split(separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let numbers = (
        first.parse::<i64>().ok()?,
        second.parse::<i64>().ok()?,
        third.parse::<i64>().ok()?,
    );
    let (year, month, day) = match (first.len(), separator) {
        (4, _) => numbers,
        (_, '/') if numbers.0 <= 12 => (numbers.2, numbers.0, numbers.1),
        _ => (numbers.2, numbers.1, numbers.0),
    };
    let year = match year {
        0..70 => year + 2000,
        70..100 => year + 1900,
        1970..=9999 => year,
        _ => return None,
    };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days from the civil calendar, with years that begin in March.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap = y / 4 - y / 100 + y / 400;
    Some(y * 365 + leap + (m * 153 + 2) / 5 + day - 1 - 719_468)
}

/// Seconds since midnight of `16:34:51` or `16:34`.
fn clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let second: i64 = parts.next().map_or(Some(0), |part| part.parse().ok())?;
    let right = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..61).contains(&second);
    (right && parts.next().is_none()).then_some(hour * 3600 + minute * 60 + second)
}
