//! What NVIDIA's GPUs were seen doing while they were loaded.

use std::collections::BTreeMap;

use vetting_facts::gpu::nvidia_smi::{self, ClockReasons, Gpu, Sample};
use vetting_stage::gpu::{self, Question};
use vetting_stage::sample;
use vetting_stage::types::DocumentEnding;

/// NVML's bits of the clock event reasons that judgements use.
pub mod reason {
    /// Nothing to do.
    pub const IDLE: u64 = 0x01;
    /// The hardware, for any cause.
    pub const HARDWARE: u64 = 0x08;
    /// The driver, for heat.
    pub const SOFTWARE_THERMAL: u64 = 0x20;
    /// The hardware, for heat.
    pub const HARDWARE_THERMAL: u64 = 0x40;
    /// The power supply's brake.
    pub const POWER_BRAKE: u64 = 0x80;
}

/// One GPU in one reading.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub celsius: Option<f64>,
    pub memory_celsius: Option<f64>,
    /// How far it is below the temperature at which the driver slows it down (T.Limit).
    pub margin: Option<f64>,
    pub watts: Option<f64>,
    pub megahertz: Option<f64>,
    pub generation: Option<u64>,
    pub width: Option<u64>,
    pub reasons: Option<u64>,
}

/// What one GPU was seen doing.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub readings: Vec<Reading>,
}

/// What all of them were seen doing.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    gpus: BTreeMap<String, Loaded>,
    /// Whether the driver gives no samples, so that the whole document is asked each time.
    whole: bool,
}

impl Seen {
    /// Reads every GPU once, and writes its points down.
    pub fn read(&mut self) {
        if !self.whole {
            let Ok(document) = gpu::sample() else { return };
            let samples = nvidia_smi::samples(&document.stdout);
            let rows = samples.map(|samples| samples.rows).unwrap_or_default();
            let any = !rows.is_empty();
            for (address, reading) in rows.into_iter().filter_map(of_sample) {
                self.add(address, reading);
            }
            // One that hangs would hang again.
            if any || document.ending != DocumentEnding::Complete {
                return;
            }
        }
        // Drivers before 535 know less columns, and print none then.
        if let Ok(document) = gpu::ask(Question::NvidiaSmi)
            && let Ok(report) = nvidia_smi::gpus(&document.stdout)
            && !report.gpus.is_empty()
        {
            self.whole = true;
            let read = report.gpus.iter().filter(|gpu| !gpu.lost);
            for (address, reading) in read.filter_map(of_document) {
                self.add(address, reading);
            }
        }
    }

    /// Adds a reading of a GPU.
    fn add(&mut self, address: String, reading: Reading) {
        let key = format!("gpu/{address}");
        for (kind, value, unit) in [
            ("temperature", reading.celsius, "Cel"),
            ("power", reading.watts, "W"),
        ] {
            if let Some(value) = value {
                sample(kind, &key, value, unit);
            }
        }
        self.keep(address, reading);
    }

    /// Keeps a reading without writing its points down.
    pub fn keep(&mut self, address: String, reading: Reading) {
        self.gpus.entry(address).or_default().readings.push(reading);
    }

    /// What a GPU was seen doing.
    pub fn of(&self, address: &str) -> Option<&Loaded> {
        self.gpus.get(address)
    }
}

fn of_sample(sample: Sample) -> Option<(String, Reading)> {
    let reading = Reading {
        celsius: sample.temperature,
        memory_celsius: sample.memory_temperature,
        margin: sample.tlimit,
        watts: sample.instant_power.or(sample.power),
        megahertz: sample.sm_clock.or(sample.graphics_clock),
        generation: sample.link_generation,
        width: sample.link_width,
        reasons: sample.reasons,
    };
    Some((sample.pci_address?, reading))
}

/// A GPU of the whole document as a reading.
fn of_document(gpu: &Gpu) -> Option<(String, Reading)> {
    let power = gpu.power.as_ref();
    let reading = Reading {
        celsius: gpu.temperatures.gpu,
        memory_celsius: gpu.temperatures.memory,
        margin: gpu.temperatures.tlimit,
        watts: power.and_then(|power| power.instant_draw.or(power.average_draw).or(power.draw)),
        megahertz: gpu.clocks.sm.or(gpu.clocks.graphics),
        generation: gpu.pci.generation,
        width: gpu.pci.width,
        reasons: bits(&gpu.clock_reasons),
    };
    Some((gpu.pci_address.clone()?, reading))
}

/// The bits of reasons that are told one by one; `None` where none is.
fn bits(reasons: &ClockReasons) -> Option<u64> {
    let all = [
        (reasons.idle, reason::IDLE),
        (reasons.hw_slowdown, reason::HARDWARE),
        (reasons.sw_thermal, reason::SOFTWARE_THERMAL),
        (reasons.hw_thermal, reason::HARDWARE_THERMAL),
        (reasons.hw_power_brake, reason::POWER_BRAKE),
    ];
    let known = all.iter().any(|(active, _)| active.is_some());
    let set = all.iter().filter(|(active, _)| *active == Some(true));
    known.then(|| set.fold(0, |all, (_, bit)| all | bit))
}

impl Loaded {
    /// Readings in which any of these reasons held the clocks down.
    pub fn held_by(&self, bits: u64) -> usize {
        let held = |reading: &&Reading| reading.reasons.is_some_and(|reasons| reasons & bits > 0);
        self.readings.iter().filter(held).count()
    }

    /// The readings in which it had work to do.
    fn busy(&self) -> impl Iterator<Item = &Reading> {
        let idle = |reading: &&Reading| {
            reading
                .reasons
                .is_some_and(|reasons| reasons & reason::IDLE > 0)
        };
        self.readings.iter().filter(move |reading| !idle(reading))
    }

    /// The value in the middle of what busy readings had.
    pub fn usual(&self, value: impl Fn(&Reading) -> Option<f64>) -> Option<f64> {
        let values: Vec<f64> = self.busy().filter_map(value).collect();
        vetting_stage::median(&values)
    }

    /// The highest of all readings.
    pub fn highest(&self, value: impl Fn(&Reading) -> Option<f64>) -> Option<f64> {
        self.readings.iter().filter_map(value).reduce(f64::max)
    }

    /// The most readings in a row of which something is so.
    pub fn in_a_row(&self, is: impl Fn(&Reading) -> bool) -> usize {
        let (mut most, mut now) = (0, 0);
        for reading in &self.readings {
            now = if is(reading) { now + 1 } else { 0 };
            most = most.max(now);
        }
        most
    }
}
