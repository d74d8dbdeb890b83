//! Random faults at random times, under every built-in stage: no stage hangs, none breaks the runtime
//! or itself, and none passes when a part that it judges was faulty in a way that its rules cover.
//!
//! `FAULT_TIMELINES=1000` tries so many per stage, `FAULT_SEED=…` the one timeline of a failure.

mod base;
mod covered;
mod generate;
mod stage;

use std::ops::RangeInclusive;

use covered::Window;
use generate::Timeline;
use stage::Stage;

/// How many timelines each stage goes through where nothing else is said.
const USUAL: u64 = 25;

/// The seeds to try.
fn seeds() -> RangeInclusive<u64> {
    let number = |name: &str| -> Option<u64> {
        let text = std::env::var(name).ok()?;
        Some(text.parse().expect("a number"))
    };
    match number("FAULT_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("FAULT_TIMELINES").unwrap_or(USUAL),
    }
}

/// Runs one stage through all timelines.
fn try_out(name: &'static str) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let stage = Stage::load(name).await;
        let (mut tried, mut faulty) = (0, 0);
        let mut wrong = Vec::new();
        for seed in seeds() {
            let timeline = Timeline::of(name, seed);
            let run = stage.run(&timeline).await;
            let seen = run.as_ref().ok();
            let covered = seen.map(|run| {
                let window = Window::of(name, &timeline, run.seconds);
                covered::of(name, &timeline, &window)
            });
            tried += 1;
            faulty += usize::from(covered.as_ref().is_some_and(|c| !c.is_empty()));
            let reason = match run {
                Err(reason) => Some(reason),
                Ok(run) => run.wrong(&covered.unwrap_or_default()),
            };
            if let Some(reason) = reason {
                wrong.push(format!(
                    "FAULT_SEED={seed} {name}: {reason}\n--- vetting run {name} --machine sim:FILE.toml --seed {seed}\n{}",
                    timeline.toml()
                ));
            }
        }
        println!("{name}: {tried} timelines, {faulty} with a fault that its rules cover");
        assert!(
            wrong.is_empty(),
            "{} of {tried} timelines went wrong:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        assert!(tried < USUAL || faulty > 0, "no fault was ever covered");
    });
}

macro_rules! stages {
    ($($test:ident $name:literal),*) => {$(
        #[test]
        fn $test() {
            try_out($name);
        }
    )*};
}

stages!(
    inventory "Inventory",
    smart "SMART",
    cpu_stress "CPUStress",
    memory "Memory",
    storage "Storage",
    network "Network",
    gpu "GPU",
    psu "PSU"
);
