//! One error that stressapptest found.

use serde::Serialize;

/// What kind of line an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// `Hardware Error:`
    Hardware,
    /// `Page Error:` one of the many words of a page that differ.
    Page,
    /// `Block Error:` or another error of the disk test.
    Block,
    /// `Process Error:` stressapptest itself did not work.
    Process,
}

/// One error line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// Its kind.
    pub kind: FailureKind,
    /// What went wrong: `miscompare`.
    pub what: Option<String>,
    /// The CPU that read the wrong value.
    pub cpu: Option<u32>,
    /// The CPU that had written it last (`<-2`), where known.
    pub last_cpu: Option<i32>,
    /// The CPUs that the thread may use, as printed: `0x3`.
    pub cpu_mask: Option<String>,
    /// The virtual address.
    pub address: Option<u64>,
    /// The physical address; 0 where not known.
    pub physical: Option<u64>,
    /// The module as printed: `DIMM_A1`, `DIMM Unknown`.
    pub module: Option<String>,
    /// The value that was read.
    pub read: Option<u64>,
    /// The value when it was read again.
    pub reread: Option<u64>,
    /// The value that had been written.
    pub expected: Option<u64>,
    /// The pattern that had been written: `Checker8b10b32`.
    pub pattern: Option<String>,
    /// The line without time and kind.
    pub text: String,
}

/// A line of `Report Error: miscompare : DIMM Unknown : 1 : 44s`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportedError {
    /// What went wrong.
    pub what: String,
    /// The module as printed.
    pub module: Option<String>,
    /// How many.
    pub count: Option<u64>,
    /// Seconds since the start.
    pub seconds: Option<u64>,
}

/// `miscompare on CPU 5(<-2) at 0x7f..(0x64ec:DIMM_A1): read:0x.., reread:0x.. expected:0x..`
pub(super) fn failure(kind: FailureKind, text: &str) -> Failure {
    let after = |mark: &str| text.split_once(mark).map(|(_, rest)| rest);
    let cpu = after("on CPU ");
    let inner = cpu
        .and_then(|rest| rest.split_once('('))
        .and_then(|(_, rest)| rest.split_once(')'));
    let inner = inner.map(|(inner, _)| inner);
    let place = after(" at ");
    let physical = place.and_then(|rest| rest.split_once('('));
    let physical = physical
        .filter(|(address, _)| !address.contains(' '))
        .map(|(_, rest)| rest);
    let what = text.split(" on CPU ").next().filter(|_| cpu.is_some());
    Failure {
        kind,
        what: what.map(str::to_owned),
        cpu: cpu.and_then(leading),
        last_cpu: inner.and_then(|inner| inner.strip_prefix("<-")?.parse().ok()),
        cpu_mask: inner
            .filter(|inner| inner.starts_with("0x"))
            .map(str::to_owned),
        address: place.and_then(hex),
        physical: physical.and_then(hex),
        module: physical.and_then(|rest| {
            let (_, rest) = rest.split_once(':')?;
            Some(rest.split_once(')')?.0.to_owned())
        }),
        read: value(text, " read:"),
        reread: value(text, " reread:"),
        expected: value(text, " expected:"),
        pattern: after("'")
            .and_then(|rest| rest.split_once("' read error"))
            .map(|(name, _)| name.to_owned()),
        text: text.to_owned(),
    }
}

fn value(text: &str, mark: &str) -> Option<u64> {
    hex(text.split_once(mark)?.1.trim_start())
}

/// The number after `0x` at the start of a text.
fn hex(text: &str) -> Option<u64> {
    let digits = text.trim_start().strip_prefix("0x")?;
    let end = digits
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(digits.len());
    u64::from_str_radix(digits.get(..end)?, 16).ok()
}

/// The number at the start of a text.
pub(super) fn leading<N: std::str::FromStr>(text: &str) -> Option<N> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// `miscompare : DIMM Unknown : 1 : 44s`
pub(super) fn reported(text: &str) -> Option<ReportedError> {
    let mut parts = text.split(" : ").map(str::trim);
    Some(ReportedError {
        what: parts.next().filter(|what| !what.is_empty())?.to_owned(),
        module: parts.next().map(str::to_owned),
        count: parts.next().and_then(leading),
        seconds: parts.next().and_then(leading),
    })
}
