use super::super::*;
use super::{DEVICES, MACHINE, MODULES, NEWER, ROWS, tree};
use crate::files::{Entry, Gap};

#[test]
fn edac_modules_keep_every_fact() {
    let edac = edac(&tree(MODULES));
    assert!(edac.loaded);
    let [mc] = edac.controllers.as_slice() else {
        panic!("{edac:?}")
    };
    assert_eq!(mc.name.as_deref(), Some("Intel_10nm Socket#0 IMC#0"));
    assert_eq!((mc.size_mib, mc.corrected), (Some(65_536), Some(7)));
    assert_eq!(mc.uncorrected_unattributed, Some(1));
    assert_eq!(mc.seconds_since_reset, Some(86_412));
    assert_eq!(mc.scrub_rate, None);
    assert_eq!(
        mc.leftover.unread,
        ["reset_counters: denied", "sdram_scrub_rate: No such device"]
    );
    let names: Vec<&str> = mc.dimms.iter().map(|dimm| dimm.name.as_str()).collect();
    assert_eq!(names, ["dimm0", "dimm10", "rank2"]);
    let dimm = &mc.dimms[0];
    assert_eq!(
        dimm.label.as_deref(),
        Some("CPU_SrcID#0_MC#0_Chan#0_DIMM#0")
    );
    assert_eq!(dimm.location.as_deref(), Some("channel 0 slot 0"));
    assert_eq!((dimm.corrected, dimm.uncorrected), (Some(7), Some(0)));
    assert_eq!(dimm.leftover.extra["dimm_mood"], "fine");
    assert_eq!((mc.dimms[1].corrected, &mc.dimms[1].label), (None, &None));
    assert_eq!(mc.dimms[1].leftover.extra["dimm_ce_count"], "many");
    assert!(mc.dimms[2].is_rank);
    let places: Vec<_> = edac
        .devices
        .iter()
        .map(|d| (&*d.place, d.corrected))
        .collect();
    assert_eq!(places, [("cpu/cpu0/L2", Some(4)), ("cpu/cpu0", Some(5))]);
    let pci = edac.pci.as_ref().unwrap();
    assert_eq!((pci.parity, pci.other), (Some(3), None));
    assert_eq!(pci.leftover.extra["pci0/pe_count"], "3");
}

#[test]
fn edac_rows_of_old_kernels_name_each_channel() {
    let edac = edac(&tree(ROWS));
    let row = &edac.controllers[0].rows[0];
    assert_eq!((row.corrected, row.size_mib), (Some(4), Some(4096)));
    assert_eq!(row.channels.len(), 2);
    assert_eq!(row.channels[1].label.as_deref(), Some("DIMM_A2"));
    assert_eq!(row.channels[1].corrected, Some(4));
    assert_eq!(row.channels[1].uncorrected, None);
    assert_eq!(edac.controllers[0].corrected, None);
}

#[test]
fn edac_core_without_a_driver_differs_from_none() {
    let edac = edac(&tree(MACHINE));
    assert!(edac.loaded && edac.controllers.is_empty() && edac.pci.is_none());
    assert_eq!(edac.leftover.extra["edac_mc_poll_msec"], "1000");
    assert_eq!(super::super::edac(&Files::new()), Edac::default());
}

#[test]
fn aer_keeps_each_kind_and_the_total() {
    let functions = aer(&tree(DEVICES));
    let addresses: Vec<&str> = functions.iter().map(|f| f.address.as_str()).collect();
    assert_eq!(addresses, ["0000:00:02.0", "0000:02:00.0"]);
    let port = &functions[0];
    assert_eq!(port.rootport_fatal, Some(0));
    let fatal = port.fatal.as_ref().unwrap();
    assert_eq!((fatal.total, fatal.all()), (Some(0), 0));
    assert!(
        fatal
            .kinds
            .iter()
            .any(|kind| kind.name == "PoisonTLPBlocked" || kind.name == "TLP")
    );
    assert_eq!(functions[1].rootport_fatal, None);
    assert!(functions[1].unread.is_empty());
}

#[test]
fn aer_of_old_kernels_has_names_with_spaces_and_no_total() {
    let text = "sys/bus/pci/devices/0000:3b:00.0/aer_dev_correctable: Receiver Error 3\n\
        sys/bus/pci/devices/0000:3b:00.0/aer_dev_correctable: Bad TLP 1\n\
        sys/bus/pci/devices/0000:3b:00.0/aer_dev_correctable: rubbish\n\
        sys/bus/pci/devices/0000:3b:00.0/aer_dev_fatal ! denied\n";
    let functions = aer(&tree(text));
    let correctable = functions[0].correctable.as_ref().unwrap();
    assert_eq!(correctable.kinds[0].name, "Receiver Error");
    assert_eq!((correctable.total, correctable.all()), (None, 4));
    assert_eq!(functions[0].fatal, None);
    assert_eq!(functions[0].unread, ["rubbish", "aer_dev_fatal: denied"]);
}

#[test]
fn crashes_are_seen_even_where_they_cannot_be_read() {
    let mut files = tree("proc/sys/kernel/tainted: 16\nsys/fs/pstore/dmesg-erst-1: Oops\n");
    files.add("sys/firmware/acpi/tables/BERT", Entry::Gap(Gap::Denied));
    let found = crashes(&files);
    assert_eq!(found.tainted, Some(16));
    assert_eq!(
        (found.pstore[0].name.as_str(), found.pstore[0].bytes),
        ("dmesg-erst-1", Some(5))
    );
    assert_eq!(
        (found.tables[0].bytes, found.tables[0].unread.as_deref()),
        (None, Some("denied"))
    );
    assert_eq!(found.boot_error, None);
    assert_eq!(crashes(&tree(NEWER)).tainted, Some(0));
}

#[test]
fn differences_separate_growth_from_a_restart() {
    let before = read(&tree(MODULES));
    let grown = MODULES.replace("dimm0/dimm_ce_count: 7", "dimm0/dimm_ce_count: 12");
    let grown = grown.replace("mc0/ue_count: 1", "mc0/ue_count: 0");
    let grown = grown.replace("rank2/dimm_ce_count: 2\n", "rank2/dimm_ue_count: 2\n");
    let changes = read(&tree(&grown)).since(&before);
    let of = |part: &str, name: &str| {
        let change = changes.iter().find(|c| c.part == part && c.name == name);
        change.map(|c| c.change)
    };
    assert_eq!(of("edac/mc0/dimm0", "dimm_ce_count"), Some(Change::By(5)));
    assert_eq!(of("edac/mc0/dimm0", "dimm_ue_count"), Some(Change::By(0)));
    assert_eq!(of("edac/mc0", "ue_count"), Some(Change::Restarted));
    assert_eq!(
        of("edac/mc0/rank2", "dimm_ue_count"),
        Some(Change::Appeared)
    );
    assert_eq!(
        of("edac/mc0/rank2", "dimm_ce_count"),
        Some(Change::Vanished)
    );
    assert_eq!(of("edac/mc0/dimm10", "dimm_ce_count"), None);
    assert_eq!(Change::of(None, None), None);
}

#[test]
fn injected_errors_are_counted_at_both_ends_of_the_link() {
    let before = tree(include_str!("../../../captured/counters/aer-before.txt"));
    let after = tree(include_str!("../../../captured/counters/aer-after.txt"));
    let functions = aer(&after);
    let port = &functions[0];
    assert_eq!(
        (port.rootport_correctable, port.rootport_nonfatal),
        (Some(3), Some(1))
    );
    let card = &functions[1];
    assert_eq!(card.parent.as_deref(), Some("0000:00:03.0"));
    let correctable = card.correctable.as_ref().unwrap();
    let sum: u64 = correctable.kinds.iter().map(|kind| kind.count).sum();
    assert_eq!((correctable.total, sum), (Some(3), 4));
    let changes = read(&after).since(&read(&before));
    let grown: Vec<_> = changes
        .iter()
        .filter(|change| change.change != Change::By(0))
        .map(|change| (&*change.part, &*change.name, change.change))
        .collect();
    assert_eq!(
        grown,
        [
            ("aer/0000:00:03.0", "rootport_cor", Change::By(3)),
            ("aer/0000:00:03.0", "rootport_nonfatal", Change::By(1)),
            ("aer/0000:02:00.0/correctable", "RxErr", Change::By(1)),
            ("aer/0000:02:00.0/correctable", "BadTLP", Change::By(3)),
            ("aer/0000:02:00.0/correctable", "total", Change::By(3)),
            ("aer/0000:02:00.0/nonfatal", "CmpltTO", Change::By(1)),
            ("aer/0000:02:00.0/nonfatal", "total", Change::By(1)),
        ]
    );
}
