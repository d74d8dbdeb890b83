//! What is on a disk, by the magic numbers of file systems, partition tables, RAID and volume
//! managers. Each is a published on-disk format; the offsets are from the kernel's own headers and
//! the formats' documentation.
//!
//! A disk on which nothing is recognised may still hold data. Whatever cannot be read is an error:
//! it must never look like an empty disk.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;

use crate::contract::disks::Signature;

/// A magic at a fixed place from the disk's start.
struct Magic {
    kind: &'static str,
    offset: u64,
    bytes: &'static [u8],
}

const fn magic(kind: &'static str, offset: u64, bytes: &'static [u8]) -> Magic {
    Magic {
        kind,
        offset,
        bytes,
    }
}

const MAGICS: &[Magic] = &[
    magic("xfs", 0, b"XFSB"),
    magic("btrfs", 0x1_0040, b"_BHRfS_M"),
    magic("luks", 0, b"LUKS\xba\xbe"),
    magic("luks", 0x4000, b"SKUL\xba\xbe"),
    magic("bitlocker", 3, b"-FVE-FS-"),
    magic("ntfs", 3, b"NTFS    "),
    magic("exfat", 3, b"EXFAT   "),
    magic("vfat", 82, b"FAT32   "),
    magic("vfat", 54, b"FAT16   "),
    magic("vfat", 54, b"FAT12   "),
    magic("iso9660", 32_769, b"CD001"),
    magic("udf", 32_769, b"BEA01"),
    magic("f2fs", 1024, &[0x10, 0x20, 0xf5, 0xf2]),
    magic("jfs", 32_768, b"JFS1"),
    magic("reiserfs", 65_588, b"ReIsEr"),
    magic(
        "bcachefs",
        4096 + 24,
        &[
            0xc6, 0x85, 0x73, 0xf6, 0x66, 0xce, 0x90, 0xa9, 0xd9, 0x6a, 0x60, 0xcf, 0x80, 0x3d,
            0xf7, 0xef,
        ],
    ),
    magic(
        "bcache",
        4096 + 24,
        &[
            0xc6, 0x85, 0x73, 0xf6, 0x4e, 0x1a, 0x45, 0xca, 0x82, 0x65, 0xf5, 0x7f, 0x48, 0xba,
            0x6d, 0x81,
        ],
    ),
    magic("md", 0, &[0xfc, 0x4e, 0x2b, 0xa9]),
    magic("md", 4096, &[0xfc, 0x4e, 0x2b, 0xa9]),
    magic("squashfs", 0, b"hsqs"),
    magic("gfs2", 65_536, &[0x01, 0x16, 0x19, 0x70]),
    magic("ocfs2", 8192, b"OCFSV2"),
    magic("vmfs", 0x20_0000, &[0x5e, 0xf1, 0xab, 0x2f]),
    magic("ceph-bluestore", 0, b"bluestore block device"),
    magic("drbd", 0xffc, &[0x83, 0x74, 0x02, 0x6b]),
    magic("apfs", 32, b"NXSB"),
    magic("hfsplus", 1024, b"H+\0\x04"),
    magic("hfsplus", 1024, b"HX\0\x05"),
];

/// Looks at a disk, or at an image of one, of `size` bytes and `logical` bytes to a block.
pub fn scan(file: &File, size: u64, logical: u32) -> io::Result<Vec<Signature>> {
    let disk = Image { file, size };
    let mut found = Vec::new();
    for magic in MAGICS {
        disk.note(&mut found, magic.kind, magic.offset, magic.bytes)?;
    }
    partition_tables(&disk, u64::from(logical), &mut found)?;
    ext(&disk, &mut found)?;
    swap(&disk, &mut found)?;
    for sector in 0..4 {
        disk.note(&mut found, "lvm2", sector * 512, b"LABELONE")?;
    }
    zfs(&disk, &mut found)?;
    from_the_end(&disk, u64::from(logical), &mut found)?;
    found.sort_by(|a, b| a.offset.cmp(&b.offset).then_with(|| a.kind.cmp(&b.kind)));
    found.dedup();
    Ok(found)
}

struct Image<'a> {
    file: &'a File,
    size: u64,
}

impl Image<'_> {
    /// The bytes there; `None` when the disk ends before.
    fn bytes(&self, offset: u64, length: usize) -> io::Result<Option<Vec<u8>>> {
        if offset
            .checked_add(length as u64)
            .is_none_or(|end| end > self.size)
        {
            return Ok(None);
        }
        let mut bytes = vec![0; length];
        match self.file.read_exact_at(&mut bytes, offset) {
            Ok(()) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Err(io::Error::other(format!(
                    "it ends before byte {offset}, though it says that it has {}",
                    self.size
                )))
            }
            Err(error) => Err(io::Error::new(
                error.kind(),
                format!("reading at byte {offset}: {error}"),
            )),
        }
    }

    fn has(&self, offset: u64, magic: &[u8]) -> io::Result<bool> {
        Ok(self
            .bytes(offset, magic.len())?
            .is_some_and(|bytes| bytes == magic))
    }

    fn note(
        &self,
        found: &mut Vec<Signature>,
        kind: &str,
        offset: u64,
        magic: &[u8],
    ) -> io::Result<()> {
        if self.has(offset, magic)? {
            push(found, kind, offset);
        }
        Ok(())
    }
}

fn push(found: &mut Vec<Signature>, kind: &str, offset: u64) {
    found.push(Signature {
        kind: kind.to_owned(),
        offset,
    });
}

/// GPT at its start and its end; an MBR unless it is the boot sector of a file system.
fn partition_tables(disk: &Image, logical: u64, found: &mut Vec<Signature>) -> io::Result<()> {
    for block in [logical, 512, 4096] {
        disk.note(found, "gpt", block, b"EFI PART")?;
        if let Some(last) = disk.size.checked_sub(block) {
            disk.note(found, "gpt", last, b"EFI PART")?;
        }
    }
    let Some(sector) = disk.bytes(0, 512)? else {
        return Ok(());
    };
    let boot_sector = found
        .iter()
        .any(|s| matches!(s.kind.as_str(), "vfat" | "ntfs" | "exfat" | "bitlocker"));
    if sector.ends_with(&[0x55, 0xaa]) && !boot_sector {
        push(found, "mbr", 510);
    }
    Ok(())
}

/// The superblock at 1,024: magic at 0x38, features at 0x5c (compatible) and 0x60 (incompatible).
fn ext(disk: &Image, found: &mut Vec<Signature>) -> io::Result<()> {
    const MAGIC: u64 = 1024 + 0x38;
    if !disk.has(MAGIC, &[0x53, 0xef])? {
        return Ok(());
    }
    let feature = |offset: u64| -> io::Result<u32> {
        let bytes = disk.bytes(1024 + offset, 4)?.unwrap_or_default();
        Ok(bytes.try_into().map_or(0, u32::from_le_bytes))
    };
    let (journal, incompatible, read_only) = (feature(0x5c)? & 4, feature(0x60)?, feature(0x64)?);
    // What ext3 knows: filetype, recover, journal_dev, meta_bg; sparse_super, large_file, btree_dir.
    let kind = match (incompatible & !0x1e, read_only & !0x7) {
        (0, 0) if journal == 0 => "ext2",
        (0, 0) => "ext3",
        _ => "ext4",
    };
    push(found, kind, MAGIC);
    Ok(())
}

/// The magic is the last ten bytes of the first page.
fn swap(disk: &Image, found: &mut Vec<Signature>) -> io::Result<()> {
    for page in [4096u64, 8192, 16_384, 65_536] {
        for magic in [b"SWAPSPACE2", b"SWAP-SPACE", b"S1SUSPEND\0", b"LINHIB0001"] {
            disk.note(found, "swap", page - 10, magic)?;
        }
    }
    Ok(())
}

/// Four labels of 256 KiB, two at each end; in each the uberblocks begin at 128 KiB.
fn zfs(disk: &Image, found: &mut Vec<Signature>) -> io::Result<()> {
    const LABEL: u64 = 256 << 10;
    const MAGIC: u64 = 0x00ba_b10c;
    let aligned = disk.size / LABEL * LABEL;
    let at_end = [2, 1]
        .into_iter()
        .filter_map(|n| aligned.checked_sub(n * LABEL));
    for label in [0, LABEL].into_iter().chain(at_end) {
        let start = label + (128 << 10);
        let Some(blocks) = disk.bytes(start, 128 << 10)? else {
            continue;
        };
        let is = |block: &[u8]| {
            block
                .get(..8)
                .is_some_and(|b| b == MAGIC.to_le_bytes() || b == MAGIC.to_be_bytes())
        };
        if let Some(index) = blocks.chunks(1024).position(is) {
            push(found, "zfs", start + index as u64 * 1024);
        }
    }
    Ok(())
}

/// RAID superblocks near the end: md 0.90 and 1.0, and what BIOS RAIDs write (DDF, Intel Matrix).
fn from_the_end(disk: &Image, logical: u64, found: &mut Vec<Signature>) -> io::Result<()> {
    const MD: u32 = 0xa92b_4efc;
    const K64: u64 = 64 << 10;
    if let Some(place) = (disk.size / K64 * K64).checked_sub(K64) {
        disk.note(found, "md", place, &MD.to_le_bytes())?;
        disk.note(found, "md", place, &MD.to_be_bytes())?;
    }
    // 1.0: at least 8 KiB before the end, on a multiple of 4 KiB.
    if let Some(place) = (disk.size / 512).checked_sub(16) {
        disk.note(found, "md", (place & !7) * 512, &MD.to_le_bytes())?;
    }
    for block in [512, logical] {
        let before = |blocks: u64| disk.size.checked_sub(blocks * block);
        if let Some(place) = before(1) {
            disk.note(found, "ddf", place, &[0xde, 0x11, 0xde, 0x11])?;
        }
        if let Some(place) = before(2) {
            disk.note(found, "imsm", place, b"Intel Raid ISM Cfg Sig. ")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::process::Command;

    const MIB: u64 = 1 << 20;

    /// What is recognised on an image of so many MiB that the command has written to (`@` is the
    /// image).
    fn kinds(mib: u64, command: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("image");
        let file = File::create(&path).expect("an image");
        file.set_len(mib * MIB).expect("a sparse image");
        let argument = |a: &&str| {
            if *a == "@" {
                path.as_os_str().to_owned()
            } else {
                a.into()
            }
        };
        let (program, arguments) = command.split_first().expect("a program");
        let program = ["/usr/sbin", "/sbin", "/usr/bin"]
            .iter()
            .map(|d| Path::new(d).join(program))
            .find(|p| p.exists());
        let output = Command::new(program.expect("the program is installed"))
            .args(arguments.iter().map(argument))
            .output()
            .expect("it runs");
        assert!(
            output.status.success(),
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let file = File::open(&path).expect("the image");
        let found = scan(&file, mib * MIB, 512).expect("it can be read");
        found.into_iter().map(|s| s.kind).collect()
    }

    #[test]
    fn what_the_real_tools_make_is_recognised() {
        assert_eq!(kinds(16, &["mkfs.ext2", "-q", "-F", "@"]), ["ext2"]);
        assert_eq!(kinds(16, &["mkfs.ext3", "-q", "-F", "@"]), ["ext3"]);
        assert_eq!(kinds(16, &["mkfs.ext4", "-q", "-F", "@"]), ["ext4"]);
        assert_eq!(kinds(320, &["mkfs.xfs", "-q", "-f", "@"]), ["xfs"]);
        assert_eq!(kinds(128, &["mkfs.btrfs", "-q", "-f", "@"]), ["btrfs"]);
        assert_eq!(kinds(16, &["mkswap", "@"]), ["swap"]);
        assert_eq!(kinds(64, &["mkfs.vfat", "-F", "32", "@"]), ["vfat"]);
        assert_eq!(kinds(16, &["mkfs.vfat", "-F", "16", "@"]), ["vfat"]);
        assert_eq!(
            kinds(16, &["parted", "-s", "@", "mklabel", "gpt"]),
            ["mbr", "gpt", "gpt"]
        );
        assert_eq!(
            kinds(16, &["parted", "-s", "@", "mklabel", "msdos"]),
            ["mbr"]
        );
    }

    #[test]
    fn every_magic_of_the_table_is_found_where_it_belongs() {
        for magic in MAGICS {
            let file = tempfile::tempfile().expect("an image");
            file.set_len(8 * MIB).expect("a sparse image");
            assert_eq!(scan(&file, 8 * MIB, 512).expect("readable"), []);
            file.write_all_at(magic.bytes, magic.offset)
                .expect("written");
            let found = scan(&file, 8 * MIB, 512).expect("readable");
            assert!(
                found
                    .iter()
                    .any(|s| s.kind == magic.kind && s.offset == magic.offset),
                "{}",
                magic.kind
            );
        }
    }

    #[test]
    fn superblocks_at_the_end_are_found() {
        let size = 8 * MIB + 512 * 5;
        let cases: [(&str, u64, &[u8]); 5] = [
            ("md", 8 * MIB - (64 << 10), &[0xfc, 0x4e, 0x2b, 0xa9]),
            ("md", 8 * MIB - 8192, &[0xfc, 0x4e, 0x2b, 0xa9]),
            ("ddf", size - 512, &[0xde, 0x11, 0xde, 0x11]),
            ("imsm", size - 1024, b"Intel Raid ISM Cfg Sig. "),
            (
                "zfs",
                8 * MIB - (256 << 10) + (128 << 10) + 2048,
                &0x00ba_b10cu64.to_le_bytes(),
            ),
        ];
        for (kind, offset, bytes) in cases {
            let file = tempfile::tempfile().expect("an image");
            file.set_len(size).expect("a sparse image");
            file.write_all_at(bytes, offset).expect("written");
            let found = scan(&file, size, 512).expect("readable");
            assert_eq!(
                found,
                [Signature {
                    kind: kind.into(),
                    offset
                }],
                "{kind}"
            );
        }
    }

    #[test]
    fn a_disk_that_ends_early_is_an_error_and_not_empty() {
        let file = tempfile::tempfile().expect("an image");
        file.set_len(4096).expect("a short image");
        assert!(scan(&file, 8 * MIB, 512).is_err());
    }
}
