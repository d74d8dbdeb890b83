//! File systems and arrays. Sources of the words: fs/ext4, fs/xfs, fs/btrfs, fs/squashfs, drivers/md.

use super::Found;
use crate::kernel::pick::{after, between, name, word_after};
use crate::kernel::{Kind, Part, Severity};

pub(super) fn read(text: &str) -> Option<Found> {
    let first = text.split([' ', ':']).next()?;
    match first {
        "EXT4-fs" | "EXT3-fs" | "EXT2-fs" | "JBD2" | "XFS" | "BTRFS" | "FAT-fs" | "SQUASHFS"
        | "F2FS-fs" | "ISOFS" | "erofs" | "EROFS" | "Aborting" => files(first, text),
        "md" | "raid1" | "raid5" | "raid10" | "mdadm" => array(text),
        "device-mapper" => {
            let bad = ["error", "fail", "Failing", "corrupt", "is corrupted"];
            let trouble = bad.iter().any(|words| text.contains(words));
            trouble.then(|| Found::new(Kind::Array).with("message", text))
        }
        "WARNING" if text.contains("has encountered an uncorrectable I/O failure") => {
            let pool = between(text, "Pool '", "'").map(|pool| Part::Array(pool.to_owned()));
            Some(
                Found::new(Kind::Array)
                    .severity(Severity::Uncorrected)
                    .part(pool),
            )
        }
        _ if first.starts_with("md/") => array(text),
        _ => None,
    }
}

fn files(first: &str, text: &str) -> Option<Found> {
    let bad = [
        "error",
        "Error",
        "ERROR",
        "emounting filesystem read-only",
        "orrupt",
        "Unmount and run",
        "shutting down",
        "Shutting down",
        "Shutdown",
        "bdev /dev/",
        "csum failed",
        "failed to",
        "I/O",
        "checksum",
        "forced readonly",
        "parent transid",
        "Detected aborted journal",
    ];
    // Words of a mount without trouble.
    let fine = [
        "errors=",
        "mounted filesystem",
        "Ending clean mount",
        "Mounting V",
        "using crc32c",
        "checksum algorithm",
        "enabling ssd",
        "disk space caching",
        "has skinny extents",
        "error count since last fsck",
        "recovery complete",
    ];
    let counted = text.contains("error count since last fsck")
        || text.contains("initial error at")
        || text.contains("last error at");
    if !counted && (!bad.iter().any(|w| text.contains(w)) || fine.iter().any(|w| text.contains(w)))
    {
        return None;
    }
    // `bdev … errs: wr 0, rd 0, flush 0, corrupt 0, gen 0` is printed at every mount.
    let device = between(text, "(device ", ")").or_else(|| between(text, "(", ")"));
    let device = device
        .and_then(name)
        .map(|device| Part::FileSystem(device.to_owned()));
    let mut found = Found::new(Kind::FileSystem)
        .part(device)
        .with("type", first);
    if let Some(counts) = after(text, "errs: ") {
        let mut any = false;
        for pair in counts.split(", ") {
            if let Some((key, value)) = pair.trim().split_once(' ') {
                any |= value != "0";
                found = found.with(key, value);
            }
        }
        if !any {
            found = found.severity(Severity::Info);
        }
    }
    Some(found.with(
        "message",
        text.split_once(": ").map_or(text, |(_, said)| said),
    ))
}

fn array(text: &str) -> Option<Found> {
    let bad = [
        "Disk failure",
        "disk failure",
        "Operation continuing",
        "not clean",
        "failed",
        "uncorrectable",
        "read error",
        "kicking",
        "Faulty",
        "degraded",
        "ailing array",
        "unrecoverable",
        "mismatch",
    ];
    if !bad.iter().any(|words| text.contains(words)) {
        return None;
    }
    let array = between(text, "md/raid", ":")
        .and_then(|rest| rest.find("md").and_then(|at| rest.get(at..)));
    let named = text.split([':', ' ', '/']).find(|word| {
        word.strip_prefix("md")
            .is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()))
    });
    let corrected = text.contains("read error corrected");
    let part = array.or(named).map(|array| Part::Array(array.to_owned()));
    let disk = word_after(text, "failure on ").map(|disk| disk.trim_end_matches('.'));
    Some(
        Found::new(Kind::Array)
            .severity(corrected.then_some(Severity::Corrected))
            .part(part)
            .maybe("disk", disk)
            .with("message", text),
    )
}
