//! fio: what the disk's kind can do at the job's block size and depth, less what its faults take.

use super::{End, Ending, Work, fraction, installed, milliseconds, seconds, within};
use crate::contract::fio::{self, Event, Job, Pattern, Progress, Target};
use crate::contract::types::Error;
use crate::simulated::calendar;
use crate::simulated::documents::fio::{self as printed, Direction};
use crate::simulated::documents::{JobPrinted, job};
use crate::simulated::load::Load;
use crate::simulated::profile::{DiskKind, Fault};
use crate::simulated::read::disks;
use crate::simulated::world::World;
use crate::tools::fio::{self as real, Plan};
use crate::{Answer, Reply};

/// fio's default percentiles, and how many times the mean latency each is: a solid-state drive's, a
/// spinning disk's.
const PERCENTILES: [(f64, f64, f64); 17] = [
    (1.0, 0.55, 0.12),
    (5.0, 0.68, 0.25),
    (10.0, 0.75, 0.40),
    (20.0, 0.83, 0.62),
    (30.0, 0.88, 0.78),
    (40.0, 0.92, 0.90),
    (50.0, 0.96, 1.00),
    (60.0, 1.01, 1.08),
    (70.0, 1.07, 1.16),
    (80.0, 1.14, 1.24),
    (90.0, 1.28, 1.36),
    (95.0, 1.45, 1.46),
    (99.0, 1.95, 1.60),
    (99.5, 2.30, 1.68),
    (99.9, 3.40, 1.85),
    (99.95, 4.20, 1.95),
    (99.99, 6.50, 2.20),
];

/// errno of a read or write error and of a failed verification (EIO, EILSEQ).
const EIO: i32 = 5;
const EILSEQ: i32 = 84;

struct Fio {
    version: String,
    /// Bytes per second that the options allow.
    allowed: f64,
    job: Job,
    /// The disk that does the work; `None`: memory.
    disk: Option<(String, DiskKind)>,
    runtime: Option<u64>,
    size: f64,
    bytes_per_second: f64,
    reads: f64,
    writes: f64,
    errors: u64,
    error: i32,
    /// What it opens, and its command line.
    opened: String,
    arguments: Vec<String>,
    wipe_guard: Option<String>,
}

/// Checks a job and makes its work. `guard` says whether a disk may be written to.
pub fn start(
    world: &World,
    job: Job,
    guard: impl FnOnce(&str) -> Result<String, Error>,
) -> Result<Box<dyn Work>, Error> {
    let version = installed(world, "fio", "fio")?;
    within("job.block-size", job.block_size, 512, 16 << 20)?;
    if !job.block_size.is_multiple_of(512) {
        return Err(Error::invalid(
            "job.block-size",
            "must be a multiple of 512",
        ));
    }
    within("job.io-depth", job.io_depth, 1, 1_024)?;
    within("job.workers", job.workers, 1, 256)?;
    if let Some(runtime) = job.runtime_ms {
        within("job.runtime-ms", runtime, 1, 31_536_000_000)?;
    }
    for (name, value) in &job.options {
        crate::tools::fio::option(name, value)?;
    }
    let writes = !matches!(job.pattern, Pattern::Read | Pattern::RandomRead);
    if job.verify && !writes {
        return Err(Error::invalid(
            "job.verify",
            "only a pattern that writes can be verified",
        ));
    }
    let mut wipe_guard = None;
    let (disk, whole) = match &job.target {
        Target::Scratch(size) => {
            let scratch = disks::scratch(world)?;
            within(
                "job.target",
                *size,
                u64::from(job.block_size),
                scratch.allowance_bytes,
            )?;
            (scratch.disk, *size)
        }
        Target::Disk(name) => {
            let none = || Error::no_hardware(format!("the disk {name:?}"));
            let disk = world.disk(name).ok_or_else(none)?;
            if writes {
                wipe_guard = Some(guard(name)?);
            }
            (Some(name.clone()), disk.size_bytes)
        }
    };
    if !job.offset_bytes.is_multiple_of(u64::from(job.block_size)) || job.offset_bytes >= whole {
        return Err(Error::invalid(
            "job.offset-bytes",
            "must be a multiple of the block size within the target",
        ));
    }
    let rest = whole - job.offset_bytes;
    let size = job.size_bytes.unwrap_or(rest);
    within("job.size-bytes", size, u64::from(job.block_size), rest)?;
    let target = target(&job, whole);
    let opened = target.path().display().to_string();
    let Plan { arguments, .. } = real::plan(&job, &target, job.direct)?;
    let disk = disk.and_then(|name| world.disk(&name).map(|d| (name, d.kind)));
    Ok(Box::new(Fio {
        version,
        allowed: allowed(&job)?,
        runtime: job.runtime_ms.map(|ms| ms.saturating_mul(1_000_000)),
        size: size as f64,
        disk,
        bytes_per_second: 0.0,
        reads: 0.0,
        writes: 0.0,
        errors: 0,
        error: 0,
        opened,
        arguments,
        wipe_guard,
        job,
    }))
}

/// What fio is pointed at.
fn target(job: &Job, bytes: u64) -> real::Target {
    match &job.target {
        Target::Scratch(_) => real::Target::Scratch {
            file: "/scratch/fio.scratch".into(),
            bytes,
        },
        Target::Disk(name) => real::Target::Disk {
            path: format!("/dev/{name}").into(),
            bytes,
            logical_block: 512,
        },
    }
}

/// Bytes per second that `rate` and `rate_iops` allow, which count per worker.
fn allowed(job: &Job) -> Result<f64, Error> {
    let mut allowed = f64::INFINITY;
    for (name, value) in &job.options {
        let unit = match name.as_str() {
            "rate" => 1.0,
            "rate_iops" => f64::from(job.block_size),
            _ => continue,
        };
        let limit = number(value).ok_or_else(|| {
            let reason =
                format!("`{value}` of `{name}` is no number such as `500`, `20k`, `4m`, `1g`");
            Error::invalid("job.options", reason)
        })?;
        allowed = allowed.min(limit * unit * f64::from(job.workers));
    }
    Ok(allowed)
}

/// A positive number in fio's spelling: `k`, `m` and `g` are powers of 1,024.
fn number(text: &str) -> Option<f64> {
    let text = text.to_ascii_lowercase();
    let digits = text.trim_end_matches(['k', 'm', 'g']);
    let factor = match text.get(digits.len()..)? {
        "" => 1.0,
        "k" => 1_024.0,
        "m" => 1_048_576.0,
        "g" => 1_073_741_824.0,
        _ => return None,
    };
    let number: u32 = digits.parse().ok().filter(|n| *n > 0)?;
    Some(f64::from(number) * factor)
}

impl Fio {
    fn under_way(&self) -> f64 {
        f64::from(self.job.io_depth) * f64::from(self.job.workers)
    }

    /// The part of the accesses that read.
    fn reading(&self) -> f64 {
        match self.job.pattern {
            Pattern::Read | Pattern::RandomRead => 1.0,
            Pattern::Write | Pattern::RandomWrite => 0.0,
            Pattern::RandomReadWrite => 0.5,
        }
    }

    /// Bytes per second, were nothing wrong and nobody else at work.
    fn able(&self, world: &World) -> f64 {
        let block = f64::from(self.job.block_size);
        let Some((name, kind)) = &self.disk else {
            return (block * 600e3 * self.under_way().min(4.0)).min(6e9);
        };
        let speed = kind.speed();
        let reading = self.reading();
        let mut through = reading * speed.read + (1.0 - reading) * speed.write;
        let full = disks::full_link(*kind);
        if let (Some(full), Some(link)) =
            (&full, world.link(disks::address(world, name), full.clone()))
        {
            let lanes = f64::from(link.current_width) / f64::from(full.current_width.max(1));
            through *= (lanes * link.current_speed / full.current_speed).clamp(0.0, 1.0);
        }
        let sequential = matches!(self.job.pattern, Pattern::Read | Pattern::Write);
        let access = if sequential { 12e-6 } else { speed.access };
        let most = if sequential {
            f64::INFINITY
        } else {
            speed.iops
        };
        let accesses = (self.under_way() / (access + block / through)).min(most);
        (accesses * block).min(through)
    }

    fn direction(&self, bytes: f64, part: f64, elapsed: u64) -> Direction {
        let accesses = (bytes / f64::from(self.job.block_size)) as u64;
        if accesses == 0 {
            return Direction::default();
        }
        let took = seconds(elapsed).max(1e-6);
        let iops = accesses as f64 / took;
        let mean = self.under_way() * part / iops * 1e9;
        let spins = self
            .disk
            .as_ref()
            .is_some_and(|(_, kind)| kind.rotational());
        let percentile = |(percent, solid, spinning): (f64, f64, f64)| {
            (
                percent,
                (mean * if spins { spinning } else { solid }).round(),
            )
        };
        let percentiles: Vec<_> = PERCENTILES.into_iter().map(percentile).collect();
        let highest = percentiles.last().map_or(mean, |(_, ns)| *ns);
        Direction {
            bytes: accesses.saturating_mul(u64::from(self.job.block_size)),
            accesses,
            bytes_per_second: bytes / took,
            iops,
            runtime_ms: milliseconds(elapsed).max(1),
            mean_ns: mean,
            highest_ns: (highest * 1.3).round(),
            percentiles,
        }
    }

    fn stderr(&self) -> String {
        let (path, block) = (self.opened.as_str(), self.job.block_size);
        let operation = if self.reading() > 0.0 {
            "read"
        } else {
            "write"
        };
        match self.error {
            EIO => {
                let error = "Input/output error";
                let access = printed::access_failed(path, error, operation, 1_048_641_536, block);
                access + &printed::job_failed(EIO, error)
            }
            EILSEQ => printed::verify_failed(path, 40_960, block),
            _ => String::new(),
        }
    }

    /// What fio prints at its end.
    fn printed(&self, world: &World, elapsed: u64, end: End) -> JobPrinted {
        let now = world
            .profile
            .epoch_seconds
            .saturating_add(world.now / 1_000_000_000);
        let mut read = self.direction(self.reads, self.reading(), elapsed);
        if self.job.verify {
            // What was written is read back.
            read = self.direction(self.writes, 1.0, elapsed);
        }
        let report = printed::report(&printed::Done {
            version: &self.version,
            seconds: now,
            time: calendar::ctime(now),
            arguments: &self.arguments,
            error: self.error,
            total_errors: self.job.verify.then_some(self.errors),
            elapsed_s: elapsed / 1_000_000_000,
            read,
            write: self.direction(self.writes, 1.0 - self.reading(), elapsed),
            disk: self.disk.as_ref().map(|(name, _)| name.as_str()),
        });
        JobPrinted {
            target: match &self.job.target {
                Target::Disk(name) => name.clone(),
                Target::Scratch(_) => "scratch".to_owned(),
            },
            arguments: self.arguments.clone(),
            version: format!("fio-{}", self.version),
            stdout: report + "\n",
            stderr: self.stderr(),
            exit_status: match end.how {
                Ending::Stopped => 128,
                // A failed verification leaves the exit status 0 under `continue_on_error=verify`.
                _ => i32::from(self.error == EIO),
            },
        }
    }
}

impl Work for Fio {
    fn tool(&self) -> &str {
        "fio"
    }

    fn load(&self, _: &World, load: &mut Load) {
        if let Some((name, _)) = &self.disk {
            *load.disks.entry(name.clone()).or_default() += 1.0;
        }
        load.add_cpu(0, 0.3);
    }

    fn plan(&mut self, world: &World, elapsed: u64) -> u64 {
        let mut rate = self.able(world);
        if let Some((name, _)) = &self.disk {
            let io_errors = world.faults().filter_map(|f| match f {
                Fault::DiskIoError { disk, count } if disk == name => Some(*count),
                _ => None,
            });
            let io_errors: u64 = io_errors.sum();
            let gone = world.disk(name).is_none();
            if elapsed > 0 && (io_errors > 0 || gone) {
                self.error = EIO;
                self.errors = io_errors.max(1);
                // Without `continue_on_error`, the first error is the end.
                return 0;
            }
            if self.job.verify {
                let wrong = world.faults().filter_map(|f| match f {
                    Fault::DiskVerifyError { disk, count } if disk == name => Some(*count),
                    _ => None,
                });
                let wrong: u64 = wrong.sum();
                if wrong > 0 {
                    self.error = EILSEQ;
                    self.errors = wrong;
                }
            }
            rate *= world.factor(|f| match f {
                Fault::DiskSlow { disk, percent } if disk == name => Some(percent.max(0.1)),
                _ => None,
            });
            rate /= world.load.disks.get(name).copied().unwrap_or(1.0).max(1.0);
            rate = world.about(rate, 0.015, &format!("fio/{name}"));
        }
        rate = rate.min(self.allowed);
        // Whatever else is wrong, a byte goes through.
        self.bytes_per_second = if rate.is_finite() { rate.max(1.0) } else { 1.0 };
        // With a run time, fio begins again when the size is through (`time_based`).
        if let Some(runtime) = self.runtime {
            return runtime.saturating_sub(elapsed);
        }
        let left = self.size - self.reads - self.writes;
        if left < 1.0 {
            return 0;
        }
        (left / self.bytes_per_second * 1e9).ceil() as u64
    }

    fn pass(&mut self, world: &mut World, nanoseconds: u64) {
        let left = match self.runtime {
            Some(_) => f64::INFINITY,
            None => (self.size - self.reads - self.writes).max(0.0),
        };
        let bytes = (self.bytes_per_second * seconds(nanoseconds)).min(left);
        let reads = bytes * self.reading();
        self.reads += reads;
        self.writes += bytes - reads;
        if let Some((name, _)) = &self.disk {
            let total = world.disks.entry(name.clone()).or_default();
            total.read_bytes = total.read_bytes.saturating_add(reads as u64);
            total.written_bytes = total.written_bytes.saturating_add((bytes - reads) as u64);
        }
    }

    fn progress(&self, elapsed: u64) -> Reply {
        let by_size = match self.runtime {
            Some(_) => 0.0,
            None => (self.reads + self.writes) / self.size.max(1.0),
        };
        let by_time = self
            .runtime
            .map_or(0.0, |runtime| fraction(elapsed, runtime));
        Reply::Fio(Some(Event::Progress(Progress {
            fraction: by_size.max(by_time).min(1.0),
            elapsed_ms: milliseconds(elapsed),
            read_bytes_per_second: self.bytes_per_second * self.reading(),
            write_bytes_per_second: self.bytes_per_second * (1.0 - self.reading()),
            iops: self.bytes_per_second / f64::from(self.job.block_size),
        })))
    }

    fn finished(&mut self, world: &World, elapsed: u64, end: End) -> Answer {
        let printed = self.printed(world, elapsed, end);
        Ok(Reply::Fio(Some(Event::Finished(fio::Ending {
            document: job(world, "fio", "fio.start", end, elapsed, printed),
            opened: self.opened.clone(),
            direct: self.job.direct,
            wipe_guard: self.wipe_guard.clone(),
            workers: self.job.workers,
            stopped: end.stopped(),
            ran_ms: milliseconds(elapsed),
            left_out_bytes: 0,
            extra: Vec::new(),
        }))))
    }

    fn nothing(&self) -> Reply {
        Reply::Fio(None)
    }
}
