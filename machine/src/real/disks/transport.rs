//! How a disk is attached, by the path of its device in sysfs.

use super::BLOCK;
use crate::contract::disks::Transport;
use crate::real::pci;
use crate::real::root::Root;

/// How a disk is attached.
pub fn of(root: &Root, name: &str) -> Transport {
    let folder = format!("{BLOCK}/{name}");
    let value = |file: &str| root.value(&format!("{folder}/{file}")).unwrap_or_default();
    if name.starts_with("nvme") {
        return match nvme_transport(root, name).as_deref() {
            Some("pcie") | None => Transport::Nvme,
            Some("apple-nvme") => Transport::Nvme,
            Some(_) => Transport::NvmeOf,
        };
    }
    let path = root.resolve(&folder).unwrap_or_default();
    let device = root
        .resolve(&format!("{folder}/device"))
        .unwrap_or_default();
    let places: Vec<&str> = path.split('/').chain(device.split('/')).collect();
    let numbered = |prefix: &str| {
        let is = |place: &&str| {
            let rest = place.strip_prefix(prefix);
            rest.is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()))
        };
        places.iter().any(is)
    };
    if numbered("virtio") || name.starts_with("vd") {
        Transport::Virtio
    } else if numbered("usb") {
        Transport::Usb
    } else if numbered("session") {
        Transport::Iscsi
    } else if numbered("rport-") {
        Transport::FibreChannel
    } else if name.starts_with("mmcblk") {
        Transport::Mmc
    } else if numbered("ata") || value("device/vendor") == "ATA" {
        // A SATA disk stays one behind a SAS controller.
        Transport::Sata
    } else if numbered("end_device-") || !value("device/sas_address").is_empty() {
        Transport::Sas
    } else if name.starts_with("xvd") {
        Transport::Other("xen".into())
    } else if places
        .iter()
        .any(|place| place.eq_ignore_ascii_case("vmbus"))
    {
        Transport::Other("hyper-v".into())
    } else {
        Transport::Other(
            if name.starts_with("sd") {
                "scsi"
            } else {
                "unknown"
            }
            .into(),
        )
    }
}

/// The NVMe controllers that lead to a namespace, as paths in sysfs. With native multipathing the
/// namespace hangs on a subsystem, and the controllers are links in it.
pub fn nvme_controllers(root: &Root, name: &str) -> Vec<String> {
    let device = format!("{BLOCK}/{name}/device");
    let is_controller = |name: &str| {
        let number = name.strip_prefix("nvme").unwrap_or_default();
        !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
    };
    let of_subsystem: Vec<String> = root
        .list(&device)
        .into_iter()
        .filter(|entry| is_controller(entry))
        .map(|entry| format!("{device}/{entry}"))
        .collect();
    match of_subsystem.is_empty() {
        true => vec![device],
        false => of_subsystem,
    }
}

fn nvme_transport(root: &Root, name: &str) -> Option<String> {
    let controllers = nvme_controllers(root, name);
    controllers
        .iter()
        .find_map(|c| root.value(&format!("{c}/transport")))
}

/// The NVMe controller to ask for a namespace's health: `nvme0`.
pub fn nvme_controller(root: &Root, name: &str) -> Option<String> {
    let resolved = root.resolve(nvme_controllers(root, name).first()?).ok()?;
    let last = resolved.rsplit('/').next()?;
    let (by_name, _) = name.rsplit_once('n')?;
    let is = |text: &str| text.len() > 4 && text.starts_with("nvme");
    Some(
        if is(last) && !last.contains("subsys") {
            last
        } else {
            by_name
        }
        .to_owned(),
    )
}

/// PCI address of a disk's controller.
pub fn controller(root: &Root, name: &str) -> Option<String> {
    let mut places = vec![format!("{BLOCK}/{name}"), format!("{BLOCK}/{name}/device")];
    if name.starts_with("nvme") {
        places.extend(nvme_controllers(root, name));
    }
    let nearest = |place: &String| {
        let path = root.resolve(place).ok()?;
        pci::nearest(&path).map(str::to_owned)
    };
    let by_path = places.iter().find_map(nearest);
    // A controller says so itself where its place does not.
    by_path.or_else(|| {
        let told = places
            .iter()
            .find_map(|place| root.value(&format!("{place}/address")))?;
        pci::is_address(&told).then_some(told)
    })
}
