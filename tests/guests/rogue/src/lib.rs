//! A stage that asks for what no host should give: floods, forged names, jobs with hidden commands,
//! tools that are left behind. Each mode answers with an error that says how the host answered, or
//! with an outcome that it should not get away with.

mod files;
mod floods;
mod outcomes;
mod tools;

use vetting_stage::Outcome;

vetting_stage::parameters! {
    /// What to do, one of the names in these files.
    mode: text = "none", "the tests";
}

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    let mode = Parameters::read()?.mode;
    files::run(&mode)
        .or_else(|| floods::run(&mode))
        .or_else(|| outcomes::run(&mode))
        .or_else(|| tools::run(&mode))
        .unwrap_or_else(|| Err(format!("there is no mode `{mode}`")))
}
