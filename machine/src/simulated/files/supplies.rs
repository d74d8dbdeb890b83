//! A laptop's battery and adapter (`Documentation/ABI/testing/sysfs-class-power`).

use super::tree::Files;
use crate::simulated::profile::{Fault, Profile, Psu};

const CLASS: &str = "sys/class/power_supply";

pub fn add(files: &mut Files, profile: &Profile) {
    for psu in profile.psus.iter().filter(|psu| psu.portable) {
        one(files, psu);
    }
}

fn one(files: &mut Files, psu: &Psu) {
    let home = format!("{CLASS}/{}", psu.name);
    let battery = psu.name.starts_with("BAT");
    if let Some(model) = &psu.model {
        files.text(format!("{home}/model_name"), model);
    }
    if let Some(serial) = &psu.serial {
        files.text(format!("{home}/serial_number"), serial);
    }
    let name = psu.name.clone();
    let works = move |world: &crate::simulated::world::World| {
        !world.any(|fault| {
            matches!(fault, Fault::PsuLost { psu } | Fault::PsuFailed { psu } if *psu == name)
        })
    };
    if battery {
        files.text(format!("{home}/type"), "Battery");
        files.number(format!("{home}/present"), move |world| {
            u64::from(works(world))
        });
        files.text(format!("{home}/status"), "Full");
        files.text(format!("{home}/capacity"), 100);
        files.text(format!("{home}/capacity_level"), "Full");
        files.text(format!("{home}/voltage_now"), 15_400_000);
    } else {
        files.text(format!("{home}/type"), "Mains");
        files.number(format!("{home}/online"), move |world| {
            u64::from(works(world))
        });
    }
}
