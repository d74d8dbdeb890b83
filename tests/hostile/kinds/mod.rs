//! The kinds: how each is made, under which limits it runs, and how it must end.

mod calls;
mod compute;
mod files;
mod forged;
mod memory;
mod reads;
mod resources;
mod rogue;
mod wasi;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use vetting_protocol::StageRecord;

/// How an attempt must end.
#[derive(Clone)]
pub enum End {
    /// A limit, by its name.
    Limit(&'static str),
    /// A trap whose message has this in it.
    Trap(&'static str),
    /// The deadline, without an outcome.
    Deadline,
    /// An error of the stage's own, with this in it.
    Error(&'static str),
    /// An outcome of that verdict, with this in its message.
    Outcome(&'static str, &'static str),
    /// It is not run at all, and this is in the reason.
    Refused(&'static str),
}

/// Where a kind is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On a simulated machine.
    Simulated,
    /// On this one, with its tools.
    Real,
}

/// A closer look at a record.
pub type Check = fn(&StageRecord) -> Result<(), String>;

/// One row of the table.
#[derive(Clone)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// Makes the component.
    pub made: fn() -> Vec<u8>,
    /// Where it is tried.
    pub place: Place,
    /// How it must end.
    pub end: End,
    /// Limits other than the defaults.
    pub limits: Vec<(&'static str, &'static str)>,
    /// Its parameters.
    pub parameters: Value,
    /// Its deadline.
    pub deadline: Duration,
    /// What else must be so.
    pub check: Option<Check>,
    /// A shell script in place of the compiler, which stands for a fault that the real one is not known to have.
    pub compiler: Option<&'static str>,
}

/// A kind that is tried on a simulated machine.
pub fn kind(name: &'static str, made: fn() -> Vec<u8>, end: End) -> Kind {
    Kind {
        name,
        made,
        place: Place::Simulated,
        end,
        limits: Vec::new(),
        parameters: serde_json::json!({}),
        deadline: Duration::from_secs(60),
        check: None,
        compiler: None,
    }
}

impl Kind {
    /// Under a limit.
    pub fn limit(mut self, name: &'static str, value: &'static str) -> Self {
        self.limits.push((name, value));
        self
    }

    /// On this machine, whose time is the wall's: with a short deadline.
    pub fn real(mut self, end: End) -> Self {
        self.place = Place::Real;
        self.deadline = Duration::from_millis(1500);
        self.end = end;
        self
    }

    /// With that deadline.
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Compiled by a shell script.
    pub fn compiled_by(mut self, script: &'static str) -> Self {
        self.compiler = Some(script);
        self
    }

    /// With a closer look.
    pub fn check(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }
}

/// All of them.
pub fn all() -> Vec<Kind> {
    let mut all = compute::kinds();
    all.extend(memory::kinds());
    all.extend(calls::kinds());
    all.extend(resources::kinds());
    all.extend(wasi::kinds());
    all.extend(rogue::kinds());
    all.extend(files::kinds());
    all.extend(forged::kinds());
    all.extend(reads::kinds());
    all
}

/// How many different kinds there are among rows.
pub fn names(rows: &[Kind]) -> usize {
    rows.iter()
        .map(|kind| kind.name)
        .collect::<BTreeSet<_>>()
        .len()
}
