//! The run of smartctl itself: version, arguments, exit status, messages.

use serde::Serialize;

use super::members::{Members, Node, boolean, drop_if, number, numbers, rows, text, texts, within};

/// What smartctl says of its own run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Run {
    /// Version: `[7, 3]`.
    pub version: Option<Vec<i64>>,
    /// Subversion's revision, up to 7.4: `5338`.
    pub svn_revision: Option<String>,
    /// Whether it was built from unreleased source.
    pub pre_release: Option<bool>,
    /// Operating system and kernel that it ran on.
    pub platform: Option<String>,
    /// Who built it.
    pub build: Option<String>,
    /// Version of the drive database.
    pub database: Option<String>,
    /// Its arguments, the name of the program first.
    pub arguments: Option<Vec<String>>,
    /// Exit status; see [`exit_bits`]. Absent where the document is cut, or the run was.
    pub exit_status: Option<u8>,
    /// Its messages, in the order of printing.
    pub messages: Vec<Message>,
    /// Its text output, with `--json=o`.
    pub output: Option<Vec<String>>,
    /// Seconds since 1970 on the machine's clock.
    pub time: Option<i64>,
}

/// A message of smartctl.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Message {
    /// `error`, `warning` or `information`.
    pub severity: Option<String>,
    /// Its text.
    pub text: String,
}

/// smartctl's exit status, bit by bit (smartctl(8), EXIT STATUS).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExitBits {
    /// Bit 0: smartctl did not understand its command line, or did not recognise the device.
    pub usage: bool,
    /// Bit 1: the device did not open, did not identify itself, or is in a low-power mode.
    pub open_failed: bool,
    /// Bit 2: a command to the drive failed, or its answer had a wrong checksum.
    pub command_failed: bool,
    /// Bit 3: the drive reports that it fails.
    pub failing: bool,
    /// Bit 4: a pre-fail attribute is at or below its threshold.
    pub prefail_now: bool,
    /// Bit 5: an attribute was at or below its threshold in the past.
    pub below_in_past: bool,
    /// Bit 6: the error log holds errors.
    pub error_log: bool,
    /// Bit 7: the self-test log holds errors.
    pub self_test_log: bool,
}

/// Splits an exit status into its bits.
pub fn exit_bits(status: u8) -> ExitBits {
    let bit = |n: u8| status & n != 0;
    ExitBits {
        usage: bit(0x01),
        open_failed: bit(0x02),
        command_failed: bit(0x04),
        failing: bit(0x08),
        prefail_now: bit(0x10),
        below_in_past: bit(0x20),
        error_log: bit(0x40),
        self_test_log: bit(0x80),
    }
}

/// Takes smartctl's own members out of a document.
pub(super) fn read(document: &mut Members) -> Run {
    drop_if(document, "json_format_version", |version| {
        version.as_numbers().is_some()
    });
    let mut run = within(document, "smartctl", of_smartctl).unwrap_or_default();
    run.time = within(document, "local_time", |time| {
        let seconds = super::members::signed(time, "time_t");
        if seconds.is_some() {
            drop_if(time, "asctime", Node::is_text);
        }
        seconds
    })
    .flatten();
    run
}

fn of_smartctl(found: &mut Members) -> Run {
    let message = |message: &mut Members| {
        let said = text(message, "string")?;
        let severity = text(message, "severity");
        Some(Message {
            severity,
            text: said,
        })
    };
    drop_if(found, "uint128_precision_bits", Node::is_number);
    Run {
        version: version(found),
        svn_revision: text(found, "svn_revision"),
        pre_release: boolean(found, "pre_release"),
        platform: text(found, "platform_info"),
        build: text(found, "build_info"),
        database: within(found, "drive_database_version", |version| {
            text(version, "string")
        })
        .flatten(),
        arguments: texts(found, "argv"),
        exit_status: number(found, "exit_status"),
        messages: rows(found, "messages", message).unwrap_or_default(),
        output: texts(found, "output"),
        time: None,
    }
}

fn version(found: &mut Members) -> Option<Vec<i64>> {
    let parts = numbers(found, "version")?;
    Some(parts.into_iter().flatten().collect())
}
