//! What time it is, and how long things last. What people read is the calendar's time ([`now`]), which
//! somebody may set at any moment. Whether something is over is decided by [`steady`] time: the calendar's
//! at the process's start, and from there on the monotonic clock's, which nobody sets.
//!
//! Across a restart there is only the calendar. An end that lies farther ahead than it can, because the
//! calendar was set back in between, counts as passed: what it guards is asked for anew.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// The calendar's time and the monotonic clock's when the process first asked for the time.
static START: LazyLock<(Timestamp, Instant)> = LazyLock::new(|| (Timestamp::now(), Instant::now()));

/// By how much an end may lie farther ahead than it can: another process had it from its own steady time.
const SLACK: Duration = Duration::from_secs(60);

/// Now by the calendar, as it is stored and shown.
pub fn now() -> String {
    Timestamp::now().to_string()
}

/// Now by the clock that nobody sets.
pub fn steady() -> Timestamp {
    let (calendar, monotonic) = *START;
    after(calendar, monotonic.elapsed())
}

/// By how much the calendar was set since the process began; negative: it was set back.
pub fn was_set_by() -> SignedDuration {
    Timestamp::now().duration_since(steady())
}

/// When something ends that lasts so long from now on, as it is stored.
pub fn from_now(lasts: Duration) -> String {
    after(steady(), lasts).to_string()
}

/// Whether a stored end of something that lasts so long at most has passed. One that cannot be read has.
pub fn has_passed(end: &str, lasts: Duration) -> bool {
    left(end, lasts).is_none_or(|left| left.is_zero())
}

/// How long it is until a stored end of something that lasts so long at most; none where that cannot be.
pub fn left(end: &str, lasts: Duration) -> Option<Duration> {
    let end: Timestamp = end.parse().ok()?;
    left_from(end, lasts, steady())
}

fn left_from(end: Timestamp, lasts: Duration, now: Timestamp) -> Option<Duration> {
    let left = Duration::try_from(end.duration_since(now)).unwrap_or_default();
    (left <= lasts.saturating_add(SLACK)).then_some(left)
}

/// An instant so much later; the last one there is where it would be later still.
fn after(instant: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// How old what is kept may be before it is forgotten, in time that was served: neither the time in which
/// no orchestrator ran nor a calendar that was set forward makes anything older.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    /// The newest instant that was stored before the process began, where it is not after its start.
    from: Timestamp,
    since: Instant,
}

impl Served {
    /// Begins to count; `newest` is the newest instant that is stored.
    pub fn new(newest: Option<&str>) -> Self {
        let now = Timestamp::now();
        let newest = newest.and_then(|newest| newest.parse().ok());
        Served {
            from: newest.map_or(now, |newest: Timestamp| newest.min(now)),
            since: Instant::now(),
        }
    }

    /// The instant before which everything is older than that.
    pub fn older_than(&self, age: Duration) -> Option<String> {
        self.older_than_at(age, self.since.elapsed(), Timestamp::now())
    }

    fn older_than_at(&self, age: Duration, served: Duration, now: Timestamp) -> Option<String> {
        let now = after(self.from, served).min(now);
        let then = now.checked_sub(SignedDuration::try_from(age).ok()?).ok()?;
        Some(then.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn an_end_passes_and_one_that_cannot_be_has_passed() {
        let now = at("2026-05-01T12:00:00Z");
        let left = |end: &str| left_from(at(end), HOUR, now);
        assert_eq!(left("2026-05-01T12:30:00Z"), Some(HOUR / 2));
        assert_eq!(left("2026-05-01T13:00:00Z"), Some(HOUR));
        assert_eq!(left("2026-05-01T11:59:59Z"), Some(Duration::ZERO));
        assert_eq!(
            left("2027-05-01T12:00:00Z"),
            None,
            "the calendar was set back"
        );
        assert!(has_passed("soon", HOUR));
        assert!(!has_passed(&from_now(HOUR), HOUR));
        assert!(has_passed(&from_now(Duration::ZERO), HOUR));
    }

    #[test]
    fn only_time_that_was_served_makes_what_is_kept_older() {
        let day = HOUR * 24;
        let served = |newest: &str, now: &str| {
            let served = Served {
                from: at(newest).min(at(now)),
                since: Instant::now(),
            };
            served
                .older_than_at(day, HOUR, at(now))
                .expect("an instant")
        };
        let usual = served("2026-05-01T11:00:00Z", "2026-05-01T12:00:00Z");
        assert_eq!(usual, "2026-04-30T12:00:00Z");
        let down = served("2026-05-01T11:00:00Z", "2026-07-01T12:00:00Z");
        assert_eq!(down, usual, "two months without an orchestrator");
        let back = served("2026-05-01T11:00:00Z", "1970-01-02T00:00:00Z");
        assert_eq!(back, "1970-01-01T00:00:00Z");
    }
}
