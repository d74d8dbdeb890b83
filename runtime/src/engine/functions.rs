//! Compiled functions, kept from one compilation of a stage for its next one.
//!
//! An author changes a line, and all of the component would be compiled again: eighteen megabytes of
//! interpreter for a stage in Python. Cranelift names a function by the sha256 of what it is compiled
//! from, so that what did not change is taken from here. A few are named otherwise each time: the name
//! covers what a thread's last function left behind. These bytes become code: they come only from our own
//! compiler child, by way of the code cache, with its checks.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use wasmtime::CacheStore;

/// Bytes of a function's name.
const NAME: usize = 32;
/// Bytes of a length.
const LENGTH: usize = 4;

/// A function's name: the sha256 of what it is compiled from.
type Name = [u8; NAME];

/// Functions that were compiled before, and what one compilation makes of them.
pub struct Functions {
    earlier: Vec<u8>,
    places: HashMap<Name, Range<usize>>,
    met: Mutex<Met>,
}

/// What a compilation met: functions that were there, and others.
#[derive(Default)]
struct Met {
    again: Vec<Name>,
    new: BTreeMap<Name, Vec<u8>>,
}

impl Functions {
    /// Those of an earlier compilation; none, where the bytes are not whole.
    pub fn of(earlier: Vec<u8>) -> Self {
        let places = places(&earlier).unwrap_or_default();
        Functions {
            earlier,
            places,
            met: Mutex::default(),
        }
    }

    /// Those that the compilation met, for the next one; `None` where that knows them all already.
    pub fn for_the_next(&self) -> Option<Vec<u8>> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if met.new.is_empty() {
            return None;
        }
        met.again.sort_unstable();
        met.again.dedup();
        let again = met.again.iter().filter_map(|name| {
            let place = self.places.get(name)?;
            Some((name, self.earlier.get(place.clone())?))
        });
        let new = met.new.iter().map(|(name, code)| (name, code.as_slice()));
        let mut bytes = Vec::new();
        for (name, code) in again.chain(new) {
            let Ok(length) = u32::try_from(code.len()) else {
                continue;
            };
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(code);
        }
        Some(bytes)
    }
}

/// Where each function's code stands: after its name and its length, one after the other.
fn places(bytes: &[u8]) -> Option<HashMap<Name, Range<usize>>> {
    let mut places = HashMap::new();
    let mut at = 0;
    while at < bytes.len() {
        let (name, rest) = bytes.get(at..)?.split_first_chunk::<NAME>()?;
        let (length, _) = rest.split_first_chunk::<LENGTH>()?;
        let begin = at + NAME + LENGTH;
        let end = begin.checked_add(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        bytes.get(begin..end)?;
        places.insert(*name, begin..end);
        at = end;
    }
    Some(places)
}

impl CacheStore for Functions {
    fn get(&self, name: &[u8]) -> Option<Cow<'_, [u8]>> {
        let name = Name::try_from(name).ok()?;
        let code = self.earlier.get(self.places.get(&name)?.clone())?;
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        met.again.push(name);
        Some(Cow::Borrowed(code))
    }

    fn insert(&self, name: &[u8], code: Vec<u8>) -> bool {
        let Ok(name) = Name::try_from(name) else {
            return false;
        };
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        met.new.insert(name, code);
        true
    }
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} compiled functions", self.places.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::{Flavour, config};

    const A: Name = [1; NAME];
    const B: Name = [2; NAME];

    #[test]
    fn the_next_compilation_has_what_this_one_met() {
        let first = Functions::of(Vec::new());
        assert!(first.get(&A).is_none());
        assert!(first.insert(&A, b"code of a".to_vec()));
        assert!(first.insert(&B, Vec::new()));
        let kept = first.for_the_next().expect("two are new");

        let second = Functions::of(kept.clone());
        assert_eq!(second.get(&A).as_deref(), Some(b"code of a".as_slice()));
        assert_eq!(second.for_the_next(), None, "nothing is new");
        assert!(second.insert(&[3; NAME], b"new".to_vec()));
        let third = Functions::of(second.for_the_next().expect("one is new"));
        assert!(third.get(&A).is_some());
        assert!(third.get(&B).is_none(), "nobody met it again");
        assert!(third.get(&[3; NAME]).is_some());
    }

    #[test]
    fn a_compilation_takes_what_was_kept() {
        let compile = |functions: &Arc<Functions>| {
            let mut config = config(Flavour::EpochAndFuel);
            config
                .enable_incremental_compilation(functions.clone())
                .expect("functions can be kept");
            let engine = wasmtime::Engine::new(&config).expect("an engine");
            let component = r#"(component (core module
                (func (export "twice") (param i32) (result i32)
                    (i32.add (local.get 0) (local.get 0)))))"#;
            let component = wat::parse_str(component).expect("a component");
            engine
                .precompile_component(&component)
                .expect("it compiles")
        };
        let first = Arc::new(Functions::of(Vec::new()));
        let code = compile(&first);
        let kept = first.for_the_next().expect("all are new");
        let second = Arc::new(Functions::of(kept));
        assert!(compile(&second) == code);
        let met = second.met.lock().expect("nobody panicked");
        assert!(!met.again.is_empty(), "nothing was taken");
    }

    #[test]
    fn bytes_that_are_not_whole_hold_nothing() {
        let first = Functions::of(Vec::new());
        first.insert(&A, b"code".to_vec());
        let kept = first.for_the_next().expect("one is new");
        for cut in 1..kept.len() {
            let cut = Functions::of(kept[..cut].to_vec());
            assert!(cut.get(&A).is_none());
        }
    }
}
