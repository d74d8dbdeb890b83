//! From a fio job's target to what fio is pointed at: the guard between a stage and the disks.

use std::path::Path;

use super::{find, node, scratch};
use crate::contract::fio::{Job, Pattern, Target};
use crate::contract::types::Error;
use crate::real::root::Root;
use crate::tools::fio;

/// Checks a job (`wit/fio.wit`) and says what fio is to be pointed at.
pub fn of(root: &Root, job: &Job, scratch_folder: &Path) -> Result<fio::Target, Error> {
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
            Ok(fio::Target::Scratch {
                file: scratch_folder.join("fio.scratch"),
                bytes: *bytes,
            })
        }
        Target::Disk(name) => {
            let disk =
                find(root, name).ok_or_else(|| Error::no_hardware(format!("the disk {name:?}")))?;
            if writes {
                return Err(Error::Denied(refusal(&disk)));
            }
            fits(job, disk.size_bytes)?;
            let path = node(root, &disk.name);
            let path = path.map_err(|error| Error::no_hardware(format!("dev/{name}: {error}")))?;
            Ok(fio::Target::Disk {
                path,
                bytes: disk.size_bytes,
                logical_block: disk.logical_block_bytes,
            })
        }
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

/// Why a disk may not be written to, with the state of each condition.
fn refusal(disk: &crate::contract::disks::Disk) -> String {
    use crate::contract::disks::Content;
    let uses: Vec<String> = disk
        .in_use
        .iter()
        .map(|u| format!("{} {}", u.kind, u.by))
        .collect();
    let uses = match uses.is_empty() {
        true => "yes".to_owned(),
        false => format!("no ({})", uses.join(", ")),
    };
    let empty = match &disk.content {
        Content::NoneRecognised => "no signature recognised, blocks not sampled".to_owned(),
        Content::Unreadable(reason) => format!("no (unreadable: {reason})"),
        Content::Signatures(found) => {
            let found: Vec<_> = found
                .iter()
                .map(|s| format!("{} at {}", s.kind, s.offset))
                .collect();
            format!("no ({})", found.join(", "))
        }
    };
    format!(
        "writing to the disk {} needs all of these. live-image mode: no; \
         run may write: not asked; matches one expected disk: not asked (serial {}); \
         transport allowed: {}; writable: {}; not in use: {uses}; empty: {empty}; wipe override: none",
        disk.name,
        disk.serial.as_deref().unwrap_or("unknown"),
        super::transport::name(&disk.transport),
        if disk.read_only { "no" } else { "yes" },
    )
}
