//! What this machine should be made of, taken from what it is made of. A fleet's owner would write
//! it by hand, or take it from a machine that is known to be good.

use serde_json::{Map, Value, json};

/// What is expected of each part: what stays so from one boot to the next.
const EXPECTED: [(&str, &[&str]); 3] = [
    ("cpus", &["socket", "vendor", "model", "cores", "threads"]),
    ("disks", &["name", "serial", "model", "size_bytes"]),
    ("nics", &["name", "mac", "driver"]),
];

/// The expected spec of the machine with an inventory.
pub fn of(inventory: &Value) -> Value {
    let mut spec = Map::new();
    let memory = inventory["memory"]["visible_bytes"].as_u64().unwrap_or(0);
    // The kernel keeps a little for itself, and not always the same.
    let least = memory / 100 * 95;
    spec.insert(
        "memory".to_owned(),
        json!({ "visible_bytes": { "min": least } }),
    );
    // Disks that are expected must tell of their health, which a virtual machine's never do.
    let bare_metal = inventory["system"]["hypervisor"].is_null();
    for (list, fields) in EXPECTED {
        let parts = inventory[list].as_array().cloned().unwrap_or_default();
        if !parts.is_empty() && (bare_metal || list != "disks") {
            let parts = parts.iter().map(|part| picked(part, fields));
            spec.insert(list.to_owned(), parts.collect());
        }
    }
    Value::Object(spec)
}

fn picked(part: &Value, fields: &[&str]) -> Value {
    let known = fields.iter().filter(|field| !part[**field].is_null());
    let picked = known.map(|field| ((*field).to_owned(), part[*field].clone()));
    Value::Object(picked.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_expects_what_stays_so_and_can_be_judged() {
        let mut inventory = json!({
            "system": { "hypervisor": "kvm" },
            "memory": { "visible_bytes": 1000 },
            "cpus": [{ "socket": "0", "model": "m", "microcode": "changes" }],
            "disks": [{ "name": "vda", "serial": null }],
            "nics": [],
        });
        let mut expected = json!({
            "memory": { "visible_bytes": { "min": 950 } },
            "cpus": [{ "socket": "0", "model": "m" }],
        });
        assert_eq!(of(&inventory), expected);
        inventory["system"]["hypervisor"] = Value::Null;
        expected["disks"] = json!([{ "name": "vda" }]);
        assert_eq!(of(&inventory), expected);
    }
}
