//! Memory as the kernel accounts for it: `/proc/meminfo`.

use super::tree::Files;
use crate::simulated::profile::Profile;
use crate::simulated::read::inventory;

pub fn add(files: &mut Files, _profile: &Profile) {
    files.now("proc/meminfo", |world| {
        let memory = inventory::memory(world);
        let total = memory.visible_bytes / 1024;
        let available = memory.available_bytes / 1024;
        Ok(format!(
            "MemTotal:       {total:>8} kB\nMemFree:        {available:>8} kB\n\
             MemAvailable:   {available:>8} kB\nHardwareCorrupted:     0 kB\n"
        ))
    });
}
