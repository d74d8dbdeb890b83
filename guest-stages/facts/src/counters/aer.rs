//! PCI Express advanced error reporting (AER): a row per kind of error, then the total.

use serde::Serialize;

use super::change::{Count, NamedCount, Part};
use super::folder::{last, names, reason, resolve, rows, text};
use crate::files::{Entry, Files};

/// The bus's functions.
pub(crate) const BUS: &str = "sys/bus/pci/devices";

/// What to read for [`aer`].
pub const AER: &[&str] = &["sys/bus/pci/devices/*", "sys/bus/pci/devices/*/aer_*"];

/// One PCI Express function that counts errors as it sees them; its link partner may count as well.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AerFunction {
    /// Its address: `0000:3b:00.0`.
    pub address: String,
    /// The bridge or root port above it, by address.
    pub parent: Option<String>,
    /// Corrected errors; `None`: the kernel has no such file for it.
    pub correctable: Option<AerErrors>,
    /// Uncorrected errors that left the link usable.
    pub nonfatal: Option<AerErrors>,
    /// Uncorrected errors after which the link must be reset.
    pub fatal: Option<AerErrors>,
    /// A root port's messages of corrected errors from below.
    pub rootport_correctable: Option<u64>,
    /// A root port's messages of errors that are not fatal.
    pub rootport_nonfatal: Option<u64>,
    /// A root port's messages of fatal errors.
    pub rootport_fatal: Option<u64>,
    /// Rows and files that could not be read.
    pub unread: Vec<String>,
}

/// The errors of one severity.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AerErrors {
    /// Each kind, by the kernel's name: `RxErr`, `BadTLP`; kernels of 2018 write `Receiver Error`.
    pub kinds: Vec<NamedCount>,
    /// The kernel's total (`TOTAL_ERR_COR`); `None`: the kernel writes none. It counts messages, and one
    /// message may name several kinds: it may be below the kinds' sum.
    pub total: Option<u64>,
}

impl AerErrors {
    /// The kernel's total, and where it writes none the kinds' sum.
    pub fn all(&self) -> u64 {
        let sum = || {
            self.kinds
                .iter()
                .fold(0, |sum: u64, kind| sum.saturating_add(kind.count))
        };
        self.total.unwrap_or_else(sum)
    }
}

/// Whether a name is a PCI address: `0000:3b:00.0`.
pub(crate) fn is_address(name: &str) -> bool {
    let mut parts = name.split([':', '.']);
    let hex = |part: Option<&str>, least: usize| {
        part.is_some_and(|p| p.len() >= least && p.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let well = hex(parts.next(), 4) && hex(parts.next(), 2) && hex(parts.next(), 2);
    well && hex(parts.next(), 1) && parts.next().is_none() && name.contains('.')
}

/// The function above one, by the place that its link leads to.
pub(crate) fn parent(files: &Files, address: &str) -> Option<String> {
    let target = files.target(&format!("{BUS}/{address}"))?;
    let (above, _) = target.rsplit_once('/')?;
    let above = last(above);
    is_address(above).then(|| above.to_owned())
}

/// Reads the error counters of each function that has any.
pub fn aer(files: &Files) -> Vec<AerFunction> {
    let functions = names(files, BUS);
    let functions = functions.iter().filter(|name| is_address(name));
    functions
        .filter_map(|address| function(files, address))
        .collect()
}

fn function(files: &Files, address: &str) -> Option<AerFunction> {
    let home = resolve(files, &format!("{BUS}/{address}"));
    let mut unread = Vec::new();
    let mut errors = |file: &str| {
        let path = format!("{home}/{file}");
        if let Some(Entry::Gap(gap)) = files.get(&path) {
            unread.push(format!("{file}: {}", reason(gap)));
        }
        table(&rows(files, &path)?, &mut unread)
    };
    let correctable = errors("aer_dev_correctable");
    let nonfatal = errors("aer_dev_nonfatal");
    let fatal = errors("aer_dev_fatal");
    let mut number = |file: &str| -> Option<u64> {
        let (text, cut) = text(files, &format!("{home}/aer_rootport_total_err_{file}"))?;
        let number = text.parse().ok().filter(|_| !cut);
        if number.is_none() {
            unread.push(format!("aer_rootport_total_err_{file}: {text}"));
        }
        number
    };
    let function = AerFunction {
        address: address.to_owned(),
        parent: parent(files, address),
        correctable,
        nonfatal,
        fatal,
        rootport_correctable: number("cor"),
        rootport_nonfatal: number("nonfatal"),
        rootport_fatal: number("fatal"),
        unread,
    };
    let nothing = function.correctable.is_none()
        && function.nonfatal.is_none()
        && function.fatal.is_none()
        && function.rootport_correctable.is_none()
        && function.unread.is_empty();
    (!nothing).then_some(function)
}

fn table(rows: &[String], unread: &mut Vec<String>) -> Option<AerErrors> {
    let mut errors = AerErrors::default();
    for row in rows {
        let cells = row.rsplit_once(char::is_whitespace);
        let Some((name, Ok(count))) = cells.map(|(name, count)| (name.trim(), count.parse()))
        else {
            unread.push(row.clone());
            continue;
        };
        match name.starts_with("TOTAL_ERR") {
            true => errors.total = Some(count),
            false => errors.kinds.push(NamedCount {
                name: name.to_owned(),
                count,
            }),
        }
    }
    (!errors.kinds.is_empty() || errors.total.is_some()).then_some(errors)
}

/// The counters of all functions.
pub fn counts(functions: &[AerFunction]) -> Vec<Count> {
    let mut counts = Vec::new();
    for function in functions {
        let home = format!("aer/{}", function.address);
        let mut part = Part {
            to: &mut counts,
            part: home.clone(),
        };
        part.add("rootport_cor", function.rootport_correctable);
        part.add("rootport_nonfatal", function.rootport_nonfatal);
        part.add("rootport_fatal", function.rootport_fatal);
        let severities = [
            ("correctable", &function.correctable),
            ("nonfatal", &function.nonfatal),
            ("fatal", &function.fatal),
        ];
        for (severity, errors) in severities {
            let Some(errors) = errors else { continue };
            part.part = format!("{home}/{severity}");
            part.all(&errors.kinds);
            part.add("total", Some(errors.all()));
        }
    }
    counts
}
