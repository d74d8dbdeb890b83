use super::{captured, survives};
use crate::gpu::nvidia_smi::{MessageKind, gpus, samples};
use crate::gpu::nvlinks::{LinkState, capabilities, errors, status};

#[test]
fn h100_of_driver_580_is_read_whole() {
    let report = gpus(captured!("qx-h100-580.xml")).expect("a report");
    assert_eq!(report.driver.as_deref(), Some("580.105.08"));
    assert_eq!((report.attached, report.gpus.len()), (Some(8), 2));
    assert!(report.complete && report.messages.is_empty() && report.unread.is_empty());
    let gpu = &report.gpus[0];
    assert_eq!(gpu.identity.name.as_deref(), Some("NVIDIA H100 80GB HBM3"));
    assert_eq!(gpu.identity.serial.as_deref(), Some("1650000000001"));
    assert!(gpu.pci_address.as_deref().is_some_and(|a| a.len() == 12));
    assert_eq!(gpu.recovery_action.as_deref(), Some("None"));
    assert_eq!(gpu.memory.total, Some(81559 << 20));
    assert_eq!(gpu.pci.max_width, Some(16));
    assert_eq!(gpu.pci.device_max_generation, Some(5));
    assert_eq!(gpu.ecc.enabled, Some(true));
    assert_eq!(gpu.ecc.aggregate.sram_threshold_exceeded, Some(false));
    assert_eq!(gpu.ecc.sram_sources.l2, Some(0));
    assert_eq!(gpu.clock_reason_times.hw_thermal_us, Some(0));
    assert_eq!(gpu.temperatures.slowdown, None);
    assert_eq!(gpu.temperatures.slowdown_tlimit, Some(-2.0));
    assert_eq!(gpu.power.as_ref().and_then(|p| p.limit), Some(700.0));
    assert!(gpu.remapped_rows.histogram.max.is_some());
    assert_eq!(gpu.fabric.state.as_deref(), Some("Completed"));
    assert!(!gpu.lost);
}

#[test]
fn gb200_has_module_power_and_fabric_health() {
    let report = gpus(captured!("qx-gb200-580.xml")).expect("a report");
    let gpu = &report.gpus[0];
    let module = gpu.module_power.as_ref().expect("a module");
    assert_eq!(
        (module.limit, module.instant_draw),
        (Some(2500.0), Some(467.68))
    );
    assert_eq!(gpu.fabric.health.as_deref(), Some("Healthy"));
    assert_eq!(gpu.fabric.route_unhealthy, Some(false));
    assert_eq!(gpu.ecc.unrepairable_memory, Some(false));
    assert_eq!(gpu.clock_reason_times.sw_power_cap_us, Some(2_354_613));
    assert_eq!(gpu.unread, ["power_smoothing: Insufficient Permissions"]);
    assert_eq!(
        gpu.extra.get("addressing_mode").and_then(|v| v.as_str()),
        Some("ATS")
    );
}

#[test]
fn older_drivers_use_other_names() {
    let report = gpus(captured!("qx-t4-515.xml")).expect("a report");
    let gpu = &report.gpus[0];
    assert_eq!(gpu.clock_reasons.hw_thermal, Some(false));
    assert!(gpu.temperatures.slowdown.is_some());
    assert!(gpu.power.as_ref().and_then(|p| p.enforced_limit).is_some());
    let mig = gpus(captured!("qx-a100-mig-535.xml")).expect("a report");
    assert!(mig.gpus[0].mig.is_some());
    for capture in [
        &captured!("qx-a100-570.xml")[..],
        captured!("qx-l40s-595.xml"),
        captured!("qx-p2000-525.xml"),
    ] {
        let report = gpus(capture).expect("a report");
        assert!(report.complete);
        let gpu = &report.gpus[0];
        assert!(gpu.memory.total.is_some() && gpu.power.is_some() && gpu.clocks.sm.is_some());
        assert!(gpu.temperatures.gpu.is_some() && gpu.pci.generation.is_some());
        assert!(gpu.unread.is_empty(), "{:?}", gpu.unread);
    }
}

#[test]
fn lost_gpu_is_kept_and_named() {
    let report = gpus(captured!("qx-gb200-mock-lost.xml")).expect("a report");
    let [first, lost] = &report.gpus[..] else {
        panic!("{} GPUs", report.gpus.len())
    };
    assert!(!first.lost && lost.lost);
    assert_eq!(first.ecc.aggregate.dram_uncorrectable, Some(8));
    assert_eq!(first.remapped_rows.failure, Some(true));
    assert_eq!(lost.memory.total, None);
    assert!(lost.pci_address.is_some());
    assert!(
        lost.unread
            .iter()
            .any(|row| row == "temperature/gpu_temp: GPU is lost")
    );
}

#[test]
fn cut_document_keeps_what_stands_before() {
    let whole = captured!("qx-h100-580.xml");
    let text = std::str::from_utf8(whole).expect("UTF-8");
    let at = text.rfind("<memory_temp>").expect("memory") + "<memory_temp>3".len();
    let report = gpus(&whole[..at]).expect("a report");
    assert!(!report.complete);
    let gpu = &report.gpus[1];
    assert!(gpu.temperatures.gpu.is_some());
    assert_eq!(gpu.temperatures.memory, None);
    assert!(
        gpu.unread
            .iter()
            .any(|row| row.starts_with("temperature/memory_temp: "))
    );
    survives(whole, gpus);
}

#[test]
fn text_around_and_unknown_elements_are_kept() {
    let text = "Unable to determine the device handle for GPU0: 0000:2B:00.0: GPU is lost.\r\n\
        <?xml version=\"1.0\" ?>\r\n<nvidia_smi_log><new_thing>7</new_thing>\
        <gpu id=\"00000000:1B:00.0\"><planted><deep>x &amp; y</deep></planted><fan_speed>ERR!</fan_speed>\
        <fb_memory_usage><total>many</total></fb_memory_usage></gpu></nvidia_smi_log>\n\
        WARNING: infoROM is corrupted at gpu 0000:1B:00.0\n";
    let report = gpus(text.as_bytes()).expect("a report");
    let kinds: Vec<_> = report.messages.iter().map(|m| m.kind).collect();
    assert_eq!(kinds, [MessageKind::GpuLost, MessageKind::InforomCorrupted]);
    assert_eq!(
        report.messages[0].pci_address.as_deref(),
        Some("0000:2b:00.0")
    );
    assert_eq!(
        report.messages[1].pci_address.as_deref(),
        Some("0000:1b:00.0")
    );
    assert_eq!(report.extra["new_thing"], "7");
    let gpu = &report.gpus[0];
    assert_eq!(gpu.extra["planted/deep"], "x & y");
    assert_eq!(
        gpu.unread,
        ["fb_memory_usage/total: many", "fan_speed: ERR!"]
    );
}

#[test]
fn message_in_place_of_document_is_a_report() {
    let text = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest \
        NVIDIA driver is installed and running.\n\n";
    let report = gpus(text.as_bytes()).expect("a report");
    assert!(report.gpus.is_empty());
    assert_eq!(report.messages[0].kind, MessageKind::DriverNotRunning);
    assert!(gpus(b"").is_err());
    assert!(gpus(b"hello").is_err());
    assert!(gpus(&vec![b'<'; (4 << 20) + 1]).is_err());
}

#[test]
fn ill_formed_supported_clocks_do_not_hide_the_rest() {
    let text = "<nvidia_smi_log><gpu id=\"0\"><supported_clocks><supported_mem_clock>\n5001 MHz\n\
        <supported_graphics_clock>2100 MHz</supported_graphics_clock></supported_mem_clock></supported_mem_clock>\
        </supported_clocks><processes><process_info><pid>12</pid><type>C</type><process_name>p</process_name>\
        <used_memory>3 MiB</used_memory></process_info><process_info><pid>13</pid></process_info></processes>\
        </gpu></nvidia_smi_log>";
    let report = gpus(text.as_bytes()).expect("a report");
    let pids: Vec<_> = report.gpus[0].processes.iter().map(|p| p.pid).collect();
    assert_eq!(pids, [Some(12), Some(13)]);
    assert_eq!(report.gpus[0].processes[0].used_memory, Some(3 << 20));
    let deep = format!("<nvidia_smi_log>{}", "<a>".repeat(100_000));
    assert!(gpus(deep.as_bytes()).is_ok());
}

#[test]
fn csv_rows_are_samples() {
    let capture = captured!("query-gpu-h100-590.csv");
    let found = samples(capture).expect("samples");
    let row = &found.rows[0];
    assert!(row.uuid.is_some() && row.temperature.is_some() && row.sm_clock == Some(345.0));
    assert_eq!(row.power_limit, Some(700.0));
    assert_eq!(row.reasons, Some(1));
    assert_eq!(row.memory_clock, Some(2619.0));
    assert!(row.extra.contains_key("fabric.state"));
    assert!(row.unread.is_empty(), "{:?}", row.unread);
    survives(capture, samples);
    let nounits = "index, temperature.gpu, power.draw [W], clocks_event_reasons.active, new.column\r\n\
        0, 34, 68.20, 0x0000000000000080, 5\r\n1, [GPU is lost], [N/A], x, 6\r\nbroken\r\n0, 35, 69.00, 0x000000000000";
    let found = samples(nounits.as_bytes()).expect("samples");
    assert_eq!(found.rows.len(), 2);
    assert_eq!(
        (found.rows[0].power, found.rows[0].reasons),
        (Some(68.2), Some(0x80))
    );
    assert_eq!(found.rows[0].extra["new.column"], "5");
    assert_eq!(found.rows[1].unread.len(), 2);
    assert_eq!(found.unread.len(), 2);
}

#[test]
fn links_are_active_or_not() {
    let found = status(captured!("nvlink-s-h100-590.txt")).expect("links");
    assert_eq!(found.gpus[0].links.len(), 18);
    assert_eq!(found.gpus[0].links[17].gigabytes_per_s, Some(26.562));
    let a100 = status(captured!("nvlink-s-a100.txt")).expect("links");
    assert_eq!(a100.gpus.len(), 8);
    assert!(
        a100.gpus
            .iter()
            .all(|gpu| gpu.unread.is_empty() && gpu.links.len() == 12)
    );
    let v100 = status(captured!("nvlink-s-v100-inactive.txt")).expect("links");
    let down = v100.gpus[0]
        .links
        .iter()
        .filter(|l| l.state == LinkState::Inactive);
    assert_eq!(down.map(|l| l.link).collect::<Vec<_>>(), [3, 5]);
    survives(captured!("nvlink-s-a100.txt"), status);
    let none = "GPU 0: NVIDIA H100 PCIe (UUID: GPU-1)\nNVML: Unable to retrieve NVLink information as all links are inActive\n";
    let found = status(none.as_bytes()).expect("links");
    assert_eq!(found.gpus[0].messages.len(), 1);
    assert!(status(b"").is_err());
}

#[test]
fn error_counters_and_capabilities_are_kept_by_link() {
    let text = "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1)\n\t Link 0: Replay Errors: 2353\n\t Link 0: Recovery Errors: 0\n\
        \t Link 0: CRC Errors: 65535\n\n\t Link 1: Symbol Errors: 4\n\t Link 1: Effective BER: 15e-255\n\t Link 1: Replay Errors: x\n\
        \t Link 1: Recovery Errors: 1";
    let found = errors(text.as_bytes()).expect("links");
    let [zero, one] = &found.gpus[0].links[..] else {
        panic!("{:?}", found.gpus[0].links)
    };
    assert_eq!(
        (zero.replay, zero.recovery, zero.crc),
        (Some(2353), Some(0), Some(65535))
    );
    assert_eq!((one.others[0].count, one.others[1].count), (Some(4), None));
    assert_eq!(one.others[1].text, "15e-255");
    assert_eq!(one.recovery, None);
    assert_eq!(found.gpus[0].unread.len(), 2);
    let text = "GPU 0: X (UUID: GPU-1)\n\t Link 0, P2P is supported: true\n\t Link 0, SLI is supported: false\n";
    let found = capabilities(text.as_bytes()).expect("links");
    assert!(found.gpus[0].links[0].is && !found.gpus[0].links[1].is);
}
