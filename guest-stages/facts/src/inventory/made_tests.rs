//! Tests on trees and tables that were made for one question each.

use super::tests::{read, structure, text, tree};
use super::*;

#[test]
fn a_power_server_is_named_by_its_device_tree() {
    let files = tree(
        "proc/cpuinfo: processor\\t: 0\\ncpu\\t\\t: POWER9, altivec supported\\nclock\\t: 3800MHz\\n\\ntimebase\\t: 512000000\\nplatform\\t: PowerNV\\nmodel\\t\\t: 8335-GTG
         sys/firmware/devicetree/base/model: IBM,8335-GTG\\0
         sys/firmware/devicetree/base/system-id: IBM,0100000XX\\0",
    );
    let inventory = read(&files);
    assert_eq!(text(&inventory.system.manufacturer), "IBM");
    assert_eq!(text(&inventory.system.product), "8335-GTG");
    assert_eq!(text(&inventory.system.serial), "0100000XX");
    assert_eq!(text(&inventory.cpus[0].model), "POWER9");
    assert_eq!(inventory.bios.uefi, None);
}

#[test]
fn a_bmc_port_on_usb_is_set_apart() {
    let usb = "sys/devices/pci0000:00/0000:00:14.0/usb1/1-14/1-14.3";
    let mut files = tree(
        "sys/class/net/enx2a -> sys/devices/pci0000:00/0000:00:14.0/usb1/1-14/1-14.3/1-14.3:1.0/net/enx2a
         sys/class/net/enx2a/address: 2a:00:00:00:00:02
         sys/class/net/enx2a/type: 1
         sys/class/net/enx2a/device -> sys/devices/pci0000:00/0000:00:14.0/usb1/1-14/1-14.3/1-14.3:1.0
         sys/class/net/enx2a/device/driver -> sys/bus/usb/drivers/cdc_ether",
    );
    let without = read(&files);
    assert_eq!(without.ports_apart[0].role, PortRole::ManagementController);
    files.add_file(&format!("{usb}/idVendor"), "0525\n");
    files.add_file(&format!("{usb}/idProduct"), "a4a2\n");
    files.add_file(&format!("{usb}/product"), "RNDIS/Ethernet Gadget\n");
    let with = read(&files);
    assert!(with.nics.is_empty());
    let port = &with.ports_apart[0];
    assert!(port.reason.contains("gadget"), "{}", port.reason);
    assert_eq!(text(&port.nic.device_id), "a4a2");
    assert_eq!(text(&port.nic.usb_place), "1-14.3");
    // A network adapter on USB stays a port.
    files.add_file(&format!("{usb}/idVendor"), "0b95\n");
    files.add_file(&format!("{usb}/idProduct"), "1790\n");
    files.add_file(&format!("{usb}/product"), "AX88179\n");
    files.add_link(
        "sys/class/net/enx2a/device/driver",
        "sys/bus/usb/drivers/ax88179",
    );
    assert_eq!(read(&files).nics.len(), 1);
}

#[test]
fn the_driver_gives_the_permanent_address() {
    let files = tree(
        "sys/class/net/eth0 -> sys/devices/pci0000:00/0000:00:01.0/net/eth0
         sys/class/net/eth0/address: 02:00:00:00:00:0b
         sys/class/net/eth0/device -> sys/devices/pci0000:00/0000:00:01.0",
    );
    let given = Given {
        ports: vec![GivenPort {
            name: "eth0".to_owned(),
            permanent_mac: Some("AC:1F:6B:00:00:01".to_owned()),
            firmware: Some("8.30".to_owned()),
            ..GivenPort::default()
        }],
        ..Given::default()
    };
    let port = &inventory(&files, &given).nics[0];
    assert_eq!(text(&port.mac), "ac:1f:6b:00:00:01");
    assert_eq!(port.mac_source, Some(MacSource::Driver));
    assert_eq!(text(&port.firmware), "8.30");
    assert_eq!(text(&port.address), "02:00:00:00:00:0b");
}

#[test]
fn displays_of_controllers_and_processors_are_no_accelerators() {
    let role = |address: &str, class: &str, vendor: &str, device: &str| {
        let folder = format!("sys/bus/pci/devices/{address}");
        let mut files = Files::new();
        for (file, value) in [("class", class), ("vendor", vendor), ("device", device)] {
            files.add_file(&format!("{folder}/{file}"), format!("0x{value}\n"));
        }
        let inventory = read(&files);
        let mut all = inventory.gpus.into_iter().chain(inventory.displays);
        all.next().map(|gpu| gpu.role)
    };
    use GpuRole::*;
    for (expected, address, class, vendor, device) in [
        (Accelerator, "0000:41:00.0", "030200", "10de", "2330"),
        (Accelerator, "0000:41:00.0", "120000", "1da3", "1020"),
        (Accelerator, "0000:41:00.0", "030000", "1002", "740f"),
        (Accelerator, "0000:41:00.0", "0b4000", "1bcf", "001c"),
        (
            ManagementController,
            "0000:03:00.0",
            "030000",
            "1a03",
            "2000",
        ),
        (
            ManagementController,
            "0000:0e:0d.0",
            "030000",
            "1002",
            "515e",
        ),
        (
            ManagementController,
            "0000:03:00.0",
            "030000",
            "102b",
            "0536",
        ),
        (BuiltIn, "0000:00:02.0", "030000", "8086", "3e98"),
        (BuiltIn, "0000:0e:00.0", "030000", "1002", "164e"),
        (Virtual, "0000:00:01.0", "030000", "1234", "1111"),
        (Coprocessor, "0000:6b:00.0", "0b4000", "8086", "4940"),
    ] {
        assert_eq!(
            role(address, class, vendor, device),
            Some(expected),
            "{vendor}:{device}"
        );
    }
    assert_eq!(role("0000:02:00.0", "020000", "8086", "1521"), None);
}

#[test]
fn flash_chips_and_persistent_memory_are_not_installed_memory() {
    let array = |handle, usage: u8| structure(16, handle, 23, &[(5, &[usage]), (6, &[6])], &[]);
    let device = |handle, array: u16, kind: u8, mib: u16, technology: u8, volatile: u64| {
        let fields: [(usize, &[u8]); 6] = [
            (4, &array.to_le_bytes()),
            (12, &mib.to_le_bytes()),
            (16, &[1]),
            (18, &[kind]),
            (0x28, &[technology]),
            (0x3c, &volatile.to_le_bytes()),
        ];
        structure(17, handle, 84, &fields, &["A"])
    };
    let gib = 1_u64 << 30;
    let table = [
        array(1, 3),
        array(2, 5),
        device(3, 1, 26, 16_384, 3, 16 * gib),
        device(4, 1, 31, 16_384, 7, 0),
        device(5, 1, 31, 16_384, 7, 4 * gib),
        device(6, 1, 26, 0, 2, 0),
        device(7, 2, 9, 16, 2, 0),
        structure(
            19,
            8,
            15,
            &[(8, &0x00ff_ffff_u32.to_le_bytes()), (12, &[1])],
            &[],
        ),
        structure(
            19,
            9,
            15,
            &[(8, &0x0000_ffff_u32.to_le_bytes()), (12, &[1])],
            &[],
        ),
        structure(
            19,
            10,
            15,
            &[(8, &0x7fff_ffff_u32.to_le_bytes()), (12, &[2])],
            &[],
        ),
    ];
    let mut files = Files::new();
    files.add_file("sys/firmware/dmi/tables/DMI", table.concat());
    files.add_file(
        "proc/meminfo",
        "MemTotal: 15728640 kB\nHardwareCorrupted: 8 kB\n",
    );
    let memory = read(&files).memory;
    assert_eq!(memory.installed_bytes, Some(20 * gib));
    assert_eq!(memory.persistent_bytes, Some(28 * gib));
    assert_eq!(memory.mapped_bytes, Some(16 * gib));
    assert_eq!(memory.unmapped_bytes, Some(4 << 30));
    assert_eq!(memory.reserved_bytes, Some(1 << 30));
    assert_eq!(memory.corrupted_bytes, Some(8192));
    assert_eq!((memory.populated, memory.slot_count), (3, 4));
    assert_eq!(memory.other_devices[0].size_bytes, Some(16 << 20));
    assert_eq!(memory.modules[0].label, "A (slot 1 of the table)");
}

#[test]
fn a_socket_that_the_kernel_does_not_see() {
    let socket = |handle, name: &str, status: u8| {
        let fields: [(usize, &[u8]); 4] =
            [(4, &[1]), (5, &[3]), (0x18, &[status]), (0x23, &[8, 8, 16])];
        structure(4, handle, 48, &fields, &[name])
    };
    let mut files = tree("sys/devices/system/cpu/online: 0-1");
    let table = [
        socket(1, "CPU1", 0x41),
        socket(2, "CPU2", 0x43),
        socket(3, "CPU3", 0),
    ];
    files.add_file("sys/firmware/dmi/tables/DMI", table.concat());
    let inventory = read(&files);
    assert_eq!(inventory.cpus.len(), 1);
    assert_eq!(inventory.cpus[0].socket, "CPU1");
    let packages: Vec<_> = inventory
        .sockets
        .iter()
        .map(|s| (s.populated, s.package))
        .collect();
    assert_eq!(
        packages,
        [
            (Some(true), Some(0)),
            (Some(true), None),
            (Some(false), None)
        ]
    );
}

#[test]
fn media_of_the_management_controller_and_paths_to_one_disk() {
    let disk = |name: &str, model: &str, transport: &str, wwn: Option<&str>| Disk {
        name: name.to_owned(),
        model: Some(model.to_owned()),
        serial: wwn.map(|_| "S1".to_owned()),
        wwn: wwn.map(str::to_owned),
        transport: transport.to_owned(),
        ..Disk::default()
    };
    let given = Given {
        disks: vec![
            disk("sda", "ST8000", "sas", Some("5000c500000000a1")),
            disk("sdb", "ST8000", "sas", Some("5000C500000000A1")),
            disk("sdc", "Virtual Floppy0", "usb", None),
            disk("sdd", "Card Reader", "usb", None),
        ],
        ..Given::default()
    };
    let inventory = inventory(&Files::new(), &given);
    assert_eq!(inventory.disk_parts[0].names, ["sda", "sdb"]);
    assert_eq!(inventory.disk_parts.len(), 3);
    let media: Vec<_> = inventory
        .virtual_media
        .iter()
        .map(|m| m.name.as_str())
        .collect();
    assert_eq!(media, ["sdc", "sdd"]);
    // One path to each disk that a person can pull.
    assert_eq!(inventory.disks, &given.disks[..1]);
}

#[test]
fn boot_mode_tpm_and_iommu() {
    let mut files = tree(
        "sys/firmware/efi/fw_platform_size: 64
         sys/class/tpm/tpm0 -> sys/devices/LNXSYSTM:00/tpm/tpm0
         sys/class/tpm/tpm0/tpm_version_major: 2
         sys/class/iommu/dmar0 -> sys/devices/virtual/iommu/dmar0
         sys/kernel/iommu_groups/0/type: DMA-FQ
         sys/kernel/iommu_groups/1/type: DMA-FQ",
    );
    let secure = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    files.add_file(secure, [6, 0, 0, 0, 1]);
    let inventory = read(&files);
    assert_eq!(inventory.bios.uefi, Some(true));
    let platform = &inventory.platform;
    assert_eq!(platform.secure_boot, Some(true));
    assert_eq!(text(&platform.tpms[0].version), "2.0");
    assert_eq!((platform.iommu.groups, platform.iommu.units.len()), (2, 1));
    assert_eq!(platform.iommu.domains, ["DMA-FQ"]);
}

#[test]
fn what_could_not_be_read_is_a_gap() {
    let mut files = Files::new();
    files.add("sys/firmware/dmi/tables/DMI", Entry::Gap(Gap::Denied));
    files.add(
        "proc/cpuinfo",
        Entry::File {
            bytes: b"processor : 0\nmodel na".to_vec(),
            cut: true,
        },
    );
    files.add_file("sys/devices/system/cpu/online", "0\n");
    let inventory = read(&files);
    assert!(
        inventory
            .gaps
            .contains(&"sys/firmware/dmi/tables/DMI: not allowed".to_owned())
    );
    assert!(
        inventory
            .gaps
            .contains(&"proc/cpuinfo: cut after 22 bytes".to_owned())
    );
    assert_eq!(inventory.cpus[0].model, None);
    assert_eq!(inventory.memory.visible_bytes, None);
}

#[test]
fn globs_are_sorted_and_stay_within_a_segment() {
    for globs in [FILES, LINKS] {
        assert!(
            globs
                .iter()
                .all(|glob| !glob.contains("**") && !glob.starts_with('/'))
        );
        let mut seen = std::collections::BTreeSet::new();
        assert!(globs.iter().all(|glob| seen.insert(*glob)));
    }
}
