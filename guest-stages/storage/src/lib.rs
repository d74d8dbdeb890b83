//! Storage: are disks read without error and as fast as their kind, and is what is written to
//! scratch read back the same? Raw disks are only ever read.

mod class;
mod judge;
mod measured;
mod peers;
mod refused;
mod rules;
#[cfg(test)]
mod tests;

use measured::Measured;
use vetting_stage::disks::{Disk, Scratch, Transport};
use vetting_stage::fio::{Ending, Job, Pattern, Progress, Target};
use vetting_stage::types::Error;
use vetting_stage::{
    Drive, Driven, Findings, KernelEvents, Outcome, Plan, absence, clock, context, disks, drive,
    explain, fio, info, part, sample,
};

vetting_stage::parameters! {
    /// How long to read each disk, once in order and once at random.
    duration: duration = "8s", "default";
    /// Size of the file that is written to scratch and checked, in MiB.
    scratch_mib: integer = 256, "default";
    /// The least that every disk must read in order, in MB/s.
    min_read_mbps: optional_number = null, "the machine's spec";
    /// The least that every disk must read at random, in accesses per second.
    min_read_iops: optional_number = null, "the machine's spec";
    /// Speed, in per cent of the middle of disks of one model, below which a disk is worth a look.
    peers_warn_percent: number = 85.0, "redhat-cip/hardware, cardiff; default";
    /// Speed, in per cent of the middle of disks of one model, that a disk must have.
    peers_fail_percent: number = 70.0, "redhat-cip/hardware, cardiff; default";
    /// Latency of 99.9 % of random reads of a solid-state disk, in times that of half of them, that is usual.
    tail_warn_ratio: number = 20.0, "default";
}

vetting_stage::files! {
    /// to see errors that disks answered with
    refused::FILES;
}

vetting_stage::stage!(run);

/// Kept for tools to end and for judging.
const RESERVE_MS: u64 = 3_000;
/// fio needs this long to start and to end, beside the time it measures.
const OVERHEAD_MS: u64 = 1_500;
/// Less than this measures nothing.
const LEAST_MS: u64 = 1_000;

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let facts = context::get();
    let plan = Plan::new(&facts);
    let mut findings = Findings::new();
    let disks = disks::list().map_err(|e| explain(&e))?;
    let disks: Vec<Disk> = disks.into_iter().filter(is_of_the_machine).collect();
    if disks.is_empty() {
        return Ok(findings.skip("the machine has no disk", "no disk"));
    }
    for disk in &disks {
        judge::listed(disk, &mut findings);
    }
    let (disks, unreadable): (Vec<Disk>, Vec<Disk>) =
        disks.into_iter().partition(|disk| disk.size_bytes > 0);
    if disks.is_empty() {
        let none = format!("0 of {} disks read", unreadable.len());
        return Ok(findings.outcome(none));
    }
    let mut kernel = KernelEvents::watch();
    let before = refused::read();
    let scratch = disks::scratch_space();
    let mut cancelled = integrity(&scratch, &parameters, &mut findings);
    // What is left is shared out evenly: two readings of each disk.
    let readings = 2 * disks.len() as u64;
    let left = plan.left_ms(clock::monotonic(), RESERVE_MS) / readings;
    let wish = u64::try_from(parameters.duration.as_millis()).unwrap_or(u64::MAX);
    let each = wish.min(left.saturating_sub(OVERHEAD_MS));
    if each < wish {
        let message = format!("the deadline cut {wish} ms of each reading to {each} ms");
        findings.broken(rules::DURATION, None, message);
    }
    let mut measured = Vec::new();
    for (index, disk) in disks.iter().enumerate() {
        let place = judge::part_of(disk);
        judge::link(disk, &disks, &mut findings);
        let fits = plan.left_ms(clock::monotonic(), RESERVE_MS) >= 2 * (each + OVERHEAD_MS);
        if cancelled || each < LEAST_MS || !fits {
            findings.unknown(
                rules::NOT_REACHED,
                Some(&place),
                "there was no time left to read it",
            );
            continue;
        }
        let from = index as f64 / disks.len() as f64;
        let share = 1.0 / disks.len() as f64;
        let mut speeds = judge::Speeds::default();
        for kind in [judge::Kind::InOrder, judge::Kind::AtRandom] {
            let begin = if kind == judge::Kind::AtRandom {
                from + share / 2.0
            } else {
                from
            };
            match read_or_below(
                disk,
                kind,
                each,
                (begin, share / 2.0),
                &scratch,
                &parameters,
            ) {
                Ok((driven, how)) => {
                    cancelled |= driven.cancelled;
                    if how == How::ThroughFile && kind == judge::Kind::InOrder {
                        let message = "it may not be opened, and was measured through a scratch file on it; run as root";
                        findings.broken(rules::THROUGH_FILE, Some(&place), message);
                    }
                    let block = block_of(kind, disk);
                    let reading = Measured::of(&driven.summary, block);
                    speeds.hold(kind, &reading, disk, &parameters, &mut findings);
                }
                Err(Error::Cancelled) => {
                    cancelled = true;
                    let message = format!(
                        "reading {}: fio gave nothing back before the attempt ended: the drive or the path to it may hang",
                        kind.words()
                    );
                    findings.unknown(rules::FIO, Some(&place), message);
                }
                Err(error) => {
                    let message = format!("it could not be read: {}", explain(&error));
                    findings.unknown(rules::FIO, Some(&place), message);
                    break;
                }
            }
            kernel.collect();
            if cancelled {
                break;
            }
        }
        measured.push((disk.clone(), speeds));
    }
    peers::judge(&measured, &parameters, &mut findings);
    if let Ok(now) = disks::list() {
        judge::still_there(&disks, &now, &mut findings);
    }
    refused::judge(&before, &refused::read(), &mut findings);
    if let Err(why) = kernel.judge(rules::Table, &mut findings) {
        findings.broken(rules::KERNEL_LOG, None, why);
    }
    Ok(findings.outcome(judge::summary(&disks, &measured)))
}

/// Words in the models of disks that a management controller makes up.
const VIRTUAL_MEDIA: [&str; 6] = ["Virtual", "AMI", "iDRAC", "LCDRIVE", "OEMDRV", "iLO"];

/// An empty card reader is not a disk, and a disk that the management controller makes up is not one of
/// the machine's.
fn is_of_the_machine(disk: &Disk) -> bool {
    let usb = disk.removable && disk.transport == Transport::Usb;
    let model = disk.model.as_deref().unwrap_or_default();
    let made_up = usb && VIRTUAL_MEDIA.iter().any(|word| model.contains(word));
    let empty = disk.removable && disk.size_bytes == 0;
    if made_up || empty {
        let why = if empty {
            "has no medium"
        } else {
            "is virtual media"
        };
        info!("{} {why} and is left out", disk.name);
    }
    !made_up && !empty
}

/// Writes a file to scratch with a checksum in every block, and reads it back. Returns whether the
/// attempt was cancelled under it.
fn integrity(
    scratch: &Result<Scratch, Error>,
    parameters: &Parameters,
    findings: &mut Findings,
) -> bool {
    let space = match scratch {
        Ok(space) => space,
        Err(error) => {
            findings.unknown(
                rules::SCRATCH,
                None,
                format!("no scratch file: {}", explain(error)),
            );
            return *error == Error::Cancelled;
        }
    };
    let bytes = file_bytes(space, parameters);
    let place = place_of(space);
    if bytes == 0 {
        findings.unknown(
            rules::SCRATCH,
            Some(&place),
            "there is no room for a scratch file",
        );
        return false;
    }
    let job = Job {
        target: Target::Scratch(bytes),
        pattern: Pattern::Write,
        block_size: BLOCK as u32,
        io_depth: 16,
        workers: 1,
        runtime_ms: None,
        size_bytes: None,
        offset_bytes: 0,
        direct: true,
        verify: true,
        options: Vec::new(),
    };
    let _shown = context::progress(0.0, "writing and checking a scratch file");
    match follow(&job, 0.0, 0.0, "scratch") {
        Ok(driven) => {
            let reading = Measured::of(&driven.summary, BLOCK as u32);
            judge::integrity(&reading, bytes, &place, driven.cancelled, findings);
            driven.cancelled
        }
        Err(error) => {
            let message = format!("the scratch file could not be checked: {}", explain(&error));
            match absence(&error) {
                Some(_) => findings.broken(rules::NO_SCRATCH, Some(&place), message),
                None => findings.unknown(rules::SCRATCH, Some(&place), message),
            }
            error == Error::Cancelled
        }
    }
}

/// Bytes of one access of the scratch test.
const BLOCK: u64 = 128 << 10;

fn place_of(space: &Scratch) -> vetting_stage::Part {
    let below = space.disk.as_deref().unwrap_or("no disk");
    part("scratch", format!("{} on {below}", space.file_system))
}

/// A whole number of blocks, and never more than half of what there is.
fn file_bytes(space: &Scratch, parameters: &Parameters) -> u64 {
    let wish = parameters.scratch_mib.max(1).saturating_mul(1 << 20);
    wish.min(space.allowance_bytes / 2) / BLOCK * BLOCK
}

/// How a disk was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Itself.
    Raw,
    /// Through a scratch file that lies on it.
    ThroughFile,
}

/// Errnos by which a disk may not be opened: EPERM, EACCES.
const MAY_NOT: [i64; 2] = [1, 13];

/// Reads a disk; one that may not be opened, and that scratch lies on, through a file there.
fn read_or_below(
    disk: &Disk,
    kind: judge::Kind,
    runtime_ms: u64,
    shown: (f64, f64),
    scratch: &Result<Scratch, Error>,
    parameters: &Parameters,
) -> Result<(Driven<Ending>, How), Error> {
    let raw = read(
        disk,
        Target::Disk(disk.name.clone()),
        kind,
        runtime_ms,
        shown,
    )?;
    match scratch {
        Ok(space)
            if MAY_NOT.contains(&Measured::of(&raw.summary, block_of(kind, disk)).error())
                && !raw.cancelled
                && space.disk.as_deref() == Some(&disk.name) =>
        {
            let file = Target::Scratch(file_bytes(space, parameters));
            Ok((read(disk, file, kind, runtime_ms, shown)?, How::ThroughFile))
        }
        _ => Ok((raw, How::Raw)),
    }
}

/// Bytes of one access.
fn block_of(kind: judge::Kind, disk: &Disk) -> u32 {
    let usual = match kind {
        judge::Kind::InOrder => 128 << 10,
        judge::Kind::AtRandom => 4 << 10,
    };
    // Disks formatted with larger blocks cannot read smaller ones.
    disk.logical_block_bytes.max(usual)
}

fn read(
    disk: &Disk,
    target: Target,
    kind: judge::Kind,
    runtime_ms: u64,
    (from, share): (f64, f64),
) -> Result<Driven<Ending>, Error> {
    let (pattern, io_depth, workers) = match kind {
        judge::Kind::InOrder => (Pattern::Read, 32, 1),
        judge::Kind::AtRandom => (Pattern::RandomRead, 32, 4),
    };
    let job = Job {
        target,
        pattern,
        block_size: block_of(kind, disk),
        io_depth,
        workers,
        runtime_ms: Some(runtime_ms),
        size_bytes: None,
        offset_bytes: 0,
        direct: true,
        verify: false,
        options: Vec::new(),
    };
    let _shown = context::progress(from, &format!("reading {} {}", disk.name, kind.words()));
    follow(&job, from, share, &disk.name)
}

fn follow(job: &Job, from: f64, share: f64, name: &str) -> Result<Driven<Ending>, Error> {
    let tool = fio::start(job)?;
    drive(&tool, 1_000, |progress: Option<&Progress>| {
        if let Some(progress) = progress {
            let _shown = context::progress(from + share * progress.fraction, name);
            sample(
                "throughput",
                &format!("{name}/read"),
                progress.read_bytes_per_second,
                "B/s",
            );
            sample(
                "throughput",
                &format!("{name}/write"),
                progress.write_bytes_per_second,
                "B/s",
            );
        }
        Drive::On
    })
}
