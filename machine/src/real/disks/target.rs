//! From a fio job's target to what fio is pointed at. A disk that is written to is the wipe guard's.

use std::path::Path;

use super::{find, node, scratch};
use crate::contract::disks::Disk;
use crate::contract::fio::{Job, Pattern, Target};
use crate::contract::types::Error;
use crate::real::root::Root;
use crate::real::wipe::{self, Held};
use crate::tools::fio;

/// What fio is pointed at, and what is held for as long as it works.
#[derive(Debug)]
pub struct Aim {
    pub target: fio::Target,
    pub held: Option<Held>,
}

/// Checks a job (`wit/fio.wit`) and says what fio is to be pointed at. `open` is the wipe guard: it
/// opens a disk for writing, or refuses.
pub fn of(
    root: &Root,
    job: &Job,
    scratch_folder: &Path,
    open: impl Fn(&str) -> Result<Held, Error>,
) -> Result<Aim, Error> {
    let writes = !matches!(job.pattern, Pattern::Read | Pattern::RandomRead);
    ranges(job, writes)?;
    match &job.target {
        Target::Scratch(bytes) => {
            let allowance = scratch::space(root, scratch_folder)?.allowance_bytes;
            if *bytes == 0 || *bytes > allowance {
                let reason =
                    format!("must be 1 to {allowance} bytes, half of what is free; is {bytes}");
                return Err(Error::invalid("job.target", reason));
            }
            fits(job, *bytes)?;
            let file = scratch_folder.join("fio.scratch");
            Ok(Aim {
                target: fio::Target::Scratch {
                    file,
                    bytes: *bytes,
                },
                held: None,
            })
        }
        Target::Disk(name) => {
            let known = find(root, name);
            if writes && known.is_none() && wipe::is_partition(root, name) {
                return Err(open(name).map_or_else(|error| error, |_| no_disk(name)));
            }
            let disk = known.ok_or_else(|| no_disk(name))?;
            fits(job, disk.size_bytes)?;
            if writes {
                let held = open(&disk.name)?;
                return Ok(Aim {
                    target: whole(&disk, held.path()),
                    held: Some(held),
                });
            }
            let path = node(root, &disk.name);
            let path = path.map_err(|error| Error::no_hardware(format!("dev/{name}: {error}")))?;
            Ok(Aim {
                target: whole(&disk, path),
                held: None,
            })
        }
    }
}

fn no_disk(name: &str) -> Error {
    Error::no_hardware(format!("the disk {name:?}"))
}

fn whole(disk: &Disk, path: std::path::PathBuf) -> fio::Target {
    fio::Target::Disk {
        path,
        bytes: disk.size_bytes,
        logical_block: disk.logical_block_bytes,
    }
}

fn ranges(job: &Job, writes: bool) -> Result<(), Error> {
    let within = |argument: &str, value: u32, low: u32, high: u32| {
        let reason = || format!("must be {low} to {high}; is {value}");
        (low..=high)
            .contains(&value)
            .then_some(())
            .ok_or_else(|| Error::invalid(argument, reason()))
    };
    within("job.block-size", job.block_size, 512, 16 << 20)?;
    if !job.block_size.is_multiple_of(512) {
        return Err(Error::invalid(
            "job.block-size",
            format!("must be a multiple of 512; is {}", job.block_size),
        ));
    }
    within("job.io-depth", job.io_depth, 1, 1024)?;
    within("job.workers", job.workers, 1, 256)?;
    if job.runtime_ms == Some(0) {
        return Err(Error::invalid("job.runtime-ms", "must be at least 1"));
    }
    if job.verify && !writes {
        return Err(Error::invalid("job.verify", "needs a pattern that writes"));
    }
    Ok(())
}

/// Whether the part of the target that is asked for exists.
fn fits(job: &Job, bytes: u64) -> Result<(), Error> {
    if !job.offset_bytes.is_multiple_of(u64::from(job.block_size)) {
        let reason = format!("must be a multiple of the block size, {}", job.block_size);
        return Err(Error::invalid("job.offset-bytes", reason));
    }
    if job.offset_bytes >= bytes {
        let reason = format!(
            "must be below the target's size, {bytes}; is {}",
            job.offset_bytes
        );
        return Err(Error::invalid("job.offset-bytes", reason));
    }
    let left = bytes - job.offset_bytes;
    match job.size_bytes {
        Some(size) if size < u64::from(job.block_size) || size > left => {
            let reason = format!("must be {} to {left} bytes; is {size}", job.block_size);
            Err(Error::invalid("job.size-bytes", reason))
        }
        None if left < u64::from(job.block_size) => {
            let reason = format!("must be at most what the target has, {left} bytes");
            Err(Error::invalid("job.block-size", reason))
        }
        _ => Ok(()),
    }
}
