use super::super::*;
use super::{DEVICES, MACHINE, tree};

#[test]
fn links_have_both_ends() {
    let files = tree(DEVICES);
    let links = pci_links(&files);
    let nvme = links.iter().find(|l| l.address == "0000:01:00.0").unwrap();
    assert_eq!(nvme.parent.as_deref(), Some("0000:00:02.0"));
    assert_eq!((nvme.current_gts, nvme.current_width), (Some(2.5), Some(1)));
    assert_eq!((nvme.max_gts, nvme.max_width), (Some(2.5), Some(1)));
    assert_eq!((nvme.class, nvme.vendor), (Some(0x01_0802), Some(0x1b36)));
    assert_eq!(nvme.driver.as_deref(), Some("nvme"));
    assert_eq!(
        (nvme.numa_node, &*nvme.leftover.extra["numa_node"]),
        (None, "-1")
    );
    let vga = links.iter().find(|l| l.address == "0000:00:01.0").unwrap();
    assert_eq!((vga.parent.as_ref(), vga.current_gts), (None, None));
    let port = links.iter().find(|l| l.address == "0000:00:02.0").unwrap();
    assert_eq!(port.max_gts, Some(16.0));
    let slots = pci_slots(&files);
    assert_eq!(slots[0].address.as_deref(), Some("0000:01:00"));
    assert_eq!(slots[0].max_speed.as_deref(), Some("16.0 GT/s PCIe"));
    assert_eq!(slots[0].leftover.unread, ["attention: Invalid argument"]);
}

#[test]
fn ports_keep_what_cannot_be_read() {
    let nics = nics(&tree(DEVICES));
    let [eth0, lo] = nics.as_slice() else {
        panic!("{nics:?}")
    };
    assert_eq!(
        (eth0.speed_mbps, eth0.duplex.as_deref()),
        (Some(1000), Some("full"))
    );
    assert_eq!((eth0.carrier, eth0.carrier_changes), (Some(true), Some(2)));
    assert_eq!(eth0.driver.as_deref(), Some("e1000e"));
    assert!(eth0.device.as_deref().unwrap().ends_with("0000:02:00.0"));
    assert_eq!(eth0.statistics.len(), 24);
    assert_eq!(
        eth0.leftover.unread,
        ["phys_port_name: Operation not supported"]
    );
    assert_eq!(
        (lo.speed_mbps, lo.carrier, lo.device.as_ref()),
        (None, None, None)
    );
    let text = "sys/class/net/ib0/speed: -1\nsys/class/net/ib0/carrier ! Invalid argument\n\
        sys/class/net/bonding_masters: bond0\nsys/class/net/eth9/speed: 4294967295\n";
    let nics = super::super::nics(&tree(text));
    assert_eq!(nics.len(), 2);
    let unknown = nics.iter().all(|nic| nic.speed_mbps.is_none());
    assert!(unknown && nics[1].leftover.extra["speed"] == "-1");
    assert_eq!(nics[1].leftover.unread, ["carrier: Invalid argument"]);
}

#[test]
fn disks_count_their_errors() {
    let blocks = blocks(&tree(DEVICES));
    let sda = blocks.iter().find(|block| block.name == "sda").unwrap();
    assert_eq!((sda.sectors, sda.rotational), (Some(131_072), Some(true)));
    assert_eq!(sda.io_errors, Some(1));
    assert_eq!((sda.io_requests, sda.io_timeouts), (Some(0x6e), Some(0)));
    assert_eq!(sda.scheduler.as_deref(), Some("mq-deadline"));
    assert_eq!(
        (sda.zoned.as_deref(), sda.write_cache.as_deref()),
        (Some("none"), Some("write back"))
    );
    let stat = sda.stat.as_ref().unwrap();
    assert_eq!(
        (stat.reads, stat.sectors_read, stat.flushes),
        (68, 16_664, Some(0))
    );
    assert_eq!(sda.state.as_deref(), Some("running"));
    assert_eq!(sda.leftover.extra["queue/nr_requests"], "64");
    let old = "sys/block/sdb/stat: 1 2 3 4 5 6 7 8 9 10 11\nsys/block/sdc/stat: 1 2 x\n";
    let blocks = super::super::blocks(&tree(old));
    assert_eq!(blocks[0].stat.as_ref().unwrap().discards, None);
    assert_eq!(
        (&blocks[1].stat, &*blocks[1].leftover.extra["stat"]),
        (&None, "1 2 x")
    );
}

#[test]
fn phys_and_links_have_their_speed() {
    let files = tree(DEVICES);
    let phys = sas_phys(&files);
    assert_eq!(
        (phys[0].negotiated_gbps, phys[0].invalid_dwords),
        (Some(3.0), Some(0))
    );
    assert_eq!((phys[0].identifier, phys[0].enabled), (Some(0), Some(true)));
    let sata = sata(&files);
    assert_eq!(
        (sata.links[0].gbps, sata.links[0].limit_gbps),
        (Some(1.5), None)
    );
    assert_eq!(sata.links[0].leftover.extra["sata_spd_limit"], "<unknown>");
    assert_eq!(sata.devices[0].mode.as_deref(), Some("XFER_UDMA_5"));
    assert_eq!(sata.devices[0].errors.len(), 1);
    assert_eq!(sata.ports[0].number, Some(1));
    let text = "sys/class/sas_phy/phy-0:0:3/negotiated_linkrate: 12.0 Gbit\n\
        sys/class/sas_phy/phy-0:0:3/invalid_dword_count ! Invalid argument\n\
        sys/class/sas_phy/phy-0:0:3/device/port -> sys/devices/x/host0/port-0:0:1\n\
        sys/class/sas_phy/phy-0:1/negotiated_linkrate: Phy disabled\n";
    let phys = sas_phys(&tree(text));
    assert_eq!(
        (phys[0].negotiated_gbps, phys[0].invalid_dwords),
        (Some(12.0), None)
    );
    assert_eq!(phys[0].port.as_deref(), Some("port-0:0:1"));
    assert_eq!(
        phys[0].leftover.unread,
        ["invalid_dword_count: Invalid argument"]
    );
    assert_eq!(
        phys[1].leftover.extra["negotiated_linkrate"],
        "Phy disabled"
    );
}

#[test]
fn infiniband_ports_keep_states_and_counters() {
    let text = "sys/class/infiniband/mlx5_0/fw_ver: 16.35.2000\n\
        sys/class/infiniband/mlx5_0/ports/1/state: 4: ACTIVE\n\
        sys/class/infiniband/mlx5_0/ports/1/phys_state: 5: LinkUp\n\
        sys/class/infiniband/mlx5_0/ports/1/rate: 100 Gb/sec (4X EDR)\n\
        sys/class/infiniband/mlx5_0/ports/1/counters/symbol_error: 4\n\
        sys/class/infiniband/mlx5_0/ports/1/counters/port_xmit_wait: N/A (no PMA)\n\
        sys/class/infiniband/mlx5_0/ports/1/hw_counters/out_of_sequence: 9\n\
        sys/class/infiniband/mlx5_0/ports/1/counters/link_downed ! denied\n";
    let found = infiniband(&tree(text));
    let port = &found[0].ports[0];
    assert_eq!(
        port.state.as_ref().map(|s| (s.code, &*s.text)),
        Some((4, "ACTIVE"))
    );
    assert_eq!(
        (port.gbps, port.rate.as_deref()),
        (Some(100.0), Some("4X EDR"))
    );
    assert_eq!(port.counters.len(), 1);
    assert_eq!(
        port.leftover.extra["counters/port_xmit_wait"],
        "N/A (no PMA)"
    );
    assert_eq!(port.leftover.unread, ["counters/link_downed: denied"]);
    assert_eq!(super::super::infiniband::counts(&found).len(), 2);
}

#[test]
fn arrays_name_failed_members() {
    let none = mdstat(&tree(MACHINE)).unwrap();
    assert_eq!(
        (none.personalities.as_slice(), none.arrays.len()),
        (&["raid1".to_owned()][..], 0)
    );
    let text = "proc/mdstat: Personalities : [raid1] [raid6]\n\
        proc/mdstat: md0 : active (auto-read-only) raid1 sdb1[1](F) sda1[0]\n\
        proc/mdstat:       1046528 blocks super 1.2 [2/1] [U_]\n\
        proc/mdstat:       [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec\n\
        proc/mdstat:       \n\
        proc/mdstat: md8 : active raid1 sdd1[1] sde1[0]\n\
        proc/mdstat:       523968 blocks super 1.2 [2/2] [UU]\n\
        proc/mdstat:       \tresync=DELAYED\n\
        proc/mdstat: md9 : inactive sdc1[2](S)\n\
        proc/mdstat: unused devices: sdz\n";
    let found = mdstat(&tree(text)).unwrap();
    let md0 = &found.arrays[0];
    assert_eq!((md0.active, md0.level.as_deref()), (true, Some("raid1")));
    assert_eq!(
        (
            md0.members[0].device.as_str(),
            md0.members[0].flags.as_str()
        ),
        ("sdb1", "F")
    );
    assert_eq!(
        (md0.wanted, md0.working, md0.places.as_deref()),
        (Some(2), Some(1), Some("U_"))
    );
    assert_eq!(
        (md0.action.as_deref(), md0.percent),
        (Some("recovery"), Some(12.6))
    );
    assert_eq!(
        (found.arrays[2].active, found.arrays[2].level.as_ref()),
        (false, None)
    );
    let md8 = &found.arrays[1];
    assert_eq!(
        (md8.action.as_deref(), md8.waiting.as_deref()),
        (Some("resync"), Some("DELAYED"))
    );
    assert_eq!(found.unused, ["sdz"]);
    assert!(found.unread.is_empty());
}

#[test]
fn fibre_channel_ports_count_in_hexadecimal() {
    let text = "sys/class/fc_host/host6/port_state: Online\n\
        sys/class/fc_host/host6/speed: 16 Gbit\n\
        sys/class/fc_host/host7/speed: unknown\n\
        sys/class/fc_host/host6/statistics/invalid_crc_count: 0x1f\n\
        sys/class/fc_host/host6/statistics/nos_count: 0xffffffffffffffff\n\
        sys/class/fc_host/host6/statistics/reset_statistics ! Permission denied\n";
    let ports = fibre(&tree(text));
    assert_eq!(
        (ports[0].gbps, ports[0].state.as_deref()),
        (Some(16.0), Some("Online"))
    );
    assert_eq!(
        (ports[0].statistics.len(), ports[0].statistics[0].count),
        (1, 31)
    );
    let unknown = &ports[0].leftover;
    assert_eq!(unknown.extra["statistics/nos_count"], "0xffffffffffffffff");
    assert!(unknown.unread.is_empty());
    assert_eq!(
        (ports[1].gbps, &*ports[1].leftover.extra["speed"]),
        (None, "unknown")
    );
}
