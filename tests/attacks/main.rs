//! Attacks on a real orchestrator, by party: agents that lie or whose credentials are stolen, clients
//! that nobody knows, operators who want more than their roles. A row's attack is tried as it would be
//! in the field; it is contained when its promise of `SECURITY.md` held and honest work went on.
//!
//! `cargo xtask hostile [NAME]` prints the table below the stages'; the same program is a test.

mod agents;
mod clients;
mod operators;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// How many attacks are tried at once, each on an orchestrator of its own.
const AT_ONCE: usize = 3;

/// At least so many are tried when none is picked, so that a table that lost its rows is no success.
const AT_LEAST: usize = 21;

/// One attack.
#[derive(Clone, Copy)]
pub struct Attack {
    /// What is tried, in a word or two with hyphens.
    pub name: &'static str,
    /// What must hold, in one line.
    pub promise: &'static str,
    /// Tries it; panics where the promise did not hold, and says how it was kept where it did.
    pub attempt: fn() -> String,
}

/// Who attacks, and with what.
const PARTIES: [(&str, &[&[Attack]]); 3] = [
    ("agents", agents::ATTACKS),
    ("clients", clients::ATTACKS),
    ("operators", operators::ATTACKS),
];

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1);
    let wanted: Vec<String> = arguments.filter(|word| !word.starts_with('-')).collect();
    let all = PARTIES.iter().flat_map(|(party, rooms)| {
        rooms
            .iter()
            .copied()
            .flatten()
            .map(move |attack| (*party, *attack))
    });
    let picked: Vec<(&str, Attack)> = all
        .filter(|(party, attack)| {
            let named = |word: &String| attack.name.contains(word.as_str()) || party == word;
            wanted.is_empty() || wanted.iter().any(named)
        })
        .collect();
    // What an attack's own panic says is in its row.
    std::panic::set_hook(Box::new(|_| {}));
    println!(
        "{:<10} {:<30} {:<13} {:>6}  what came of it",
        "party", "attack", "verdict", "took"
    );
    let next = AtomicUsize::new(0);
    let broken = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((party, attack)) = picked.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = Instant::now();
                    let (verdict, words) = match catch_unwind(AssertUnwindSafe(attack.attempt)) {
                        Ok(words) => ("contained", words),
                        Err(panic) => ("NOT CONTAINED", said(&*panic)),
                    };
                    let took = began.elapsed().as_secs_f64();
                    let line = words.lines().next().unwrap_or_default();
                    println!(
                        "{party:<10} {:<30} {verdict:<13} {took:>5.1}s  {line}",
                        attack.name
                    );
                    if verdict != "contained" {
                        let whole = format!("{party} {}: {}\n{words}", attack.name, attack.promise);
                        broken.lock().expect("no row panics").push(whole);
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().expect("no row panics");
    println!("\n{} attacks, {} not contained", picked.len(), broken.len());
    for row in &broken {
        println!("\nNOT CONTAINED {row}");
    }
    if wanted.is_empty() && picked.len() < AT_LEAST {
        println!(
            "NOT CONTAINED: the table lost its rows, it has {}",
            picked.len()
        );
        return ExitCode::FAILURE;
    }
    if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "a panic without words".to_owned())
}
