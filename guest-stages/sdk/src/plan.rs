//! Planning work into the deadline.

use crate::context::Facts;

/// How much time the attempt has, and how it is shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    soft_deadline_ns: u64,
}

impl Plan {
    /// The plan of this attempt.
    pub fn new(facts: &Facts) -> Self {
        Plan {
            soft_deadline_ns: facts.soft_deadline_ns,
        }
    }

    /// Milliseconds of work that still fit before the soft deadline, when it is `now_ns`
    /// (`clock.monotonic`) and `reserve_ms` are kept for tools to end and for judging.
    pub fn left_ms(&self, now_ns: u64, reserve_ms: u64) -> u64 {
        (self.soft_deadline_ns.saturating_sub(now_ns) / 1_000_000).saturating_sub(reserve_ms)
    }

    /// The wish, cut to what is left: a stage that was asked for ten minutes in a two-minute
    /// deadline works for the two, and says so.
    pub fn fit_ms(&self, wish_ms: u64, now_ns: u64, reserve_ms: u64) -> u64 {
        wish_ms.min(self.left_ms(now_ns, reserve_ms))
    }
}
