//! The rules on what was seen while NVIDIA's GPUs were loaded.

use std::collections::BTreeMap;

use vetting_facts::gpu::nvidia_smi::Gpu;
use vetting_stage::{Findings, Measure, Part, median};

use crate::burned;
use crate::bus::OnBus;
use crate::evidence::{Look, address_of, all_of, model_of, part_of};
use crate::seen::{Loaded, Seen, reason};
use crate::{Parameters, known, rules};

/// Fewer readings than this under load tell nothing of clocks.
const FEWEST: usize = 2;

/// Gigatransfers per second and lane, by generation of PCI Express.
const SPEEDS: [f64; 7] = [0.0, 2.5, 5.0, 8.0, 16.0, 32.0, 64.0];

/// A clock under load below so much of the others' is worth a look, and power below so much.
const CLOCK_OF_PEERS: f64 = 0.85;
const POWER_OF_PEERS: f64 = 0.80;

/// Memory that is so many degrees hotter than that of the others is worth a look, from this temperature on.
const ABOVE_OTHERS: f64 = 20.0;
const WARM: f64 = 80.0;

/// Less than this part of the peak of the data sheet is too little for a board that computes alone.
const LEAST_OF_PEAK: f64 = 0.45;

/// What a load was.
pub struct Load<'a> {
    pub bus: &'a [OnBus],
    pub after: &'a Look,
    pub seen: &'a Seen,
    pub results: &'a [burned::Result<'a>],
    pub runtime_ms: u64,
}

/// Judges every GPU that was loaded, by itself and among those of its model.
pub fn judge(load: &Load<'_>, p: &Parameters, findings: &mut Findings) {
    let mut unseen: Vec<Part> = Vec::new();
    let mut models: BTreeMap<&str, Vec<(&Gpu, &Loaded)>> = BTreeMap::new();
    // A link that idles is slow, legally: what was not loaded is not judged here.
    let loaded = load.results.iter().filter(|result| result.was_loaded());
    for gpu in loaded.map(|result| result.gpu) {
        let loaded = load.seen.of(address_of(gpu));
        match loaded.filter(|loaded| loaded.readings.len() >= FEWEST) {
            Some(loaded) => {
                one(load, gpu, loaded, p, findings);
                models.entry(model_of(gpu)).or_default().push((gpu, loaded));
            }
            // Why a lost one was not seen is known.
            None if load.after.gpu(address_of(gpu)).is_some_and(|gpu| !gpu.lost) => {
                unseen.push(part_of(gpu));
            }
            None => {}
        }
    }
    if !unseen.is_empty() {
        let message = format!("not seen under load: {}", all_of(&unseen));
        findings.unknown(rules::LOAD, None, message);
    }
    models.into_values().for_each(|gpus| peers(&gpus, findings));
    work(load.results, p, findings);
}

fn one(load: &Load<'_>, gpu: &Gpu, loaded: &Loaded, p: &Parameters, findings: &mut Findings) {
    let place = part_of(gpu);
    held_down(load, gpu, loaded, p, findings);
    let warm = loaded.held_by(reason::SOFTWARE_THERMAL);
    if warm > 0 {
        let message = format!(
            "its driver held the clocks down for heat in {warm} of {} readings. Check fans, ducts, inlet",
            loaded.readings.len()
        );
        findings.broken(rules::SOFTWARE_THERMAL, Some(&place), message);
    }
    heat(gpu, loaded, findings);
    memory_heat(gpu, loaded, p, findings);
    link(load, gpu, loaded, p, findings);
}

/// Clocks that the hardware held down: by the readings, and by the driver's own clocks of it, which miss
/// nothing between two readings.
fn held_down(load: &Load<'_>, gpu: &Gpu, loaded: &Loaded, p: &Parameters, findings: &mut Findings) {
    let bits = reason::HARDWARE | reason::HARDWARE_THERMAL | reason::POWER_BRAKE;
    let held = loaded.held_by(bits);
    let of_readings = 100.0 * held as f64 / loaded.readings.len() as f64;
    let microseconds = |gpu: &Gpu| {
        let times = &gpu.clock_reason_times;
        let all = [times.hw_thermal_us, times.hw_power_brake_us];
        all.into_iter().flatten().reduce(u64::saturating_add)
    };
    let now = load.after.gpu(address_of(gpu)).and_then(microseconds);
    let grown = now
        .zip(microseconds(gpu))
        .map(|(now, was)| now.saturating_sub(was));
    let timed = grown.map(|us| 100.0 * us as f64 / (load.runtime_ms.max(1) as f64 * 1e3));
    let timed = timed.unwrap_or_default().min(100.0);
    let percent = of_readings.max(timed);
    let mut measure = Measure::number("clocks-held-down", percent)
        .unit("%")
        .part(&part_of(gpu))
        .at_most(rules::HELD_DOWN, 0.0);
    // One odd reading of a few is no time.
    if held >= FEWEST || timed > p.held_down_fail_percent {
        measure = measure.at_most(rules::HELD_DOWN_LONG, p.held_down_fail_percent);
    }
    findings.hold(measure, || {
        let cause = match (
            loaded.held_by(reason::POWER_BRAKE),
            loaded.held_by(reason::HARDWARE_THERMAL),
        ) {
            (0, 0) => "Check power cables, supplies, heatsink and airflow",
            (0, _) => "Heat: check heatsink, fans, airflow",
            (_, 0) => "The power supply's brake: check power cables and supplies",
            _ => "Heat and the power supply's brake: check airflow, power cables, supplies",
        };
        format!("for {percent:.0} % of the load its hardware held the clocks down. {cause}")
    });
}

/// The temperature against the GPU's own limit: a margin (T.Limit) on Ada, Hopper and later.
fn heat(gpu: &Gpu, loaded: &Loaded, findings: &mut Findings) {
    let place = part_of(gpu);
    let limits = &gpu.temperatures;
    if let Some(hottest) = loaded.highest(|reading| reading.celsius) {
        let mut measure = Measure::number("hottest", hottest).unit("Cel").part(&place);
        if let Some(limit) = limits.slowdown {
            let over = |celsius: Option<f64>| celsius.is_some_and(|celsius| celsius >= limit);
            let rule = match loaded.in_a_row(|reading| over(reading.celsius)) {
                0 | 1 => rules::HOT_ONCE,
                _ => rules::TOO_HOT,
            };
            measure = measure.below(rule, limit);
        }
        findings.hold(measure, || {
            format!("it reached {hottest:.0} °C, where its hardware slows it down. Check heatsink, fans, airflow")
        });
    }
    let lowest = loaded.highest(|reading| reading.margin.map(|margin| -margin));
    let Some(lowest) = lowest.map(|margin| -margin) else {
        return;
    };
    let mut measure = Measure::number("temperature-margin", lowest)
        .unit("K")
        .part(&place);
    if let Some(limit) = limits.slowdown_tlimit {
        let over = |margin: Option<f64>| margin.is_some_and(|margin| margin <= limit);
        let rule = match loaded.in_a_row(|reading| over(reading.margin)) {
            0 | 1 => rules::HOT_ONCE,
            _ => rules::TOO_HOT,
        };
        measure = measure.above(rule, limit);
    }
    findings.hold(measure, || {
        format!("its margin to the temperature limit (T.Limit) fell to {lowest:.0} K, where its hardware slows it down. Check heatsink, fans, airflow")
    });
}

/// The memory's temperature against its own limit, or that of its kind.
fn memory_heat(gpu: &Gpu, loaded: &Loaded, p: &Parameters, findings: &mut Findings) {
    let Some(hottest) = loaded.highest(|reading| reading.memory_celsius) else {
        return;
    };
    let own = gpu.temperatures.memory_max_operating;
    let measure = Measure::number("memory-hottest", hottest)
        .unit("Cel")
        .part(&part_of(gpu))
        .below(rules::MEMORY_WARM, own.unwrap_or(p.memory_celsius_warn))
        .below(
            rules::MEMORY_HOT,
            own.unwrap_or(0.0).max(p.memory_celsius_fail),
        );
    findings.hold(measure, || {
        format!("its memory reached {hottest:.0} °C. Check heatsink, thermal pads, airflow")
    });
}

/// The PCI Express link at its best, against what GPU and host can do together.
fn link(load: &Load<'_>, gpu: &Gpu, loaded: &Loaded, p: &Parameters, findings: &mut Findings) {
    let place = part_of(gpu);
    let speed = |generation: u64| SPEEDS.get(usize::try_from(generation).ok()?).copied();
    let most = [
        gpu.pci.max_generation,
        gpu.pci.device_max_generation,
        gpu.pci.host_max_generation,
    ];
    let most = most.into_iter().flatten().min().and_then(speed);
    let best = |value: fn(&crate::seen::Reading) -> Option<u64>| {
        loaded.readings.iter().filter_map(value).max()
    };
    let now = best(|reading| reading.generation).and_then(speed);
    if let (Some(now), Some(most)) = (now, most) {
        let measure = Measure::number("pcie-speed", now).unit("GT/s").part(&place);
        findings.hold(measure.at_least(rules::LINK_SLOW, most), || {
            format!(
                "under load its link runs at {now} of {most} GT/s. Reseat it, check riser and slot"
            )
        });
    }
    let width = best(|reading| reading.width);
    let on = load.bus.iter().find(|on| on.address == address_of(gpu));
    let port = on.and_then(|on| on.port_width).map(u64::from);
    let most = gpu
        .pci
        .max_width
        .map(|lanes| lanes.min(port.unwrap_or(lanes)));
    let lanes = p.expected_pcie_width.or(most);
    if let (Some(width), Some(lanes)) = (width, lanes) {
        let measure = Measure::number("pcie-width", width as f64).part(&place);
        findings.hold(measure.at_least(rules::LINK_NARROW, lanes as f64), || {
            format!("its link has {width} of {lanes} lanes. Reseat it, check riser and slot")
        });
    }
    let after = load
        .after
        .gpu(address_of(gpu))
        .and_then(|gpu| gpu.pci.replays);
    if let (Some(after), Some(before), Some(now), Some(width)) =
        (after, gpu.pci.replays, now, width)
    {
        let minutes = (load.runtime_ms as f64 / 60_000.0).max(1.0);
        let a_minute = (width as f64 * now * p.replays_per_minute).ceil();
        let replays = after.saturating_sub(before);
        let measure = Measure::number("pcie-replays", replays as f64).part(&place);
        findings.hold(measure.at_most(rules::REPLAYS, a_minute * minutes), || {
            format!("{replays} transfers over its link were repeated, {a_minute} a minute are usual. Reseat it, check riser and slot")
        });
    }
}

/// The value of each against the one in the middle of the others.
fn against_others<'a>(values: &[(&'a Gpu, f64)]) -> Vec<(&'a Gpu, f64, f64)> {
    let others = |at: usize| {
        let others = values.iter().enumerate().filter(|(other, _)| *other != at);
        let others: Vec<f64> = others.map(|(_, (_, value))| *value).collect();
        median(&others).filter(|middle| *middle > 0.0)
    };
    let each = values.iter().enumerate();
    each.filter_map(|(at, (gpu, value))| Some((*gpu, *value, others(at)?)))
        .collect()
}

/// Clocks, power and heat of GPUs of one model.
fn peers(gpus: &[(&Gpu, &Loaded)], findings: &mut Findings) {
    let all = |value: fn(&crate::seen::Reading) -> Option<f64>| -> Vec<(&Gpu, f64)> {
        let each = gpus.iter();
        each.filter_map(|(gpu, loaded)| Some((*gpu, loaded.usual(value)?)))
            .collect()
    };
    for (name, unit, values, rule, least) in [
        (
            "clock",
            "MHz",
            all(|r| r.megahertz),
            rules::CLOCK_BELOW_PEERS,
            CLOCK_OF_PEERS,
        ),
        (
            "power",
            "W",
            all(|r| r.watts),
            rules::POWER_BELOW_PEERS,
            POWER_OF_PEERS,
        ),
    ] {
        for (gpu, value, others) in against_others(&values) {
            let measure = Measure::number(&format!("{name}-under-load"), value)
                .unit(unit)
                .part(&part_of(gpu))
                .at_least(rule, least * others);
            findings.hold(measure, || {
                format!("its {name} under load is {value:.0} {unit}, that of the others {others:.0} {unit}. Check power cables and cooling")
            });
        }
    }
    for (gpu, value, others) in against_others(&all(|r| r.memory_celsius)) {
        if value > WARM && value > others + ABOVE_OTHERS {
            let message = format!(
                "its memory is at {value:.0} °C under load, that of the others at {others:.0} °C. Check heatsink and thermal pads"
            );
            findings.broken(rules::MEMORY_UNLIKE, Some(&part_of(gpu)), message);
        }
    }
}

/// The work of GPUs of one model against each other, and against the data sheet.
fn work(results: &[burned::Result<'_>], p: &Parameters, findings: &mut Findings) {
    let mut models: BTreeMap<&str, Vec<(&Gpu, f64)>> = BTreeMap::new();
    let right = results
        .iter()
        .filter(|result| result.load == burned::Load::Right);
    for result in right {
        if let Some(gflops) = result.gflops {
            let measure = Measure::number("work", gflops).unit("Gflop/s");
            findings.note(measure.part(&part_of(result.gpu)));
            let of_model = models.entry(model_of(result.gpu)).or_default();
            of_model.push((result.gpu, gflops));
        }
    }
    for (model, gpus) in models {
        for (gpu, gflops, others) in against_others(&gpus) {
            let percent = 100.0 * gflops / others;
            let measure = Measure::number("work-of-peers", percent)
                .unit("%")
                .part(&part_of(gpu))
                .at_least(rules::BELOW_PEERS, p.peers_warn_percent)
                .at_least(rules::FAR_BELOW_PEERS, p.peers_fail_percent);
            findings.hold(measure, || {
                format!("it does {percent:.0} % of the work of the other {model}. Check power, cooling, clocks")
            });
        }
        let Some(peak) = known::peak(model) else {
            continue;
        };
        let fastest = gpus.iter().map(|(_, gflops)| *gflops).fold(0.0, f64::max);
        if fastest < LEAST_OF_PEAK * peak {
            let parts: Vec<Part> = gpus.iter().map(|(gpu, _)| part_of(gpu)).collect();
            let percent = 100.0 * fastest / peak;
            let message = format!(
                "{model} at {}: at most {percent:.0} % of the peak of its data sheet ({:.1} Tflop/s); \
                 such boards do 55 % and more. Check power limits, supplies, cooling",
                all_of(&parts),
                peak / 1000.0
            );
            findings.unknown(rules::BELOW_DATA_SHEET, None, message);
        }
    }
}
