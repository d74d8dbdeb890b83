//! USB devices, and those that a management controller makes up.

use serde::Serialize;

use crate::files::Files;
use crate::smbios::Tables;

const BUS: &str = "sys/bus/usb/devices";

/// A USB device.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UsbDevice {
    /// Its place: `1-14.3`, of a root hub `usb1`.
    pub place: String,
    /// Vendor id, four lower-case hexadecimal digits.
    pub vendor_id: Option<String>,
    /// Product id, four lower-case hexadecimal digits.
    pub product_id: Option<String>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its product name.
    pub product: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its speed in Mbit/s.
    pub speed_mbps: Option<f64>,
    /// Its release as it writes it: `0105`.
    pub release: Option<String>,
    /// Class code, two lower-case hexadecimal digits: `09` for hubs.
    pub class: Option<String>,
    /// Whether it is the root hub of a controller.
    pub root_hub: bool,
    /// Why it belongs to the management controller; `None` for a device that is plugged in.
    pub management_controller: Option<&'static str>,
}

/// All devices, by place.
pub(super) fn devices(files: &Files, tables: &Tables) -> Vec<UsbDevice> {
    let names = files.names(BUS).into_iter();
    let names = names.filter(|name| !name.contains(':'));
    let device = |name: &str| device(files, tables, &format!("{BUS}/{name}"), name);
    names.map(device).collect()
}

/// The device that an interface or something below it belongs to, by a resolved path.
pub(super) fn at_path(files: &Files, tables: &Tables, path: &str) -> Option<UsbDevice> {
    let mut end = path.len();
    loop {
        let (above, name) = path.get(..end)?.rsplit_once('/')?;
        if is_place(name) {
            let by_bus = format!("{BUS}/{name}");
            let folder = match files.text(&format!("{by_bus}/idVendor")) {
                Some(_) => by_bus,
                None => format!("{above}/{name}"),
            };
            return Some(device(files, tables, &folder, name));
        }
        end = above.len();
    }
}

/// Whether this is a place such as `1-14.3`.
fn is_place(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    name.split_once('-')
        .is_some_and(|(bus, ports)| digits(bus) && ports.split('.').all(digits))
}

fn device(files: &Files, tables: &Tables, folder: &str, name: &str) -> UsbDevice {
    let text = |file: &str| files.text(&format!("{folder}/{file}")).map(str::to_owned);
    let id = |file: &str| text(file).map(|id| id.to_ascii_lowercase());
    let mut device = UsbDevice {
        place: name.to_owned(),
        vendor_id: id("idVendor"),
        product_id: id("idProduct"),
        manufacturer: text("manufacturer"),
        product: text("product"),
        serial: text("serial"),
        speed_mbps: files.number(&format!("{folder}/speed")),
        release: text("bcdDevice"),
        class: id("bDeviceClass"),
        root_hub: name.starts_with("usb"),
        management_controller: None,
    };
    device.management_controller = controller(&device, tables);
    device
}

/// Why a device is one that a management controller makes up.
fn controller(device: &UsbDevice, tables: &Tables) -> Option<&'static str> {
    if device.root_hub {
        return None;
    }
    let own = |port: &crate::smbios::HostInterface| {
        port.usb_vendor.is_some()
            && port.usb_vendor == device.vendor_id
            && port.usb_product == device.product_id
    };
    if tables.host_interfaces.iter().any(own) {
        return Some("SMBIOS names it as the host's way to the management controller");
    }
    let id = |id: &Option<String>| id.clone().unwrap_or_default();
    let (vendor, product) = (id(&device.vendor_id), id(&device.product_id));
    match (vendor.as_str(), product.as_str()) {
        ("046b", _) => return Some("a device of AMI's management controller"),
        ("0557", "2419" | "2221" | "7000" | "8021" | "9241") => {
            return Some("a device of ATEN's or Supermicro's management controller");
        }
        ("0624", _) => return Some("a device of Avocent's management controller"),
        ("413c", "a001" | "a101" | "a102" | "0000") => return Some("a device of Dell's iDRAC"),
        ("04b3", "4010" | "4012") => return Some("a device of IBM's or Lenovo's controller"),
        ("03f0", "2927" | "7029" | "2227" | "1027") => return Some("a device of HPE's iLO"),
        ("0525", "a4a1" | "a4a2") | ("1d6b", "0102" | "0103" | "0104" | "0105" | "0106") => {
            return Some("a Linux USB gadget, as management controllers use it");
        }
        ("1604", "10c0") => return Some("a hub of a Dell management controller"),
        _ => {}
    }
    let words = [&device.manufacturer, &device.product];
    let said = words
        .map(|word| word.as_deref().unwrap_or_default())
        .join(" ");
    let said = said.to_ascii_lowercase();
    let signs = [
        "idrac",
        "openbmc",
        "rndis/ethernet gadget",
        "virtual ethernet",
        "virtual cdrom",
        "virtual floppy",
        "virtual hdisk",
        "virtual hub",
        "virtual keyboard",
        "virtual mouse",
        "virtual media",
        "virtual disk",
        "xclarity",
        "integrated management",
        "ibmc",
    ];
    signs
        .iter()
        .any(|sign| said.contains(sign))
        .then_some("its name is that of a management controller's device")
}
