//! Other machines: trees of files as their kernels show them, nasty ones among them.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use vetting_machine::contract::disks::{Content, Transport};
use vetting_machine::contract::hwmon::SensorKind;
use vetting_machine::contract::kernel_log::EventKind;
use vetting_machine::contract::{counters, disks, gpu, hwmon, inventory, power, smart};
use vetting_machine::real::{Options, RealMachine};
use vetting_machine::{Attempt, Cancel, Machine, Reply, Request, Session};

/// A machine made of files.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, content).expect("a file");
        self
    }

    fn folder(&self, path: &str) -> &Self {
        fs::create_dir_all(self.path().join(path)).expect("a folder");
        self
    }

    fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        symlink(target, path).expect("a link");
        self
    }

    fn fifo(&self, path: &str) -> &Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
        self
    }

    fn machine(&self) -> RealMachine {
        let root = self.path().to_owned();
        RealMachine::new(Options {
            root,
            ..Options::default()
        })
        .expect("a machine")
    }

    async fn session(&self) -> Box<dyn Session> {
        let attempt = Attempt {
            stage: "Test".into(),
            number: 1,
            seed: 0,
            deadline: Duration::from_secs(60),
            soft_deadline: Duration::from_secs(58),
            cancel: Cancel::new(),
            grace: Duration::from_secs(1),
            peer: None,
            scratch: self.path().to_owned(),
            cpu_allowance: 1,
            memory_allowance_bytes: 1 << 20,
            max_tools: 1,
        };
        self.machine().begin(attempt).await.expect("a session")
    }

    async fn ask(&self, request: Request) -> Reply {
        let answer = self.session().await.call(request.clone()).await;
        answer.unwrap_or_else(|error| panic!("{request:?}: {error}"))
    }

    async fn hwmon(&self) -> hwmon::Reading {
        match self.ask(Request::Hwmon).await {
            Reply::Hwmon(reading) => reading,
            other => panic!("{other:?}"),
        }
    }

    async fn counters(&self) -> counters::Reading {
        match self.ask(Request::Counters).await {
            Reply::Counters(reading) => reading,
            other => panic!("{other:?}"),
        }
    }

    async fn disks(&self) -> Vec<disks::Disk> {
        match self.ask(Request::Disks).await {
            Reply::Disks(list) => list,
            other => panic!("{other:?}"),
        }
    }

    async fn inventory(&self) -> inventory::Parts {
        match self.ask(Request::Inventory).await {
            Reply::Inventory(parts) => *parts,
            other => panic!("{other:?}"),
        }
    }

    async fn gpus(&self) -> gpu::Reading {
        match self.ask(Request::GpuRead).await {
            Reply::GpuReading(reading) => reading,
            other => panic!("{other:?}"),
        }
    }

    async fn power(&self) -> power::Reading {
        match self.ask(Request::PowerRead).await {
            Reply::Power(reading) => reading,
            other => panic!("{other:?}"),
        }
    }

    async fn smart(&self) -> Vec<smart::Device> {
        match self.ask(Request::SmartDevices).await {
            Reply::SmartDevices(devices) => devices,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn sensors_of_many_drivers_are_read_scaled_and_in_order() {
    let tree = Tree::new();
    let core = "sys/devices/platform/coretemp.0/hwmon/hwmon0";
    tree.file(&format!("{core}/name"), "coretemp\n")
        .file(&format!("{core}/temp10_input"), "-5000\n")
        .file(&format!("{core}/temp2_input"), "41500\n")
        .file(&format!("{core}/temp2_label"), "Core 0\n")
        .file(&format!("{core}/temp2_crit"), "100000\n")
        .file(&format!("{core}/temp2_crit_alarm"), "1\n")
        .link(&format!("{core}/device"), "../../../coretemp.0")
        .link(
            "sys/devices/platform/coretemp.0/subsystem",
            "../../../bus/platform",
        )
        .link(
            "sys/class/hwmon/hwmon0",
            "../../devices/platform/coretemp.0/hwmon/hwmon0",
        );
    let nvme = "sys/devices/pci0000:00/0000:00:1d.0/0000:04:00.0/nvme/nvme0";
    tree.file(&format!("{nvme}/hwmon1/name"), "nvme\n")
        .file(&format!("{nvme}/hwmon1/temp1_input"), "35850\n")
        .link(&format!("{nvme}/hwmon1/device"), "../../nvme0")
        .link("sys/class/hwmon/hwmon1", &format!("../../../{nvme}/hwmon1"));
    tree.file("sys/class/hwmon/hwmon2/in0_input", "1208\n")
        .file("sys/class/hwmon/hwmon2/fan1_input", "0\n")
        .file("sys/class/hwmon/hwmon2/fan1_fault", "1\n")
        .file("sys/class/hwmon/hwmon2/curr1_input", "2500\n")
        .file("sys/class/hwmon/hwmon2/energy1_input", "3000000\n")
        .file("sys/class/hwmon/hwmon2/humidity1_input", "40500\n")
        .file("sys/class/hwmon/hwmon2/intrusion0_alarm", "1\n")
        .file("sys/class/hwmon/hwmon2/pwm1", "128\n");
    tree.file("sys/class/hwmon/hwmon3/device/name", "power_meter\n")
        .file(
            "sys/class/hwmon/hwmon3/device/power1_average",
            "350000000\n",
        )
        .file("sys/class/hwmon/hwmon3/device/power1_cap", "500000000\n");
    let reading = tree.hwmon().await;
    assert_eq!(reading.unreadable, []);
    let found: Vec<_> = reading
        .sensors
        .iter()
        .map(|s| {
            (
                s.chip.as_str(),
                s.device.as_str(),
                s.channel.as_str(),
                s.value,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("coretemp", "platform:coretemp.0", "temp2", 41.5),
            ("coretemp", "platform:coretemp.0", "temp10", -5.0),
            ("hwmon2", "hwmon2", "curr1", 2.5),
            ("hwmon2", "hwmon2", "energy1", 3.0),
            ("hwmon2", "hwmon2", "fan1", 0.0),
            ("hwmon2", "hwmon2", "humidity1", 40.5),
            ("hwmon2", "hwmon2", "in0", 1.208),
            ("hwmon2", "hwmon2", "intrusion0", 1.0),
            ("nvme", "0000:04:00.0", "temp1", 35.85),
            ("power_meter", "hwmon3", "power1", 350.0),
        ]
    );
    let core = &reading.sensors[0];
    assert_eq!(
        (core.label.as_str(), core.limits.crit),
        ("Core 0", Some(100.0))
    );
    assert_eq!(core.alarms, ["crit-alarm"]);
    assert!(reading.sensors[4].fault && reading.sensors[4].kind == SensorKind::Fan);
    assert_eq!(reading.sensors[9].limits.max, Some(500.0));
    let power = tree.power().await;
    assert_eq!(power.total_watts, Some(350.0));
}

#[tokio::test]
async fn sensors_that_cannot_be_read_are_named_and_the_rest_is_read() {
    let tree = Tree::new();
    let chip = "sys/class/hwmon/hwmon0";
    tree.file(&format!("{chip}/temp1_input"), "")
        .file(&format!("{chip}/temp2_input"), "hot\n")
        .file(&format!("{chip}/temp3_input"), [0xff, 0xfe, 0x00])
        .file(&format!("{chip}/temp4_input"), "9".repeat(100_000))
        .folder(&format!("{chip}/temp5_input"))
        .fifo(&format!("{chip}/temp6_input"))
        .link(&format!("{chip}/temp7_input"), "nowhere")
        .link(&format!("{chip}/temp8_input"), "temp8_input")
        .file(&format!("{chip}/temp9_input"), "21000\n")
        .file(&format!("{chip}/temp9_crit"), "garbage\n")
        .file(&format!("{chip}/_input"), "1\n")
        .file(&format!("{chip}/temp_input"), "1\n")
        .fifo("sys/class/hwmon/hwmon1")
        .fifo(&format!("{chip}/name"));
    let reading = tree.hwmon().await;
    assert_eq!(reading.unreadable.len(), 8, "{:?}", reading.unreadable);
    assert!(
        reading
            .unreadable
            .iter()
            .all(|u| !u.reason.is_empty() && u.path.starts_with(chip))
    );
    assert_eq!(reading.sensors.len(), 1);
    assert_eq!(
        (reading.sensors[0].value, reading.sensors[0].limits.crit),
        (21.0, None)
    );
}

#[tokio::test]
async fn memory_and_bus_errors_are_counted() {
    let tree = Tree::new();
    let mc = "sys/devices/system/edac/mc/mc0";
    tree.file(&format!("{mc}/mc_name"), "skx_edac\n")
        .file(&format!("{mc}/ce_noinfo_count"), "3\n")
        .file(&format!("{mc}/ue_noinfo_count"), "0\n")
        .file(
            &format!("{mc}/dimm0/dimm_label"),
            "CPU_SrcID#0_Ha#0_Chan#1_DIMM#0\n",
        )
        .file(&format!("{mc}/dimm0/dimm_location"), "channel 1 slot 0\n")
        .file(&format!("{mc}/dimm0/dimm_ce_count"), "12\n")
        .file(&format!("{mc}/dimm0/dimm_ue_count"), "1\n")
        .file(&format!("{mc}/dimm1/dimm_ce_count"), "junk")
        .file(
            "sys/bus/pci/devices/0000:05:00.0/aer_dev_correctable",
            "RxErr 3\nTOTAL_ERR_COR 4\n",
        )
        .file(
            "sys/bus/pci/devices/0000:05:00.0/aer_dev_fatal",
            "TOTAL_ERR_FATAL 1\n",
        )
        .file("sys/devices/system/cpu/online", "0-1\n")
        .file(
            "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_total_time_ms",
            "77\n",
        )
        .file(
            "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq",
            "2400000\n",
        )
        .file("sys/block/sda/stat", "10 0 8 5 20 0 16 9 0 1 2\n")
        .file("sys/block/sda/device/ioerr_cnt", "0x1f\n");
    let reading = tree.counters().await;
    assert_eq!(reading.memory.drivers, ["skx_edac"]);
    assert_eq!(reading.memory.corrected_unattributed, 3);
    let dimm = &reading.memory.dimms[0];
    assert_eq!(
        (dimm.corrected, dimm.uncorrected, dimm.location.as_str()),
        (12, 1, "channel 1 slot 0")
    );
    assert_eq!(reading.memory.dimms[1].label, "dimm1");
    assert_eq!((reading.pcie[0].correctable, reading.pcie[0].fatal), (4, 1));
    assert_eq!(reading.cpus[1].core_throttle_ms, Some(77));
    assert_eq!(reading.cpus[1].current_mhz, Some(2400.0));
    let disk = &reading.disks[0];
    assert_eq!(
        (disk.read_bytes, disk.written_bytes, disk.io_errors),
        (4096, 8192, Some(31))
    );
}

#[tokio::test]
async fn a_disk_tells_who_it_is_and_what_uses_it() {
    let tree = Tree::new();
    let sda = "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda";
    tree.link(
        "sys/block/sda",
        &format!("../../{sda}").replace("../../sys", ".."),
    )
    .link(&format!("{sda}/device"), "../../../0:0:0:0")
    .file(&format!("{sda}/size"), "32768\n")
    .file(&format!("{sda}/dev"), "8:0\n")
    .file(&format!("{sda}/queue/rotational"), "1\n")
    .file(&format!("{sda}/sda1/partition"), "1\n")
    .file(&format!("{sda}/sda1/dev"), "8:1\n")
    .file(&format!("{sda}/sda2/partition"), "2\n")
    .file(&format!("{sda}/sda2/dev"), "8:2\n")
    .folder(&format!("{sda}/sda2/holders/dm-0"))
    .file("sys/block/dm-0/dev", "253:0\n")
    .file("sys/block/dm-0/dm/name", "vg-root\n")
    .file(
        "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/vendor",
        "ATA     \n",
    )
    .file(
        "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/model",
        "ST4000NM0035\n",
    )
    .file(
        "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/wwid",
        "naa.5000C500A1B2C3D4\n",
    )
    .file(
        "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/vpd_pg80",
        b"\0\x80\0\x08ZC1A2B3C",
    )
    .file(
        "proc/self/mountinfo",
        "20 1 8:1 / /boot rw - ext4 /dev/sda1 rw\n21 1 253:0 / / rw - xfs /dev/mapper/vg-root rw\n",
    )
    .file(
        "proc/swaps",
        "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n",
    )
    .file("sys/block/loop0/size", "8\n")
    .file("sys/block/nvme0n1/size", "16\n")
    .file("sys/block/nvme0n1/device/transport", "pcie\n")
    .file(
        "sys/block/nvme0n1/nguid",
        "01000000-0000-0000-5cd2-e42a81a1b2c3\n",
    )
    .file("sys/block/nvme0n1/device/serial", "PHLN0001\n")
    .file("sys/block/nvme0n2/size", "16\n")
    .file("dev/nvme0n1", vec![0; 16 * 512])
    .fifo("dev/sda");
    let list = tree.disks().await;
    let names: Vec<_> = list.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["nvme0n1", "nvme0n2", "sda"]);
    let sda = &list[2];
    assert_eq!(sda.serial.as_deref(), Some("ZC1A2B3C"));
    assert_eq!(sda.wwn.as_deref(), Some("5000c500a1b2c3d4"));
    assert_eq!(sda.model.as_deref(), Some("ST4000NM0035"));
    assert_eq!(sda.transport, Transport::Sata);
    assert_eq!(sda.controller.as_deref(), Some("0000:00:17.0"));
    assert!(sda.rotational && sda.size_bytes == 16 << 20);
    let uses: Vec<_> = sda
        .in_use
        .iter()
        .map(|u| format!("{} {}", u.kind, u.by))
        .collect();
    for wanted in [
        "partition sda1",
        "mounted /boot",
        "partition sda2",
        "swap /dev/sda2",
        "holder dm-0",
        "mounted /",
    ] {
        assert!(uses.iter().any(|u| u == wanted), "{wanted}: {uses:?}");
    }
    assert!(
        matches!(sda.content, Content::Unreadable(_)),
        "a FIFO is no disk"
    );
    let nvme = &list[0];
    assert_eq!(
        nvme.wwn.as_deref(),
        Some("01000000000000005cd2e42a81a1b2c3")
    );
    assert_eq!(
        (&nvme.transport, &nvme.content),
        (&Transport::Nvme, &Content::NoneRecognised)
    );
    assert!(nvme.in_use.is_empty());
    let asked: Vec<_> = tree.smart().await.into_iter().map(|d| d.id).collect();
    assert_eq!(asked, ["nvme0n1", "sda"], "two namespaces are one drive");
}

#[tokio::test]
async fn an_inventory_without_smbios_says_so() {
    let tree = Tree::new();
    tree.file("sys/class/dmi/id/sys_vendor", "Acme\n")
        .file("sys/class/dmi/id/product_serial", "To Be Filled By O.E.M.\n")
        .file("sys/class/dmi/id/chassis_type", "10\n")
        .file("proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Xeon @ 2.10GHz\nstepping\t: 7\nmicrocode\t: 0x5003604\n")
        .file("proc/meminfo", "MemTotal: 1024 kB\nMemAvailable: 512 kB\n")
        .link("sys/class/net/lo", "../../devices/virtual/net/lo")
        .file("sys/devices/pci0000:00/0000:03:00.0/net/eth0/address", "AA:BB:CC:00:11:22\n")
        .file("sys/devices/pci0000:00/0000:03:00.0/net/eth0/carrier", "1\n")
        .file("sys/devices/pci0000:00/0000:03:00.0/net/eth0/speed", "10000\n")
        .file("sys/devices/pci0000:00/0000:03:00.0/net/eth0/mtu", "1500\n")
        .link("sys/devices/pci0000:00/0000:03:00.0/net/eth0/device", "../../../0000:03:00.0")
        .link("sys/class/net/eth0", "../../devices/pci0000:00/0000:03:00.0/net/eth0")
        .file("sys/bus/pci/devices/0000:41:00.0/class", "0x030200\n")
        .file("sys/bus/pci/devices/0000:41:00.0/vendor", "0x1da3\n")
        .file("sys/bus/pci/devices/0000:41:00.0/device", "0x1020\n")
        .file("sys/bus/pci/devices/0000:02:00.0/class", "0x030000\n")
        .file("sys/bus/pci/devices/0000:02:00.0/vendor", "0x1a03\n");
    let parts = tree.inventory().await;
    assert_eq!(parts.system.manufacturer.as_deref(), Some("Acme"));
    assert_eq!((parts.system.serial, parts.system.hypervisor), (None, None));
    assert_eq!(parts.system.chassis.as_deref(), Some("Notebook"));
    assert!(
        parts.gaps.iter().any(|gap| gap.contains("DMI")),
        "{:?}",
        parts.gaps
    );
    let cpu = &parts.cpus[0];
    assert_eq!(
        (cpu.cores, cpu.base_mhz, cpu.stepping.as_deref()),
        (1, Some(2100), Some("6-85-7"))
    );
    assert_eq!(parts.memory.visible_bytes, 1 << 20);
    let nic = &parts.nics[0];
    assert_eq!(
        (parts.nics.len(), nic.mac.as_str(), nic.speed_mbps),
        (1, "aa:bb:cc:00:11:22", Some(10_000))
    );
    assert_eq!(nic.pci_address.as_deref(), Some("0000:03:00.0"));
    assert!(!nic.paravirtual);
    let accelerators: Vec<_> = parts.gpus.iter().map(|g| g.accelerator).collect();
    assert_eq!(accelerators, [false, true]);
    let gpus = tree.gpus().await;
    assert_eq!((gpus.devices.len(), gpus.silent.len()), (0, 1));
    assert!(tree.machine().is_portable());
}

#[tokio::test]
async fn an_empty_tree_gives_empty_readings() {
    let tree = Tree::new();
    assert_eq!(tree.hwmon().await, hwmon::Reading::default());
    assert_eq!(tree.counters().await, counters::Reading::default());
    assert_eq!(tree.disks().await, []);
    assert_eq!(tree.gpus().await.silent, []);
    assert!(
        tree.power()
            .await
            .sources
            .iter()
            .all(|source| !source.available)
    );
    let parts = tree.inventory().await;
    assert!(
        parts.cpus.is_empty() && parts.gaps.len() >= 3,
        "{:?}",
        parts.gaps
    );
    assert!(
        tree.session()
            .await
            .call(Request::KernelLogOpen)
            .await
            .is_err()
    );
    assert!(!tree.machine().is_portable());
}

#[tokio::test]
async fn lines_that_come_after_the_opening_are_told() {
    let tree = Tree::new();
    tree.file("dev/kmsg", "3,1,1,-;EDAC MC0: 1 UE old error on DIMM_A1\n");
    let session = tree.session().await;
    let Ok(Reply::Watch(watch)) = session.call(Request::KernelLogOpen).await else {
        panic!("no watch");
    };
    let mut log = fs::OpenOptions::new()
        .append(true)
        .open(tree.path().join("dev/kmsg"))
        .expect("the log");
    log.write_all(b"6,2,2,-;nothing of note\n SUBSYSTEM=x\nnot a record\n3,3,3,-;blk_update_request: I/O error, dev sdb, sector 8\n").expect("written");
    let next = session
        .call(Request::KernelLogNext {
            watch,
            timeout_ms: 20_000,
        })
        .await;
    let Ok(Reply::KernelLog(lines)) = next else {
        panic!("{next:?}");
    };
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(
        (&lines[0].kind, lines[0].part.as_deref()),
        (&EventKind::IoError, Some("sdb"))
    );
    assert_eq!(
        session.call(Request::KernelLogLost { watch }).await,
        Ok(Reply::Lost(0))
    );
}
