//! Items of an archive or of a folder. Both are hostile: nothing is unpacked to a disk, links are taken as
//! names and never followed, and bytes, items and depth are bounded, compressed or not.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path};
use std::time::UNIX_EPOCH;

use super::ImportError;
use super::gather::Gathered;

/// Bytes of an archive once it is decompressed; a bomb ends here.
const MAX_BYTES: u64 = 16 << 30;

/// Items of an archive or a folder.
const MAX_ITEMS: u64 = 1_000_000;

/// How deep a folder goes.
const MAX_DEPTH: usize = 32;

/// How much of memory a decompressor may take.
const DECOMPRESSOR_BYTES: u64 = 256 << 20;

/// Reads an archive.
pub fn archive(path: &Path, gathered: &mut Gathered) -> Result<(), ImportError> {
    let io = |reason| ImportError::Io {
        path: path.to_owned(),
        reason,
    };
    let too_much = |limit, what| ImportError::TooMuch {
        path: path.to_owned(),
        limit,
        what,
    };
    let flags = nix::libc::O_NONBLOCK;
    let file = File::options().read(true).custom_flags(flags).open(path);
    let file = file.map_err(io)?;
    if !file.metadata().map_err(io)?.is_file() {
        return Err(io(io::Error::other("neither a folder nor a regular file")));
    }
    let plain = decompressed(BufReader::new(file)).map_err(io)?;
    let mut archive = tar::Archive::new(plain.take(MAX_BYTES));
    let mut count = 0_u64;
    for entry in archive.entries().map_err(io)? {
        let mut entry = entry.map_err(io)?;
        count = count.saturating_add(1);
        if count > MAX_ITEMS {
            return Err(too_much(MAX_ITEMS, "entries"));
        }
        if entry.raw_file_position() >= MAX_BYTES {
            return Err(too_much(MAX_BYTES, "bytes"));
        }
        let Some(name) = entry.path().ok().and_then(|name| inside(&name)) else {
            gathered.gap("an entry whose path leads out of the archive");
            continue;
        };
        // The folder that everything lies in is named after the host.
        let (_, name) = name.split_once('/').unwrap_or(("", &name));
        let name = name.to_owned();
        let modified = entry.header().mtime().unwrap_or(0);
        match entry.header().entry_type() {
            kind if kind.is_symlink() => {
                if let Ok(Some(target)) = entry.link_name() {
                    gathered.link(&name, &target.to_string_lossy());
                }
            }
            kind if kind.is_file() => {
                let size = entry.size();
                gathered.file(&name, modified, size, &mut entry);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The archive itself, by its first bytes.
fn decompressed(mut file: BufReader<File>) -> io::Result<Box<dyn Read>> {
    let start = io::BufRead::fill_buf(&mut file)?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(flate2::read::MultiGzDecoder::new(file)));
    }
    if start.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
        let flags = liblzma::stream::CONCATENATED;
        let stream = liblzma::stream::Stream::new_stream_decoder(DECOMPRESSOR_BYTES, flags)?;
        return Ok(Box::new(liblzma::read::XzDecoder::new_stream(file, stream)));
    }
    if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok(Box::new(zstd::Decoder::with_buffer(file)?));
    }
    Ok(Box::new(file))
}

/// A path without a leading slash; `None`: it leads out, or is not text.
fn inside(path: &Path) -> Option<String> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => names.push(name.to_str()?),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    (!names.is_empty()).then(|| names.join("/"))
}

/// Reads a folder. One that holds a single folder, as an unpacked archive does, is that folder.
pub fn folder(path: &Path, gathered: &mut Gathered) -> Result<(), ImportError> {
    let mut top = path.to_owned();
    let io = |path: &Path, reason| ImportError::Io {
        path: path.to_owned(),
        reason,
    };
    let mut entries = std::fs::read_dir(&top).map_err(|reason| io(path, reason))?;
    if let (Some(Ok(only)), None) = (entries.next(), entries.next())
        && only.file_type().is_ok_and(|kind| kind.is_dir())
        && !matches!(only.file_name().to_str(), Some("sys" | "proc"))
    {
        top = only.path();
    }
    let mut todo = vec![(top.clone(), 0_usize)];
    let mut count = 0_u64;
    while let Some((folder, depth)) = todo.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(reason) => {
                gathered.gap(&format!("{}: {reason}", folder.display()));
                continue;
            }
        };
        for entry in entries {
            let entry = entry.map_err(|reason| io(&folder, reason))?;
            count = count.saturating_add(1);
            if count > MAX_ITEMS {
                return Err(ImportError::TooMuch {
                    path: path.to_owned(),
                    limit: MAX_ITEMS,
                    what: "entries",
                });
            }
            let there = entry.path();
            let Some(name) = there.strip_prefix(&top).ok().and_then(inside) else {
                continue;
            };
            let kind = entry.file_type().map_err(|reason| io(&there, reason))?;
            if kind.is_symlink() {
                if let Ok(target) = std::fs::read_link(&there) {
                    gathered.link(&name, &target.to_string_lossy());
                }
            } else if kind.is_dir() {
                if depth < MAX_DEPTH {
                    todo.push((there, depth.saturating_add(1)));
                }
            } else if kind.is_file() {
                match opened(&there) {
                    Ok((mut file, modified, size)) => {
                        gathered.file(&name, modified, size, &mut file);
                    }
                    Err(reason) => gathered.gap(&format!("{name}: {reason}")),
                }
            }
        }
    }
    Ok(())
}

/// A regular file with when it was written, in seconds since 1970, and its size.
fn opened(path: &Path) -> io::Result<(File, u64, u64)> {
    let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOFOLLOW;
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let modified = about.modified()?.duration_since(UNIX_EPOCH);
    let modified = modified.map_or(0, |since| since.as_secs());
    Ok((file, modified, about.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// An archive of entries whose names are taken as they are.
    fn archived(entries: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, kind, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            let gnu = header.as_gnu_mut().expect("is one");
            gnu.name[..name.len()].copy_from_slice(name.as_bytes());
            let mut bytes: &[u8] = &[];
            if kind.is_symlink() {
                gnu.linkname[..content.len()].copy_from_slice(content.as_bytes());
            } else {
                bytes = content.as_bytes();
            }
            header.set_size(bytes.len() as u64);
            header.set_cksum();
            builder.append(&header, bytes).expect("an entry");
        }
        builder.into_inner().expect("an archive")
    }

    fn read(bytes: &[u8]) -> Result<Option<super::super::Imported>, ImportError> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        let mut gathered = Gathered::default();
        archive(file.path(), &mut gathered)?;
        Ok(gathered.into_imported("test"))
    }

    #[test]
    fn hostile_entries_lead_nowhere() {
        use tar::EntryType::{Block, Fifo, Regular, Symlink};
        let bytes = archived(&[
            ("sos-host/../../etc/cron.d/x", Regular, "evil"),
            ("sos-host/sys/class/net/eth0", Symlink, "../../../../../etc"),
            ("sos-host/sys/class/net/eth1", Symlink, "../../devices/eth1"),
            ("sos-host/proc/kcore", Regular, "secret"),
            ("sos-host/proc/cmdline", Regular, "secret"),
            ("sos-host/dmesg", Fifo, ""),
            ("sos-host/dev/sda", Block, ""),
            ("sos-host/proc/cpuinfo", Regular, "processor : 0"),
            (
                "/sos-host/sos_commands/kernel/dmesg",
                Regular,
                "[    1.0] up",
            ),
        ]);
        let imported = read(&bytes).expect("it reads").expect("some evidence");
        let evidence = &imported.evidence;
        let files: Vec<&String> = evidence.files.keys().collect();
        assert_eq!(files, ["proc/cpuinfo"]);
        let links: Vec<(&String, &String)> = evidence.links.iter().collect();
        let eth1 = (
            "sys/class/net/eth1".to_owned(),
            "sys/devices/eth1".to_owned(),
        );
        assert_eq!(links, [(&eth1.0, &eth1.1)]);
        assert_eq!(evidence.log.as_ref().map(Vec::len), Some(1));
        assert_eq!(imported.gaps.len(), 1, "{:?}", imported.gaps);
    }

    #[test]
    fn huge_entry_is_cut_and_the_next_one_is_read() {
        let huge = "x".repeat(5 << 20);
        let bytes = archived(&[
            ("h/ipmitool_sel_elist", tar::EntryType::Regular, &huge),
            ("h/ipmitool_fru", tar::EntryType::Regular, "FRU"),
        ]);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&bytes).expect("written");
        let bytes = encoder.finish().expect("compressed");
        let imported = read(&bytes).expect("it reads").expect("some evidence");
        let documents = &imported.evidence.documents;
        assert_eq!(documents.len(), 2);
        let kept: Vec<usize> = documents.iter().map(|d| d.stdout.len()).collect();
        assert_eq!(kept, [4 << 20, 3]);
    }

    #[test]
    fn damaged_archives_are_refused() {
        for bytes in [
            b"\x1f\x8b\x08garbage".as_slice(),
            b"\xfd7zXZ\0garbage",
            b"\x28\xb5\x2f\xfdgarbage",
            &[b'x'; 2000],
        ] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        assert_eq!(inside(Path::new("./a/b")).as_deref(), Some("a/b"));
        assert_eq!(inside(Path::new("/a/b")).as_deref(), Some("a/b"));
        for out in ["../a", "a/../../b", "a/..", "", "/"] {
            assert_eq!(inside(Path::new(out)), None, "{out}");
        }
    }
}
