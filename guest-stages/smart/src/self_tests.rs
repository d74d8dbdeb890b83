//! The self-tests that a drive has logged, newest first, whatever its protocol.

use vetting_facts::smartctl::Drive;

/// One self-test.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfTest {
    /// `Short offline`, `Extended`, `Background long`.
    pub kind: String,
    /// Whether it passed; `None` while it runs, and where it was aborted.
    pub passed: Option<bool>,
    /// The status in words.
    pub status: String,
}

/// Its self-tests; `None`: it keeps no log.
pub fn of(drive: &Drive) -> Option<Vec<SelfTest>> {
    if let Some(ata) = &drive.ata {
        let logs = [&ata.extended_self_test_log, &ata.standard_self_test_log];
        let Some(log) = logs.into_iter().flatten().next() else {
            // Without a log the status of the newest one is all there is.
            let status = ata.self_test.as_ref().filter(|s| s.passed == Some(false))?;
            return Some(vec![SelfTest {
                kind: "the newest".to_owned(),
                passed: Some(false),
                status: words(&status.text),
            }]);
        };
        let tests = log.tests.iter().map(|test| SelfTest {
            kind: words(&test.kind_text),
            // The upper half: 1 and 2 are aborted, 15 is in progress (ATA8-ACS, 7.52.6).
            passed: match test.status.map(|status| status >> 4) {
                Some(1 | 2 | 15) => None,
                _ => test.passed,
            },
            status: words(&test.status_text),
        });
        return Some(tests.collect());
    }
    if let Some(log) = drive
        .nvme
        .as_ref()
        .and_then(|nvme| nvme.self_tests.as_ref())
    {
        let tests = log.tests.iter().map(|test| SelfTest {
            kind: words(&test.kind_text),
            // 0 is good, 5 to 7 are failures, any other was aborted (NVMe Base, log page 06h).
            passed: match test.result {
                Some(0) => Some(true),
                Some(5..=7) => Some(false),
                _ => None,
            },
            status: words(&test.result_text),
        });
        return Some(tests.collect());
    }
    let tests = drive.scsi.as_ref()?.self_tests.as_ref()?;
    let tests = tests.iter().map(|test| SelfTest {
        kind: words(&test.kind_text),
        // 0 is good, 3 to 7 are failures, any other was aborted or runs (SPC-4, self-test results).
        passed: match test.result {
            Some(0) => Some(true),
            Some(3..=7) => Some(false),
            _ => None,
        },
        status: words(&test.result_text),
    });
    Some(tests.collect())
}

fn words(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}
