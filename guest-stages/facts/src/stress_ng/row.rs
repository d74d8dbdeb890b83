//! One line of stress-ng's log.

use serde::Serialize;

/// The level of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A failed check, or stress-ng's own bookkeeping after a worker was killed.
    Fail,
    /// Something did not work.
    Error,
    /// A warning.
    Warn,
    /// Information.
    Info,
    /// With `--verbose`.
    Debug,
    /// A line of metrics.
    Metric,
}

/// What a line is about, where its words are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// Memory held another value than was written: `detected 5 bit errors`, `detected 1 memory error`.
    MemoryErrors,
    /// stress-ng's own counters of a worker do not fit: the worker was killed or did not end.
    Bookkeeping,
    /// A worker ended with an exit status: `terminated with an error, exit status=2`.
    WorkerExited,
    /// A signal ended a worker: `terminated on signal: 9 (Killed)`.
    WorkerSignalled,
    /// The kernel may have killed a worker because memory was short.
    OutOfMemoryKill,
    /// Resources were short: `gave up trying to mmap`, `aborted early, out of system resources`.
    NoResource,
    /// A stressor is left out.
    Skipped,
    /// A worker ended before its time.
    EndedEarly,
    /// A stressor gave up after a number of failures.
    Aborted,
    /// Anything else.
    #[default]
    Other,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its level.
    pub level: Level,
    /// The process that wrote it.
    pub process: Option<u32>,
    /// The time in it (`--timestamp`): `10:48:27.82`.
    pub time: Option<String>,
    /// The stressor that it names: `vm`.
    pub stressor: Option<String>,
    /// The number of the worker that it names, from 0.
    pub instance: Option<u64>,
    /// What it is about.
    pub about: About,
    /// The number of errors that it names.
    pub errors: Option<u64>,
    /// The process of the worker that it names.
    pub worker: Option<u32>,
    /// The exit status of that worker.
    pub exit_status: Option<i32>,
    /// The signal that ended that worker.
    pub signal: Option<i32>,
    /// The text after level and process.
    pub text: String,
}

const LEVELS: [(&str, Level); 6] = [
    ("fail:", Level::Fail),
    ("error:", Level::Error),
    ("warn:", Level::Warn),
    ("info:", Level::Info),
    ("debug:", Level::Debug),
    ("metrc:", Level::Metric),
];

/// `stress-ng: fail:  [123] cpu: …`, with or without the first word, a time and the process.
pub(super) fn row(line: &str) -> Option<Row> {
    let line = match line.split_once("stress-ng: ") {
        Some((_, rest)) => rest,
        None => line,
    };
    let (time, line) = match line.split_once(' ') {
        Some((first, rest)) if is_time(first) => (Some(first.to_owned()), rest),
        _ => (None, line),
    };
    let line = line.trim_start();
    let found = LEVELS
        .iter()
        .find_map(|(word, level)| Some((line.strip_prefix(word)?, *level)));
    let (rest, level) = found?;
    let rest = rest.trim_start();
    let (process, text) = match bracketed(rest) {
        Some((process, text)) => (Some(process), text),
        None => (None, rest),
    };
    Some(understood(Row {
        level,
        process,
        time,
        stressor: None,
        instance: None,
        about: About::Other,
        errors: None,
        worker: None,
        exit_status: None,
        signal: None,
        text: text.trim().to_owned(),
    }))
}

fn is_time(word: &str) -> bool {
    word.contains(':')
        && word
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'))
}

/// `[123] text`
fn bracketed(text: &str) -> Option<(u32, &str)> {
    let (number, rest) = text.strip_prefix('[')?.split_once(']')?;
    Some((number.trim().parse().ok()?, rest))
}

fn understood(mut row: Row) -> Row {
    let text = row.text.clone();
    if let Some((name, _)) = text.split_once(':')
        && is_name(name)
    {
        let name = name.strip_prefix("stress-ng-").unwrap_or(name);
        row.stressor = Some(name.to_owned());
    }
    if let Some((name, rest)) = text.split_once(" instance ")
        && is_name(name)
    {
        row.stressor = Some(name.to_owned());
        row.instance = number(rest);
    }
    if let Some((name, _)) = text.split_once(" stressor will be skipped")
        && is_name(name)
    {
        row.stressor = Some(name.to_owned());
    }
    row.about = about(&text);
    if row.about == About::MemoryErrors {
        row.errors = text
            .split_once("detected ")
            .and_then(|(_, rest)| number(rest));
    }
    row.exit_status = after(&text, "exit status=").or_else(|| after(&text, "exit status "));
    row.signal = after(&text, "on signal: ").or_else(|| after(&text, "signal "));
    let worker = text
        .find('[')
        .and_then(|at| text.get(at..))
        .and_then(bracketed);
    row.worker = worker.map(|(worker, _)| worker);
    row
}

fn about(text: &str) -> About {
    let has = |words: &str| text.contains(words);
    if has("corrupted bogo-ops counter") || has("hash error in bogo-ops") || has("metrics-check:") {
        About::Bookkeeping
    } else if has("detected ") && (has("bit error") || has("memory error")) {
        About::MemoryErrors
    } else if has("OOM killer") || has("out of memory killer") {
        About::OutOfMemoryKill
    } else if has("terminated on signal") {
        About::WorkerSignalled
    } else if has("terminated with an error") || has("exit status=") {
        About::WorkerExited
    } else if has("gave up trying to") || has("out of system resources") || has("no resource") {
        About::NoResource
    } else if has("will be skipped") || has("skipping stressor") {
        About::Skipped
    } else if has("finished prematurely") {
        About::EndedEarly
    } else if has("failures reached, aborting") {
        About::Aborted
    } else {
        About::Other
    }
}

fn is_name(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    !word.is_empty() && word.len() <= 32 && word.bytes().all(plain)
}

/// The number at the start of a text.
pub(super) fn number(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

fn after(text: &str, mark: &str) -> Option<i32> {
    let (_, rest) = text.split_once(mark)?;
    i32::try_from(number(rest)?).ok()
}
