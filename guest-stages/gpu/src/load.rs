//! The rules on what was seen while GPUs were loaded.

use std::collections::BTreeMap;

use vetting_stage::gpu::{Device, Reading, Summary};
use vetting_stage::types::PcieLink;
use vetting_stage::{Findings, Measure, median};

use crate::judge::part_of;
use crate::{Parameters, rules};

/// Fewer readings than this under load tell nothing of clocks.
const FEWEST: usize = 2;

/// What one GPU was seen doing.
#[derive(Clone, Debug, Default)]
struct Loaded {
    readings: usize,
    /// Readings in which its hardware held the clocks down: heat, power brake, slow-down.
    held_down: usize,
    /// Readings in which the driver held them down for heat.
    warm: usize,
    hottest: Option<f64>,
    /// The best that its link was.
    speed: f64,
    width: u32,
    replays: Option<u64>,
}

/// What all of them were seen doing.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    devices: BTreeMap<String, Loaded>,
}

impl Seen {
    /// Adds a reading.
    pub fn add(&mut self, reading: &Reading) {
        for device in &reading.devices {
            let loaded = self.devices.entry(device.pci_address.clone()).or_default();
            loaded.readings += 1;
            if let Some(throttle) = &device.throttle {
                let hardware =
                    throttle.hardware_thermal || throttle.power_brake || throttle.hardware_slowdown;
                loaded.held_down += usize::from(hardware);
                loaded.warm += usize::from(throttle.software_thermal);
            }
            if let Some(celsius) = device.temperature {
                loaded.hottest = Some(loaded.hottest.map_or(celsius, |h| h.max(celsius)));
            }
            if let Some(PcieLink {
                current_speed,
                current_width,
                ..
            }) = device.link
            {
                loaded.speed = loaded.speed.max(current_speed);
                loaded.width = loaded.width.max(current_width);
            }
            loaded.replays = device.pcie_replays;
        }
    }
}

/// Holds the load's result and what was seen meanwhile.
pub fn judge(
    before: &Reading,
    seen: &Seen,
    summary: &Summary,
    cancelled: bool,
    p: &Parameters,
    findings: &mut Findings,
) {
    if summary.partial || cancelled {
        findings.unknown(rules::LOAD, None, "the load was cut short");
    }
    for device in &before.devices {
        let place = part_of(device);
        let result = summary
            .devices
            .iter()
            .find(|r| r.device.eq_ignore_ascii_case(&device.pci_address));
        match result {
            None => findings.unknown(
                rules::LOAD,
                Some(&place),
                format!("{} did not load it", summary.tool),
            ),
            // Cut short, nothing was concluded unless errors were seen.
            Some(result)
                if !result.passed && result.errors == 0 && (summary.partial || cancelled) => {}
            Some(result) => {
                let wrong = result.errors.max(u64::from(!result.passed));
                let measure = Measure::number("wrong-results", wrong as f64).part(&place);
                findings.hold(
                    measure
                        .at_most(rules::WRONG_RESULTS, 0.0)
                        .told_by(&summary.tool),
                    || {
                        format!(
                            "{} found {} wrong results: {}",
                            summary.tool,
                            result.errors,
                            last(&summary.output_tail)
                        )
                    },
                );
            }
        }
        match seen
            .devices
            .get(&device.pci_address)
            .filter(|l| l.readings >= FEWEST)
        {
            Some(loaded) => under_load(device, loaded, summary.runtime_ms, p, findings),
            None => findings.unknown(rules::LOAD, Some(&place), "it was not seen under load"),
        }
    }
    peers(before, summary, p, findings);
}

fn last(text: &str) -> &str {
    text.lines()
        .rev()
        .map(str::trim)
        .find(|l| !l.is_empty())
        .unwrap_or("it said nothing")
}

fn under_load(
    device: &Device,
    loaded: &Loaded,
    runtime_ms: u64,
    p: &Parameters,
    findings: &mut Findings,
) {
    let place = part_of(device);
    let percent = 100.0 * loaded.held_down as f64 / loaded.readings as f64;
    let measure = Measure::number("clocks-held-down", percent)
        .unit("%")
        .part(&place)
        .at_most(rules::HELD_DOWN, 0.0)
        .at_most(rules::HELD_DOWN_LONG, p.held_down_fail_percent);
    findings.hold(measure, || {
        format!("in {percent:.0} % of the readings its hardware held the clocks down: heat, or the power supply's brake")
    });
    if loaded.warm > 0 {
        let message = "its driver held the clocks down for heat: look at fans, ducts and inlet";
        findings.broken(rules::SOFTWARE_THERMAL, Some(&place), message);
    }
    if let Some(hottest) = loaded.hottest {
        let mut measure = Measure::number("hottest", hottest).unit("Cel").part(&place);
        if let Some(limit) = device.slowdown_temperature {
            measure = measure.below(rules::TOO_HOT, limit);
        }
        findings.hold(measure, || {
            format!("it reached {hottest:.0} °C, where its hardware slows it down")
        });
    }
    if let Some(link) = &device.link {
        let measure = Measure::number("pcie-speed", loaded.speed)
            .unit("GT/s")
            .part(&place);
        findings.hold(measure.at_least(rules::LINK_SLOW, link.max_speed), || {
            format!(
                "under load its link has {} of {} GT/s: reseat it, look at riser and slot",
                loaded.speed, link.max_speed
            )
        });
        let measure = Measure::number("pcie-width", f64::from(loaded.width)).part(&place);
        findings.hold(
            measure.at_least(rules::LINK_NARROW, f64::from(link.max_width)),
            || {
                format!(
                    "its link has {} of {} lanes: reseat it, look at riser and slot",
                    loaded.width, link.max_width
                )
            },
        );
        if let (Some(now), Some(was)) = (loaded.replays, device.pcie_replays) {
            let minutes = (runtime_ms as f64 / 60_000.0).max(1.0);
            let a_minute = (f64::from(loaded.width) * loaded.speed * p.replays_per_minute).ceil();
            let replays = now.saturating_sub(was);
            let measure = Measure::number("pcie-replays", replays as f64).part(&place);
            findings.hold(measure.at_most(rules::REPLAYS, a_minute * minutes), || {
                format!("{replays} transfers over its link were repeated, {a_minute} a minute would be usual")
            });
        }
    }
}

/// GPUs of one model against each other.
fn peers(before: &Reading, summary: &Summary, p: &Parameters, findings: &mut Findings) {
    let mut models: BTreeMap<&str, Vec<(&Device, f64)>> = BTreeMap::new();
    for device in &before.devices {
        let result = summary
            .devices
            .iter()
            .find(|r| r.device.eq_ignore_ascii_case(&device.pci_address));
        if let Some(gflops) = result.and_then(|r| r.gflops) {
            findings.note(
                Measure::number("work", gflops)
                    .unit("Gflop/s")
                    .part(&part_of(device)),
            );
            models
                .entry(&device.model)
                .or_default()
                .push((device, gflops));
        }
    }
    for devices in models.into_values().filter(|devices| devices.len() > 1) {
        let values: Vec<f64> = devices.iter().map(|(_, gflops)| *gflops).collect();
        let Some(middle) = median(&values).filter(|m| *m > 0.0) else {
            continue;
        };
        for (device, gflops) in devices {
            let percent = 100.0 * gflops / middle;
            let measure = Measure::number("work-of-peers", percent)
                .unit("%")
                .part(&part_of(device))
                .at_least(rules::BELOW_PEERS, p.peers_warn_percent)
                .at_least(rules::FAR_BELOW_PEERS, p.peers_fail_percent);
            findings.hold(measure, || {
                format!("it does {percent:.0} % of the work of its like")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge;
    use vetting_stage::gpu::{DeviceResult, Ecc, Repairs, Throttle};
    use vetting_stage::{Outcome, Verdict};

    fn gpu() -> Device {
        Device {
            pci_address: "0000:41:00.0".into(),
            vendor: "nvidia".into(),
            model: "L40S".into(),
            uuid: None,
            serial: Some("S".into()),
            vbios: None,
            driver: None,
            memory_bytes: None,
            temperature: Some(60.0),
            memory_temperature: None,
            slowdown_temperature: Some(90.0),
            power: None,
            power_limit: None,
            core_mhz: None,
            memory_mhz: None,
            utilization: None,
            throttle: None,
            link: Some(PcieLink {
                current_speed: 16.0,
                current_width: 16,
                max_speed: 16.0,
                max_width: 16,
            }),
            pcie_replays: Some(0),
            ecc: Ecc {
                enabled: Some(true),
                volatile_corrected: Some(0),
                volatile_uncorrected: Some(0),
                aggregate_corrected: None,
                aggregate_uncorrected: None,
                sram_threshold_exceeded: None,
            },
            repairs: Repairs {
                remapped_corrected: None,
                remapped_uncorrected: Some(0),
                remap_pending: Some(false),
                remap_failed: Some(false),
                retired_single_bit: None,
                retired_double_bit: None,
                retirement_pending: None,
                bad_pages: None,
            },
            fabric_links_up: None,
            fabric_links_down: None,
            extra: Vec::new(),
        }
    }

    fn with(change: impl FnOnce(&mut Device, &mut Summary)) -> Outcome {
        let mut device = gpu();
        let mut summary = Summary {
            tool: "gpu_burn".into(),
            devices: vec![DeviceResult {
                device: device.pci_address.clone(),
                passed: true,
                errors: 0,
                gflops: None,
            }],
            exit_status: Some(0),
            partial: false,
            runtime_ms: 60_000,
            output_tail: String::new(),
            extra: Vec::new(),
        };
        change(&mut device, &mut summary);
        let before = Reading {
            devices: vec![gpu()],
            silent: Vec::new(),
        };
        let after = Reading {
            devices: vec![device],
            silent: Vec::new(),
        };
        let mut seen = Seen::default();
        (0..4).for_each(|_| seen.add(&after));
        let mut findings = Findings::new();
        super::judge(
            &before,
            &seen,
            &summary,
            false,
            &Parameters::default(),
            &mut findings,
        );
        judge::devices(&before, &after, &Parameters::default(), &mut findings);
        findings.outcome("")
    }

    #[test]
    fn a_whole_gpu_passes() {
        let outcome = with(|_, _| {});
        assert_eq!(
            (outcome.verdict, outcome.diagnoses.len()),
            (Verdict::Pass, 0)
        );
    }

    #[test]
    fn every_fault_fails() {
        let throttle = |d: &mut Device| {
            d.throttle = Some(Throttle {
                mask: 0x80,
                hardware_thermal: false,
                power_brake: true,
                hardware_slowdown: false,
                software_thermal: false,
                power_cap: false,
                idle: false,
            });
        };
        let faults: [fn(&mut Device, &mut Summary); 9] = [
            |d, _| d.ecc.volatile_uncorrected = Some(1),
            |d, _| d.repairs.remap_failed = Some(true),
            |d, _| d.repairs.remap_pending = Some(true),
            |d, _| d.repairs.remapped_uncorrected = Some(512),
            |d, _| d.link.as_mut().expect("a link").current_width = 8,
            |d, _| d.link.as_mut().expect("a link").current_speed = 2.5,
            |d, _| d.temperature = Some(90.0),
            |_, s| s.devices[0].errors = 3,
            |_, s| s.devices[0].passed = false,
        ];
        for (index, fault) in faults.into_iter().enumerate() {
            assert_eq!(with(fault).verdict, Verdict::Fail, "fault {index}");
        }
        assert_eq!(with(|d, _| throttle(d)).verdict, Verdict::Fail);
        assert_eq!(
            with(|d, _| d.pci_address = "0000:42:00.0".into()).verdict,
            Verdict::Fail
        );
    }

    #[test]
    fn a_gpu_that_was_not_loaded_was_not_tested() {
        assert!(matches!(
            with(|_, s| s.devices.clear()).verdict,
            Verdict::Inconclusive(_)
        ));
        assert!(matches!(
            with(|_, s| s.partial = true).verdict,
            Verdict::Inconclusive(_)
        ));
    }
}
