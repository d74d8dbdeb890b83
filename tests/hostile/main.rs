//! Hostile components, each run beside an honest stage on one engine in this very process, as a local
//! run does it: the verdict and the limit that ended it are what they must be, the honest stage after
//! it passes, and this process has the descriptors, children and memory that it had before.
//!
//! `cargo xtask hostile [NAME]` prints the table; the same program is a test.

mod forge;
mod host;
mod kinds;

use std::process::ExitCode;

use host::Host;
use kinds::{Kind, Place};

/// At least so many kinds are tried when none is picked, so that a table that lost its rows is no pass.
const AT_LEAST: usize = 60;

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(table(&wanted))
}

async fn table(wanted: &[String]) -> ExitCode {
    let simulated = Host::simulated();
    let real = Host::real();
    let kinds = kinds::all();
    let total = kinds.len();
    let picked: Vec<Kind> = kinds
        .into_iter()
        .filter(|kind| wanted.is_empty() || wanted.iter().any(|w| kind.name.contains(w.as_str())))
        .collect();
    let few = wanted.is_empty() && total < AT_LEAST;
    println!(
        "{:<28} {:<9} {:<13} {:<17} {:>6} {:>5} {:>8}  what the record says",
        "kind", "machine", "verdict", "ended by", "next", "fds", "memory"
    );
    let mut wrong = Vec::new();
    for kind in &picked {
        let host = match kind.place {
            Place::Simulated => &simulated,
            Place::Real => &real,
        };
        let row = host.try_out(kind).await;
        println!("{}", row.line(kind));
        wrong.extend(row.wrong.iter().map(|w| format!("{}: {w}", kind.name)));
    }
    println!(
        "\n{} kinds, {} of {total} rows tried, {} wrong",
        kinds::names(&picked),
        picked.len(),
        wrong.len()
    );
    for line in &wrong {
        println!("WRONG {line}");
    }
    if few {
        println!(
            "WRONG too few kinds: {total} in all, {} picked",
            picked.len()
        );
    }
    match wrong.is_empty() && !few {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
