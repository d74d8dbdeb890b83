//! `/proc/mdstat`: Linux software RAID.

use serde::Serialize;

use super::folder::rows;
use crate::files::Files;

/// What to read for [`mdstat`].
pub const MDSTAT: &[&str] = &["proc/mdstat"];

/// All arrays.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Mdstat {
    /// The levels that the kernel knows: `raid1`.
    pub personalities: Vec<String>,
    /// The arrays.
    pub arrays: Vec<MdArray>,
    /// Devices with a superblock that no array uses.
    pub unused: Vec<String>,
    /// Rows that could not be read.
    pub unread: Vec<String>,
}

/// One array.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MdArray {
    /// Its name: `md0`.
    pub name: String,
    /// Whether it runs.
    pub active: bool,
    /// `read-only`, `auto-read-only`, `broken`, `readonly` as the kernel writes it, without brackets.
    pub flags: Vec<String>,
    /// `raid1`; `None` while it is inactive.
    pub level: Option<String>,
    /// Its members.
    pub members: Vec<MdMember>,
    /// Its size in KiB.
    pub kib: Option<u64>,
    /// Members that it should have.
    pub wanted: Option<u32>,
    /// Members that work.
    pub working: Option<u32>,
    /// Each place: `U` works, `_` does not.
    pub places: Option<String>,
    /// What the kernel does with it: `resync`, `recovery`, `check`, `reshape`, `repair`.
    pub action: Option<String>,
    /// Why it does not do it yet: `DELAYED`, `PENDING`, `REMOTE`.
    pub waiting: Option<String>,
    /// How far, in per cent.
    pub percent: Option<f64>,
    /// Other rows below it, as they were: bitmap, speed, time.
    pub rows: Vec<String>,
}

/// One member of an array.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MdMember {
    /// The device: `sda1`.
    pub device: String,
    /// Its number in the array.
    pub number: Option<u32>,
    /// `F` failed, `S` spare, `W` written mostly, `J` journal, `R` being replaced.
    pub flags: String,
}

/// Reads the arrays; `None`: not read, or the kernel has no such driver.
pub fn mdstat(files: &Files) -> Option<Mdstat> {
    let mut found = Mdstat::default();
    for row in rows(files, "proc/mdstat")? {
        let cells: Vec<&str> = row.split_whitespace().collect();
        match cells.as_slice() {
            ["Personalities", ":", rest @ ..] => {
                let names = rest
                    .iter()
                    .map(|name| name.trim_matches(['[', ']']).to_owned());
                found.personalities = names.collect();
            }
            ["unused", "devices:", rest @ ..] => {
                let names = rest.iter().filter(|name| **name != "<none>");
                found.unused = names.map(|name| (*name).to_owned()).collect();
            }
            [name, ":", rest @ ..] if !row.starts_with(' ') => found.arrays.push(array(name, rest)),
            _ => match found.arrays.last_mut() {
                Some(array) if row.starts_with([' ', '\t']) => below(array, &row, &cells),
                _ => found.unread.push(row),
            },
        }
    }
    Some(found)
}

fn array(name: &str, cells: &[&str]) -> MdArray {
    let mut found = MdArray {
        name: name.to_owned(),
        ..MdArray::default()
    };
    for cell in cells {
        if *cell == "active" {
            found.active = true;
        } else if cell.starts_with('(') {
            found.flags.push(cell.trim_matches(['(', ')']).to_owned());
        } else if let Some((device, rest)) = cell.split_once('[') {
            let (number, flags) = rest.split_once(']').unwrap_or((rest, ""));
            found.members.push(MdMember {
                device: device.to_owned(),
                number: number.parse().ok(),
                flags: flags.replace(['(', ')'], ""),
            });
        } else if *cell != "inactive" {
            found.level = Some((*cell).to_owned());
        }
    }
    found
}

fn below(array: &mut MdArray, row: &str, cells: &[&str]) {
    if let [kib, "blocks", rest @ ..] = cells {
        array.kib = kib.parse().ok();
        for cell in rest {
            let Some(inner) = cell.strip_prefix('[').and_then(|c| c.strip_suffix(']')) else {
                continue;
            };
            match inner.split_once('/') {
                Some((wanted, working)) => {
                    array.wanted = wanted.parse().ok();
                    array.working = working.parse().ok();
                }
                None => array.places = Some(inner.to_owned()),
            }
        }
    }
    // `[==>....]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec`.
    let progress = cells.iter().position(|cell| *cell == "=");
    if let Some(at) = progress {
        let around = |index: Option<usize>| index.and_then(|i| cells.get(i)).copied();
        array.action = around(at.checked_sub(1)).map(str::to_owned);
        let percent = around(at.checked_add(1)).and_then(|cell| cell.strip_suffix('%'));
        array.percent = percent
            .and_then(|cell| cell.parse().ok())
            .filter(|p: &f64| p.is_finite());
    }
    if let [cell] = cells
        && let Some((action, why @ ("DELAYED" | "PENDING" | "REMOTE"))) = cell.split_once('=')
    {
        array.action = Some(action.to_owned());
        array.waiting = Some(why.to_owned());
    }
    array.rows.push(row.trim().to_owned());
}
