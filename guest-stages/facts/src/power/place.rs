//! The device that a chip sits on: what differs between two chips of one name.

use crate::counters::folder::{last, link, resolve};
use crate::counters::is_address;
use crate::files::Files;

/// Where a class device leads: its `device` link, and without one the folder above its own place.
pub(crate) fn device(files: &Files, class: &str, name: &str) -> Option<String> {
    let home = format!("{class}/{name}");
    if let Some(target) = link(files, &home, "device") {
        return Some(target);
    }
    let own = files.target(&home)?;
    let (above, _) = own.rsplit_once('/')?;
    let above = match last(above) == last(class) {
        true => above.rsplit_once('/')?.0,
        false => above,
    };
    let real = above.contains("devices/") && !above.ends_with("/virtual");
    real.then(|| above.to_owned())
}

/// A short name for a device's path: a PCI address, or bus and device: `platform:coretemp.0`,
/// `i2c:5-0058`, `scsi:2:0:0:0`.
pub(crate) fn short(files: &Files, path: &str) -> String {
    let mut parts = path.trim_end_matches('/').rsplit('/');
    let name = parts.next().unwrap_or(path);
    let above = parts.next().unwrap_or_default();
    if is_address(name) {
        return name.to_owned();
    }
    if name.starts_with("nvme") {
        // An NVMe controller has its PCI function to itself.
        let mut all = path.rsplit('/');
        let function = all.find(|part| is_address(part));
        return function.map_or_else(|| format!("nvme:{name}"), str::to_owned);
    }
    let bus = link(files, &resolve(files, path), "subsystem");
    match bus.as_deref().map(last) {
        Some(bus) => format!("{bus}:{name}"),
        None if above == "platform" => format!("platform:{name}"),
        None if above.starts_with("i2c-") => format!("i2c:{name}"),
        None if above.starts_with("target") => format!("scsi:{name}"),
        None => name.to_owned(),
    }
}
