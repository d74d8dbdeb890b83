//! Who the machine is, and whether it is one that people carry about: what safety depends on, and so is
//! read by the host itself.

use super::root::Root;
use super::smbios::{self, Tables, kind};
use crate::Identity;
use crate::placeholder::real;

/// The tables are rarely over 100 KB.
const TABLES_LIMIT: u64 = 1 << 20;

/// Where the kernel shows a few of SMBIOS' texts one by one.
const DMI: &str = "sys/class/dmi/id";

/// Where the kernel shows network ports.
pub const PORTS: &str = "sys/class/net";

/// Who the machine is.
pub fn read(root: &Root) -> Identity {
    let tables = tables(root);
    let text = |file: &str| real(&root.value(&format!("{DMI}/{file}"))?);
    let board = tables.first(kind::BOARD).and_then(|board| board.text(7));
    Identity {
        mac: ports(root).iter().find_map(|port| address(root, port)),
        system_uuid: tables
            .uuid()
            .or_else(|| text("product_uuid").map(|uuid| uuid.to_ascii_lowercase())),
        board_serial: board.or_else(|| text("board_serial")),
    }
}

/// The names of the physical network ports, in natural order.
pub fn ports(root: &Root) -> Vec<String> {
    let is_physical = |name: &String| {
        let place = root.resolve(&format!("{PORTS}/{name}")).unwrap_or_default();
        // A port of a copied tree may have lost the link that its device was.
        let device = root.link_name(&format!("{PORTS}/{name}/device")).is_some()
            || root.is_folder(&format!("{PORTS}/{name}/device"));
        // A VLAN on top of a port has the port's device in old kernels; ARPHRD_ETHER or InfiniBand.
        let kind = root.number::<u32>(&format!("{PORTS}/{name}/type"));
        let wired = matches!(kind, None | Some(1 | 32));
        device && wired && !place.contains("/virtual/") && name != "lo"
    };
    root.list(PORTS).into_iter().filter(is_physical).collect()
}

/// A port's own address: that of its hardware where it shares another one in a bond.
fn address(root: &Root, port: &str) -> Option<String> {
    let value = |file: &str| root.value(&format!("{PORTS}/{port}/{file}"));
    let address = value("bonding_slave/perm_hwaddr").or_else(|| value("address"))?;
    Some(address.to_ascii_lowercase()).filter(|address| !address.is_empty())
}

/// Whether SMBIOS knows a management controller (type 38).
pub fn names_controller(root: &Root) -> bool {
    tables(root).first(kind::IPMI).is_some()
}

/// Whether the machine has a battery of its own. That of a mouse or a keyboard has the scope `Device`
/// (ABI/testing/sysfs-class-power).
pub fn has_battery(root: &Root) -> bool {
    const CLASS: &str = "sys/class/power_supply";
    let names = root.list(CLASS).into_iter();
    let mut folders = names.map(|name| format!("{CLASS}/{name}"));
    let value = |folder: &str, file: &str| root.value(&format!("{folder}/{file}"));
    folders.any(|folder| {
        value(&folder, "type").as_deref() == Some("Battery")
            && value(&folder, "scope").as_deref() != Some("Device")
    })
}

/// Whether the chassis is one that people carry about.
pub fn is_portable(root: &Root) -> bool {
    let table = tables(root).first(kind::CHASSIS).and_then(|s| s.byte(5));
    let kind = table.or_else(|| root.number(&format!("{DMI}/chassis_type")));
    kind.is_some_and(smbios::is_portable)
}

fn tables(root: &Root) -> Tables {
    let read = |file: &str| root.bytes(&format!("sys/firmware/dmi/tables/{file}"), TABLES_LIMIT);
    let entry = read("smbios_entry_point").unwrap_or_default();
    Tables::parse(&read("DMI").unwrap_or_default(), &entry)
}
