//! The tools of a simulated machine. A tool is some [`Work`]; a [`Run`] moves it on in steps of at
//! most a second of its own time, keeps what it has to tell, and ends it.

pub mod fio;
pub mod gpu;
pub mod iperf;
pub mod memtest;
pub mod stress;
pub mod trouble;

use std::time::Duration;

use super::load::Load;
use super::world::{SECOND, World};
use crate::contract::types::Error;
use crate::{Answer, Attempt, Reply, Request};
use trouble::{GARBAGE, Trouble};

/// How long a tool takes to end and write its result after SIGTERM, in nanoseconds.
const STOP_TAKES: u64 = 20_000_000;

/// How a tool ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself.
    Itself,
    /// It was asked to, and wrote its partial result.
    Stopped,
    /// It did not end when it was asked, and was killed.
    Killed,
    /// It died of a segmentation fault.
    Crashed,
}

/// How a tool ended, and whether what it prints can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub how: Ending,
    /// Whether it printed garbage.
    pub garbage: bool,
}

impl End {
    /// Whether it was asked to end before its own end.
    pub fn stopped(self) -> bool {
        matches!(self.how, Ending::Stopped | Ending::Killed)
    }
}

/// What one tool does.
pub trait Work: Send {
    /// The program's name, as profiles and errors call it.
    fn tool(&self) -> &str;

    /// How busy it makes the parts.
    fn load(&self, world: &World, load: &mut Load);

    /// Sets the rates of the next step from the state of the world, and says how many nanoseconds
    /// are left until its end at those rates. `elapsed` is its age.
    fn plan(&mut self, world: &World, elapsed: u64) -> u64;

    /// So many nanoseconds have passed at the planned rates.
    fn pass(&mut self, world: &mut World, nanoseconds: u64);

    /// How far it is, `elapsed` nanoseconds after its start.
    fn progress(&self, elapsed: u64) -> Reply;

    /// Its end.
    fn finished(&mut self, world: &World, elapsed: u64, end: End) -> Answer;

    /// The reply when it has nothing to tell.
    fn nothing(&self) -> Reply;
}

/// A running tool.
pub struct Run {
    work: Box<dyn Work>,
    began: u64,
    last: u64,
    next: u64,
    /// When it will have ended after a stop, and how.
    stopping: Option<(u64, Ending)>,
    hangs: bool,
    crashes: bool,
    garbage: bool,
    ended: bool,
    told_end: bool,
    pending: Option<Answer>,
    /// Whether its owner has been told that the attempt is cancelled.
    pub told_cancelled: bool,
}

impl Run {
    /// Starts a tool.
    pub fn begin(mut work: Box<dyn Work>, world: &mut World) -> Self {
        let now = world.now;
        let trouble = Trouble::of(world, work.tool());
        // What it does to the parts counts from its first instant on.
        let mut load = world.load.clone();
        work.load(&*world, &mut load);
        world.set_load(load);
        let left = work.plan(world, 0);
        let next = now.saturating_add(left.clamp(1, SECOND));
        Self {
            work,
            began: now,
            last: now,
            next: if trouble.hangs { u64::MAX } else { next },
            stopping: None,
            hangs: trouble.hangs,
            crashes: trouble.crashes,
            garbage: trouble.garbage,
            ended: false,
            told_end: false,
            pending: None,
            told_cancelled: false,
        }
    }

    /// Whether it works.
    pub fn works(&self) -> bool {
        !self.ended
    }

    /// Whether it has told its end.
    pub fn has_told_its_end(&self) -> bool {
        self.told_end
    }

    /// When it moves on next.
    pub fn next_step_at(&self) -> u64 {
        match self.stopping {
            _ if self.ended => u64::MAX,
            Some((at, _)) => self.next.min(at),
            None => self.next,
        }
    }

    /// How busy it makes the parts.
    pub fn load(&self, world: &World, load: &mut Load) {
        if self.works() && !self.hangs {
            self.work.load(world, load);
        }
    }

    /// Asks it to end: its end is all that it still tells. One that hangs is killed after the grace.
    pub fn stop(&mut self, now: u64, grace: Duration) {
        if self.ended || self.stopping.is_some() {
            return;
        }
        let (after, ending) = if self.hangs {
            (
                u64::try_from(grace.as_nanos()).unwrap_or(u64::MAX),
                Ending::Killed,
            )
        } else {
            (STOP_TAKES, Ending::Stopped)
        };
        self.stopping = Some((now.saturating_add(after), ending));
        self.next = u64::MAX;
        self.pending = None;
    }

    /// Moves on to the world's present.
    pub fn step(&mut self, world: &mut World) {
        let now = world.now;
        let elapsed = now.saturating_sub(self.began);
        if !self.hangs {
            self.work.pass(world, now.saturating_sub(self.last));
        }
        self.last = now;
        let trouble = Trouble::of(world, self.work.tool());
        self.crashes |= trouble.crashes;
        self.garbage |= trouble.garbage;
        if let Some((at, ending)) = self.stopping
            && at <= now
        {
            return self.finish(world, elapsed, ending);
        }
        if trouble.hangs && self.stopping.is_none() {
            // From here on it only waits for its end.
            self.hangs = true;
            self.next = u64::MAX;
            self.pending = None;
            return;
        }
        if self.crashes {
            return self.finish(world, elapsed, Ending::Crashed);
        }
        let left = self.work.plan(world, elapsed);
        if left == 0 {
            return self.finish(world, elapsed, Ending::Itself);
        }
        // Unread progress gives way to newer progress.
        self.pending = Some(Ok(self.work.progress(elapsed)));
        self.next = now.saturating_add(left.min(SECOND));
    }

    fn finish(&mut self, world: &World, elapsed: u64, how: Ending) {
        let garbage = self.garbage;
        let end = End { how, garbage };
        self.pending = Some(self.work.finished(world, elapsed, end));
        self.ended = true;
    }

    /// What it has to tell, once.
    pub fn tell(&mut self) -> Option<Answer> {
        let answer = self.pending.take()?;
        self.told_end = self.ended;
        Some(answer)
    }

    /// The reply when it has nothing to tell.
    pub fn nothing(&self) -> Reply {
        self.work.nothing()
    }
}

/// Makes the work of a job that needs no guard.
pub fn start(world: &World, attempt: &Attempt, job: Request) -> Result<Box<dyn Work>, Error> {
    match job {
        Request::StressStart { job } => stress::start(world, attempt, job),
        Request::IperfStart { job } => iperf::start(world, job),
        Request::MemtestStart { job } => memtest::start(world, attempt, job),
        Request::GpuStart { job } => gpu::start(world, job),
        _ => Err(Error::invalid("request", "it is no job")),
    }
}

/// A tool that must be installed.
fn installed(world: &World, tool: &str, package: &str) -> Result<String, Error> {
    match world.profile.tools.get(tool) {
        Some(version) if world.has_tool(tool) => Ok(version.clone()),
        _ => Err(Error::tool_missing(tool, package)),
    }
}

/// An argument that must lie within bounds.
fn within<T: PartialOrd + std::fmt::Display>(
    argument: &str,
    value: T,
    low: T,
    high: T,
) -> Result<(), Error> {
    if value < low || value > high {
        return Err(Error::invalid(
            argument,
            format!("{value} is out of range, {low} to {high}"),
        ));
    }
    Ok(())
}

/// Nanoseconds as milliseconds.
fn milliseconds(nanoseconds: u64) -> u64 {
    nanoseconds / 1_000_000
}

/// Nanoseconds as seconds.
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// A job's length, in whole seconds rounded up, in nanoseconds. A year is the most.
fn whole_seconds(argument: &str, duration_ms: u64) -> Result<u64, Error> {
    within(argument, duration_ms, 1_000, 31_536_000_000)?;
    Ok(duration_ms.div_ceil(1_000).saturating_mul(SECOND))
}

/// What part of `whole` has passed, 0 to 1.
fn fraction(elapsed: u64, whole: u64) -> f64 {
    (elapsed as f64 / whole.max(1) as f64).min(1.0)
}
