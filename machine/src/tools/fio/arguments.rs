//! From a typed job to fio's command line. Whatever is not in range here never reaches fio.

use std::path::Path;

use super::Target;
use crate::contract::fio::{Job, Pattern};
use crate::contract::types::Error;
use crate::wipe::PATTERN;

/// The command line, and how many bytes will be through at the end.
#[derive(Debug)]
pub struct Plan {
    /// fio's arguments.
    pub arguments: Vec<String>,
    /// Bytes in all; what is verified counts twice.
    pub total: u64,
}

/// The ranges that `wit/fio.wit` gives.
pub(super) fn check(job: &Job, target: &Target) -> Result<(), Error> {
    let range = |name: &str, value: u64, low: u64, high: u64| {
        if (low..=high).contains(&value) {
            return Ok(());
        }
        let reason = format!("{value} is not from {low} to {high}");
        Err(Error::invalid(&format!("job.{name}"), reason))
    };
    let block = u64::from(job.block_size);
    range("block-size", block, 512, 16 << 20)?;
    if block % 512 != 0 {
        return Err(Error::invalid(
            "job.block-size",
            format!("{block} is not a multiple of 512"),
        ));
    }
    range("io-depth", job.io_depth.into(), 1, 1024)?;
    range("workers", job.workers.into(), 1, 256)?;
    if let Some(runtime) = job.runtime_ms {
        // A year: fio counts microseconds in 64 bits, and nobody means more.
        range("runtime-ms", runtime, 1, 365 * 24 * 3_600_000)?;
    }
    if !job.offset_bytes.is_multiple_of(block) {
        let reason = format!(
            "{} is not a multiple of the block size {block}",
            job.offset_bytes
        );
        return Err(Error::invalid("job.offset-bytes", reason));
    }
    if let Target::Disk {
        logical_block,
        path,
        ..
    } = target
    {
        let logical = u64::from(*logical_block).max(1);
        if block % logical != 0 {
            let path = path.display();
            let reason =
                format!("{block} is not a multiple of {path}'s logical block of {logical} bytes");
            return Err(Error::invalid("job.block-size", reason));
        }
    }
    if job.verify && !writes(&job.pattern) {
        let reason = "only a pattern that writes can be verified";
        return Err(Error::invalid("job.verify", reason));
    }
    if let (true, Target::Disk { path, .. }) = (writes(&job.pattern), target)
        && let Some((name, _)) = job.options.iter().find(|(name, _)| changes_data(name))
    {
        let path = path.display();
        let reason = format!(
            "{name} is not allowed on {path}: a disk is written with the host's own pattern, so that it counts as empty afterwards"
        );
        return Err(Error::invalid("job.options", reason));
    }
    job.options
        .iter()
        .try_for_each(|(name, value)| option(name, value))
}

/// What fills the blocks that are written to a disk: the pattern by which the wipe guard knows them
/// again. fio takes a text in double quotes for its bytes.
pub fn pattern(verify: bool) -> String {
    let option = if verify {
        "verify_pattern"
    } else {
        "buffer_pattern"
    };
    let text = String::from_utf8_lossy(PATTERN);
    format!("--{option}=\"{text}\"")
}

/// Whether an option makes the blocks' content another one.
fn changes_data(option: &str) -> bool {
    matches!(
        option,
        "buffer_pattern" | "refill_buffers" | "buffer_compress_percentage"
    )
}

/// Whether a pattern writes.
pub(super) fn writes(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Read | Pattern::RandomRead => false,
        Pattern::Write | Pattern::RandomWrite | Pattern::RandomReadWrite => true,
    }
}

/// The allow-list of options beyond a job's fields. No value can name a file: fio takes `'…'` in a
/// buffer pattern for one.
///
/// # Errors
///
/// `invalid`, with what would be accepted.
pub fn option(name: &str, value: &str) -> Result<(), Error> {
    let digits = |text: &str| {
        !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit())
    };
    let amount = |text: &str| {
        digits(
            text.strip_suffix(['k', 'm', 'g', 'K', 'M', 'G'])
                .unwrap_or(text),
        )
    };
    let hex = |text: &str| {
        !text.is_empty() && text.len() <= 1024 && text.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let time = |text: &str| {
        let number = ["us", "ms", "s"]
            .iter()
            .find_map(|unit| text.strip_suffix(unit));
        digits(number.unwrap_or(text))
    };
    let (good, wanted) = match name {
        "rate" | "rate_iops" => (
            value.split(',').count() <= 3 && value.split(',').all(amount),
            "up to three amounts such as 100m",
        ),
        "thinktime" => (time(value), "a time such as 500us"),
        "random_generator" => (
            ["tausworthe", "lfsr", "tausworthe64"].contains(&value),
            "tausworthe, lfsr or tausworthe64",
        ),
        "norandommap" | "refill_buffers" => (["", "0", "1"].contains(&value), "nothing, 0 or 1"),
        "buffer_pattern" => (
            value.strip_prefix("0x").is_some_and(hex) || digits(value),
            "a number such as 0xdeadbeef",
        ),
        "buffer_compress_percentage" => (
            value.parse().is_ok_and(|n: u8| n <= 100) && digits(value),
            "0 to 100",
        ),
        _ => (
            false,
            "one of rate, rate_iops, thinktime, random_generator, norandommap, buffer_pattern, refill_buffers, buffer_compress_percentage as the name",
        ),
    };
    if good {
        return Ok(());
    }
    let given: String = format!("{name}={value}").chars().take(80).collect();
    Err(Error::invalid(
        "job.options",
        format!("{given:?} is not allowed: it takes {wanted}"),
    ))
}

/// fio's arguments. Each worker has a part of the target of its own, so that no worker overwrites
/// what another one is about to verify.
///
/// # Errors
///
/// `invalid` where the job does not fit the target.
pub fn plan(job: &Job, target: &Target, direct: bool) -> Result<Plan, Error> {
    let (path, bytes) = match target {
        Target::Scratch { file, bytes } => (file, *bytes),
        Target::Disk { path, bytes, .. } => (path, *bytes),
    };
    let block = u64::from(job.block_size);
    let room = bytes.saturating_sub(job.offset_bytes);
    let wanted = job.size_bytes.unwrap_or(room);
    if wanted > room {
        let reason = format!(
            "{wanted} bytes from {} on are more than the target's {bytes}",
            job.offset_bytes
        );
        return Err(Error::invalid("job.size-bytes", reason));
    }
    let workers = u64::from(job.workers.max(1));
    let part = wanted / workers / block * block;
    if part == 0 {
        let reason = format!(
            "{wanted} bytes are less than one block of {block} for each of {workers} workers"
        );
        return Err(Error::invalid("job.size-bytes", reason));
    }
    let rw = match job.pattern {
        Pattern::Read => "read",
        Pattern::RandomRead => "randread",
        Pattern::Write => "write",
        Pattern::RandomWrite => "randwrite",
        Pattern::RandomReadWrite => "randrw",
    };
    let mut arguments: Vec<String> = [
        "--name=vetting",
        "--thread",
        "--group_reporting",
        "--output-format=json",
        "--status-interval=1",
        "--eta=never",
        "--allow_mounted_write=0",
        // Would be written into the current folder.
        "--verify_state_save=0",
        "--verify_dump=0",
        if direct {
            "--ioengine=libaio"
        } else {
            "--ioengine=psync"
        },
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--direct={}", u8::from(direct)));
    arguments.push(format!("--filename={}", file_name(path)?));
    arguments.push(format!("--rw={rw}"));
    arguments.push(format!("--bs={block}"));
    arguments.push(format!("--iodepth={}", job.io_depth));
    arguments.push(format!("--numjobs={workers}"));
    arguments.push(format!("--offset={}", job.offset_bytes));
    arguments.push(format!("--size={part}"));
    if workers > 1 {
        arguments.push(format!("--offset_increment={part}"));
    }
    match target {
        Target::Scratch { bytes, .. } => arguments.push(format!("--filesize={bytes}")),
        Target::Disk { .. } => arguments.push("--allow_file_create=0".into()),
    }
    if matches!(target, Target::Disk { .. }) && writes(&job.pattern) {
        arguments.push(pattern(job.verify));
    }
    // A scratch file has to be laid out before it can be read, which fio counts as writing.
    if matches!(target, Target::Disk { .. }) && !writes(&job.pattern) {
        arguments.push("--readonly".into());
    }
    if let Some(runtime) = job.runtime_ms {
        arguments.push(format!("--runtime={runtime}ms"));
        arguments.push("--time_based".into());
    }
    if job.verify {
        arguments.extend(
            [
                "--verify=crc32c",
                "--do_verify=1",
                "--continue_on_error=verify",
            ]
            .map(str::to_owned),
        );
    }
    for (name, value) in &job.options {
        arguments.push(match value.is_empty() {
            true => format!("--{name}"),
            false => format!("--{name}={value}"),
        });
    }
    // What is verified is read once more.
    let total = part * workers * if job.verify { 2 } else { 1 };
    Ok(Plan { arguments, total })
}

/// fio takes a colon for the end of a file's name.
fn file_name(path: &Path) -> Result<String, Error> {
    let text = path
        .to_str()
        .filter(|text| path.is_absolute() && !text.contains(['\n', '\\']));
    let text =
        text.ok_or_else(|| Error::invalid("job.target", "not an absolute path of plain text"))?;
    Ok(text.replace(':', "\\:"))
}
