//! One attempt's view of the real machine: its runs and watches, and the way from each request to
//! what answers it.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;

use super::kernel_log::Watch;
use super::root::Root;
use super::table::{Place, Table};
use super::wipe::Guard;
use super::{RealMachine, capacity, disks, files, gpu, hwmon, queries, smart};
use crate::contract::kernel_log::Beginning;
use crate::contract::types::{Document, Error};
use crate::contract::{clock, iperf};
use crate::files::{check_globs, check_paths};
use crate::queries::{built_in, find};
use crate::seam::{Answer, Attempt, Reply, Request, RunId, Session, WatchId};
use crate::tools::{self, RunContext, ToolEvent, ToolRun, fio, ipmitool, smartctl, stressapptest};

/// The most random bytes that one request may ask for.
const RANDOM: u32 = 65_536;

/// How long after a tool's grace a call may hold on to it.
const RELEASE: Duration = Duration::from_secs(1);

pub struct RealSession {
    machine: RealMachine,
    attempt: Attempt,
    guard: Arc<Guard>,
    begun: Instant,
    numbers: AtomicU32,
    runs: Table<Run>,
    watches: Table<Watch>,
    /// Runs and watches that have been told of the cancel.
    told: Mutex<BTreeSet<u32>>,
}

/// A running tool, and what to reply while it has nothing to tell.
struct Run {
    tool: ToolRun,
    nothing: Reply,
}

impl RealSession {
    pub fn new(machine: RealMachine, attempt: Attempt) -> Self {
        Self {
            machine,
            guard: Arc::new(Guard::new(attempt.mandate.clone())),
            attempt,
            begun: Instant::now(),
            numbers: AtomicU32::new(1),
            runs: Table::new(),
            watches: Table::new(),
            told: Mutex::default(),
        }
    }

    fn number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Reads files on a thread where that may take its time.
    async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Root) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let root = self.machine.root.clone();
        let task = tokio::task::spawn_blocking(move || read(&root)).await;
        task.map_err(|error| Error::tool_failed("the host's reader", error.to_string()))
    }

    fn context(&self) -> RunContext {
        RunContext {
            cancel: self.attempt.cancel.clone(),
            grace: self.attempt.grace,
            scratch: self.attempt.scratch.clone(),
            since: self.begun,
        }
    }

    /// Takes a place for a tool, or says that too many run.
    fn place(&self) -> Result<Place<'_, Run>, Error> {
        let number = self.number();
        let mut runs = self.runs.lock();
        let most = self.attempt.max_tools;
        if runs.len() >= most as usize {
            return Err(Error::too_many("tools may run", most));
        }
        runs.insert(number, None);
        Ok(Place::new(&self.runs, number))
    }

    async fn start(
        &self,
        nothing: Reply,
        tool: impl Future<Output = Result<ToolRun, Error>> + Send,
    ) -> Answer {
        let place = self.place()?;
        let tool = tool.await?;
        let run = Run { tool, nothing };
        Ok(Reply::Run(place.take(run)))
    }

    async fn start_fio(&self, job: crate::contract::fio::Job) -> Answer {
        let folder = self.attempt.scratch.clone();
        let asked = job.clone();
        let (guard, begun, live_image) = (self.guard.clone(), self.begun, self.machine.live_image);
        let aim = self
            .blocking(move |root| {
                let open = |name: &str| guard.open(root, live_image, name, begun.elapsed());
                disks::target::of(root, &asked, &folder, open)
            })
            .await??;
        let (tools, context) = (&self.machine.tools, self.context());
        let (held, why) = aim.held.map(|held| (held.file, held.why)).unzip();
        let tool = fio::start(tools, &job, aim.target, (held, why), &context);
        self.start(Reply::Fio(None), tool).await
    }

    async fn start_stress(&self, job: crate::contract::stress::Job) -> Answer {
        let allowance = tools::stress_ng::Allowance {
            cpus: self.attempt.cpu_allowance,
            online_cpus: self.blocking(capacity::usable).await?,
            memory_bytes: self.attempt.memory_allowance_bytes,
        };
        let (tools, context) = (&self.machine.tools, self.context());
        self.start(
            Reply::Stress(None),
            tools::stress_ng::start(tools, &job, allowance, &context),
        )
        .await
    }

    async fn start_memtest(&self, job: crate::contract::memtest::Job) -> Answer {
        let tools = &self.machine.tools;
        // What another root says of its memory does not hold for a tool of this machine.
        if !self.machine.root.is_here() && !tools.is_own(stressapptest::TOOL) {
            return Err(Error::tool_missing(
                stressapptest::TOOL,
                stressapptest::TOOL,
            ));
        }
        let allowance = stressapptest::Allowance {
            cpus: self.attempt.cpu_allowance,
            memory_bytes: self.attempt.memory_allowance_bytes,
        };
        let context = self.context();
        let tool = stressapptest::start(tools, &job, allowance, &context);
        self.start(Reply::Memtest(None), tool).await
    }

    async fn start_iperf(&self, job: iperf::Job) -> Answer {
        let peer = self
            .attempt
            .peer
            .clone()
            .or_else(|| self.machine.peer.clone());
        // Without iperf3 there is no peer on this machine either, so that is what to say first.
        self.machine.tools.find("iperf3", "iperf3")?;
        let peer = peer.ok_or_else(|| Error::no_hardware("a network peer"))?;
        let (tools, context) = (&self.machine.tools, self.context());
        self.start(
            Reply::Iperf(None),
            tools::iperf3::start(tools, &job, &peer, &context),
        )
        .await
    }

    async fn start_gpu(&self, job: crate::contract::gpu::Job) -> Answer {
        let (tools, context) = (&self.machine.tools, self.context());
        self.start(
            Reply::Gpu(None),
            tools::gpu_load::start(tools, &job, self.begun, &context),
        )
        .await
    }

    async fn open_watch(&self, begins: Beginning) -> Result<WatchId, Error> {
        let most = self.attempt.max_watches;
        let number = self.number();
        let place = {
            let mut watches = self.watches.lock();
            if watches.len() >= most as usize {
                return Err(Error::too_many("watches may be open", most));
            }
            watches.insert(number, None);
            Place::new(&self.watches, number)
        };
        let begun = self.begun;
        let watch = self
            .blocking(move |root| Watch::open(root, begins, begun))
            .await??;
        Ok(place.take(watch))
    }

    async fn run_next(&self, run: RunId, timeout: Duration) -> Answer {
        let run = self.runs.get(run, "run")?;
        Ok(match run.tool.next(timeout).await? {
            Some(ToolEvent::Fio(event)) => Reply::Fio(Some(event)),
            Some(ToolEvent::Stress(event)) => Reply::Stress(Some(event)),
            Some(ToolEvent::Iperf(event)) => Reply::Iperf(Some(event)),
            Some(ToolEvent::Memtest(event)) => Reply::Memtest(Some(event)),
            Some(ToolEvent::Gpu(event)) => Reply::Gpu(Some(event)),
            None => run.nothing.clone(),
        })
    }

    async fn drop_run(&self, run: RunId) -> Answer {
        let run = self.runs.lock().remove(&run).flatten();
        if let Some(run) = run.and_then(Arc::into_inner) {
            for line in run.tool.end().await {
                tracing::warn!(line, "a tool had to be killed");
            }
        }
        Ok(Reply::Done)
    }

    /// What smartctl prints of one drive, for these arguments.
    async fn smartctl(&self, query: &str, device: &str, args: &[&str]) -> Result<Document, Error> {
        let name = device.to_owned();
        let target = self
            .blocking(move |root| smart::target(root, &name))
            .await??;
        let drive = smartctl::Drive {
            name: device,
            node: &target.node,
            kind: target.kind.as_deref(),
        };
        smartctl::drive(&self.machine.tools, query, drive, args, self.begun).await
    }

    /// The queries that this machine knows, by name.
    fn queries(&self) -> Vec<crate::contract::queries::Query> {
        let all = built_in().chain(self.machine.queries.iter().cloned());
        let known = all.map(|query| {
            let missing = self.machine.tools.missing(&query.program, &query.package);
            query.known(missing)
        });
        let mut known: Vec<_> = known.collect();
        known.sort_by(|a, b| a.name.cmp(&b.name));
        known
    }

    /// Runs a query.
    async fn query(&self, name: &str, target: &str) -> Result<Document, Error> {
        let query = find(&self.machine.queries, name)?;
        let (subject, named) = (query.subject(), target.to_owned());
        let argument = self
            .blocking(move |root| queries::argument(root, &subject, &named))
            .await??;
        let about = (target, argument.as_str());
        queries::run(&self.machine.tools, &query, about, self.begun).await
    }
}

impl RealSession {
    /// Notes that a run or a watch has been told of the cancel; whether it had been already.
    fn was_told(&self, number: u32) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        !told.insert(number)
    }

    async fn answer(&self, request: Request) -> Answer {
        let tools = &self.machine.tools;
        Ok(match request {
            Request::Monotonic => {
                Reply::Monotonic(u64::try_from(self.elapsed().as_nanos()).unwrap_or(u64::MAX))
            }
            Request::Wall => Reply::Wall(wall()),
            Request::Sleep { milliseconds } => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                Reply::Done
            }
            Request::Random { bytes } => Reply::Random(random(bytes)?),
            Request::Hwmon => {
                let mut reading = self.blocking(hwmon::read).await?;
                self.machine.alarms.keep(&mut reading);
                Reply::Hwmon(reading)
            }
            Request::QueriesList => Reply::Queries(self.queries()),
            Request::QueriesRun { name, target } => {
                Reply::Document(Box::new(self.query(&name, &target).await?))
            }
            Request::FilesList { globs } => {
                check_globs(&globs)?;
                let list = self.blocking(move |root| files::list(root, &globs));
                Reply::FilesListing(list.await?)
            }
            Request::FilesRead { paths } => {
                check_paths(&paths)?;
                let machine = &self.machine;
                Reply::FilesContents(files::read(&machine.root, &machine.blocked, paths).await)
            }
            Request::Disks => Reply::Disks(self.blocking(disks::list).await?),
            Request::ScratchSpace => {
                let folder = self.attempt.scratch.clone();
                let space = self.blocking(move |root| disks::scratch::space(root, &folder));
                Reply::ScratchSpace(space.await??)
            }
            Request::SmartDevices => Reply::SmartDevices(self.blocking(smart::devices).await?),
            Request::SmartScan => {
                Reply::Document(Box::new(smartctl::scan(tools, self.begun).await?))
            }
            Request::SmartRead { device } => {
                let document = self.smartctl("smart.read", &device, &smartctl::READ);
                Reply::Document(Box::new(document.await?))
            }
            Request::SmartStartSelfTest { device, kind } => {
                let args = smartctl::self_test(&kind)?;
                let document = self.smartctl("smart.start-self-test", &device, &args);
                Reply::Document(Box::new(document.await?))
            }
            Request::FioStart { job } => return self.start_fio(job).await,
            Request::StressStart { job } => return self.start_stress(job).await,
            Request::IperfStart { job } => return self.start_iperf(job).await,
            Request::MemtestStart { job } => return self.start_memtest(job).await,
            Request::GpuStart { job } => return self.start_gpu(job).await,
            Request::RunNext { run, timeout_ms } => {
                return self.run_next(run, Duration::from_millis(timeout_ms)).await;
            }
            Request::RunStop { run } => {
                self.runs.get(run, "run")?.tool.stop();
                Reply::Done
            }
            Request::RunDrop { run } => return self.drop_run(run).await,
            Request::GpuDevices => Reply::GpuDevices(self.blocking(gpu::devices).await?),
            Request::GpuAsk { question } => {
                let document = tools::gpu::ask(tools, &question, self.begun);
                Reply::Document(Box::new(document.await?))
            }
            Request::GpuSample => {
                let document = tools::gpu::sample(tools, self.begun);
                Reply::Document(Box::new(document.await?))
            }
            Request::Bmc { question } => {
                if let Some(missing) = self.machine.no_controller() {
                    return Err(Error::Unavailable(missing));
                }
                let document = ipmitool::ask(tools, &question, self.begun);
                Reply::Document(Box::new(document.await?))
            }
            Request::KernelLogOpen { begins } => Reply::Watch(self.open_watch(begins).await?),
            Request::KernelLogNext { watch, timeout_ms } => {
                let watch = self.watches.get(watch, "watch")?;
                Reply::KernelLog(watch.next(Duration::from_millis(timeout_ms)).await)
            }
            Request::KernelLogLost { watch } => {
                Reply::Lost(self.watches.get(watch, "watch")?.lost())
            }
            Request::KernelLogClose { watch } => {
                self.watches.lock().remove(&watch);
                Reply::Done
            }
        })
    }
}

#[async_trait]
impl Session for RealSession {
    async fn call(&self, request: Request) -> Answer {
        if request.is_always_answered() {
            return self.answer(request).await;
        }
        let last_words = match &request {
            Request::RunNext { run: number, .. } | Request::KernelLogNext { watch: number, .. } => {
                Some(*number)
            }
            _ => None,
        };
        let cancel = self.attempt.cancel.clone();
        if cancel.is_cancelled() {
            return match last_words {
                Some(number) if self.was_told(number) => self.answer(request).await,
                _ => Err(Error::Cancelled),
            };
        }
        let answer = tokio::select! {
            biased;
            answer = self.answer(request) => answer,
            () = cancel.cancelled() => Err(Error::Cancelled),
        };
        if let (Err(Error::Cancelled), Some(number)) = (&answer, last_words) {
            let _first_time = self.was_told(number);
        }
        answer
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    async fn end(&self) -> Vec<String> {
        self.watches.lock().clear();
        let runs = std::mem::take(&mut *self.runs.lock());
        let mut killed = Vec::new();
        for mut run in runs.into_values().flatten() {
            // A call that still waits for the run's next event holds it; stopping wakes it.
            let patience = Instant::now() + self.attempt.grace + RELEASE;
            loop {
                match Arc::try_unwrap(run) {
                    Ok(run) => {
                        killed.extend(run.tool.end().await);
                        break;
                    }
                    Err(_) if Instant::now() > patience => {
                        killed
                            .push("a tool that a call still waits for ends with that call".into());
                        break;
                    }
                    Err(held) => run = held,
                }
                run.tool.stop();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        killed
    }
}

fn wall() -> clock::Instant {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let since = since.unwrap_or_default();
    clock::Instant {
        seconds: since.as_secs(),
        nanoseconds: since.subsec_nanos(),
    }
}

fn random(count: u32) -> Result<Vec<u8>, Error> {
    if count > RANDOM {
        return Err(Error::invalid(
            "bytes",
            format!("must be at most {RANDOM}; is {count}"),
        ));
    }
    let mut bytes = vec![0; count as usize];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(|error| Error::no_permission(format!("/dev/urandom ({error})"), ""))?;
    Ok(bytes)
}
