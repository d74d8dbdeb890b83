//! What a retry may do beyond the run's rules.
//!
//! A wipe override lives in the memory of the one agent that was given it, for the one attempt that it
//! names: the next attempt that begins takes it, whichever that is. An agent that is started again has
//! none, and the orchestrator sends it none. It is timed from when it was heard of, since the clock of a
//! machine under test may say anything.

use std::time::{Duration, Instant};

use vetting_machine::WipeOverride;
use vetting_protocol::Directive;

/// The longest that one is good for, whatever the directive says. (Design, section 8.)
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// A wipe override that waits for its attempt.
#[derive(Debug)]
pub(super) struct Armed {
    stage: String,
    attempt: u32,
    disks: Vec<String>,
    by: String,
    until: Instant,
}

impl Armed {
    /// The one that a retry brings, where it does.
    pub fn by(directive: &Directive, heard: Instant) -> Option<Self> {
        let disks = directive.override_flags.wipe.clone();
        let left = Duration::from_millis(directive.expires_in_ms.unwrap_or(0));
        (!disks.is_empty()).then(|| Armed {
            stage: directive.stage.clone().unwrap_or_default(),
            attempt: directive.attempt.unwrap_or(0),
            disks,
            by: directive.by.clone(),
            until: heard + left.min(LONGEST),
        })
    }

    /// The override of the attempt that begins now, or why it has none.
    pub fn of(self, stage: &str, attempt: u32, now: Instant) -> Result<WipeOverride, String> {
        if (self.stage.as_str(), self.attempt) != (stage, attempt) {
            return Err(format!(
                "a wipe override by {} was for {} attempt {}, and is void for {stage} attempt {attempt}",
                self.by, self.stage, self.attempt
            ));
        }
        Ok(WipeOverride {
            disks: self.disks,
            by: self.by,
            expires: self.until.saturating_duration_since(now),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vetting_protocol::{Command, OverrideFlags};

    fn retry(wipe: &[&str], expires_in_ms: Option<u64>) -> Directive {
        Directive {
            id: "d".to_owned(),
            cmd: Command::RetryStage,
            stage: Some("Storage".to_owned()),
            attempt: Some(2),
            override_flags: OverrideFlags {
                wipe: wipe.iter().map(|disk| (*disk).to_owned()).collect(),
            },
            expires: "2020-01-01T00:00:00Z".to_owned(),
            expires_in_ms,
            by: "ann".to_owned(),
            order: None,
        }
    }

    #[test]
    fn an_override_is_for_one_attempt_of_one_stage() {
        let heard = Instant::now();
        assert!(Armed::by(&retry(&[], Some(1000)), heard).is_none());
        let armed = || Armed::by(&retry(&["S1"], Some(1000)), heard).expect("armed");
        let of = armed().of("Storage", 2, heard).expect("its own attempt");
        assert_eq!(
            (of.disks.as_slice(), of.by.as_str()),
            (["S1".to_owned()].as_slice(), "ann")
        );
        for (stage, attempt) in [("Storage", 1), ("Storage", 3), ("Memory", 2)] {
            let void = armed()
                .of(stage, attempt, heard)
                .expect_err("another attempt");
            assert!(void.contains("was for Storage attempt 2"), "{void}");
        }
    }

    #[test]
    fn it_is_good_for_as_long_as_was_said_and_a_quarter_of_an_hour_at_most() {
        let heard = Instant::now();
        let left = |said, later| {
            let armed = Armed::by(&retry(&["S1"], said), heard).expect("armed");
            let now = heard + Duration::from_secs(later);
            armed
                .of("Storage", 2, now)
                .expect("its own attempt")
                .expires
        };
        assert_eq!(left(Some(60_000), 0), Duration::from_secs(60));
        assert_eq!(left(Some(60_000), 20), Duration::from_secs(40));
        assert_eq!(left(Some(60_000), 61), Duration::ZERO);
        assert_eq!(left(Some(u64::MAX), 0), LONGEST);
        assert_eq!(left(None, 0), Duration::ZERO);
    }
}
