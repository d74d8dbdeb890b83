//! Texts that boards and drives carry until somebody writes a real one.

/// The text, unless it is one of the placeholders that boards ship with.
pub fn real(text: &str) -> Option<String> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let letters: String = lower
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    let same = |c: char| !letters.is_empty() && letters.chars().all(|l| l == c);
    let placeholders = [
        "tobefilledbyoem",
        "notspecified",
        "notapplicable",
        "notavailable",
        "defaultstring",
        "none",
        "na",
        "unknown",
        "empty",
        "null",
        "oem",
        "undefined",
        "invalid",
        "systemmanufacturer",
        "systemproductname",
        "systemname",
        "systemserialnumber",
        "systemversion",
        "serialnumber",
        "chassismanufacturer",
        "chassisserialnumber",
        "chassisversion",
        "boardserialnumber",
        "baseboardserialnumber",
        "basebaseboardserialnumber",
        "mbserialnumber",
        "noasset",
        "nodimm",
        "nomodule",
        "nomoduleinstalled",
        "notinstalled",
        "notpresent",
        "0123456789",
        "123456789",
        "1234567890",
        "xxxxxxxx",
        "oemstring",
        "partnum",
        "manufacturer",
        "sernum",
        "assettagnum",
    ];
    let placeholder = letters.is_empty()
        || same('0')
        || (same('f') && letters.len() >= 4)
        || (same('x') && letters.len() >= 2)
        || placeholders.contains(&letters.as_str())
        || lower.starts_with("fill by oem")
        || lower.starts_with("to be filled")
        || letters == "03000200040005000006000700080009";
    (!placeholder).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_absent() {
        for text in [
            "",
            "To Be Filled By O.E.M.",
            "Not Specified",
            "Default string",
            "None",
            "0123456789",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "N/A",
            "....",
            "System Serial Number",
        ] {
            assert_eq!(real(text), None, "{text}");
        }
        assert_eq!(real(" PF2ABC01 ").as_deref(), Some("PF2ABC01"));
        assert_eq!(real("F5").as_deref(), Some("F5"));
    }
}
