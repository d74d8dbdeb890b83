//! One attempt on a simulated machine: the virtual clock and the queue of events.
//!
//! Every request has a fixed price in virtual time, so that a stage that polls gets somewhere. A
//! wait jumps to the earliest of its own event, its time-out, the machine's next second (faults and
//! heat) and the next step of a tool, in that order of time; at one instant the machine's second is
//! first, then tools by number. The clock stops once at the soft deadline, where the session fires
//! the attempt's cancellation, and never passes the deadline. No call ever waits in real time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;

use super::documents::smartctl;
use super::load::Load;
use super::noise::Generator;
use super::price::price;
use super::profile::Profile;
use super::read;
use super::tools::{self, Run};
use super::wipe;
use super::world::World;
use crate::contract::clock::Instant;
use crate::contract::fio::Job;
use crate::contract::kernel_log::Beginning;
use crate::contract::types::{Document, Error};
use crate::{Answer, Attempt, Reason, Reply, Request, RunId, Session, WatchId};

const MILLISECOND: u64 = 1_000_000;

/// Who cancels an attempt whose profile says so.
const PROFILE: &str = "the machine's profile";

/// Lines that a watch keeps, by the contract.
const WATCH_LINES: usize = 10_000;

/// The records that one call gives, as the contract says.
const AT_ONCE: usize = 2_000;

/// The most random bytes of one request, by the seam.
const MOST_RANDOM: u32 = 65_536;

/// One attempt on a simulated machine.
pub struct SimulatedSession {
    shared: Arc<Shared>,
}

/// What a session is, for whoever looks on beside it.
pub(super) struct Shared(Mutex<State>);

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic under the lock is a bug that has been told already; the state stays usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a reading tells now; `None` for requests that are no readings.
    pub fn look(&self, request: &Request) -> Option<Answer> {
        read::reading(&self.state().world, request)
    }
}

struct Watch {
    /// The first line that it has not told yet.
    next: usize,
    lost: u64,
    told_cancelled: bool,
}

struct State {
    world: World,
    attempt: Attempt,
    soft: u64,
    deadline: u64,
    /// Whether the tools know of the cancellation.
    cancelled: bool,
    runs: BTreeMap<RunId, Run>,
    watches: BTreeMap<WatchId, Watch>,
    next_id: u32,
    /// Disks that were opened under the wipe override.
    overridden: BTreeSet<String>,
    random: Generator,
}

impl SimulatedSession {
    /// A session at the instant zero.
    pub fn new(profile: Arc<Profile>, seed: u64, attempt: Attempt) -> Self {
        let nanoseconds = |d: Duration| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX);
        let deadline = nanoseconds(attempt.deadline);
        let mut state = State {
            world: World::new(profile, seed),
            soft: nanoseconds(attempt.soft_deadline).min(deadline),
            deadline,
            attempt,
            cancelled: false,
            runs: BTreeMap::new(),
            watches: BTreeMap::new(),
            next_id: 1,
            overridden: BTreeSet::new(),
            random: Generator::new(seed),
        };
        // A soft deadline of zero has come already.
        state.advance(0);
        Self {
            shared: Arc::new(Shared(Mutex::new(state))),
        }
    }

    /// For whoever looks on beside it, for as long as it is there.
    pub(super) fn shared(&self) -> Weak<Shared> {
        Arc::downgrade(&self.shared)
    }
}

#[async_trait]
impl Session for SimulatedSession {
    async fn call(&self, request: Request) -> Answer {
        self.shared.state().call(request)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.shared.state().world.now)
    }

    async fn end(&self) -> Vec<String> {
        let mut state = self.shared.state();
        state.runs.clear();
        state.watches.clear();
        Vec::new()
    }
}

impl State {
    fn call(&mut self, request: Request) -> Answer {
        self.notice_cancel();
        // What the contract cannot refuse, and what tidies up, is answered whatever the time.
        let always = matches!(
            request,
            Request::Monotonic
                | Request::Wall
                | Request::Random { .. }
                | Request::RunStop { .. }
                | Request::RunDrop { .. }
                | Request::KernelLogLost { .. }
                | Request::KernelLogClose { .. }
        );
        if self.world.now >= self.deadline && !always {
            return Err(Error::Cancelled);
        }
        let waits = matches!(
            request,
            Request::RunNext { .. } | Request::KernelLogNext { .. }
        );
        let price = price(&self.world, &request);
        self.advance(self.world.now.saturating_add(price));
        // A wait handles the cancellation itself: it is told once per run and watch.
        if self.cancelled && !always && !waits {
            // Who does not listen gets to the deadline all the same.
            self.advance(self.world.now.saturating_add(MILLISECOND));
            return Err(Error::Cancelled);
        }
        self.answer(request)
    }

    fn answer(&mut self, request: Request) -> Answer {
        match request {
            Request::Monotonic => Ok(Reply::Monotonic(self.world.now)),
            Request::Wall => {
                let (now, began) = (self.world.now, self.world.profile.epoch_seconds);
                Ok(Reply::Wall(Instant {
                    seconds: began.saturating_add(now / 1_000_000_000),
                    nanoseconds: u32::try_from(now % 1_000_000_000).unwrap_or(0),
                }))
            }
            Request::Sleep { milliseconds } => {
                let nap = milliseconds.saturating_mul(MILLISECOND);
                self.advance(self.world.now.saturating_add(nap));
                if self.cancelled {
                    Err(Error::Cancelled)
                } else {
                    Ok(Reply::Done)
                }
            }
            Request::Random { bytes } if bytes > MOST_RANDOM => Err(Error::invalid(
                "bytes",
                format!("{bytes} is more than {MOST_RANDOM}"),
            )),
            Request::Random { bytes } => Ok(Reply::Random(self.random.bytes(bytes as usize))),
            Request::ScratchSpace => read::disks::scratch(&self.world).map(Reply::ScratchSpace),
            Request::SmartDevices => Ok(Reply::SmartDevices(smartctl::devices(&self.world))),
            Request::SmartScan => whole(smartctl::scan(&self.world)),
            Request::SmartRead { device } => whole(smartctl::read(&self.world, &device)),
            Request::SmartStartSelfTest { device, kind } => {
                whole(smartctl::start_self_test(&mut self.world, &device, &kind))
            }
            Request::FioStart { job } => self.start_fio(job),
            job @ (Request::StressStart { .. }
            | Request::IperfStart { .. }
            | Request::MemtestStart { .. }
            | Request::GpuStart { .. }) => self.start(|w, a| tools::start(w, a, job)),
            Request::RunNext { run, timeout_ms } => self.run_next(run, timeout_ms),
            Request::RunStop { run } => self.run_stop(run),
            Request::RunDrop { run } => {
                self.runs.remove(&run);
                Ok(Reply::Done)
            }
            Request::KernelLogOpen { begins } => {
                let most = self.attempt.max_watches;
                if self.watches.len() >= most as usize {
                    return Err(Error::too_many("watches may be open", most));
                }
                let id = self.number();
                let watch = Watch {
                    next: match begins {
                        Beginning::Boot => 0,
                        Beginning::Now => self.world.lines.len(),
                    },
                    lost: 0,
                    told_cancelled: false,
                };
                self.watches.insert(id, watch);
                Ok(Reply::Watch(id))
            }
            Request::KernelLogNext { watch, timeout_ms } => self.watch_next(watch, timeout_ms),
            Request::KernelLogLost { watch } => {
                self.overrun(watch);
                let watch = self.watches.get(&watch).ok_or_else(|| no_watch(watch))?;
                Ok(Reply::Lost(watch.lost))
            }
            Request::KernelLogClose { watch } => {
                self.watches.remove(&watch);
                Ok(Reply::Done)
            }
            reading @ (Request::Hwmon
            | Request::QueriesList
            | Request::QueriesRun { .. }
            | Request::FilesList { .. }
            | Request::FilesRead { .. }
            | Request::Disks
            | Request::GpuDevices
            | Request::GpuAsk { .. }
            | Request::GpuSample
            | Request::Bmc { .. }) => read::reading(&self.world, &reading)
                .unwrap_or_else(|| Err(Error::invalid("request", "it is no reading"))),
        }
    }

    fn number(&mut self) -> u32 {
        let number = self.next_id;
        self.next_id = self.next_id.saturating_add(1);
        number
    }

    fn start(
        &mut self,
        work: impl FnOnce(&World, &Attempt) -> Result<Box<dyn tools::Work>, Error>,
    ) -> Answer {
        let work = work(&self.world, &self.attempt)?;
        let running = self.runs.values().filter(|run| run.works()).count();
        if running >= self.attempt.max_tools as usize {
            return Err(Error::too_many("tools may run", self.attempt.max_tools));
        }
        let id = self.number();
        let run = Run::begin(work, &mut self.world);
        self.runs.insert(id, run);
        Ok(Reply::Run(id))
    }

    fn start_fio(&mut self, job: Job) -> Answer {
        let mut overridden = None;
        let used = std::mem::take(&mut self.overridden);
        let answer = self.start(|world, attempt| {
            tools::fio::start(world, job, |disk| {
                let why;
                (overridden, why) = wipe::guard(world, &attempt.mandate, disk, &used)?;
                Ok(why)
            })
        });
        self.overridden = used.into_iter().chain(overridden).collect();
        answer
    }

    fn run_next(&mut self, id: RunId, timeout_ms: u64) -> Answer {
        let until = self
            .world
            .now
            .saturating_add(timeout_ms.saturating_mul(MILLISECOND));
        loop {
            let now = self.world.now;
            let run = self.runs.get_mut(&id).ok_or_else(|| no_run(id))?;
            if run.has_told_its_end() {
                return Err(Error::invalid(
                    "run",
                    format!("run {id} has told its end already"),
                ));
            }
            if self.cancelled && !run.told_cancelled {
                run.told_cancelled = true;
                return Err(Error::Cancelled);
            }
            if let Some(answer) = run.tell() {
                return answer;
            }
            if now >= self.deadline {
                return Err(Error::Cancelled);
            }
            if now >= until {
                return Ok(run.nothing());
            }
            self.advance(self.next_event().min(until));
        }
    }

    fn run_stop(&mut self, id: RunId) -> Answer {
        let run = self.runs.get_mut(&id).ok_or_else(|| no_run(id))?;
        run.stop(self.world.now, self.attempt.grace);
        Ok(Reply::Done)
    }

    fn watch_next(&mut self, id: WatchId, timeout_ms: u64) -> Answer {
        let until = self
            .world
            .now
            .saturating_add(timeout_ms.saturating_mul(MILLISECOND));
        loop {
            self.overrun(id);
            let now = self.world.now;
            let watch = self.watches.get_mut(&id).ok_or_else(|| no_watch(id))?;
            if self.cancelled && !watch.told_cancelled {
                watch.told_cancelled = true;
                return Err(Error::Cancelled);
            }
            let lines = self.world.lines.get(watch.next..).unwrap_or_default();
            let lines = lines.get(..AT_ONCE).unwrap_or(lines).to_vec();
            // After a cancel it gives what has come, and waits no more.
            if !lines.is_empty() || now >= until || self.cancelled {
                watch.next = watch.next.saturating_add(lines.len());
                return Ok(Reply::KernelLog(lines));
            }
            self.advance(self.next_event().min(until));
        }
    }

    /// Drops the oldest lines of a watch that has more than it keeps.
    fn overrun(&mut self, id: WatchId) {
        let lines = self.world.lines.len();
        if let Some(watch) = self.watches.get_mut(&id) {
            let excess = lines.saturating_sub(watch.next).saturating_sub(WATCH_LINES);
            watch.next = watch.next.saturating_add(excess);
            watch.lost = watch.lost.saturating_add(excess as u64);
        }
    }

    /// When something happens next.
    fn next_event(&self) -> u64 {
        let tools = self
            .runs
            .values()
            .map(Run::next_step_at)
            .min()
            .unwrap_or(u64::MAX);
        self.world.next_second_at().min(tools)
    }

    /// Moves the clock on, stopping at the soft deadline, where everything is cancelled, and at the
    /// deadline.
    fn advance(&mut self, target: u64) {
        let limit = if self.cancelled {
            self.deadline
        } else {
            self.soft
        };
        let target = target.min(limit);
        loop {
            let event = self.next_event();
            if event > target {
                break;
            }
            self.world.now = self.world.now.max(event);
            self.load();
            if self.world.next_second_at() <= event {
                self.world.second();
            }
            for run in self
                .runs
                .values_mut()
                .filter(|run| run.next_step_at() <= event)
            {
                run.step(&mut self.world);
            }
            if self.profile_cancels() {
                // As when a person ends the run: whatever waits is told at once.
                return;
            }
        }
        self.world.now = self.world.now.max(target);
        self.profile_cancels();
        if self.world.now >= self.soft {
            self.attempt.cancel.cancel(Reason::Deadline);
        }
        self.notice_cancel();
    }

    /// Cancels the attempt, where a fault of the profile does that now.
    fn profile_cancels(&mut self) -> bool {
        let now = self.world.cancelled && !self.cancelled;
        if now {
            self.attempt
                .cancel
                .cancel(Reason::Person(PROFILE.to_owned()));
            self.notice_cancel();
        }
        now
    }

    /// Asks the tools to end when the attempt has been cancelled, by whomever.
    fn notice_cancel(&mut self) {
        if self.cancelled || !self.attempt.cancel.is_cancelled() {
            return;
        }
        self.cancelled = true;
        for run in self.runs.values_mut() {
            run.stop(self.world.now, self.attempt.grace);
        }
    }

    /// Adds up what the tools make the parts do.
    fn load(&mut self) {
        let mut load = Load::default();
        for run in self.runs.values() {
            run.load(&self.world, &mut load);
        }
        self.world.set_load(load);
    }
}

fn whole(document: Result<Document, Error>) -> Answer {
    document.map(|document| Reply::Document(Box::new(document)))
}

fn no_run(id: RunId) -> Error {
    Error::invalid("run", format!("there is no run {id}"))
}

fn no_watch(id: WatchId) -> Error {
    Error::invalid("watch", format!("there is no watch {id}"))
}
