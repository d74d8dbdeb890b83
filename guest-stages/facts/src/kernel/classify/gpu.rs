//! GPUs: NVIDIA's driver, NVSwitches, amdgpu. Sources of the words: open-gpu-kernel-modules,
//! drivers/gpu/drm/amd.

use super::{Device, Found};
use crate::kernel::pick::{after, any_pci, between, number, pci, word, word_after};
use crate::kernel::{Kind, Part, Severity};

pub(super) fn read(text: &str) -> Option<Found> {
    if let Some(rest) = text.strip_prefix("NVRM: ") {
        return nvrm(rest);
    }
    if text.starts_with("nvidia-nvswitch") {
        return sxid(text);
    }
    if text.starts_with("amdgpu: ") || text.starts_with("[drm") {
        return amd(text, any_pci(text));
    }
    if text.starts_with("nvidia ") && text.contains("allen off the bus") {
        return Some(Found::new(Kind::GpuFault).part(any_pci(text).map(Part::Gpu)));
    }
    None
}

/// `Xid (PCI:0000:05:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.`; old drivers
/// leave out `PCI:` or the address, drivers of MIG name the instance.
fn nvrm(rest: &str) -> Option<Found> {
    if let Some(tail) = rest.strip_prefix("Xid") {
        let tail = tail.trim_start();
        let (place, tail) = match tail
            .strip_prefix('(')
            .and_then(|tail| tail.split_once("): "))
        {
            Some((place, tail)) => (place, tail),
            None => ("", tail.trim_start_matches([':', ' '])),
        };
        let (xid, tail) = number::<u32>(tail.trim_start())?;
        let message = tail.trim_start_matches([',', ' ']);
        let address = place
            .split_whitespace()
            .find_map(|p| pci(p.trim_start_matches("PCI:")));
        let severity = match () {
            () if message.contains(" Nonfatal ") => Some(Severity::NonFatal),
            () if message.contains(" Fatal ") => Some(Severity::Fatal),
            () => None,
        };
        let process = word_after(message, "name=");
        return Some(
            Found::new(Kind::GpuXid)
                .severity(severity)
                .part(address.map(Part::Gpu))
                .with("xid", xid)
                .maybe("pid", word_after(message, "pid="))
                .maybe("process", process)
                .maybe(
                    "previous-xid",
                    word_after(message, "caused by previous Xid "),
                )
                .maybe("link", word_after(message, " Link "))
                .maybe("place", (!place.is_empty()).then_some(place))
                .with("message", message),
        );
    }
    let bad = [
        "fallen off the bus",
        "RmInitAdapter failed",
        "rm_init_adapter failed",
        "GPU is probably locked",
        "Assertion failed",
        "RESET_REQUIRED",
        "GPU lost",
        "failed to",
        "Failed to",
        "does not exist",
        "ecovery action",
        "is lost",
        "timed out",
        "imeout",
        "not responding",
        "uncorrectable",
        "ECC",
        "postRxDetLinkMask failed",
        "can't",
        "installed in this system",
        "BAR",
        "This PCI I/O region",
    ];
    bad.iter().any(|words| rest.contains(words)).then(|| {
        let address = any_pci(rest).map(Part::Gpu);
        Found::new(Kind::GpuFault)
            .part(address)
            .with("message", rest)
    })
}

/// `nvidia-nvswitch0: SXid (PCI:0000:a9:00.0): 20034, Fatal, Link 30 LTSSM Fault Up`.
fn sxid(text: &str) -> Option<Found> {
    let tail = after(text, "SXid (PCI:")?;
    let (place, tail) = tail.split_once("): ")?;
    let (sxid, tail) = number::<u32>(tail)?;
    let message = tail.trim_start_matches([',', ' ']);
    let severity = match word(message) {
        "Fatal" => Some(Severity::Fatal),
        "Non-fatal" => Some(Severity::NonFatal),
        _ => None,
    };
    Some(
        Found::new(Kind::NvSwitchSxid)
            .severity(severity)
            .part(pci(place).map(Part::NvSwitch))
            .with("sxid", sxid)
            .maybe("switch", text.split(':').next())
            .maybe("link", word_after(message, "Link "))
            .with("message", message),
    )
}

pub(super) fn of_device(device: &Device) -> Option<Found> {
    match device.driver {
        "amdgpu" | "radeon" => amd(device.text, Some(device.address.clone())),
        "nvidia" | "NVRM:" if device.text.contains("off the bus") => {
            Some(Found::new(Kind::GpuFault).part(Part::Gpu(device.address.clone())))
        }
        "i915" | "xe" if device.text.contains("GPU HANG") => Some(
            Found::new(Kind::GpuFault)
                .part(Part::Gpu(device.address.clone()))
                .with("message", device.text),
        ),
        _ => None,
    }
}

fn amd(text: &str, address: Option<String>) -> Option<Found> {
    let said = text.trim_start_matches("amdgpu: ");
    let ras = [
        "hardware error",
        "Hardware Error]",
        "ardware error]",
        "oison",
        "bad page",
        "Bad page",
        "RAS poison",
        "Error Address(PA)",
    ];
    let reset = [
        "GPU reset",
        "gpu reset",
        "VRAM is lost",
        "BACO reset",
        "MODE1 reset",
        "ode1 reset",
        "ring reset",
    ];
    let fault = [
        " timeout, signaled",
        "ring test",
        "Fatal error",
        "fatal error",
        "page fault",
        "failed to response",
        "hang",
        "wait loop timeout",
        "unrecoverable",
        "Failed to send message",
        "test failed",
        "failed (-",
        "device lost",
        "IB test",
        "Failed to evict",
        "not done with your previous",
        "dead",
    ];
    let has = |words: &[&str]| words.iter().any(|words| said.contains(words));
    let kind = match () {
        () if has(&ras) => Kind::GpuRas,
        () if has(&reset) => Kind::GpuReset,
        () if has(&fault) => Kind::GpuFault,
        () => return None,
    };
    let severity = match () {
        () if said.contains("uncorrectable hardware error") => Some(Severity::Uncorrected),
        () if said.contains("correctable hardware error") => Some(Severity::Corrected),
        () if said.contains("deferred hardware error") => Some(Severity::Deferred),
        () => None,
    };
    let detected = said.split(" hardware errors detected").next();
    let count = detected
        .filter(|before| before.len() < said.len())
        .and_then(|before| {
            let mut words = before.split(' ').rev();
            words.next();
            words
                .next()
                .filter(|count| count.bytes().all(|b| b.is_ascii_digit()))
        });
    let register = said
        .split_once("Hardware Error]: ")
        .and_then(|(_, pair)| pair.split_once('='));
    let mut found = Found::new(kind)
        .severity(severity)
        .part(address.map(Part::Gpu))
        .maybe("count", count)
        .maybe(
            "block",
            between(said, "in ", " block").map(|block| block.trim_start_matches("total in ")),
        )
        .maybe(
            "ring",
            word_after(said, "ring ").filter(|_| said.contains("timeout")),
        );
    if let Some((key, value)) = register {
        found = found.with(key, value);
    }
    Some(found.with("message", said))
}
