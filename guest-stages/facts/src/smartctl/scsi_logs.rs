//! SCSI's logs whose members are numbered: self-tests, background scan, SAS links.

use serde::Serialize;

use super::members::{Members, Node, boolean, drop_if, number, rows, text, wide, within};
use super::scsi::{BackgroundScan, Scsi};

/// A self-test.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScsiSelfTest {
    /// Kind: 1 background short, 2 background extended, 5 foreground short, 6 foreground extended.
    pub kind: Option<u8>,
    /// Kind in words.
    pub kind_text: Option<String>,
    /// Result: 0 good, 1 and 2 aborted, 3 to 7 failed, 15 running.
    pub result: Option<u8>,
    /// Result in words.
    pub result_text: Option<String>,
    /// Whether this one runs.
    pub in_progress: Option<bool>,
    /// Hours powered on when it ended; 16 bits, may start anew.
    pub power_on_hours: Option<u64>,
    /// Segment that failed.
    pub failed_segment: Option<u64>,
    /// Logical block address of the first failure.
    pub lba: Option<u64>,
    /// Sense key of the failure.
    pub sense_key: Option<u8>,
    /// Sense key in words.
    pub sense_text: Option<String>,
    /// Additional sense code of the failure.
    pub asc: Option<u8>,
    /// Its qualifier.
    pub ascq: Option<u8>,
}

/// A place where the background scan could not read.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BackgroundScanResult {
    /// Its number in the log.
    pub number: Option<u64>,
    /// Minutes powered on when it was found.
    pub power_on_minutes: Option<u64>,
    /// Logical block address.
    pub lba: Option<u64>,
    /// Sense key: 1 recovered, 3 medium error.
    pub sense_key: Option<u8>,
    /// Sense key in words.
    pub sense_text: Option<String>,
    /// Additional sense code: 11h is an unrecovered read error.
    pub asc: Option<u8>,
    /// Its qualifier.
    pub ascq: Option<u8>,
    /// Number of what was done about it: 1 waits for a write, 2 to 8 reassigned or rewritten or failed to.
    pub reassign: Option<u8>,
    /// What was done about it, in words.
    pub reassign_text: Option<String>,
}

/// A pending defect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ScsiPendingDefect {
    /// Logical block address.
    pub lba: Option<u64>,
    /// Hours powered on when it was found.
    pub power_on_hours: Option<u64>,
}

/// A link of a SAS port.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SasPhy {
    /// Name of the port: `scsi_sas_port_0`.
    pub port: String,
    /// Relative target port, from 1.
    pub port_id: Option<u64>,
    /// Number of the link within the port.
    pub phy: Option<u64>,
    /// What is at the other end: `expander device`.
    pub attached: Option<String>,
    /// Why the link was last reset at the other end.
    pub attached_reason: Option<String>,
    /// Why the link was last reset.
    pub reason: Option<String>,
    /// Speed: `phy enabled; 12 Gbps`.
    pub rate: Option<String>,
    /// Address of the port.
    pub address: Option<String>,
    /// Address of the other end.
    pub attached_address: Option<String>,
    /// Link number at the other end.
    pub attached_phy: Option<u64>,
    /// Words that are invalid.
    pub invalid_dwords: Option<u64>,
    /// Running disparity errors.
    pub disparity_errors: Option<u64>,
    /// Losses of word synchronisation.
    pub losses_of_sync: Option<u64>,
    /// Failed link resets.
    pub reset_problems: Option<u64>,
}

/// Takes the numbered logs of a SCSI drive.
pub(super) fn read(scsi: &mut Scsi, document: &mut Members) {
    within(document, "scsi_pending_defects", |log| {
        scsi.pending_defect_count = number(log, "count");
        scsi.pending_defects = rows(log, "table", |row| {
            Some(ScsiPendingDefect {
                lba: wide(row, "lba"),
                power_on_hours: number(row, "accum_power_on_hours"),
            })
        });
    });
    scsi.background_scan = within(document, "scsi_background_scan", background_scan);
    within(document, "scsi_self_test_status", |status| {
        scsi.self_test_in_progress = boolean(status, "in_progress");
        scsi.self_test_percent = number(status, "completion_percent");
    });
    let tests: Vec<ScsiSelfTest> = numbered(document, "scsi_self_test_")
        .iter()
        .filter_map(|name| within(document, name, self_test))
        .collect();
    scsi.self_tests = (!tests.is_empty()).then_some(tests);
    for port in numbered(document, "scsi_sas_port_") {
        let phys = within(document, &port, |found| phys(&port, found));
        scsi.phys.extend(phys.unwrap_or_default());
    }
}

/// The names that are a prefix and a number, by their number.
fn numbered(members: &Members, prefix: &str) -> Vec<String> {
    let number = |name: &str| name.strip_prefix(prefix)?.parse::<u32>().ok();
    let mut names: Vec<(u32, String)> = members
        .keys()
        .filter_map(|name| Some((number(name)?, name.to_owned())))
        .collect();
    names.sort();
    names.into_iter().map(|(_, name)| name).collect()
}

fn background_scan(log: &mut Members) -> BackgroundScan {
    let mut scan = BackgroundScan::default();
    within(log, "status", |status| {
        scan.status = number(status, "value");
        scan.status_text = text(status, "string");
        scan.progress = text(status, "scan_progress");
        scan.scans = number(status, "number_scans_performed");
        scan.medium_scans = number(status, "number_medium_scans_performed");
    });
    for name in numbered(log, "result_") {
        scan.results.extend(within(log, &name, scan_result));
    }
    scan
}

fn scan_result(row: &mut Members) -> BackgroundScanResult {
    let mut result = BackgroundScanResult {
        number: number(row, "parameter_code"),
        lba: wide(row, "lba"),
        asc: number(row, "asc"),
        ascq: number(row, "ascq"),
        ..BackgroundScanResult::default()
    };
    let minutes = within(row, "accumulated_power_on", |time| number(time, "minutes"));
    result.power_on_minutes = minutes.flatten();
    (result.sense_key, result.sense_text) = valued(row, "sense_key");
    (result.reassign, result.reassign_text) = valued(row, "reassign_status");
    result
}

/// A number with its words.
fn valued(members: &mut Members, key: &str) -> (Option<u8>, Option<String>) {
    within(members, key, |found| {
        (number(found, "value"), text(found, "string"))
    })
    .unwrap_or_default()
}

fn self_test(row: &mut Members) -> ScsiSelfTest {
    let mut test = ScsiSelfTest {
        in_progress: boolean(row, "self_test_in_progress"),
        asc: number(row, "asc"),
        ascq: number(row, "ascq"),
        ..ScsiSelfTest::default()
    };
    (test.kind, test.kind_text) = valued(row, "code");
    (test.result, test.result_text) = valued(row, "result");
    (test.sense_key, test.sense_text) = valued(row, "sense_key");
    let mut also_known_as = |key, name| {
        within(row, key, |found| {
            drop_if(found, "aka", Node::is_text);
            wide(found, name)
        })
        .flatten()
    };
    test.power_on_hours = also_known_as("power_on_time", "hours");
    test.failed_segment = also_known_as("failed_segment", "value");
    test.lba = also_known_as("lba_first_failure", "value");
    test
}

fn phys(port: &str, found: &mut Members) -> Vec<SasPhy> {
    let port_id = number(found, "relative_target_port_id");
    drop_if(found, "number_of_phys", Node::is_number);
    drop_if(found, "generation_code", Node::is_number);
    let mut links = Vec::new();
    for name in numbered(found, "phy_") {
        let link = within(found, &name, phy);
        links.extend(link.map(|link| SasPhy {
            port: port.to_owned(),
            port_id,
            ..link
        }));
    }
    links
}

fn phy(link: &mut Members) -> SasPhy {
    SasPhy {
        phy: number(link, "identifier"),
        attached: text(link, "attached_device_type"),
        attached_reason: text(link, "attached_reason"),
        reason: text(link, "reason"),
        rate: text(link, "negotiated_logical_link_rate"),
        address: text(link, "sas_address"),
        attached_address: text(link, "attached_sas_address"),
        attached_phy: number(link, "attached_phy_identifier"),
        invalid_dwords: number(link, "invalid_dword_count"),
        disparity_errors: number(link, "running_disparity_error_count"),
        losses_of_sync: number(link, "loss_of_dword_synchronization_count"),
        reset_problems: number(link, "phy_reset_problem_count"),
        ..SasPhy::default()
    }
}
