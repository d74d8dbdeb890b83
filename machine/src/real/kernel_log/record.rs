//! One record of `/dev/kmsg`: `6,1234,5678901,-;text`, then lines that begin with a space and hold
//! its dictionary: ` SUBSYSTEM=pci`.

/// One record's first line.
#[derive(Debug, PartialEq)]
pub struct Record {
    /// 0 emergency to 7 debug.
    pub priority: u8,
    /// Who wrote it: 0 is the kernel, others are programs.
    pub facility: u32,
    /// The kernel's number of it.
    pub sequence: u64,
    /// Microseconds since boot.
    pub at_us: u64,
    /// What it says.
    pub text: String,
}

/// Reads a record's first line; `None` for a continuation line and for what is no record.
pub fn parse(line: &str) -> Option<Record> {
    let (prefix, text) = line.trim_end_matches(['\n', '\r', '\0']).split_once(';')?;
    let mut fields = prefix.split(',');
    let syslog: u32 = fields.next()?.parse().ok()?;
    let sequence = fields.next()?.parse().ok()?;
    let at_us = fields.next()?.parse().ok()?;
    Some(Record {
        priority: (syslog & 7) as u8,
        facility: syslog >> 3,
        sequence,
        at_us,
        text: unescape(text),
    })
}

/// Reads a line of a record's dictionary; `None` for any other line.
pub fn field(line: &str) -> Option<(String, String)> {
    let (name, value) = line.strip_prefix(' ')?.trim_end().split_once('=')?;
    Some((unescape(name), unescape(value)))
}

/// The kernel writes what is not printable, and the backslash, as `\x1b`.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        let byte = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, after.get(2..)) {
            (Some(byte), Some(after)) => {
                bytes.push(byte);
                rest = after;
            }
            _ => {
                bytes.extend_from_slice(b"\\x");
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_record_is_read() {
        let record = parse("4,1020,9000123,-;nvme nvme0: I/O 12 QID 3 timeout\\x2c aborting\n");
        let record = record.expect("a record");
        assert_eq!(record.priority, 4);
        assert_eq!(record.facility, 0);
        assert_eq!(record.text, "nvme nvme0: I/O 12 QID 3 timeout, aborting");
        assert_eq!(
            parse("30,1,2,-;systemd[1]: hello")
                .expect("a record")
                .facility,
            3
        );
    }

    #[test]
    fn continuation_lines_are_no_records() {
        assert_eq!(parse(" SUBSYSTEM=pci"), None);
        assert_eq!(parse(" DEVICE=+pci:0000:05:00.0"), None);
        let device = Some(("DEVICE".to_owned(), "+pci:0000:05:00.0".to_owned()));
        assert_eq!(field(" DEVICE=+pci:0000:05:00.0\n"), device);
        assert_eq!(field("4,1,2,-;a=b"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_taken(line in "\\PC{0,60}", text in "[\\\\x0-9a-fé]{0,20}") {
            let _ = parse(&line);
            let line = format!("4,1,2,-;{text}");
            prop_assert!(parse(&line).is_some());
        }
    }
}
