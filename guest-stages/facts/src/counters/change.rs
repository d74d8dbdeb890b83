//! What a counter did between two readings.

use std::collections::BTreeMap;

use serde::Serialize;

/// A counter with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedCount {
    /// The kernel's name of it.
    pub name: String,
    /// Its value.
    pub count: u64,
}

/// One counter of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The part, as a path of names: `edac/mc0/dimm1`, `nic/eth0`.
    pub part: String,
    /// The counter's name: `dimm_ce_count`.
    pub name: String,
    /// Its value.
    pub value: u64,
}

/// What a counter did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It grew by so much; 0: it stands.
    By(u64),
    /// It is lower than before: it restarted (a reboot, a reloaded driver, another part). How much came
    /// in between is unknown.
    Restarted,
    /// It is in the later reading alone. How much came in between is unknown.
    Appeared,
    /// It is in the earlier reading alone.
    Vanished,
}

impl Change {
    /// Compares two values; `None` where neither reading has the counter.
    pub fn of(before: Option<u64>, after: Option<u64>) -> Option<Change> {
        match (before, after) {
            (Some(before), Some(after)) => Some(match after.checked_sub(before) {
                Some(grown) => Change::By(grown),
                None => Change::Restarted,
            }),
            (None, Some(_)) => Some(Change::Appeared),
            (Some(_), None) => Some(Change::Vanished),
            (None, None) => None,
        }
    }
}

/// One counter's change, with both values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The part, as in [`Count`].
    pub part: String,
    /// The counter's name.
    pub name: String,
    /// Its value in the earlier reading.
    pub before: Option<u64>,
    /// Its value in the later reading.
    pub after: Option<u64>,
    /// What it did.
    pub change: Change,
}

/// Compares two readings, counter by counter, in the order of the later one; those that vanished last.
pub fn difference(before: &[Count], after: &[Count]) -> Vec<Difference> {
    let mut earlier: BTreeMap<(&str, &str), u64> = before
        .iter()
        .map(|count| ((count.part.as_str(), count.name.as_str()), count.value))
        .collect();
    let mut changes = Vec::with_capacity(after.len());
    for count in after {
        let before = earlier.remove(&(count.part.as_str(), count.name.as_str()));
        push(
            &mut changes,
            &count.part,
            &count.name,
            before,
            Some(count.value),
        );
    }
    for ((part, name), value) in earlier {
        push(&mut changes, part, name, Some(value), None);
    }
    changes
}

fn push(to: &mut Vec<Difference>, part: &str, name: &str, before: Option<u64>, after: Option<u64>) {
    if let Some(change) = Change::of(before, after) {
        to.push(Difference {
            part: part.to_owned(),
            name: name.to_owned(),
            before,
            after,
            change,
        });
    }
}

/// Counters of one part on their way to a list.
pub(crate) struct Part<'a> {
    pub(crate) to: &'a mut Vec<Count>,
    pub(crate) part: String,
}

impl Part<'_> {
    /// Adds a counter where it is there.
    pub(crate) fn add(&mut self, name: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.to.push(Count {
                part: self.part.clone(),
                name: name.to_owned(),
                value,
            });
        }
    }

    /// Adds counters with their names.
    pub(crate) fn all(&mut self, counts: &[NamedCount]) {
        for count in counts {
            self.add(&count.name, Some(count.count));
        }
    }
}
