//! Who a host is: names, MAC addresses and UUIDs in one spelling each, and whether two identities are
//! one host's.

use vetting_protocol::Identity;

/// How long a host's name may be. (RFC 1123: a label has 63 characters, a name 253.)
const LONGEST_NAME: usize = 253;

/// What is wrong with what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// A name that no path or command line could hold.
    #[error(
        "invalid host name `{0}`: 1 to {LONGEST_NAME} letters, digits, '.', '-' and '_', beginning \
         with a letter or a digit"
    )]
    Name(String),
    /// Not a MAC address.
    #[error("invalid MAC address `{0}`: six bytes are needed, such as 02:00:00:00:00:01")]
    Mac(String),
    /// A MAC address that no network port has.
    #[error("`{0}` is not the address of one network port: it is all zero, broadcast or multicast")]
    NotAPort(String),
    /// Not a UUID.
    #[error("invalid system UUID `{0}`: 32 hexadecimal digits are needed, as dmidecode prints it")]
    Uuid(String),
    /// What firmware says that has no UUID.
    #[error("the system UUID `{0}` is a placeholder: leave it out")]
    Placeholder(String),
}

/// A host's name, as it was given.
///
/// # Errors
///
/// When it is empty, too long, or has other characters than letters, digits, `.`, `-` and `_`.
pub fn host_name(name: &str) -> Result<&str, IdentityError> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if begins && name.len() <= LONGEST_NAME && name.chars().all(legal) {
        return Ok(name);
    }
    Err(IdentityError::Name(name.escape_debug().to_string()))
}

/// A MAC address in lower case with colons, whichever way it was spelled: with colons, hyphens, dots, or
/// nothing between.
///
/// # Errors
///
/// When it is not six bytes, or not one port's address.
pub fn mac(text: &str) -> Result<String, IdentityError> {
    let shown = || text.escape_debug().to_string();
    let bytes = mac_bytes(text).ok_or_else(|| IdentityError::Mac(shown()))?;
    // The lowest bit of the first byte marks a group. (IEEE 802)
    if bytes.iter().all(|byte| *byte == 0) || bytes[0] & 1 == 1 {
        return Err(IdentityError::NotAPort(shown()));
    }
    Ok(bytes.map(|byte| format!("{byte:02x}")).join(":"))
}

/// The six bytes of a MAC address.
fn mac_bytes(text: &str) -> Option<[u8; 6]> {
    let text = text.trim();
    let parts: Vec<&str> = text.split([':', '-', '.']).collect();
    let width = match parts.len() {
        6 => 2,
        3 => 4,
        1 => 12,
        _ => return None,
    };
    let even = parts.iter().all(|part| part.len() == width);
    if !even || !text.is_ascii() {
        return None;
    }
    let digits = parts.concat();
    let mut bytes = [0; 6];
    for (byte, at) in bytes.iter_mut().zip((0..12).step_by(2)) {
        let pair = digits.get(at..at + 2)?;
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

/// A system UUID in lower case with hyphens.
///
/// # Errors
///
/// When it is not one, or one of those that firmware gives who has none.
pub fn system_uuid(text: &str) -> Result<String, IdentityError> {
    let shown = || text.escape_debug().to_string();
    let digits: String = text.trim().chars().filter(|c| *c != '-').collect();
    let digits = digits.to_ascii_lowercase();
    if digits.len() != 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(IdentityError::Uuid(shown()));
    }
    if ["0", "f"].iter().any(|same| digits == same.repeat(32)) {
        return Err(IdentityError::Placeholder(shown()));
    }
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    let parts = parts.map(|part| digits.get(part).unwrap_or_default().to_owned());
    Ok(parts.join("-"))
}

/// Whether a host that claims a run is the run's: by what an operator registered, and where that says
/// nothing, by who claimed the run first.
///
/// # Errors
///
/// Which part of the identity is another, with both values: for the audit and the log, never for whoever
/// claims.
pub fn same_host(
    registered: &Identity,
    first: Option<&Identity>,
    claimed: &Identity,
) -> Result<(), String> {
    let known =
        |of: fn(&Identity) -> Option<&String>| of(registered).or_else(|| first.and_then(of));
    let pairs = [
        ("MAC address", Some(&registered.mac), Some(&claimed.mac)),
        (
            "system UUID",
            known(|identity| identity.system_uuid.as_ref()),
            claimed.system_uuid.as_ref(),
        ),
        (
            "board serial",
            known(|identity| identity.board_serial.as_ref()),
            claimed.board_serial.as_ref(),
        ),
    ];
    for (what, expected, found) in pairs {
        if let Some(expected) = expected
            && !found.is_some_and(|found| alike(found, expected))
        {
            let found = found.map_or("unknown", String::as_str);
            return Err(format!(
                "the {what} of the host is {}, of the run {}; correct the host with `host set`, or boot \
                 the right machine",
                found.escape_debug(),
                expected.escape_debug()
            ));
        }
    }
    Ok(())
}

/// Whether two spellings are of one address or number.
fn alike(a: &str, b: &str) -> bool {
    let normal = |text: &str| mac(text).or_else(|_| system_uuid(text));
    match (normal(a), normal(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a.trim().eq_ignore_ascii_case(b.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mac_addresses_have_one_spelling() {
        for text in [
            "02:00:5E:10:00:FF",
            "02-00-5e-10-00-ff",
            "0200.5e10.00ff",
            " 02005e1000ff ",
        ] {
            assert_eq!(mac(text).as_deref(), Ok("02:00:5e:10:00:ff"), "{text}");
        }
        for text in [
            "",
            "none",
            "02:00:5e:10:00",
            "02:00:5e:10:00:0g",
            "2:0:5e:10:0:ff",
            "+1:00:5e:10:00:ff",
        ] {
            assert!(matches!(mac(text), Err(IdentityError::Mac(_))), "{text}");
        }
        for text in [
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "01:00:5e:00:00:01",
        ] {
            assert!(
                matches!(mac(text), Err(IdentityError::NotAPort(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn host_names_fit_a_path_and_a_terminal() {
        for name in ["rack1-u7", "h", "10.0.0.7", "a_b"] {
            assert_eq!(host_name(name), Ok(name));
        }
        let long = "x".repeat(LONGEST_NAME + 1);
        for name in [
            "",
            "a/b",
            "..",
            "-x",
            "a b",
            "ü",
            "a\u{1b}[2J",
            long.as_str(),
        ] {
            assert!(host_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn uuids_have_one_spelling_and_placeholders_are_none() {
        let text = "4C4C4544-0042-3510-8052-B4C04F4A3732";
        let lower = text.to_lowercase();
        assert_eq!(system_uuid(text).as_deref(), Ok(lower.as_str()));
        assert_eq!(system_uuid(&lower.replace('-', "")), Ok(lower));
        assert!(system_uuid("00000000-0000-0000-0000-000000000000").is_err());
        assert!(system_uuid("Not Settable").is_err());
    }

    #[test]
    fn a_host_is_known_by_all_that_is_known_of_it() {
        let identity = |mac: &str, uuid: Option<&str>| Identity {
            mac: mac.to_owned(),
            system_uuid: uuid.map(str::to_owned),
            board_serial: None,
        };
        let registered = identity("02:00:00:00:00:01", None);
        let first = identity("02:00:00:00:00:01", Some("u1"));
        assert!(same_host(&registered, None, &identity("02-00-00-00-00-01", None)).is_ok());
        assert!(same_host(&registered, None, &identity("02:00:00:00:00:02", None)).is_err());
        assert!(same_host(&registered, Some(&first), &first).is_ok());
        let other = identity("02:00:00:00:00:01", Some("u2"));
        assert!(same_host(&registered, Some(&first), &other).is_err());
    }
}
