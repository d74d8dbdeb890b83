//! STAGE-NAME: does every fan turn fast enough?
//!
//! This file asks the machine; `vetting_facts` reads what it says, and `judge.rs` holds that against the
//! rules of `rules.rs`.

mod judge;
mod rules;

use vetting_facts::bmc as facts;
use vetting_stage::bmc::{self, Question};
use vetting_stage::{Findings, Outcome, absence, explain};

vetting_stage::parameters! {
    /// The slowest that a fan may turn, in revolutions per minute.
    slowest_fan: number = 500.0, "default";
}

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let mut findings = Findings::new();
    let document = match bmc::ask(Question::Thresholds) {
        Ok(document) => document,
        // Hardware that is not there is skipped, and one that could not be asked is not.
        Err(error) if absence(&error).is_some() => {
            return Ok(findings.skip("there is no management controller", "no fans"));
        }
        // An error that is returned makes the verdict inconclusive: nothing was judged.
        Err(error) => return Err(explain(&error)),
    };
    let table = facts::sensor_table(&document.stdout).map_err(|error| error.to_string())?;
    let fans = judge::fans(&table.sensors, &parameters, &mut findings);
    if fans == 0 {
        return Err("there is a management controller, and it reports no fan".to_owned());
    }
    vetting_stage::info!("{fans} fans were judged");
    Ok(findings.outcome(format!("{fans} fans")))
}
