//! Sensors of many drivers, broken ones among them.

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
