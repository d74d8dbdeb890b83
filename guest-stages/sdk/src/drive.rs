//! Following a running tool to its end, whichever tool it is.

use crate::types::Error;
use crate::{clock, fio, gpu, iperf, memtest, stress};

/// A running tool: what `fio`, `stress`, `iperf`, `memtest` and `gpu` have in common.
pub trait Tool {
    /// What it tells while it works.
    type Progress;
    /// What it reports at its end.
    type Summary;

    /// The next event: the progress, or the end.
    fn next(&self, timeout_ms: u64) -> Next<Self::Progress, Self::Summary>;

    /// Asks it to end.
    fn stop(&self) -> Result<(), Error>;
}

/// A tool's next event; `None` when nothing came within the time-out.
pub type Next<P, S> = Result<Option<Step<P, S>>, Error>;

/// One event of a tool.
#[derive(Clone, Debug)]
pub enum Step<P, S> {
    /// It works.
    Progress(P),
    /// It has ended.
    Finished(S),
}

macro_rules! tool {
    ($($module:ident: $end:ident),*) => {$(
        impl Tool for $module::Run {
            type Progress = $module::Progress;
            type Summary = $module::$end;

            fn next(&self, timeout_ms: u64) -> Next<Self::Progress, Self::Summary> {
                Ok(match $module::Run::next(self, timeout_ms)? {
                    None => None,
                    Some($module::Event::Progress(progress)) => Some(Step::Progress(progress)),
                    Some($module::Event::Finished(end)) => Some(Step::Finished(end)),
                })
            }

            fn stop(&self) -> Result<(), Error> {
                $module::Run::stop(self)
            }
        }
    )*};
}

tool!(fio: Ending, stress: Ending, iperf: Ending, memtest: Ending, gpu: Ending);

/// What the one who watches a tool wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// Go on.
    On,
    /// It has seen enough: stop the tool, and give what it has so far.
    Stop,
}

/// How following a tool ended.
#[derive(Clone, Debug)]
pub struct Driven<S> {
    /// What the tool reported at its end, partial when it was cancelled.
    pub summary: S,
    /// Whether the attempt was cancelled under it.
    pub cancelled: bool,
}

/// Follows a tool to its end. `watch` is called about every `every_ms` with the newest progress (or
/// `None` when nothing new came), to sample sensors and to say how far the stage is; progress that
/// comes oftener is passed over.
///
/// After a cancel the tool's partial end is still waited for, for a second at most.
pub fn drive<T: Tool>(
    tool: &T,
    every_ms: u64,
    mut watch: impl FnMut(Option<&T::Progress>) -> Drive,
) -> Result<Driven<T::Summary>, Error> {
    let mut stopping = false;
    let mut pace = Pace::new(every_ms);
    loop {
        match tool.next(every_ms) {
            Ok(Some(Step::Finished(summary))) => {
                return Ok(Driven {
                    summary,
                    cancelled: false,
                });
            }
            Ok(Some(Step::Progress(progress))) => {
                if pace.is_due(clock::monotonic()) {
                    stopping |= watch(Some(&progress)) == Drive::Stop;
                }
            }
            Ok(None) => stopping |= watch(None) == Drive::Stop,
            Err(Error::Cancelled) => return last_words(tool),
            Err(error) => return Err(error),
        }
        if stopping {
            tool.stop()?;
        }
    }
}

/// When something that is done again and again is due.
struct Pace {
    every_ns: u64,
    due: u64,
}

impl Pace {
    fn new(every_ms: u64) -> Self {
        Pace {
            every_ns: every_ms.saturating_mul(1_000_000),
            due: 0,
        }
    }

    /// Whether it is due at this instant; then the next time is one period later. What comes up to
    /// a tenth of a period early is taken, so that a tool's own pace does not halve this one.
    fn is_due(&mut self, now_ns: u64) -> bool {
        let due = now_ns >= self.due.saturating_sub(self.every_ns / 10);
        if due {
            self.due = now_ns.saturating_add(self.every_ns);
        }
        due
    }
}

/// The partial end of a tool after a cancel.
fn last_words<T: Tool>(tool: &T) -> Result<Driven<T::Summary>, Error> {
    const TRIES: u32 = 10;
    for _ in 0..TRIES {
        if let Some(Step::Finished(summary)) = tool.next(100)? {
            return Ok(Driven {
                summary,
                cancelled: true,
            });
        }
    }
    Err(Error::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_kept_though_more_comes() {
        const SECOND: u64 = 1_000_000_000;
        let mut pace = Pace::new(5_000);
        let mut taken = Vec::new();
        for second in 1..=21 {
            // A little early, a little late.
            let now = second * SECOND + if second % 2 == 0 { 900_000 } else { 0 };
            if pace.is_due(now) {
                taken.push(second);
            }
        }
        assert_eq!(taken, [1, 6, 11, 16, 21]);
        let mut pace = Pace::new(1_000);
        let all = (1..=10).filter(|second| pace.is_due(second * SECOND - second * 1_000));
        assert_eq!(all.count(), 10);
    }
}
