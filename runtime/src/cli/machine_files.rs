//! The kernel's files as `vetting machine show counters` reads them with `vetting-facts`, as stages do.

use serde_json::Value;
use vetting_facts::counters::{self, AerErrors, Counters, NamedCount};
use vetting_facts::files::{Entry, Files, Gap};
use vetting_machine::contract::files::{Content, Ending, Kind};
use vetting_machine::contract::types::Error;
use vetting_machine::{Reply, Request, Session};
use vetting_protocol::printable;

use super::machine_tables::of;

/// The kernel's counters, with the files that they were read from.
pub struct ShownCounters {
    files: Files,
    counters: Counters,
}

/// Reads every file of `vetting_facts`' counters.
pub async fn counters(session: &dyn Session) -> Result<ShownCounters, Error> {
    let mut files = Files::new();
    for glob in counters::globs() {
        read(session, glob, &mut files).await?;
    }
    let counters = counters::read(&files);
    Ok(ShownCounters { files, counters })
}

/// Reads what one glob matches.
pub async fn read(session: &dyn Session, glob: &str, files: &mut Files) -> Result<(), Error> {
    let unexpected = || Error::tool_failed("the machine", "gave no files when asked for them");
    let globs = vec![glob.to_owned()];
    let Reply::FilesListing(listing) = session.call(Request::FilesList { globs }).await? else {
        return Err(unexpected());
    };
    let unread = listing.unread.into_iter();
    let cut = listing.cut.map(|why| (glob.to_owned(), why));
    for (path, why) in unread.chain(cut) {
        files.add(&path, Entry::Gap(Gap::Failed(why)));
    }
    let mut paths = Vec::new();
    for found in listing.found {
        match (found.kind, found.target) {
            (Kind::File, _) => paths.push(found.path),
            (_, Some(target)) => files.add_link(&found.path, &target),
            _ => {}
        }
    }
    let request = Request::FilesRead {
        paths: paths.clone(),
    };
    let Reply::FilesContents(contents) = session.call(request).await? else {
        return Err(unexpected());
    };
    for (path, content) in paths.iter().zip(contents) {
        if let Some(entry) = entry(content) {
            files.add(path, entry);
        }
    }
    Ok(())
}

fn entry(content: Content) -> Option<Entry> {
    let bytes = content.bytes;
    Some(match content.ending {
        Ending::Whole => Entry::File { bytes, cut: false },
        Ending::Cut => Entry::File { bytes, cut: true },
        Ending::Denied(_) => Entry::Gap(Gap::Denied),
        Ending::TimedOut | Ending::LeftOut => Entry::Gap(Gap::TimedOut),
        Ending::Failed(why) => Entry::Gap(Gap::Failed(why)),
        Ending::Absent => return None,
    })
}

impl ShownCounters {
    /// The counters of processors, memory, PCI Express and network ports as a table.
    pub fn table(&self) -> String {
        let counters = &self.counters;
        let cpus = counters.cpus.cpus.iter().map(|cpu| {
            let frequency = cpu.frequency.as_ref();
            let khz = frequency.and_then(|f| f.current_khz.or(f.hardware_khz));
            let throttled = cpu.throttle.as_ref().and_then(|t| t.package_total_ms);
            vec![
                format!("cpu {}", cpu.cpu),
                khz.map_or(String::new(), |khz| format!("{} MHz", khz / 1000)),
                throttled.map_or(String::new(), |ms| format!("package throttled for {ms} ms")),
            ]
        });
        let controllers = counters.edac.controllers.iter();
        let dimms = controllers.flat_map(|controller| {
            controller.dimms.iter().map(|dimm| {
                let label = dimm.label.as_deref().unwrap_or(&dimm.name);
                vec![
                    format!("dimm {label}"),
                    dimm.location.clone().unwrap_or_default(),
                    format!(
                        "{} corrected, {} uncorrected",
                        shown(dimm.corrected),
                        shown(dimm.uncorrected)
                    ),
                ]
            })
        });
        let functions = counters.aer.iter().map(|function| {
            let count = |errors: &Option<AerErrors>| shown(errors.as_ref().map(AerErrors::all));
            vec![
                format!("pci {}", function.address),
                String::new(),
                format!(
                    "{} correctable, {} non-fatal, {} fatal",
                    count(&function.correctable),
                    count(&function.nonfatal),
                    count(&function.fatal)
                ),
            ]
        });
        let nics = counters.nics.iter().map(|nic| {
            let count = |name: &str| {
                let found = nic.statistics.iter().find(|count| count.name == name);
                shown(found.map(|NamedCount { count, .. }| *count))
            };
            vec![
                format!("nic {}", nic.name),
                format!("{} bytes in, {} out", count("rx_bytes"), count("tx_bytes")),
                format!(
                    "{} receive errors, {} CRC, carrier changed {} times",
                    count("rx_errors"),
                    count("rx_crc_errors"),
                    shown(nic.carrier_changes)
                ),
            ]
        });
        of(
            &["Part", "Now", "Totals"],
            cpus.chain(dimms).chain(functions).chain(nics),
            "no counters",
        )
    }

    /// All of the counters as JSON.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(&self.counters)
    }

    /// The files themselves, each behind its path.
    pub fn raw(&self) -> String {
        raw(&self.files)
    }
}

/// Files that are text, each behind its path; of the others their length.
pub fn raw(files: &Files) -> String {
    let one = |(path, entry): (&str, &Entry)| match entry {
        Entry::File { bytes, .. } => match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => format!("# {path}\n{}\n", text.trim_end()),
            _ => format!("# {path}: {} bytes that are not text\n", bytes.len()),
        },
        Entry::Link(target) => format!("# {path} -> {target}\n"),
        Entry::Gap(gap) => format!("# {path}: {gap:?}\n"),
    };
    let all: String = files.iter().map(one).collect();
    let lines: Vec<String> = all.lines().map(printable).collect();
    format!("{}\n", lines.join("\n"))
}

fn shown(count: Option<u64>) -> String {
    count.map_or_else(|| "?".to_owned(), |count| count.to_string())
}
