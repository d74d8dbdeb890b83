//! The states of a run, and which of them belongs to which stage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a run is. On the wire it is one word: a stage's state is the stage's name, except that
/// `Inventory`'s is `InventoryCheck`. A word that is none of the others is a stage's, known or not.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub enum State {
    /// A stage's turn.
    Stage(String),
    /// The orchestrator compares the inventory with the expected spec.
    SpecValidate,
    /// The orchestrator writes the report.
    Reporting,
    /// Everything passed. The machine waits for a directive.
    Completed,
    /// A stage failed or could not judge. The machine waits for a person.
    FailedHolding,
    /// A person ended the run.
    Cancelled,
    /// The run was given up.
    Aborted,
}

/// The state of the stage `Inventory`.
const INVENTORY_CHECK: &str = "InventoryCheck";
/// The stage that the state `InventoryCheck` belongs to.
const INVENTORY: &str = "Inventory";

impl State {
    /// The states that are no stage's.
    pub const FIXED: [State; 6] = [
        State::SpecValidate,
        State::Reporting,
        State::Completed,
        State::FailedHolding,
        State::Cancelled,
        State::Aborted,
    ];

    /// The stage whose turn it is.
    pub fn stage(&self) -> Option<&str> {
        match self {
            State::Stage(name) => Some(name),
            _ => None,
        }
    }

    /// Whether a run in this state never leaves it.
    pub fn is_terminal(&self) -> bool {
        matches!(self, State::Completed | State::Cancelled | State::Aborted)
    }

    /// Whether nothing happens in this state by itself: the run is over, or waits for a person.
    pub fn is_at_rest(&self) -> bool {
        self.is_terminal() || *self == State::FailedHolding
    }

    /// Its word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            State::Stage(name) if name == INVENTORY => INVENTORY_CHECK,
            State::Stage(name) => name,
            State::SpecValidate => "SpecValidate",
            State::Reporting => "Reporting",
            State::Completed => "Completed",
            State::FailedHolding => "FailedHolding",
            State::Cancelled => "Cancelled",
            State::Aborted => "Aborted",
        }
    }

    /// Whether no stage may have this name, because it is a state of its own, in whatever case.
    pub fn is_reserved(name: &str) -> bool {
        let same = |word: &str| word.eq_ignore_ascii_case(name);
        same(INVENTORY_CHECK) || State::FIXED.iter().any(|state| same(state.as_str()))
    }
}

impl From<String> for State {
    fn from(word: String) -> Self {
        if word == INVENTORY_CHECK {
            return State::Stage(INVENTORY.to_owned());
        }
        let fixed = State::FIXED.into_iter();
        let mut same = fixed.filter(|state| state.as_str() == word);
        same.next().unwrap_or(State::Stage(word))
    }
}

impl From<State> for String {
    fn from(state: State) -> Self {
        state.as_str().to_owned()
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
