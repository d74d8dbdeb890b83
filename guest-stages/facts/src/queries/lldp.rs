//! `lldpcli show neighbors -f json` and `-f json0`: the switches at the ports.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::Unreadable;
use crate::fio::document;

/// The neighbors.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Neighbors {
    /// One entry per neighbor; a port may have several.
    pub neighbors: Vec<Neighbor>,
    /// Whether the document came to its end.
    pub whole: bool,
    /// Lines that are not JSON.
    pub unread: Vec<String>,
}

/// One neighbor.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Neighbor {
    /// The port on this machine.
    pub port: Option<String>,
    /// `LLDP`, `CDPv2`.
    pub via: Option<String>,
    /// How long it is known, as printed: `0 day, 08:40:40`.
    pub age: Option<String>,
    /// The kind of the chassis' identity: `mac`.
    pub chassis_id_kind: Option<String>,
    /// The chassis' identity.
    pub chassis_id: Option<String>,
    /// The neighbor's name.
    pub system_name: Option<String>,
    /// Its own description.
    pub system_description: Option<String>,
    /// Addresses at which it is managed.
    pub management_addresses: Vec<String>,
    /// Capabilities, and whether they are in use: `Bridge`, `Router`, `Station`.
    pub capabilities: Vec<(String, bool)>,
    /// The kind of the port's identity: `ifname`, `mac`, `local`.
    pub port_id_kind: Option<String>,
    /// The identity of the neighbor's port.
    pub port_id: Option<String>,
    /// The description of the neighbor's port.
    pub port_description: Option<String>,
    /// Seconds for which the information holds.
    pub ttl_s: Option<u64>,
    /// Largest frame in bytes.
    pub max_frame: Option<u64>,
    /// VLANs.
    pub vlans: Vec<Vlan>,
    /// Members that are not known: negotiation, power, aggregation, MED.
    pub extra: Map<String, Value>,
}

/// One VLAN.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Vlan {
    /// Its number.
    pub id: Option<u64>,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is the port's own (untagged).
    pub own: Option<bool>,
}

/// Reads the neighbors, in both forms.
pub fn neighbors(bytes: &[u8]) -> Result<Neighbors, Unreadable> {
    let found = document::find(bytes);
    let mut neighbors = Neighbors {
        unread: found.outside,
        ..Neighbors::default()
    };
    neighbors.unread.extend(found.unread);
    let mut some = false;
    for mut document in found.documents {
        neighbors.whole = document.whole;
        for lldp in one_or_many(document.value.remove("lldp")) {
            some = true;
            let Value::Object(mut lldp) = lldp else {
                continue;
            };
            for interface in one_or_many(lldp.remove("interface")) {
                add(&mut neighbors.neighbors, interface);
            }
        }
    }
    match some {
        true => Ok(neighbors),
        false => Err(Unreadable::starting("the JSON of lldpcli", bytes)),
    }
}

/// The elements of a list; anything else is one element.
fn one_or_many(value: Option<Value>) -> Vec<Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(values)) => values,
        Some(other) => vec![other],
    }
}

/// `json0`: an object with a member `name`. `json`: an object whose members are named as the ports.
fn add(to: &mut Vec<Neighbor>, interface: Value) {
    let Value::Object(mut members) = interface else {
        return;
    };
    if members.get("name").is_some_and(Value::is_string) {
        let port = text(members.remove("name").as_ref());
        to.push(neighbor(port, members));
        return;
    }
    for (port, value) in members {
        for value in one_or_many(Some(value)) {
            if let Value::Object(members) = value {
                to.push(neighbor(Some(port.clone()), members));
            }
        }
    }
}

fn neighbor(port: Option<String>, mut members: Map<String, Value>) -> Neighbor {
    let mut take = |name: &str| members.remove(name);
    let via = text(take("via").as_ref());
    let age = text(take("age").as_ref());
    let chassis = one_or_many(take("chassis")).into_iter().next();
    let own_port = one_or_many(take("port")).into_iter().next();
    let vlans = one_or_many(take("vlan")).iter().map(vlan).collect();
    let mut neighbor = Neighbor {
        port,
        via,
        age,
        vlans,
        ..Neighbor::default()
    };
    if let Some(Value::Object(chassis)) = chassis {
        add_chassis(&mut neighbor, chassis, &mut members);
    }
    if let Some(Value::Object(own_port)) = own_port {
        add_port(&mut neighbor, own_port, &mut members);
    }
    neighbor.extra = members;
    neighbor
}

/// In `json` the chassis is in a member that has its name, unless it has none.
fn add_chassis(to: &mut Neighbor, mut chassis: Map<String, Value>, rest: &mut Map<String, Value>) {
    if chassis.len() == 1
        && !chassis.contains_key("id")
        && let Some((name, Value::Object(inner))) = chassis.iter_mut().next()
    {
        to.system_name = Some(name.clone());
        let inner = std::mem::take(inner);
        chassis = inner;
    }
    let mut take = |name: &str| chassis.remove(name);
    (to.chassis_id_kind, to.chassis_id) = identity(take("id").as_ref());
    to.system_name = text(take("name").as_ref()).or(to.system_name.take());
    to.system_description = text(take("descr").as_ref());
    // Older versions keep the time to live here.
    to.ttl_s = whole(take("ttl").as_ref());
    let addresses = one_or_many(take("mgmt-ip"));
    to.management_addresses = addresses.iter().filter_map(|one| text(Some(one))).collect();
    for capability in one_or_many(take("capability")) {
        let kind = capability.get("type").and_then(Value::as_str);
        let on = capability.get("enabled").and_then(flag);
        to.capabilities.extend(kind.map(str::to_owned).zip(on));
    }
    if !chassis.is_empty() {
        rest.insert("chassis".to_owned(), Value::Object(chassis));
    }
}

fn add_port(to: &mut Neighbor, mut port: Map<String, Value>, rest: &mut Map<String, Value>) {
    let mut take = |name: &str| port.remove(name);
    (to.port_id_kind, to.port_id) = identity(take("id").as_ref());
    to.port_description = text(take("descr").as_ref());
    to.ttl_s = whole(take("ttl").as_ref()).or(to.ttl_s);
    to.max_frame = whole(take("mfs").as_ref());
    if !port.is_empty() {
        rest.insert("port".to_owned(), Value::Object(port));
    }
}

fn vlan(value: &Value) -> Vlan {
    Vlan {
        id: value.get("vlan-id").and_then(|id| whole(Some(id))),
        name: text(Some(value)),
        own: value.get("pvid").and_then(flag),
    }
}

fn identity(value: Option<&Value>) -> (Option<String>, Option<String>) {
    let first = match value {
        Some(Value::Array(values)) => values.first(),
        other => other,
    };
    let kind = first
        .and_then(|first| first.get("type"))
        .and_then(Value::as_str);
    (kind.map(str::to_owned), text(first))
}

/// A text, the member `value` of an object, or the same of a list's first element.
fn text(value: Option<&Value>) -> Option<String> {
    let value = match value? {
        Value::Array(values) => values.first()?,
        other => other,
    };
    let value = value.get("value").unwrap_or(value);
    value.as_str().map(str::to_owned)
}

/// A number, also as text.
fn whole(value: Option<&Value>) -> Option<u64> {
    value?.as_u64().or_else(|| text(value)?.parse().ok())
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(word) => match word.as_str() {
            "yes" | "on" | "true" => Some(true),
            "no" | "off" | "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}
