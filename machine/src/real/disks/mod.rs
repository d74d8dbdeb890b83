//! Whole disks: `sys/block`, what uses them, what is on them, and where scratch files go.

pub mod scratch;
pub mod signatures;
pub mod target;
pub mod transport;
pub mod usage;

pub use usage::Mounts;

use std::fs::File;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use nix::libc::{O_CLOEXEC, O_NONBLOCK};

use super::pci;
use super::root::Root;
use crate::contract::disks::{Content, Disk, Transport};
use crate::placeholder::real;

/// Where the kernel shows whole disks.
pub const BLOCK: &str = "sys/block";

/// Kernel names that begin so are not disks of this machine: made of files, memory, other disks or a
/// network, or media that come and go.
const VIRTUAL: [&str; 14] = [
    "loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "drbd", "zd", "mtdblock", "rbd",
    "bcache", "ublkb",
];

/// The names of the whole disks, in order.
pub fn names(root: &Root) -> Vec<String> {
    root.list(BLOCK)
        .into_iter()
        .filter(|name| is_disk(name))
        .collect()
}

fn is_disk(name: &str) -> bool {
    let numbered = |prefix: &str| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit() || c == '_'))
    };
    // `nvme0c1n1` is one path to a disk that is listed as `nvme0n1`.
    let path = name
        .strip_prefix("nvme")
        .is_some_and(|rest| rest.contains('c'));
    let boot = name.starts_with("mmcblk") && (name.contains("boot") || name.contains("rpmb"));
    !VIRTUAL
        .iter()
        .any(|prefix| numbered(prefix) || prefix.ends_with('-') && name.starts_with(prefix))
        && !path
        && !boot
}

/// What sysfs tells of one disk.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The kernel's name.
    pub name: String,
    /// Serial number.
    pub serial: Option<String>,
    /// World-wide name, NGUID or EUI-64, lower-case hexadecimal without separators.
    pub wwn: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Firmware revision.
    pub firmware: Option<String>,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Whether it spins.
    pub rotational: bool,
    /// How it is attached.
    pub transport: Transport,
}

/// Reads what sysfs tells of one disk.
pub fn facts(root: &Root, name: &str) -> Facts {
    let folder = format!("{BLOCK}/{name}");
    let value = |file: &str| root.value(&format!("{folder}/{file}"));
    let text = |file: &str| value(file).as_deref().and_then(real);
    let sectors: u64 = root.number(&format!("{folder}/size")).unwrap_or(0);
    let vendor = text("device/vendor").filter(|v| v != "ATA" && !v.starts_with("0x"));
    let model = text("device/model").or_else(|| text("device/name"));
    let model = match (vendor, model) {
        (Some(vendor), Some(model)) => Some(format!("{vendor} {model}")),
        (vendor, model) => model.or(vendor),
    };
    Facts {
        serial: text("device/serial")
            .or_else(|| text("serial"))
            .or_else(|| page_80(root, &folder)),
        wwn: wwn(&value),
        model,
        firmware: text("device/firmware_rev")
            .or_else(|| text("device/rev"))
            .or_else(|| text("device/fwrev")),
        // The kernel counts sectors of 512 bytes, whatever the disk's own.
        size_bytes: sectors.saturating_mul(512),
        rotational: value("queue/rotational").as_deref() == Some("1"),
        transport: transport::of(root, name),
        name: name.to_owned(),
    }
}

/// The SCSI page "unit serial number": four bytes of header, then the text.
fn page_80(root: &Root, folder: &str) -> Option<String> {
    let bytes = root.bytes(&format!("{folder}/device/vpd_pg80"), 260).ok()?;
    let text = String::from_utf8_lossy(bytes.get(4..)?).into_owned();
    real(text.trim_matches(|c: char| c == '\0' || c.is_whitespace()))
}

fn wwn(value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let hex = |text: &str| {
        let digits: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        let good = digits.len() >= 16
            && digits.bytes().all(|b| b.is_ascii_hexdigit())
            && digits.bytes().any(|b| b != b'0');
        good.then(|| digits.to_ascii_lowercase())
    };
    let named = |file: &str| {
        let text = value(file)?;
        let (kind, id) = text.split_once('.')?;
        matches!(kind, "naa" | "eui" | "nguid")
            .then(|| hex(id))
            .flatten()
    };
    let plain = |file: &str| value(file).as_deref().and_then(hex);
    plain("nguid")
        .or_else(|| plain("eui"))
        .or_else(|| named("device/wwid"))
        .or_else(|| named("wwid"))
}

/// All whole disks, by name.
pub fn list(root: &Root) -> Vec<Disk> {
    list_reading(root, |_| true)
}

/// All whole disks, by name; the content of those alone that are asked for.
pub fn list_reading(root: &Root, reads: impl Fn(&str) -> bool) -> Vec<Disk> {
    let mounts = Mounts::read(root);
    let names = names(root).into_iter();
    names
        .map(|name| disk(root, &name, &mounts, reads(&name)))
        .collect()
}

/// One disk of the list; `None` when there is none of that name.
pub fn find(root: &Root, name: &str) -> Option<Disk> {
    let known = names(root).into_iter().find(|known| known == name)?;
    Some(disk(root, &known, &Mounts::read(root), true))
}

fn disk(root: &Root, name: &str, mounts: &Mounts, reads: bool) -> Disk {
    let facts = facts(root, name);
    let folder = format!("{BLOCK}/{name}");
    let block = |file: &str| root.number::<u32>(&format!("{folder}/queue/{file}"));
    let set = |file: &str| root.value(&format!("{folder}/{file}")).as_deref() == Some("1");
    let logical_block_bytes = block("logical_block_size")
        .filter(|b| *b >= 512)
        .unwrap_or(512);
    let controller = transport::controller(root, name);
    Disk {
        logical_block_bytes,
        physical_block_bytes: block("physical_block_size").unwrap_or(logical_block_bytes),
        removable: set("removable"),
        read_only: set("ro"),
        link: controller
            .as_deref()
            .and_then(|address| pci::link(root, address)),
        controller,
        in_use: usage::of(root, name, mounts),
        content: match reads {
            true => content(root, name, facts.size_bytes, logical_block_bytes),
            false => Content::Unreadable("it was not read".into()),
        },
        name: facts.name,
        serial: facts.serial,
        wwn: facts.wwn,
        model: facts.model,
        firmware: facts.firmware,
        size_bytes: facts.size_bytes,
        rotational: facts.rotational,
        transport: facts.transport,
        extra: extra(root, &folder),
    }
}

/// What the kernel's files say of a disk beyond the usual, as `wit/disks.wit` lists it.
fn extra(root: &Root, folder: &str) -> Vec<(String, String)> {
    let files = [
        ("zoned", "queue/zoned"),
        ("blocks-in-use", "nuse"),
        ("state", "device/state"),
    ];
    let read = |(name, file): (&str, &str)| {
        let value = root.value(&format!("{folder}/{file}"))?;
        (!value.is_empty()).then(|| (name.to_owned(), value))
    };
    files.into_iter().filter_map(read).collect()
}

/// A disk's device node.
pub fn node(root: &Root, name: &str) -> std::io::Result<PathBuf> {
    root.locate(&format!("dev/{}", name.replace('!', "/")))
}

fn content(root: &Root, name: &str, size: u64, logical: u32) -> Content {
    if size == 0 {
        return Content::Unreadable("it has no medium".into());
    }
    let content = open(root, name, 0).and_then(|file| signatures::scan(&file, size, logical));
    match content {
        Ok(found) if found.is_empty() => Content::NoneRecognised,
        Ok(found) => Content::Signatures(found),
        Err(error) => Content::Unreadable(error.to_string()),
    }
}

/// Opens a disk for reading, with more flags: on the machine we run on, its block device; in a copied
/// tree, an ordinary file.
pub fn open(root: &Root, name: &str, flags: i32) -> std::io::Result<File> {
    let path = node(root, name)?;
    let check = |file: &std::fs::Metadata| {
        let kind = file.file_type();
        let right = match root.is_here() {
            true => kind.is_block_device() && number_matches(root, name, file.rdev()),
            false => kind.is_file(),
        };
        let wrong = || std::io::Error::other(format!("dev/{name} is not that disk's device node"));
        right.then_some(()).ok_or_else(wrong)
    };
    check(&std::fs::metadata(&path)?)?;
    let mut options = File::options();
    let file = options
        .read(true)
        .custom_flags(O_NONBLOCK | O_CLOEXEC | flags)
        .open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

fn number_matches(root: &Root, name: &str, rdev: u64) -> bool {
    let number = format!("{}:{}", nix::libc::major(rdev), nix::libc::minor(rdev));
    root.value(&format!("{BLOCK}/{name}/dev"))
        .is_some_and(|told| told == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_disks_count() {
        for yes in [
            "sda",
            "vda",
            "nvme0n1",
            "nvme12n3",
            "mmcblk0",
            "xvda",
            "cciss!c0d0",
            "pmem0",
        ] {
            assert!(is_disk(yes), "{yes}");
        }
        for no in [
            "loop0",
            "ram1",
            "zram0",
            "dm-0",
            "md127",
            "md_d0",
            "sr0",
            "fd0",
            "nbd3",
            "zd16",
            "nvme0c1n1",
            "mmcblk0boot0",
        ] {
            assert!(!is_disk(no), "{no}");
        }
    }

    #[test]
    fn world_wide_names_are_plain_hexadecimal() {
        let of = |file: &'static str, text: &'static str| {
            wwn(&move |asked: &str| (asked == file).then(|| text.to_owned()))
        };
        assert_eq!(
            of("device/wwid", "naa.5000C500A1B2C3D4").as_deref(),
            Some("5000c500a1b2c3d4")
        );
        assert_eq!(
            of("wwid", "eui.0025385b71b01234").as_deref(),
            Some("0025385b71b01234")
        );
        assert_eq!(of("nguid", "00000000-0000-0000-0000-000000000000"), None);
        assert_eq!(of("device/wwid", "t10.ATA     Disk"), None);
    }
}
