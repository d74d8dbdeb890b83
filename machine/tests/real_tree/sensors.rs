//! Sensors and counters of many drivers, broken ones among them.

use vetting_machine::contract::hwmon::SensorKind;

use crate::tree::Tree;

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
