//! The wipe guard of a simulated machine: the conditions of a real one.

use vetting_machine::contract::context::ExpectedDisk;
use vetting_machine::contract::fio;
use vetting_machine::contract::types::Error;
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Attempt, Mandate, Reply, Request, WipeOverride};

use crate::driver::{Driver, attempt};

#[test]
fn a_disk_is_written_to_only_where_the_wipe_guard_lets_it() {
    const LIVE: &str = "live_image = true\n[[disk]]\nname = \"sda\"\nsignatures = []\nmounted = []\n\
        [[disk]]\nname = \"sdb\"\nsignatures = [\"gpt\"]\nmounted = []\n";
    let disks = match Driver::healthy_with(LIVE).ask(Request::Disks) {
        Reply::Disks(disks) => disks,
        other => panic!("{other:?}"),
    };
    let expected = disks.iter().map(|disk| ExpectedDisk {
        serial: disk.serial.clone().unwrap_or_default(),
        size_bytes: disk.size_bytes,
        wwn: disk.wwn.clone(),
        extra: Vec::new(),
    });
    let serial = |name: &str| {
        let mut disks = disks.iter();
        let disk = disks.find(|disk| disk.name == name).expect("a disk");
        disk.serial.clone().expect("a serial number")
    };
    let destructive = Mandate {
        non_destructive: false,
        expected_disks: expected.collect(),
        wipe_override: None,
    };
    let overridden = Mandate {
        wipe_override: Some(WipeOverride {
            disks: vec![serial("sdb")],
            by: "ann".into(),
            expires: std::time::Duration::from_secs(60),
        }),
        ..destructive.clone()
    };
    let with = |toml: &str, mandate: &Mandate| {
        let text = format!("extends = \"healthy-server\"\n{toml}");
        let machine = SimulatedMachine::from_toml("test", &text, 1).expect("is a good profile");
        Driver::with(
            &machine,
            Attempt {
                mandate: mandate.clone(),
                ..attempt()
            },
        )
    };
    let write = |driver: &Driver, disk: &str| {
        let job = fio::Job {
            target: fio::Target::Disk(disk.into()),
            pattern: fio::Pattern::Write,
            block_size: 4096,
            io_depth: 1,
            workers: 1,
            runtime_ms: Some(1000),
            size_bytes: None,
            offset_bytes: 0,
            direct: true,
            verify: false,
            options: Vec::new(),
        };
        driver.call(Request::FioStart { job })
    };
    let denied = |answer: vetting_machine::Answer, why: &str| match answer {
        Err(Error::Denied(reason)) => assert!(reason.contains(why), "not `{why}`: {reason}"),
        other => panic!("{other:?}"),
    };
    let not_live = LIVE.replace("live_image = true\n", "");
    denied(
        write(&with(&not_live, &destructive), "sda"),
        "Not met: live image (",
    );
    denied(
        write(&with(LIVE, &Mandate::default()), "sda"),
        "Not met: run may write (",
    );
    let driver = with(LIVE, &destructive);
    assert!(matches!(write(&driver, "sda"), Ok(Reply::Run(_))));
    denied(
        write(&driver, "sdb"),
        "Not met: empty (gpt); wipe override (none",
    );
    let driver = with(LIVE, &overridden);
    assert!(matches!(write(&driver, "sdb"), Ok(Reply::Run(_))));
    denied(write(&driver, "sdb"), "used for this disk already");
}
