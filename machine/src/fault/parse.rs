//! A fault's text: `[STAGE:] PLACE = KIND`, where a place is `call N`, `call N..M` or `FUNCTION`, and after a
//! function may come what it is asked about in brackets and `#N`.

use std::fmt;
use std::str::FromStr;

use super::target::{LIST, NAMED, READ, is_of_files};
use super::{Fault, Kind, Place, Target, WORDS};
use crate::Request;
use crate::files::PatternError;

/// A fault that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// It is not of the form.
    #[error(
        "`{0}` is not a fault: `[STAGE:] PLACE = KIND` is needed, such as `call 412 = unavailable`, \
         `bmc.ask[sensors] = cut 4096` or `SMART: smart.read[sda]#2 = timed-out`"
    )]
    Form(String),
    /// There is no such kind.
    #[error("no kind of fault `{0}`; there are: {known}", known = kinds())]
    Kind(String),
    /// The kind is about evidence, and the function gives none of the kind.
    #[error(
        "`{name} = {kind}` has no effect: `cut`, `empty`, `exit` and `stale` change what a tool printed; \
         all but `exit` change files too, and `cut` no listing"
    )]
    Unsuited {
        /// The kind.
        kind: Kind,
        /// The function.
        name: String,
    },
    /// What stands in brackets, or behind them, is not of the form.
    #[error("`{0}`: write FUNCTION[TARGET] or FUNCTION[TARGET]#N, such as `smart.read[sda]#2`")]
    Open(String),
    /// The function is not asked about anything with a name.
    #[error(
        "`{name}` takes no target in brackets; these do: {}, {READ}, {LIST}", NAMED.join(", ")
    )]
    NoTarget {
        /// The function.
        name: String,
    },
    /// The target of a function that reads files is not a pattern of paths.
    #[error(transparent)]
    Files(PatternError),
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
    let word = |(word, numbered): &(&str, bool)| {
        let number = if *numbered { " N" } else { "" };
        format!("{word}{number}")
    };
    WORDS.iter().map(word).collect::<Vec<_>>().join(", ")
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let form = || FaultError::Form(text.to_owned());
        let (place, kind) = text.rsplit_once('=').ok_or_else(form)?;
        // A target may have a colon in it: a PCI address has.
        let begin = place.split('[').next().unwrap_or_default();
        let (stage, place) = match begin.split_once(':') {
            Some((stage, _)) => {
                let rest = place.get(stage.len().saturating_add(1)..);
                (Some(stage.trim()), rest.unwrap_or_default().trim())
            }
            None => (None, place.trim()),
        };
        if place.is_empty() || stage.is_some_and(str::is_empty) {
            return Err(form());
        }
        let kind = self::kind(kind.trim())?;
        let place = self::place(place)?;
        if let Place::Function { name, .. } = &place
            && !kind.suits(name)
        {
            let name = (*name).to_owned();
            return Err(FaultError::Unsuited { kind, name });
        }
        Ok(Fault {
            stage: stage.map(str::to_owned),
            place,
            kind,
        })
    }
}

fn kind(text: &str) -> Result<Kind, FaultError> {
    let unknown = || FaultError::Kind(text.to_owned());
    if let Some((word, number)) = text.split_once(' ') {
        let number = number.trim();
        return match word {
            "cut" => number.parse().ok().map(Kind::Cut),
            "exit" => number.parse().ok().filter(|bits| *bits > 0).map(Kind::Exit),
            _ => None,
        }
        .ok_or_else(unknown);
    }
    Ok(match text {
        "denied" => Kind::Denied,
        "unavailable" => Kind::Unavailable,
        "invalid" => Kind::Invalid,
        "cancelled" => Kind::Cancelled,
        "timed-out" => Kind::TimedOut,
        "failed" => Kind::Failed,
        "empty" => Kind::Empty,
        "stale" => Kind::Stale,
        _ => return Err(unknown()),
    })
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
    let (name, target, nth) = match text.split_once('[') {
        Some((name, rest)) => {
            let closed = rest.rsplit_once(']');
            let (target, nth) = closed.ok_or_else(|| FaultError::Open(text.to_owned()))?;
            (name.trim(), Some(target.trim()), nth.trim())
        }
        None => {
            let end = text.find('#').unwrap_or(text.len());
            let (name, nth) = text.split_at(end);
            (name.trim(), None, nth)
        }
    };
    let nth = match nth.strip_prefix('#') {
        Some(nth) => Some(number(nth)?),
        None if nth.is_empty() => None,
        None => return Err(FaultError::Open(text.to_owned())),
    };
    let function = Request::FALLIBLE.into_iter().find(|known| *known == name);
    let name = function.ok_or_else(|| FaultError::Function {
        name: name.to_owned(),
    })?;
    let target = target
        .map(|target| self::target(name, target))
        .transpose()?;
    Ok(Place::Function { name, target, nth })
}

fn target(function: &str, text: &str) -> Result<Target, FaultError> {
    if is_of_files(function) {
        let pattern = text.parse().map_err(FaultError::Files)?;
        return Ok(Target::Files(pattern));
    }
    if !NAMED.contains(&function) {
        let name = function.to_owned();
        return Err(FaultError::NoTarget { name });
    }
    if text.is_empty() || text.contains(['[', ']']) {
        return Err(FaultError::Open(text.to_owned()));
    }
    Ok(Target::Name(text.to_owned()))
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
        match &self.place {
            Place::Calls(first, last) if first == last => write!(f, "call {first}")?,
            Place::Calls(first, last) => write!(f, "call {first}..{last}")?,
            Place::Function { name, target, nth } => {
                f.write_str(name)?;
                match target {
                    Some(Target::Name(target)) => write!(f, "[{target}]")?,
                    Some(Target::Files(pattern)) => write!(f, "[{pattern}]")?,
                    None => {}
                }
                if let Some(nth) = nth {
                    write!(f, "#{nth}")?;
                }
            }
        }
        write!(f, " = {}", self.kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Denied => f.write_str("denied"),
            Kind::Unavailable => f.write_str("unavailable"),
            Kind::Invalid => f.write_str("invalid"),
            Kind::Cancelled => f.write_str("cancelled"),
            Kind::TimedOut => f.write_str("timed-out"),
            Kind::Failed => f.write_str("failed"),
            Kind::Cut(at) => write!(f, "cut {at}"),
            Kind::Empty => f.write_str("empty"),
            Kind::Exit(bits) => write!(f, "exit {bits}"),
            Kind::Stale => f.write_str("stale"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault() -> impl Strategy<Value = Fault> {
        let calls =
            (1..u64::MAX, any::<u64>()).prop_map(|(a, b)| Place::Calls(a.min(b.max(1)), a.max(b)));
        let nth = || proptest::option::of(1..u64::MAX);
        let function = (proptest::sample::select(&Request::FALLIBLE[..]), nth());
        let function = function.prop_map(|(name, nth)| Place::Function {
            name,
            target: None,
            nth,
        });
        let named = (
            proptest::sample::select(&NAMED[..]),
            "[a-z0-9:,/*-]{1,20}",
            nth(),
        );
        let named = named.prop_map(|(name, target, nth)| Place::Function {
            name,
            target: Some(Target::Name(target)),
            nth,
        });
        let files = (
            proptest::sample::select(&[READ, LIST][..]),
            "sys(/[a-z0-9:*]{1,6}){1,4}(/\\*\\*)?",
            nth(),
        );
        let files = files.prop_filter_map("a pattern", |(name, pattern, nth)| {
            let target = Some(Target::Files(pattern.parse().ok()?));
            Some(Place::Function { name, target, nth })
        });
        let place = prop_oneof![calls, function, named, files];
        let kind = prop_oneof![
            proptest::sample::select(&[Kind::Denied, Kind::Failed, Kind::Empty, Kind::Stale][..]),
            any::<u64>().prop_map(Kind::Cut),
            (1..=u8::MAX).prop_map(Kind::Exit),
        ];
        let stage = proptest::option::of("[A-Za-z][A-Za-z0-9-]{0,20}");
        let fault = (stage, place, kind);
        let fault = fault.prop_map(|(stage, place, kind)| Fault { stage, place, kind });
        fault.prop_filter("a kind that suits", |fault| match &fault.place {
            Place::Function { name, .. } => fault.kind.suits(name),
            Place::Calls(..) => true,
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
        insta::assert_snapshot!(error("call 4"), @"`call 4` is not a fault: `[STAGE:] PLACE = KIND` is needed, such as `call 412 = unavailable`, `bmc.ask[sensors] = cut 4096` or `SMART: smart.read[sda]#2 = timed-out`");
        insta::assert_snapshot!(error("call 4 = broken"), @"no kind of fault `broken`; there are: denied, unavailable, invalid, cancelled, timed-out, failed, cut N, empty, exit N, stale");
        insta::assert_snapshot!(error("call 4 = cut -1"), @"no kind of fault `cut -1`; there are: denied, unavailable, invalid, cancelled, timed-out, failed, cut N, empty, exit N, stale");
        insta::assert_snapshot!(error("fio.start = empty"), @"`fio.start = empty` has no effect: `cut`, `empty`, `exit` and `stale` change what a tool printed; all but `exit` change files too, and `cut` no listing");
        insta::assert_snapshot!(error("fio.start[sda] = failed"), @"`fio.start` takes no target in brackets; these do: smart.read, smart.start-self-test, gpu.ask, bmc.ask, queries.run, files.read, files.list");
        insta::assert_snapshot!(error("smart.read[sda = failed"), @"`smart.read[sda`: write FUNCTION[TARGET] or FUNCTION[TARGET]#N, such as `smart.read[sda]#2`");
        insta::assert_snapshot!(error("files.read[/sys/x] = failed"), @r#""/sys/x" is not a pattern of paths: write one without a leading slash, such as sys/class/net/*/speed or, for all below a folder, sys/devices/system/edac/**"#);
        insta::assert_snapshot!(error("call 0 = denied"), @"`0` is no number of an exchange: they count from 1, and a range goes upwards");
        insta::assert_snapshot!(error("call 9..4 = denied"), @"`9..4` is no number of an exchange: they count from 1, and a range goes upwards");
        assert!(error("clock.wall = denied").starts_with(
            "no fault can be laid over `clock.wall`; it can be over: clock.sleep, random, "
        ));
    }
}
