//! The built-in machines: they load, the healthy ones are well by the judgement's thresholds, and
//! each sick one shows its illness.

use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::disks::Transport;
use vetting_machine::contract::iperf::Direction;
use vetting_machine::contract::types::{Document, Error};
use vetting_machine::contract::{disks, files, gpu, hwmon};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Machine, Reply, Request, Time};

use crate::driver::{Driver, computing, random_reads, reads, tcp};

pub fn disks(driver: &Driver) -> Vec<disks::Disk> {
    match driver.ask(Request::Disks) {
        Reply::Disks(disks) => disks,
        other => panic!("{other:?}"),
    }
}

/// What a query about a network port prints.
pub fn query(driver: &Driver, name: &str, port: &str) -> String {
    let (name, target) = (name.to_owned(), port.to_owned());
    match driver.ask(Request::QueriesRun { name, target }) {
        Reply::Document(document) => String::from_utf8_lossy(&document.stdout).into_owned(),
        other => panic!("{other:?}"),
    }
}

/// Memory as the kernel has it, in bytes.
pub fn memory(driver: &Driver) -> u64 {
    let text = said(driver, "proc/meminfo");
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.expect("MemTotal") * 1024
}

/// What a file of the kernel says.
pub fn content(driver: &Driver, path: &str) -> files::Content {
    let paths = vec![path.to_owned()];
    match driver.ask(Request::FilesRead { paths }) {
        Reply::FilesContents(mut contents) => contents.remove(0),
        other => panic!("{other:?}"),
    }
}

/// The same as text without its line end.
pub fn said(driver: &Driver, path: &str) -> String {
    let content = content(driver, path);
    assert_eq!(content.ending, files::Ending::Whole, "{path}");
    let text = String::from_utf8(content.bytes).expect("text");
    text.trim_end().to_owned()
}

/// The same as a number.
pub fn number(driver: &Driver, path: &str) -> u64 {
    said(driver, path).parse().expect("a number")
}

/// What a glob matches.
pub fn matches(driver: &Driver, glob: &str) -> Vec<String> {
    let globs = vec![glob.to_owned()];
    match driver.ask(Request::FilesList { globs }) {
        Reply::FilesListing(listing) => listing.found.into_iter().map(|f| f.path).collect(),
        other => panic!("{other:?}"),
    }
}

/// The numbers of all files that a glob matches, by path.
pub fn numbers(driver: &Driver, glob: &str) -> Vec<(String, u64)> {
    let paths = matches(driver, glob).into_iter();
    paths
        .map(|path| (path.clone(), number(driver, &path)))
        .collect()
}

/// What ipmitool printed.
pub fn controller(driver: &Driver, question: Question) -> String {
    match driver.ask(Request::Bmc { question }) {
        Reply::Document(document) => String::from_utf8_lossy(&document.stdout).into_owned(),
        other => panic!("{other:?}"),
    }
}

/// The row of a sensor in `sdr elist all`.
pub fn sensor_row(driver: &Driver, name: &str) -> String {
    let listing = controller(driver, Question::Sensors);
    let row = listing.lines().find(|line| line.starts_with(name));
    row.unwrap_or_else(|| panic!("no {name} in {listing}"))
        .to_owned()
}

/// What nvidia-smi prints.
pub fn nvidia_smi(driver: &Driver) -> Document {
    let question = gpu::Question::NvidiaSmi;
    match driver.ask(Request::GpuAsk { question }) {
        Reply::Document(document) => *document,
        other => panic!("{other:?}"),
    }
}

/// The part of each GPU in nvidia-smi's document; none where it prints none.
pub fn gpus(driver: &Driver) -> Vec<String> {
    let text = String::from_utf8_lossy(&nvidia_smi(driver).stdout).into_owned();
    let parts = text.split("<gpu id=").skip(1);
    parts.map(str::to_owned).collect()
}

/// The text of an element, the first of its name.
pub fn element(gpu: &str, name: &str) -> String {
    let (_, rest) = gpu.split_once(&format!("<{name}>")).expect(name);
    let (text, _) = rest.split_once("</").expect("an end");
    text.to_owned()
}

/// What smartctl printed of a drive.
pub fn document(driver: &Driver, device: &str) -> Document {
    match driver.ask(Request::SmartRead {
        device: device.to_owned(),
    }) {
        Reply::Document(document) => *document,
        other => panic!("{other:?}"),
    }
}

/// The same, as JSON.
pub fn smart(driver: &Driver, device: &str) -> serde_json::Value {
    serde_json::from_slice(&document(driver, device).stdout).expect("smartctl's JSON")
}

pub fn sensors(driver: &Driver) -> Vec<hwmon::Sensor> {
    match driver.ask(Request::Hwmon) {
        Reply::Hwmon(reading) => reading.sensors,
        other => panic!("{other:?}"),
    }
}

pub fn throttled_ms(driver: &Driver) -> u64 {
    let glob = "sys/devices/system/cpu/cpu*/thermal_throttle/package_throttle_total_time_ms";
    let milliseconds = numbers(driver, glob).into_iter().map(|(_, ms)| ms);
    milliseconds.max().unwrap_or(0)
}

#[test]
fn every_built_in_machine_loads_and_answers() {
    let names = SimulatedMachine::builtin_names();
    assert!(names.len() >= 16, "{names:?}");
    for (name, description) in names {
        assert!(!description.is_empty(), "{name} says nothing about itself");
        let machine = SimulatedMachine::builtin(name, 1).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(machine.name(), format!("sim:{name}"));
        assert_eq!(machine.description(), description);
        assert_eq!(machine.time(), Time::Virtual);
        let driver = Driver::builtin(name);
        assert!(!disks(&driver).is_empty(), "{name}");
        assert_eq!(
            machine.capacity().0 as usize,
            matches(&driver, "sys/devices/system/cpu/cpu*/topology").len(),
            "{name}"
        );
        driver.ask(Request::Hwmon);
        driver.ask(Request::ScratchSpace);
    }
}

#[test]
fn the_healthy_server_has_what_a_server_has() {
    let machine = SimulatedMachine::builtin("healthy-server", 1).expect("is built in");
    assert!(machine.peer().is_some_and(|peer| !peer.loopback));
    let driver = Driver::builtin("healthy-server");
    assert_eq!(machine.capacity().0, 64);
    assert_eq!(memory(&driver), (512 << 30) / 200 * 197 / 1024 * 1024);
    let speeds = numbers(&driver, "sys/class/net/ens*/speed");
    let fast = speeds.iter().filter(|(_, mbps)| *mbps == 25_000);
    assert_eq!(fast.count(), 2);
    let port = query(&driver, "ethtool", "ens1f0np0");
    assert!(port.contains("25000baseCR/Full"), "{port}");
    assert!(controller(&driver, Question::Controller).contains("Firmware Revision"));
    let Reply::GpuDevices(devices) = driver.ask(Request::GpuDevices) else {
        panic!("no list")
    };
    assert_eq!(devices.len(), 2);
    let serials: std::collections::BTreeSet<_> =
        disks(&driver).into_iter().map(|d| d.serial).collect();
    assert_eq!(serials.len(), 6, "serials are not unique");
}

#[test]
fn the_healthy_server_is_cool_and_fast_under_full_load() {
    let driver = Driver::builtin("healthy-server");
    let run = driver.start(Request::StressStart {
        job: computing(1200),
    });
    let burn = driver.start(Request::GpuStart {
        job: gpu::Job::Burn(gpu::Burn {
            gpus: Vec::new(),
            duration_ms: 1_200_000,
        }),
    });
    for _ in 0..30 {
        driver.sleep(30);
        for sensor in sensors(&driver) {
            let limit = sensor.limits.crit.expect("every sensor here has one");
            assert!(
                sensor.value < limit - 5.0,
                "{} {} of {limit}",
                sensor.label,
                sensor.value
            );
            assert!(sensor.alarms.is_empty(), "{}", sensor.label);
        }
        for (path, now) in numbers(
            &driver,
            "sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq",
        ) {
            let base = number(&driver, &path.replace("scaling_cur_freq", "base_frequency"));
            assert!(now >= base, "{path}: {now} of {base}");
        }
        let listing = controller(&driver, Question::Sensors);
        let sensors = || listing.lines().filter(|row| !row.contains("FRU @"));
        assert!(sensors().count() > 10, "{listing}");
        assert!(sensors().all(|row| row.contains("h | ok  |")), "{listing}");
        for gpu in gpus(&driver) {
            for what in ["gen", "width"] {
                let now = element(&gpu, &format!("current_link_{what}"));
                assert_eq!(now, element(&gpu, &format!("max_link_{what}")));
            }
            let hot = element(&gpu, "clocks_event_reason_hw_thermal_slowdown");
            assert_eq!(hot, "Not Active");
        }
    }
    assert_eq!(throttled_ms(&driver), 0);
    driver.finish(run);
    driver.finish(burn);
}

#[test]
fn the_healthy_server_computes_evenly_and_rightly() {
    let summary = Driver::builtin("healthy-server").stress(computing(60));
    assert!(summary.endings.iter().all(|e| e.exit_status == Some(0)));
    let rates: Vec<f64> = summary
        .metrics
        .iter()
        .map(|m| m.bogo_ops_per_second)
        .collect();
    assert_eq!(rates.len(), 64);
    let mean = rates.iter().sum::<f64>() / 64.0;
    assert!(
        rates.iter().all(|r| (r / mean - 1.0).abs() < 0.02),
        "{rates:?}"
    );
}

#[test]
fn the_healthy_disks_pass_the_floors_of_their_class() {
    let driver = Driver::builtin("healthy-server");
    // Bytes per second, accesses per second, p99 of random reads in nanoseconds.
    let floors = [
        ("sda", 120e6, 100.0, 500e6),
        ("sdc", 400e6, 50e3, 10e6),
        ("nvme0n1", 4e9, 400e3, 3e6),
    ];
    for (disk, bandwidth, iops, p99) in floors {
        let sequential = driver.fio(reads(disk, 30)).read;
        assert!(
            sequential.bytes_per_second > bandwidth,
            "{disk}: {sequential:?}"
        );
        let random = driver.fio(random_reads(disk, 30)).read;
        assert!(random.iops > iops, "{disk}: {random:?}");
        let told = random.p99_ns;
        assert!(told < p99, "{disk}: {told}");
    }
}

#[test]
fn the_healthy_disks_are_well() {
    let driver = Driver::builtin("healthy-server");
    let Reply::SmartDevices(devices) = driver.ask(Request::SmartDevices) else {
        panic!("no devices")
    };
    assert_eq!(devices.len(), 6);
    for device in devices {
        let drive = smart(&driver, &device);
        assert_eq!(drive["smart_status"]["passed"], true, "{device}");
        assert_eq!(drive["smartctl"]["exit_status"], 0, "{device}");
        assert_eq!(document(&driver, &device).exit_status, Some(0), "{device}");
        assert!(
            drive["power_on_time"]["hours"]
                .as_u64()
                .is_some_and(|h| h < 100)
        );
    }
}

#[test]
fn the_healthy_network_reaches_its_ceiling_both_ways() {
    let driver = Driver::builtin("healthy-server");
    for direction in [Direction::Send, Direction::Receive] {
        let summary = driver.iperf(tcp(direction, 10));
        let flow = summary.flows.first().expect("one flow");
        assert!(
            flow.bits_per_second > 0.98 * 0.99 * 25e9,
            "{}",
            flow.bits_per_second
        );
        assert_eq!(flow.retransmits, Some(0));
        assert_eq!(flow.intervals, 10);
        assert!(summary.local_cpu_percent < 95.0);
        assert_eq!(summary.local_nic.as_deref(), Some("ens1f0np0"));
    }
    let counted = |name: &str| {
        number(
            &driver,
            &format!("sys/class/net/ens1f0np0/statistics/{name}"),
        )
    };
    assert!(counted("rx_bytes") > 0 && counted("tx_bytes") > 0);
    assert_eq!(counted("rx_crc_errors"), 0);
}

#[test]
fn the_laptop_and_the_virtual_machine_have_less() {
    let laptop = Driver::builtin("laptop");
    assert_eq!(number(&laptop, "sys/class/dmi/id/chassis_type"), 10);
    assert!(matches(&laptop, "sys/devices/system/edac/mc/*").is_empty());
    assert_eq!(said(&laptop, "sys/class/power_supply/BAT0/type"), "Battery");
    let question = Question::Sensors;
    let absent = laptop.call(Request::Bmc { question });
    assert!(matches!(absent, Err(Error::Unavailable(_))), "{absent:?}");
    let Reply::GpuDevices(devices) = laptop.ask(Request::GpuDevices) else {
        panic!("no list")
    };
    assert!(devices.is_empty(), "{devices:?}");
    let question = gpu::Question::NvidiaSmi;
    assert!(matches!(
        laptop.call(Request::GpuAsk { question }),
        Err(Error::Unavailable(_))
    ));
    let vm = Driver::builtin("small-vm");
    assert!(said(&vm, "proc/cpuinfo").contains(" hypervisor"));
    let port = query(&vm, "ethtool-driver", "enp1s0");
    assert!(port.starts_with("driver: virtio_net\n"), "{port}");
    let name = "lspci".to_owned();
    let target = String::new();
    let absent = vm.call(Request::QueriesRun { name, target });
    assert!(matches!(absent, Err(Error::Unavailable(_))), "{absent:?}");
    assert!(sensors(&vm).is_empty());
    let Reply::SmartDevices(devices) = vm.ask(Request::SmartDevices) else {
        panic!("no devices")
    };
    for device in devices {
        let printed = document(&vm, &device);
        let text = String::from_utf8_lossy(&printed.stdout).into_owned();
        assert!(text.contains("Unable to detect device type"), "{text}");
        assert_eq!(printed.exit_status, Some(1));
    }
    let Reply::Disks(disks) = vm.ask(Request::Disks) else {
        panic!("no disks")
    };
    assert!(
        disks
            .iter()
            .all(|d| d.transport == Transport::Virtio && !d.in_use.is_empty())
    );
}
