//! EDAC's check of PCI parity.

use serde::Serialize;

use super::edac::HOME;
use super::folder::{Folder, Leftover, names, numbered};
use crate::files::Files;

/// The PCI parity check.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Parity {
    /// Parity errors of all devices.
    pub parity: Option<u64>,
    /// Other errors of all devices.
    pub other: Option<u64>,
    /// What does not fit, with the counters of single controllers (`pci0/pe_count`).
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// Reads the counters.
pub(crate) fn parity(files: &Files) -> Parity {
    let home = format!("{HOME}/pci");
    let mut folder = Folder::open(files, &home);
    let parity = folder.number("pci_parity_count");
    let other = folder.number("pci_nonparity_count");
    let mut leftover = folder.close();
    for name in names(files, &home) {
        if numbered(&name, "pci").is_none() {
            continue;
        }
        Folder::open(files, &format!("{home}/{name}")).close_below(&name, &mut leftover);
    }
    Parity {
        parity,
        other,
        leftover,
    }
}
