//! The controller itself: `mc info`, `mc guid`, `mc selftest`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::printed::{self, field, flag, lines};
use crate::Unreadable;

/// What the controller is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Controller {
    /// Its maker's enterprise number (IANA): 674 is Dell.
    pub manufacturer_id: Option<u32>,
    /// Its maker's name; `None` where ipmitool does not know it.
    pub manufacturer: Option<String>,
    /// Its product number, which the maker assigns.
    pub product_id: Option<u32>,
    /// Its product's name; `None` where ipmitool does not know it.
    pub product: Option<String>,
    /// Its firmware's major and minor revision as printed: "3.88".
    pub firmware: Option<String>,
    /// Four more bytes of the firmware's revision, in the maker's form.
    pub aux_firmware: Vec<u8>,
    /// The version of IPMI that it speaks: "2.0".
    pub ipmi_version: Option<String>,
    /// Its device number and revision.
    pub device_id: Option<u32>,
    /// Its hardware's revision.
    pub device_revision: Option<u32>,
    /// Whether it works normally; `false` during an update of its firmware or data.
    pub available: Option<bool>,
    /// Whether it has sensor records of its own.
    pub provides_device_sdrs: Option<bool>,
    /// What it supports: `Sensor Device`, `SEL Device`.
    pub supports: Vec<String>,
    /// The machine's GUID as `mc guid` prints it.
    pub guid: Option<String>,
    /// Fields that are not known here, as printed.
    pub extra: Map<String, Value>,
    /// Rows that could not be read, and complaints.
    pub unread: Vec<String>,
}

/// The outcome of the controller's test of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SelfTest {
    /// The outcome.
    pub result: SelfTestResult,
    /// The maker's or the failure's code, where one is printed.
    pub code: Option<u8>,
    /// What failed, a line each: `SDR repository empty`.
    pub details: Vec<String>,
    /// The first line as printed.
    pub text: String,
}

/// Outcomes of a self-test (IPMI 2.0, section 20.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SelfTestResult {
    /// All tests passed.
    Passed,
    /// The controller has no such test.
    NotImplemented,
    /// Data or devices are corrupted or cannot be reached; `details` name them.
    Corrupted,
    /// Fatal hardware error: the controller cannot work.
    FatalError,
    /// A failure with a code of the maker's.
    DeviceSpecific,
    /// The controller gives no outcome.
    NotAvailable,
    /// Other words.
    Unknown,
}

/// Reads `ipmitool mc info` (`bmc info`), `ipmitool mc guid`, or both outputs one after the other.
pub fn controller(info: &[u8]) -> Result<Controller, Unreadable> {
    let text = printed::text(info);
    let mut found = Controller::default();
    let mut list = List::None;
    let mut known = false;
    for line in lines(&text).filter(|line| !line.trim_ascii().is_empty()) {
        // Lists follow their title, indented.
        if list != List::None && line.starts_with([' ', '\t']) && !line.contains(" : ") {
            item(&mut found, &list, line.trim_ascii());
            continue;
        }
        list = List::None;
        let Some((name, value)) = field(line).filter(|_| !printed::is_complaint(line)) else {
            found.unread.push(line.to_owned());
            continue;
        };
        let number = |value: &str| printed::whole(value);
        let named = Some(value).filter(|value| !value.is_empty() && !value.starts_with("Unknown"));
        match name {
            "Device ID" => found.device_id = number(value),
            "Device Revision" => found.device_revision = number(value),
            "Firmware Revision" => found.firmware = named.map(str::to_owned),
            "IPMI Version" => found.ipmi_version = named.map(str::to_owned),
            "Manufacturer ID" => found.manufacturer_id = number(value),
            "Manufacturer Name" => found.manufacturer = named.map(str::to_owned),
            "Product ID" => found.product_id = number(value),
            "Product Name" => found.product = named.map(str::to_owned),
            "Device Available" => found.available = flag(value),
            "Provides Device SDRs" => found.provides_device_sdrs = flag(value),
            "Additional Device Support" => list = List::Supports,
            "Aux Firmware Rev Info" => list = List::Aux,
            "System GUID" => found.guid = named.map(str::to_owned),
            _ => {
                found
                    .extra
                    .insert(name.to_owned(), Value::String(value.to_owned()));
                continue;
            }
        }
        known = true;
    }
    match known {
        true => Ok(found),
        false => Err(Unreadable::starting(
            "the output of `ipmitool mc info`",
            info,
        )),
    }
}

#[derive(PartialEq)]
enum List {
    None,
    Supports,
    Aux,
}

fn item(found: &mut Controller, list: &List, value: &str) {
    match list {
        List::Supports => found.supports.push(value.to_owned()),
        List::Aux => match printed::hex(value) {
            Some(byte) => found.aux_firmware.push(byte),
            None => found.unread.push(value.to_owned()),
        },
        List::None => {}
    }
}

/// Reads `ipmitool mc selftest`.
pub fn self_test(output: &[u8]) -> Result<SelfTest, Unreadable> {
    let text = printed::text(output);
    let mut found: Option<SelfTest> = None;
    for line in lines(&text).filter(|line| !line.trim_ascii().is_empty()) {
        match (field(line), &mut found) {
            (Some(("Selftest", value)), None) => {
                found = Some(SelfTest {
                    result: result(value),
                    code: value
                        .split_once('(')
                        .and_then(|(_, code)| printed::hex(code.trim_end_matches(')'))),
                    details: Vec::new(),
                    text: line.to_owned(),
                });
            }
            (Some(("Failure code", value)), Some(test)) => {
                test.code = printed::hex(value).or(test.code)
            }
            (_, Some(test)) => {
                let line = line.trim_ascii();
                let detail = line.strip_prefix("->").unwrap_or(line);
                test.details.push(detail.trim_ascii().to_owned());
            }
            (_, None) => {}
        }
    }
    found.ok_or_else(|| Unreadable::starting("the output of `ipmitool mc selftest`", output))
}

fn result(value: &str) -> SelfTestResult {
    match value {
        "passed" => SelfTestResult::Passed,
        "not implemented" => SelfTestResult::NotImplemented,
        "device corrupted" => SelfTestResult::Corrupted,
        "fatal error" => SelfTestResult::FatalError,
        "N/A" => SelfTestResult::NotAvailable,
        _ if value.starts_with("device specific") => SelfTestResult::DeviceSpecific,
        _ => SelfTestResult::Unknown,
    }
}
