//! STAGE-NAME: does every fan turn fast enough?
//!
//! This file asks the machine; `judge.rs` holds what it says against the rules of `rules.rs`.

mod judge;
mod rules;

use vetting_stage::{Findings, Outcome, absence, explain, power};

vetting_stage::parameters! {
    /// The slowest that a fan may turn, in revolutions per minute.
    slowest_fan: number = 500.0, "default";
}

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let mut findings = Findings::new();
    // An error that is returned makes the verdict inconclusive: nothing was judged.
    let reading = power::read().map_err(|error| explain(&error))?;
    let fans = judge::fans(&reading.sensors, &parameters, &mut findings);
    if fans == 0 {
        // Hardware that is not there is skipped, and one that could not be asked is not.
        return match power::event_log() {
            Err(error) if absence(&error).is_some() => {
                Ok(findings.skip("nothing here tells of a fan", "no fans"))
            }
            _ => Err("there is a management controller, and it tells of no fan".to_owned()),
        };
    }
    vetting_stage::info!("{fans} fans were judged");
    Ok(findings.outcome(format!("{fans} fans")))
}
