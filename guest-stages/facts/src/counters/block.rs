//! Block devices: their statistics, errors and queue.

use serde::Serialize;

use super::change::{Count, Part};
use super::folder::{Folder, Leftover, link, names};
use crate::files::Files;

const BLOCK: &str = "sys/block";

/// What to read for [`blocks`].
pub const DISK: &[&str] = &[
    "sys/block/*",
    "sys/block/*/stat",
    "sys/block/*/size",
    "sys/block/*/ro",
    "sys/block/*/removable",
    "sys/block/*/inflight",
    "sys/block/*/queue/*",
    "sys/block/*/integrity/*",
    "sys/block/*/device",
    "sys/block/*/device/state",
    "sys/block/*/device/ioerr_cnt",
    "sys/block/*/device/iorequest_cnt",
    "sys/block/*/device/iodone_cnt",
    "sys/block/*/device/iotmo_cnt",
    "sys/block/*/device/queue_depth",
    "sys/block/*/device/timeout",
];

/// One block device.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Block {
    /// The kernel's name.
    pub name: String,
    /// The device that it sits on, as a path below the root; `None`: a virtual one.
    pub device: Option<String>,
    /// Its size in sectors of 512 bytes, whatever its own blocks are.
    pub sectors: Option<u64>,
    /// Whether it can only be read.
    pub read_only: Option<bool>,
    /// Whether its medium can be taken out.
    pub removable: Option<bool>,
    /// The device's state: `running`, `offline`, `live`, `dead`.
    pub state: Option<String>,
    /// What it did.
    pub stat: Option<BlockStat>,
    /// Commands answered with an error (SCSI alone).
    pub io_errors: Option<u64>,
    /// Commands that timed out (SCSI alone).
    pub io_timeouts: Option<u64>,
    /// Commands sent (SCSI alone).
    pub io_requests: Option<u64>,
    /// Commands that came back (SCSI alone).
    pub io_done: Option<u64>,
    /// Whether it turns.
    pub rotational: Option<bool>,
    /// Bytes of a logical block.
    pub logical_block: Option<u64>,
    /// Bytes of a physical block.
    pub physical_block: Option<u64>,
    /// `none`, `host-aware`, `host-managed`.
    pub zoned: Option<String>,
    /// The I/O scheduler in charge.
    pub scheduler: Option<String>,
    /// `write back`, `write through`.
    pub write_cache: Option<String>,
    /// Other files of `queue/`, `integrity/` and `device/`, and what does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// What a block device did since boot. Sectors are of 512 bytes, times in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BlockStat {
    /// Reads that ended.
    pub reads: u64,
    /// Reads merged with others.
    pub reads_merged: u64,
    /// Sectors read.
    pub sectors_read: u64,
    /// Time of all reads together.
    pub read_ms: u64,
    /// Writes that ended.
    pub writes: u64,
    /// Writes merged with others.
    pub writes_merged: u64,
    /// Sectors written.
    pub sectors_written: u64,
    /// Time of all writes together.
    pub write_ms: u64,
    /// Requests under way now: not a counter.
    pub in_flight: u64,
    /// Time in which any request was under way.
    pub busy_ms: u64,
    /// Time of all requests together.
    pub weighted_ms: u64,
    /// Discards that ended (since kernel 4.18).
    pub discards: Option<u64>,
    /// Discards merged with others.
    pub discards_merged: Option<u64>,
    /// Sectors discarded.
    pub sectors_discarded: Option<u64>,
    /// Time of all discards together.
    pub discard_ms: Option<u64>,
    /// Flushes that ended (since kernel 5.5).
    pub flushes: Option<u64>,
    /// Time of all flushes together.
    pub flush_ms: Option<u64>,
    /// Fields that a later kernel adds.
    pub more: Vec<u64>,
}

/// Reads every block device.
pub fn blocks(files: &Files) -> Vec<Block> {
    let names = names(files, BLOCK).into_iter();
    names.map(|name| block(files, name)).collect()
}

fn block(files: &Files, name: String) -> Block {
    let home = format!("{BLOCK}/{name}");
    let mut folder = Folder::open(files, &home);
    let mut queue = Folder::open(files, &format!("{home}/queue"));
    let mut device = Folder::open(files, &format!("{home}/device"));
    let mut found = Block {
        name,
        device: link(files, &home, "device"),
        sectors: folder.number("size"),
        read_only: folder.flag("ro"),
        removable: folder.flag("removable"),
        state: device.text("state"),
        stat: folder.with("stat", stat),
        io_errors: device.any_radix("ioerr_cnt"),
        io_timeouts: device.any_radix("iotmo_cnt"),
        io_requests: device.any_radix("iorequest_cnt"),
        io_done: device.any_radix("iodone_cnt"),
        rotational: queue.flag("rotational"),
        logical_block: queue.number("logical_block_size"),
        physical_block: queue.number("physical_block_size"),
        zoned: queue.text("zoned"),
        scheduler: queue.with("scheduler", chosen),
        write_cache: queue.text("write_cache"),
        leftover: folder.close(),
    };
    let integrity = Folder::open(files, &format!("{home}/integrity"));
    for (name, folder) in [
        ("queue", queue),
        ("integrity", integrity),
        ("device", device),
    ] {
        folder.close_below(name, &mut found.leftover);
    }
    found
}

/// `mq-deadline kyber [bfq] none`: the one in brackets; old kernels write `none` alone.
fn chosen(text: &str) -> Option<String> {
    let chosen = text
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    match chosen {
        Some((name, _)) => Some(name.to_owned()),
        None if !text.is_empty() && !text.contains(char::is_whitespace) => Some(text.to_owned()),
        None => None,
    }
}

fn stat(text: &str) -> Option<BlockStat> {
    let fields: Vec<u64> = text
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let mut fields = fields.into_iter();
    let mut next = || fields.next();
    let mut stat = BlockStat {
        reads: next()?,
        reads_merged: next()?,
        sectors_read: next()?,
        read_ms: next()?,
        writes: next()?,
        writes_merged: next()?,
        sectors_written: next()?,
        write_ms: next()?,
        in_flight: next()?,
        busy_ms: next()?,
        weighted_ms: next()?,
        discards: next(),
        discards_merged: next(),
        sectors_discarded: next(),
        discard_ms: next(),
        flushes: next(),
        flush_ms: next(),
        more: Vec::new(),
    };
    stat.more = fields.collect();
    Some(stat)
}

/// The counters of all block devices.
pub fn counts(blocks: &[Block]) -> Vec<Count> {
    let mut counts = Vec::new();
    for block in blocks {
        let mut part = Part {
            to: &mut counts,
            part: format!("disk/{}", block.name),
        };
        part.add("ioerr_cnt", block.io_errors);
        part.add("iotmo_cnt", block.io_timeouts);
        part.add("iorequest_cnt", block.io_requests);
        part.add("iodone_cnt", block.io_done);
        let Some(stat) = &block.stat else { continue };
        part.add("reads", Some(stat.reads));
        part.add("sectors_read", Some(stat.sectors_read));
        part.add("read_ms", Some(stat.read_ms));
        part.add("writes", Some(stat.writes));
        part.add("sectors_written", Some(stat.sectors_written));
        part.add("write_ms", Some(stat.write_ms));
        part.add("busy_ms", Some(stat.busy_ms));
        part.add("discards", stat.discards);
        part.add("flushes", stat.flushes);
    }
    counts
}
