//! A stage that sleeps for ever, and goes on sleeping when it is cancelled.

use vetting_stage::{Outcome, clock};

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    loop {
        let _woken = clock::sleep(3_600_000);
    }
}
