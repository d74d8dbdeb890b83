//! Traces of earlier crashes: pstore, the firmware's boot error record, the kernel's taint.

use serde::Serialize;

use super::folder::{names, reason, whole};
use crate::files::{Entry, Files};

const PSTORE: &str = "sys/fs/pstore";
const TABLES: &str = "sys/firmware/acpi/tables";

/// What to read for [`crashes`].
pub const CRASH: &[&str] = &[
    "sys/fs/pstore/*",
    "sys/firmware/acpi/tables/BERT",
    "sys/firmware/acpi/tables/HEST",
    "sys/firmware/acpi/tables/ERST",
    "sys/firmware/acpi/tables/EINJ",
    "sys/firmware/acpi/tables/data/BERT",
    "proc/sys/kernel/tainted",
];

/// Traces of earlier crashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Crashes {
    /// The files of pstore; their text is for the kernel log's reader.
    pub pstore: Vec<Trace>,
    /// The firmware's tables for errors: `BERT`, `HEST`, `ERST`, `EINJ`. With `HEST` the firmware may
    /// take errors first.
    pub tables: Vec<Trace>,
    /// The boot error record itself: its bytes are there where the firmware kept an error.
    pub boot_error: Option<Trace>,
    /// The kernel's taint flags; bit 4: a machine check, bit 5: a bad page, bit 7: died, bit 9: warned.
    pub tainted: Option<u64>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// Its name.
    pub name: String,
    /// Bytes that were read of it; `None`: it is there, and could not be read.
    pub bytes: Option<u64>,
    /// Why it could not be read.
    pub unread: Option<String>,
}

/// Reads what earlier crashes left.
pub fn crashes(files: &Files) -> Crashes {
    let pstore = names(files, PSTORE).into_iter();
    let tables = ["BERT", "HEST", "ERST", "EINJ"].into_iter();
    let tainted = whole(files, "proc/sys/kernel/tainted");
    Crashes {
        pstore: pstore
            .filter_map(|name| trace(files, PSTORE, &name))
            .collect(),
        tables: tables
            .filter_map(|name| trace(files, TABLES, name))
            .collect(),
        boot_error: trace(files, &format!("{TABLES}/data"), "BERT"),
        tainted: tainted.and_then(|text| text.parse().ok()),
    }
}

fn trace(files: &Files, folder: &str, name: &str) -> Option<Trace> {
    let (bytes, unread) = match files.get(&format!("{folder}/{name}"))? {
        Entry::File { bytes, .. } => (u64::try_from(bytes.len()).ok(), None),
        Entry::Gap(gap) => (None, Some(reason(gap))),
        Entry::Link(_) => (None, None),
    };
    Some(Trace {
        name: name.to_owned(),
        bytes,
        unread,
    })
}
