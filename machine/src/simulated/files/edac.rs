//! EDAC, the kernel's counters of memory errors (`Documentation/admin-guide/RAS`): two channels a
//! controller, one module a channel.

use super::tree::{Files, Part};
use crate::simulated::profile::Profile;

const HOME: &str = "sys/devices/system/edac/mc";

pub fn add(files: &mut Files, profile: &Profile) {
    let spec = &profile.memory;
    let Some(driver) = &spec.edac else { return };
    let controllers = spec.slots.len().div_ceil(2);
    let per_socket = controllers
        .div_ceil(profile.cpu.sockets.max(1) as usize)
        .max(1);
    for (number, slots) in spec.slots.chunks(2).enumerate() {
        let home = format!("{HOME}/mc{number}");
        files.text(
            format!("{home}/mc_name"),
            name(driver, number / per_socket, number % per_socket),
        );
        for (count, uncorrected) in [("ce_count", false), ("ue_count", true)] {
            let slots = slots.to_vec();
            files.number(format!("{home}/{count}"), move |world| {
                let of = |slot: &String| {
                    let counted = world.dimm_errors.get(slot).copied().unwrap_or_default();
                    if uncorrected { counted.1 } else { counted.0 }
                };
                slots.iter().map(of).fold(0, u64::saturating_add)
            });
        }
        files.text(format!("{home}/ce_noinfo_count"), 0);
        files.text(format!("{home}/ue_noinfo_count"), 0);
        files.number(format!("{home}/seconds_since_reset"), |world| {
            3_600 + world.now / 1_000_000_000
        });
        for (channel, slot) in slots.iter().enumerate() {
            module(files, profile, &home, channel, slot);
        }
    }
}

/// The name that a driver gives its controllers (drivers/edac: `i10nm_base.c`, `skx_base.c`,
/// `amd64_edac.c`).
fn name(driver: &str, socket: usize, controller: usize) -> String {
    match driver {
        "i10nm_edac" => format!("Intel_10nm Socket#{socket} IMC#{controller}"),
        "skx_edac" => format!("Skylake Socket#{socket} IMC#{controller}"),
        "amd64_edac" => "F19h_M10h".to_owned(),
        other => other.to_owned(),
    }
}

fn module(files: &mut Files, profile: &Profile, controller: &str, channel: usize, slot: &str) {
    let spec = &profile.memory;
    let home = format!("{controller}/dimm{channel}");
    let kind = spec.kind.replace("DDR", "Registered-DDR");
    files.of_part(Some(Part::Dimm(slot.to_owned())), |files| {
        files.text(format!("{home}/dimm_label"), slot);
        files.text(
            format!("{home}/dimm_location"),
            format!("channel {channel} slot 0 "),
        );
        files.text(format!("{home}/dimm_mem_type"), kind);
        files.text(format!("{home}/dimm_edac_mode"), "S4ECD4ED");
        files.text(format!("{home}/size"), spec.module_bytes >> 20);
        let key = slot.to_owned();
        files.number(format!("{home}/dimm_ce_count"), move |world| {
            world.dimm_errors.get(&key).map_or(0, |counted| counted.0)
        });
        let key = slot.to_owned();
        files.number(format!("{home}/dimm_ue_count"), move |world| {
            world.dimm_errors.get(&key).map_or(0, |counted| counted.1)
        });
    });
}
