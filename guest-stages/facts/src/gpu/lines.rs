//! Lines of what a tool printed, which may be cut anywhere.

/// The most bytes of one document that this room reads.
pub(super) const MAX_BYTES: usize = 4 << 20;

/// One line, without the white space at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub text: &'a str,
    /// Whether the end of the line was printed: the last word of a line without it may be cut.
    pub ended: bool,
}

/// The lines of a text that are not empty. A carriage return ends a line too: progress meters print it.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.split_inclusive(['\n', '\r']).filter_map(|raw| {
        let ended = raw.ends_with(['\n', '\r']);
        let text = raw.trim_end();
        (!text.trim_start().is_empty()).then_some(Line { text, ended })
    })
}

/// The first PCI address in a text, as the kernel writes it: `0000:41:00.0`.
pub(super) fn pci_address(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, ':' | '.')))
        .find_map(|word| normal_pci_address(word.trim_matches([':', '.'])))
}

/// `00000000:41:00.0` as `0000:41:00.0`; `None` where it is not a PCI address.
pub(super) fn normal_pci_address(text: &str) -> Option<String> {
    let mut parts = text.trim().split(':');
    let domain = u32::from_str_radix(parts.next()?, 16).ok()?;
    let bus = u8::from_str_radix(parts.next()?, 16).ok()?;
    let (device, function) = parts.next()?.split_once('.')?;
    let device = u8::from_str_radix(device, 16).ok()?;
    let function = u8::from_str_radix(function, 16).ok()?;
    let whole = parts.next().is_none();
    whole.then(|| format!("{domain:04x}:{bus:02x}:{device:02x}.{function:x}"))
}

/// The number that starts a text and what follows it: `68.20 W`, `16x`.
pub(super) fn leading_number(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = number.parse::<f64>().ok().filter(|n| n.is_finite())?;
    Some((number, unit.trim()))
}

/// `GPU 0: NVIDIA A100 (UUID: GPU-…)`: index, name and UUID.
pub(super) fn gpu_heading(line: &str) -> Option<(u32, String, Option<String>)> {
    let (index, rest) = line.strip_prefix("GPU ")?.split_once(':')?;
    let index = index.trim().parse().ok()?;
    let (name, uuid) = match rest.split_once("(UUID:") {
        Some((name, uuid)) => (name, uuid.split_once(')').map(|(uuid, _)| uuid.trim())),
        None => (rest, None),
    };
    Some((index, name.trim().to_owned(), uuid.map(str::to_owned)))
}
