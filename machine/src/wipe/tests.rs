use super::*;
use crate::contract::disks::{Content, Usage};

const SIZE: u64 = 1_920_383_410_176;

fn disk(name: &str, serial: Option<&str>, wwn: Option<&str>, transport: Transport) -> Disk {
    Disk {
        name: name.into(),
        serial: serial.map(str::to_owned),
        wwn: wwn.map(str::to_owned),
        model: None,
        firmware: None,
        size_bytes: SIZE,
        logical_block_bytes: 512,
        physical_block_bytes: 512,
        rotational: false,
        removable: false,
        read_only: false,
        controller: Some("0000:01:00.0".into()),
        link: None,
        transport,
        in_use: Vec::new(),
        content: Content::NoneRecognised,
        extra: Vec::new(),
    }
}

fn expect(
    serial: &str,
    size_bytes: u64,
    wwn: Option<&str>,
    transport: Option<&str>,
) -> ExpectedDisk {
    let named = transport.map(|t| (TRANSPORT.to_owned(), t.to_owned()));
    ExpectedDisk {
        serial: serial.into(),
        size_bytes,
        wwn: wwn.map(str::to_owned),
        extra: named.into_iter().collect(),
    }
}

/// What is in the way of the first disk, by name.
fn unmet(all: &[Disk], expected: &[ExpectedDisk]) -> Vec<(String, String)> {
    let conditions = of_list(&all[0], all, expected).into_iter();
    let unmet = conditions.filter(|condition| !condition.met);
    unmet.map(|c| (c.name, c.found)).collect()
}

/// That one condition is in the way, for a reason.
fn only(found: &[(String, String)], name: &str, reason: &str) {
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, name);
    assert!(found[0].1.contains(reason), "{found:?}");
}

#[test]
fn a_disk_is_the_one_that_is_expected_or_none() {
    const ONE: &str = "one expected disk";
    let sata = |serial| disk("sda", serial, Some("5000c500a1b2c3d4"), Transport::Sata);
    let good = [sata(Some("S1"))];
    let is = |wwn| expect("S1", SIZE, wwn, None);
    for wwn in [None, Some("5000c500a1b2c3d4"), Some("naa.5000C500A1B2C3D4")] {
        assert_eq!(unmet(&good, &[expect("S2", 1, None, None), is(wwn)]), []);
    }
    only(&unmet(&good, &[]), ONE, "no disk is expected");
    only(
        &unmet(&good, &[expect("s2", SIZE, None, None)]),
        ONE,
        "none has its serial number, S1",
    );
    only(
        &unmet(&good, &[expect("", SIZE, None, None)]),
        ONE,
        "none has",
    );
    only(
        &unmet(&good, &[expect("S1", SIZE + 512, None, None)]),
        ONE,
        "bytes are expected",
    );
    only(
        &unmet(&good, &[is(Some("5000c500a1b2c3d5"))]),
        ONE,
        "is expected, it is 5000c500a1b2c3d4",
    );
    only(&unmet(&good, &[is(None), is(None)]), ONE, "2 entries");
    for placeholder in [
        None,
        Some(""),
        Some("0000000000"),
        Some("To Be Filled By O.E.M."),
    ] {
        let entry = expect(placeholder.unwrap_or_default(), SIZE, None, None);
        only(
            &unmet(&[sata(placeholder)], &[entry]),
            ONE,
            "no serial number",
        );
    }
    let mut twin = sata(Some("S1"));
    twin.name = "sdb".into();
    only(
        &unmet(&[sata(Some("S1")), twin.clone()], &[is(None)]),
        ONE,
        "sdb has the serial number S1 too",
    );
    twin.wwn = Some("5000c500ffffffff".into());
    only(
        &unmet(&[sata(Some("S1")), twin], &[is(None)]),
        ONE,
        "sdb has the serial number S1 too",
    );
    let nameless = disk("sda", Some("S1"), None, Transport::Sata);
    only(
        &unmet(&[nameless], &[is(Some("5000c500a1b2c3d4"))]),
        ONE,
        "it has no such name",
    );
}

#[test]
fn a_disk_may_be_expected_by_a_range_of_sizes() {
    let here = [disk("sda", Some("S1"), None, Transport::Sata)];
    let within = |fewest: u64, most: &str| {
        let mut expected = expect("S1", fewest, None, None);
        expected
            .extra
            .push((MOST_BYTES.to_owned(), most.to_owned()));
        unmet(&here, &[expected])
    };
    let text = |bytes: u64| bytes.to_string();
    assert_eq!(within(SIZE, &text(SIZE)), []);
    assert_eq!(within(SIZE - 1, &text(SIZE + 1)), []);
    const ONE: &str = "one expected disk";
    only(
        &within(SIZE + 1, &text(SIZE + 2)),
        ONE,
        "bytes are expected",
    );
    only(&within(0, &text(SIZE - 1)), ONE, "bytes are expected");
    only(&within(SIZE, "all"), ONE, "no number");
}

#[test]
fn a_namespace_is_named_by_more_than_its_controller() {
    const ONE: &str = "one expected disk";
    let (a, b) = ("0025385b71b01234", "0025385b71b01235");
    let namespace = |name, wwn| disk(name, Some("C1"), wwn, Transport::Nvme);
    let both = [namespace("nvme0n1", Some(a)), namespace("nvme0n2", Some(b))];
    let of = |wwn| expect("C1", SIZE, wwn, None);
    assert_eq!(unmet(&both, &[of(Some(a))]), []);
    assert_eq!(unmet(&both, &[of(Some(a)), of(Some(b))]), []);
    only(&unmet(&both, &[of(Some(b))]), ONE, "it is 0025385b71b01234");
    only(&unmet(&both, &[of(None)]), ONE, "its controller's");
    only(&unmet(&both[..1], &[of(None)]), ONE, "its controller's");
    let nameless = [namespace("nvme0n1", None), namespace("nvme0n2", None)];
    only(
        &unmet(&nameless, &[of(None)]),
        ONE,
        "nvme0n2 has the serial number C1 too",
    );
    let mut elsewhere = both.clone();
    elsewhere[1].controller = Some("0000:02:00.0".into());
    only(
        &unmet(&elsewhere, &[of(Some(a))]),
        ONE,
        "nvme0n2 has the serial number C1 too",
    );
}

#[test]
fn a_transport_beyond_a_server_s_own_must_be_named() {
    let usb = [disk("sda", Some("S1"), None, Transport::Usb)];
    let named = |transport| unmet(&usb, &[expect("S1", SIZE, None, transport)]);
    only(
        &named(None),
        "transport",
        "usb, and the spec does not name it",
    );
    only(&named(Some("sata")), "transport", "usb");
    assert_eq!(named(Some("usb")), []);
    let fabric = [disk("nvme1n1", Some("S1"), None, Transport::NvmeOf)];
    only(
        &unmet(&fabric, &[expect("S1", SIZE, None, None)]),
        "transport",
        "nvme-of",
    );
}

#[test]
fn use_is_what_is_mounted_and_held_and_not_a_table_of_partitions() {
    let mut used = disk("sda", Some("S1"), None, Transport::Sas);
    let usage = |kind: &str, by: &str| Usage {
        kind: kind.into(),
        by: by.into(),
    };
    let expected = [expect("S1", SIZE, None, None)];
    used.in_use = vec![usage("partition", "sda1")];
    assert_eq!(unmet(&[used.clone()], &expected), []);
    used.in_use.push(usage("holder", "dm-0"));
    only(
        &unmet(&[used.clone()], &expected),
        "not in use",
        "holder dm-0",
    );
    used.in_use.clear();
    used.read_only = true;
    only(&unmet(&[used], &expected), "writable", "read-only");
}

#[test]
fn an_override_waives_emptiness_once_for_what_it_lists_until_it_expires() {
    let disk = disk("sda", Some("S1"), Some("5000c500a1b2c3d4"), Transport::Sata);
    let minute = Duration::from_secs(60);
    let of = |disks: &[&str]| Mandate {
        wipe_override: Some(WipeOverride {
            disks: disks.iter().map(|d| (*d).to_owned()).collect(),
            by: "ann".into(),
            expires: minute,
        }),
        ..Mandate::default()
    };
    let unused = BTreeSet::new();
    let used = BTreeSet::from(["sda".to_owned()]);
    let ask = |mandate: &Mandate, now, used| waived(mandate, &disk, now, used);
    for names in [["S1"], ["naa.5000c500a1b2c3d4"], ["5000C500A1B2C3D4"]] {
        assert!(ask(&of(&names), Duration::ZERO, &unused).met, "{names:?}");
    }
    let refused = |mandate: &Mandate, now, used, reason: &str| {
        let condition = ask(mandate, now, used);
        assert!(
            !condition.met && condition.found.contains(reason),
            "{condition:?}"
        );
    };
    refused(
        &Mandate::default(),
        Duration::ZERO,
        &unused,
        "none for this attempt",
    );
    refused(&of(&["S2"]), Duration::ZERO, &unused, "ann's lists S2");
    refused(&of(&[""]), Duration::ZERO, &unused, "ann's lists");
    refused(&of(&["S1"]), minute, &unused, "expired");
    refused(
        &of(&["S1"]),
        Duration::ZERO,
        &used,
        "used for this disk already",
    );
}

#[test]
fn nothing_is_allowed_by_default_and_only_emptiness_is_waived() {
    assert!(!Decision::about("sda").allows());
    assert!(!run_may_write(&Mandate::default()).met);
    let mut decision = Decision::about("sda");
    decision.note(Condition::new(EMPTY, true, ""));
    decision.note(Condition::new(OVERRIDE, true, ""));
    assert!(!decision.allows(), "nothing else was looked at");
    decision.note(Condition::new("transport", true, "sata"));
    for (empty, waived, allowed) in [
        (true, false, true),
        (false, true, true),
        (false, false, false),
    ] {
        decision.conditions[0].met = empty;
        decision.conditions[1].met = waived;
        assert_eq!(decision.allows(), allowed);
    }
    decision.conditions = vec![
        Condition::new("transport", false, "usb"),
        Condition::new(EMPTY, true, "yes"),
        Condition::new(OVERRIDE, true, "ann's lists it"),
    ];
    assert!(!decision.allows());
    let text = decision.refusal();
    assert!(
        text.contains("Not met: transport (usb). Met: empty (yes);"),
        "{text}"
    );
}
