//! Memory as the kernel accounts for it: `/proc/meminfo`.

use super::tree::Files;
use crate::simulated::profile::Profile;
use crate::simulated::slots;

pub fn add(files: &mut Files, _profile: &Profile) {
    files.now("proc/meminfo", |world| {
        let total = slots::visible_bytes(world) / 1024;
        let available = slots::available_bytes(slots::installed(world)) / 1024;
        Ok(format!(
            "MemTotal:       {total:>8} kB\nMemFree:        {available:>8} kB\n\
             MemAvailable:   {available:>8} kB\nHardwareCorrupted:     0 kB\n"
        ))
    });
}
