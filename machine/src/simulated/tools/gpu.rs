//! A GPU stress tool, in the manner of gpu_burn.

use super::{Ending, GARBAGE, Work, fraction, milliseconds, seconds, whole_seconds};
use crate::contract::gpu::{DeviceResult, Event, Job, Progress, Summary};
use crate::contract::types::{Error, Missing, MissingKind};
use crate::simulated::load::Load;
use crate::simulated::profile::{Fault, Gpu};
use crate::simulated::thermal::{GPU_SLOWDOWN, GPU_SLOWED};
use crate::simulated::world::World;
use crate::{Answer, Reply};

struct Burn {
    tool: String,
    whole: u64,
    gpus: Vec<Burned>,
}

struct Burned {
    gpu: Gpu,
    rate: f64,
    wrong_per_second: f64,
    lost: bool,
    /// Billions of operations done, and wrong results.
    done: f64,
    wrong: f64,
}

/// Checks a job and makes its work.
pub fn start(world: &World, job: Job) -> Result<Box<dyn Work>, Error> {
    let tool = match world.profile.tools.get("gpu") {
        Some(tool) if world.has_tool("gpu") => tool.clone(),
        _ => {
            return Err(Error::Unavailable(Missing {
                kind: MissingKind::Tool,
                what: "a GPU stress tool".to_owned(),
                remedy: "build gpu_burn from its sources, or install DCGM".to_owned(),
            }));
        }
    };
    let whole = whole_seconds("job.duration-ms", job.duration_ms)?;
    let able: Vec<&Gpu> = world
        .profile
        .gpus
        .iter()
        .filter(|g| g.driver.is_some())
        .collect();
    if able.is_empty() {
        return Err(Error::no_hardware("a GPU with a driver"));
    }
    let mut gpus = Vec::new();
    for address in &job.devices {
        let gpu = able.iter().find(|g| g.pci == *address).ok_or_else(|| {
            Error::invalid("job.devices", format!("there is no GPU at `{address}`"))
        })?;
        gpus.push(*gpu);
    }
    if gpus.is_empty() {
        gpus = able;
    }
    let gpus = gpus.into_iter().map(|gpu| Burned {
        gpu: gpu.clone(),
        rate: 0.0,
        wrong_per_second: 0.0,
        lost: false,
        done: 0.0,
        wrong: 0.0,
    });
    Ok(Box::new(Burn {
        tool,
        whole,
        gpus: gpus.collect(),
    }))
}

impl Work for Burn {
    fn tool(&self) -> &str {
        "gpu"
    }

    fn load(&self, _: &World, load: &mut Load) {
        for burned in self.gpus.iter().filter(|g| !g.lost) {
            *load.gpus.entry(burned.gpu.name.clone()).or_default() += 1.0;
        }
        load.add_cpu(0, 0.2);
    }

    fn plan(&mut self, world: &World, elapsed: u64) -> u64 {
        for burned in &mut self.gpus {
            let name = &burned.gpu.name;
            burned.lost |= world.off_bus(&burned.gpu);
            let key = format!("gflops/{name}");
            let hot = world.thermal.gpus.get(name).copied();
            let slowed = match hot.is_some_and(|degrees| degrees >= GPU_SLOWDOWN) {
                true => GPU_SLOWED,
                false => 1.0,
            };
            burned.rate = match burned.lost {
                true => 0.0,
                false => world.about(burned.gpu.gflops * slowed, 0.01, &key),
            };
            let wrong = world.faults().filter_map(|f| match f {
                Fault::GpuWrong { gpu, errors } if gpu == name => Some(*errors as f64),
                _ => None,
            });
            burned.wrong_per_second = wrong.sum();
        }
        self.whole.saturating_sub(elapsed)
    }

    fn pass(&mut self, _: &mut World, nanoseconds: u64) {
        for burned in &mut self.gpus {
            burned.done += burned.rate * seconds(nanoseconds);
            burned.wrong += burned.wrong_per_second * seconds(nanoseconds);
        }
    }

    fn progress(&self, elapsed: u64) -> Reply {
        Reply::Gpu(Some(Event::Progress(Progress {
            fraction: fraction(elapsed, self.whole),
            elapsed_ms: milliseconds(elapsed),
        })))
    }

    fn finished(&mut self, _: &World, elapsed: u64, ending: Ending) -> Reply {
        let devices = self.gpus.iter().map(|burned| DeviceResult {
            device: burned.gpu.pci.clone(),
            passed: !burned.lost && burned.wrong < 1.0,
            errors: burned.wrong as u64,
            gflops: Some(burned.done / seconds(elapsed).max(0.001)),
        });
        let devices = devices.collect::<Vec<_>>();
        let mut tail = format!("Tested {} GPUs:\n", devices.len());
        for (index, device) in devices.iter().enumerate() {
            let word = if device.passed { "OK" } else { "FAULTY" };
            tail.push_str(&format!("\tGPU {index}: {word}\n"));
        }
        let all = devices.iter().all(|d| d.passed);
        Reply::Gpu(Some(Event::Finished(Summary {
            tool: self.tool.clone(),
            devices,
            exit_status: (ending != Ending::Killed).then_some(i32::from(!all)),
            partial: ending != Ending::Itself,
            runtime_ms: milliseconds(elapsed),
            output_tail: tail,
            extra: Vec::new(),
        })))
    }

    fn unreadable(&mut self, world: &World, elapsed: u64, ending: Ending) -> Answer {
        // A GPU of which gpu_burn says nothing has not passed.
        let mut reply = self.finished(world, elapsed, ending);
        if let Reply::Gpu(Some(Event::Finished(summary))) = &mut reply {
            for device in &mut summary.devices {
                device.passed = false;
                device.errors = 0;
                device.gflops = None;
            }
            summary.output_tail = GARBAGE.to_owned();
        }
        Ok(reply)
    }

    fn nothing(&self) -> Reply {
        Reply::Gpu(None)
    }
}
