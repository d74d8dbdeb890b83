use super::super::*;

#[test]
fn counters_of_every_form_are_read() {
    let read = |bytes| ethtool_statistics::statistics(bytes).expect("counters");
    let mlx5 = read(captured!("ethtool-statistics-mlx5.txt"));
    assert_eq!(mlx5.value("rx_crc_errors_phy"), Some(61_227_469));
    assert_eq!(mlx5.value("rx_out_of_buffer"), Some(i128::from(u64::MAX)));
    assert_eq!(mlx5.value("rx_missing"), None);
    let queues = read(captured!("ethtool-statistics-queues.txt"));
    assert_eq!(queues.value("[1]: rx_bytes"), Some(207_561_754_000));
    assert_eq!(queues.value("rxq0: rx_bytes"), Some(176_801_946_854_000));
    let groups = read(captured!("ethtool-statistics-groups.txt"));
    assert_eq!(groups.port.as_deref(), Some("eth0"));
    assert_eq!(groups.value("eth-mac-FrameCheckSequenceErrors"), Some(7));
    let virtio = read(captured!("ethtool-statistics-virtio.txt"));
    assert_eq!((virtio.counters.len(), virtio.unread.len()), (20, 0));
    let odd = read(b"NIC statistics:\r\n     a: 1\r\n     b: many\r\n");
    assert_eq!(
        (odd.value("a"), odd.unread.as_slice()),
        (Some(1), &["b: many".to_owned()][..])
    );
}

#[test]
fn fec_has_modes_and_counters() {
    let read = |bytes| ethtool_fec::fec(bytes).expect("FEC");
    let lanes = read(captured!("ethtool-fec-lanes.txt"));
    assert_eq!(lanes.port.as_deref(), Some("eth0"));
    assert_eq!(
        (lanes.configured.as_slice(), lanes.active.as_slice()),
        (&["RS".to_owned()][..], &["RS".to_owned()][..])
    );
    let uncorrectable = &lanes.counters[1];
    assert_eq!(
        (uncorrectable.name.as_str(), uncorrectable.total),
        ("uncorrectable_blocks", 145)
    );
    assert_eq!(uncorrectable.lanes, [128, 17]);
    let newer = read(captured!("ethtool-fec-histogram.txt"));
    assert_eq!(newer.configured, ["Auto", "RS", "BaseR"]);
    assert_eq!(newer.counters.len(), 4);
    assert_eq!(
        (newer.counters[2].total, newer.counters[2].lanes.len()),
        (445, 4)
    );
}

#[test]
fn module_has_lanes_limits_and_flags() {
    let module = ethtool_module::module(captured!("ethtool-module-qsfp28.txt")).expect("a module");
    assert_eq!(module.identifier.as_deref(), Some("0x11 (QSFP28)"));
    assert_eq!(module.part.as_deref(), Some("QSFP28-SR4-100G"));
    assert_eq!(module.serial.as_deref(), Some("X0000000001"));
    assert_eq!(
        (module.temperature_c, module.voltage_v),
        (Some(35.29), Some(3.2752))
    );
    assert_eq!(module.lanes.len(), 2);
    let lane = &module.lanes[0];
    assert_eq!((lane.lane, lane.bias_ma), (1, Some(0.0)));
    assert_eq!((lane.sent_mw, lane.sent_dbm), (Some(0.0), None));
    assert_eq!(
        (lane.received_mw, lane.received_dbm),
        (Some(0.812), Some(-0.9))
    );
    assert_eq!(module.lanes[1].sent_dbm, Some(-0.3));
    let raised: Vec<_> = module
        .flags
        .iter()
        .filter(|flag| flag.on && flag.lane.is_some())
        .collect();
    let names: Vec<&str> = raised.iter().map(|flag| flag.name.as_str()).collect();
    assert_eq!(
        names,
        ["Laser bias current low alarm", "Laser tx power low alarm"]
    );
    let implemented = |name: &str| name == "Alarm/warning flags implemented";
    assert!(!module.flags.iter().any(|flag| implemented(&flag.name)));
    assert!(module.extra.iter().any(|(name, _)| implemented(name)));
    assert_eq!(module.limits.len(), 4);
    assert_eq!(
        (module.limits[1].value, module.limits[1].dbm),
        (0.2512, Some(-6.0))
    );
    assert_eq!(module.limits[2].value, 78.0);
    let kept = module
        .extra
        .iter()
        .filter(|(name, _)| name == "Extended identifier description");
    assert_eq!(kept.count(), 2);
    assert!(module.unread.is_empty());
}

#[test]
fn module_with_one_lane_has_lane_1() {
    let module = ethtool_module::module(captured!("ethtool-module-sfp.txt")).expect("a module");
    assert_eq!(module.lanes.len(), 1);
    let lane = &module.lanes[0];
    assert_eq!(
        (lane.lane, lane.bias_ma, lane.received_dbm),
        (1, Some(30.5), Some(-40.0))
    );
    let lost: Vec<_> = module
        .flags
        .iter()
        .filter(|flag| flag.name == "Rx loss of signal")
        .collect();
    assert_eq!((lost[0].lane, lost[0].on), (Some(1), true));
    assert_eq!((lost[1].lane, lost[1].on), (Some(2), false));
}

#[test]
fn link_settings_have_modes_speed_and_reason() {
    let link = ethtool_link::link(captured!("ethtool-link-10g.txt")).expect("a link");
    assert_eq!(link.port.as_deref(), Some("lan2"));
    assert_eq!(link.supported_ports, ["TP", "FIBRE"]);
    assert_eq!(link.supported.len(), 4);
    assert_eq!(link.advertised, ["10000baseT/Full"]);
    assert_eq!(
        link.partner,
        ["10baseT/Half", "10baseT/Full", "1000baseT/Full"]
    );
    assert_eq!(link.supported_fec, ["RS", "BASER"]);
    assert!(link.advertised_fec.is_empty());
    assert_eq!((link.speed_mbps, link.lanes), (Some(1000), Some(1)));
    assert_eq!(link.duplex.as_deref(), Some("Full"));
    assert_eq!((link.negotiates, link.link), (Some(true), Some(false)));
    assert_eq!(link.link_reason.as_deref(), Some("(No cable)"));
    assert!(link.extra.iter().any(|(name, _)| name == "Wake-on"));
    let virtio = ethtool_link::link(captured!("ethtool-link-virtio.txt")).expect("a link");
    assert_eq!(
        (virtio.speed_mbps, virtio.duplex, virtio.link),
        (None, None, Some(true))
    );
    let speed = virtio.extra.iter().find(|(name, _)| name == "Speed");
    assert_eq!(speed.map(|(_, value)| value.as_str()), Some("Unknown!"));
    let veth = ethtool_link::link(captured!("ethtool-link-veth.txt")).expect("a link");
    assert_eq!(veth.speed_mbps, Some(10_000));
}

#[test]
fn driver_and_firmware_are_read() {
    let driver = ethtool_driver::driver(captured!("ethtool-driver-mlx5.txt")).expect("a driver");
    assert_eq!(driver.driver.as_deref(), Some("mlx5_core"));
    assert_eq!(
        driver.firmware.as_deref(),
        Some("14.23.1020 (MT_2420110034)")
    );
    assert_eq!(
        (driver.bus.as_deref(), driver.expansion_rom),
        (Some("0000:af:00.0"), None)
    );
    let virtio = ethtool_driver::driver(captured!("ethtool-driver-virtio.txt")).expect("a driver");
    assert_eq!(virtio.firmware, None);
    assert_eq!(virtio.extra.len(), 5);
}

#[test]
fn neighbors_are_read_in_both_forms() {
    let read = |bytes| lldp::neighbors(bytes).expect("neighbors");
    let one = read(captured!("lldp-one.json"));
    assert_eq!(one.neighbors.len(), 1);
    let json = read(captured!("lldp-two.json"));
    let json0 = read(captured!("lldp-two.json0"));
    assert!(json.whole && json0.whole);
    assert_eq!((json.neighbors.len(), json0.neighbors.len()), (2, 2));
    for (a, b) in json.neighbors.iter().zip(&json0.neighbors) {
        assert!(a.port.is_some());
        assert_eq!(a.port, b.port);
        assert_eq!(a.system_name.as_deref(), Some("leaf-12"));
        assert_eq!(a.system_name, b.system_name);
        assert_eq!(a.chassis_id.as_deref(), Some("02:00:5e:10:00:01"));
        assert_eq!(a.chassis_id, b.chassis_id);
        assert_eq!(a.port_id, b.port_id);
        assert_eq!(a.port_description, b.port_description);
        assert_eq!(a.management_addresses, b.management_addresses);
        assert_eq!(a.management_addresses.len(), 2);
        assert_eq!(a.capabilities, b.capabilities);
        assert_eq!(a.ttl_s, b.ttl_s);
    }
}

#[test]
fn switch_has_port_vlan_and_capabilities() {
    let found = lldp::neighbors(captured!("lldp-switch.json")).expect("neighbors");
    let switch = found.neighbors.first().expect("a switch");
    assert_eq!(switch.port.as_deref(), Some("eth0"));
    assert_eq!(switch.system_name.as_deref(), Some("leaf-301"));
    assert_eq!(switch.port_id.as_deref(), Some("Eth3/36"));
    assert_eq!(switch.port_id_kind.as_deref(), Some("ifname"));
    assert_eq!((switch.ttl_s, switch.max_frame), (Some(120), Some(9236)));
    assert_eq!(switch.capabilities[0], ("Bridge".to_owned(), true));
    let vlan = switch.vlans.first().expect("a VLAN");
    assert_eq!(
        (vlan.id, vlan.name.as_deref(), vlan.own),
        (Some(100), Some("servers"), Some(true))
    );
    assert!(switch.extra.contains_key("port"), "negotiation is kept");
    let none = lldp::neighbors(br#"{"lldp": {}}"#).expect("no neighbors");
    assert!(none.neighbors.is_empty() && none.whole);
}

#[test]
fn adapters_and_ports_are_read() {
    let found = ibstat::adapters(captured!("ibstat.txt")).expect("adapters");
    assert_eq!(found.adapters.len(), 2);
    let first = &found.adapters[0];
    assert_eq!(
        (first.name.as_str(), first.kind.as_deref()),
        ("mlx5_0", Some("MT4129"))
    );
    assert_eq!(first.firmware.as_deref(), Some("28.39.1002"));
    let port = &first.ports[0];
    assert_eq!(
        (port.number, port.rate_gbps, port.lid),
        (Some(1), Some(200.0), Some(12))
    );
    assert_eq!(port.state.as_deref(), Some("Active"));
    assert_eq!(port.link_layer.as_deref(), Some("InfiniBand"));
    assert!(port.extra.iter().any(|(name, _)| name == "SM lid"));
    let down = &found.adapters[1].ports[0];
    assert_eq!(
        (down.physical_state.as_deref(), down.rate_gbps),
        (Some("Disabled"), Some(2.5))
    );
}

#[test]
fn reason_of_a_missing_link_is_kept() {
    let text = b"Settings for eth0:\n\tSupported FEC modes: None        RS      BASER\n\tSpeed: 40000Mb/s\n\tLink detected: no (Cable issue, Unsupported cable)\n";
    let link = ethtool_link::link(text).expect("a link");
    assert_eq!(link.supported_fec, ["None", "RS", "BASER"]);
    assert_eq!(link.speed_mbps, Some(40_000));
    assert_eq!(
        link.link_reason.as_deref(),
        Some("(Cable issue, Unsupported cable)")
    );
}
