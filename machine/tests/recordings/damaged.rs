//! What is wrong with a recording is said in a sentence.

use vetting_machine::recorded::{Bounds, Recording, RecordingError};

use crate::driver::{record, requests};

/// A recording's bytes, and its lines.
async fn recorded() -> (Vec<u8>, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    record(&path, &requests()).await;
    let bytes = std::fs::read(&path).expect("the file");
    let text = zstd::decode_all(&*bytes).expect("it unpacks");
    let text = String::from_utf8(text).expect("it is text");
    (bytes, text.lines().map(str::to_owned).collect())
}

fn packed(lines: &[String]) -> Vec<u8> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    zstd::encode_all(text.as_bytes(), 3).expect("it packs")
}

fn read(bytes: &[u8]) -> Result<Recording, RecordingError> {
    Recording::read(bytes, Bounds::default())
}

fn error(bytes: &[u8]) -> String {
    read(bytes).expect_err("it is wrong").to_string()
}

#[tokio::test]
async fn a_whole_one_is_read() {
    let (bytes, lines) = recorded().await;
    assert_eq!(read(&bytes).expect("it is").cut_short(), None);
    assert_eq!(read(&packed(&lines)).expect("it is").cut_short(), None);
}

#[tokio::test]
async fn one_that_is_truncated_says_where_or_that_it_has_no_header() {
    let (bytes, _) = recorded().await;
    for length in 1..bytes.len() {
        match read(&bytes[..length]) {
            Ok(recording) => assert!(recording.cut_short().is_some(), "{length}"),
            Err(RecordingError::NoHeader) => {}
            Err(other) => panic!("{length}: {other}"),
        }
    }
    insta::assert_snapshot!(error(&bytes[..40]), @"the recording is cut short before its header ends; copy it again, or record again");
}

#[tokio::test]
async fn one_that_is_cut_between_two_lines_says_after_which_exchange() {
    let (_, lines) = recorded().await;
    let cut = |lines: usize, all: &[String]| {
        let recording = read(&packed(&all[..lines])).expect("it is read");
        recording.cut_short().expect("it is cut")
    };
    insta::assert_snapshot!(cut(1, &lines), @"the recording is cut short before its first attempt");
    insta::assert_snapshot!(cut(2, &lines), @"the recording is cut short at the beginning of SMART");
    insta::assert_snapshot!(cut(5, &lines), @"the recording is cut short at exchange 2 of SMART, `hwmon.read`, which has no answer");
    insta::assert_snapshot!(cut(6, &lines), @"the recording is cut short after exchange 2 of SMART, `hwmon.read`");
}

#[tokio::test]
async fn every_edit_is_found() {
    let (_, lines) = recorded().await;
    for (number, line) in lines.iter().enumerate().skip(1) {
        // One digit, wherever it is behind the sum.
        let (sum, rest) = line.split_at(42);
        let Some(digit) = rest.find(|c: char| c.is_ascii_digit()) else {
            continue;
        };
        let mut edited = rest.to_owned();
        let other = if rest.as_bytes()[digit] == b'7' {
            "8"
        } else {
            "7"
        };
        edited.replace_range(digit..=digit, other);
        let mut all = lines.clone();
        all[number] = format!("{sum}{edited}");
        assert!(
            matches!(read(&packed(&all)), Err(RecordingError::Edited { .. })),
            "line {}: {edited}",
            number + 1
        );
        // A line that is left out.
        let mut all = lines.clone();
        all.remove(number);
        let last = number + 1 == lines.len();
        assert_eq!(read(&packed(&all)).is_ok(), last, "line {}", number + 1);
    }
    let mut edited = lines.clone();
    edited[5] = edited[5].replacen("\"value\":", "\"value\":1", 1);
    insta::assert_snapshot!(error(&packed(&edited)), @"line 6 of the recording at exchange 2 of SMART, `hwmon.read`, which has no answer is not what was written: its sum is wrong, so it or a line before it was edited or damaged; use an untouched copy");
}

#[tokio::test]
async fn what_is_no_recording_is_said_to_be_none() {
    let (bytes, lines) = recorded().await;
    insta::assert_snapshot!(error(b""), @"the file is empty: no recording was written to it");
    insta::assert_snapshot!(error(b"{\"format\":\"vetting.run/1\"}"), @"the file is no recording: it is JSON, and a recording is compressed with zstd; `vetting run --record FILE` makes one");
    insta::assert_snapshot!(error(b"\x7fELF"), @"the file is no recording: it is not compressed with zstd; `vetting run --record FILE` makes one");
    let other = packed(&["{\"a\":1}".to_owned()]);
    insta::assert_snapshot!(error(&other), @"the file is no recording: its first line is no header; `vetting run --record FILE` makes one");
    let future = lines[0].replace("vetting.recording/2", "vetting.recording/3");
    insta::assert_snapshot!(error(&packed(&[future])), @"the recording is of the format `vetting.recording/3`, and this vetting reads `vetting.recording/2`; use the vetting that recorded it (0.1.0) or a newer one");
    let mut flipped = bytes.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    assert!(read(&flipped).is_err());
    let more = [lines.clone(), vec![lines[1].clone()]].concat();
    assert!(read(&packed(&more)).is_err());
}

#[tokio::test]
async fn a_bomb_is_not_unpacked() {
    let (_, lines) = recorded().await;
    let line = format!("{}\n", lines[0]);
    let long = [line.as_bytes(), &vec![b' '; 64 << 20]].concat();
    let long = zstd::encode_all(&*long, 3).expect("it packs");
    assert!(long.len() < 100_000, "{}", long.len());
    insta::assert_snapshot!(error(&long), @"line 2 of the recording has more than 16777216 bytes, which no recording has");
    let bounds = Bounds {
        line: 1 << 20,
        total: 10_000,
    };
    let large = Recording::read(&*packed(&lines), bounds).expect_err("it is too large");
    insta::assert_snapshot!(large, @"the recording unpacks to more than 10000 bytes, which are the most that are read");
}
