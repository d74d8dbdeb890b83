//! Which faults strike an exchange, and what was given before.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Fault, Kind, Place, Target, change};
use crate::contract::types::Error;
use crate::files::PathPattern;
use crate::{Answer, Reply, Request};

/// Faults, and which of them have struck.
#[derive(Debug, Default)]
pub struct Faults(Vec<(Fault, AtomicBool)>);

/// What an attempt asked and was given so far, as far as faults look at it.
#[derive(Debug, Default)]
pub struct FaultState {
    /// How often each function was asked.
    functions: BTreeMap<&'static str, u64>,
    /// How often each fault's target was asked about, by the fault's place.
    targets: BTreeMap<usize, u64>,
    /// What was given last, by function and target; kept where a fault gives it once more.
    pub(super) earlier: BTreeMap<(&'static str, String), Reply>,
}

/// What becomes of one exchange.
#[derive(Debug, Default)]
pub struct Plan {
    /// It is not asked, and answered so.
    pub(super) error: Option<Error>,
    /// It is asked, and its answer changed, in this order.
    pub(super) changes: Vec<Change>,
    /// Whether its answer is kept, to be given once more.
    pub(super) keep: bool,
}

/// One change to an answer.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) kind: Kind,
    /// The files that it is about; `None`: all that was asked for.
    pub(super) files: Option<PathPattern>,
}

impl Faults {
    /// Those faults. Of those that refuse an exchange the first that fits does; those that change its answer
    /// all do.
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

    /// What becomes of exchange `number` of an attempt. Counts it in any case.
    pub fn plan(
        &self,
        stage: &str,
        state: &mut FaultState,
        number: u64,
        request: &Request,
    ) -> Plan {
        let function = request.function();
        let count = state.functions.entry(function).or_default();
        *count = count.saturating_add(1);
        let nth = *count;
        let mut plan = Plan {
            keep: self.0.iter().any(|(fault, _)| fault.kind == Kind::Stale),
            ..Plan::default()
        };
        // What cannot fail by the contract does not.
        if !request.is_fallible() {
            return plan;
        }
        for (index, (fault, struck)) in self.0.iter().enumerate() {
            let (here, target) = match &fault.place {
                Place::Calls(first, last) => ((first..=last).contains(&&number), None),
                Place::Function { name, .. } if *name != function => (false, None),
                Place::Function {
                    target: None,
                    nth: of,
                    ..
                } => (of.is_none_or(|of| of == nth), None),
                Place::Function {
                    target: Some(target),
                    nth: of,
                    ..
                } => {
                    let fits = target.fits(request);
                    let nth = state.targets.entry(index).or_default();
                    *nth = nth.saturating_add(u64::from(fits));
                    (fits && of.is_none_or(|of| of == *nth), Some(target))
                }
            };
            let own = fault.stage.as_deref().is_none_or(|of| of == stage);
            if !here || !own || !fault.kind.suits(function) {
                continue;
            }
            let files = match target {
                Some(Target::Files(pattern)) => Some(pattern.clone()),
                Some(Target::Name(_)) | None => None,
            };
            // A cancellation and a bad argument are the whole call's.
            let whole = files.is_none() || matches!(fault.kind, Kind::Invalid | Kind::Cancelled);
            match fault.kind.error(function) {
                Some(_) if whole && plan.error.is_some() => continue,
                Some(error) if whole => plan.error = Some(error),
                _ => plan.changes.push(Change {
                    kind: fault.kind,
                    files,
                }),
            }
            struck.store(true, Ordering::Relaxed);
        }
        plan
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

impl Plan {
    /// The error that is answered, so that nothing is asked.
    pub fn refusal(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The answer as it is given.
    pub fn give(&self, state: &mut FaultState, request: &Request, answer: Answer) -> Answer {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        if self.changes.is_empty() && !self.keep {
            return answer;
        }
        let mut reply = answer?;
        for change in &self.changes {
            change::apply(change, state, request, &mut reply);
        }
        if self.keep {
            change::keep(state, request, &reply);
        }
        Ok(reply)
    }
}
