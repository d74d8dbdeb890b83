//! A report is the same bytes on another machine: an emulated one with another processor, which has
//! neither AVX nor FMA, another number of cores, another size of memory, another kernel, name, time zone,
//! locale and date runs the same binary, and compiles the same stages anew.

#[allow(dead_code, reason = "the fault timelines' own test asks it for more")]
#[path = "fault_timelines/base.rs"]
mod base;
#[allow(dead_code, reason = "the fault timelines' own test asks it for more")]
#[path = "fault_timelines/generate.rs"]
mod generate;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use generate::Timeline;
use vetting_tests::qemu::{Bus, Disk, Hardware, Image, Machine};
use vetting_tests::{Ended, Vetting, stages};

/// What the other machine does, before the runs.
const BEFORE: &str = r#"
hostname elsewhere
features=$(grep -m1 '^flags' /proc/cpuinfo | tr ' ' '\n' | grep -c -x -e avx -e fma)
echo "MACHINE $(hostname) with $(nproc) cores in $(date -u +%Y), $features of AVX and FMA"
export TZ=NPT-5:45 LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8
mkdir -p /reports
"#;

/// And after them: nothing but an archive of the reports is on its disk.
const AFTER: &str = "tar -cf /dev/vda -C /reports .\necho DONE\n";

/// More than all reports take: a few hours of samples are 16 MiB.
const ARCHIVE: u64 = 128 << 20;

/// A run that both machines do. Its files lie at the same place on both: a report names them as the
/// command line does.
struct Case {
    name: &'static str,
    args: Vec<String>,
    /// Whether nothing is wrong with the machine that is simulated.
    healthy: bool,
}

/// The policy of both: a report says which was followed, and an image has one.
const POLICY: &str = "policy.toml";

/// Every built-in stage on a healthy machine, through a day's burn-in, and on sick ones.
fn cases(folder: &Path) -> Vec<Case> {
    let policy = folder.join(POLICY);
    std::fs::write(&policy, "unsigned = \"allow\"\n").expect("a policy");
    let case = |name, healthy, args: String| Case {
        name,
        args: format!("{args} --policy {}", policy.display())
            .split(' ')
            .map(str::to_owned)
            .collect(),
        healthy,
    };
    let burn_in = "--machine sim:healthy-server --set CPUStress.duration=8h --timeout 9h";
    let mut cases = vec![case("healthy", true, burn_in.to_owned())];
    for (name, stage, seed) in [
        ("cores", "CPUStress", 11),
        ("disks", "Storage", 4),
        ("accelerators", "GPU", 2),
    ] {
        let profile = folder.join(format!("{name}.toml"));
        std::fs::write(&profile, Timeline::of(stage, seed).toml()).expect("a profile");
        let args = format!("--machine sim:{} --seed {seed}", profile.display());
        cases.push(case(name, false, args));
    }
    cases
}

/// The live image that does these runs, with the files of a folder.
fn image(cases: &[Case], folder: &Path) -> Image {
    let image = Image::new(&[], &["e1000", "virtio_pci", "virtio_blk"]);
    for stage in files(&stages()) {
        let name = stage.file_name().expect("a name").to_string_lossy();
        image.copy(&stage, &format!("stages/{name}"));
    }
    for file in files(folder) {
        image.copy(&file, file.to_string_lossy().trim_start_matches('/'));
    }
    let mut boot = BEFORE.to_owned();
    for case in cases {
        let (name, args) = (case.name, case.args.join(" "));
        boot.push_str(&format!(
            "vetting run --stages /stages --format json {args} > /reports/{name}.json \
             2> /reports/{name}.log\n\
             echo \"ENDED {name} $? after $(cut -d' ' -f1 /proc/uptime) s\"\n"
        ));
    }
    image.file("etc/vetting/boot", &(boot + AFTER), 0o644);
    image
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|e| e.expect("an entry").path()).collect()
}

/// The first line in which two texts differ.
fn difference(here: &str, there: &str) -> String {
    let lines = here.lines().zip(there.lines()).enumerate();
    let mut differ = lines.filter(|(_, (here, there))| here != there);
    let lengths = format!("{} and {} bytes", here.len(), there.len());
    match differ.next() {
        Some((n, (here, there))) => {
            format!("{lengths}, line {}: here {here}, there {there}", n + 1)
        }
        None => lengths,
    }
}

#[test]
fn another_machine_writes_the_same_report() {
    let (given, folder) = (tempfile::tempdir(), tempfile::tempdir());
    let (given, folder) = (given.expect("a folder"), folder.expect("a folder"));
    let cases = cases(given.path());
    let archive = folder.path().join("reports.tar");
    let disk = File::create_new(&archive).expect("a disk");
    disk.set_len(ARCHIVE).expect("a sparse disk");
    let disk = Disk {
        image: archive.clone(),
        serial: String::new(),
        bus: Bus::Virtio,
    };
    let here = std::thread::available_parallelism().map_or(1, usize::from);
    let hardware = Hardware {
        cpu: "qemu64",
        cores: here + 1,
        memory: "1536M",
        clock: "2038-01-19T03:14:00",
    };
    let mut machine = Machine::boot(
        &image(&cases, given.path()),
        &hardware,
        &[disk],
        folder.path(),
    );

    // While it boots.
    let here: Vec<Ended> = cases
        .iter()
        .map(|case| {
            let args: Vec<&str> = case.args.iter().map(String::as_str).collect();
            Vetting::run(&stages(), &args).output()
        })
        .collect();
    machine.wait();
    let console = machine.console();
    let another = format!(
        "MACHINE elsewhere with {} cores in 2038, 0 of AVX and FMA",
        hardware.cores
    );
    assert!(
        console.contains(&another) && console.contains("DONE"),
        "{}",
        machine.story()
    );

    let there = folder.path().join("there");
    std::fs::create_dir(&there).expect("a folder");
    let mut unpack = Command::new("tar");
    unpack.arg("-xf").arg(&archive).arg("-C").arg(&there);
    let unpacked = unpack.output().expect("tar");
    assert!(unpacked.status.success(), "{unpacked:?}");
    let read = |file: String| {
        let text = std::fs::read_to_string(there.join(&file));
        text.unwrap_or_else(|error| panic!("{file}: {error}: {console}"))
    };
    for (case, here) in cases.iter().zip(&here) {
        let (name, status) = (case.name, here.status());
        assert_eq!(status == 0, case.healthy, "{name}: {}", here.stderr());
        assert_eq!(here.report()["stages"].as_array().map(Vec::len), Some(8));
        assert!(
            console.contains(&format!("ENDED {name} {status} after")),
            "{name}: {status} here: {console}\n{}",
            read(format!("{name}.log"))
        );
        let (here, there) = (here.stdout(), read(format!("{name}.json")));
        assert!(here == there, "{name}: {}", difference(&here, &there));
    }
}
