//! Commands that disks answered with an error while the test ran. Probing alone may be refused, so that it
//! is a remark; what the kernel calls an I/O error has its own rule.

use vetting_facts::counters::{Block, blocks};
use vetting_stage::types::Error;
use vetting_stage::{Findings, Measure, explain, kernel_files, part};

use crate::rules;

/// What is read: SCSI's driver counts, which SATA disks use too.
pub const FILES: &[&str] = &["sys/block/*", "sys/block/*/device/ioerr_cnt"];

/// Reads what disks have counted.
pub fn read() -> Result<Vec<Block>, Error> {
    Ok(blocks(&kernel_files::read(FILES)?))
}

/// What came between two readings.
pub fn judge(
    before: &Result<Vec<Block>, Error>,
    after: &Result<Vec<Block>, Error>,
    findings: &mut Findings,
) {
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) | (_, Err(error)) => {
            // After a cancel there is nothing to compare with.
            if *error != Error::Cancelled {
                let message = format!("the disks' error counters: {}", explain(error));
                findings.broken(rules::REFUSED_UNREAD, None, message);
            }
            return;
        }
    };
    for disk in after {
        let was = before.iter().find(|was| was.name == disk.name);
        let (Some(now), Some(was)) = (disk.io_errors, was.and_then(|was| was.io_errors)) else {
            continue;
        };
        let new = now.saturating_sub(was);
        let measure =
            Measure::number("refused-commands", new as f64).part(&part("disk", disk.name.clone()));
        findings.hold(measure.at_most(rules::REFUSED, 0.0), || {
            format!("it answered {new} commands with an error during the test")
        });
    }
}
