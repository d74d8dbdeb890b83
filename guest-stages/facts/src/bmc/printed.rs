//! How ipmitool prints: lines of `name : value`, and complaints between them.

use std::borrow::Cow;

/// The text of some output; bytes that are not UTF-8 are replaced.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// The lines of an output without line ends, spaces and NULs behind them.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(|line| {
        let end = line
            .bytes()
            .rev()
            .take_while(|b| matches!(b, b'\r' | b'\0' | b' ' | b'\t'));
        line.get(..line.len().saturating_sub(end.count()))
            .unwrap_or(line)
    })
}

/// Cuts a line at every separator, which is an ASCII character.
pub(super) fn cut(line: &str, separator: u8) -> Vec<&str> {
    let mut cut = Vec::with_capacity(12);
    let mut begin = 0usize;
    for (at, byte) in line.bytes().enumerate() {
        if byte == separator {
            cut.extend(line.get(begin..at));
            begin = at.saturating_add(1);
        }
    }
    cut.extend(line.get(begin..));
    cut
}

/// Splits `Name : value`; a name is not empty, and holds no bar.
pub(super) fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let (name, value) = (name.trim_ascii(), value.trim_ascii());
    (!name.is_empty() && name.len() <= 48 && !name.contains('|')).then_some((name, value))
}

/// Whether a line is ipmitool's complaint or progress report, not a part of what was asked.
pub(super) fn is_complaint(line: &str) -> bool {
    const BEGINNINGS: [&str; 30] = [
        "Unable to",
        "Error",
        "Could not",
        "Get ",
        "Failed to",
        "No response",
        "Close Session command failed",
        "Invalid ",
        "Cannot ",
        "Command ",
        "Timeout",
        "IANA PEN registry",
        "Loading IANA",
        "Running Get ",
        "No PICMG",
        "Discovered IPMB",
        "SDR Error",
        "SDR reserv",
        "Reserve SDR",
        "ipmitool",
        "ipmi_",
        "Activate Session",
        "Unknown FRU header",
        "Received a response",
        "Device not present",
        "Sensor Data Record",
        ">> ",
        "<< ",
        "RAKP",
        "BMC ",
    ];
    let line = line.trim_ascii_start();
    let begins = BEGINNINGS.iter().any(|b| line.starts_with(b));
    begins && !line.contains(" | ")
        || line.contains("command failed")
        || line.contains("request failed")
}

/// `true`, `false`, and their like.
pub(super) fn flag(value: &str) -> Option<bool> {
    match value.trim_ascii() {
        "true" | "yes" | "Yes" | "on" | "active" | "enabled" | "asserted" => Some(true),
        "false" | "no" | "No" | "off" | "inactive" | "disabled" | "deasserted" => Some(false),
        _ => None,
    }
}

/// The number at the beginning of a text: `1500 bytes`, `12,5`, `98 Watts`.
pub(super) fn number(text: &str) -> Option<f64> {
    let word = text.trim_ascii().split([' ', '\t', '%', '(']).next()?;
    decimal(word)
}

/// One word as a finite number, in decimal; some locales print a comma as its point.
pub(super) fn decimal(word: &str) -> Option<f64> {
    if !word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return None;
    }
    let number = match word.contains(',') && !word.contains('.') {
        true => word.replacen(',', ".", 1).parse(),
        false => word.parse::<f64>(),
    };
    number.ok().filter(|n| n.is_finite())
}

/// The whole number at the beginning of a text, in decimal.
pub(super) fn whole<N: std::str::FromStr>(text: &str) -> Option<N> {
    let digits = text.trim_ascii();
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

/// A byte in hexadecimal: `0x20`, `20h`, `20`.
pub(super) fn hex<N: TryFrom<u32>>(text: &str) -> Option<N> {
    let text = text.trim_ascii();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let digits = digits.strip_suffix('h').unwrap_or(digits);
    // `from_str_radix` takes a sign, which a byte has not.
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    N::try_from(number).ok()
}
