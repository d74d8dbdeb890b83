//! The guard on machines made of files. They are copies, which is one condition that is never met:
//! so nothing here can be allowed by mistake, and the others are looked at one by one.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::contract::context::ExpectedDisk;

const SIZE: u64 = 8 << 20;

struct Copy {
    folder: tempfile::TempDir,
    root: Root,
}

impl Copy {
    /// A machine in memory with two SATA disks and a partition.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path()).expect("a root");
        let copy = Copy { folder, root };
        copy.file("proc/self/mountinfo", "1 0 0:1 / / rw - tmpfs tmpfs rw");
        copy.file(crate::real::MARKER, "");
        copy.disk("sda", "S1", 1);
        copy.disk("sdb", "S2", 2);
        copy.file("sys/block/sda/sda1/partition", "1");
        fs::create_dir_all(copy.folder.path().join("sys/class/block")).expect("a folder");
        let link = copy.folder.path().join("sys/class/block/sda1");
        symlink("../../block/sda/sda1", link).expect("a link");
        copy
    }

    fn file(&self, path: &str, text: &str) {
        let file = self.folder.path().join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, text).expect("written");
    }

    fn disk(&self, name: &str, serial: &str, sequence: u64) {
        let folder = format!("sys/block/{name}");
        self.file(&format!("{folder}/size"), &(SIZE / 512).to_string());
        self.file(&format!("{folder}/dev"), &format!("8:{sequence}"));
        self.file(&format!("{folder}/diskseq"), &sequence.to_string());
        self.file(&format!("{folder}/device/serial"), serial);
        self.file(&format!("{folder}/device/vendor"), "ATA");
        self.file(&format!("dev/{name}"), "");
        self.image(name).set_len(SIZE).expect("a sparse disk");
    }

    fn image(&self, name: &str) -> File {
        let path = self.folder.path().join("dev").join(name);
        File::options().write(true).open(path).expect("the disk")
    }

    fn ask(&self, name: &str, mandate: &Mandate) -> Decision {
        let used = BTreeSet::new();
        decide(&Question {
            root: &self.root,
            live_image: true,
            mandate,
            name,
            now: Duration::ZERO,
            used: &used,
        })
        .0
    }
}

fn destructive() -> Mandate {
    Mandate {
        non_destructive: false,
        expected_disks: vec![ExpectedDisk {
            serial: "S1".into(),
            size_bytes: SIZE,
            wwn: None,
            extra: Vec::new(),
        }],
        wipe_override: None,
    }
}

/// What is in the way, beside what always is on a copy.
fn unmet(decision: &Decision) -> Vec<&str> {
    let unmet = decision.conditions.iter().filter(|c| !c.met);
    let names = unmet.map(|c| c.name.as_str());
    names
        .filter(|name| {
            ![
                "live image: this machine",
                "no reservation",
                "no writer",
                wipe::OVERRIDE,
            ]
            .contains(name)
        })
        .collect()
}

#[test]
fn a_disk_that_meets_every_other_condition_is_still_that_of_a_copy() {
    let copy = Copy::new();
    let decision = copy.ask("sda", &destructive());
    assert_eq!(unmet(&decision), [""; 0], "{decision:?}");
    assert!(!decision.allows());
}

#[test]
fn each_condition_is_in_the_way_by_itself() {
    let copy = Copy::new();
    assert_eq!(
        unmet(&copy.ask("sda", &Mandate::default())),
        ["run may write", "one expected disk"]
    );
    assert_eq!(
        unmet(&copy.ask("sdb", &destructive())),
        ["one expected disk"]
    );
    assert_eq!(unmet(&copy.ask("sda1", &destructive())), ["whole disk"]);
    assert_eq!(unmet(&copy.ask("dm-0", &destructive())), ["whole disk"]);
    assert_eq!(
        unmet(&copy.ask("../dev/sda", &destructive())),
        ["whole disk"]
    );
    copy.file("sys/block/sda/holders/dm-0/uevent", "");
    assert_eq!(unmet(&copy.ask("sda", &destructive())), ["not in use"]);
}

#[test]
fn a_marker_that_is_missing_a_root_on_a_disk_and_a_battery_are_in_the_way() {
    let copy = Copy::new();
    copy.file("sys/class/power_supply/BAT0/type", "Battery");
    assert_eq!(
        unmet(&copy.ask("sda", &destructive())),
        ["live image: not portable"]
    );
    let copy = Copy::new();
    copy.file("proc/self/mountinfo", "1 0 8:33 / / rw - ext4 /dev/sdc1 rw");
    assert_eq!(
        unmet(&copy.ask("sda", &destructive())),
        ["live image: root off disk"]
    );
    let copy = Copy::new();
    fs::remove_file(copy.folder.path().join(crate::real::MARKER)).expect("removed");
    assert_eq!(
        unmet(&copy.ask("sda", &destructive())),
        ["live image: marker"]
    );
}

#[test]
fn content_of_any_kind_and_blocks_that_cannot_be_read_are_in_the_way() {
    use std::os::unix::fs::FileExt as _;
    let copy = Copy::new();
    let disk = copy.image("sda");
    disk.write_all_at(b"XFSB", 0).expect("written");
    assert_eq!(unmet(&copy.ask("sda", &destructive())), [EMPTY]);
    disk.write_all_at(b"no signature", 0).expect("written");
    assert_eq!(unmet(&copy.ask("sda", &destructive())), [EMPTY]);
    disk.set_len(SIZE / 2).expect("cut short");
    disk.write_all_at(&[0; 12], 0).expect("written");
    assert_eq!(unmet(&copy.ask("sda", &destructive())), [EMPTY]);
}

// What happens between two system calls cannot be made to happen on a real machine in time.
#[test]
fn a_disk_that_was_exchanged_while_it_was_opened_is_noticed() {
    let copy = Copy::new();
    let before = Identity::shown(&copy.root, "sda");
    let file = disks::open(&copy.root, "sda", O_EXCL).expect("opened");
    let unchanged = || identity::unchanged(&before, &copy.root, "sda", &file);
    assert!(unchanged().is_ok());
    for (attribute, other, own) in [
        ("diskseq", "7", "1"),
        ("dev", "8:7", "8:1"),
        ("device/serial", "S7", "S1"),
        ("size", "8", &(SIZE / 512).to_string()),
    ] {
        let path = format!("sys/block/sda/{attribute}");
        copy.file(&path, other);
        let found = unchanged().expect_err(attribute);
        assert!(found.contains("another disk"), "{found}");
        copy.file(&path, own);
        assert!(unchanged().is_ok(), "{attribute}");
    }
    fs::remove_file(copy.folder.path().join("sys/block/sda/diskseq")).expect("removed");
    let before = Identity::shown(&copy.root, "sda");
    assert!(identity::unchanged(&before, &copy.root, "sda", &file).is_err());
}

#[test]
fn a_second_path_and_a_higher_lun_are_in_the_way() {
    let copy = Copy::new();
    for name in ["sda", "sdb"] {
        copy.file(
            &format!("sys/block/{name}/device/wwid"),
            "naa.5000c500a1b2c3d4",
        );
    }
    assert_eq!(unmet(&copy.ask("sda", &destructive())), ["one path"]);
    let copy = Copy::new();
    let device = copy.folder.path().join("sys/block/sda/device");
    let target = copy.folder.path().join("sys/devices/0:0:0:3");
    fs::create_dir_all(target.parent().expect("a folder")).expect("made");
    fs::rename(&device, &target).expect("moved");
    symlink("../../devices/0:0:0:3", &device).expect("a link");
    assert_eq!(unmet(&copy.ask("sda", &destructive())), ["one path"]);
}
