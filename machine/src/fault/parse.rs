//! A fault's text: `[STAGE:] PLACE = KIND`.

use std::fmt;
use std::str::FromStr;

use super::{Fault, Kind, Place};
use crate::Request;

/// A fault that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// It is not of the form.
    #[error(
        "`{0}` is no fault: `[STAGE:] PLACE = KIND` is needed, such as `call 412 = unavailable`, \
         `fio.start = failed` or `SMART: smart.read#2 = timed-out`"
    )]
    Form(String),
    /// There is no such kind of error.
    #[error("there is no error `{0}`; there are: {known}", known = kinds())]
    Kind(String),
    /// There is no such function, or it has no error to answer.
    #[error("no fault can be laid over `{name}`; it can be over: {}", Request::FALLIBLE.join(", "))]
    Function {
        /// What was named.
        name: String,
    },
    /// A number that cannot be one.
    #[error("`{0}` is no number of an exchange: they count from 1, and a range goes upwards")]
    Number(String),
}

fn kinds() -> String {
    Kind::ALL.map(|(word, _)| word).join(", ")
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let form = || FaultError::Form(text.to_owned());
        let (place, kind) = text.rsplit_once('=').ok_or_else(form)?;
        let (stage, place) = match place.split_once(':') {
            Some((stage, place)) => (Some(stage.trim()), place.trim()),
            None => (None, place.trim()),
        };
        if place.is_empty() || stage.is_some_and(str::is_empty) {
            return Err(form());
        }
        let kind = kind.trim();
        let known = Kind::ALL.into_iter().find(|(word, _)| *word == kind);
        let (_, kind) = known.ok_or_else(|| FaultError::Kind(kind.to_owned()))?;
        Ok(Fault {
            stage: stage.map(str::to_owned),
            place: self::place(place)?,
            kind,
        })
    }
}

fn place(text: &str) -> Result<Place, FaultError> {
    let calls = text
        .strip_prefix("call")
        .filter(|rest| rest.starts_with(' '));
    if let Some(calls) = calls {
        let calls = calls.trim();
        let (first, last) = calls.split_once("..").unwrap_or((calls, calls));
        let (first, last) = (number(first)?, number(last)?);
        return match first <= last {
            true => Ok(Place::Calls(first, last)),
            false => Err(FaultError::Number(calls.to_owned())),
        };
    }
    let (name, nth) = match text.split_once('#') {
        Some((name, nth)) => (name.trim(), Some(number(nth)?)),
        None => (text, None),
    };
    let function = Request::FALLIBLE.into_iter().find(|known| *known == name);
    let function = function.ok_or_else(|| FaultError::Function {
        name: name.to_owned(),
    })?;
    Ok(Place::Function(function, nth))
}

fn number(text: &str) -> Result<u64, FaultError> {
    let number = text.trim().parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| FaultError::Number(text.trim().to_owned()))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(stage) = &self.stage {
            write!(f, "{stage}: ")?;
        }
        match self.place {
            Place::Calls(first, last) if first == last => write!(f, "call {first}")?,
            Place::Calls(first, last) => write!(f, "call {first}..{last}")?,
            Place::Function(name, None) => f.write_str(name)?,
            Place::Function(name, Some(nth)) => write!(f, "{name}#{nth}")?,
        }
        let word = Kind::ALL.iter().find(|(_, kind)| *kind == self.kind);
        write!(f, " = {}", word.map_or("", |(word, _)| word))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault() -> impl Strategy<Value = Fault> {
        let calls =
            (1..u64::MAX, any::<u64>()).prop_map(|(a, b)| Place::Calls(a.min(b.max(1)), a.max(b)));
        let function = (
            proptest::sample::select(&Request::FALLIBLE[..]),
            proptest::option::of(1..u64::MAX),
        );
        let function = function.prop_map(|(name, nth)| Place::Function(name, nth));
        let kind = proptest::sample::select(&Kind::ALL[..]).prop_map(|(_, kind)| kind);
        let stage = proptest::option::of("[A-Za-z][A-Za-z0-9-]{0,20}");
        (stage, prop_oneof![calls, function], kind).prop_map(|(stage, place, kind)| Fault {
            stage,
            place,
            kind,
        })
    }

    proptest! {
        #[test]
        fn what_is_told_reads_back(fault in fault()) {
            prop_assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault));
        }

        #[test]
        fn whatever_is_given_is_a_fault_or_an_error(text in ".{0,60}") {
            if let Ok(fault) = text.parse::<Fault>() {
                prop_assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault));
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text: &str| text.parse::<Fault>().expect_err("no fault").to_string();
        insta::assert_snapshot!(error("call 4"), @"`call 4` is no fault: `[STAGE:] PLACE = KIND` is needed, such as `call 412 = unavailable`, `fio.start = failed` or `SMART: smart.read#2 = timed-out`");
        insta::assert_snapshot!(error("call 4 = broken"), @"there is no error `broken`; there are: denied, unavailable, invalid, cancelled, timed-out, failed");
        insta::assert_snapshot!(error("call 0 = denied"), @"`0` is no number of an exchange: they count from 1, and a range goes upwards");
        insta::assert_snapshot!(error("call 9..4 = denied"), @"`9..4` is no number of an exchange: they count from 1, and a range goes upwards");
        assert!(error("clock.wall = denied").starts_with(
            "no fault can be laid over `clock.wall`; it can be over: clock.sleep, random, "
        ));
    }
}
