//! What a machine remembers of how it went down: the kernel's last words, which firmware keeps
//! (pstore), and the management controller's event log. Both go to the orchestrator as files about
//! the attempt that was at work.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vetting_machine::contract::bmc::Question;
use vetting_machine::{Attempt, Machine, Reply, Request};
use vetting_protocol::{Artifact, ArtifactAnswer, Level, WentDown};

use super::forward::Journal;
use super::link::Link;

/// Where the kernel shows what firmware kept. (Linux, `Documentation/admin-guide/pstore-blk.rst`.)
const PSTORE: &str = "sys/fs/pstore";
/// The most that is sent of one file. Records of pstore are some kilobytes each.
const MOST_BYTES: u64 = 1 << 20;
/// How many files of pstore are sent at most.
const MOST_FILES: usize = 64;
/// How long one delivery may take.
const CALL: Duration = Duration::from_secs(20);
/// How often one is tried.
const TRIES: u32 = 3;

/// A file of evidence.
struct File {
    name: String,
    media_type: &'static str,
    bytes: Vec<u8>,
}

/// Gathers and delivers the evidence. What cannot be had is said in the log, and stops nothing.
pub(super) async fn deliver(
    machine: &dyn Machine,
    root: &Path,
    link: &Link,
    journal: &Journal,
    epoch: u64,
    of: &WentDown,
) {
    let mut files = pstore(&root.join(PSTORE), journal);
    match event_log(machine).await {
        Ok(file) => files.push(file),
        Err(why) => {
            let text = format!("no event log of the management controller: {why}");
            journal.say(Level::Info, &text);
        }
    }
    for file in files {
        let artifact = Artifact {
            epoch,
            stage: Some(of.stage.clone()),
            attempt: Some(of.attempt),
            name: file.name,
            media_type: file.media_type.to_owned(),
            base64: STANDARD.encode(&file.bytes),
        };
        let name = &artifact.name;
        let text = match send(link, &artifact).await {
            Ok(()) => format!("the host went down: {name} is kept with the run"),
            Err(why) => format!("the host went down: {name} could not be delivered: {why}"),
        };
        journal.say(Level::Warn, &text);
    }
}

async fn send(link: &Link, artifact: &Artifact) -> Result<(), vetting_transport::CallError> {
    let mut back_off = link.back_off();
    let mut tries = 1;
    loop {
        match link
            .post::<_, ArtifactAnswer>("artifact", artifact, CALL)
            .await
        {
            Ok(_) => return Ok(()),
            Err(error) if error.is_answer() || tries >= TRIES => return Err(error),
            Err(error) => back_off.wait(&error).await,
        }
        tries += 1;
    }
}

fn pstore(folder: &Path, journal: &Journal) -> Vec<File> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let text = format!("the kernel's last words cannot be looked for: {error}");
            journal.say(Level::Info, &text);
            return Vec::new();
        }
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    if paths.len() > MOST_FILES {
        let text = format!("{} files of pstore, {MOST_FILES} are sent", paths.len());
        journal.say(Level::Warn, &text);
        paths.truncate(MOST_FILES);
    }
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match read(&path) {
            Ok(bytes) => files.push(File {
                name: format!("pstore-{name}"),
                media_type: "text/plain",
                bytes,
            }),
            Err(error) => {
                let text = format!("{}: {error}", path.display());
                journal.say(Level::Warn, &text);
            }
        }
    }
    files
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

async fn event_log(machine: &dyn Machine) -> Result<File, String> {
    let begun = machine.begin(Attempt::beside("evidence")).await;
    let session = begun.map_err(|error| error.to_string())?;
    let question = Question::EventLog;
    let answer = session.call(Request::Bmc { question }).await;
    let _nothing_ran = session.end().await;
    match answer {
        Ok(Reply::Document(document)) if document.stdout.is_empty() => Err(format!(
            "ipmitool printed nothing: {}",
            document.stderr_tail.trim()
        )),
        Ok(Reply::Document(document)) => {
            let mut bytes = document.stdout;
            // The newest entries come last.
            let most = usize::try_from(MOST_BYTES).unwrap_or(usize::MAX);
            bytes.drain(..bytes.len().saturating_sub(most));
            Ok(File {
                name: "bmc-event-log.txt".to_owned(),
                media_type: "text/plain",
                bytes,
            })
        }
        Ok(_) => Err("the machine answered something else".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
