//! `kernel.log`: raw records of the kernel, as `/dev/kmsg` gives them, each followed by the lines of its
//! dictionary, which begin with a space.

use crate::contract::kernel_log::Entry;
use crate::log_text::without_command_line;
use crate::real::kernel_log::record;

/// Words of a record's dictionary that are kept; the kernel writes two.
const FIELDS: usize = 16;

/// The records of a file.
///
/// # Errors
///
/// The number of the first line that is not a record, from 1.
pub fn read(bytes: &[u8]) -> Result<Vec<Entry>, usize> {
    let mut entries: Vec<Entry> = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line);
        if line.trim().is_empty() {
            continue;
        }
        if let Some(field) = record::field(&line) {
            if let Some(last) = entries.last_mut().filter(|last| last.fields.len() < FIELDS) {
                last.fields.push(field);
            }
            continue;
        }
        let record = record::parse(&line).ok_or(index.saturating_add(1))?;
        entries.push(Entry {
            sequence: record.sequence,
            priority: record.priority,
            facility: record.facility,
            at_us: record.at_us,
            came_ns: 0,
            text: without_command_line(record.text),
            fields: Vec::new(),
        });
    }
    Ok(entries)
}

/// The file of these records.
pub fn write(entries: &[Entry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let syslog = entry.facility.saturating_mul(8) | u32::from(entry.priority & 7);
        let (sequence, at) = (entry.sequence, entry.at_us);
        text.push_str(&format!(
            "{syslog},{sequence},{at},-;{}\n",
            escaped(&entry.text)
        ));
        for (name, value) in &entry.fields {
            text.push_str(&format!(" {}={}\n", escaped(name), escaped(value)));
        }
    }
    text
}

/// The kernel writes the backslash and what is not printable as `\x5c`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || character == '\\' {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                escaped.push_str(&format!("\\x{byte:02x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn line_that_is_not_a_record_is_named() {
        let log = b"6,1,20,-;one\n SUBSYSTEM=pci\n\n[    1.5] two\n";
        assert_eq!(read(log), Err(4));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            text in "[ -~éß\\\\\n\t]{0,40}[!-~]",
            field in ("[A-Z]{1,8}", "[!-~]{1,20}"),
            syslog in 0_u32..200,
            sequence: u64,
            at_us: u64,
        ) {
            let entry = Entry {
                sequence,
                priority: (syslog & 7) as u8,
                facility: syslog >> 3,
                at_us,
                came_ns: 0,
                text: without_command_line(text),
                fields: vec![field],
            };
            let file = write(std::slice::from_ref(&entry));
            prop_assert_eq!(read(file.as_bytes()), Ok(vec![entry]));
        }
    }
}
