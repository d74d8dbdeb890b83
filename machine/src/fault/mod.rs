//! Faults that are laid over single exchanges at the seam, on any machine: a question that a fault
//! strikes never reaches the machine, and is answered with the fault's error.
//!
//! ```text
//! call 412 = unavailable          the 412th exchange of each attempt
//! call 10..20 = timed-out         the 10th to the 20th, both included
//! fio.start = failed              every start of fio
//! smart.read#2 = denied           the second reading of a drive's health
//! SMART: smart.read = timed-out   in the attempts of one stage only
//! ```

mod overlay;
mod parse;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Request;
use crate::contract::types::Error;
pub use overlay::Overlay;
pub use parse::FaultError;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The stage whose attempts it strikes; `None`: every stage's.
    pub stage: Option<String>,
    /// Which exchanges.
    pub place: Place,
    /// What is answered in their place.
    pub kind: Kind,
}

/// Which exchanges of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// By their numbers, from 1, the first and the last included.
    Calls(u64, u64),
    /// By their function; the number counts those of that function alone, from 1.
    Function(&'static str, Option<u64>),
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is not granted.
    Denied,
    /// What it needs is not there.
    Unavailable,
    /// An argument is refused.
    Invalid,
    /// The attempt is being cancelled.
    Cancelled,
    /// It took too long.
    TimedOut,
    /// The tool behind it failed.
    Failed,
}

impl Kind {
    /// All of them, by their words.
    pub const ALL: [(&'static str, Kind); 6] = [
        ("denied", Kind::Denied),
        ("unavailable", Kind::Unavailable),
        ("invalid", Kind::Invalid),
        ("cancelled", Kind::Cancelled),
        ("timed-out", Kind::TimedOut),
        ("failed", Kind::Failed),
    ];

    fn error(self, function: &str) -> Error {
        const WHY: &str = "a fault was laid over this exchange";
        match self {
            Kind::Denied => Error::Denied(WHY.to_owned()),
            Kind::Unavailable => Error::no_hardware(format!("`{function}` ({WHY})")),
            Kind::Invalid => Error::invalid(function, WHY),
            Kind::Cancelled => Error::Cancelled,
            Kind::TimedOut => Error::TimedOut,
            Kind::Failed => Error::tool_failed(function, WHY),
        }
    }
}

/// Faults, and which of them have struck.
#[derive(Debug, Default)]
pub struct Faults(Vec<(Fault, AtomicBool)>);

/// How often each function was asked in an attempt.
pub type Counts = BTreeMap<&'static str, u64>;

impl Faults {
    /// Those faults; the first that fits an exchange strikes it.
    pub fn new(faults: Vec<Fault>) -> Self {
        let faults = faults.into_iter();
        Faults(
            faults
                .map(|fault| (fault, AtomicBool::new(false)))
                .collect(),
        )
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What exchange `number` of an attempt is answered, if a fault strikes it. Counts it in any case.
    pub fn strike(
        &self,
        stage: &str,
        counts: &mut Counts,
        number: u64,
        request: &Request,
    ) -> Option<Error> {
        let function = request.function();
        let count = counts.entry(function).or_default();
        *count = count.saturating_add(1);
        let nth = *count;
        let fits = |fault: &Fault| {
            let here = match fault.place {
                Place::Calls(first, last) => (first..=last).contains(&number),
                Place::Function(name, of) => name == function && of.is_none_or(|of| of == nth),
            };
            here && fault.stage.as_deref().is_none_or(|of| of == stage)
        };
        // What cannot fail by the contract does not.
        let mut faults = self.0.iter().filter(|_| request.is_fallible());
        let (fault, struck) = faults.find(|(fault, _)| fits(fault))?;
        struck.store(true, Ordering::Relaxed);
        Some(fault.kind.error(function))
    }

    /// The faults that struck nothing.
    pub fn idle(&self) -> Vec<String> {
        let idle = self
            .0
            .iter()
            .filter(|(_, struck)| !struck.load(Ordering::Relaxed));
        idle.map(|(fault, _)| fault.to_string()).collect()
    }
}
