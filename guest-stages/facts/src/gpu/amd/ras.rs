//! Errors that the driver counts, and the pages that it reserved for them.

use serde::Serialize;

use super::AmdGpu;
use crate::files::{Entry, Files};

/// Errors of one block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Block {
    /// `umc` (memory controllers), `gfx`, `sdma`, `mmhub`, `xgmi_wafl` …
    pub name: String,
    /// Uncorrectable.
    pub uncorrectable: Option<u64>,
    /// Corrected.
    pub correctable: Option<u64>,
    /// Deferred: data is lost and was not read yet (MI300 and later).
    pub deferred: Option<u64>,
}

/// A bad page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadPage {
    /// Its number, in hexadecimal.
    pub page: String,
    /// Its size in bytes, in hexadecimal.
    pub size: String,
    /// `R`: reserved, `P`: pending, `F`: cannot be reserved.
    pub state: String,
}

pub(super) fn read(files: &Files, folder: &str, gpu: &mut AmdGpu) {
    let folder = format!("{folder}/ras");
    for file in files.names(&folder) {
        let path = format!("{folder}/{file}");
        let Some(Entry::File { bytes, cut }) = files.get(&path) else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes);
        if let Some(name) = file.strip_suffix("_err_count") {
            let mut block = Block {
                name: name.to_owned(),
                ..Block::default()
            };
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                if count(&mut block, line).is_none() {
                    gpu.unread.push(format!("ras/{file}: {}", line.trim()));
                }
            }
            gpu.blocks.push(block);
        } else if file == "gpu_vram_bad_pages" {
            let pages = gpu.bad_pages.get_or_insert_default();
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                match page(line) {
                    Some(page) => pages.push(page),
                    None => gpu.unread.push(format!("ras/{file}: {}", line.trim())),
                }
            }
        } else {
            gpu.extra
                .insert(format!("ras/{file}"), text.trim().to_owned());
        }
        if *cut {
            gpu.unread.push(format!("ras/{file}: cut"));
        }
    }
}

/// `ue: 0`, `ce: 12`, `de: 7`.
fn count(block: &mut Block, line: &str) -> Option<()> {
    let (name, number) = line.split_once(':')?;
    let place = match name.trim() {
        "ue" => &mut block.uncorrectable,
        "ce" => &mut block.correctable,
        "de" => &mut block.deferred,
        _ => return None,
    };
    *place = Some(number.trim().parse().ok()?);
    Some(())
}

/// `0x00000001 : 0x00001000 : R`.
fn page(line: &str) -> Option<BadPage> {
    let mut parts = line.split(':').map(|part| part.trim().to_owned());
    let (page, size, state) = (parts.next()?, parts.next()?, parts.next()?);
    page.starts_with("0x")
        .then_some(BadPage { page, size, state })
}
