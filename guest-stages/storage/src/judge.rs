//! The rules of Storage on one disk.

use vetting_stage::counters::Reading;
use vetting_stage::disks::Disk;
use vetting_stage::fio::{Direction, Summary};
use vetting_stage::{Findings, Measure, Part, Severity, part};

use crate::class::floors;
use crate::Parameters;

/// Errnos by which a medium or the path to it fails: EIO, ETIMEDOUT, EBADMSG, EILSEQ (a failed
/// verification), EREMOTEIO, ENODATA (what the kernel makes of medium errors).
const OF_THE_DISK: [i32; 6] = [5, 110, 74, 84, 121, 61];

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
        let source = "default, by class of disk";
        let (name, value, unit, floor, least) = match kind {
            Kind::InOrder => (
                "read-in-order",
                summary.read.bytes_per_second,
                "B/s",
                floors.map(|f| f.in_order),
                parameters.min_read_mbps.map(|mb| ("min_read_mbps", mb * 1e6)),
            ),
            Kind::AtRandom => (
                "read-at-random",
                summary.read.iops,
                "1/s",
                floors.map(|f| f.at_random),
                parameters.min_read_iops.map(|iops| ("min_read_iops", iops)),
            ),
        };
        let mut measure = Measure::number(name, value).unit(unit).part(&place);
        if let Some(floor) = floor {
            measure = measure.at_least("class_floor", floor, Severity::Warn, source);
        }
        if let Some((rule, least)) = least {
            measure = measure.at_least(rule, least, Severity::Fail, "the machine's spec");
        }
        findings.hold(measure, || {
            format!("read {} it gives {}, too little for {class}", kind.words(), told(value, unit))
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
    let tail = summary.stderr_tail.lines().next_back().unwrap_or_default().trim().to_owned();
    let measure = Measure::number("io-errors", errors as f64).part(place);
    let source = "fio(1), the field `error` of its JSON";
    let good = findings.hold(measure.at_most("io-errors", 0.0, Severity::Fail, source), || {
        let meaning = if error == 84 { "what was read is not what was written" } else { "I/O error" };
        format!("{what}: {meaning} (errno {error}, {errors} errors): {tail}")
    });
    if !good {
        return false;
    }
    if error != 0 {
        let message = format!("{what}: fio ended with errno {error}: {tail}");
        findings.unknown("fio", Some(place), message);
    } else if summary.partial {
        findings.unknown("fio", Some(place), format!("{what}: it was cut short"));
    } else if summary.exit_status != Some(0) {
        let status = summary.exit_status.map_or("a signal".to_owned(), |s| format!("exit status {s}"));
        findings.unknown("fio", Some(place), format!("{what}: fio ended with {status}: {tail}"));
    } else if direction.bytes == 0 {
        findings.unknown("fio", Some(place), format!("{what}: not one byte was moved"));
    } else {
        return true;
    }
    false
}

fn latency(read: &Direction, disk: &Disk, place: &Part, p: &Parameters, findings: &mut Findings) {
    let at = |percent: f64| {
        let found = read.percentiles.iter().find(|(p, _)| (p - percent).abs() < 0.01);
        found.map(|(_, nanoseconds)| nanoseconds / 1e6)
    };
    if let (Some(p99), Some(floors)) = (at(99.0), floors(disk)) {
        let measure = Measure::number("latency-p99", p99).unit("ms").part(place).at_most(
            "class_latency",
            floors.latency_ms,
            Severity::Warn,
            "default, by class of disk",
        );
        findings.hold(measure, || {
            format!("1 % of its random reads take longer than {p99:.1} ms, too long for {}", floors.name)
        });
    }
    // A hard disk's tail is its arm; a virtual one's is its host's.
    if let (Some(half), Some(tail), Some(_), false) = (at(50.0), at(99.9), floors(disk), disk.rotational) {
        let ratio = tail / half.max(1e-6);
        let rule = "tail_warn_ratio";
        let measure = Measure::number("latency-tail", ratio).part(place);
        findings.hold(measure.at_most(rule, p.tail_warn_ratio, Severity::Warn, "default"), || {
            format!("one in a thousand random reads takes {tail:.1} ms, half of them {half:.2} ms")
        });
    }
}

/// Holds the scratch file's check.
pub fn integrity(summary: &Summary, bytes: u64, place: &Part, cancelled: bool, findings: &mut Findings) {
    if !trustworthy(summary, &summary.write, "writing and checking", place, findings) || cancelled {
        return;
    }
    let measure = Measure::number("scratch-checked", summary.write.bytes as f64).unit("B").part(place);
    if summary.write.bytes < bytes {
        let message = format!("only {} of {bytes} bytes were written and checked", summary.write.bytes);
        findings.unknown("scratch", Some(place), message);
    }
    findings.note(measure);
    findings.note(
        Measure::number("scratch-write", summary.write.bytes_per_second).unit("B/s").part(place),
    );
}

/// Commands that disks answered with an error while the test ran. Probing alone may be refused, so
/// that it is a remark; what the kernel calls an I/O error has its own rule.
pub fn errors(before: &Reading, after: &Reading, findings: &mut Findings) {
    for disk in &after.disks {
        let was = before.disks.iter().find(|d| d.name == disk.name).and_then(|d| d.io_errors);
        let (Some(now), Some(was)) = (disk.io_errors, was) else { continue };
        let new = now.saturating_sub(was);
        let measure = Measure::number("refused-commands", new as f64).part(&part("disk", disk.name.clone()));
        findings.hold(measure.at_most("refused-commands", 0.0, Severity::Warn, "Linux scsi_device ioerr_cnt"), || {
            format!("it answered {new} commands with an error during the test")
        });
    }
}

/// What was tested, in a line.
pub fn summary(disks: &[Disk], measured: &[(Disk, Speeds)]) -> String {
    let speeds: Vec<String> = measured
        .iter()
        .filter_map(|(disk, speeds)| Some((disk, speeds.in_order?, speeds.at_random?)))
        .map(|(disk, order, random)| {
            format!("{} {}, {}", disk.name, told(order, "B/s"), told(random, "1/s"))
        })
        .collect();
    let first: Vec<String> = speeds.iter().take(4).cloned().collect();
    let more = match speeds.len() > first.len() {
        true => ", …",
        false => "",
    };
    let listed = if first.is_empty() { String::new() } else { format!(": {}{more}", first.join("; ")) };
    format!("{} of {} disks read{listed}", speeds.len(), disks.len())
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use vetting_stage::disks::{Content, Transport};
    use crate::peers;
    use vetting_stage::{Outcome, Verdict};

    /// A disk of that name and model.
    pub fn disk(name: &str, transport: Transport, rotational: bool) -> Disk {
        Disk {
            name: name.into(),
            serial: Some(format!("{name}-serial")),
            wwn: None,
            model: Some("M".into()),
            firmware: None,
            size_bytes: 1 << 40,
            logical_block_bytes: 512,
            physical_block_bytes: 4096,
            rotational,
            removable: false,
            read_only: false,
            transport,
            controller: None,
            link: None,
            in_use: Vec::new(),
            content: Content::NoneRecognised,
            extra: Vec::new(),
        }
    }

    fn direction(bytes_per_second: f64, iops: f64) -> Direction {
        Direction {
            bytes: bytes_per_second as u64,
            bytes_per_second,
            iops,
            accesses: iops as u64,
            latency_mean_ns: 1e6,
            latency_max_ns: 1e7,
            percentiles: vec![(50.0, 1e6), (99.0, 2e6), (99.9, 4e6)],
        }
    }

    fn summary_of(read: Direction, error: i32) -> Summary {
        Summary {
            version: "fio-3.33".into(),
            write: direction(0.0, 0.0),
            read,
            error,
            total_errors: u64::from(error != 0),
            exit_status: Some(0),
            partial: false,
            runtime_ms: 1000,
            stderr_tail: String::new(),
            extra: Vec::new(),
        }
    }

    fn judged(disk: &Disk, summary: &Summary, parameters: &Parameters) -> Outcome {
        let mut findings = Findings::new();
        Speeds::default().hold(Kind::InOrder, summary, disk, parameters, &mut findings);
        findings.outcome("")
    }

    #[test]
    fn the_error_field_is_judged_whatever_the_exit_status_says() {
        let sda = disk("sda", Transport::Sata, false);
        let with = |error| judged(&sda, &summary_of(direction(5e8, 1.0), error), &Parameters::default());
        assert_eq!(with(0).verdict, Verdict::Pass);
        assert_eq!(with(84).verdict, Verdict::Fail);
        assert_eq!(with(5).verdict, Verdict::Fail);
        assert!(matches!(with(13).verdict, Verdict::Inconclusive(_)), "no right to look");
    }

    #[test]
    fn nothing_read_is_not_good() {
        let sda = disk("sda", Transport::Sata, false);
        let nothing = summary_of(direction(0.0, 0.0), 0);
        assert!(matches!(judged(&sda, &nothing, &Parameters::default()).verdict, Verdict::Inconclusive(_)));
        let mut cut = summary_of(direction(5e8, 1.0), 0);
        cut.partial = true;
        assert!(matches!(judged(&sda, &cut, &Parameters::default()).verdict, Verdict::Inconclusive(_)));
    }

    #[test]
    fn floors_of_a_class_warn_and_those_of_the_spec_fail() {
        let slow = summary_of(direction(3e8, 1.0), 0);
        let sda = disk("sda", Transport::Sata, false);
        let outcome = judged(&sda, &slow, &Parameters::default());
        assert_eq!((outcome.verdict, outcome.diagnoses.len()), (Verdict::Pass, 1));
        let spec = Parameters { min_read_mbps: Some(400.0), ..Parameters::default() };
        assert_eq!(judged(&sda, &slow, &spec).verdict, Verdict::Fail);
        let guest = disk("vda", Transport::Virtio, false);
        assert_eq!(judged(&guest, &slow, &Parameters::default()).diagnoses.len(), 0);
    }

    #[test]
    fn a_scratch_file_that_changed_fails() {
        let place = part("scratch", "ext4 on sda");
        let with = |error| {
            let mut summary = summary_of(direction(0.0, 0.0), error);
            summary.write = direction(1e8, 1.0);
            let mut findings = Findings::new();
            integrity(&summary, 100_000_000, &place, false, &mut findings);
            findings.outcome("").verdict
        };
        assert_eq!(with(0), Verdict::Pass);
        assert_eq!(with(84), Verdict::Fail);
        assert!(matches!(with(28), Verdict::Inconclusive(_)), "no room is no fault");
    }

    #[test]
    fn a_disk_slower_than_its_like_fails() {
        let fast = |name: &str, speed: f64| {
            let speeds = Speeds { in_order: Some(speed), at_random: Some(speed) };
            (disk(name, Transport::Sas, true), speeds)
        };
        let with = |slow: f64| {
            let mut findings = Findings::new();
            peers::judge(&[fast("sda", 200.0), fast("sdb", slow), fast("sdc", 200.0)], &Parameters::default(), &mut findings);
            findings.outcome("")
        };
        assert_eq!(with(198.0).diagnoses.len(), 0);
        assert_eq!((with(160.0).verdict, with(160.0).diagnoses.len()), (Verdict::Pass, 2));
        assert_eq!(with(100.0).verdict, Verdict::Fail);
    }
}
