//! What stands before a line's text: level, time, host and program, in the forms that `dmesg`, syslog and
//! the journal print.

use super::Entry;
use super::pick::number;

const LEVELS: [&str; 8] = [
    "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
];
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "res0", "res1", "res2", "res3", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Takes the prefixes off a line; the entry's text is what remains. The flag says whether there was one.
pub(super) fn read(line: &str) -> (Entry, bool) {
    let mut entry = Entry::default();
    let mut rest = line;
    let mut found = false;
    if let Some(after) = raw_level(rest, &mut entry).or_else(|| names(rest, &mut entry)) {
        (rest, found) = (after, true);
    }
    if let Some((time, after)) = wall_clock(rest) {
        entry.time = Some(time.to_owned());
        // A comma before the fraction is dmesg's own ISO form: neither host nor program follows.
        let own = time.contains(',');
        let after = if own {
            after
        } else {
            program(after, &mut entry)
        };
        (rest, found) = (after, true);
        // syslog's `kernel: <6>[…]`, seldom.
        if let Some(after) = raw_level(rest, &mut entry) {
            rest = after;
        }
    } else if let Some(after) = rest.strip_prefix("kernel: ") {
        (rest, found) = (after, true);
    }
    for _ in 0..3 {
        let Some(after) = bracket(rest, &mut entry) else {
            break;
        };
        (rest, found) = (after, true);
    }
    if let Some(after) = rest.strip_prefix("kernel: ") {
        rest = after;
    }
    entry.text = rest.to_owned();
    (entry, found)
}

/// `<4>`, `<30>`.
fn raw_level<'a>(text: &'a str, entry: &mut Entry) -> Option<&'a str> {
    let (level, after) = number::<u16>(text.strip_prefix('<')?)?;
    let after = after.strip_prefix('>')?;
    entry.priority = Some((level & 7) as u8);
    entry.facility = u8::try_from(level >> 3).ok();
    Some(after)
}

/// `kern  :warn  : `.
fn names<'a>(text: &'a str, entry: &mut Entry) -> Option<&'a str> {
    // The longest name is `authpriv`: most lines have no colon that early.
    let colon = text.bytes().take(10).position(|byte| byte == b':')?;
    let (facility, after) = text.split_at_checked(colon)?;
    let after = after.get(1..)?;
    let (level, after) = after.split_once(':')?;
    let index = |names: &[&str], name: &str| {
        let place = names.iter().position(|known| *known == name.trim())?;
        u8::try_from(place).ok()
    };
    let (facility, priority) = (index(&FACILITIES, facility)?, index(&LEVELS, level)?);
    entry.facility = Some(facility);
    entry.priority = Some(priority);
    Some(after.strip_prefix(' ').unwrap_or(after))
}

/// `Nov  1 12:00:00 `, `Nov 01 12:00:00.123456 `, `2024-09-21T06:12:53,907220-05:00 `.
fn wall_clock(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let digit = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_digit);
    let is = |place: usize, byte: u8| bytes.get(place) == Some(&byte);
    if is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && digit(0) && digit(11) {
        return text.split_once(' ');
    }
    let month = text.get(..3).is_some_and(|name| MONTHS.contains(&name));
    if !(month && is(3, b' ') && digit(5) && is(6, b' ') && is(9, b':') && is(12, b':')) {
        return None;
    }
    let end = text.get(15..)?.find(' ')?.checked_add(15)?;
    Some((text.get(..end)?, text.get(end.checked_add(1)?..)?))
}

/// `host kernel: `, ` kernel: `, `host systemd[1]: `. Without such a name the line is the kernel's.
fn program<'a>(text: &'a str, entry: &mut Entry) -> &'a str {
    let trimmed = text.trim_start();
    let mut rest = trimmed;
    // The name is the first or second word: before it stands the host, if any.
    for _ in 0..2 {
        let Some((word, after)) = rest.split_once(' ') else {
            return text;
        };
        if word == "kernel:" {
            return after;
        }
        // Kernel text that begins with a driver's name has the same form, but after a host that dmesg
        // does not print.
        if let Some(name) = word
            .strip_suffix(':')
            .filter(|_| rest.len() < trimmed.len())
        {
            entry.program = Some(name.to_owned());
            return after;
        }
        if let Some(name) = word
            .strip_suffix("]:")
            .and_then(|word| word.split_once('['))
        {
            entry.program = Some(name.0.to_owned());
            return after;
        }
        if word.starts_with('[') || word.ends_with(':') || word.starts_with('{') {
            return text;
        }
        rest = after;
    }
    text
}

/// `[   12.345678] `, `[    T1] `, `[Mon Jan 27 19:27:15 2020] `, `[Nov27 01:30] `, `[  +0.000123] `,
/// `[    0.000000 <    0.000000>] `.
fn bracket<'a>(text: &'a str, entry: &mut Entry) -> Option<&'a str> {
    let (inside, after) = text.strip_prefix('[')?.split_once(']')?;
    let inner = inside.trim();
    let first = inner.split(' ').next().unwrap_or(inner);
    if entry.at_us.is_none()
        && let Some(at) = seconds(first)
    {
        entry.at_us = Some(at);
    } else if is_caller(inner) && entry.caller.is_none() && entry.at_us.is_some() {
        entry.caller = Some(inner.to_owned());
    } else if entry.time.is_none() && entry.at_us.is_none() && is_wall(inner) {
        entry.time = Some(inner.to_owned());
    } else {
        return None;
    }
    Some(after.strip_prefix(' ').unwrap_or(after))
}

/// `12.345678` as microseconds.
fn seconds(text: &str) -> Option<u64> {
    let (seconds, rest) = number::<u64>(text)?;
    let fraction = rest.strip_prefix('.')?;
    let digits = fraction.len();
    if !(1..=9).contains(&digits) || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut micros: u64 = fraction.get(..digits.min(6))?.parse().ok()?;
    for _ in digits..6 {
        micros = micros.checked_mul(10)?;
    }
    seconds.checked_mul(1_000_000)?.checked_add(micros)
}

/// `T1`, `C3`.
fn is_caller(text: &str) -> bool {
    let digits = text.strip_prefix(['T', 'C']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `Mon Jan 27 19:27:15 2020`, `Nov27 01:30`, `+0.000123`, `<    0.000123>`.
fn is_wall(text: &str) -> bool {
    let month = |name: Option<&str>| name.is_some_and(|name| MONTHS.contains(&name));
    let number = text
        .trim_start_matches(['+', '<', ' '])
        .trim_end_matches('>');
    let delta = text.starts_with(['+', '<']) && seconds(number).is_some();
    delta
        || month(text.get(..3)) && text.contains(':') && text.len() <= 16
        || month(text.get(4..7)) && text.matches(':').count() == 2
}
