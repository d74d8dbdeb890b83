//! What the kernel's EDAC drivers count, by memory module.

use vetting_facts::counters::{Controller, Dimm, EDAC, Edac, Row, edac};
use vetting_stage::kernel_files;
use vetting_stage::types::Error;

/// Reads EDAC's counters once.
pub fn read() -> Result<Edac, Error> {
    Ok(edac(&kernel_files::read(EDAC)?))
}

/// One module's errors since its driver was loaded, or those of a row of chips where the driver knows rows
/// alone. A count is `None` where it could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The controller's folder: `mc0`.
    pub controller: String,
    /// The module's folder: `dimm3`.
    pub name: String,
    /// The board's name of its slot, or its folder where the driver has no names.
    pub label: String,
    /// Where it is, as EDAC says: `channel 0 slot 1`.
    pub location: String,
    /// Corrected errors.
    pub corrected: Option<u64>,
    /// Uncorrected errors.
    pub uncorrected: Option<u64>,
}

impl Module {
    /// Its place in words: `DIMM_A1 (mc0 channel 0 slot 0)`.
    pub fn place(&self) -> String {
        let place = [self.controller.as_str(), self.location.as_str()];
        format!("{} ({})", self.label, place.join(" ").trim())
    }
}

/// Every module of every controller.
pub fn modules(edac: &Edac) -> Vec<Module> {
    let of = |controller: &Controller| -> Vec<Module> {
        let dimms = controller
            .dimms
            .iter()
            .map(|dimm| by_dimm(controller, dimm));
        let rows = controller.rows.iter().map(|row| by_row(controller, row));
        // Rows count the same errors again.
        match controller.dimms.is_empty() {
            false => dimms.collect(),
            true => rows.collect(),
        }
    };
    edac.controllers.iter().flat_map(of).collect()
}

fn by_dimm(controller: &Controller, dimm: &Dimm) -> Module {
    Module {
        controller: controller.controller.clone(),
        name: dimm.name.clone(),
        label: dimm.label.clone().unwrap_or_else(|| dimm.name.clone()),
        location: dimm.location.clone().unwrap_or_default(),
        corrected: dimm.corrected,
        uncorrected: dimm.uncorrected,
    }
}

fn by_row(controller: &Controller, row: &Row) -> Module {
    let labels = row
        .channels
        .iter()
        .filter_map(|channel| channel.label.clone());
    let labels: Vec<String> = labels.collect();
    Module {
        controller: controller.controller.clone(),
        name: row.name.clone(),
        label: match labels.is_empty() {
            true => row.name.clone(),
            false => labels.join(", "),
        },
        location: row.name.replace("csrow", "csrow "),
        corrected: row.corrected,
        uncorrected: row.uncorrected,
    }
}

/// What each memory controller calls itself, each once: `Skylake Socket#0 IMC#0`.
pub fn controllers(edac: &Edac) -> Vec<&str> {
    let names = edac.controllers.iter();
    let mut names: Vec<&str> = names
        .map(|c| c.name.as_deref().unwrap_or(&c.controller))
        .collect();
    names.dedup();
    names
}

/// Counters that are there and could not be read.
pub fn unread(edac: &Edac) -> Vec<String> {
    let below = |home: String, rows: &[String]| -> Vec<String> {
        rows.iter().map(|row| format!("{home}/{row}")).collect()
    };
    let mut unread = Vec::new();
    for controller in &edac.controllers {
        let home = &controller.controller;
        unread.extend(below(home.clone(), &controller.leftover.unread));
        for dimm in &controller.dimms {
            unread.extend(below(
                format!("{home}/{}", dimm.name),
                &dimm.leftover.unread,
            ));
        }
        for row in &controller.rows {
            unread.extend(below(format!("{home}/{}", row.name), &row.leftover.unread));
        }
    }
    // Some controllers have no scrub rate or reset to read, which says nothing of errors.
    unread.retain(|row| row.contains("_count"));
    unread
}
