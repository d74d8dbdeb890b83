//! Picks numbers, addresses and names out of a line.

/// The number at a text's start, and what follows it.
pub(super) fn number<N: std::str::FromStr>(text: &str) -> Option<(N, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

/// The number that stands after some words.
pub(super) fn number_after<N: std::str::FromStr>(text: &str, words: &str) -> Option<N> {
    Some(number(after(text, words)?.trim_start())?.0)
}

/// What stands after some words.
pub(super) fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.split_once(words).map(|(_, rest)| rest)
}

/// What stands between two words.
pub(super) fn between<'a>(text: &'a str, left: &str, right: &str) -> Option<&'a str> {
    after(text, left)?.split_once(right).map(|(word, _)| word)
}

/// The first word: up to white space, a comma, `;` or a closing bracket.
pub(super) fn word(text: &str) -> &str {
    let end = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | ';' | ')' | ']' | '}');
    text.split(end).next().unwrap_or(text)
}

/// The word after some words; `None` where it is empty.
pub(super) fn word_after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    Some(word(after(text, words)?.trim_start())).filter(|word| !word.is_empty())
}

/// A hexadecimal number, with or without `0x`.
pub(super) fn hex(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, 16).ok()
}

/// A PCI address (`0000:3b:00.0`, `10000:e1:00.0`, `3b:00.0`, `0000:3b:00`): in lower case and with its
/// domain. NVIDIA's lines have no function.
pub(super) fn pci(word: &str) -> Option<String> {
    if word.len() > 16 {
        return None;
    }
    let (word, function) = match word.split_once('.') {
        Some((word, function)) => (word, Some(function)),
        None => (word, None),
    };
    let is_hex = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let mut parts = word.split(':');
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next());
    let (domain, bus, device) = match c {
        Some(c) => (a, b, c),
        None => ("0000", a, b),
    };
    let bare = c.is_none() && function.is_none();
    let right = parts.next().is_none()
        && !bare
        && is_hex(domain, 4, 8)
        && is_hex(bus, 2, 2)
        && is_hex(device, 2, 2)
        && function.is_none_or(|function| is_hex(function, 1, 1));
    let function = function.map(|f| format!(".{f}")).unwrap_or_default();
    right.then(|| format!("{domain}:{bus}:{device}{function}").to_ascii_lowercase())
}

/// The first PCI address in a text.
pub(super) fn any_pci(text: &str) -> Option<String> {
    let apart = |c: char| !(c.is_ascii_hexdigit() || c == ':' || c == '.');
    text.split(apart)
        .map(|word| word.trim_matches([':', '.']))
        .filter(|word| word.len() >= 7)
        .find_map(pci)
}

/// `CPU 3`, `CPU3`, `CPU#3`, `CPU:3`, `cpu 3`, `cpu=3`: the number of the first CPU that is named.
pub(super) fn cpu(text: &str) -> Option<u32> {
    let mut from = 0;
    while let Some(rest) = text.get(from..) {
        let place = rest.find("CPU").into_iter().chain(rest.find("cpu")).min()?;
        let (before, at) = rest.split_at_checked(place)?;
        let tail = at.get(3..)?;
        let alone = !before.ends_with(|c: char| c.is_ascii_alphanumeric());
        let digits = tail.trim_start_matches([' ', '#', ':', '=']);
        if alone && let Some((cpu, _)) = number(digits) {
            return Some(cpu);
        }
        from = from.saturating_add(place).saturating_add(3);
    }
    None
}

/// A plain name at a text's start: letters, digits and `-_.!`, at most 32 of them.
pub(super) fn name(text: &str) -> Option<&str> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'!');
    let end = text.bytes().take_while(plain).count();
    let name = text.get(..end)?.trim_end_matches('.');
    (!name.is_empty() && name.len() <= 32).then_some(name)
}
