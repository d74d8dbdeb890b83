//! A stage that computes for ever and never asks the host for anything.

use vetting_stage::Outcome;

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    let mut rounds: u64 = 0;
    loop {
        rounds = std::hint::black_box(rounds.wrapping_add(1));
    }
}
