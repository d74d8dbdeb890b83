//! Every reader of bytes from outside, with inputs that chance makes of those of its corpus, for a
//! short time. The environment says otherwise: `VETTING_FUZZ_SECONDS` how long each is tried,
//! `VETTING_FUZZ_SEED` the seed, `VETTING_FUZZ_TARGET` one of them alone, `VETTING_FUZZ_INPUT` a file
//! that it is to read once. What stops one, by a panic, by time or by memory, is written to a file
//! below `target/fuzz/crashes/`.

mod mutation;
mod watched;
mod whole;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mutation::Mutations;
use vetting_fuzz::{TARGETS, Target};

#[global_allocator]
static COUNTING: watched::Counting = watched::Counting;

/// How long each is tried, in seconds.
const SECONDS: f64 = 1.0;
/// The seed of a run that names none: the same inputs each time.
const SEED: u64 = 1;

#[test]
fn every_parser_takes_whatever_comes() {
    let only = std::env::var("VETTING_FUZZ_TARGET").ok();
    let all = TARGETS.iter().chain(&whole::TARGETS);
    let chosen: Vec<_> = all
        .filter(|target| only.as_deref().is_none_or(|name| name == target.name))
        .collect();
    assert!(
        !chosen.is_empty(),
        "VETTING_FUZZ_TARGET names no target: {only:?}"
    );
    if let Some(input) = std::env::var_os("VETTING_FUZZ_INPUT") {
        let bytes = std::fs::read(&input).expect("VETTING_FUZZ_INPUT is a file");
        for target in chosen {
            watched::read(target, &bytes).expect("a good end");
        }
        return;
    }
    let seconds = variable("VETTING_FUZZ_SECONDS").unwrap_or(SECONDS);
    let seed = variable("VETTING_FUZZ_SEED").unwrap_or(SEED);
    println!("seed {seed}, {seconds} s each");
    let stopped: Vec<_> = chosen
        .into_iter()
        .filter_map(|target| tried(target, seed, Duration::from_secs_f64(seconds)).err())
        .collect();
    assert!(stopped.is_empty(), "\n{}", stopped.join("\n"));
}

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    let number = text.parse().ok();
    Some(number.unwrap_or_else(|| panic!("{name} is no number: `{text}`")))
}

/// Its corpus as it is, and then what chance makes of it. Says what stopped it.
fn tried(target: &'static Target, seed: u64, time: Duration) -> Result<(), String> {
    let corpus = corpus(target);
    assert!(
        !corpus.is_empty(),
        "fuzz/corpus/{} has no inputs",
        target.name
    );
    let held = watched::held();
    let began = Instant::now();
    let mut inputs = 0_u64;
    let mut mutations = Mutations::new(&corpus, seed, target.name);
    for bytes in &corpus {
        kept(target, bytes, seed)?;
    }
    while began.elapsed() < time {
        kept(target, mutations.next(), seed)?;
        inputs += 1;
    }
    drop(mutations);
    let name = target.name;
    println!(
        "{name}: {inputs} inputs in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    // What is made once stays; what each input leaves would be far more.
    let grown = watched::held().saturating_sub(held);
    let bound = i64::try_from(inputs).unwrap_or(i64::MAX).max(1 << 20);
    if grown > bound {
        return Err(format!(
            "{name}: {grown} bytes are still held after {inputs} inputs"
        ));
    }
    Ok(())
}

/// Reads one input; keeps it in a file when it stops the reader.
fn kept(target: &'static Target, bytes: &[u8], seed: u64) -> Result<(), String> {
    watched::read(target, bytes).map_err(|why| {
        let path = watched::keep(target.name, bytes);
        format!(
            "{}: {why} (seed {seed}); {}",
            target.name,
            again(target, &path)
        )
    })
}

/// How an input is read again.
fn again(target: &Target, input: &Path) -> String {
    let (name, input) = (target.name, input.display());
    format!("again: cargo xtask fuzz --target {name} --input {input}")
}

fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in target.folders() {
        let entries = std::fs::read_dir(&folder).expect("a folder of inputs");
        files.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    files.sort();
    let read = |path: &PathBuf| std::fs::read(path).expect("an input");
    files.iter().map(read).collect()
}
