//! The wipe guard on real block devices: one emulated machine with a disk of every kind that must not
//! be written to, the real agent in it, and a real orchestrator. Whatever is denied is afterwards, byte
//! for byte, what it was.
//!
//! Not here but in `machine/src/real/wipe/`, on machines made of files: a battery, a disk that is
//! exchanged between the look and the opening, NVMe reservations. QEMU has none of them.

mod answers;
mod disks;

use std::collections::BTreeMap;
use std::path::Path;

use answers::{held, refused, waived};
use disks::{Made, all};
use serde_json::Value;
use vetting_tests::fleet::{Orchestrator, Run};
use vetting_tests::guests;
use vetting_tests::qemu::{Hardware, Image, Machine};

/// How long an override is good for, and how much later one attempt tries to use it.
const OVERRIDE: &str = "15s";
const LATE_MS: u64 = 17_000;

#[test]
fn only_what_is_meant_to_be_written_is_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let disks: Vec<Made> = all(folder.path());
    let before: BTreeMap<_, _> = disks.iter().map(|d| (d.key, d.sha256())).collect();
    let orchestrator = Orchestrator::with(&["--directive", OVERRIDE]);
    let stage = guests().join("Wipe.wasm");
    orchestrator.cli(&["stage", "add", &stage.display().to_string()]);
    let spec = folder.path().join("spec.toml");
    std::fs::write(&spec, disks::spec(&disks)).expect("the spec is written");

    let of_one = "Wipe.first=HARMLESS";
    let late = [
        format!("Wipe.late={}", 4),
        format!("Wipe.wait_ms={LATE_MS}"),
    ];
    let again = "Wipe.again=GPTTABLE,MBRTABLE,MOUNTED1,WRONGONE";
    let runs = [
        (
            "harmless",
            run(&orchestrator, "harmless", &spec, &["--set", of_one]),
        ),
        (
            "unmarked",
            run(
                &orchestrator,
                "unmarked",
                &spec,
                &["--destructive", "--set", of_one],
            ),
        ),
        (
            "on-disk",
            run(
                &orchestrator,
                "on-disk",
                &spec,
                &["--destructive", "--set", of_one],
            ),
        ),
        ("destructive", {
            let mut flags = vec!["--destructive", "--set", "Wipe.more=loop0"];
            flags.extend(["--set", again, "--set", &late[0], "--set", &late[1]]);
            run(&orchestrator, "destructive", &spec, &flags)
        }),
    ];
    let image = image(&orchestrator, &runs, &spec);
    let devices: Vec<_> = disks.iter().map(|d| d.disk.clone()).collect();
    let mut machine = Machine::boot(&image, &Hardware::default(), &devices, folder.path());

    // One run after the other, each until it holds, and then given up.
    let mut denied = BTreeMap::new();
    for (name, run) in &runs[..3] {
        denied.insert(*name, held(&orchestrator, &machine, run, 1));
        orchestrator.cli(&["run", "abort", &run.id]);
    }
    let (_, run) = &runs[3];
    let first = held(&orchestrator, &machine, run, 1);
    let retry = |wipe: &[&str]| {
        let mut args = vec!["run", "retry", &run.id];
        args.extend(wipe.iter().flat_map(|serial| ["--wipe", serial]));
        orchestrator.cli(&args);
    };
    retry(&["GPTTABLE", "MOUNTED1", "WRONGONE"]);
    let second = held(&orchestrator, &machine, run, 2);
    retry(&[]);
    let third = held(&orchestrator, &machine, run, 3);
    retry(&["MBRTABLE"]);
    let fourth = held(&orchestrator, &machine, run, 4);
    let denials = orchestrator.report(run)["stages"].to_string();
    orchestrator.cli(&["run", "abort", &run.id]);
    machine.wait();
    let console = machine.console();
    assert!(
        console.contains("DONE") && !console.contains("MISSING"),
        "{console}"
    );

    // A run that may not write, an image without its marker, and one that lies on a disk.
    for (name, condition, why) in [
        ("harmless", "run may write", "the run is non-destructive"),
        ("unmarked", "live image: marker", "No such file"),
        (
            "on-disk",
            "live image: root off disk",
            "/ lies on ext4 on /dev/",
        ),
    ] {
        let answer = denied[name].of("HARMLESS", "first");
        refused(answer, &[condition], why);
    }
    // Each disk by itself.
    for disk in &disks {
        let answer = first.of(disk.key, "first");
        match disk.in_the_way {
            None => assert!(
                answer.starts_with("wrote 1048576 bytes, error 0: the disk"),
                "{}: {answer}",
                disk.key
            ),
            Some((conditions, why)) => refused(answer, conditions, why),
        }
    }
    refused(
        first.of("RESERVED", "first"),
        &["no reservation"],
        "1 keys of other hosts",
    );
    refused(
        first.of("PARTITION", "first"),
        &["whole disk"],
        "it is a partition",
    );
    let virtual_disk = first.of("loop0", "first");
    assert!(virtual_disk.contains("is not available"), "{virtual_disk}");
    let namespace = first.of("FABRICS1/1", "first");
    assert!(
        namespace.starts_with("wrote 1048576 bytes, error 0: "),
        "{namespace}"
    );
    assert!(
        namespace.contains("nvme-of, which the spec names"),
        "{namespace}"
    );
    refused(
        first.of("FABRICS1/2", "first"),
        &["one expected disk", "transport"],
        "it is 00000000000000010000000000000012",
    );
    refused(
        first.of("TWOPATHS", "first"),
        &["one path"],
        "2 controllers lead to it",
    );
    // A disk that was written before is still empty.
    let again = first.of("EMPTYONE", "second");
    assert!(again.contains("our own pattern"), "{again}");

    // The override lists one that has content, one that is mounted, and one that is not expected.
    let written = second.of("GPTTABLE", "first");
    assert!(
        written.starts_with("wrote 1048576 bytes, error 0: "),
        "{written}"
    );
    assert!(
        written.contains("wipe override (root's lists it)"),
        "{written}"
    );
    refused(
        second.of("GPTTABLE", "second"),
        &["empty"],
        "was used for this disk already",
    );
    let mounted = second.of("MOUNTED1", "first");
    assert!(
        mounted.contains("Met: ") && mounted.contains("wipe override (root's lists it)"),
        "{mounted}"
    );
    waived(
        mounted,
        &[
            "held alone",
            "unchanged",
            "not in use",
            "no reservation",
            "empty",
        ],
    );
    waived(second.of("WRONGONE", "first"), &["one expected disk"]);
    refused(
        second.of("MBRTABLE", "first"),
        &["empty"],
        "root's lists GPTTABLE, MOUNTED1, WRONGONE",
    );
    // It is for one attempt, and not for long.
    refused(
        third.of("GPTTABLE", "first"),
        &["empty"],
        "none for this attempt",
    );
    refused(
        fourth.of("MBRTABLE", "first"),
        &["empty"],
        "root's has expired",
    );
    assert!(
        first
            .text
            .contains("non-destructive false, wipe armed false, live image true")
    );
    assert!(
        second
            .text
            .contains("non-destructive false, wipe armed true, live image true")
    );
    assert!(
        denials.contains("may not be written to. Not met: "),
        "{denials}"
    );

    // What was denied is what it was.
    let mut changed = Vec::new();
    for disk in &disks {
        let known = made(&console, disk.key).unwrap_or_else(|| before[disk.key].clone());
        if disk.sha256() != known {
            changed.push(disk.key);
        }
    }
    let mut expected: Vec<_> = disks
        .iter()
        .filter(|d| d.in_the_way.is_none())
        .map(|d| d.key)
        .collect();
    // Written under the override; and the disk that a root file system was put on.
    expected.extend(["GPTTABLE", "ROOTDISK"]);
    expected.sort_unstable();
    changed.sort_unstable();
    assert_eq!(changed, expected);
    let sum = |when: &str, image: &str| {
        let line = format!("{when} {image} ");
        let sum = console.lines().find_map(|told| told.strip_prefix(&line));
        sum.unwrap_or_else(|| panic!("no {line}: {console}"))
            .to_owned()
    };
    for (image, same) in [("11", false), ("12", true), ("21", true)] {
        assert_eq!(sum("BEFORE", image) == sum("AFTER", image), same, "{image}");
    }
    check_shows_the_same(&console);
}

/// A run of the stage on a host of its own.
fn run(orchestrator: &Orchestrator, host: &str, spec: &Path, flags: &[&str]) -> Run {
    let last = host.bytes().fold(0_u8, u8::wrapping_add);
    let mac = format!("02:00:00:00:00:{last:02x}");
    let spec = spec.display().to_string();
    orchestrator.cli(&["host", "add", host, "--mac", &mac, "--spec", &spec]);
    let create = ["run", "create", host, "--stage", "Wipe"];
    let made = orchestrator.cli(&[&create, flags].concat());
    let text = |key: &str| made[key].as_str().expect(key).to_owned();
    Run {
        id: text("id"),
        token: text("boot_token"),
        mac,
    }
}

fn image(orchestrator: &Orchestrator, runs: &[(&str, Run)], spec: &Path) -> Image {
    let programs = [
        "fio",
        "smartctl",
        "pvcreate",
        "mdadm",
        "make-bcache",
        "dmsetup",
        "sg_persist",
    ];
    let drivers = [
        "e1000",
        "ahci",
        "sd_mod",
        "nvme",
        "virtio_blk",
        "virtio_pci",
        "xhci_pci",
        "usb_storage",
        "dm_mod",
        "loop",
        "md_mod",
        "raid1",
        "ext4",
        "configfs",
        "target_core_mod",
        "nvmet",
        "nvmet_tcp",
        "nvme_tcp",
        "crc32c_generic",
        "tcm_loop",
    ];
    let image = Image::new(&programs, &drivers);
    let port = orchestrator.url.rsplit(':').next().expect("a port");
    let mut text = format!("URL=https://10.0.2.2:{port}\nPIN={}\n", orchestrator.pin);
    for (name, run) in runs {
        let name = name.to_uppercase().replace('-', "_");
        text.push_str(&format!(
            "{name}=\"{} {} {}\"\n",
            run.id, run.token, run.mac
        ));
    }
    image.file("etc/vetting/runs", &text, 0o600);
    image.file("etc/vetting/boot", include_str!("boot.sh"), 0o644);
    let spec = std::fs::read_to_string(spec).expect("the spec");
    image.file("etc/vetting/spec.toml", &spec, 0o644);
    image
}

/// The sha256 of a disk that was made in the machine.
fn made(console: &str, key: &str) -> Option<String> {
    let line = console
        .lines()
        .find_map(|line| line.strip_prefix(&format!("MADE {key} ")))?;
    Some(line.trim().to_owned())
}

/// `vetting machine check --wipe` was asked before anything was tried.
fn check_shows_the_same(console: &str) {
    let shown = console
        .split_once("CHECK BEGIN")
        .and_then(|(_, rest)| rest.split_once("CHECK END"));
    let (shown, _) = shown.expect("an answer of the check");
    let decisions: Value = serde_json::from_str(shown).unwrap_or_else(|e| panic!("{e}: {shown}"));
    let decisions = decisions.as_array().expect("a list");
    assert!(decisions.len() > 20, "{decisions:?}");
    for decision in decisions {
        let state = |name: &str| {
            let mut conditions = decision["conditions"]
                .as_array()
                .expect("conditions")
                .iter();
            conditions
                .find(|c| c["name"] == name)
                .unwrap_or_else(|| panic!("no {name}: {decision}"))
        };
        for not_asked in ["live image: flag", "run may write", "wipe override"] {
            assert_eq!(state(not_asked)["met"], false, "{decision}");
            let found = state(not_asked)["found"].as_str().expect("a text");
            assert!(found.starts_with("not asked"), "{found}");
        }
        assert_eq!(state("live image: marker")["met"], true, "{decision}");
    }
}
