//! From a typed job to stress-ng's command lines. Whatever is over the allowance never starts.

use std::path::Path;

use super::Allowance;
use crate::contract::stress::{Job, Stressor};
use crate::contract::types::Error;

/// The allow-list of `wit/stress.wit`: they compute or touch memory, and nothing else.
const STRESSORS: [&str; 19] = [
    "cpu",
    "matrix",
    "matrix-3d",
    "vecmath",
    "vecwide",
    "fma",
    "fp",
    "crypt",
    "hash",
    "zlib",
    "qsort",
    "bsearch",
    "memcpy",
    "memrate",
    "stream",
    "vm",
    "cache",
    "tsc",
    "nop",
];

/// What each `vm` worker takes when the job does not say: stress-ng(1), `--vm-bytes`.
const VM_DEFAULT: u64 = 256 << 20;

/// One process.
#[derive(Debug)]
pub struct Plan {
    /// The CPU that it is pinned to alone.
    pub cpu: Option<u32>,
    /// Its arguments, but for those that name its files.
    pub arguments: Vec<String>,
}

/// Whole seconds, rounded up.
pub(super) fn seconds(job: &Job) -> u64 {
    job.duration_ms.div_ceil(1000)
}

/// One plan, or one per CPU.
///
/// # Errors
///
/// `invalid` where the job is out of range or over the allowance.
pub fn plan(job: &Job, allowed: &Allowance) -> Result<Vec<Plan>, Error> {
    if job.stressors.is_empty() {
        return Err(Error::invalid(
            "job.stressors",
            "there are none; at least one is needed",
        ));
    }
    job.stressors.iter().try_for_each(check)?;
    if job.duration_ms < 1000 || job.duration_ms > 365 * 24 * 3_600_000 {
        let reason = format!("{} is not from 1000 to a year", job.duration_ms);
        return Err(Error::invalid("job.duration-ms", reason));
    }
    let cpus = cpus(job, allowed)?;
    let processes = if job.per_cpu { cpus.len() as u64 } else { 1 };
    let memory = job
        .stressors
        .iter()
        .map(|s| vm_bytes(s, processes, allowed))
        .fold(0, u64::saturating_add);
    if memory > allowed.memory_bytes {
        let reason = format!(
            "{memory} bytes are over the memory allowance of {} bytes",
            allowed.memory_bytes
        );
        return Err(Error::invalid("job.stressors.memory-bytes", reason));
    }
    let each = |cpu: Option<u32>, on: &[u32]| Plan {
        cpu,
        arguments: arguments(job, allowed, processes, on),
    };
    Ok(match job.per_cpu {
        true => cpus.iter().map(|cpu| each(Some(*cpu), &[*cpu])).collect(),
        false => vec![each(None, &cpus)],
    })
}

fn check(stressor: &Stressor) -> Result<(), Error> {
    let Stressor {
        name,
        workers,
        method,
        memory_bytes,
    } = stressor;
    if !STRESSORS.contains(&name.as_str()) {
        let name: String = name.chars().take(40).collect();
        let reason = format!("{name:?} is not one of {}", STRESSORS.join(", "));
        return Err(Error::invalid("job.stressors.name", reason));
    }
    if !(1..=4096).contains(workers) {
        let reason = format!("{workers} is not from 1 to 4096");
        return Err(Error::invalid("job.stressors.workers", reason));
    }
    let spelt = |method: &str| {
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=64).contains(&method.len()) && !method.starts_with('-') && method.bytes().all(letters)
    };
    if let Some(method) = method
        && !spelt(method)
    {
        let reason = "it must be lower-case letters, digits and hyphens, and begin with no hyphen";
        return Err(Error::invalid("job.stressors.method", reason));
    }
    if memory_bytes.is_some() && name != "vm" {
        let reason = format!("{name} takes no memory size; only vm does");
        return Err(Error::invalid("job.stressors.memory-bytes", reason));
    }
    Ok(())
}

/// The CPUs to run on, sorted, each once.
fn cpus(job: &Job, allowed: &Allowance) -> Result<Vec<u32>, Error> {
    let most = usize::try_from(allowed.cpus.max(1)).unwrap_or(usize::MAX);
    let mut cpus = job.cpus.clone();
    cpus.sort_unstable();
    cpus.dedup();
    if let Some(offline) = cpus.iter().find(|cpu| !allowed.online_cpus.contains(cpu)) {
        let reason = format!(
            "CPU {offline} is not online, or a cpuset forbids it; usable are {:?}",
            allowed.online_cpus
        );
        return Err(Error::invalid("job.cpus", reason));
    }
    if cpus.len() > most {
        let reason = format!("{} CPUs are over the CPU allowance of {most}", cpus.len());
        return Err(Error::invalid("job.cpus", reason));
    }
    if cpus.is_empty() {
        cpus = allowed.online_cpus.iter().copied().take(most).collect();
    }
    if cpus.is_empty() {
        return Err(Error::invalid("job.cpus", "no CPU is known to be online"));
    }
    Ok(cpus)
}

/// What a `vm` stressor takes in all processes together; 0 for others.
fn vm_bytes(stressor: &Stressor, processes: u64, allowed: &Allowance) -> u64 {
    if stressor.name != "vm" {
        return 0;
    }
    let usual = VM_DEFAULT
        .saturating_mul(u64::from(stressor.workers))
        .saturating_mul(processes);
    stressor
        .memory_bytes
        .unwrap_or(usual.min(allowed.memory_bytes))
}

/// The arguments that name its files.
pub fn files(yaml: &Path, scratch: &Path) -> [String; 4] {
    [
        "--yaml".into(),
        yaml.display().to_string(),
        "--temp-path".into(),
        scratch.display().to_string(),
    ]
}

fn arguments(job: &Job, allowed: &Allowance, processes: u64, on: &[u32]) -> Vec<String> {
    let mut arguments = vec!["--metrics".to_owned()];
    for stressor in &job.stressors {
        let name = &stressor.name;
        arguments.extend([format!("--{name}"), stressor.workers.to_string()]);
        if let Some(method) = &stressor.method {
            arguments.extend([format!("--{name}-method"), method.clone()]);
        }
        if name == "vm" {
            // stress-ng shares it among the workers of one process.
            let bytes = vm_bytes(stressor, processes, allowed) / processes.max(1);
            arguments.extend(["--vm-bytes".into(), bytes.to_string()]);
        }
    }
    if job.verify {
        arguments.push("--verify".into());
    }
    let list: Vec<String> = on.iter().map(u32::to_string).collect();
    arguments.extend(["--taskset".into(), list.join(",")]);
    arguments.extend(["--timeout".into(), format!("{}s", seconds(job))]);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        let cpu = Stressor {
            name: "cpu".into(),
            workers: 2,
            method: Some("matrixprod".into()),
            memory_bytes: None,
        };
        Job {
            stressors: vec![cpu],
            duration_ms: 1500,
            verify: true,
            cpus: vec![],
            per_cpu: false,
        }
    }

    fn allowed() -> Allowance {
        Allowance {
            cpus: 2,
            online_cpus: vec![0, 1, 2, 3],
            memory_bytes: 1 << 30,
        }
    }

    fn refused(job: &Job) -> String {
        match plan(job, &allowed()) {
            Err(Error::Invalid(invalid)) => format!("{}: {}", invalid.argument, invalid.reason),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_job_becomes_one_command_line_within_the_allowance() {
        let plans = plan(&job(), &allowed()).expect("a good job");
        let line = plans[0].arguments.join(" ");
        assert_eq!(
            line,
            "--metrics --cpu 2 --cpu-method matrixprod --verify --taskset 0,1 --timeout 2s"
        );
    }

    #[test]
    fn each_cpu_gets_a_process_and_its_part_of_the_memory() {
        let vm = Stressor {
            name: "vm".into(),
            workers: 1,
            method: None,
            memory_bytes: Some(1 << 20),
        };
        let job = Job {
            stressors: vec![vm],
            cpus: vec![3, 1, 3],
            per_cpu: true,
            ..job()
        };
        let plans = plan(&job, &allowed()).expect("a good job");
        let cpus: Vec<_> = plans.iter().map(|p| p.cpu).collect();
        assert_eq!(cpus, [Some(1), Some(3)]);
        assert!(plans[1].arguments.join(" ").contains("--vm-bytes 524288 "));
        assert!(plans[1].arguments.join(" ").contains("--taskset 3 "));
    }

    #[test]
    fn whatever_is_over_a_limit_is_refused_by_name() {
        let over = refused(&Job {
            cpus: vec![0, 1, 2],
            ..job()
        });
        assert!(over.contains("CPU allowance of 2"), "{over}");
        assert!(
            refused(&Job {
                cpus: vec![9],
                ..job()
            })
            .contains("CPU 9 is not online")
        );
        let vm = Stressor {
            name: "vm".into(),
            workers: 1,
            method: None,
            memory_bytes: Some(2 << 30),
        };
        let over = refused(&Job {
            stressors: vec![vm],
            ..job()
        });
        assert!(over.contains("memory allowance of 1073741824"), "{over}");
        for (name, method) in [
            ("hdd", None),
            ("cpu", Some("--exec")),
            ("cpu", Some("a\nb")),
            ("cpu", Some("")),
        ] {
            let method = method.map(str::to_owned);
            let bad = Stressor {
                name: name.into(),
                workers: 1,
                method,
                memory_bytes: None,
            };
            refused(&Job {
                stressors: vec![bad],
                ..job()
            });
        }
        refused(&Job {
            stressors: vec![],
            ..job()
        });
        refused(&Job {
            duration_ms: 999,
            ..job()
        });
    }
}
