//! What the machine draws, and by which of its supplies.

use crate::simulated::profile::{Fault, Gpu, Psu};
use crate::simulated::world::World;

/// What a server draws in addition to processors and GPUs, in watts.
const BOARD_WATTS: f64 = 120.0;

/// What of a supply's input comes out of it.
const EFFICIENCY: f64 = 0.94;

/// Volts of the mains.
const MAINS_VOLTS: f64 = 230.0;

/// What the machine draws, in watts.
pub fn drawn(world: &World) -> f64 {
    let profile = &world.profile;
    if profile.bmc.is_none() {
        let watts = 9.0 + profile.cpu.tdp_watts * world.load.cpus();
        return world.about(watts, 0.01, "watts");
    }
    let package = |p: usize| {
        let throttled = world.thermal.throttled.get(p).copied().unwrap_or(false);
        let power = if throttled { 0.62 } else { 1.0 };
        profile.cpu.tdp_watts * (0.2 + 0.8 * power * world.load.package(p))
    };
    let cpus: f64 = (0..profile.cpu.sockets as usize).map(package).sum();
    let gpu = |g: &Gpu| {
        let busy = world.load.gpus.get(&g.name).copied().unwrap_or(0.0);
        if world.off_bus(g) {
            0.0
        } else {
            g.power_limit * (0.11 + 0.84 * busy.min(1.0))
        }
    };
    let gpus: f64 = profile.gpus.iter().map(gpu).sum();
    world.about(BOARD_WATTS + cpus + gpus, 0.008, "watts")
}

/// The supplies of a server: not a laptop's battery or adapter.
pub fn servers(world: &World) -> impl Iterator<Item = &Psu> {
    world.profile.psus.iter().filter(|psu| !psu.portable)
}

/// Whether a supply has no input.
pub fn has_lost_input(world: &World, psu: &Psu) -> bool {
    world.any(|f| matches!(f, Fault::PsuLost { psu: name } if *name == psu.name))
}

/// Whether a supply has failed.
pub fn has_failed(world: &World, psu: &Psu) -> bool {
    world.any(|f| matches!(f, Fault::PsuFailed { psu: name } if *name == psu.name))
}

fn is_dead(world: &World, psu: &Psu) -> bool {
    has_lost_input(world, psu) || has_failed(world, psu)
}

fn alive(world: &World) -> usize {
    servers(world).filter(|psu| !is_dead(world, psu)).count()
}

/// What goes into a supply, in watts: those that work share what the machine draws.
pub fn input_watts(world: &World, psu: &Psu) -> f64 {
    if is_dead(world, psu) {
        return 0.0;
    }
    let share = drawn(world) / alive(world).max(1) as f64;
    world.about(share, 0.01, &psu.name) / EFFICIENCY
}

/// The voltage at a supply's input.
pub fn input_volts(world: &World, psu: &Psu) -> f64 {
    let volts = if has_lost_input(world, psu) {
        0.0
    } else {
        MAINS_VOLTS
    };
    world.about(volts, 0.004, &format!("{}/volts", psu.name))
}

/// Whether the supplies are redundant; `None` where there is one, or none.
pub fn redundant(world: &World) -> Option<bool> {
    (servers(world).count() >= 2)
        .then(|| alive(world) >= 2 && !world.any(|f| matches!(f, Fault::RedundancyLost {})))
}
