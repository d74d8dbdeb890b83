//! Watchdog timers: what reset the machine, and what would.

use serde::Serialize;

use crate::counters::Leftover;
use crate::counters::folder::{Folder, names};
use crate::files::Files;

const CLASS: &str = "sys/class/watchdog";

/// What to read for [`watchdogs`].
pub const WATCHDOG: &[&str] = &["sys/class/watchdog/*", "sys/class/watchdog/*/*"];

/// One watchdog.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Watchdog {
    /// Its folder: `watchdog0`.
    pub name: String,
    /// What it is: `iTCO_wdt`, `IPMI`.
    pub identity: Option<String>,
    /// `active`, `inactive`.
    pub state: Option<String>,
    /// Its status bits now.
    pub status: Option<u64>,
    /// Its status bits at boot; bit 5: it reset the machine, bit 0: overheated, bit 1: a fan failed.
    pub boot_status: Option<u64>,
    /// Seconds until it resets.
    pub timeout: Option<u64>,
    /// Seconds left.
    pub time_left: Option<u64>,
    /// Seconds before the reset at which it warns.
    pub pretimeout: Option<u64>,
    /// Whether it cannot be stopped.
    pub no_way_out: Option<bool>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// Reads every watchdog.
pub fn watchdogs(files: &Files) -> Vec<Watchdog> {
    let one = |name: String| {
        let mut folder = Folder::open(files, &format!("{CLASS}/{name}"));
        Watchdog {
            name,
            identity: folder.text("identity"),
            state: folder.text("state"),
            status: folder.any_radix("status"),
            boot_status: folder.any_radix("bootstatus"),
            timeout: folder.number("timeout"),
            time_left: folder.number("timeleft"),
            pretimeout: folder.number("pretimeout"),
            no_way_out: folder.flag("nowayout"),
            leftover: folder.close(),
        }
    };
    names(files, CLASS).into_iter().map(one).collect()
}
