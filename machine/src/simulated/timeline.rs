//! When each fault begins, strikes and ends.

use super::profile::Scheduled;

/// Where one fault stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Course {
    /// The second it began.
    began: Option<u64>,
    /// Whether it is over.
    over: bool,
}

impl Course {
    /// Whether it lasts now.
    pub fn lasts(&self) -> bool {
        self.began.is_some() && !self.over
    }

    /// One second comes. Whether the fault strikes in it.
    pub fn second(&mut self, second: u64, load: f64, scheduled: &Scheduled) -> bool {
        if self.over {
            return false;
        }
        let began = match self.began {
            Some(began) => began,
            None => {
                let due = scheduled.at.is_none_or(|at| at <= second)
                    && scheduled.when_load_above.is_none_or(|limit| load > limit);
                if !due {
                    return false;
                }
                self.began = Some(second);
                second
            }
        };
        let age = second.saturating_sub(began);
        self.over = scheduled.lasts.is_some_and(|lasts| age >= lasts);
        !self.over
            && (age == 0
                || scheduled
                    .every
                    .is_some_and(|every| age.is_multiple_of(every.max(1))))
    }
}
