//! Which very part a tool's document is about: serial numbers, UUIDs and world-wide names, as smartctl,
//! nvidia-smi and others print them. Found so that they can be replaced, and for nothing else: the document may be cut, or not
//! be what it should be.

/// Keys of JSON whose text is an identity: the key, and which kind.
const TEXTS: [(&str, &str); 9] = [
    ("serial_number", "serial"),
    ("scsi_serial_number", "serial"),
    ("logical_unit_id", "wwn"),
    ("nguid", "wwn"),
    ("sas_address", "wwn"),
    // GPUs: DCGM, rocm-smi, amd-smi.
    ("serial_num", "serial"),
    ("Serial Number", "serial"),
    ("product_serial", "serial"),
    ("asic_serial", "serial"),
];

/// Elements of XML whose text is an identity (`nvidia-smi -q -x`).
const ELEMENTS: [(&str, &str); 5] = [
    ("serial", "serial"),
    ("uuid", "uuid"),
    ("chassis_serial_number", "serial"),
    ("pdi", "serial"),
    ("gpu_fabric_guid", "uuid"),
];

/// What begins the UUID of a GPU or of an instance on it.
const UUIDS: [&str; 2] = ["GPU-", "MIG-"];

/// Objects of JSON with the member whose digits are an identity.
const NUMBERS: [(&str, &str); 2] = [("wwn", "id"), ("eui64", "ext_id")];

/// Words before an identity in a tool's text; spaces and a colon stand between them.
const WORDS: [(&str, &str); 8] = [
    ("serial number", "serial"),
    ("lu wwn device id", "wwn"),
    ("logical unit id", "wwn"),
    // Units of `ipmitool fru print`.
    ("chassis serial", "serial"),
    ("board serial", "serial"),
    ("product serial", "serial"),
    ("product asset tag", "serial"),
    ("system guid", "uuid"),
];

/// Fewer digits could be a count.
const FEWEST_DIGITS: usize = 6;

/// Files of the kernel whose whole text is an identity, by their names: the name, and which kind.
const FILES: [(&str, &str); 16] = [
    ("serial", "serial"),
    ("serial_number", "serial"),
    ("product_serial", "serial"),
    ("board_serial", "serial"),
    ("chassis_serial", "serial"),
    ("board_asset_tag", "serial"),
    ("chassis_asset_tag", "serial"),
    ("product_uuid", "uuid"),
    ("address", "mac"),
    ("permaddr", "mac"),
    ("perm_hwaddr", "mac"),
    ("wwid", "wwn"),
    ("nguid", "wwn"),
    ("eui", "wwn"),
    ("unique_id", "serial"),
    ("boot_id", "uuid"),
];

/// Which kind of identity a file of the kernel holds; `None`: none.
pub fn of_file(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (_, kind) = FILES.iter().find(|(file, _)| *file == name)?;
    // A slot on the PCI bus has an address too, and that is no secret.
    (*kind != "mac" || path.contains("/net/")).then_some(kind)
}

/// The identity in such a file's text. `naa.5000c500…`: the kind is no secret.
pub fn in_file<'a>(path: &str, text: &'a str) -> &'a str {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    match text.split_once('.') {
        Some((_, id)) if path.ends_with("/wwid") => id,
        _ => text,
    }
}

/// Each identity in a document with its kind: `serial`, `wwn` or `uuid`. Digits of a number are of kind `digits`.
pub fn within(text: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (key, kind) in TEXTS {
        for rest in after_key(text, key) {
            if let Some(value) = quoted(rest) {
                let value = value.strip_prefix("0x").unwrap_or(value).trim();
                found.push((kind, value.to_owned()));
            }
        }
    }
    for (object, member) in NUMBERS {
        for rest in after_key(text, object) {
            let inner = rest.split('}').next().unwrap_or_default();
            for value in after_key(inner, member) {
                let end = value.find(|c: char| !c.is_ascii_digit());
                let digits = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
                if digits.len() >= FEWEST_DIGITS {
                    found.push(("digits", digits.to_owned()));
                }
            }
        }
    }
    for (element, kind) in ELEMENTS {
        let start = format!("<{element}>");
        for (at, _) in text.match_indices(&start) {
            let rest = text
                .get(at.saturating_add(start.len())..)
                .unwrap_or_default();
            let value = rest.split(['<', '\n']).next().unwrap_or_default().trim();
            if value != "N/A" && value.len() >= FEWEST_DIGITS {
                found.push((kind, value.to_owned()));
            }
        }
    }
    for start in UUIDS {
        for (at, _) in text.match_indices(start) {
            let rest = text.get(at..).unwrap_or_default();
            let of_it = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let end = rest.find(|c| !of_it(c)).unwrap_or(rest.len());
            let value = rest.get(..end).unwrap_or_default();
            // The digits of a UUID and its dashes.
            if value.len() >= 36 {
                found.push(("uuid", value.to_owned()));
            }
        }
    }
    for rest in after_key(text, "GPU Device Serials") {
        let inner = rest.split('}').next().unwrap_or_default();
        let values = inner.split(',').filter_map(|pair| pair.rsplit_once(':'));
        for value in values.filter_map(|(_, value)| quoted(value.trim())) {
            found.push(("serial", value.to_owned()));
        }
    }
    let lower = text.to_ascii_lowercase();
    for (words, kind) in WORDS {
        for (at, _) in lower.match_indices(words) {
            let rest = text
                .get(at.saturating_add(words.len())..)
                .unwrap_or_default();
            let Some(rest) = rest.trim_start_matches(' ').strip_prefix(':') else {
                continue;
            };
            let value = rest.split(['\n', '\r', '"', '\\']).next();
            found.push((kind, value.unwrap_or_default().trim().to_owned()));
        }
    }
    found.retain(|(_, value)| !value.is_empty());
    found
}

/// Words before the name of the machine that a load tool ran on, as it prints it: iperf3's JSON has it in
/// what `uname` prints, stress-ng's YAML in members of its own.
const HOSTS: [&str; 3] = ["\"system_info\":", "hostname:", "nodename:"];

/// What stands in a host's name's place.
pub const HOST: &str = "host";

/// A load tool's text without the name of the machine that it ran on; `None`: there is none in it.
pub fn without_host(text: &str) -> Option<String> {
    let mut clean = String::new();
    let mut rest = text;
    let mut replaced = false;
    while let Some((at, words)) = first_of(rest, &HOSTS) {
        let end = at.saturating_add(words.len());
        let (before, after) = rest.split_at_checked(end)?;
        clean.push_str(before);
        // `"Linux NAME 6.1.0 …"`, or the name alone.
        let kernel = after.trim_start_matches([' ', '\t', '"']);
        let skip = if words.contains("system_info") {
            let system = kernel
                .find(' ')
                .map_or(kernel.len(), |at| at.saturating_add(1));
            after
                .len()
                .saturating_sub(kernel.len())
                .saturating_add(system)
        } else {
            after.len().saturating_sub(kernel.len())
        };
        let (skipped, name) = after.split_at_checked(skip)?;
        clean.push_str(skipped);
        let length = name.find([' ', '\n', '\r', '"']).unwrap_or(name.len());
        replaced |= name
            .get(..length)
            .is_some_and(|name| !name.is_empty() && name != HOST);
        clean.push_str(if length > 0 { HOST } else { "" });
        rest = name.get(length..)?;
    }
    clean.push_str(rest);
    replaced.then_some(clean)
}

/// The first place of one of these words.
fn first_of<'a>(text: &str, words: &[&'a str]) -> Option<(usize, &'a str)> {
    let places = words
        .iter()
        .filter_map(|word| Some((text.find(word)?, *word)));
    places.min_by_key(|(at, _)| *at)
}

/// What stands after each occurrence of a key of JSON and its colon.
fn after_key<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let key = format!("\"{key}\"");
    let places = text.match_indices(&key);
    let rest = places.filter_map(|(at, _)| {
        let rest = text.get(at.checked_add(key.len())?..)?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start())
    });
    rest.collect()
}

fn quoted(rest: &str) -> Option<&str> {
    rest.strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_of_a_drive_are_found_also_where_the_document_is_cut() {
        let text = "{\"serial_number\": \"S3RIAL\",\n \"wwn\":{\"naa\":5,\"oui\":9528,\"id\":61213911380},\
                    \"logical_unit_id\":\"0x5000c50015ea71ac\",\"eui64\":{\"oui\":1,\"ext_id\":171819811633}";
        let found = within(text);
        for expected in [
            ("serial", "S3RIAL"),
            ("wwn", "5000c50015ea71ac"),
            ("digits", "61213911380"),
            ("digits", "171819811633"),
        ] {
            assert!(
                found.iter().any(|(k, v)| (*k, v.as_str()) == expected),
                "{expected:?}"
            );
        }
        let printed = "Serial Number:    WD-1234\nLU WWN Device Id: 5 0014ee 2b1\n";
        assert!(within(printed).contains(&("serial", "WD-1234".to_owned())));
        let units =
            " Board Serial          : CN179\n Product Serial        : ABCD1\n Board Serial\n";
        let serials = ["CN179", "ABCD1"].map(|serial| ("serial", serial.to_owned()));
        assert_eq!(within(units), serials);
    }

    #[test]
    fn identities_of_gpus_are_found() {
        let uuid = "GPU-8d2e4f60-0003-4f1a-9c10-000000000001";
        let text = format!(
            "<serial>1653323000001</serial>\n<uuid>{uuid}</uuid>\n<pdi>0x9acc01</pdi>\n\
             GPU 0: NVIDIA H100 (UUID: GPU-8d2e4f60-0003-4f1a-9c10-000000000002)\n\
             {{\"GPU Device Serials\": {{\"0\": \"1650000000001\", \"1\": \"1650000000002\"}}}}"
        );
        let found = within(&text);
        for expected in [
            ("serial", "1653323000001"),
            ("uuid", uuid),
            ("serial", "0x9acc01"),
            ("uuid", "GPU-8d2e4f60-0003-4f1a-9c10-000000000002"),
            ("serial", "1650000000002"),
        ] {
            assert!(
                found.iter().any(|(k, v)| (*k, v.as_str()) == expected),
                "{expected:?}: {found:?}"
            );
        }
        assert!(within("<serial>N/A</serial> GPU-0 GPU-Util").is_empty());
    }

    #[test]
    fn the_name_of_the_machine_goes_from_a_load_tool_s_output() {
        let json = "{\"system_info\":\t\"Linux db-17.example.org 6.1.0 #1 SMP x86_64\",\n\"x\":1}";
        let clean = json.replace("db-17.example.org", "host");
        assert_eq!(without_host(json), Some(clean.clone()));
        assert_eq!(without_host(&clean), None);
        let yaml = "      hostname: db-17\n      sysname: Linux\n      nodename: db-17\n";
        assert_eq!(without_host(yaml), Some(yaml.replace("db-17", "host")));
        for broken in [
            "",
            "\"system_info\":",
            "hostname:",
            "hostname:\n",
            "\"system_info\": \"Linux",
        ] {
            assert_eq!(without_host(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn a_document_without_identities_has_none() {
        assert!(within("{\"temperature\":{\"current\":30},\"wwn\":{\"id\":7}}").is_empty());
        assert!(within("\"serial_number\"").is_empty());
    }
}
