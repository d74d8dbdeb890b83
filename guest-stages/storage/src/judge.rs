//! The rules of Storage on one disk.

use vetting_stage::counters::Reading;
use vetting_stage::disks::Disk;
use vetting_stage::fio::{Direction, Summary};
use vetting_stage::{Findings, Measure, Part, part};

use crate::class::floors;
use crate::{Parameters, rules};

/// Errnos by which a medium or the path to it fails: EIO, ETIMEDOUT, EBADMSG, EILSEQ (a failed
/// verification), EREMOTEIO, ENODATA (what the kernel makes of medium errors).
const OF_THE_DISK: [i32; 6] = [5, 110, 74, 84, 121, 61];
/// Percentiles of the latency that are noted, of those that fio tells.
const NOTED: [f64; 6] = [50.0, 90.0, 95.0, 99.0, 99.9, 99.99];

/// How a disk is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In order, 128 KiB at a time, 32 at once.
    InOrder,
    /// At random, 4 KiB at a time, 128 at once.
    AtRandom,
}

impl Kind {
    /// In messages.
    pub fn words(self) -> &'static str {
        match self {
            Kind::InOrder => "in order",
            Kind::AtRandom => "at random",
        }
    }
}

/// What was measured of one disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Speeds {
    /// Bytes per second in order.
    pub in_order: Option<f64>,
    /// Accesses per second at random.
    pub at_random: Option<f64>,
}

/// A disk as a part.
pub fn part_of(disk: &Disk) -> Part {
    Part {
        serial: disk.serial.clone(),
        model: disk.model.clone(),
        ..part("disk", disk.name.clone())
    }
}

impl Speeds {
    /// Holds one reading of a disk.
    pub fn hold(
        &mut self,
        kind: Kind,
        summary: &Summary,
        disk: &Disk,
        parameters: &Parameters,
        findings: &mut Findings,
    ) {
        let place = part_of(disk);
        if !trustworthy(summary, &summary.read, kind.words(), &place, findings) {
            return;
        }
        let floors = floors(disk);
        let class = floors.map_or("a disk without floors", |floors| floors.name);
        let (name, value, unit, floor, least) = match kind {
            Kind::InOrder => (
                "read-in-order",
                summary.read.bytes_per_second,
                "B/s",
                floors.map(|f| f.in_order),
                parameters
                    .min_read_mbps
                    .map(|mb| (rules::READ_IN_ORDER, mb * 1e6)),
            ),
            Kind::AtRandom => (
                "read-at-random",
                summary.read.iops,
                "1/s",
                floors.map(|f| f.at_random),
                parameters
                    .min_read_iops
                    .map(|iops| (rules::READ_AT_RANDOM, iops)),
            ),
        };
        let mut measure = Measure::number(name, value).unit(unit).part(&place);
        if let Some(floor) = floor {
            measure = measure.at_least(rules::CLASS_FLOOR, floor);
        }
        if let Some((rule, least)) = least {
            measure = measure.at_least(rule, least);
        }
        findings.hold(measure, || {
            format!(
                "read {} it gives {}, too little for {class}",
                kind.words(),
                told(value, unit)
            )
        });
        match kind {
            Kind::InOrder => self.in_order = Some(value),
            Kind::AtRandom => {
                self.at_random = Some(value);
                latency(&summary.read, disk, &place, parameters, findings);
            }
        }
    }
}

/// A speed for people.
pub fn told(value: f64, unit: &str) -> String {
    match unit {
        "B/s" => format!("{:.0} MB/s", value / 1e6),
        _ => format!("{value:.0} accesses/s"),
    }
}

/// Holds the errors of a reading. Returns whether its numbers mean something.
fn trustworthy(
    summary: &Summary,
    direction: &Direction,
    what: &str,
    place: &Part,
    findings: &mut Findings,
) -> bool {
    let error = summary.error;
    let of_the_disk = OF_THE_DISK.contains(&error);
    let errors = match of_the_disk {
        true => summary.total_errors.max(1),
        false => 0,
    };
    let tail = summary
        .stderr_tail
        .lines()
        .next_back()
        .unwrap_or_default()
        .trim()
        .to_owned();
    let measure = Measure::number("io-errors", errors as f64).part(place);
    let good = findings.hold(measure.at_most(rules::IO_ERRORS, 0.0), || {
        let meaning = if error == 84 {
            "what was read is not what was written"
        } else {
            "I/O error"
        };
        format!("{what}: {meaning} (errno {error}, {errors} errors): {tail}")
    });
    if !good {
        return false;
    }
    if error != 0 {
        let message = format!("{what}: fio ended with errno {error}: {tail}");
        findings.unknown(rules::FIO, Some(place), message);
    } else if summary.partial {
        findings.unknown(rules::FIO, Some(place), format!("{what}: it was cut short"));
    } else if summary.exit_status != Some(0) {
        let status = summary
            .exit_status
            .map_or("a signal".to_owned(), |s| format!("exit status {s}"));
        findings.unknown(
            rules::FIO,
            Some(place),
            format!("{what}: fio ended with {status}: {tail}"),
        );
    } else if direction.bytes == 0 {
        findings.unknown(
            rules::FIO,
            Some(place),
            format!("{what}: not one byte was moved"),
        );
    } else {
        return true;
    }
    false
}

fn latency(read: &Direction, disk: &Disk, place: &Part, p: &Parameters, findings: &mut Findings) {
    let at = |percent: f64| {
        let found = read
            .percentiles
            .iter()
            .find(|(p, _)| (p - percent).abs() < 0.001);
        found.map(|(_, nanoseconds)| nanoseconds / 1e6)
    };
    for percent in NOTED {
        // The one that is held against the class' floor comes with it.
        let held = percent == 99.0 && floors(disk).is_some();
        if let (Some(milliseconds), false) = (at(percent), held) {
            let measure = Measure::number(&format!("latency-p{percent}"), milliseconds);
            findings.note(measure.unit("ms").part(place));
        }
    }
    if let (Some(p99), Some(floors)) = (at(99.0), floors(disk)) {
        let measure = Measure::number("latency-p99", p99)
            .unit("ms")
            .part(place)
            .at_most(rules::CLASS_LATENCY, floors.latency_ms);
        findings.hold(measure, || {
            format!(
                "1 % of its random reads take longer than {p99:.1} ms, too long for {}",
                floors.name
            )
        });
    }
    // A hard disk's tail is its arm; a virtual one's is its host's.
    if let (Some(half), Some(tail), Some(_), false) =
        (at(50.0), at(99.9), floors(disk), disk.rotational)
    {
        let ratio = tail / half.max(1e-6);
        let measure = Measure::number("latency-tail", ratio).part(place);
        findings.hold(measure.at_most(rules::TAIL, p.tail_warn_ratio), || {
            format!("one in a thousand random reads takes {tail:.1} ms, half of them {half:.2} ms")
        });
    }
}

/// Holds the scratch file's check.
pub fn integrity(
    summary: &Summary,
    bytes: u64,
    place: &Part,
    cancelled: bool,
    findings: &mut Findings,
) {
    if !trustworthy(
        summary,
        &summary.write,
        "writing and checking",
        place,
        findings,
    ) || cancelled
    {
        return;
    }
    let measure = Measure::number("scratch-checked", summary.write.bytes as f64)
        .unit("B")
        .part(place);
    if summary.write.bytes < bytes {
        let message = format!(
            "only {} of {bytes} bytes were written and checked",
            summary.write.bytes
        );
        findings.unknown(rules::SCRATCH, Some(place), message);
    }
    findings.note(measure);
    findings.note(
        Measure::number("scratch-write", summary.write.bytes_per_second)
            .unit("B/s")
            .part(place),
    );
}

/// Commands that disks answered with an error while the test ran. Probing alone may be refused, so
/// that it is a remark; what the kernel calls an I/O error has its own rule.
pub fn errors(before: &Reading, after: &Reading, findings: &mut Findings) {
    for disk in &after.disks {
        let was = before
            .disks
            .iter()
            .find(|d| d.name == disk.name)
            .and_then(|d| d.io_errors);
        let (Some(now), Some(was)) = (disk.io_errors, was) else {
            continue;
        };
        let new = now.saturating_sub(was);
        let measure =
            Measure::number("refused-commands", new as f64).part(&part("disk", disk.name.clone()));
        findings.hold(measure.at_most(rules::REFUSED, 0.0), || {
            format!("it answered {new} commands with an error during the test")
        });
    }
}

/// A disk that was there when the test began and is not any more has gone under it.
pub fn still_there(before: &[Disk], now: &[Disk], findings: &mut Findings) {
    for disk in before {
        if !now.iter().any(|d| d.name == disk.name) {
            let message = "it went during the test: look at drive, backplane and cable";
            findings.broken(rules::LOST, Some(&part_of(disk)), message);
        }
    }
}

/// The lanes of the disk's own link. A narrow slot is legal, so that this is a remark that explains a
/// low speed; the link's speed may be lowered while nothing is asked, and is not held.
pub fn link(disk: &Disk, findings: &mut Findings) {
    let Some(link) = &disk.link else { return };
    let measure = Measure::number("pcie-width", f64::from(link.current_width)).part(&part_of(disk));
    let most = f64::from(link.max_width);
    findings.hold(measure.at_least(rules::LINK_NARROW, most), || {
        format!(
            "its PCI Express link has {} of {} lanes: a narrow slot, or reseat it",
            link.current_width, link.max_width
        )
    });
}

/// What was tested, in a line.
pub fn summary(disks: &[Disk], measured: &[(Disk, Speeds)]) -> String {
    let speeds: Vec<String> = measured
        .iter()
        .filter_map(|(disk, speeds)| Some((disk, speeds.in_order?, speeds.at_random?)))
        .map(|(disk, order, random)| {
            format!(
                "{} {}, {}",
                disk.name,
                told(order, "B/s"),
                told(random, "1/s")
            )
        })
        .collect();
    let first: Vec<String> = speeds.iter().take(4).cloned().collect();
    let more = match speeds.len() > first.len() {
        true => ", …",
        false => "",
    };
    let listed = if first.is_empty() {
        String::new()
    } else {
        format!(": {}{more}", first.join("; "))
    };
    format!("{} of {} disks read{listed}", speeds.len(), disks.len())
}
