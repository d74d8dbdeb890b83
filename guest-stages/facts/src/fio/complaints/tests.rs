use super::*;

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/captured/fio/", $name)).as_slice()
    };
}

#[test]
fn plain_messages_are_complaints() {
    for bytes in [
        captured!("file-creation-refused.stderr"),
        captured!("readonly.stderr"),
    ] {
        let found = complaints(bytes);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].about, About::Other);
    }
    let found = complaints(captured!("folder-missing.stderr"));
    assert_eq!(found.len(), 2);
    let found = complaints(captured!("engine.json"));
    assert_eq!(found[0].about, About::Failed);
    assert_eq!(found[0].call.as_deref(), Some("dlopen"));
}

#[test]
fn verification_complaints_name_their_place() {
    let found = complaints(captured!("verify.stderr"));
    assert_eq!(found.len(), 2);
    let failed = &found[0];
    assert_eq!((failed.about, failed.times), (About::VerifyFailed, 1));
    assert_eq!(failed.algorithm.as_deref(), Some("crc32c"));
    assert_eq!(failed.file.as_deref(), Some("/scratch/fio.test"));
    assert_eq!((failed.offset, failed.length), (Some(40_960), Some(4096)));
    assert_eq!(failed.requested_offset, Some(40_960));
    assert_eq!(failed.expected_checksum.as_deref(), Some("d55bfd1d"));
    assert_eq!(failed.received_checksum.as_deref(), Some("9af2466b"));
    let header = &found[1];
    assert_eq!(header.about, About::BadHeader);
    assert_eq!(
        (header.found.as_deref(), header.wanted.as_deref()),
        (Some("0"), Some("acca"))
    );
    assert_eq!(header.offset, Some(81_920));
}

#[test]
fn complaints_of_other_versions_are_read() {
    let found = complaints(captured!("issues-verify-errors.stderr"));
    let about: Vec<About> = found.iter().map(|complaint| complaint.about).collect();
    use About::{BadHeader, BadPattern, VerifyFailed};
    let wanted = [
        BadHeader,
        BadHeader,
        BadHeader,
        VerifyFailed,
        BadPattern,
        BadPattern,
        VerifyFailed,
        BadHeader,
    ];
    assert_eq!(about, wanted);
    assert_eq!(found[0].file.as_deref(), Some("/data/core file/fio1"));
    assert_eq!(found[0].found.as_deref(), Some("981316703657560811"));
    assert_eq!(found[1].more.len(), 1);
    assert_eq!(
        (found[2].offset, found[2].requested_offset),
        (Some(0), None)
    );
    assert_eq!(
        (found[4].found.as_deref(), found[4].wanted.as_deref()),
        (Some("00"), Some("ff"))
    );
}

#[test]
fn failed_accesses_name_their_place() {
    let found = complaints(captured!("issues-access-errors.stderr"));
    assert_eq!(found.len(), 4);
    assert_eq!(found[0].about, About::AccessFailed);
    assert_eq!(found[0].file.as_deref(), Some("/dev/nvme0n1"));
    assert_eq!(found[0].error.as_deref(), Some("Input/output error"));
    assert_eq!(found[0].operation.as_deref(), Some("read"));
    assert_eq!(
        (found[0].offset, found[0].length),
        (Some(8192), Some(131_072))
    );
    assert_eq!((found[2].errno, found[2].process), (Some(5), Some(2737)));
    assert_eq!(found[2].call.as_deref(), Some("io_u error"));
    assert_eq!(found[3].file.as_deref(), Some("/dev/rbd block"));
    let full = complaints(captured!("full.stderr"));
    assert_eq!(full[0].error.as_deref(), Some("No space left on device"));
    let engine = complaints(captured!("engine.stderr"));
    assert!(
        engine
            .iter()
            .all(|complaint| complaint.about == About::EngineMissing)
    );
}

#[test]
fn equal_complaints_are_counted() {
    let many = String::from_utf8_lossy(captured!("verify.stderr")).repeat(1);
    let line = many.lines().next().expect("a line");
    let found = complaints(format!("{line}\n").repeat(5000).as_bytes());
    assert_eq!((found.len(), found[0].times), (1, 5000));
}
