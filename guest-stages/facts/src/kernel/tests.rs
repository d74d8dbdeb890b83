use super::*;

mod lines;

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!("../../captured/kernel/", $name)).as_slice()
    };
}

const CAPTURES: [&[u8]; 21] = [
    captured!("mce-intel-nuc.txt"),
    captured!("mce-amd-fatal.txt"),
    captured!("ghes-memory.txt"),
    captured!("ghes-dimm-location.txt"),
    captured!("ghes-pcie.txt"),
    captured!("edac-sbridge.txt"),
    captured!("edac-journal.txt"),
    captured!("mce-syslog.txt"),
    captured!("aer-non-fatal.txt"),
    captured!("aer-corrected.txt"),
    captured!("sata-unc.txt"),
    captured!("sas-abort.txt"),
    captured!("nvidia.txt"),
    captured!("human-times.txt"),
    captured!("amdgpu-aca.txt"),
    captured!("nic-watchdog.txt"),
    captured!("oops-r730xd.txt"),
    captured!("healthy-hpe-dl360-gen10plus.txt"),
    captured!("healthy-supermicro-epyc.txt"),
    captured!("healthy-dell-c6525.txt"),
    captured!("healthy-xgene-arm64.txt"),
];

fn joined(bytes: &[u8]) -> Vec<Incident> {
    let entries = dmesg(bytes);
    incidents(&entries, &events(&entries))
}

fn one(text: &str) -> Event {
    let record = format!("4,1,2,-;{text}");
    let mut found = events(&kmsg(record.as_bytes()));
    assert_eq!(found.len(), 1, "{text}");
    found.remove(0)
}

fn dimm(label: &str, mc: Option<u32>) -> Option<Part> {
    let label = label.to_owned();
    Some(Part::Dimm { label, mc })
}

fn pci(address: &str) -> Option<Part> {
    Some(Part::Pci(address.to_owned()))
}

#[test]
fn healthy_boot_logs_report_no_trouble() {
    for log in CAPTURES.iter().skip(17) {
        for event in events(&dmesg(log)) {
            assert_eq!(event.severity, Some(Severity::Info), "{event:?}");
        }
    }
}

#[test]
fn kmsg_record_keeps_every_value() {
    let log = b"3,1020,9000123,-,caller=T12;nvme nvme0: Device not ready\\x3b CSTS=0x1\n SUBSYSTEM=nvme\n DEVICE=+nvme:nvme0\n30,1021,9000124,-;systemd[1]: I/O error, dev sdb, sector 0\n4,1022,9000200,c;one\\x0atwo\n";
    let entries = kmsg(log);
    assert_eq!(entries.len(), 4);
    let first = &entries[0];
    assert_eq!((first.priority, first.facility), (Some(3), Some(0)));
    assert_eq!((first.sequence, first.at_us), (Some(1020), Some(9_000_123)));
    assert_eq!(first.caller.as_deref(), Some("T12"));
    assert_eq!(first.text, "nvme nvme0: Device not ready; CSTS=0x1");
    assert_eq!(first.field("SUBSYSTEM"), Some("nvme"));
    assert_eq!(entries[1].facility, Some(3));
    assert_eq!(
        (entries[2].text.as_str(), entries[3].text.as_str()),
        ("one", "two")
    );
    assert_eq!(entries[3].flags.as_deref(), Some("c"));
    // The program's words are no event.
    assert_eq!(events(&entries).len(), 1);
}

#[test]
fn fragments_of_old_kernels_are_joined() {
    let entries = kmsg(b"6,1,5,c;ata1: SATA link \n6,2,6,+;up 6.0 Gbps\n");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].text, "ata1: SATA link up 6.0 Gbps");
}

#[test]
fn dmesg_reads_every_time_format() {
    let text = "sd 1:0:0:0: [sdb] Attached SCSI disk";
    for (line, at_us) in [
        ("[   12.345678] TEXT", Some(12_345_678)),
        ("<6>[   12.345678] TEXT", Some(12_345_678)),
        ("[   12.345678][    T1] TEXT", Some(12_345_678)),
        ("[   12.345678] [    C3] TEXT", Some(12_345_678)),
        ("kern  :info  : [   12.345678] TEXT", Some(12_345_678)),
        ("[Mon Jan 27 19:27:15 2020] TEXT", None),
        ("kern  :info  : [Mon Jan 27 19:27:15 2020] TEXT", None),
        ("2024-09-21T06:12:53,907220-05:00 TEXT", None),
        ("[Nov27 01:30] TEXT", None),
        ("[  +0.000123] TEXT", None),
        ("[   12.345678 <    0.000001>] TEXT", Some(12_345_678)),
        ("Nov 01 12:00:00 host kernel: TEXT", None),
        (
            "Nov  1 12:00:00 host kernel: [   12.345678] TEXT",
            Some(12_345_678),
        ),
        ("2024-09-21T06:12:53.907220+00:00 host kernel: TEXT", None),
        ("TEXT", None),
    ] {
        let entries = dmesg(line.replace("TEXT", text).as_bytes());
        assert_eq!(entries.len(), 1, "{line}");
        assert_eq!(
            (entries[0].text.as_str(), entries[0].at_us),
            (text, at_us),
            "{line}"
        );
        assert!(entries[0].by_kernel(), "{line}");
    }
    let json =
        br#"{"dmesg": [{"pri": 3, "time": 12.345678, "msg": "a"}, {"pri": 30, "msg": "b"}]}"#;
    let entries = dmesg(json);
    assert_eq!(
        (entries[0].priority, entries[0].at_us),
        (Some(3), Some(12_345_678))
    );
    assert_eq!(entries[1].facility, Some(3));
}

#[test]
fn apei_memory_record_names_the_module() {
    let found = joined(captured!("ghes-memory.txt"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Some(Severity::Corrected));
    assert_eq!(found[0].part, dimm("D2", None));
    let ghes = found[0].ghes.as_ref().expect("a record");
    assert_eq!((ghes.record, ghes.source), (Some(35), Some(4)));
    let memory = ghes.sections[0].memory.as_ref().expect("memory");
    assert_eq!(memory.physical_address, Some(0x6a_47d1_f540));
    assert_eq!(memory.error_type, Some(2));
    assert!(memory.place.contains(&("row".into(), "40948".into())));
    let found = joined(captured!("ghes-dimm-location.txt"));
    assert_eq!(found[0].part, dimm("CPU 2 DIMM 30", None));
    let memory = found[0]
        .ghes
        .as_ref()
        .and_then(|ghes| ghes.sections[0].memory.clone());
    assert!(
        memory
            .expect("memory")
            .place
            .contains(&("card".into(), "4".into()))
    );
}

#[test]
fn apei_pcie_record_names_the_function() {
    let found = joined(captured!("ghes-pcie.txt"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Some(Severity::Recoverable));
    assert_eq!(found[0].part, pci("0000:54:01.0"));
    let pcie = found[0]
        .ghes
        .as_ref()
        .and_then(|ghes| ghes.sections[0].pcie.clone());
    let pcie = pcie.expect("a section");
    assert_eq!(pcie.slot.as_deref(), Some("19"));
    assert_eq!(pcie.device.as_deref(), Some("8086:352a"));
}

#[test]
fn machine_check_and_its_edac_line_are_one_error() {
    let found = joined(captured!("edac-sbridge.txt"));
    assert_eq!(found.len(), 2, "{found:#?}");
    let error = &found[1];
    assert_eq!((error.kind, error.errors), (Kind::MemoryError, 1));
    assert_eq!(error.part, dimm("CPU_SrcID#0_Ha#0_Chan#2_DIMM#0", Some(0)));
    let check = error.machine_check.as_ref().expect("registers");
    assert_eq!(
        (check.cpu, check.bank, check.socket),
        (Some(0), Some(5), Some(0))
    );
    assert_eq!(
        (check.address, check.misc),
        (Some(0x8_4992_3380), Some(0x4252_5286))
    );
    assert_eq!(check.vendor, Some(Vendor::Intel));
    let status = check.status.as_ref().expect("a status");
    assert_eq!((status.valid, status.uncorrected), (true, false));
    assert_eq!(status.corrected_count, Some(1));
    assert_eq!(
        error.edac.as_ref().and_then(|edac| edac.page),
        Some(0x84_9923)
    );
    assert_eq!(joined(captured!("edac-journal.txt")).len(), 2);
}

#[test]
fn edac_line_of_another_error_stays_apart() {
    let log = "mce: [Hardware Error]: CPU 10: Machine Check: 0 Bank 5: bea0000000000108\nmce: [Hardware Error]: TSC 0 ADDR 1ffff8fd156d6 MISC d012000100000000 SYND 4d000000 IPID 500b000000000\nEDAC MC0: 1 UE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x10de60 offset:0x680 grain:32)\n";
    let found = joined(log.as_bytes());
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].part, Some(Part::McaBank { cpu: 10, bank: 5 }));
    assert_eq!(found[0].severity, Some(Severity::Fatal));
    assert_eq!(found[1].severity, Some(Severity::Uncorrected));
}

#[test]
fn amd_memory_error_is_joined_with_its_edac_line() {
    let log = "[Hardware Error]: Corrected error, no action required.\n[Hardware Error]: CPU:2 (17:31:0) MC17_STATUS[Over|CE|MiscV|AddrV|-|-|SyndV|CECC|-|-|-]: 0xdc2040000000011b\n[Hardware Error]: Error Addr: 0x000000021d1a3c40\n[Hardware Error]: IPID: 0x0000009600150f00, Syndrome: 0x000095020a800501\n[Hardware Error]: Unified Memory Controller Ext. Error Code: 0, DRAM ECC error.\nEDAC MC0: 1 CE on mc#0csrow#3channel#1 (csrow:3 channel:1 page:0x8b4687 offset:0x840 grain:64 syndrome:0x9502)\n[Hardware Error]: cache level: L3/GEN, tx: GEN, mem-tx: RD\n";
    let found = joined(log.as_bytes());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].part, dimm("mc#0csrow#3channel#1", Some(0)));
    let check = found[0].machine_check.as_ref().expect("registers");
    assert_eq!(
        check.status.as_ref().map(|status| status.overflow),
        Some(true)
    );
    assert_eq!(check.cache.as_deref(), Some("L3/GEN, tx: GEN, mem-tx: RD"));
}

#[test]
fn raw_machine_check_is_decoded() {
    let found = joined(captured!("mce-syslog.txt"));
    let check = found[1].machine_check.as_ref().expect("registers");
    assert_eq!(found[1].severity, Some(Severity::Fatal));
    assert_eq!(check.microcode.as_deref(), Some("28"));
    assert_eq!(check.cpuid, Some(0x706a1));
    assert_eq!(found.len(), 2);
}

#[test]
fn amd_deferred_error_is_seen_in_the_raw_form() {
    let log = "mce: [Hardware Error]: CPU 12: Machine Check: 0 Bank 20: 9c2031000001011b\nmce: [Hardware Error]: TSC 0 ADDR 3b2a19c40 SYND 0 IPID 9600250f00\nmce: [Hardware Error]: PROCESSOR 2:a10f11 TIME 1710000000 SOCKET 0 APIC c microcode a101144\n";
    let found = joined(log.as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Some(Severity::Deferred));
    assert_eq!(found[0].part, Some(Part::McaBank { cpu: 12, bank: 20 }));
}

#[test]
fn amd_decoded_lines_are_one_machine_check() {
    let found = joined(captured!("mce-amd-fatal.txt"));
    assert_eq!(found.len(), 1, "{found:#?}");
    let check = found[0].machine_check.as_ref().expect("registers");
    assert_eq!(found[0].severity, Some(Severity::Fatal));
    assert_eq!(found[0].part, Some(Part::McaBank { cpu: 4, bank: 5 }));
    assert_eq!(check.address, Some(0x01ff_ffff_c080_1e2c));
    assert_eq!(check.family.as_deref(), Some("19:21:2"));
    assert_eq!(check.status, None);
}

#[test]
fn status_counts_corrected_errors() {
    let found = joined(captured!("mce-intel-nuc.txt"));
    assert_eq!(found.len(), 2);
    let status = found[0]
        .machine_check
        .as_ref()
        .and_then(|check| check.status.clone());
    let status = status.expect("a status");
    assert!(status.overflow && !status.uncorrected);
    assert_eq!(status.corrected_count, Some(0x677b));
    assert_eq!(found[0].errors, 0x677b);
    assert_eq!((status.deferred, status.poison), (None, None));
}

#[test]
fn aer_block_is_one_error_of_its_function() {
    let found = joined(captured!("aer-corrected.txt"));
    // The first says "Multiple".
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(
        (found[1].times, found[1].part.clone()),
        (2, pci("0000:00:1c.1"))
    );
    let aer = found[1].aer.as_ref().expect("a block");
    assert_eq!(
        (aer.status, aer.errors.clone()),
        (Some(0x1000), vec!["Timeout".to_owned()])
    );
    let found = joined(captured!("aer-non-fatal.txt"));
    let block = found
        .iter()
        .find(|one| one.severity == Some(Severity::NonFatal));
    let aer = block.and_then(|one| one.aer.as_ref()).expect("a block");
    assert_eq!(aer.first.as_deref(), Some("ACSViol"));
    assert_eq!(aer.recovery, ["device recovery failed"]);
    assert!(aer.tlp_header.is_some());
}

#[test]
fn aer_message_belongs_to_its_sender() {
    let log = "pcieport 0000:00:01.1: AER: Multiple Corrected error message received from 0000:05:00.0\nnvme 0000:05:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)\nnvme 0000:05:00.0:   device [144d:a808] error status/mask=00000001/0000e000\nnvme 0000:05:00.0:    [ 0] RxErr                  (First)\n".repeat(3000);
    let found = joined(log.as_bytes());
    assert_eq!(found.len(), 1, "{:?}", found.get(1));
    assert_eq!(
        (found[0].times, found[0].part.clone()),
        (3000, pci("0000:05:00.0"))
    );
    let aer = found[0].aer.as_ref().expect("a block");
    assert_eq!(aer.received_by.as_deref(), Some("0000:00:01.1"));
    assert_eq!(storms(&found)[0].times, 3000);
}

#[test]
fn disk_error_is_joined_with_its_sense_data() {
    let found = joined(captured!("sata-unc.txt"));
    let disk = Some(Part::Disk("sdb".into()));
    let error = found.iter().find(|one| one.part == disk).expect("the disk");
    assert_eq!(error.kind, Kind::BlockError);
    let has = |key: &str, value: &str| error.fields.contains(&(key.into(), value.into()));
    assert!(has("sense-key", "Medium Error [current]"));
    assert!(has("sector", "93827644"));
    let ata: Vec<_> = found
        .iter()
        .filter(|one| one.part == Some(Part::Ata(2)))
        .collect();
    assert_eq!(ata.len(), 2);
}

#[test]
fn xid_and_sxid_name_their_device() {
    let found = joined(captured!("nvidia.txt"));
    assert_eq!(found[0].part, Some(Part::Gpu("0000:05:00".into())));
    assert!(found[0].fields.contains(&("xid".into(), "79".into())));
    assert_eq!(found[1].part, Some(Part::NvSwitch("0000:00:00.0".into())));
    assert_eq!(found[1].severity, Some(Severity::Fatal));
    assert_eq!(found[3].severity, Some(Severity::Fatal));
}

#[test]
fn unknown_error_is_kept_with_its_device() {
    let entries =
        kmsg(b"3,1,2,-;frobnicator is unhappy\n DEVICE=+pci:0000:05:00.0\n6,2,3,-;all is well\n");
    let found = events(&entries);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].kind, found[0].part.clone()),
        (Kind::Unknown, pci("0000:05:00.0"))
    );
    assert_eq!(found[0].text, "frobnicator is unhappy");
}

#[test]
fn cut_logs_keep_what_stands_before_the_cut() {
    for log in CAPTURES {
        let whole = dmesg(log);
        for end in (0..log.len()).step_by(7) {
            let cut = dmesg(&log[..end]);
            let kept = cut.len().saturating_sub(1);
            assert_eq!(cut[..kept], whole[..kept]);
            let found = events(&cut);
            let _ = storms(&incidents(&cut, &found));
        }
    }
}

#[test]
fn changed_bytes_do_no_harm() {
    let mut seed: u32 = 7;
    let mut next = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed >> 8
    };
    for log in CAPTURES {
        for _ in 0..60 {
            let mut bytes = log.to_vec();
            for _ in 0..20 {
                let place = next() as usize % bytes.len();
                bytes[place] = next() as u8;
            }
            for entries in [dmesg(&bytes), kmsg(&bytes)] {
                let found = events(&entries);
                let _ = incidents(&entries, &found);
            }
        }
    }
}
