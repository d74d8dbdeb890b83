use super::{captured, survives};
use crate::files::{Entry, Files, Gap};
use crate::gpu::{amd, amd_smi, rocm_smi};

#[test]
fn cards_of_rocm_smi_are_read() {
    let capture = captured!("rocm-smi-mi100-602.json");
    let report = rocm_smi::report(capture).expect("a report");
    assert_eq!(report.driver.as_deref(), Some("6.3.6"));
    let card = &report.cards[0];
    assert_eq!(card.pci_address.as_deref(), Some("0000:83:00.0"));
    assert_eq!(
        (card.junction, card.power, card.power_limit),
        (Some(55.0), Some(36.0), Some(290.0))
    );
    assert_eq!((card.sclk, card.serial.as_deref()), (Some(300.0), None));
    assert!(card.extra.contains_key("Voltage (mV)"));
    assert!(card.unread.is_empty());
    survives(capture, rocm_smi::report);
    let other = rocm_smi::report(captured!("rocm-smi-rx6700xt-612.json")).expect("a report");
    assert!(
        other.cards[0]
            .series
            .as_deref()
            .is_some_and(|s| s.contains("6700"))
    );
    assert!(rocm_smi::report(b"WARNING: No JSON data to report\n").is_err());
}

#[test]
fn documents_of_amd_smi_are_read_after_warnings_and_before_a_cut() {
    let report = amd_smi::report(captured!("amd-smi-static-cut.txt")).expect("a report");
    assert!(report.cut);
    assert_eq!(report.messages.len(), 4);
    let gpu = &report.gpus[0];
    assert_eq!(gpu.pci_address.as_deref(), Some("0000:03:00.0"));
    assert_eq!(
        (gpu.name.as_deref(), gpu.max_link_width),
        (Some("AMD Radeon RX 7800 XT"), Some(16.0))
    );
    let capture = captured!("amd-smi-metric-usage-cut.json");
    let report = amd_smi::report(capture).expect("a report");
    assert_eq!(report.gpus[0].busy_percent, Some(42.0));
    survives(capture, amd_smi::report);
    let text = br#"[{"gpu": 1, "ecc": {"total_correctable_count": 3, "total_uncorrectable_count": "N/A"},
        "power": {"socket_power": "x"}, "clock": {"gfx_0": {"clk": {"value": 5, "unit": "MHz"}}}, "planted": 1}]"#;
    let gpu = &amd_smi::report(text).expect("a report").gpus[0];
    assert_eq!((gpu.correctable, gpu.uncorrectable), (Some(3), None));
    assert_eq!(gpu.clocks[0].now, Some(5.0));
    assert_eq!(gpu.extra["planted"], 1);
    assert_eq!(gpu.unread.len(), 1);
}

#[test]
fn files_of_amdgpu_are_read_by_card_or_by_address() {
    let mut files = Files::new();
    let card = "sys/class/drm/card1/device";
    for (file, text) in [
        ("uevent", "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:68:00.0\n"),
        ("vendor", "0x1002\n"),
        ("mem_info_vram_total", "206141652992\n"),
        ("gpu_busy_percent", "odd\n"),
        ("pp_dpm_sclk", "0: 132Mhz\n1: 2100Mhz *\n"),
        ("ras/umc_err_count", "ue: 0\nce: 0\nde: 7\nxe: 1\n"),
        (
            "ras/gpu_vram_bad_pages",
            "0x00000001 : 0x00001000 : R\n0x2 : 0x1000 : F\n",
        ),
        ("ras/features", "feature mask: 0x7\n"),
        ("hwmon/hwmon3/temp2_input", "55000\n"),
        ("hwmon/hwmon3/temp2_label", "junction\n"),
        ("hwmon/hwmon3/temp2_crit", "100000\n"),
        ("hwmon/hwmon3/power1_average", "90000000\n"),
    ] {
        files.add_file(&format!("{card}/{file}"), text);
    }
    files.add_file("sys/class/drm/card1-DP-1/status", "connected\n");
    files.add_file("sys/class/drm/card0/device/vendor", "0x1a03\n");
    files.add(
        &format!("{card}/ras/gfx_err_count"),
        Entry::Gap(Gap::Denied),
    );
    let bus = "sys/bus/pci/devices/0000:9e:00.0";
    files.add_file(&format!("{bus}/class"), "0x120000\n");
    files.add_file(&format!("{bus}/vendor"), "0x1002\n");
    files.add_link(&format!("{bus}/driver"), "sys/bus/pci/drivers/amdgpu");
    files.add_file(&format!("{bus}/ras/gpu_vram_bad_pages"), "");
    let found = amd::gpus(&files);
    let [first, second] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(first.pci_address.as_deref(), Some("0000:68:00.0"));
    let block = &first.blocks[0];
    assert_eq!((block.uncorrectable, block.deferred), (Some(0), Some(7)));
    assert_eq!(first.bad_pages.as_ref().map(Vec::len), Some(2));
    assert_eq!(first.clocks[0].levels[1].megahertz, Some(2100.0));
    assert!(first.clocks[0].levels[1].active);
    assert_eq!(first.sensors[0].value, Some(90_000_000));
    assert_eq!(first.sensors[1].limits["crit"], 100_000);
    assert_eq!(first.extra["ras/features"], "feature mask: 0x7");
    let rows = [
        "ras/gfx_err_count: denied",
        "gpu_busy_percent: odd",
        "ras/umc_err_count: xe: 1",
    ];
    assert_eq!(first.unread, rows);
    assert_eq!(second.bad_pages, Some(Vec::new()));
}
