//! Is a disk blank wherever it is looked at?
//!
//! Both ends are read whole, since that is where tables and superblocks lie. Between them the disk is
//! cut into equal parts, and one block of each is read, at a place that chance picks: whatever covers
//! two parts in a row is certainly hit, which with 1,024 parts is a five-hundredth of the disk, and of
//! data that are strewn over one per cent of it thirty thousand disks in thirty thousand and one are
//! noticed. It takes ten seconds on a disk that spins and a tenth of one on others. (Our own choice.)

use std::fs::File;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::wipe::PATTERN;

/// How much of each end is read, in bytes.
const END: u64 = 1 << 20;
/// How many parts one block each is read of.
const PARTS: u64 = 1024;
/// Bytes of such a block.
const BLOCK: u64 = 4096;
/// What is judged by itself: the smallest block that a disk has.
const SECTOR: usize = 512;
/// fio begins each block that it will verify with a header of 44 bytes, which begins so. (fio,
/// `verify.h`: `FIO_HDR_MAGIC`, `struct verify_header`.) The header ends within the third repetition of
/// the pattern.
const HEADER_MAGIC: [u8; 2] = [0xca, 0xac];
const HEADER: usize = 48;

/// Reads the disk's ends and a block of each of its parts. A block that cannot be read is not blank.
pub fn blank(file: &File, size: u64, seed: u64) -> Result<String, String> {
    // Reading ahead of blocks that chance picks is of no use; where it cannot be told, it only costs.
    let _told = posix_fadvise(file.as_fd(), 0, 0, PosixFadviseAdvice::POSIX_FADV_RANDOM);
    let mut places = ends(size);
    let mut random = StdRng::seed_from_u64(seed);
    let blocks = size / BLOCK;
    let parts = PARTS.min(blocks);
    for part in 0..parts {
        let at = |part: u64| (u128::from(blocks) * u128::from(part) / u128::from(parts)) as u64;
        let block = random.random_range(at(part)..at(part + 1));
        places.push((block * BLOCK, BLOCK));
    }
    let mut bytes = Vec::new();
    for (offset, length) in &places {
        bytes.resize(usize::try_from(*length).unwrap_or_default(), 0);
        file.read_exact_at(&mut bytes, *offset)
            .map_err(|error| format!("reading at byte {offset}: {error}"))?;
        if let Some(sector) = bytes.chunks(SECTOR).position(|sector| !is_blank(sector)) {
            let at = offset + (sector * SECTOR) as u64;
            return Err(format!(
                "nothing is recognised, but there are data at byte {at} (seed {seed})"
            ));
        }
    }
    Ok(format!(
        "nothing is recognised; both ends and {parts} blocks are zero or our own pattern (seed {seed})"
    ))
}

/// Both ends, in pieces.
fn ends(size: u64) -> Vec<(u64, u64)> {
    const PIECE: u64 = 64 << 10;
    let first = (0..END.min(size)).step_by(PIECE as usize);
    let last = (size.saturating_sub(END)..size).step_by(PIECE as usize);
    let piece = |offset: u64| (offset, PIECE.min(size - offset));
    first.chain(last).map(piece).collect()
}

/// All zero, or what our own fio writes.
fn is_blank(sector: &[u8]) -> bool {
    if sector.iter().all(|byte| *byte == 0) {
        return true;
    }
    let rest = match sector.starts_with(&HEADER_MAGIC) {
        true => sector.get(HEADER..).unwrap_or_default(),
        false => sector,
    };
    !rest.is_empty() && rest.chunks(PATTERN.len()).all(|chunk| chunk == PATTERN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 64 << 20;

    fn image() -> File {
        let file = tempfile::tempfile().expect("an image");
        file.set_len(SIZE).expect("a sparse image");
        file
    }

    #[test]
    fn a_disk_of_zeros_or_of_our_own_pattern_is_blank() {
        let file = image();
        blank(&file, SIZE, 1).expect("zeros");
        let pattern = PATTERN.repeat(1 << 16);
        for offset in (0..SIZE).step_by(pattern.len()) {
            file.write_all_at(&pattern, offset).expect("written");
        }
        blank(&file, SIZE, 1).expect("the pattern");
        file.write_all_at(b"x", 4000).expect("written");
        let found = blank(&file, SIZE, 1).expect_err("a byte of something else");
        assert!(found.contains("data at byte 3584"), "{found}");
    }

    #[test]
    fn what_fio_writes_is_blank_verified_or_not() {
        use crate::tools::fio::pattern;
        for verify in [false, true] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("image");
            let file = File::create_new(&path).expect("an image");
            file.set_len(SIZE).expect("a sparse image");
            let mut fio = std::process::Command::new("fio");
            fio.args(["--name=t", "--rw=randrw", "--bs=8k", "--size=64m"])
                .arg(format!("--filename={}", path.display()))
                .arg(pattern(verify));
            if verify {
                fio.args(["--verify=crc32c", "--do_verify=1", "--verify_state_save=0"]);
            }
            let output = fio.output().expect("fio is installed");
            assert!(output.status.success(), "{output:?}");
            let file = File::open(&path).expect("the image");
            let written = (0..SIZE).step_by(4096).any(|offset| {
                let mut bytes = [0; 4096];
                file.read_exact_at(&mut bytes, offset).expect("read");
                bytes.iter().any(|byte| *byte != 0)
            });
            assert!(written, "fio wrote nothing");
            blank(&file, SIZE, 1).expect("our own pattern");
        }
    }

    #[test]
    fn data_without_any_signature_are_noticed_wherever_they_lie() {
        let noise: Vec<u8> = (0..SIZE / 400).map(|n| (n * 31 % 251) as u8 | 1).collect();
        for part in [0, 100, 250, 397] {
            let file = image();
            file.write_all_at(&noise, part * (SIZE / 400))
                .expect("written");
            for seed in 0..20 {
                blank(&file, SIZE, seed).expect_err("data over a four-hundredth of it");
            }
        }
        for offset in [0, END - 512, SIZE - END, SIZE - 512] {
            let file = image();
            file.write_all_at(b"x", offset).expect("written");
            blank(&file, SIZE, 1).expect_err("a byte at an end");
        }
    }

    #[test]
    fn a_block_that_cannot_be_read_is_not_blank() {
        let file = image();
        file.set_len(SIZE / 2).expect("cut short");
        blank(&file, SIZE, 1).expect_err("it ends early");
    }

    #[test]
    fn small_disks_are_read_too() {
        for size in [512, 4096, 10 * 512] {
            let file = tempfile::tempfile().expect("an image");
            file.set_len(size).expect("a sparse image");
            blank(&file, size, 1).expect("zeros");
            file.write_all_at(b"x", size - 1).expect("written");
            blank(&file, size, 1).expect_err("a byte");
        }
    }

    #[test]
    fn a_header_by_itself_is_not_ours() {
        let mut sector = [7; SECTOR];
        sector[..2].copy_from_slice(&HEADER_MAGIC);
        assert!(!is_blank(&sector));
        assert!(!is_blank(&HEADER_MAGIC));
    }
}
