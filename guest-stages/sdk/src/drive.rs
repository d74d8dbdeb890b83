//! Following a running tool to its end, whichever tool it is.

use crate::types::Error;
use crate::{fio, gpu, iperf, stress};

/// A running tool: what `fio`, `stress`, `iperf` and `gpu` have in common.
pub trait Tool {
    /// What it tells while it works.
    type Progress;
    /// What it tells at its end.
    type Summary;

    /// The next event: the progress, or the summary at the end.
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
    ($($module:ident),*) => {$(
        impl Tool for $module::Run {
            type Progress = $module::Progress;
            type Summary = $module::Summary;

            fn next(&self, timeout_ms: u64) -> Next<Self::Progress, Self::Summary> {
                Ok(match $module::Run::next(self, timeout_ms)? {
                    None => None,
                    Some($module::Event::Progress(progress)) => Some(Step::Progress(progress)),
                    Some($module::Event::Finished(summary)) => Some(Step::Finished(summary)),
                })
            }

            fn stop(&self) -> Result<(), Error> {
                $module::Run::stop(self)
            }
        }
    )*};
}

tool!(fio, stress, iperf, gpu);

/// What the one who watches a tool wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// Go on.
    On,
    /// It has seen enough: stop the tool, and give the partial summary.
    Stop,
}

/// How following a tool ended.
#[derive(Clone, Debug)]
pub struct Driven<S> {
    /// The tool's summary, partial when it was cancelled.
    pub summary: S,
    /// Whether the attempt was cancelled under it.
    pub cancelled: bool,
}

/// Follows a tool to its end. `watch` is called about every `every_ms` with the newest progress (or
/// `None` when nothing new came), to sample sensors and to say how far the stage is.
///
/// After a cancel the tool's partial summary is still waited for, for a second at most.
pub fn drive<T: Tool>(
    tool: &T,
    every_ms: u64,
    mut watch: impl FnMut(Option<&T::Progress>) -> Drive,
) -> Result<Driven<T::Summary>, Error> {
    let mut stopping = false;
    loop {
        match tool.next(every_ms) {
            Ok(Some(Step::Finished(summary))) => {
                return Ok(Driven {
                    summary,
                    cancelled: false,
                });
            }
            Ok(Some(Step::Progress(progress))) => stopping |= watch(Some(&progress)) == Drive::Stop,
            Ok(None) => stopping |= watch(None) == Drive::Stop,
            Err(Error::Cancelled) => return last_words(tool),
            Err(error) => return Err(error),
        }
        if stopping {
            tool.stop()?;
        }
    }
}

/// The partial summary of a tool after a cancel.
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
