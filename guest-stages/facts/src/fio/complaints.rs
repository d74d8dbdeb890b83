//! What fio prints on its standard error.

use serde::Serialize;

/// What a complaint is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// Data that was read back differs from what was written.
    VerifyFailed,
    /// The header of a block that was read back is wrong.
    BadHeader,
    /// The pattern of a block that was read back is wrong.
    BadPattern,
    /// An access failed: `io_u error on file`.
    AccessFailed,
    /// A job ended with an error, or a call failed: `err=5/file:io_u.c:1896`.
    Failed,
    /// An I/O engine is missing in this fio.
    EngineMissing,
    /// Anything else.
    #[default]
    Other,
}

/// One complaint. Equal ones that follow each other are one with a count.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Complaint {
    /// What it is about.
    pub about: About,
    /// Its first line.
    pub text: String,
    /// Lines that belong to it, such as where fio dumped the data.
    pub more: Vec<String>,
    /// How often it came in a row, at least 1.
    pub times: u64,
    /// The checksum or check: `crc32c`, `verify`.
    pub algorithm: Option<String>,
    /// The file or disk.
    pub file: Option<String>,
    /// Where in the file, in bytes.
    pub offset: Option<u64>,
    /// How long the part is, in bytes.
    pub length: Option<u64>,
    /// Where the access began that this part belongs to, in bytes.
    pub requested_offset: Option<u64>,
    /// How long that access was, in bytes.
    pub requested_length: Option<u64>,
    /// What was found: a magic number, a seed, a pattern.
    pub found: Option<String>,
    /// What should have been found.
    pub wanted: Option<String>,
    /// The checksum that the header holds.
    pub expected_checksum: Option<String>,
    /// The checksum of what was read.
    pub received_checksum: Option<String>,
    /// What was done: `read`, `write`.
    pub operation: Option<String>,
    /// The errno.
    pub errno: Option<i64>,
    /// The error in words: `Input/output error`.
    pub error: Option<String>,
    /// The call that failed: `io_u error`.
    pub call: Option<String>,
    /// The process of the job.
    pub process: Option<u32>,
}

/// Reads the lines of fio's standard error. Empty lines are left out.
pub fn complaints(stderr: &[u8]) -> Vec<Complaint> {
    let text = String::from_utf8_lossy(stderr);
    let mut found: Vec<Complaint> = Vec::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            continue;
        }
        let indented = line.starts_with([' ', '\t']);
        match found.last_mut() {
            Some(last) if indented => add(last, line.trim()),
            _ => {
                join(&mut found);
                found.push(one(line.trim()));
            }
        }
    }
    join(&mut found);
    found
}

/// Joins the last two if they are equal.
fn join(found: &mut Vec<Complaint>) {
    let [.., before, last] = found.as_mut_slice() else {
        return;
    };
    let times = before.times;
    before.times = last.times;
    let equal = before == last;
    before.times = times;
    if equal {
        before.times = times.saturating_add(last.times);
        found.pop();
    }
}

fn add(to: &mut Complaint, line: &str) {
    if let Some(sum) = line.strip_prefix("Expected CRC:") {
        to.expected_checksum = Some(sum.trim().to_owned());
    } else if let Some(sum) = line.strip_prefix("Received CRC:") {
        to.received_checksum = Some(sum.trim().to_owned());
    } else {
        to.more.push(line.to_owned());
    }
}

fn one(line: &str) -> Complaint {
    let mut complaint = Complaint {
        text: line.to_owned(),
        times: 1,
        ..Complaint::default()
    };
    if let Some((what, place)) = line.split_once(" at file ") {
        at_file(&mut complaint, what, place);
    } else if let Some(rest) = after(line, "io_u error on file ") {
        access(&mut complaint, rest);
    } else if line.contains("got pattern ") {
        complaint.about = About::BadPattern;
        complaint.found = quoted(line, "got pattern ");
        complaint.wanted = quoted(line, "wanted ");
    } else if line.contains("bad pattern block") || line.contains("verify type mismatch") {
        complaint.about = match line.contains("bad pattern block") {
            true => About::BadPattern,
            false => About::BadHeader,
        };
    } else if line.contains("not loadable") || line.contains("failed to load engine") {
        complaint.about = About::EngineMissing;
    } else if line.contains("func=") && line.contains("error=") {
        failed(&mut complaint, line);
    }
    complaint
}

/// `crc32c: verify failed at file F offset 40960, length 4096 (requested block: offset=40960, length=4096)`
fn at_file(complaint: &mut Complaint, what: &str, place: &str) {
    let header = what.contains("bad magic header") || what.contains("bad header");
    complaint.about = match header {
        true => About::BadHeader,
        false if what.contains("verify failed") => About::VerifyFailed,
        false => About::Other,
    };
    complaint.algorithm = what.split(':').next().map(|word| word.trim().to_owned());
    if header && let Some((before, wanted)) = what.split_once(", wanted ") {
        complaint.wanted = Some(wanted.trim().to_owned());
        complaint.found = before.split_whitespace().last().map(str::to_owned);
    }
    let (place, requested) = match place.split_once("(requested block:") {
        Some((place, requested)) => (place, Some(requested)),
        None => (place, None),
    };
    if let Some((file, numbers)) = place.rsplit_once(" offset ") {
        complaint.file = Some(file.trim().to_owned());
        complaint.offset = number(numbers);
        complaint.length = after(numbers, "length ").and_then(number);
    }
    if let Some(requested) = requested {
        complaint.requested_offset = after(requested, "offset=").and_then(number);
        complaint.requested_length = after(requested, "length=").and_then(number);
    }
}

/// `F: Input/output error: read offset=2000822272, buflen=4096`
fn access(complaint: &mut Complaint, rest: &str) {
    complaint.about = About::AccessFailed;
    let (rest, last) = match rest.rsplit_once(": ") {
        Some((rest, last)) if last.contains("offset=") => (rest, Some(last)),
        _ => (rest, None),
    };
    if let Some((file, error)) = rest.rsplit_once(": ") {
        complaint.file = Some(file.trim().to_owned());
        complaint.error = Some(error.trim().to_owned());
    }
    if let Some(last) = last {
        complaint.operation = last.split_whitespace().next().map(str::to_owned);
        complaint.offset = after(last, "offset=").and_then(number);
        complaint.length = after(last, "buflen=").and_then(number);
    }
}

/// `fio: pid=12737, err=5/file:io_u.c:1896, func=io_u error, error=Input/output error`
fn failed(complaint: &mut Complaint, line: &str) {
    complaint.about = About::Failed;
    complaint.process = after(line, "pid=")
        .and_then(number)
        .and_then(|n| u32::try_from(n).ok());
    complaint.errno = after(line, "err=")
        .and_then(number)
        .and_then(|n| i64::try_from(n).ok());
    complaint.error = after(line, "error=").map(|error| error.trim().to_owned());
    let call = after(line, "func=").and_then(|rest| rest.split(", error=").next());
    complaint.call = call.map(|call| call.trim().to_owned());
}

fn after<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.split_once(mark).map(|(_, rest)| rest)
}

/// The number at the start of a text.
fn number(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// The word after a mark, without quotes and what follows them.
fn quoted(line: &str, mark: &str) -> Option<String> {
    let rest = after(line, mark)?.trim_start_matches('\'');
    let end = rest.find(['\'', ',', '.', ' ']).unwrap_or(rest.len());
    rest.get(..end).map(str::to_owned)
}

#[cfg(test)]
mod tests;
