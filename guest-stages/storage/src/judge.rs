//! The rules of Storage on one disk.

use vetting_facts::fio::Direction;
use vetting_stage::disks::Disk;
use vetting_stage::{Findings, Measure, Part, part};

use crate::class::floors;
use crate::measured::Measured;
use crate::{Parameters, rules};

/// Errnos by which a medium or the path to it fails: EIO, ETIMEDOUT, EBADMSG, EILSEQ (a failed
/// verification), EREMOTEIO, ENODATA, ENOLINK (what Linux makes of medium, target and transport errors,
/// block/blk-core.c); ENXIO and ENODEV, of a disk that is gone or was set offline.
const OF_THE_DISK: [i64; 9] = [5, 110, 74, 84, 121, 61, 67, 6, 19];
/// The errno of a read or write error.
const EIO: i64 = 5;
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
        reading: &Measured,
        disk: &Disk,
        parameters: &Parameters,
        findings: &mut Findings,
    ) {
        let place = part_of(disk);
        if is_host_managed(disk) && reading.error() == EIO {
            let message = format!(
                "{}: it is zoned, and refuses reads where nothing is written: it was not judged",
                kind.words()
            );
            return findings.broken(rules::ZONED, Some(&place), message);
        }
        let Some(read) = trustworthy(reading, reading.read(), kind.words(), &place, findings)
        else {
            return;
        };
        if is_blank(disk) {
            if kind == Kind::InOrder {
                let message = "it holds no data: reads are answered from its map, and say nothing of its speed";
                findings.broken(rules::BLANK, Some(&place), message);
            }
            return note(kind, read, &place, findings);
        }
        let floors = floors(disk);
        let class = floors.map_or("a disk without floors", |floors| floors.name);
        let (name, value, unit, floor, least) = match kind {
            Kind::InOrder => (
                "read-in-order",
                read.bytes_per_second,
                "B/s",
                floors.map(|f| f.in_order),
                parameters
                    .min_read_mbps
                    .map(|mb| (rules::READ_IN_ORDER, mb * 1e6)),
            ),
            Kind::AtRandom => (
                "read-at-random",
                read.iops,
                "1/s",
                floors.map(|f| f.at_random),
                parameters
                    .min_read_iops
                    .map(|iops| (rules::READ_AT_RANDOM, iops)),
            ),
        };
        let Some(value) = value else {
            let message = format!(
                "{}: fio {} reports no speed",
                kind.words(),
                version(reading)
            );
            return findings.unknown(rules::FIO, Some(&place), message);
        };
        let mut measure = Measure::number(name, value).unit(unit).part(&place);
        if let Some(floor) = floor {
            measure = measure
                .at_least(rules::CLASS_FLOOR, floor)
                .at_least(rules::FAR_BELOW_CLASS, FAR_BELOW * floor);
        }
        if let Some((rule, least)) = least {
            measure = measure.at_least(rule, least);
        }
        findings.hold(measure, || {
            format!(
                "read {} it gives {}, too little for {class}{}",
                kind.words(),
                told(value, unit),
                slow_link(disk)
            )
        });
        match kind {
            Kind::InOrder => self.in_order = Some(value),
            Kind::AtRandom => {
                self.at_random = Some(value);
                latency(read, disk, &place, parameters, findings);
            }
        }
    }
}

/// Below this share of its class' floor a disk is broken, whatever it is.
const FAR_BELOW: f64 = 0.25;

/// Whether it is a zoned disk that refuses reads behind what was written.
pub fn is_host_managed(disk: &Disk) -> bool {
    extra(disk, "zoned") == Some("host-managed")
}

/// Whether nothing was ever written to it, by its own count of blocks in use (NVMe, `nuse`).
pub fn is_blank(disk: &Disk) -> bool {
    extra(disk, "blocks-in-use") == Some("0")
}

/// What the kernel's own files say of a disk beyond the usual.
pub fn extra<'a>(disk: &'a Disk, name: &str) -> Option<&'a str> {
    let found = disk.extra.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// Where its link is slower than the disk: the likely reason.
fn slow_link(disk: &Disk) -> String {
    match &disk.link {
        Some(link)
            if link.current_speed < link.max_speed || link.current_width < link.max_width =>
        {
            format!(
                ": its link runs at {} GT/s x{}, and could at {} GT/s x{}",
                link.current_speed, link.current_width, link.max_speed, link.max_width
            )
        }
        _ => String::new(),
    }
}

/// A speed that nothing is held against.
fn note(kind: Kind, read: &Direction, place: &Part, findings: &mut Findings) {
    let (name, value, unit) = match kind {
        Kind::InOrder => ("read-in-order", read.bytes_per_second, "B/s"),
        Kind::AtRandom => ("read-at-random", read.iops, "1/s"),
    };
    if let Some(value) = value {
        findings.note(Measure::number(name, value).unit(unit).part(place));
    }
}

fn version(reading: &Measured) -> String {
    let report = reading.report.as_ref().ok();
    let version = report.and_then(|report| report.version.clone());
    version.unwrap_or_default()
}

/// A speed for people.
pub fn told(value: f64, unit: &str) -> String {
    match unit {
        "B/s" => format!("{:.0} MB/s", value / 1e6),
        _ => format!("{value:.0} accesses/s"),
    }
}

/// Holds the errors of a reading. Gives the direction, where its numbers mean something.
fn trustworthy<'a>(
    reading: &Measured,
    direction: Option<&'a Direction>,
    what: &str,
    place: &Part,
    findings: &mut Findings,
) -> Option<&'a Direction> {
    let (error, said) = (reading.error(), reading.said());
    let errors = match OF_THE_DISK.contains(&error) {
        true => reading.errors(),
        false => 0,
    };
    let measure = Measure::number("io-errors", errors as f64).part(place);
    let good = findings.hold(measure.at_most(rules::IO_ERRORS, 0.0), || {
        let meaning = match error {
            84 => "what was read is not what was written",
            6 | 19 => "the disk is gone, or was set offline",
            _ => "I/O error",
        };
        format!("{what}: {meaning} (errno {error}, {errors} errors){said}")
    });
    if !good {
        return None;
    }
    let moved = direction.and_then(|direction| direction.bytes).unwrap_or(0);
    let why = if error != 0 {
        format!("fio ended with errno {error}{said}")
    } else if reading.cut_short {
        "it was cut short".to_owned()
    } else if reading.exit_status != Some(0) {
        let signal = || "a signal".to_owned();
        let status = reading
            .exit_status
            .map_or_else(signal, |s| format!("exit status {s}"));
        format!("fio ended with {status}{said}")
    } else if let Err(why) = &reading.report {
        format!("{why}{said}")
    } else if let Some(empty) = &reading.empty {
        format!("{empty}: the disk was not there, or has shrunk")
    } else if moved == 0 {
        "not one byte was moved".to_owned()
    } else {
        return direction;
    };
    findings.unknown(rules::FIO, Some(place), format!("{what}: {why}"));
    None
}

fn latency(read: &Direction, disk: &Disk, place: &Part, p: &Parameters, findings: &mut Findings) {
    let at = |percent: f64| {
        let percentiles = &read.completion.as_ref()?.percentiles;
        let found = percentiles
            .iter()
            .find(|p| (p.percent - percent).abs() < 0.001);
        found.map(|found| found.ns as f64 / 1e6)
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
    reading: &Measured,
    bytes: u64,
    place: &Part,
    cancelled: bool,
    findings: &mut Findings,
) {
    let what = "writing and checking";
    let write = trustworthy(reading, reading.write(), what, place, findings);
    let Some(write) = write.filter(|_| !cancelled) else {
        return;
    };
    let written = write.bytes.unwrap_or(0);
    // What was not read back was not checked.
    let checked = reading.read().and_then(|read| read.bytes).unwrap_or(0);
    if written.min(checked) < bytes {
        let message =
            format!("only {written} of {bytes} bytes were written, and {checked} checked");
        findings.unknown(rules::SCRATCH, Some(place), message);
    }
    let measure = Measure::number("scratch-checked", checked as f64);
    findings.note(measure.unit("B").part(place));
    if let Some(speed) = write.bytes_per_second {
        findings.note(
            Measure::number("scratch-write", speed)
                .unit("B/s")
                .part(place),
        );
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

/// The lanes of a disk's own link. A narrow slot is legal, so that this is a remark that explains a low
/// speed, unless another disk of the model has more; the link's speed may be lowered while nothing is
/// asked, and is not held.
pub fn link(disk: &Disk, all: &[Disk], findings: &mut Findings) {
    let Some(link) = &disk.link else { return };
    let twins = all
        .iter()
        .filter(|d| d.model.is_some() && d.model == disk.model);
    let lanes = twins.filter_map(|d| Some(d.link.as_ref()?.current_width));
    let of_twins = lanes.max().unwrap_or(0);
    let most = f64::from(link.max_width);
    let measure = Measure::number("pcie-width", f64::from(link.current_width))
        .part(&part_of(disk))
        .at_least(rules::LINK_NARROW, most)
        .at_least(rules::LINK_NARROWER, most.min(f64::from(of_twins)));
    findings.hold(measure, || {
        let twin = match of_twins > link.current_width {
            true => format!(", another of its model has {of_twins}"),
            false => String::new(),
        };
        format!(
            "its PCI Express link has {} of {} lanes{twin}: a narrow slot, or reseat it",
            link.current_width, link.max_width
        )
    });
}

/// What the kernel's list says of a disk: one of 0 bytes, one that is held read-only, one set offline.
pub fn listed(disk: &Disk, findings: &mut Findings) {
    let place = part_of(disk);
    if disk.size_bytes == 0 {
        let message = "it has 0 bytes: dead, locked, or formatted with sectors that the kernel cannot use (520, 528)";
        findings.unknown(rules::NO_SIZE, Some(&place), message);
    }
    if disk.read_only {
        let message = "the kernel holds it read-only: write-protected, worn out, or its power-loss protection failed";
        findings.broken(rules::READ_ONLY, Some(&place), message);
    }
    if let Some(state) = extra(disk, "state").filter(|state| *state == "offline") {
        let message = format!("the kernel has set it {state}: look at drive, backplane and cable");
        findings.broken(rules::LOST, Some(&place), message);
    }
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
