use super::*;

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!("../../captured/smartctl/", $name)).as_slice()
    };
}

/// All captured drives, by name.
fn captures() -> [(&'static str, &'static [u8]); 25] {
    [
        ("bad-option", captured!("bad-option.json")),
        ("cciss-on-sata", captured!("cciss-on-sata.json")),
        (
            "megaraid-inquiry-failed",
            captured!("megaraid-inquiry-failed.json"),
        ),
        ("no-such-device", captured!("no-such-device.json")),
        ("permission-denied", captured!("permission-denied.json")),
        ("qemu-ata", captured!("qemu-ata.json")),
        (
            "qemu-megaraid-volume",
            captured!("qemu-megaraid-volume.json"),
        ),
        ("qemu-nvme-namespace", captured!("qemu-nvme-namespace.json")),
        (
            "qemu-nvme-unimplemented",
            captured!("qemu-nvme-unimplemented.json"),
        ),
        ("qemu-nvme-verbose", captured!("qemu-nvme-verbose.json")),
        ("qemu-nvme-warning", captured!("qemu-nvme-warning.json")),
        ("qemu-scsi", captured!("qemu-scsi.json")),
        ("sat-on-nvme", captured!("sat-on-nvme.json")),
        ("scsi-debug", captured!("scsi-debug.json")),
        ("scsi-debug-text", captured!("scsi-debug-text.json")),
        (
            "scrutiny-ata-failing-7.1",
            captured!("scrutiny-ata-failing-7.1.json"),
        ),
        ("scrutiny-ata-x-7.0", captured!("scrutiny-ata-x-7.0.json")),
        (
            "scrutiny-raid-volume-7.0",
            captured!("scrutiny-raid-volume-7.0.json"),
        ),
        ("scrutiny-sas-7.0", captured!("scrutiny-sas-7.0.json")),
        (
            "scrutiny-windows-open-failed-7.0",
            captured!("scrutiny-windows-open-failed-7.0.json"),
        ),
        (
            "telegraf-megaraid-7.1",
            captured!("telegraf-megaraid-7.1.json"),
        ),
        ("telegraf-nvme-7.4", captured!("telegraf-nvme-7.4.json")),
        ("telegraf-sas-7.4", captured!("telegraf-sas-7.4.json")),
        ("type-unknown", captured!("type-unknown.json")),
        ("usb-bridge-unknown", captured!("usb-bridge-unknown.json")),
    ]
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }
}

#[test]
fn every_capture_is_read_and_written_again() {
    for (name, bytes) in captures() {
        let drive = drive(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(drive.unread.is_empty(), "{name}: {:?}", drive.unread);
        let known = ["ata_", "smartctl_", "scsi_lb_provisioning"];
        let unknown = |key: &&String| !known.iter().any(|known| key.starts_with(known));
        let extra: Vec<_> = drive.extra.keys().filter(unknown).collect();
        assert!(extra.is_empty(), "{name}: {extra:?}");
        serde_json::to_string(&drive).expect("JSON");
    }
}

#[test]
fn capture_cut_at_any_byte_is_read_up_to_the_cut() {
    for (name, bytes) in captures() {
        let whole = drive(bytes).expect("a drive");
        let steps = if bytes.len() > 2500 { 7 } else { 1 };
        for cut in (0..bytes.len()).step_by(steps) {
            let Ok(found) = drive(&bytes[..cut]) else {
                assert!(cut < 120, "{name} cut at {cut}");
                continue;
            };
            let text = String::from_utf8_lossy(&bytes[..cut]);
            if text.contains("\"argv\"") && whole.run.version.is_some() {
                assert_eq!(found.run.version, whole.run.version, "{name} cut at {cut}");
            }
            if let Some((before, _)) = text.split_once("\"firmware_version\"")
                && before.contains("\"serial_number\"")
            {
                assert_eq!(found.serial, whole.serial, "{name} cut at {cut}");
            }
        }
    }
}

#[test]
fn capture_with_flipped_bytes_never_panics() {
    let mut numbers = Numbers(7);
    for (_, bytes) in captures() {
        for _ in 0..150 {
            let mut bytes = bytes.to_vec();
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(bytes.len());
                bytes[at] ^= u8::try_from(1 + numbers.below(255)).expect("a byte");
            }
            let _any = drive(&bytes);
            let _any = scan(&bytes);
        }
    }
}

#[test]
fn damage_in_the_middle_keeps_what_stands_before_it() {
    let text = String::from_utf8_lossy(captured!("telegraf-nvme-7.4.json"));
    let text = text.replace(
        "\"nvme_error_information_log\": {",
        "\"nvme_error_information_log\": Killed {",
    );
    let drive = drive(text.as_bytes()).expect("a drive");
    let nvme = drive.nvme.expect("NVMe");
    assert_eq!(nvme.health.expect("a log").media_errors, Some(0));
    assert_eq!(nvme.errors, None);
    assert!(drive.unread.iter().any(|line| line.contains("Killed")));
}

#[test]
fn text_around_the_json_is_kept() {
    let json = String::from_utf8_lossy(captured!("telegraf-sas-7.4.json"));
    let text = format!("  Pending defect count:{json}warning {{of}} sudo\n").replace('\n', "\r\n");
    let found = drive(text.as_bytes()).expect("a drive");
    assert_eq!(found.unread, ["Pending defect count:", "warning {of} sudo"]);
    assert_eq!(found.serial.as_deref(), Some("XYZZZZ"));
    let text = format!("sudo: {{ \"x\" unable to resolve host {{a}}\n{json}");
    assert_eq!(
        drive(text.as_bytes()).expect("a drive").serial.as_deref(),
        Some("XYZZZZ")
    );
    let text = format!("{{\"level\": \"info\"}}\n{json}");
    let found = drive(text.as_bytes()).expect("a drive");
    assert_eq!(found.unread, ["{\"level\": \"info\"}"]);
    let mut bytes = b"\xef\xbb\xbf\xff ".to_vec();
    bytes.extend_from_slice(json.as_bytes());
    assert!(drive(&bytes).is_ok());
}

#[test]
fn what_is_not_smartctl_is_refused() {
    let deep = "{\"a\":".repeat(5000);
    let starts = "{\"".repeat(20_000);
    for bytes in [
        &b""[..],
        b"  \n",
        b"[]",
        b"7",
        b"{}",
        b"{\"foo\": 1}",
        b"\xff\xfe{}",
        b"smartctl 7.3 2022-02-28 r5338\nA mandatory SMART command failed",
        deep.as_bytes(),
        starts.as_bytes(),
    ] {
        let error = drive(bytes).expect_err("not smartctl's");
        assert_eq!(error.expected, "smartctl's JSON");
    }
}
