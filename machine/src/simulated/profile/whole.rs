//! The machine as a whole, its board, its firmware and its management controller, as a profile has them.

use schemars::JsonSchema;
use serde::Deserialize;

/// The machine itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its product name.
    pub product: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its SMBIOS UUID, lower case with hyphens.
    pub uuid: Option<String>,
    /// Its chassis type in SMBIOS' words: `Rack Mount Chassis`, `Notebook`.
    pub chassis: Option<String>,
    /// The hypervisor's name on a virtual machine: `kvm`, `vmware`.
    pub hypervisor: Option<String>,
    /// The kernel's release, as `uname -r` gives it.
    pub kernel: String,
}

/// The main board.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its product name.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
}

/// The firmware that the machine boots with.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bios {
    /// Who made it.
    pub vendor: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its release date as the vendor writes it.
    pub date: Option<String>,
    /// Whether the machine was booted by UEFI (otherwise by a legacy BIOS).
    pub uefi: bool,
}

/// The board's management controller.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bmc {
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its firmware's version.
    pub firmware: Option<String>,
    /// Its network address.
    pub address: Option<String>,
    /// Its MAC address.
    pub mac: Option<String>,
}
