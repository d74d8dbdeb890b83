use super::super::*;

fn set(bits: &[lspci::Bit]) -> Vec<&str> {
    let set = bits.iter().filter(|bit| bit.set);
    set.map(|bit| bit.name.as_str()).collect()
}

#[test]
fn downgraded_links_and_errors_are_read() {
    let found = lspci::devices(captured!("lspci-downgraded.txt")).expect("devices");
    assert_eq!(found.devices.len(), 5);
    let port = &found.devices[0];
    assert_eq!(port.address, "00:1c.0");
    assert_eq!(port.class.as_deref(), Some("PCI bridge"));
    assert_eq!(
        port.name.as_deref(),
        Some("Example Corporation Root Port 1")
    );
    assert_eq!(
        (port.revision.as_deref(), port.numa_node),
        (Some("02"), Some(1))
    );
    let can = port.link_capability.as_ref().expect("a capability");
    assert_eq!((can.speed_gts, can.width), (Some(5.0), Some(1)));
    let has = port.link_status.as_ref().expect("a link");
    assert_eq!((has.speed_gts, has.width), (Some(2.5), Some(1)));
    assert_eq!(
        (has.speed_word.as_deref(), has.width_word.as_deref()),
        (Some("downgraded"), Some("ok"))
    );
    assert_eq!(set(&port.device_status), ["CorrErr", "AuxPwr"]);
    assert!(set(&port.link_bits).contains(&"DLActive"));
    let aer = port.aer.as_ref().expect("AER");
    assert_eq!(set(&aer.uncorrectable), ["CmpltTO"]);
    assert_eq!(set(&aer.uncorrectable_mask), ["UnxCmplt"]);
    assert_eq!(set(&aer.correctable), ["RxErr", "BadDLLP"]);
    assert_eq!(set(&aer.correctable_mask), ["AdvNonFatalErr"]);
    assert_eq!(
        (set(&aer.severity).len(), aer.first_error.as_deref()),
        (5, Some("0e"))
    );
    assert_eq!(
        aer.header_log.as_deref(),
        Some("04000001 0000000f 01070000 00000000")
    );
    assert_eq!(set(&aer.root_status), ["CERcvd"]);
    assert!(
        aer.error_source
            .as_deref()
            .is_some_and(|source| source.contains("0100"))
    );
    assert_eq!(port.driver.as_deref(), Some("pcieport"));

    let drive = &found.devices[1];
    assert_eq!(drive.target_gts, Some(8.0));
    assert_eq!(drive.physical_slot.as_deref(), Some("4"));
    assert_eq!(drive.serial.as_deref(), Some("00-00-5e-00-53-00-00-01"));
    let has = drive.link_status.as_ref().expect("a link");
    assert_eq!((has.speed_gts, has.width), (Some(5.0), Some(2)));
    assert_eq!(drive.aer, None);

    let unknown = found.devices[2].link_status.as_ref().expect("a link");
    assert_eq!((unknown.speed_gts, unknown.width), (None, Some(0)));
    let gone = &found.devices[3];
    assert_eq!(gone.revision.as_deref(), Some("ff"));
    assert_eq!(
        gone.unreadable.as_deref(),
        Some("!!! Unknown header type 7f")
    );
    assert!(found.devices[4].unreadable.is_some());
}

#[test]
fn both_forms_of_lspci_have_the_same_devices() {
    let text = lspci::devices(captured!("lspci-virtio.txt")).expect("devices");
    let rows = lspci::devices(captured!("lspci-mm-virtio.txt")).expect("devices");
    let addresses = |found: &lspci::Devices| -> Vec<String> {
        found
            .devices
            .iter()
            .map(|device| device.address.clone())
            .collect()
    };
    assert_eq!(addresses(&text), addresses(&rows));
    assert_eq!(
        text.unread,
        ["lspci: Unable to load libkmod resources: error -2"]
    );
    for (a, b) in text.devices.iter().zip(&rows.devices) {
        assert_eq!(a.class, b.class);
        assert_eq!(
            a.name,
            b.vendor
                .as_ref()
                .zip(b.name.as_ref())
                .map(|(v, n)| format!("{v} {n}"))
        );
    }
}

#[test]
fn nodes_may_have_no_memory_or_no_cpus() {
    let found = numactl::hardware(captured!("numactl-no-memory.txt")).expect("nodes");
    assert_eq!(found.nodes.len(), 3);
    assert_eq!(
        (found.nodes[0].size_mib, found.nodes[0].cpus.len()),
        (Some(0), 12)
    );
    assert_eq!(
        (found.nodes[2].size_mib, found.nodes[2].cpus.len()),
        (Some(64_400), 0)
    );
    assert_eq!(found.nodes[1].free_mib, Some(19_200));
    assert_eq!(found.distance_nodes, [0, 1, 2]);
    assert_eq!(found.distances[1], [12, 10, 12]);
    let one = numactl::hardware(captured!("numactl-one-node.txt")).expect("nodes");
    assert_eq!(
        (one.nodes.len(), one.distances.as_slice()),
        (1, &[vec![10]][..])
    );
    assert!(numactl::hardware(b"No NUMA available on this system\n").is_err());
}

#[test]
fn health_log_is_read() {
    let log = nvme::smart_log(captured!("nvme-smart-log.json")).expect("a log");
    assert_eq!(
        (log.critical_warning, log.temperature_k),
        (Some(4), Some(307))
    );
    assert_eq!(
        (log.available_spare_percent, log.used_percent),
        (Some(100), Some(101))
    );
    assert_eq!(log.data_units_written, Some(64_663_000));
    assert_eq!((log.media_errors, log.error_entries), (Some(2), Some(17)));
    assert_eq!(log.sensors_k, [(1, 307), (2, 312)]);
    assert!(log.whole);
    let kept: Vec<&str> = log.extra.keys().map(String::as_str).collect();
    assert_eq!(
        kept,
        [
            "endurance_grp_critical_warning_summary",
            "thm_temp1_trans_count"
        ]
    );
    let bits = br#"{"critical_warning": {"value": 1, "available_spare": 1}, "percentage_used": "x", "power_cycles": -1}"#;
    let log = nvme::smart_log(bits).expect("a log");
    assert_eq!(
        (log.critical_warning, log.used_percent, log.power_cycles),
        (Some(1), None, None)
    );
    assert_eq!(log.extra.get("percentage_used"), Some(&"x".into()));
    assert_eq!(log.extra.get("power_cycles"), Some(&(-1).into()));
    assert!(
        log.extra.contains_key("critical_warning"),
        "its single bits are kept"
    );
}

#[test]
fn drives_are_read_in_both_forms() {
    let flat = nvme::list(captured!("nvme-list-flat.json")).expect("drives");
    let entry = &flat.entries[0];
    assert_eq!(entry.namespace.as_deref(), Some("nvme1n1"));
    assert_eq!(
        (entry.namespace_id, entry.block_bytes),
        (Some(1), Some(512))
    );
    assert_eq!(entry.model.as_deref(), Some("EXAMPLE 512GB"));
    assert_eq!(entry.size_bytes, Some(512_110_190_592));
    let nested = nvme::list(captured!("nvme-list-2.11.json")).expect("drives");
    assert_eq!(nested.entries.len(), 2);
    let entry = &nested.entries[0];
    assert_eq!(
        (entry.namespace.as_deref(), entry.namespace_id),
        (Some("nvme0n1"), Some(1))
    );
    assert_eq!(entry.address.as_deref(), Some("0000:3d:00.0"));
    assert_eq!(entry.serial.as_deref(), Some("X00000000001"));
    let empty = &nested.entries[1];
    assert_eq!(
        (empty.controller.as_deref(), empty.namespace.as_deref()),
        (Some("nvme1"), None)
    );
}

#[test]
fn chips_are_read_around_errors() {
    let found = sensors::sensors(captured!("sensors.json")).expect("chips");
    assert!(found.whole);
    assert_eq!(found.chips.len(), 2);
    let chip = &found.chips[0];
    assert_eq!(chip.adapter.as_deref(), Some("ISA adapter"));
    let value = |name: &str| {
        let mut values = found.chips.iter().flat_map(|chip| &chip.values);
        values
            .find(|value| value.name == name)
            .map(|value| value.value)
    };
    assert_eq!(
        (value("temp1_input"), value("temp1_crit")),
        (Some(60.0), Some(100.0))
    );
    assert_eq!((value("in1_alarm"), value("fan1_input")), (Some(1.0), None));
    assert_eq!(value("fan1_min"), Some(0.0));
    assert_eq!(
        found.unread,
        ["ERROR: Can't get value of subfeature fan1_input: I/O error"]
    );
    let none = sensors::sensors(captured!("sensors-none.txt")).expect("no chips");
    assert!(none.chips.is_empty() && !none.unread.is_empty());
    let odd = br#"{"chip": {"Adapter": 5, "temp1": {"temp1_input": "nan"}}, "x": 1}"#;
    let odd = sensors::sensors(odd).expect("chips");
    assert_eq!(odd.chips[0].extra.len(), 2);
    assert_eq!(odd.unread, ["x: 1"]);
}

#[test]
fn registers_are_read_by_bank() {
    let all = tpm::registers(captured!("tpm2-pcrread.txt")).expect("registers");
    assert!(all.banks.len() >= 2);
    assert!(all.banks.iter().all(|bank| bank.registers.len() == 24));
    assert!(all.unread.is_empty());
    let few = tpm::registers(captured!("tpm2-pcrread-few.txt")).expect("registers");
    let sha256 = few
        .banks
        .iter()
        .find(|bank| bank.hash == "sha256")
        .expect("a bank");
    assert_eq!(sha256.registers.len(), 2);
    assert_eq!(sha256.registers[1].number, 7);
    assert!(sha256.registers[1].value.starts_with("1c9ecec9"));
    let odd =
        tpm::registers(b"sha1:\r\n  0 : 0x00\r\n  1 : zero\r\nsha384:\r\n").expect("registers");
    assert_eq!((odd.banks.len(), odd.unread.len()), (2, 1));
}
