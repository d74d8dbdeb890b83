//! Items of a bundle become evidence.

use std::collections::BTreeMap;
use std::io::Read;

use vetting_facts::kernel;
use vetting_machine::capture::Evidence;
use vetting_machine::contract::clock::Instant;
use vetting_machine::contract::files::Content;
use vetting_machine::contract::kernel_log::Entry;
use vetting_machine::contract::types::{Document, DocumentEnding};
use vetting_machine::files;

use super::Imported;
use super::names::{Guess, guess};

/// Bytes of a document, the contract's bound.
const DOCUMENT_BYTES: u64 = 4 << 20;
/// Bytes of a kernel's log.
const LOG_BYTES: u64 = 32 << 20;
/// Bytes that are kept in all.
const MAX_KEPT: u64 = 256 << 20;
/// Lines of [`Imported::gaps`].
const MAX_GAPS: usize = 100;

/// Files that hold the host's name, which is replaced and not kept.
const HOST_NAMES: [&str; 3] = ["etc/hostname", "hostname", "proc/sys/kernel/hostname"];
/// Bytes of a host's name (`HOST_NAME_MAX` and some).
const HOST_NAME_BYTES: u64 = 256;

/// The kernel's default level (`CONFIG_MESSAGE_LOGLEVEL_DEFAULT`), for a text that names none.
const DEFAULT_LEVEL: u8 = 4;
/// Programs' facility, as syslog numbers it.
const DAEMON: u32 = 3;

/// What was found so far.
#[derive(Default)]
pub struct Gathered {
    files: BTreeMap<String, Content>,
    links: BTreeMap<String, String>,
    documents: BTreeMap<(&'static str, String), (u8, Document)>,
    log: Option<(u8, Vec<u8>)>,
    gaps: Vec<String>,
    names: Vec<String>,
    unknown: usize,
    kept: u64,
    newest: u64,
}

impl Gathered {
    /// Something that could not be taken.
    pub fn gap(&mut self, what: &str) {
        if self.gaps.len() < MAX_GAPS {
            self.gaps.push(what.to_owned());
        }
    }

    /// A link: only those of the kernel's files matter.
    pub fn link(&mut self, path: &str, target: &str) {
        if !is_of_kernel(path) {
            return;
        }
        if let Some(target) = resolved(path, target).filter(|target| is_of_kernel(target)) {
            self.links.insert(path.to_owned(), target);
        }
    }

    /// A regular file.
    pub fn file(&mut self, path: &str, modified: u64, size: u64, from: &mut dyn Read) {
        if HOST_NAMES.contains(&path) {
            let name = self.read(path, HOST_NAME_BYTES, from).unwrap_or_default();
            self.names
                .push(String::from_utf8_lossy(&name).trim().to_owned());
            return;
        }
        if is_of_kernel(path) {
            if files::may_read(path, path).is_ok() {
                let limit = files::limit(path);
                if let Some(bytes) = self.read(path, limit.saturating_add(1), from) {
                    let content = files::first_bytes(bytes, limit);
                    self.files.insert(path.to_owned(), content);
                }
            }
            return;
        }
        let Some(guess) = guess(path).filter(|_| size > 0) else {
            self.unknown = self.unknown.saturating_add(1);
            return;
        };
        self.newest = self.newest.max(modified);
        match guess {
            Guess::KernelLog(rank) => {
                if self.log.as_ref().is_none_or(|(known, _)| *known < rank)
                    && let Some(bytes) = self.read(path, LOG_BYTES, from)
                {
                    if size > LOG_BYTES {
                        self.gap(&format!("{path}: only its first {LOG_BYTES} bytes"));
                    }
                    self.log = Some((rank, bytes));
                }
            }
            Guess::Document {
                query,
                target,
                argv,
                rank,
            } => {
                let place = (query, target);
                let known = self.documents.get(&place);
                if known.is_some_and(|(known, _)| *known >= rank) {
                    return;
                }
                let Some(stdout) = self.read(path, DOCUMENT_BYTES, from) else {
                    return;
                };
                let document = Document {
                    query: query.to_owned(),
                    target: place.1.clone(),
                    argv: argv.into_iter().map(str::to_owned).collect(),
                    version: None,
                    exit_status: Some(0),
                    signal: None,
                    ending: match size > DOCUMENT_BYTES {
                        true => DocumentEnding::Cut(DOCUMENT_BYTES),
                        false => DocumentEnding::Complete,
                    },
                    stdout,
                    stderr_tail: String::new(),
                    begun_ns: 0,
                    took_ns: 0,
                };
                self.documents.insert(place, (rank, document));
            }
        }
    }

    /// A file's first bytes, while there is room.
    fn read(&mut self, path: &str, limit: u64, from: &mut dyn Read) -> Option<Vec<u8>> {
        if self.kept >= MAX_KEPT {
            self.gap(&format!("{path}: {MAX_KEPT} bytes are kept already"));
            return None;
        }
        let mut bytes = Vec::new();
        if let Err(reason) = from.take(limit).read_to_end(&mut bytes) {
            self.gap(&format!("{path}: {reason}"));
            return None;
        }
        self.kept = self.kept.saturating_add(bytes.len() as u64);
        Some(bytes)
    }

    /// The evidence; `None`: nothing was found that is any.
    pub fn into_imported(self, origin: &str) -> Option<Imported> {
        if self.files.is_empty() && self.documents.is_empty() && self.log.is_none() {
            return None;
        }
        let documents = self.documents.into_values();
        let evidence = Evidence {
            origin: origin.to_owned(),
            taken: Some(Instant {
                seconds: self.newest,
                nanoseconds: 0,
            }),
            cpus: 1,
            links: self.links,
            files: self.files,
            documents: documents.map(|(_, document)| document).collect(),
            log: self.log.map(|(_, bytes)| entries(&bytes)),
            ..Evidence::default()
        };
        Some(Imported {
            evidence,
            gaps: self.gaps,
            names: self.names,
            unknown: self.unknown,
        })
    }
}

fn is_of_kernel(path: &str) -> bool {
    path.starts_with("sys/") || path.starts_with("proc/")
}

/// Where a link leads, both below the root; `None`: out of it.
fn resolved(path: &str, target: &str) -> Option<String> {
    let mut names: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => path.split('/').collect(),
    };
    // Its own name.
    names.pop();
    for name in target.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    let target = names.join("/");
    files::check_paths(std::slice::from_ref(&target)).ok()?;
    Some(target)
}

/// A kernel's log in whatever form, as records.
fn entries(bytes: &[u8]) -> Vec<Entry> {
    let raw = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .is_some_and(|line| line.first().is_some_and(u8::is_ascii_digit) && line.contains(&b';'));
    let read = match raw {
        true => kernel::kmsg(bytes),
        false => kernel::dmesg(bytes),
    };
    let mut at = 0;
    let records = read.into_iter().zip(0_u64..).map(|(entry, number)| {
        at = entry.at_us.unwrap_or(at);
        let by_kernel = entry.by_kernel();
        let text = match &entry.program {
            Some(program) => format!("{program}: {}", entry.text),
            None => entry.text.clone(),
        };
        Entry {
            sequence: entry.sequence.unwrap_or(number),
            priority: entry.priority.unwrap_or(DEFAULT_LEVEL),
            facility: match (entry.facility, by_kernel) {
                (Some(facility), _) if entry.program.is_none() => u32::from(facility),
                (_, true) => 0,
                (_, false) => DAEMON,
            },
            at_us: at,
            came_ns: 0,
            text,
            fields: entry.fields,
        }
    });
    records.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_below_the_root() {
        let target = resolved("sys/class/net/eth0", "../../devices/pci0/net/eth0");
        assert_eq!(target.as_deref(), Some("sys/devices/pci0/net/eth0"));
        assert_eq!(resolved("sys/a", "/sys/b").as_deref(), Some("sys/b"));
        for out in ["../../etc/passwd", "../../../x", "..", "/"] {
            let target = resolved("sys/a", out).filter(|target| is_of_kernel(target));
            assert_eq!(target, None, "{out}");
        }
    }

    #[test]
    fn every_form_of_the_log_becomes_records() {
        for (text, priority, at_us) in [
            ("6,10,2500000,-;EXT4-fs mounted\n", 6, 2_500_000),
            ("[    2.500000] EXT4-fs mounted\n", DEFAULT_LEVEL, 2_500_000),
            ("<3>[    2.500000] EXT4-fs mounted\n", 3, 2_500_000),
        ] {
            let read = entries(text.as_bytes());
            let [entry] = read.as_slice() else {
                panic!("{text}: {read:?}");
            };
            assert_eq!((entry.priority, entry.at_us), (priority, at_us), "{text}");
            assert_eq!(entry.text, "EXT4-fs mounted");
        }
    }
}
