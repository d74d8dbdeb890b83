//! Tools: too many, left behind, dropped, and asked to do what they must not.

use vetting_stage::fio::{self, Job, Pattern, Target};
use vetting_stage::{Outcome, clock, disks, explain, gpu, iperf, memtest, smart, stress};

use crate::outcomes::passed;

/// Runs the mode, if it is one of these.
pub fn run(mode: &str) -> Option<Result<Outcome, String>> {
    if let Some(option) = mode.strip_prefix("fio-option:") {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let mut job = scratch();
        job.options = vec![(name.to_owned(), value.replace("\\n", "\n"))];
        return Some(started(&job));
    }
    if let Some(disk) = mode.strip_prefix("fio-disk:") {
        return Some(started(&on_disk(disk, Pattern::Read)));
    }
    if let Some(device) = mode.strip_prefix("smart:") {
        return Some(match smart::read(device) {
            Ok(_) => Err("it was read".to_owned()),
            Err(error) => Err(explain(&error)),
        });
    }
    if let Some(numbers) = mode.strip_prefix("gpu:") {
        let gpus = numbers.split(',').filter_map(|n| n.parse().ok()).collect();
        return Some(burned(gpus, 1_000));
    }
    if let Some(name) = mode.strip_prefix("stress:") {
        return Some(stressed(name, None));
    }
    if let Some(method) = mode.strip_prefix("stress-method:") {
        return Some(stressed("cpu", Some(method)));
    }
    Some(match mode {
        "fio-thousand" => {
            let mut held = Vec::new();
            let mut refused = None;
            for _ in 0..1000 {
                match fio::start(&scratch()) {
                    Ok(run) => held.push(run),
                    Err(error) => refused = Some(explain(&error)),
                }
            }
            Err(format!(
                "{} started: {}",
                held.len(),
                refused.unwrap_or_default()
            ))
        }
        "fio-dropped" => {
            for _ in 0..5 {
                match fio::start(&scratch()) {
                    Ok(run) => drop(run),
                    Err(error) => return Some(Err(explain(&error))),
                }
            }
            Ok(passed())
        }
        "fio-left-behind" => leave(|| fio::start(&scratch()).map(std::mem::forget)),
        "stress-left-behind" => leave(|| stress::start(&heat("cpu", None)).map(std::mem::forget)),
        "iperf-left-behind" => leave(|| {
            let job = iperf::Job {
                direction: iperf::Direction::Send,
                protocol: iperf::Protocol::Tcp,
                streams: 1,
                duration_ms: 3_600_000,
                omit_ms: 0,
            };
            iperf::start(job).map(std::mem::forget)
        }),
        "fio-writes-disks" => {
            let Ok(disks) = disks::list() else {
                return Some(Err("no disks".to_owned()));
            };
            let mut answers = Vec::new();
            for disk in disks {
                for pattern in [
                    Pattern::Write,
                    Pattern::RandomWrite,
                    Pattern::RandomReadWrite,
                ] {
                    if let Err(error) = fio::start(&on_disk(&disk.name, pattern)) {
                        answers.push(explain(&error));
                    } else {
                        answers.push("WRITTEN".to_owned());
                    }
                }
            }
            Err(answers.join(" | "))
        }
        "fio-whole-machine" => {
            let mut job = scratch();
            job.target = Target::Scratch(u64::MAX);
            started(&job)
        }
        "fio-offset-overflow" => {
            let mut job = scratch();
            job.offset_bytes = u64::MAX - 4095;
            job.size_bytes = Some(u64::MAX);
            started(&job)
        }
        "fio-workers" => {
            let mut job = scratch();
            job.workers = u32::MAX;
            job.io_depth = u32::MAX;
            started(&job)
        }
        "gpu-many" => burned((0..1_000).collect(), 1_000),
        "gpu-forever" => burned(Vec::new(), u64::MAX),
        "gpu-level" => loaded(gpu::Job::Diagnosis(gpu::Diagnosis {
            gpus: Vec::new(),
            level: u8::MAX,
        })),
        "memtest-all-memory" => tested(memory_test(u64::MAX, 1)),
        "memtest-threads" => tested(memory_test(16 << 20, u32::MAX)),
        "memtest-no-bound" => tested(memory_test(0, 1)),
        "memtest-left-behind" => {
            leave(|| memtest::start(memory_test(16 << 20, 1)).map(std::mem::forget))
        }
        "stress-all-memory" => stressed("vm", None),
        "stress-workers" => {
            let mut job = heat("cpu", None);
            job.stressors[0].workers = u32::MAX;
            match stress::start(&job) {
                Ok(_) => Err("it was started".to_owned()),
                Err(error) => Err(explain(&error)),
            }
        }
        "denial-flood" => {
            // Each denial reads differently; the record must not grow with them.
            for n in 0..5_000_u32 {
                let job = on_disk(&format!("no-such-disk-{n}"), Pattern::Write);
                if fio::start(&job).is_ok() {
                    return Some(Err("WRITTEN".to_owned()));
                }
            }
            Ok(passed())
        }
        _ => return None,
    })
}

/// An hour's work in the scratch folder.
fn scratch() -> Job {
    Job {
        target: Target::Scratch(1 << 20),
        pattern: Pattern::RandomRead,
        block_size: 4096,
        io_depth: 1,
        workers: 1,
        runtime_ms: Some(3_600_000),
        size_bytes: None,
        offset_bytes: 0,
        direct: false,
        verify: false,
        options: Vec::new(),
    }
}

fn on_disk(name: &str, pattern: Pattern) -> Job {
    let mut job = scratch();
    job.target = Target::Disk(name.to_owned());
    job.pattern = pattern;
    job.direct = true;
    job
}

fn heat(name: &str, method: Option<&str>) -> stress::Job {
    stress::Job {
        stressors: vec![stress::Stressor {
            name: name.to_owned(),
            workers: 1,
            method: method.map(str::to_owned),
            memory_bytes: (name == "vm").then_some(u64::MAX),
        }],
        duration_ms: 3_600_000,
        verify: false,
        cpus: Vec::new(),
        per_cpu: false,
    }
}

fn started(job: &Job) -> Result<Outcome, String> {
    match fio::start(job) {
        Ok(_) => Err("it was started".to_owned()),
        Err(error) => Err(explain(&error)),
    }
}

fn burned(gpus: Vec<u32>, duration_ms: u64) -> Result<Outcome, String> {
    loaded(gpu::Job::Burn(gpu::Burn { gpus, duration_ms }))
}

fn loaded(job: gpu::Job) -> Result<Outcome, String> {
    match gpu::start(&job) {
        Ok(_) => Err("it was started".to_owned()),
        Err(error) => Err(explain(&error)),
    }
}

fn stressed(name: &str, method: Option<&str>) -> Result<Outcome, String> {
    match stress::start(&heat(name, method)) {
        Ok(_) => Err("it was started".to_owned()),
        Err(error) => Err(explain(&error)),
    }
}

/// An hour's test of that many bytes.
fn memory_test(bytes: u64, copy_threads: u32) -> memtest::Job {
    memtest::Job {
        bytes,
        duration_ms: 3_600_000,
        copy_threads,
        invert_threads: 0,
        cpu_threads: 0,
        warm_copy: false,
    }
}

fn tested(job: memtest::Job) -> Result<Outcome, String> {
    match memtest::start(job) {
        Ok(_) => Err("it was started".to_owned()),
        Err(error) => Err(explain(&error)),
    }
}

/// Starts a tool, gives it a moment to come up, and returns while it works.
fn leave(start: impl FnOnce() -> Result<(), vetting_stage::Error>) -> Result<Outcome, String> {
    start().map_err(|error| explain(&error))?;
    clock::sleep(300).map_err(|error| explain(&error))?;
    Ok(passed())
}
