//! Makers of memory modules: firmware writes names, or numbers of JEP106 in several orders.

/// The maker's name for what firmware wrote; the text itself where it names one already.
pub(super) fn name(text: &str) -> String {
    let text = text.trim();
    // `Samsung(date:15/24)`: week and year behind the name.
    let plain = text.split("(date").next().unwrap_or(text).trim();
    match code(plain).and_then(|(bank, code)| jep106(bank, code)) {
        Some(name) => name.to_owned(),
        None => plain.to_owned(),
    }
}

/// The name for a number of type 17: the bank in the low byte, the code in the high byte.
pub(super) fn of_id(id: u16) -> Option<&'static str> {
    let [bank, code] = id.to_le_bytes();
    jep106((bank & 0x7f).checked_add(1)?, code)
}

/// Bank and code in hexadecimal digits: `00CE00B300CE`, `80CE`, `0x80CE`, `CE00000000000000`,
/// `7F7F9E0000000000`.
fn code(text: &str) -> Option<(u8, u8)> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits = digits.unwrap_or(text);
    let all = digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !all || digits.len() < 4 || !digits.len().is_multiple_of(2) {
        return None;
    }
    let byte = |index: usize| {
        let at = index.checked_mul(2)?;
        u8::from_str_radix(digits.get(at..at.checked_add(2)?)?, 16).ok()
    };
    let (first, second) = (byte(0)?, byte(1)?);
    if first == 0x7f {
        // One byte of 7F for each bank before the maker's.
        let banks = (0..digits.len() / 2).take_while(|at| byte(*at) == Some(0x7f));
        let banks = banks.count();
        return Some((u8::try_from(banks).ok()?.checked_add(1)?, byte(banks)?));
    }
    let rest = digits.get(2..).unwrap_or_default();
    if first != 0 && rest.bytes().all(|b| b == b'0') {
        return Some((1, first));
    }
    let usual = ((first & 0x7f).checked_add(1)?, second);
    let swapped = ((second & 0x7f).checked_add(1)?, first);
    let known = |(bank, code): &(u8, u8)| jep106(*bank, *code).is_some();
    Some(if known(&usual) || !known(&swapped) {
        usual
    } else {
        swapped
    })
}

/// Makers of JEP106 that modules of servers are from; the code with its parity.
fn jep106(bank: u8, code: u8) -> Option<&'static str> {
    Some(match (bank, code) {
        (1, 0xce) => "Samsung",
        (1, 0xad) => "SK Hynix",
        (1, 0x2c) => "Micron",
        (1, 0x89) => "Intel",
        (1, 0xc1) => "Infineon",
        (1, 0x98) => "Toshiba",
        (1, 0xa4) => "IBM",
        (1, 0x04) => "Fujitsu",
        (1, 0x10) => "NEC",
        (2, 0x98) => "Kingston",
        (2, 0x4f) => "Transcend",
        (2, 0x94) => "Smart Modular",
        (2, 0xba) => "PNY",
        (2, 0x7a) => "Apacer",
        (2, 0x0d) => "Dataram",
        (3, 0x9e) => "Corsair",
        (3, 0xfe) => "Elpida",
        (4, 0x0b) => "Nanya",
        (5, 0xcb) => "A-DATA",
        (5, 0xcd) => "G.Skill",
        (5, 0x43) => "Ramaxel",
        (5, 0xef) => "Team Group",
        (6, 0x9b) => "Crucial",
        (6, 0x51) => "Qimonda",
        (6, 0x02) => "Patriot",
        (7, 0xf1) => "Innodisk",
        (11, 0x91) => "CXMT",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_maker_are_one_name() {
        for text in [
            "Samsung",
            "00CE00B300CE",
            "80CE80B380CE",
            "00CE04B300CE",
            "00CE063200CE",
            "0x80CE",
            "CE00000000000000",
            "80CE",
            "CE80",
            "Samsung(date:15/24)",
        ] {
            assert_eq!(name(text), "Samsung", "{text}");
        }
        assert_eq!(name("00AD00B300AD"), "SK Hynix");
        assert_eq!(name("002C00B3002C"), "Micron");
        assert_eq!(name("7F7F9E0000000000"), "Corsair");
        assert_eq!(name("859B"), "Crucial");
        assert_eq!(name("Hynix Semiconductor"), "Hynix Semiconductor");
        assert_eq!(name("FEED"), "FEED");
        assert_eq!(of_id(0x2c00), Some("Micron"));
    }
}
