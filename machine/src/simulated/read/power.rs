//! Power supplies, rails and fans, as the management controller tells them; on a laptop, as the
//! kernel's `power_supply` class does.

use crate::contract::power::{Health, LogEntry, Reading, Redundancy, Sensor, Source, Supply};
use crate::contract::types::Error;
use crate::simulated::profile::{Fault, Psu};
use crate::simulated::tools::trouble::Trouble;
use crate::simulated::world::World;

/// What the wrapper says of output that it makes nothing of.
const NOTHING: &str = "its output holds nothing that can be understood";

/// What a server draws besides processors and GPUs, in watts.
const BOARD_WATTS: f64 = 120.0;

/// Everything.
pub fn read(world: &World) -> Reading {
    let profile = &world.profile;
    let tool = world.has_tool("ipmitool");
    let trouble = Trouble::of(world, "ipmitool").asked("ipmitool", NOTHING);
    let managed = profile.bmc.is_some() && tool && trouble.is_ok();
    let trouble = trouble.err().map(|error| error.to_string());
    let portable = profile.psus.iter().any(|p| p.portable);
    let source = |name: &str, available: bool, detail: &str| Source {
        name: name.to_owned(),
        available,
        detail: detail.to_owned(),
    };
    let sources = vec![
        source(
            "ipmi",
            managed,
            match (profile.bmc.is_some(), tool) {
                (false, _) => "no management controller",
                (true, false) => "ipmitool is not available (apt-get install ipmitool)",
                (true, true) => trouble.as_deref().unwrap_or("/dev/ipmi0"),
            },
        ),
        source("hwmon", true, "no power sensors"),
        source(
            "power_supply",
            true,
            if portable {
                "battery and adapter"
            } else {
                "no supplies"
            },
        ),
    ];
    let watts = drawn(world);
    Reading {
        sources,
        supplies: profile
            .psus
            .iter()
            .filter(|psu| managed || psu.portable)
            .map(|psu| supply(world, psu, watts))
            .collect(),
        redundancy: redundancy(world).into_iter().filter(|_| managed).collect(),
        sensors: if managed { sensors(world) } else { Vec::new() },
        total_watts: (managed || portable).then_some(watts),
        extra: Vec::new(),
    }
}

/// The management controller's event log.
pub fn event_log(world: &World) -> Result<Vec<LogEntry>, Error> {
    if world.profile.bmc.is_none() {
        return Err(Error::no_hardware("a management controller (BMC)"));
    }
    if !world.has_tool("ipmitool") {
        return Err(Error::tool_missing("ipmitool", "ipmitool"));
    }
    match Trouble::of(world, "ipmitool") {
        // An empty log ends with 0 too.
        Trouble {
            garbage: true,
            crashes: false,
            hangs: false,
        } => Ok(Vec::new()),
        trouble => {
            trouble.asked("ipmitool", NOTHING)?;
            Ok(world.event_log.clone())
        }
    }
}

/// What the machine draws, in watts.
fn drawn(world: &World) -> f64 {
    let profile = &world.profile;
    if profile.bmc.is_none() {
        return world.about(
            9.0 + profile.cpu.tdp_watts * world.load.cpus(),
            0.01,
            "watts",
        );
    }
    let package = |p: usize| {
        let throttled = world.thermal.throttled.get(p).copied().unwrap_or(false);
        let power = if throttled { 0.62 } else { 1.0 };
        profile.cpu.tdp_watts * (0.2 + 0.8 * power * world.load.package(p))
    };
    let cpus: f64 = (0..profile.cpu.sockets as usize).map(package).sum();
    let gpu = |g: &crate::simulated::profile::Gpu| {
        let busy = world
            .load
            .gpus
            .get(&g.name)
            .copied()
            .unwrap_or(0.0)
            .min(1.0);
        if world.off_bus(g) {
            0.0
        } else {
            g.power_limit * (0.11 + 0.84 * busy)
        }
    };
    let gpus: f64 = profile.gpus.iter().map(gpu).sum();
    world.about(BOARD_WATTS + cpus + gpus, 0.008, "watts")
}

fn lost(world: &World, name: &str) -> bool {
    world.any(|f| matches!(f, Fault::PsuLost { psu } if psu == name))
}

fn failed(world: &World, name: &str) -> bool {
    world.any(|f| matches!(f, Fault::PsuFailed { psu } if psu == name))
}

fn supply(world: &World, psu: &Psu, watts: f64) -> Supply {
    let dead = |p: &Psu| lost(world, &p.name) || failed(world, &p.name);
    let alive = world
        .profile
        .psus
        .iter()
        .filter(|p| !dead(p))
        .count()
        .max(1);
    let share = if dead(psu) {
        0.0
    } else {
        world.about(watts / alive as f64, 0.01, &psu.name)
    };
    let mut states = vec![
        if psu.portable {
            "Online"
        } else {
            "Presence detected"
        }
        .to_owned(),
    ];
    if lost(world, &psu.name) {
        states.push("Power Supply AC lost".to_owned());
    }
    if failed(world, &psu.name) {
        states.push("Failure detected".to_owned());
    }
    let volts = if lost(world, &psu.name) { 0.0 } else { 230.0 };
    Supply {
        name: psu.name.clone(),
        source: if psu.portable { "power_supply" } else { "ipmi" }.to_owned(),
        present: Some(true),
        health: if dead(psu) {
            Health::Critical
        } else {
            Health::Nominal
        },
        states,
        input_watts: (!psu.portable).then_some((share / 0.94).round()),
        output_watts: (!psu.portable).then_some(share.round()),
        input_volts: (!psu.portable)
            .then(|| world.about(volts, 0.004, &format!("{}/volts", psu.name))),
        rated_watts: psu.rated_watts,
        model: psu.model.clone(),
        serial: psu.serial.clone(),
        portable: psu.portable,
        extra: Vec::new(),
    }
}

fn redundancy(world: &World) -> Option<Redundancy> {
    let server = world.profile.psus.iter().filter(|p| !p.portable);
    let (all, alive) = server.fold((0, 0), |(all, alive), psu| {
        (
            all + 1,
            alive + usize::from(!lost(world, &psu.name) && !failed(world, &psu.name)),
        )
    });
    if world.profile.bmc.is_none() || all < 2 {
        return None;
    }
    let gone = alive < 2 || world.any(|f| matches!(f, Fault::RedundancyLost {}));
    let states: &[&str] = if gone {
        &[
            "Redundancy Lost",
            "Non-redundant:Sufficient Resources from Redundant",
        ]
    } else {
        &["Fully Redundant"]
    };
    Some(Redundancy {
        name: "PS Redundancy".to_owned(),
        kind: "power".to_owned(),
        states: states.iter().map(|s| (*s).to_owned()).collect(),
        health: if gone {
            Health::Critical
        } else {
            Health::Nominal
        },
    })
}

/// A threshold sensor; its state follows from the thresholds, as ipmitool writes it.
fn threshold(
    name: &str,
    kind: &str,
    unit: &str,
    value: f64,
    lower: Option<(f64, f64)>,
    upper: Option<(f64, f64)>,
) -> Sensor {
    let critical = lower.is_some_and(|(c, _)| value <= c) || upper.is_some_and(|(_, c)| value >= c);
    let warning = lower.is_some_and(|(_, w)| value <= w) || upper.is_some_and(|(w, _)| value >= w);
    let (state, health) = match (critical, warning) {
        (true, _) => ("cr", Health::Critical),
        (_, true) => ("nc", Health::Warning),
        _ => ("ok", Health::Nominal),
    };
    Sensor {
        name: name.to_owned(),
        kind: kind.to_owned(),
        value: Some(value),
        unit: unit.to_owned(),
        state: state.to_owned(),
        health,
        lower_critical: lower.map(|l| l.0),
        lower_warning: lower.map(|l| l.1),
        upper_warning: upper.map(|u| u.0),
        upper_critical: upper.map(|u| u.1),
    }
}

fn sensors(world: &World) -> Vec<Sensor> {
    let profile = &world.profile;
    let mut sensors = Vec::new();
    let inlet = world.about(profile.ambient, 0.01, "inlet").round();
    sensors.push(threshold(
        "Inlet Temp",
        "temperature",
        "Cel",
        inlet,
        None,
        Some((38.0, 42.0)),
    ));
    for (package, degrees) in world.thermal.packages.iter().enumerate() {
        let name = format!("CPU{} Temp", package + 1);
        let upper = Some((profile.cpu.throttle_at - 3.0, profile.cpu.throttle_at));
        sensors.push(threshold(
            &name,
            "temperature",
            "Cel",
            degrees.round(),
            None,
            upper,
        ));
    }
    for fan in &profile.fans {
        let turning = world.about(fan.rpm * world.thermal.duty, 0.008, &fan.name);
        // A BMC tells fans in steps of 60 rpm or so.
        let rpm = if world.fan_turns(&fan.name) {
            (turning / 60.0).round() * 60.0
        } else {
            0.0
        };
        let lower = Some(((fan.rpm * 0.08).round(), (fan.rpm * 0.12).round()));
        sensors.push(threshold(&fan.name, "fan", "1/min", rpm, lower, None));
    }
    for rail in &profile.rails {
        let off = world.faults().find_map(|f| match f {
            Fault::RailOff { rail: name, volts } if *name == rail.name => Some(*volts),
            _ => None,
        });
        let volts = world.about(off.unwrap_or(rail.volts), 0.006, &rail.name);
        let volts = (volts * 100.0).round() / 100.0;
        let limit = |part: f64| (rail.volts * part * 1000.0).round() / 1000.0;
        let (lower, upper) = ((limit(0.93), limit(0.95)), (limit(1.05), limit(1.07)));
        sensors.push(threshold(
            &rail.name,
            "voltage",
            "V",
            volts,
            Some(lower),
            Some(upper),
        ));
    }
    sensors
}
