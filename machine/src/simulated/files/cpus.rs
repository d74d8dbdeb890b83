//! Processors: topology, frequencies and thermal throttling (`Documentation/ABI/testing/
//! sysfs-devices-system-cpu`), and `/proc/cpuinfo`.

use super::tree::Files;
use crate::simulated::profile::Profile;
use crate::simulated::world::World;

const HOME: &str = "sys/devices/system/cpu";

pub fn add(files: &mut Files, profile: &Profile) {
    let last = profile.logical_cpus().saturating_sub(1);
    for list in ["online", "possible", "present"] {
        files.text(format!("{HOME}/{list}"), list_of(0, last));
    }
    files.text(format!("{HOME}/offline"), "");
    for cpu in 0..profile.logical_cpus() {
        one(files, profile, cpu);
    }
    let threads = profile.cpu.threads_per_core > 1;
    files.text(format!("{HOME}/smt/active"), u8::from(threads));
    let control = if threads { "on" } else { "notsupported" };
    files.text(format!("{HOME}/smt/control"), control);
    files.now("proc/cpuinfo", |world| Ok(cpuinfo(world)));
}

fn list_of(first: u32, last: u32) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    }
}

/// The package of a CPU, and its core in it.
fn place(profile: &Profile, cpu: u32) -> (u32, u32) {
    let spec = &profile.cpu;
    let core = cpu % spec.sockets.saturating_mul(spec.cores).max(1);
    (core / spec.cores.max(1), core % spec.cores.max(1))
}

/// Core *n*'s threads, or the first threads of a package with all of theirs: every so many CPUs.
fn threads(profile: &Profile, first: u32, last: u32) -> String {
    let spec = &profile.cpu;
    let cores = spec.sockets.saturating_mul(spec.cores);
    let thread = |thread: u32| {
        let from = thread.saturating_mul(cores);
        list_of(first.saturating_add(from), last.saturating_add(from))
    };
    let lists: Vec<String> = (0..spec.threads_per_core).map(thread).collect();
    lists.join(",")
}

fn one(files: &mut Files, profile: &Profile, cpu: u32) {
    let spec = &profile.cpu;
    let home = format!("{HOME}/cpu{cpu}");
    let (package, core) = place(profile, cpu);
    let first = package.saturating_mul(spec.cores);
    let in_all = first.saturating_add(core);
    let last = first.saturating_add(spec.cores).saturating_sub(1);
    let topology = format!("{home}/topology");
    files.text(format!("{topology}/physical_package_id"), package);
    files.text(format!("{topology}/core_id"), core);
    files.text(format!("{topology}/die_id"), 0);
    for name in ["core_cpus_list", "thread_siblings_list"] {
        let siblings = threads(profile, in_all, in_all);
        files.text(format!("{topology}/{name}"), siblings);
    }
    for name in ["package_cpus_list", "core_siblings_list"] {
        files.text(format!("{topology}/{name}"), threads(profile, first, last));
    }
    if cpu > 0 {
        files.text(format!("{home}/online"), 1);
    }
    if let Some(microcode) = &spec.microcode {
        files.text(format!("{home}/microcode/version"), microcode);
    }
    // A virtual machine shows neither frequency nor heat.
    if spec.sensors.is_none() {
        return;
    }
    let intel = spec.vendor == "GenuineIntel";
    let frequency = format!("{home}/cpufreq");
    files.number(format!("{frequency}/scaling_cur_freq"), move |world| {
        khz(world
            .about(world.mhz(cpu), 0.004, &format!("mhz/{cpu}"))
            .round())
    });
    files.text(
        format!("{frequency}/cpuinfo_max_freq"),
        khz(spec.max_mhz.into()),
    );
    files.text(format!("{frequency}/cpuinfo_min_freq"), khz(800.0));
    files.text(format!("{frequency}/scaling_governor"), "performance");
    if intel {
        files.text(format!("{frequency}/scaling_driver"), "intel_pstate");
        files.text(
            format!("{frequency}/base_frequency"),
            khz(spec.base_mhz.into()),
        );
        // Only Intel's driver counts.
        throttling(files, &format!("{home}/thermal_throttle"), package);
    } else {
        files.text(format!("{frequency}/scaling_driver"), "amd-pstate-epp");
        files.text(format!("{home}/acpi_cppc/nominal_freq"), spec.base_mhz);
    }
}

fn khz(mhz: f64) -> u64 {
    (mhz * 1e3) as u64
}

fn throttling(files: &mut Files, home: &str, package: u32) {
    let milliseconds = move |world: &World| {
        let counted = world.thermal.throttle_ms.get(package as usize);
        counted.copied().unwrap_or(0)
    };
    for of in ["core", "package"] {
        files.number(format!("{home}/{of}_throttle_total_time_ms"), milliseconds);
        files.number(format!("{home}/{of}_throttle_max_time_ms"), milliseconds);
        files.number(format!("{home}/{of}_throttle_count"), move |world| {
            u64::from(milliseconds(world) > 0)
        });
    }
}

/// A block of lines for each CPU, with the keys that x86 kernels write.
fn cpuinfo(world: &World) -> String {
    let spec = &world.profile.cpu;
    let mut numbers = spec.stepping.as_deref().unwrap_or("6-0-0").split('-');
    let mut number = || numbers.next().unwrap_or("0");
    let (family, model, stepping) = (number(), number(), number());
    let microcode = spec.microcode.as_deref().unwrap_or("0x1");
    let guest = match world.profile.system.hypervisor {
        Some(_) => " hypervisor",
        None => "",
    };
    let siblings = spec.cores.saturating_mul(spec.threads_per_core);
    let block = |cpu: u32| {
        let (package, core) = place(&world.profile, cpu);
        let mhz = world.mhz(cpu);
        format!(
            "processor\t: {cpu}\nvendor_id\t: {}\ncpu family\t: {family}\nmodel\t\t: {model}\n\
             model name\t: {}\nstepping\t: {stepping}\nmicrocode\t: {microcode}\n\
             cpu MHz\t\t: {mhz:.3}\nphysical id\t: {package}\nsiblings\t: {siblings}\n\
             core id\t\t: {core}\ncpu cores\t: {}\nflags\t\t: fpu msr mce mca{guest} lm\n\n",
            spec.vendor, spec.model, spec.cores
        )
    };
    (0..world.profile.logical_cpus()).map(block).collect()
}
