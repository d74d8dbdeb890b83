//! Fuzzing for longer than the tests take: every parser guided by coverage, those that only the tests
//! can build by chance, and the engine with new stages again and again. What is found is an input in
//! a file, and the line that reads it again.

mod guided;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::{build, run, setup, test};

/// The engine, which is no parser.
const ENGINE: &str = "engine";
/// Parsers that are built with an engine or a database, and are not guided
/// (`fuzz/tests/fuzz_parsers/whole.rs`).
const BY_CHANCE: [&str; 2] = ["boot", "spec"];
/// How many times a parser's share of the time the engine has.
const ENGINE_SHARES: u32 = 4;
/// How many stages are generated at once.
const STAGES: u32 = 2000;

/// What to fuzz, and for how long.
#[derive(clap::Args)]
pub struct Fuzz {
    /// For how long, all targets together
    #[arg(long, default_value_t = 10)]
    minutes: u32,
    /// One target alone: a folder's name in fuzz/corpus/
    #[arg(long)]
    target: Option<String>,
    /// Read this file once instead, as --target does
    #[arg(long, requires = "target")]
    input: Option<std::path::PathBuf>,
    /// The seed; the same one makes the same choices
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

/// Fuzzes every target, or one, or reads one input again.
pub fn fuzz(wanted: &Fuzz) -> anyhow::Result<()> {
    build::beside_tests(&["vetting"], "fuzz_engine")?;
    if let (Some(target), Some(input)) = (&wanted.target, &wanted.input) {
        return again(target, input);
    }
    setup::programs(&[("c++", "g++")])?;
    let program = guided::build()?;
    let guided = guided::targets(&program)?;
    let parsers = guided.iter().map(|target| &*target.name).chain(BY_CHANCE);
    let all: Vec<&str> = parsers.chain([ENGINE]).collect();
    let chosen: Vec<&str> = match &wanted.target {
        None => all,
        Some(one) if all.contains(&one.as_str()) => vec![one],
        Some(other) => bail!(
            "there is no target `{other}`; there are: {}",
            all.join(", ")
        ),
    };
    let shares = |name: &str| if name == ENGINE { ENGINE_SHARES } else { 1 };
    let every: u32 = chosen.iter().map(|name| shares(name)).sum();
    let share = Duration::from_secs(60) * wanted.minutes / every.max(1);
    let mut stopped = Vec::new();
    for name in chosen {
        let time = share * shares(name);
        let done = match guided.iter().find(|target| target.name == name) {
            Some(target) => guided::fuzz(&program, target, time, wanted.seed),
            None if name == ENGINE => engine(time, wanted.seed),
            None => by_chance(name, time, wanted.seed),
        };
        if let Err(error) = done {
            println!("{name}: {error:#}");
            stopped.push(name);
        }
    }
    if !stopped.is_empty() {
        bail!(
            "stopped: {}; each says above how it is run again",
            stopped.join(", ")
        );
    }
    Ok(())
}

fn again(target: &str, input: &Path) -> anyhow::Result<()> {
    let input = std::path::absolute(input)?;
    let name = if target == ENGINE {
        "fuzz_engine"
    } else {
        "fuzz_parsers"
    };
    run(of_the_tests(name)
        .env("VETTING_FUZZ_TARGET", target)
        .env("VETTING_FUZZ_INPUT", input))
}

fn by_chance(name: &str, time: Duration, seed: u32) -> anyhow::Result<()> {
    run(of_the_tests("fuzz_parsers")
        .env("VETTING_FUZZ_TARGET", name)
        .env("VETTING_FUZZ_SECONDS", time.as_secs().to_string())
        .env("VETTING_FUZZ_SEED", seed.to_string()))
}

/// New stages from new seeds until the time is over.
fn engine(time: Duration, seed: u32) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut seed = seed;
    while began.elapsed() < time {
        seed = seed.wrapping_add(1);
        run(of_the_tests("fuzz_engine")
            .env("VETTING_FUZZ_STAGES_SEED", seed.to_string())
            .env("VETTING_FUZZ_STAGES", STAGES.to_string()))?;
    }
    Ok(())
}

/// One of the tests, with the whole workspace's features, so that nothing is built twice.
fn of_the_tests(name: &str) -> Command {
    let mut test = test::tests();
    test.args(["--workspace", "--test", name, "--", "--nocapture"]);
    test
}
