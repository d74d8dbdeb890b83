//! Faults over single exchanges: evidence that is cut, empty, stale, or refused for one drive, one question
//! or some files alone.

use std::sync::Arc;

use futures::FutureExt as _;
use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::files::{Content, Ending};
use vetting_machine::contract::types::{Document, DocumentEnding, Error};
use vetting_machine::fault::{Fault, Faults, Overlay};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Machine as _, Reply, Request};

use crate::driver::{Driver, attempt};

/// The healthy server with a fault over it, and the faults.
fn with(fault: &str) -> (Driver, Arc<Faults>) {
    let fault: Fault = fault.parse().unwrap_or_else(|error| panic!("{error}"));
    let faults = Arc::new(Faults::new(vec![fault]));
    let machine = SimulatedMachine::builtin("healthy-server", 1).expect("is built in");
    let machine = Overlay::new(Arc::new(machine), Arc::clone(&faults));
    let session = machine.begin(attempt()).now_or_never();
    let session = session.expect("begins at once").expect("begins");
    (Driver(session), faults)
}

fn drive(driver: &Driver, device: &str) -> Result<Document, Error> {
    let device = device.to_owned();
    driver
        .call(Request::SmartRead { device })
        .map(|reply| match reply {
            Reply::Document(document) => *document,
            other => panic!("{other:?}"),
        })
}

fn read(driver: &Driver, paths: &[&str]) -> Vec<Content> {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    match driver.ask(Request::FilesRead { paths }) {
        Reply::FilesContents(contents) => contents,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_drive_is_refused_and_another_is_not() {
    for place in ["smart.read[sda]", "smart.read[/dev/sda]", "smart.read[*a]"] {
        let (driver, faults) = with(&format!("{place} = timed-out"));
        drive(&driver, "sdb").expect("another drive");
        assert_eq!(faults.idle().len(), 1, "{place}");
        assert_eq!(drive(&driver, "sda"), Err(Error::TimedOut), "{place}");
        assert!(faults.idle().is_empty(), "{place}");
    }
}

#[test]
fn a_number_counts_the_readings_of_that_drive() {
    let (driver, _) = with("smart.read[sda]#2 = denied");
    drive(&driver, "sdb").expect("another drive");
    drive(&driver, "sda").expect("the first reading");
    drive(&driver, "sdb").expect("another drive");
    assert!(matches!(drive(&driver, "sda"), Err(Error::Denied(_))));
    drive(&driver, "sda").expect("the third reading");
}

#[test]
fn a_document_is_cut_emptied_or_ends_with_other_bits() {
    let whole = drive(&Driver::builtin("healthy-server"), "sda").expect("a document");
    let (driver, _) = with("smart.read[sda] = cut 100");
    let cut = drive(&driver, "sda").expect("a document");
    assert_eq!(cut.stdout[..], whole.stdout[..100]);
    assert_eq!(cut.ending, DocumentEnding::Cut(100));

    let (driver, _) = with("smart.read[sda] = cut 10000000");
    assert_eq!(drive(&driver, "sda").expect("a document"), whole);

    let (driver, _) = with("smart.read[sda] = empty");
    let empty = drive(&driver, "sda").expect("a document");
    assert!(empty.stdout.is_empty());
    assert_eq!(empty.ending, DocumentEnding::Complete);

    let (driver, _) = with("smart.read[sda] = exit 8");
    let bits = drive(&driver, "sda").expect("a document");
    assert_eq!(whole.exit_status, Some(0));
    assert_eq!(bits.exit_status, Some(8));
    assert_eq!(bits.stdout, whole.stdout);
}

#[test]
fn a_question_is_answered_with_the_earlier_document() {
    let ask = |driver: &Driver, question| match driver.ask(Request::Bmc { question }) {
        Reply::Document(document) => *document,
        other => panic!("{other:?}"),
    };
    let (driver, faults) = with("bmc.ask[thresholds]#2 = stale");
    let first = ask(&driver, Question::Thresholds);
    driver.sleep(60);
    ask(&driver, Question::Sensors);
    assert_eq!(faults.idle().len(), 1);
    assert_eq!(ask(&driver, Question::Thresholds), first);
    // The third is new, and says when it was taken.
    assert_ne!(ask(&driver, Question::Thresholds).begun_ns, first.begun_ns);
}

#[test]
fn a_query_is_struck_by_its_name_or_with_its_target() {
    let ask = |driver: &Driver, name: &str, target: &str| {
        driver.call(Request::QueriesRun {
            name: name.to_owned(),
            target: target.to_owned(),
        })
    };
    const PORT: &str = "ens1f0np0";
    for (place, struck) in [
        ("ethtool", true),
        ("ethtool ens1f0np0", true),
        ("ethtool *", true),
        ("ethtool ens1f1np1", false),
        ("ethtool-driver", false),
    ] {
        let (driver, _) = with(&format!("queries.run[{place}] = empty"));
        let Ok(Reply::Document(document)) = ask(&driver, "ethtool", PORT) else {
            panic!("no document");
        };
        assert_eq!(document.stdout.is_empty(), struck, "{place}");
    }
}

#[test]
fn some_files_fail_and_the_rest_is_read() {
    const CPUS: &str = "proc/cpuinfo";
    const ONLINE: &str = "sys/devices/system/cpu/online";
    let healthy = read(&Driver::builtin("healthy-server"), &[CPUS, ONLINE]);
    for (kind, ending) in [
        ("unavailable", Ending::Absent),
        ("timed-out", Ending::TimedOut),
    ] {
        let (driver, _) = with(&format!("files.read[sys/devices/**] = {kind}"));
        let contents = read(&driver, &[CPUS, ONLINE]);
        assert_eq!(contents[0], healthy[0]);
        assert_eq!((&contents[1].ending, contents[1].bytes.len()), (&ending, 0));
    }
    let (driver, _) = with("files.read[proc/cpuinfo] = cut 3");
    let contents = read(&driver, &[ONLINE, CPUS]);
    assert_eq!(contents[0], healthy[1]);
    assert_eq!(contents[1].bytes[..], healthy[0].bytes[..3]);
    assert_eq!(contents[1].ending, Ending::Cut);

    let (driver, _) = with("files.read[proc/cpuinfo] = empty");
    let contents = read(&driver, &[CPUS]);
    assert_eq!(
        contents[0],
        Content {
            bytes: Vec::new(),
            ending: Ending::Whole
        }
    );
    // A cancellation is the whole call's.
    let (driver, _) = with("files.read[proc/cpuinfo] = cancelled");
    let paths = vec![ONLINE.to_owned(), CPUS.to_owned()];
    assert_eq!(
        driver.call(Request::FilesRead { paths }),
        Err(Error::Cancelled)
    );
}

#[test]
fn paths_are_taken_out_of_a_listing() {
    let list = |driver: &Driver| {
        let globs = vec!["sys/devices/system/cpu/*".to_owned()];
        match driver.ask(Request::FilesList { globs }) {
            Reply::FilesListing(listing) => listing,
            other => panic!("{other:?}"),
        }
    };
    let healthy = list(&Driver::builtin("healthy-server"));
    let has = |listing: &vetting_machine::contract::files::Listing, name: &str| {
        listing.found.iter().any(|found| found.path.ends_with(name))
    };
    assert!(has(&healthy, "/online"));
    let (driver, _) = with("files.list[sys/devices/system/cpu/online] = failed");
    let failed = list(&driver);
    assert!(!has(&failed, "/online"));
    assert_eq!(failed.found.len(), healthy.found.len() - 1);
    let unread = failed.unread.iter().map(|(path, _)| path.as_str());
    assert_eq!(
        unread.collect::<Vec<_>>(),
        ["sys/devices/system/cpu/online"]
    );

    let (driver, _) = with("files.list[sys/devices/**] = empty");
    let absent = list(&driver);
    assert!(absent.found.is_empty() && absent.unread == healthy.unread);
}
