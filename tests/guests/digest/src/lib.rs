//! A stage that says the sha256 of everything that it is handed, so that a test can tell whether one byte of it
//! was lost or changed on the way.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use vetting_stage::bmc::Question as Asked;
use vetting_stage::fio::{Job, Pattern, Target};
use vetting_stage::gpu::Question;
use vetting_stage::kernel_log::{self, Beginning};
use vetting_stage::types::{Document, Error};
use vetting_stage::{
    Drive, Findings, Measure, Outcome, bmc, context, drive, explain, fio, gpu, kernel_files,
    queries, smart,
};

vetting_stage::rules! {
    /// Something was handed over.
    HANDED: fail "handed" = "1", "the tests";
}

vetting_stage::stage!(run);

/// Digests by what they are of.
#[derive(Default)]
struct Digests(BTreeMap<String, String>);

impl Digests {
    fn add(&mut self, of: &str, bytes: &[u8]) {
        let digest = Sha256::digest(bytes);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.0.insert(of.to_owned(), digest);
    }

    fn document(&mut self, document: Result<Document, Error>) -> Result<(), String> {
        let document = document.map_err(|error| explain(&error))?;
        let of = format!("{} {}", document.query, document.target);
        self.add(of.trim_end(), &document.stdout);
        Ok(())
    }
}

fn run() -> Result<Outcome, String> {
    let mut digests = Digests::default();
    digests.document(smart::scan())?;
    for device in smart::devices().map_err(|error| explain(&error))? {
        digests.document(smart::read(&device))?;
    }
    for question in [
        Asked::Sensors,
        Asked::Thresholds,
        Asked::EventLog,
        Asked::Parts,
    ] {
        digests.document(bmc::ask(question))?;
    }
    digests.document(gpu::ask(Question::NvidiaSmi))?;
    for (query, target) in [
        ("ethtool", "eth0"),
        ("ethtool-statistics", "eth0"),
        ("lspci", ""),
    ] {
        digests.document(queries::run(query, target))?;
    }
    let globs = [
        "sys/class/dmi/id/*",
        "sys/class/net/*/statistics/*",
        "sys/devices/system/edac/mc/*/*",
        "sys/firmware/dmi/tables/*",
    ];
    let files = kernel_files::read(&globs).map_err(|error| explain(&error))?;
    for (path, _) in files.iter() {
        if let Some(bytes) = files.bytes(path) {
            digests.add(path, bytes);
        }
    }
    let watch = kernel_log::open(Beginning::Boot).map_err(|error| explain(&error))?;
    let lines = watch.next(0).map_err(|error| explain(&error))?;
    let text: Vec<String> = lines.into_iter().map(|line| line.text).collect();
    digests.add("kernel-log", text.join("\n").as_bytes());
    digests.document(job())?;

    let count = digests.0.len();
    let json = serde_json::to_vec(&digests.0).map_err(|error| error.to_string())?;
    context::attach("digests.json", "application/json", &json).map_err(|error| explain(&error))?;
    let mut findings = Findings::new();
    let measure = Measure::number("handed", count as f64);
    findings.hold(measure.at_least(HANDED, 1.0), String::new);
    Ok(findings.outcome(format!("{count} digests")))
}

/// What fio printed of a short job.
fn job() -> Result<Document, Error> {
    let run = fio::start(&Job {
        target: Target::Scratch(1 << 20),
        pattern: Pattern::Read,
        block_size: 4096,
        io_depth: 1,
        workers: 1,
        runtime_ms: Some(1_000),
        size_bytes: None,
        offset_bytes: 0,
        direct: false,
        verify: false,
        options: Vec::new(),
    })?;
    let driven = drive(&run, 1_000, |_| Drive::On)?;
    Ok(driven.summary.document)
}
