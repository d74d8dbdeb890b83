//! Files of the kernel as stages ask for them: byte for byte, inside the root, within bounds.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use proptest::prelude::*;
use vetting_machine::contract::files::{Content, Ending, Kind};
use vetting_machine::contract::types::Error;
use vetting_machine::{Reply, Request};

use crate::tree::Tree;

fn whole(bytes: &[u8]) -> Content {
    Content {
        bytes: bytes.to_vec(),
        ending: Ending::Whole,
    }
}

#[tokio::test]
async fn files_are_given_byte_for_byte_and_their_absence_is_said() {
    let tree = Tree::new();
    let table: Vec<u8> = (0..=255).collect();
    tree.file("sys/devices/system/cpu/online", "0-1\n")
        .file("sys/firmware/dmi/tables/DMI", &table)
        .file("sys/class/net/eth0/empty", "")
        .file("proc/cmdline", "token=secret\n")
        .file("sys/class/net/eth0/device/config", "x");
    let read = tree
        .read(&[
            "sys/devices/system/cpu/online",
            "sys/firmware/dmi/tables/DMI",
            "sys/class/net/eth0/empty",
            "sys/class/net/eth0/absent",
            "sys/class/net/eth0",
            "proc/cmdline",
            "sys/class/net/eth0/device/config",
            "etc/passwd",
        ])
        .await;
    assert_eq!(read[0], whole(b"0-1\n"));
    assert_eq!(read[1], whole(&table));
    assert_eq!(read[2], whole(b""));
    assert_eq!(read[3].ending, Ending::Absent);
    assert!(matches!(read[4].ending, Ending::Failed(_)), "{:?}", read[4]);
    for denied in &read[5..] {
        assert!(matches!(denied.ending, Ending::Denied(_)), "{denied:?}");
        assert!(denied.bytes.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_a_file_holds_reaches_the_stage(
        name in "[a-z_]{1,12}x", bytes in proptest::collection::vec(any::<u8>(), 0..5_000)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let tree = Tree::new();
            let path = format!("sys/class/hwmon/hwmon0/{name}");
            tree.file(&path, &bytes);
            let listing = tree.list(&["sys/class/hwmon/*/*"]).await;
            assert_eq!(listing.found.len(), 1);
            assert_eq!(listing.found[0].path, path);
            assert_eq!(tree.read(&[&path]).await, [whole(&bytes)]);
        });
    }
}

#[tokio::test]
async fn globs_match_name_by_name_in_natural_order() {
    let tree = Tree::new();
    for cpu in [10, 2, 0] {
        tree.file(&format!("sys/devices/system/cpu/cpu{cpu}/online"), "1\n");
    }
    tree.file("sys/devices/system/cpu/cpuidle/state", "x")
        .file(
            "sys/devices/pci0000:00/0000:00:01.0/net/eth0/speed",
            "1000\n",
        )
        .file("sys/devices/pci0000:00/0000:00:01.0/vendor", "0x8086\n");
    let place = tree.path().join("sys");
    std::fs::create_dir_all(place.join("class/net")).expect("a folder");
    let target = "../../devices/pci0000:00/0000:00:01.0/net/eth0";
    symlink(target, place.join("class/net/eth0")).expect("a link");
    symlink("nowhere", place.join("class/net/gone")).expect("a link");
    let listing = tree
        .list(&[
            "sys/devices/system/cpu/cpu*/online",
            "sys/class/net/*",
            "sys/class/net/*/speed",
        ])
        .await;
    assert_eq!((listing.unread.len(), listing.cut), (0, None));
    let shown: Vec<(&str, &Kind, Option<&str>)> = listing
        .found
        .iter()
        .map(|f| (f.path.as_str(), &f.kind, f.target.as_deref()))
        .collect();
    let port = "sys/devices/pci0000:00/0000:00:01.0/net/eth0";
    assert_eq!(
        shown,
        [
            ("sys/class/net/eth0", &Kind::Folder, Some(port)),
            ("sys/class/net/eth0/speed", &Kind::File, None),
            (
                "sys/class/net/gone",
                &Kind::Other,
                Some("sys/class/net/nowhere")
            ),
            ("sys/devices/system/cpu/cpu0/online", &Kind::File, None),
            ("sys/devices/system/cpu/cpu2/online", &Kind::File, None),
            ("sys/devices/system/cpu/cpu10/online", &Kind::File, None),
        ]
    );
}

#[tokio::test]
async fn nothing_outside_the_root_and_nothing_but_regular_files_is_read() {
    let tree = Tree::new();
    tree.file("sys/class/net/eth0/speed", "1000\n")
        .file("proc/cmdline", "secret\n");
    let outside = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(outside.path(), "outside").expect("a file");
    let port = tree.path().join("sys/class/net/eth0");
    symlink(outside.path(), port.join("absolute")).expect("a link");
    symlink("../../../../../../../../etc/passwd", port.join("relative")).expect("a link");
    symlink("/proc/cmdline", port.join("cmdline")).expect("a link");
    symlink("loop", port.join("loop")).expect("a link");
    let mode = nix::sys::stat::Mode::S_IRWXU;
    nix::unistd::mkfifo(&port.join("fifo"), mode).expect("a FIFO");
    let listing = tree.list(&["sys/class/net/eth0/*"]).await;
    let files: Vec<&str> = listing
        .found
        .iter()
        .filter(|found| found.kind == Kind::File)
        .map(|found| found.path.as_str())
        .collect();
    assert_eq!(files, ["sys/class/net/eth0/speed"]);
    for name in ["absolute", "relative", "cmdline", "loop", "fifo"] {
        let path = format!("sys/class/net/eth0/{name}");
        let content = tree.read(&[&path]).await.remove(0);
        assert!(content.bytes.is_empty(), "{name}: {content:?}");
        assert_ne!(content.ending, Ending::Whole, "{name}");
    }
}

#[tokio::test]
async fn what_is_too_much_is_cut_and_says_so() {
    let tree = Tree::new();
    let long = vec![b'x'; 70_000];
    tree.file("sys/class/net/eth0/long", &long)
        .file("proc/interrupts", &long);
    let read = tree
        .read(&["sys/class/net/eth0/long", "proc/interrupts"])
        .await;
    assert_eq!(
        (read[0].bytes.len(), &read[0].ending),
        (65_536, &Ending::Cut)
    );
    assert_eq!(
        (read[1].bytes.len(), &read[1].ending),
        (70_000, &Ending::Whole)
    );
    for number in 0..5_000 {
        tree.file(&format!("sys/class/many/{number}"), "1\n");
    }
    let listing = tree.list(&["sys/class/many/*"]).await;
    assert_eq!(listing.found.len(), 4_096);
    assert!(listing.cut.is_some());
    // 4 MiB are given, and the rest is asked for again.
    for number in 0..80 {
        tree.file(&format!("sys/class/large/{number}"), &long);
    }
    let paths: Vec<String> = (0..80).map(|n| format!("sys/class/large/{n}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let read = tree.read(&paths).await;
    let left = read.iter().filter(|c| c.ending == Ending::LeftOut).count();
    assert_eq!((read.len(), left), (80, 16));
}

#[tokio::test]
async fn what_may_not_be_read_is_not_listed_either() {
    let tree = Tree::new();
    tree.file("proc/1/environ", "SECRET=1")
        .file("proc/kcore", "x")
        .file("sys/kernel/debug/x", "1")
        .file("sys/bus/pci/devices/0000:00:01.0/rom", "1")
        .file("sys/bus/pci/devices/0000:00:01.0/vendor", "1")
        .file("sys/firmware/acpi/tables/MSDM", "KEY")
        .file("etc/shadow", "x");
    let globs = [
        "proc/*/*",
        "proc/*",
        "sys/kernel/debug/*",
        "sys/bus/pci/devices/*/*",
        "etc/*",
        "*/*",
    ];
    let listing = tree.list(&globs).await;
    let files: Vec<&str> = listing
        .found
        .iter()
        .filter(|found| found.kind == Kind::File)
        .map(|found| found.path.as_str())
        .collect();
    assert_eq!(files, ["sys/bus/pci/devices/0000:00:01.0/vendor"]);
    let unread: Vec<&str> = listing
        .unread
        .iter()
        .map(|(glob, _)| glob.as_str())
        .collect();
    assert_eq!(unread, ["etc/*", "sys/kernel/debug/*"]);
}

#[tokio::test]
async fn paths_that_are_not_well_formed_are_refused() {
    let tree = Tree::new();
    let session = tree.session().await;
    for path in ["/sys/class", "sys/../etc/passwd", "sys//x", "", "sys/**"] {
        let (globs, paths) = (vec![path.to_owned()], vec![path.to_owned()]);
        for request in [Request::FilesList { globs }, Request::FilesRead { paths }] {
            let answer = session.call(request).await;
            assert!(
                matches!(answer, Err(Error::Invalid(_))),
                "{path}: {answer:?}"
            );
        }
    }
    let paths = vec!["sys/x".to_owned(); 4_097];
    let answer = session.call(Request::FilesRead { paths }).await;
    assert!(matches!(answer, Err(Error::Invalid(_))));
    let globs = vec!["sys/class/*".to_owned(); 256];
    let answer = session.call(Request::FilesList { globs }).await;
    assert!(matches!(answer, Ok(Reply::FilesListing(_))));
}

#[tokio::test]
async fn a_name_that_is_not_text_is_passed_over() {
    let tree = Tree::new();
    tree.file("sys/class/net/eth0/speed", "1\n");
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    std::fs::write(tree.path().join("sys/class/net").join(name), "x").expect("a file");
    let listing = tree.list(&["sys/class/net/*"]).await;
    assert_eq!(listing.found.len(), 1);
}
