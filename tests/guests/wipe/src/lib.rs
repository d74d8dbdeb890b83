//! A stage that tries to write to disks, once more where it could, and says in its log what came of it.
//! It always fails, so that the run holds and can be told to try again.

use vetting_stage::{
    Drive, Findings, Measure, Outcome, clock, context, disks, drive, explain, fio, info,
};

vetting_stage::parameters! {
    /// More names to try, beside those of the list, between commas.
    more: text = "", "the tests";
    /// The serial numbers to try at the first attempt, between commas; none: all.
    first: text = "", "the tests";
    /// The serial numbers to try at later attempts, between commas.
    again: text = "", "the tests";
    /// The attempt that waits before it tries anything.
    late: integer = 0, "the tests";
    /// For how long that one waits, in milliseconds.
    wait_ms: integer = 0, "the tests";
}

vetting_stage::rules! {
    /// Always broken, so that the run holds.
    WRITTEN: fail "written" = "1", "the tests";
}

vetting_stage::stage!(run);

/// Bytes that are written to the disk's beginning.
const SIZE: u64 = 1 << 20;

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let facts = context::get();
    if u64::from(facts.attempt) == parameters.late {
        clock::sleep(parameters.wait_ms).map_err(|e| explain(&e))?;
    }
    info!(
        "facts: non-destructive {}, wipe armed {}, live image {}",
        facts.non_destructive, facts.wipe_armed, facts.live_image
    );
    let listed = disks::list().map_err(|e| explain(&e))?;
    let all = facts.attempt == 1 && parameters.first.is_empty();
    let chosen = match facts.attempt {
        1 => &parameters.first,
        _ => &parameters.again,
    };
    let wanted = |serial: &str| all || chosen.split(',').any(|chosen| chosen == serial);
    let mut names: Vec<(String, String)> = Vec::new();
    for disk in &listed {
        let serial = disk.serial.clone().unwrap_or_default();
        if wanted(&serial) {
            names.push((disk.name.clone(), serial));
        }
        let partitions = disk
            .in_use
            .iter()
            .filter(|usage| all && usage.kind == "partition");
        names.extend(partitions.map(|partition| (partition.by.clone(), String::new())));
    }
    if facts.attempt == 1 {
        let more = parameters.more.split(',').filter(|name| !name.is_empty());
        names.extend(more.map(|name| (name.to_owned(), String::new())));
    }
    for (name, serial) in names {
        let answer = write(&name);
        info!("first {name} {serial}: {answer}");
        if answer.starts_with("wrote") {
            info!("second {name} {serial}: {}", write(&name));
        }
    }
    let mut findings = Findings::new();
    let measure = Measure::number("written", 0.0);
    findings.hold(measure.at_least(WRITTEN, 1.0), || {
        "this stage always fails".to_owned()
    });
    Ok(findings.outcome("every disk was tried"))
}

/// What comes of writing to a disk.
fn write(name: &str) -> String {
    let job = fio::Job {
        target: fio::Target::Disk(name.to_owned()),
        pattern: fio::Pattern::Write,
        block_size: 64 << 10,
        io_depth: 4,
        workers: 1,
        runtime_ms: None,
        size_bytes: Some(SIZE),
        offset_bytes: 0,
        direct: true,
        verify: false,
        options: Vec::new(),
    };
    let tool = match fio::start(&job) {
        Ok(tool) => tool,
        Err(error) => return explain(&error),
    };
    match drive(&tool, 1000, |_| Drive::On) {
        Ok(driven) => {
            let ending = driven.summary;
            let guard = ending.wipe_guard.as_deref();
            let guard = guard.unwrap_or("no word of the guard");
            let report = match vetting_facts::fio::output(&ending.document.stdout) {
                Ok(report) => report,
                Err(why) => return format!("fio: {why}"),
            };
            let job = report.jobs.first().cloned().unwrap_or_default();
            let written = job.write.and_then(|write| write.bytes).unwrap_or(0);
            let error = job.error.unwrap_or(0);
            format!("wrote {written} bytes, error {error}: {guard}")
        }
        Err(error) => format!("fio: {}", explain(&error)),
    }
}
