//! Files of this machine's kernel through the machine, against reading them alone.

use std::time::Instant;

use anyhow::{bail, ensure};
use vetting_machine::contract::files::Kind;
use vetting_machine::real::{Options, RealMachine};
use vetting_machine::{Attempt, Machine as _, Reply, Request, Session};

use crate::table::{Pairs, Row, seconds};

const ROUNDS: usize = 20;

/// Attributes of one reading.
const FILES: usize = 1_000;

/// Where every kernel has attributes that cost nothing to read.
const GLOBS: [&str; 6] = [
    "sys/class/net/*/statistics/*",
    "sys/devices/system/cpu/cpu*/topology/*",
    "sys/devices/system/cpu/cpu*/cache/index*/*",
    "sys/bus/pci/devices/*/*",
    "sys/block/*/queue/*",
    "sys/module/*/parameters/*",
];

/// `files.read` of a thousand attributes.
pub async fn measure() -> anyhow::Result<Vec<Row>> {
    let machine = RealMachine::new(Options::default())?;
    let session = machine.begin(Attempt::beside("bench")).await?;
    let paths = attributes(&*session).await?;
    let mut pairs = Pairs::default();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let request = Request::FilesRead {
            paths: paths.clone(),
        };
        let Ok(Reply::FilesContents(contents)) = session.call(request).await else {
            bail!("the machine reads no files");
        };
        let ours = began.elapsed().as_secs_f64();
        ensure!(contents.len() == FILES, "{} files", contents.len());
        let began = Instant::now();
        for path in &paths {
            let _as_it_is = std::hint::black_box(std::fs::read(format!("/{path}")));
        }
        pairs.push(ours, began.elapsed().as_secs_f64());
    }
    let _nothing_ran = session.end().await;
    let what = "Reading 1,000 attributes of sysfs";
    Ok(vec![pairs.row(
        what,
        "files.read of the real machine",
        "open and read of each",
        seconds,
    )])
}

/// A thousand files that can be read, some of them more than once where there are fewer.
async fn attributes(session: &dyn Session) -> anyhow::Result<Vec<String>> {
    let globs = GLOBS.map(str::to_owned).to_vec();
    let Ok(Reply::FilesListing(listing)) = session.call(Request::FilesList { globs }).await else {
        bail!("the machine lists no files");
    };
    let files = listing.found.into_iter().filter(|f| f.kind == Kind::File);
    let files: Vec<String> = files.map(|file| file.path).collect();
    ensure!(!files.is_empty(), "this machine shows no attributes");
    Ok(files.into_iter().cycle().take(FILES).collect())
}
