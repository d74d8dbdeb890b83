//! What never is in a recording, and what can be kept out of one.

use std::path::Path;

use vetting_machine::contract::context::ExpectedDisk;
use vetting_machine::recorded::{Recording, RecordingError, Verdict};
use vetting_machine::{Attempt, Machine as _, Mandate, Particulars, Reply, Request};

use crate::driver::{STAGE, ask, attempt, machine, recorder, replay};

const CANARY: &str = "canary-7f3a9";

fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("the file");
    String::from_utf8(zstd::decode_all(&*bytes).expect("it unpacks")).expect("text")
}

#[tokio::test]
async fn no_secret_is_in_a_recording_wherever_it_turns_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    let recorder = recorder(&path, false);
    let secret = Attempt {
        particulars: Particulars {
            parameters: serde_json::json!({ "password": "(secret)" }),
            secrets: vec![CANARY.to_owned()],
            ..Particulars::default()
        },
        ..attempt()
    };
    let session = recorder.machine(machine()).begin(secret).await;
    let session = session.expect("a session");
    let device = format!("/dev/{CANARY}");
    // The machine's error tells the device's name again.
    let told = session
        .call(Request::SmartRead {
            device: device.clone(),
        })
        .await;
    assert!(format!("{told:?}").contains(CANARY), "{told:?}");
    session.end().await;
    recorder.verdict(Verdict {
        stage: STAGE.to_owned(),
        attempt: 1,
        verdict: None,
        message: format!("it said {CANARY}"),
        ending: serde_json::json!({ "kind": "error", "text": CANARY }),
        interrupted: false,
        host_calls: 1,
    });
    recorder.close(None).expect("closed");
    let text = text(&path);
    assert!(!text.contains(CANARY), "{text}");
    assert!(text.contains("/dev/(secret)"), "{text}");
    // A replay's stage has the blank, and asks the same.
    let session = replay(&path, Default::default()).await;
    let device = device.replace(CANARY, "(secret)");
    assert!(session.call(Request::SmartRead { device }).await.is_err());
    assert_eq!(session.end().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_scrubbed_recording_has_stand_ins_that_agree() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    let plain = machine().begin(attempt()).await.expect("a session");
    let Ok(Reply::Disks(disks)) = plain.call(Request::Disks).await else {
        panic!("no disks");
    };
    let serial = disks[0].serial.clone().expect("a serial number");
    let wwn = disks[0].wwn.clone();
    let expecting = Attempt {
        mandate: Mandate {
            expected_disks: vec![ExpectedDisk {
                serial: serial.clone(),
                size_bytes: disks[0].size_bytes,
                wwn: wwn.clone(),
                extra: Vec::new(),
            }],
            ..Mandate::default()
        },
        ..attempt()
    };
    let recorder = recorder(&path, true);
    let session = recorder.machine(machine()).begin(expecting).await;
    let session = session.expect("a session");
    let asked = [Request::Disks, Request::QueriesList, Request::Hwmon];
    ask(&*session, &asked).await;
    session.end().await;
    recorder.close(None).expect("closed");
    let text = text(&path);
    for identity in [Some(serial), wwn].into_iter().flatten() {
        assert!(!text.contains(&identity), "{identity}");
    }
    assert!(Recording::open(&path).expect("a recording").header.scrubbed);
    let recording = Recording::open(&path).expect("a recording");
    let expected = &recording
        .attempt(STAGE)
        .expect("it ran")
        .begin
        .mandate
        .expected_disks;
    let session = replay(&path, Default::default()).await;
    let Ok(Reply::Disks(scrubbed)) = session.call(Request::Disks).await else {
        panic!("no disks");
    };
    assert_eq!(scrubbed[0].serial.as_ref(), Some(&expected[0].serial));
    assert_eq!(scrubbed[0].wwn, expected[0].wwn);
    let serials: std::collections::BTreeSet<_> = scrubbed.iter().map(|d| &d.serial).collect();
    assert_eq!(serials.len(), scrubbed.len(), "each its own stand-in");
}

#[tokio::test]
async fn a_file_that_is_there_is_not_written_over_and_only_its_owner_reads_a_new_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    recorder(&path, false).close(None).expect("closed");
    let mode = std::fs::metadata(&path)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let header = Recording::open(&path).expect("a recording").header;
    let again = vetting_machine::recorded::Recorder::create(&path, header, false);
    assert!(matches!(again, Err(RecordingError::Exists { .. })));
}
