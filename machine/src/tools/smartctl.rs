//! smartctl: its command lines. What it prints is the stage's to read.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Limits, Question, Toolbox};
use crate::contract::smart::SelfTestKind;
use crate::contract::types::{Document, Error};

/// How much of a drive's document is kept; with every log page of a large drive it is some 200 kB.
const MOST: usize = 4 << 20;

/// How long a drive may take.
pub const WAITS: Duration = Duration::from_secs(30);

/// Looks for every drive, those behind RAID controllers among them.
pub const SCAN: [&str; 2] = ["--json=c", "--scan-open"];

/// Reads everything. A drive in standby is not woken, and smartctl then ends with status 3; its own
/// status for that, 2, also means that the drive did not open (smartctl(8), `-n`).
pub const READ: [&str; 4] = ["--json=c", "-x", "-n", "standby,3"];

/// A drive as smartctl is given it.
#[derive(Clone, Copy, Debug)]
pub struct Drive<'a> {
    /// The name that the stage used.
    pub name: &'a str,
    /// Its device node.
    pub node: &'a Path,
    /// smartctl's type, where the stage gave one.
    pub kind: Option<&'a str>,
}

/// The longest name of a drive or of a type, in bytes.
const LONGEST: usize = 64;

/// The two parts of a drive's name: that of its node, and smartctl's type where there is one.
///
/// # Errors
///
/// `invalid` for what cannot be a drive's name, such as an option or a path.
pub fn named(device: &str) -> Result<(&str, Option<&str>), Error> {
    let (name, kind) = match device.split_once(':') {
        Some((name, kind)) => (name, Some(kind)),
        None => (device, None),
    };
    let plain = |text: &str, also: &[u8]| {
        let usual = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        text.len() <= LONGEST
            && text.bytes().next().is_some_and(usual)
            && text.bytes().all(|b| usual(b) || also.contains(&b))
    };
    if plain(name, b"/-_!") && kind.is_none_or(|kind| plain(kind, b",+/")) {
        return Ok((name, kind));
    }
    Err(not_a_drive(device))
}

/// The refusal of a name that is not a drive's.
pub fn not_a_drive(device: &str) -> Error {
    let reason = format!(
        "{device:?} does not name a drive: use a name such as `sda` or `bus/0`, and after a colon \
         smartctl's type, such as `megaraid,3`"
    );
    Error::invalid("device", reason)
}

/// Whether a node of `/dev` is one that smartctl reaches drives by, whether this machine has it or not.
/// Opening any other may do harm: a watchdog's starts it, a tape rewinds.
pub fn is_node(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let letters = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
    let after = |prefix: &str| name.strip_prefix(prefix);
    let numbered = ["sg", "bus/", "twl", "twa", "twe"];
    numbered
        .iter()
        .any(|prefix| after(prefix).is_some_and(digits))
        || ["sd", "hd"]
            .iter()
            .any(|prefix| after(prefix).is_some_and(letters))
        || after("nvme").is_some_and(|rest| {
            let (controller, space) = rest.split_once('n').unwrap_or((rest, "1"));
            digits(controller) && digits(space)
        })
        || after("cciss/c").is_some_and(|rest| {
            rest.split_once('d')
                .is_some_and(|(controller, disk)| digits(controller) && digits(disk))
        })
}

/// The arguments that start a self-test.
///
/// # Errors
///
/// `invalid` for another than smartctl's three.
pub fn self_test(kind: &SelfTestKind) -> Result<[&'static str; 3], Error> {
    let word = match kind {
        SelfTestKind::Short => "short",
        SelfTestKind::Extended => "long",
        SelfTestKind::Other(name) if name == "conveyance" => "conveyance",
        SelfTestKind::Other(name) => {
            let reason = format!("`{name}` is not a self-test: use short, extended or conveyance");
            return Err(Error::invalid("kind", reason));
        }
    };
    Ok(["--json=c", "-t", word])
}

/// What `--scan-open` finds.
pub async fn scan(tools: &Toolbox, since: Instant) -> Result<Document, Error> {
    ask(tools, "smart.scan", "", &SCAN, since).await
}

/// Asks one drive, with these arguments.
pub async fn drive(
    tools: &Toolbox,
    query: &str,
    drive: Drive<'_>,
    args: &[&str],
    since: Instant,
) -> Result<Document, Error> {
    let node = drive.node.to_string_lossy();
    let kind = drive.kind.map(|kind| ["-d", kind]);
    let kind = kind.iter().flatten().copied();
    let args: Vec<&str> = args.iter().copied().chain(kind).chain([&*node]).collect();
    ask(tools, query, drive.name, &args, since).await
}

async fn ask(
    tools: &Toolbox,
    query: &str,
    target: &str,
    args: &[&str],
    since: Instant,
) -> Result<Document, Error> {
    let question = Question {
        query,
        target,
        program: "smartctl",
        package: "smartmontools",
        args,
        version: &["--version"],
        limits: Limits {
            timeout: WAITS,
            max_stdout: MOST,
        },
    };
    tools.document(&question, since).await
}

#[cfg(test)]
mod tests {
    use super::{is_node, named};

    #[test]
    fn drives_have_names_and_options_have_not() {
        assert_eq!(named("sda"), Ok(("sda", None)));
        assert_eq!(named("bus/0:megaraid,3"), Ok(("bus/0", Some("megaraid,3"))));
        assert_eq!(named("sg3:sat+cciss,1"), Ok(("sg3", Some("sat+cciss,1"))));
        for bad in [
            "",
            "-a",
            "--all",
            "sda:",
            "sda:-x",
            "../sda",
            "/dev/sda",
            "sda\n--all",
            "-d sat /dev/sda",
        ] {
            assert!(named(bad).is_err(), "{bad:?}");
        }
        assert!(named(&"s".repeat(65)).is_err());
    }

    #[test]
    fn only_nodes_of_drives_are_opened() {
        for node in [
            "sda",
            "sdaa",
            "nvme0",
            "nvme12n3",
            "sg4",
            "bus/0",
            "twa0",
            "cciss/c0d1",
        ] {
            assert!(is_node(node), "{node}");
        }
        for node in [
            "watchdog",
            "watchdog0",
            "st0",
            "nst0",
            "sda1",
            "mem",
            "kmsg",
            "bus/",
            "nvme",
            "cciss/c0",
            "sd",
        ] {
            assert!(!is_node(node), "{node}");
        }
    }
}
