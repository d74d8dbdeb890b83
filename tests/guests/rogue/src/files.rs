//! Files of the kernel that no stage may read, listings without an end, and queries that were not granted.

use vetting_stage::files::{self, Ending, Kind};
use vetting_stage::{Outcome, explain, queries};

/// Runs the mode, if it is one of these.
pub fn run(mode: &str) -> Option<Result<Outcome, String>> {
    if let Some(path) = mode.strip_prefix("file:") {
        return Some(read(vec![path.to_owned()]));
    }
    if let Some(glob) = mode.strip_prefix("glob:") {
        return Some(list(vec![glob.to_owned()]));
    }
    if let Some(query) = mode.strip_prefix("query:") {
        let (name, target) = query.split_once(' ').unwrap_or((query, ""));
        return Some(ask(name, target));
    }
    Some(match mode {
        "queries-flood" => loop {
            if let Err(error) = ask("lspci", &"x".repeat(1_000))
                && !error.contains("lspci")
            {
                return Some(Err(error));
            }
        },
        "files-many-globs" => list(vec!["sys/*".to_owned(); 100_000]),
        "files-many-paths" => read(vec!["proc/cpuinfo".to_owned(); 100_000]),
        "files-long-path" => read(vec![format!("sys/{}", "x".repeat(1 << 20))]),
        "files-not-asked-for" => read(vec!["sys/1/2/3/4/5/6/7/8".to_owned(); 100_000]),
        "files-not-asked-for-flood" => loop {
            let paths = (0..4_096).map(|n| format!("sys/{n}/2/3/4/5/6/7/8"));
            if let Err(error) = files::read(&paths.collect::<Vec<_>>()) {
                return Some(Err(explain(&error)));
            }
        },
        "files-flood" => loop {
            if let Err(error) = files::read(&vec!["proc/cpuinfo".to_owned(); 4_096]) {
                return Some(Err(explain(&error)));
            }
        },
        _ => return None,
    })
}

fn read(paths: Vec<String>) -> Result<Outcome, String> {
    let contents = files::read(&paths).map_err(|error| explain(&error))?;
    let endings = contents.into_iter().map(|content| match content.ending {
        Ending::Whole | Ending::Cut => format!("READ {} bytes", content.bytes.len()),
        Ending::Absent => "absent".to_owned(),
        Ending::Denied(why) => format!("denied: {why}"),
        Ending::Failed(why) => format!("failed: {why}"),
        Ending::TimedOut | Ending::LeftOut => "not read".to_owned(),
    });
    Err(endings.collect::<Vec<_>>().join(", "))
}

fn ask(name: &str, target: &str) -> Result<Outcome, String> {
    let document = queries::run(name, target).map_err(|error| explain(&error))?;
    Err(format!("RAN {}", document.argv.join(" ")))
}

fn list(globs: Vec<String>) -> Result<Outcome, String> {
    let listing = files::list(&globs).map_err(|error| explain(&error))?;
    let found = listing
        .found
        .iter()
        .filter(|found| found.kind == Kind::File);
    let denied = listing
        .unread
        .iter()
        .find(|(_, why)| why.starts_with("denied"));
    Err(match found.count() {
        0 if denied.is_some_and(|(_, why)| why.contains("manifest")) => {
            denied.map(|(_, why)| why.clone()).unwrap_or_default()
        }
        0 => "bounded: no file".to_owned(),
        _ if listing.found.len() <= 4_096 => "bounded: some files".to_owned(),
        count => format!("TOO MANY: {count}"),
    })
}
