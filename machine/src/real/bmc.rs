//! Whether there is a management controller that can be asked.

use super::identity;
use super::root::Root;
use crate::contract::types::{Missing, MissingKind};
use crate::tools::Toolbox;

/// The controller's device files, by the kernel's and udev's names.
const DEVICES: [&str; 3] = ["dev/ipmi0", "dev/ipmi/0", "dev/ipmidev/0"];

/// Why the management controller cannot be asked; `None` when it can be tried. A named folder of tools
/// that has an ipmitool is asked whatever devices there are: it may be a capture's.
pub fn missing(root: &Root, tools: &Toolbox) -> Option<Missing> {
    let device = DEVICES.iter().any(|device| root.exists(device));
    if (device && root.is_here()) || tools.is_own("ipmitool") {
        return None;
    }
    Some(match identity::names_controller(root) || device {
        true => Missing {
            kind: MissingKind::Driver,
            what: "/dev/ipmi0".into(),
            remedy: "modprobe ipmi_si ipmi_devintf".into(),
        },
        false => Missing {
            kind: MissingKind::Hardware,
            what: "a management controller (BMC)".into(),
            remedy: String::new(),
        },
    })
}
