use super::*;

macro_rules! capture {
    ($name:literal) => {
        include_bytes!(concat!("../../captured/smbios/", $name))
    };
}

const R630: &[u8] = capture!("dell-r630.dmi");
const DELL_14G: &[u8] = capture!("dell-14g-dump.bin");
const X9DRW: &[u8] = capture!("supermicro-x9drw.dmi");
const H8QG6: &[u8] = capture!("supermicro-h8qg6.dmi");
const X10DAL: &[u8] = capture!("supermicro-x10dal.dmi");
const X10DAL_ENTRY: &[u8] = capture!("supermicro-x10dal.entry");
const X570D4U: &[u8] = capture!("asrockrack-x570d4u.dmi");
const EQ12: &[u8] = capture!("beelink-eq12-dump.bin");
const T430: &[u8] = capture!("thinkpad-t430-dump.bin");

fn read(dmi: &[u8]) -> Tables {
    tables(dmi, None).expect("tables")
}

fn word(code: &Option<Code>) -> &'static str {
    code.and_then(|code| code.word).unwrap_or("-")
}

fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}

/// A structure with its texts.
fn structure(kind: u8, handle: u16, body: &[u8], texts: &[&str]) -> Vec<u8> {
    let mut bytes = vec![kind, body.len() as u8 + 4];
    bytes.extend(handle.to_le_bytes());
    bytes.extend(body);
    for text in texts {
        bytes.extend(text.as_bytes());
        bytes.push(0);
    }
    if texts.is_empty() {
        bytes.push(0);
    }
    bytes.push(0);
    bytes
}

#[test]
fn every_capture_is_read_to_its_end() {
    for (name, dmi) in [
        ("R630", R630),
        ("14G", DELL_14G),
        ("X9DRW", X9DRW),
        ("H8QG6", H8QG6),
        ("X10DAL", X10DAL),
        ("X570D4U", X570D4U),
        ("EQ12", EQ12),
        ("T430", T430),
    ] {
        let tables = read(dmi);
        // That of the EQ12 was cut at its origin, between two structures.
        assert_eq!(tables.complete, name != "EQ12", "{name}");
        let without_texts = |row: &&String| row.contains("names text");
        let rows: Vec<_> = tables.unread.iter().filter(|r| !without_texts(r)).collect();
        assert!(rows.is_empty(), "{name}: {rows:?}");
        serde_json::to_string(&tables).expect("JSON");
    }
}

#[test]
fn dell_r630_with_an_empty_socket_and_two_modules() {
    let tables = read(R630);
    let bios = &tables.bios[0];
    assert_eq!(text(&bios.version), "2.3.4");
    assert_eq!(text(&bios.release), "2.3");
    assert_eq!(bios.rom_bytes, Some(16 << 20));
    let system = &tables.systems[0];
    assert_eq!(text(&system.product), "PowerEdge R630");
    assert_eq!(text(&system.uuid), "4c4c4544-0031-3010-8030-b1c04f303031");
    assert_eq!(word(&tables.chassis[0].kind), "Rack Mount Chassis");
    let [first, second] = &tables.processors[..] else {
        panic!("{:?}", tables.processors)
    };
    assert_eq!((first.populated, first.cores), (Some(true), Some(8)));
    assert_eq!(first.status, Some(ProcessorStatus::Enabled));
    assert_eq!((second.populated, second.cores), (Some(false), None));
    assert_eq!(text(&second.socket), "CPU2");
    let installed: Vec<_> = tables
        .memory_devices
        .iter()
        .filter(|device| device.presence == Some(Presence::Installed))
        .collect();
    assert_eq!(tables.memory_devices.len(), 24);
    assert_eq!(installed.len(), 2);
    assert_eq!(text(&installed[0].locator), "A3");
    assert_eq!(installed[0].size_bytes, Some(16 << 30));
    assert_eq!(installed[0].manufacturer.as_deref(), Some("002C00B3002C"));
    assert_eq!(installed[0].total_width, Some(72));
    let mapped: u64 = tables
        .mapped_ranges
        .iter()
        .map(|range| range.last.expect("last") - range.first.expect("first") + 1)
        .sum();
    assert_eq!(mapped, 32 << 30);
    assert_eq!(tables.power_supplies.len(), 2);
    assert_eq!(text(&tables.management_devices[0].version), "2.0");
    let network = tables.onboard_devices.iter().find(|device| {
        device.pci_address.as_deref() == Some("0000:01:00.0") && device.enabled == Some(true)
    });
    assert_eq!(network.map(|device| word(&device.kind)), Some("Ethernet"));
    assert!(tables.other.iter().any(|raw| raw.kind == 225));
}

#[test]
fn a_dump_has_its_own_entry_point() {
    let tables = read(DELL_14G);
    let entry = tables.entry_point.as_ref().expect("an entry point");
    assert_eq!((entry.major, entry.minor), (3, 2));
    assert_eq!(entry.kind, EntryKind::Bits64);
    let old = read(T430).entry_point.expect("an entry point");
    assert_eq!((old.kind, old.major, old.minor), (EntryKind::Bits32, 2, 7));
    let given = super::tables(X10DAL, Some(X10DAL_ENTRY)).expect("tables");
    let entry = given.entry_point.expect("an entry point");
    assert_eq!((entry.minor, entry.checksum_holds), (0, Some(true)));
    let broken = super::tables(X10DAL, Some(b"ANCHOR")).expect("tables");
    assert_eq!(broken.entry_point, None);
    assert!(broken.unread[0].contains("ANCHOR"), "{:?}", broken.unread);
}

#[test]
fn slots_have_addresses_and_usage() {
    let tables = read(DELL_14G);
    let slots: Vec<_> = tables
        .slots
        .iter()
        .map(|slot| {
            (
                text(&slot.designation),
                slot.usage.expect("usage"),
                slot.pci_address.as_deref(),
            )
        })
        .collect();
    assert_eq!(slots.len(), 4);
    assert!(
        slots.iter().any(|(_, usage, _)| *usage == SlotUsage::InUse),
        "{slots:?}"
    );
}

#[test]
fn two_arrays_of_eight_modules() {
    let tables = read(X9DRW);
    assert_eq!(tables.memory_arrays.len(), 2);
    let of = |handle| {
        let modules = tables.memory_devices.iter();
        modules
            .filter(|device| device.array_handle == Some(handle))
            .count()
    };
    for array in &tables.memory_arrays {
        assert_eq!(word(&array.usage), "System Memory");
        assert_eq!(of(array.handle), 8);
    }
    let first = &tables.memory_devices[0];
    assert_eq!(text(&first.bank), "P0_Node0_Channel0_Dimm0");
    assert_eq!(text(&first.manufacturer), "Micron");
    assert_eq!(word(&first.kind), "DDR3");
    assert!(tables.other.iter().any(|raw| raw.kind == 126));
}

#[test]
fn modules_of_smbios_2_6_have_no_configured_speed() {
    let tables = read(H8QG6);
    assert_eq!(tables.memory_devices.len(), 32);
    let module = &tables.memory_devices[0];
    assert_eq!(module.configured_mts, None);
    assert_eq!(module.size_bytes, Some(4 << 30));
    assert_eq!(tables.processors.len(), 4);
    assert_eq!(tables.processors[0].cores, Some(12));
}

#[test]
fn one_name_for_every_slot_and_the_bank_differs() {
    let tables = read(X570D4U);
    let places: Vec<_> = tables
        .memory_devices
        .iter()
        .map(|device| (text(&device.bank), text(&device.locator), device.size_bytes))
        .collect();
    assert_eq!(
        places,
        [
            ("P0 CHANNEL A", "DIMM 0", None),
            ("P0 CHANNEL A", "DIMM 1", Some(32 << 30)),
            ("P0 CHANNEL B", "DIMM 0", None),
            ("P0 CHANNEL B", "DIMM 1", Some(32 << 30)),
        ]
    );
    let module = &tables.memory_devices[1];
    assert_eq!(module.volatile_bytes, Some(32 << 30));
    assert_eq!(word(&module.technology), "DRAM");
    assert_eq!(module.ranks, Some(2));
}

#[test]
fn ddr5_tpm_and_onboard_devices_of_smbios_3_5() {
    let tables = read(EQ12);
    let module = &tables.memory_devices[0];
    assert_eq!(word(&module.kind), "DDR5");
    assert_eq!(module.size_bytes, Some(16 << 30));
    assert_eq!(tables.tpms.len(), 1);
    assert_eq!(text(&tables.tpms[0].version), "2.0");
    assert_eq!(tables.onboard_devices.len(), 15);
    assert_eq!(
        text(&tables.systems[0].uuid),
        "03000200-0400-0500-0006-000700080009"
    );
}

#[test]
fn sizes_of_modules() {
    let module = |size: u16, extended: Option<u32>| {
        let mut body = vec![0; 24];
        body[8..10].copy_from_slice(&size.to_le_bytes());
        if let Some(extended) = extended {
            body.extend(extended.to_le_bytes());
        }
        let tables = read(&structure(17, 1, &body, &[]));
        let device = &tables.memory_devices[0];
        (device.presence.expect("presence"), device.size_bytes)
    };
    let installed = |bytes: u64| (Presence::Installed, Some(bytes));
    assert_eq!(module(0, None), (Presence::Empty, None));
    assert_eq!(module(0xffff, None), (Presence::SizeUnknown, None));
    assert_eq!(module(0x7fff, None), installed(32_767 << 20));
    assert_eq!(module(0x7fff, Some(65_536)), installed(64 << 30));
    assert_eq!(module(0x8000 | 512, None), installed(512 << 10));
    assert_eq!(module(4096, None), installed(4 << 30));
}

#[test]
fn a_structure_with_an_impossible_length_is_passed_over() {
    let mut dmi = structure(1, 1, &[1, 0, 0, 0], &["Acme"]);
    dmi.extend([200, 2, 9, 0, b'x', 0, 0]);
    dmi.extend(structure(2, 2, &[1, 0, 0, 0], &["Board"]));
    let tables = read(&dmi);
    assert_eq!(text(&tables.boards[0].manufacturer), "Board");
    assert!(tables.unread[0].contains("type 200"), "{:?}", tables.unread);
    assert!(!tables.complete);
}

#[test]
fn texts_that_are_missing_or_not_utf8_are_noted() {
    let mut dmi = structure(1, 7, &[1, 9, 2, 0], &["Acme", "x"]);
    let at = dmi.len() - 3;
    dmi[at] = 0xfe;
    let tables = read(&dmi);
    let system = &tables.systems[0];
    assert_eq!(text(&system.manufacturer), "Acme");
    assert_eq!(system.product, None);
    assert_eq!(text(&system.version), "\u{fffd}");
    assert!(
        tables.unread[0].contains("byte 0x05 names text 9 of 2"),
        "{:?}",
        tables.unread
    );
}

#[test]
fn types_that_are_not_known_are_kept() {
    let mut dmi = structure(221, 0x2d, &[0xab, 0x01], &["FSP", "x"]);
    dmi.extend(structure(17, 3, &[0; 0x5c], &[]));
    let tables = read(&dmi);
    let raw = &tables.other[0];
    assert_eq!((raw.kind, raw.length, raw.data.as_str()), (221, 6, "ab01"));
    assert_eq!(raw.strings[0], "FSP");
    assert_eq!(
        tables.memory_devices[0].beyond.as_deref(),
        Some("00000000"),
        "bytes of a newer specification"
    );
}

#[test]
fn a_host_interface_names_its_usb_port() {
    let body = [0x40, 5, 0x02, 0x6b, 0x04, 0xb0, 0xff, 0];
    let tables = read(&structure(42, 1, &body, &[]));
    let port = &tables.host_interfaces[0];
    assert_eq!(text(&port.usb_vendor), "046b");
    assert_eq!(text(&port.usb_product), "ffb0");
}

#[test]
fn nothing_readable_is_an_error() {
    for bytes in [&b""[..], &[0; 64], b"\x11", &[1, 200, 0, 0, 5]] {
        assert!(tables(bytes, None).is_err(), "{bytes:?}");
    }
}

#[test]
fn what_stands_before_a_cut_is_read() {
    for dmi in [R630, X570D4U, T430] {
        let whole = read(dmi);
        for cut in 0..dmi.len() {
            let Ok(part) = tables(&dmi[..cut], None) else {
                continue;
            };
            assert!(part.structures <= whole.structures);
            let modules = part.memory_devices.len();
            if let Some(before) = modules.checked_sub(2) {
                let same = &whole.memory_devices[..=before];
                assert_eq!(&part.memory_devices[..=before], same, "cut at {cut}");
            }
        }
    }
}

#[test]
fn flipped_bytes_do_no_harm() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for dmi in [R630, DELL_14G, X9DRW, EQ12] {
        for _ in 0..400 {
            let mut bytes = dmi.to_vec();
            for _ in 0..8 {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                let at = seed as usize % bytes.len();
                bytes[at] = (seed >> 32) as u8;
            }
            if let Ok(tables) = tables(&bytes, None) {
                assert!(tables.unread.len() <= MAX_UNREAD + 1);
            }
        }
    }
}

/// A binary table's facts as far as dmidecode prints them.
fn as_printed(dmi: &[u8]) -> Tables {
    let mut tables = read(dmi);
    for bios in &mut tables.bios {
        (bios.characteristics, bios.beyond) = (None, None);
        bios.virtual_machine = bios.virtual_machine.or(Some(false));
    }
    for system in &mut tables.systems {
        system.uuid_bytes = None;
    }
    for processor in &mut tables.processors {
        (processor.upgrade, processor.characteristics) = (None, None);
    }
    for slot in &mut tables.slots {
        (slot.length, slot.characteristics, slot.beyond) = (None, None, None);
    }
    for device in &mut tables.memory_devices {
        device.modes = None;
    }
    tables
}

#[test]
fn dmidecode_prints_what_the_tables_hold() {
    for (dmi, text) in [
        (
            DELL_14G,
            &include_bytes!("../../captured/smbios/dell-14g-dmidecode-3.4.txt")[..],
        ),
        (
            X570D4U,
            include_bytes!("../../captured/smbios/asrockrack-x570d4u-dmidecode-3.4.txt"),
        ),
    ] {
        let (bytes, text) = (as_printed(dmi), printed(text).expect("tables"));
        assert_eq!(text.unread, [""; 0]);
        assert_eq!(text.structures, bytes.structures);
        assert_eq!(text.bios, bytes.bios);
        assert_eq!(text.systems, bytes.systems);
        assert_eq!(text.boards, bytes.boards);
        assert_eq!(text.chassis, bytes.chassis);
        assert_eq!(text.processors, bytes.processors);
        assert_eq!(text.slots, bytes.slots);
        assert_eq!(text.memory_arrays, bytes.memory_arrays);
        assert_eq!(text.mapped_ranges, bytes.mapped_ranges);
        assert_eq!(text.onboard_devices, bytes.onboard_devices);
        for (a, b) in text.memory_devices.iter().zip(&bytes.memory_devices) {
            if b.presence == Some(Presence::Empty) {
                // dmidecode leaves out most fields of an empty slot.
                assert_eq!((&a.locator, a.presence), (&b.locator, b.presence));
            } else {
                assert_eq!(a, b);
            }
        }
        assert_eq!(text.memory_devices.len(), bytes.memory_devices.len());
        assert!(text.complete);
    }
}

#[test]
fn printed_text_of_other_forms() {
    let text = b"# dmidecode 2.12\r\nSMBIOS 2.7 present.\r\n\r\nHandle 0x0040, DMI type 17, 34 bytes\r\nMemory Device\r\n\tSize: 8192 MB\r\n\tLocator: P1-DIMMA1\r\n\tSpeed: 1600 MHz\r\n\tConfigured Clock Speed: 1333 MHz\r\n\tColour: green\r\n\r\nHandle 0xzz, DMI\r\n\tSize: 1 GB\r\nHandle 0x0041, DMI type 39, 22 bytes\r\nSystem Power Supply\r\n\tStatus: Present, OK\r\n\tSerial Number: S1\r\n\tName: cut he";
    let tables = printed(text).expect("tables");
    let module = &tables.memory_devices[0];
    assert_eq!(module.size_bytes, Some(8 << 30));
    assert_eq!(
        (module.rated_mts, module.configured_mts),
        (Some(1600), Some(1333))
    );
    assert_eq!(tables.other[0].strings, ["Colour: green"]);
    assert_eq!(
        tables.other[1].strings,
        ["Status: Present, OK", "Serial Number: S1"]
    );
    assert_eq!(tables.unread, ["Name: cut he", "Handle 0xzz, DMI"]);
    let entry = tables.entry_point.expect("an entry point");
    assert_eq!((entry.major, entry.minor), (2, 7));
    assert!(printed(b"/dev/mem: Permission denied\n").is_err());
    assert!(printed(b"").is_err());
}

#[test]
fn printed_text_may_be_cut_and_broken_anywhere() {
    let text = include_bytes!("../../captured/smbios/asrockrack-x570d4u-dmidecode-3.4.txt");
    let whole = printed(text).expect("tables");
    for cut in (0..text.len()).step_by(37) {
        let mut bytes = text[..cut].to_vec();
        if let Some(part) = printed(&bytes).ok().filter(|part| part.boards.len() == 1) {
            assert_eq!(part.systems, whole.systems);
        }
        if let Some(byte) = bytes.last_mut() {
            *byte = 0xff;
        }
        let _ = printed(&bytes);
    }
}
