//! A stage that does one thing as often as it is told, so that its cost can be measured.

use vetting_stage::{
    Drive, Findings, Measure, Outcome, StressReport, clock, drive, explain, fio, part, stress,
};

vetting_stage::parameters! {
    /// What to do: `empty`, `first-call`, `calls`, `refused`, `judge`, `parse`, `spin`, `sleep`, `fio` or `stress`.
    mode: text = "empty", "the benchmarks";
    /// How often; for tools, for how many milliseconds.
    times: integer = 0, "the benchmarks";
}

vetting_stage::rules! {
    /// The gauge is below nothing.
    GAUGE: fail "gauge" = "0", "the benchmarks";
    /// A drive has pending sectors.
    PENDING: warn "pending_warn" = "15", "the benchmarks";
    /// A drive has many pending sectors.
    PENDING_MANY: fail "pending_fail" = "20", "the benchmarks";
}

vetting_stage::stage!(run);

/// Bytes of the file that is read.
const FILE: u64 = 256 << 20;

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let times = parameters.times;
    match parameters.mode.as_str() {
        "empty" => Ok(measured(1.0)),
        "first-call" => {
            std::hint::black_box(clock::monotonic());
            Ok(measured(1.0))
        }
        "calls" => {
            for _ in 0..times {
                std::hint::black_box(clock::monotonic());
            }
            Ok(measured(1.0))
        }
        "refused" => refused(times),
        "spin" => loop {
            std::hint::black_box(0);
        },
        "sleep" => {
            // Cancelled, it ends at once.
            let _woken = clock::sleep(3_600_000);
            Ok(measured(1.0))
        }
        "judge" => Ok(measured(judge(times) as f64)),
        "parse" => Ok(measured(parse(times) as f64)),
        "fio" => read(times),
        "stress" => compute(times),
        other => Err(format!("there is no mode `{other}`")),
    }
}

fn measured(value: f64) -> Outcome {
    let mut findings = Findings::new();
    let measure = Measure::number("gauge", value);
    findings.hold(measure.at_least(GAUGE, 0.0), String::new);
    findings.outcome("one gauge")
}

/// Holds a thousand drives' worth of counts against rules, `times` times: what a stage does between
/// its host calls. The same code is measured natively.
pub fn judge(times: u64) -> u64 {
    let mut bad = 0;
    for round in 0..times {
        let mut findings = Findings::new();
        for drive in 0..1000_u64 {
            let place = part("disk", format!("sd{drive}"));
            let value = (drive * 7 + round) % 23;
            let measure = Measure::number("pending-sectors", value as f64)
                .part(&place)
                .at_most(PENDING, 15.0)
                .at_most(PENDING_MANY, 20.0);
            findings.hold(measure, || {
                format!("drive sd{drive}: pending-sectors is {value}")
            });
        }
        let diagnoses = findings.diagnoses().len() as u64;
        bad += diagnoses
            + std::hint::black_box(findings.outcome("1000 drives"))
                .message
                .len() as u64;
    }
    bad
}

/// What smartctl printed of a drive.
pub const DOCUMENT: &[u8] =
    include_bytes!("../../../../guest-stages/facts/captured/smartctl/qemu-ata.json");

/// Reads a drive's document `times` times: what a stage does with each drive. The same code is measured
/// natively.
pub fn parse(times: u64) -> u64 {
    let read = (0..times).filter(|_| {
        let document = std::hint::black_box(DOCUMENT);
        vetting_facts::smartctl::drive(document).is_ok()
    });
    read.count() as u64
}

/// Asks for what is refused: by the host where fio is not granted, else by the machine.
fn refused(times: u64) -> Result<Outcome, String> {
    let job = fio::Job {
        workers: 0,
        ..reading(1)
    };
    for _ in 0..times {
        if fio::start(&job).is_ok() {
            return Err("a job of no workers was started".to_owned());
        }
    }
    Ok(measured(1.0))
}

/// The job that is compared: a scratch file read in order, around the page cache.
fn reading(milliseconds: u64) -> fio::Job {
    fio::Job {
        target: fio::Target::Scratch(FILE),
        pattern: fio::Pattern::Read,
        block_size: 128 << 10,
        io_depth: 32,
        workers: 1,
        runtime_ms: Some(milliseconds),
        size_bytes: None,
        offset_bytes: 0,
        direct: true,
        verify: false,
        options: Vec::new(),
    }
}

fn read(milliseconds: u64) -> Result<Outcome, String> {
    let job = reading(milliseconds);
    let tool = fio::start(&job).map_err(|e| explain(&e))?;
    let driven = drive(&tool, 1000, |_| Drive::On).map_err(|e| explain(&e))?;
    let report = vetting_facts::fio::output(&driven.summary.document.stdout);
    let report = report.map_err(|why| why.to_string())?;
    let read = report.jobs.first().and_then(|job| job.read.as_ref());
    let speed = read.and_then(|read| read.bytes_per_second);
    Ok(measured(speed.ok_or("fio gave no speed")?))
}

/// The job that is compared: one worker of one method.
fn compute(milliseconds: u64) -> Result<Outcome, String> {
    let job = stress::Job {
        stressors: vec![stress::Stressor {
            name: "cpu".into(),
            workers: 1,
            method: Some("int64".into()),
            memory_bytes: None,
        }],
        duration_ms: milliseconds,
        verify: false,
        cpus: Vec::new(),
        per_cpu: false,
    };
    let tool = stress::start(&job).map_err(|e| explain(&e))?;
    let driven = drive(&tool, 1000, |_| Drive::On).map_err(|e| explain(&e))?;
    let report = StressReport::of(&driven.summary);
    let figures = report.metrics().next();
    let rate = figures.and_then(|(_, metrics)| metrics.bogo_ops_per_real_second);
    Ok(measured(rate.ok_or("stress-ng gave no figures")?))
}
