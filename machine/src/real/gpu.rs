//! Which GPUs there are, as jobs and findings name them. What they say of themselves comes from the
//! vendors' tools ([`crate::tools::gpu`]) and the kernel's files.

use super::pci::{self, Function};
use super::root::Root;

/// The PCI addresses of those that compute.
pub fn devices(root: &Root) -> Vec<String> {
    let computing = pci::functions(root).into_iter().filter(is_accelerator);
    computing.map(|function| function.address).collect()
}

/// A 3D or processing controller computes (classes 03 02 and 12 00); a graphics card does when its vendor
/// makes such. A BMC's display (ASPEED 1a03, Matrox 102b) and a virtual machine's does not.
fn is_accelerator(function: &Function) -> bool {
    if !function.class.starts_with("03") && !function.class.starts_with("1200") {
        return false;
    }
    let vendor = function.vendor_id.as_str();
    let display_only = [
        "1a03", "102b", "1234", "1b36", "1013", "15ad", "80ee", "1414", "1af4", "19e5", "18ca",
    ];
    if display_only.contains(&vendor) {
        return false;
    }
    let computes = function.class.starts_with("0302") || function.class.starts_with("1200");
    // Graphics on bus 00 sits in the processor; what AMD and Intel build in is no accelerator.
    let discrete = !function.address.starts_with("0000:00:");
    computes
        || matches!(vendor, "10de" | "1002" | "1da3")
        || (vendor == "8086" && function.has_link && discrete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bmc_display_is_no_accelerator() {
        let function = |address: &str, class: &str, vendor: &str| Function {
            address: address.into(),
            class: class.into(),
            vendor_id: vendor.into(),
            has_link: false,
        };
        for (yes, f) in [
            (true, function("0000:41:00.0", "030200", "10de")),
            (true, function("0000:41:00.0", "120000", "1da3")),
            (true, function("0000:41:00.0", "030000", "1002")),
            (false, function("0000:03:00.0", "030000", "1a03")),
            (false, function("0000:03:00.0", "030000", "102b")),
            (false, function("0000:00:02.0", "030000", "8086")),
            (false, function("0000:00:01.0", "030000", "1234")),
            (false, function("0000:41:00.0", "020000", "10de")),
        ] {
            assert_eq!(is_accelerator(&f), yes, "{f:?}");
        }
    }
}
