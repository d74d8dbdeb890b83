//! What belongs to the whole machine: boot mode, TPM, IOMMU.

use serde::Serialize;

use crate::files::Files;
use crate::smbios::Tables;

/// What belongs to the whole machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Platform {
    /// Whether Secure Boot is on, by the firmware's variable.
    pub secure_boot: Option<bool>,
    /// Bits of the firmware's words, 32 or 64, on a machine that booted by UEFI.
    pub efi_bits: Option<u32>,
    /// TPMs that the kernel has, or the firmware lists.
    pub tpms: Vec<Tpm>,
    /// The IOMMU.
    pub iommu: Iommu,
}

/// A TPM.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tpm {
    /// The kernel's name `tpm0`; `None` where only the firmware lists it.
    pub name: Option<String>,
    /// Version of its specification: `2.0`, `1.2`.
    pub version: Option<String>,
    /// Who made it, by the firmware.
    pub vendor: Option<String>,
    /// Its description.
    pub description: Option<String>,
}

/// The IOMMU.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Iommu {
    /// Units that the kernel uses: `dmar0`, `ivhd0`, `smmu3.0x…`.
    pub units: Vec<String>,
    /// Groups of devices that it keeps apart.
    pub groups: u32,
    /// How it translates, each word once: `DMA-FQ`, `DMA`, `identity`.
    pub domains: Vec<String>,
}

pub(super) fn read(files: &Files, tables: &Tables) -> Platform {
    // Four bytes of attributes, then the value.
    let secure = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    let secure = files.bytes(secure).and_then(|bytes| bytes.get(4).copied());
    Platform {
        secure_boot: secure.map(|value| value == 1),
        efi_bits: files.number("sys/firmware/efi/fw_platform_size"),
        tpms: tpms(files, tables),
        iommu: iommu(files),
    }
}

fn tpms(files: &Files, tables: &Tables) -> Vec<Tpm> {
    const CLASS: &str = "sys/class/tpm";
    let listed = tables.tpms.first();
    let of_kernel = |name: &str| {
        let text = |file: &str| files.text(&format!("{CLASS}/{name}/{file}"));
        let description = text("device/description");
        let version = match text("tpm_version_major") {
            Some("1") => Some("1.2".to_owned()),
            Some("2") => Some("2.0".to_owned()),
            Some(other) => Some(other.to_owned()),
            None => version(text("device/caps"))
                .or_else(|| Some("2.0".to_owned()).filter(|_| says_2(description)))
                .or_else(|| listed.and_then(|tpm| tpm.version.clone())),
        };
        Tpm {
            name: Some(name.to_owned()),
            version,
            vendor: listed.and_then(|tpm| tpm.vendor.clone()),
            description: description.map(str::to_owned),
        }
    };
    let found: Vec<Tpm> = files.names(CLASS).into_iter().map(of_kernel).collect();
    if !found.is_empty() {
        return found;
    }
    let of_firmware = tables.tpms.iter().map(|tpm| Tpm {
        name: None,
        version: tpm.version.clone(),
        vendor: tpm.vendor.clone(),
        description: tpm.description.clone(),
    });
    of_firmware.collect()
}

fn says_2(description: Option<&str>) -> bool {
    description.is_some_and(|text| text.contains("2.0"))
}

/// `TCG version: 1.2`, as older kernels write it.
fn version(caps: Option<&str>) -> Option<String> {
    let line = caps?
        .lines()
        .find_map(|line| line.strip_prefix("TCG version:"))?;
    Some(line.trim().to_owned()).filter(|version| !version.is_empty())
}

fn iommu(files: &Files) -> Iommu {
    const GROUPS: &str = "sys/kernel/iommu_groups";
    let units = files.names("sys/class/iommu").into_iter();
    let groups = files.names(GROUPS);
    let mut domains: Vec<String> = Vec::new();
    for group in &groups {
        let Some(kind) = files.text(&format!("{GROUPS}/{group}/type")) else {
            continue;
        };
        if domains.len() < 16 && !domains.iter().any(|domain| domain == kind) {
            domains.push(kind.to_owned());
        }
    }
    Iommu {
        units: units.map(str::to_owned).collect(),
        groups: u32::try_from(groups.len()).unwrap_or(u32::MAX),
        domains,
    }
}
