use super::*;

macro_rules! tree {
    ($name:literal) => {
        tree(include_str!(concat!(
            "../../captured/inventory/",
            $name,
            ".txt"
        )))
    };
}

macro_rules! dmi {
    ($name:literal) => {
        include_bytes!(concat!("../../captured/smbios/", $name))
    };
}

/// Reads a tree: `path: content`, `path -> target`, `path !error`.
pub(super) fn tree(text: &str) -> Files {
    let mut files = Files::new();
    for row in text.lines().map(str::trim_start).filter(|r| !r.is_empty()) {
        if let Some((path, target)) = row.split_once(" -> ") {
            files.add_link(path, target);
        } else if let Some((path, error)) = row.split_once(" !") {
            files.add(path, Entry::Gap(Gap::Failed(error.to_owned())));
        } else {
            let (path, content) = row.split_once(": ").unwrap_or((row, ""));
            let path = path.trim_end_matches(':');
            let content = content
                .replace("\\n", "\n")
                .replace("\\t", "\t")
                .replace("\\0", "\0");
            files.add_file(path, content + "\n");
        }
    }
    files
}

pub(super) fn read(files: &Files) -> Inventory {
    let inventory = inventory(files, &Given::default());
    serde_json::to_string(&inventory).expect("JSON");
    inventory
}

fn of_dmi(dmi: &[u8]) -> Inventory {
    let mut files = Files::new();
    files.add_file("sys/firmware/dmi/tables/DMI", dmi);
    read(&files)
}

pub(super) fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}

/// A structure of SMBIOS with its texts; fields as offset and bytes.
pub(super) fn structure(
    kind: u8,
    handle: u16,
    len: u8,
    fields: &[(usize, &[u8])],
    texts: &[&str],
) -> Vec<u8> {
    let mut bytes = vec![0; usize::from(len)];
    bytes[0] = kind;
    bytes[1] = len;
    bytes[2..4].copy_from_slice(&handle.to_le_bytes());
    for (offset, value) in fields {
        bytes[*offset..offset + value.len()].copy_from_slice(value);
    }
    for text in texts {
        bytes.extend(text.as_bytes());
        bytes.push(0);
    }
    bytes.extend([0, 0].iter().skip(usize::from(!texts.is_empty())));
    bytes
}

#[test]
fn cores_of_two_dies_have_numbers_that_repeat() {
    let inventory = read(&tree!("opteron-four-packages"));
    let cores: Vec<_> = inventory
        .cpus
        .iter()
        .map(|c| (c.cores, c.threads))
        .collect();
    assert_eq!(cores, [(8, 8); 4]);
    assert_eq!(inventory.nodes.len(), 8);
    assert_eq!(inventory.cpus[0].numa_nodes.len(), 2);
    assert!(text(&inventory.cpus[0].model).contains("Opteron"));
    assert_eq!(text(&inventory.cpus[0].vendor), "AuthenticAMD");
    assert_eq!(inventory.nodes[0].distances.len(), 8);
}

#[test]
fn cpus_that_are_offline_are_named() {
    let inventory = read(&tree!("xeon-with-offline-cpus"));
    let numbers = &inventory.cpu_numbers;
    let online: u32 = inventory.cpus.iter().map(|cpu| cpu.threads).sum();
    assert_eq!(numbers.online_count, Some(online));
    assert_eq!(text(&numbers.offline), "2,5,13-14");
    assert_eq!(numbers.present_count, Some(16));
    let made = tree(
        "sys/devices/system/cpu/online: 0-3,6-7
         sys/devices/system/cpu/offline: 4-5,8-255
         sys/devices/system/cpu/present: 0-7
         sys/devices/system/cpu/possible: 0-255",
    );
    let numbers = read(&made).cpu_numbers;
    assert_eq!(text(&numbers.offline), "4-5");
    assert_eq!(numbers.offline_count, Some(2));
}

#[test]
fn names_of_arm_cores() {
    let inventory = read(&tree!("armv7"));
    let cpu = &inventory.cpus[0];
    assert_eq!(text(&cpu.model), "Cortex-A9");
    assert_eq!(text(&cpu.vendor), "ARM");
    assert_eq!(text(&cpu.stepping), "r2p1");
    assert_eq!((cpu.cores, cpu.threads, cpu.max_mhz), (2, 2, Some(800)));
    let kunpeng = tree(
        "proc/cpuinfo: processor\\t: 0\\nCPU implementer\\t: 0x48\\nCPU part\\t: 0xd01\\n
         sys/devices/system/cpu/online: 0",
    );
    assert_eq!(text(&read(&kunpeng).cpus[0].model), "TaiShan-v110");
    let at_the_end = tree(
        "proc/cpuinfo: Processor\\t: ARMv7 Processor rev 4 (v7l)\\nprocessor\\t: 0\\n\\nprocessor\\t: 1\\n\\nCPU implementer\\t: 0x41\\nCPU part\\t: 0xc0f",
    );
    assert_eq!(text(&read(&at_the_end).cpus[0].model), "Cortex-A15");
    let midr = tree(
        "sys/devices/system/cpu/online: 0
         sys/devices/system/cpu/cpu0/regs/identification/midr_el1: 0x00000000413fd0c1",
    );
    assert_eq!(text(&read(&midr).cpus[0].model), "Neoverse-N1");
}

#[test]
fn an_nvidia_gb10_has_cores_of_two_kinds() {
    let inventory = read(&tree!("nvidia-gb10"));
    assert_eq!(text(&inventory.system.product), "NVIDIA_DGX_Spark");
    assert_eq!(text(&inventory.bios.release), "5.36");
    assert_eq!(inventory.system.sku, None);
    let cores: u32 = inventory.cpus.iter().map(|cpu| cpu.cores).sum();
    assert_eq!(cores, 20);
    assert_eq!(inventory.cpus[0].models.len(), 2, "{:?}", inventory.cpus);
}

#[test]
fn s390_names_its_machine() {
    let inventory = read(&tree!("s390"));
    assert_eq!(text(&inventory.cpus[0].model), "2817");
    assert_eq!(text(&inventory.cpus[0].vendor), "IBM/S390");
    assert_eq!(inventory.cpu_numbers.offline_count, Some(0));
    let threads: u32 = inventory.cpus.iter().map(|cpu| cpu.threads).sum();
    assert_eq!(threads, 20);
}

#[test]
fn dell_dcs8000z_with_infiniband_and_virtual_ports() {
    let inventory = read(&tree!("dell-dcs8000z"));
    let names: Vec<_> = inventory.nics.iter().map(|nic| nic.name.as_str()).collect();
    assert_eq!(names, ["eth0", "eth1", "ib0"]);
    let apart: Vec<_> = inventory
        .ports_apart
        .iter()
        .map(|port| (port.nic.name.as_str(), port.role))
        .collect();
    let virtual_port = |name| (name, PortRole::Virtual);
    assert_eq!(apart, ["br0", "eth0.1015", "lo", "mic0"].map(virtual_port));
    let [first, second, infiniband] = &inventory.nics[..] else {
        panic!()
    };
    assert_eq!(first.speed_mbps, Some(1000));
    assert_eq!(first.mac_source, Some(MacSource::Permanent));
    assert_eq!(text(&first.driver), "igb");
    assert_eq!(text(&first.pci_address), "0000:02:00.0");
    assert_eq!((second.carrier, second.speed_mbps), (None, None));
    assert!(text(&infiniband.mac).starts_with("00:02:c9:03:00:"));
    assert_eq!(text(&infiniband.mac).len(), 23);
    assert_eq!(infiniband.mac_source, Some(MacSource::Guid));
    assert_eq!(text(&infiniband.firmware), "2.11.500");
    let [phi] = &inventory.gpus[..] else {
        panic!("{:?}", inventory.gpus)
    };
    assert!(phi.accelerator && phi.device_id == "225c");
    let [aspeed] = &inventory.displays[..] else {
        panic!("{:?}", inventory.displays)
    };
    assert_eq!(aspeed.role, GpuRole::ManagementController);
    assert_eq!(text(&inventory.system.chassis), "Rack Mount Chassis");
    assert_eq!(inventory.bios.uefi, Some(false));
    let port = inventory.pci.iter().find(|f| f.address == "0000:82:00.0");
    let port = port.expect("the function of the port");
    assert_eq!(text(&port.parent), "0000:80:02.2");
    assert_eq!(port.link, None);
}

#[test]
fn eight_vector_engines_are_accelerators() {
    let inventory = read(&tree!("nec-vector-engines"));
    assert_eq!(inventory.gpus.len(), 8);
    assert!(inventory.gpus.iter().all(|gpu| gpu.accelerator));
    let link = inventory.gpus[0].link.as_ref().expect("a link");
    assert_eq!(
        (link.current_speed, link.current_width),
        (Some(8.0), Some(16))
    );
    assert_eq!(inventory.nics.len(), 2);
    let cores: Vec<_> = inventory
        .cpus
        .iter()
        .map(|c| (c.cores, c.threads))
        .collect();
    assert_eq!(cores, [(8, 16); 2]);
    assert_eq!(text(&inventory.cpus[0].stepping), "6-85-4");
    assert_eq!(inventory.cpus[0].base_mhz, Some(1800));
}

#[test]
fn dell_r910_without_readable_serial_numbers() {
    let inventory = read(&tree!("dell-r910"));
    assert_eq!(text(&inventory.system.product), "PowerEdge R910");
    assert_eq!(text(&inventory.bios.version), "2.5.0");
    assert_eq!(inventory.system.serial, None);
    assert_eq!(inventory.nics.len(), 5);
    let infiniband = &inventory.nics[4];
    assert_eq!(text(&infiniband.driver), "ib_qib");
    assert_eq!(infiniband.firmware, None);
    let gap = "sys/firmware/dmi/tables/DMI: not there";
    assert!(inventory.gaps.iter().any(|row| row == gap));
}

#[test]
fn virtual_machines() {
    let inventory = read(&tree!("firecracker-vm"));
    assert_eq!(text(&inventory.system.hypervisor), "unknown");
    let [port] = &inventory.nics[..] else {
        panic!()
    };
    assert!(port.paravirtual);
    assert_eq!((port.carrier, port.speed_mbps), (Some(true), None));
    assert_eq!(text(&port.pci_address), "0000:00:03.0");
    assert_eq!(inventory.ports_apart.len(), 3);
    assert_eq!(text(&inventory.cpus[0].microcode), "0x1000065");
    let long = read(&tree!("vm-with-long-pci-domain"));
    let names = long.pci.iter().map(|f| f.address.len());
    assert!(names.max() > Some(12), "{:?}", long.pci);
    assert!(long.nics.len() == 1 && long.nics[0].paravirtual);
}

#[test]
fn modules_of_real_tables() {
    let r630 = of_dmi(dmi!("dell-r630.dmi"));
    let memory = &r630.memory;
    assert_eq!(memory.installed_bytes, Some(32 << 30));
    assert_eq!(memory.mapped_bytes, Some(32 << 30));
    assert_eq!(memory.unmapped_bytes, Some(0));
    assert_eq!((memory.populated, memory.slot_count), (2, 24));
    assert_eq!(text(&memory.error_correction), "Multi-bit ECC");
    let module = &memory.modules[2];
    assert_eq!(
        (module.locator.as_str(), text(&module.manufacturer)),
        ("A3", "Micron")
    );
    assert_eq!(text(&module.manufacturer_text), "002C00B3002C");
    assert_eq!(r630.sockets[1].populated, Some(false));

    let x570 = of_dmi(dmi!("asrockrack-x570d4u.dmi"));
    let labels: Vec<_> = x570
        .memory
        .modules
        .iter()
        .map(|m| m.label.as_str())
        .collect();
    assert_eq!(labels[0], "P0 CHANNEL A DIMM 0");
    assert_eq!(labels[3], "P0 CHANNEL B DIMM 1");
    assert_eq!(x570.system.serial, None);
    assert_eq!(text(&x570.board.serial), "S00000000000001");
    let filler = x570
        .placeholders
        .iter()
        .find(|p| p.field == "system.serial");
    assert_eq!(
        filler.map(|p| p.text.as_str()),
        Some("To Be Filled By O.E.M.")
    );

    let x10 = of_dmi(dmi!("supermicro-x10dal.dmi"));
    assert_eq!((x10.memory.populated, x10.memory.slot_count), (1, 8));
    assert_eq!(x10.memory.modules[0].asset_tag, None);
    assert_eq!(
        text(&x10.system.uuid),
        "00000000-0000-0000-0000-0cc47a000001"
    );

    let h8 = of_dmi(dmi!("supermicro-h8qg6.dmi"));
    assert_eq!(h8.memory.installed_bytes, Some(128 << 30));
    let x9 = of_dmi(dmi!("supermicro-x9drw.dmi"));
    assert_eq!(x9.memory.installed_bytes, Some(64 << 30));
    assert_eq!(x9.memory.mapped_bytes, Some(64 << 30));

    let eq12 = of_dmi(dmi!("beelink-eq12-dump.bin"));
    assert_eq!(eq12.system.uuid, None);
    assert_eq!(text(&eq12.platform.tpms[0].version), "2.0");
    let t430 = of_dmi(dmi!("thinkpad-t430-dump.bin"));
    assert_eq!(text(&t430.system.chassis), "Notebook");
    assert_eq!(t430.bios.uefi, Some(false));
}

#[test]
fn slots_are_joined_by_the_nearest_address() {
    let slot = |handle, name: &str, usage: u8, bus: u8, place: u8| {
        let fields: [(usize, &[u8]); 3] = [(4, &[1]), (7, &[usage]), (13, &[0, 0, bus, place])];
        structure(9, handle, 17, &fields, &[name])
    };
    let table = [
        slot(1, "Slot 1", 4, 0x17, 0),
        slot(2, "Slot 2", 4, 0x1b, 0),
        slot(3, "Slot 3", 3, 0x1c, 0),
        slot(4, "Slot 4", 3, 0x1c, 0),
    ];
    let mut files = tree!("nec-vector-engines");
    files.add_file("sys/firmware/dmi/tables/DMI", table.concat());
    let inventory = read(&files);
    let slot = |address: &str| {
        let gpu = inventory.gpus.iter().find(|gpu| gpu.pci_address == address);
        gpu.and_then(|gpu| gpu.slot.as_deref())
    };
    assert_eq!(slot("0000:1b:00.0"), Some("Slot 2"), "its own address");
    assert_eq!(slot("0000:1d:00.0"), Some("Slot 1"), "the bridge above it");
    assert_eq!(slot("0000:1c:00.0"), None, "two slots have this address");
    assert_eq!(slot("0000:3f:00.0"), None);
    assert_eq!(inventory.slots.len(), 4);
}

#[test]
fn flipped_bytes_in_files_do_no_harm() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let text = include_str!("../../captured/inventory/dell-dcs8000z.txt");
    for _ in 0..200 {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..40 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let at = seed as usize % bytes.len();
            bytes[at] = (seed >> 32) as u8;
        }
        read(&tree(&String::from_utf8_lossy(&bytes)));
    }
    for cut in (0..text.len()).step_by(97) {
        read(&tree(text.get(..cut).unwrap_or_default()));
    }
}

#[test]
fn tables_may_come_from_dmidecode() {
    let text = include_bytes!("../../captured/smbios/dell-14g-dmidecode-3.4.txt");
    let given = Given {
        tables: crate::smbios::printed(text).ok(),
        ..Given::default()
    };
    let printed = inventory(&Files::new(), &given);
    let raw = of_dmi(dmi!("dell-14g-dump.bin"));
    assert_eq!(printed.memory.installed_bytes, raw.memory.installed_bytes);
    assert_eq!(printed.system.product, raw.system.product);
    assert_eq!(printed.sockets, raw.sockets);
    assert_eq!(printed.slots, raw.slots);
}
