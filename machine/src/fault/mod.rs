//! Faults that are laid over single exchanges at the seam, on any machine. A question that is refused never
//! reaches the machine, and is answered with the fault's error; evidence that is changed is the machine's own,
//! cut, emptied, or given once more.
//!
//! ```text
//! call 412 = unavailable              the 412th exchange of each attempt
//! call 10..20 = timed-out             the 10th to the 20th, both included
//! fio.start = failed                  every start of fio
//! smart.read[sda]#2 = denied          the second reading of one drive
//! smart.read[nvme*] = exit 64         64 among the bits of smartctl's exit status
//! bmc.ask[sensors] = cut 4096         what ipmitool printed, cut after 4,096 bytes
//! gpu.ask[nvidia-smi]#2 = stale       the document before once more
//! queries.run[ethtool eth0] = empty   one query about one port; without the port, about any
//! files.read[sys/devices/system/edac/**] = failed     those files alone
//! SMART: smart.read = timed-out       in the attempts of one stage only
//! ```

mod change;
mod overlay;
mod parse;
mod plan;
mod target;

use crate::contract::types::Error;
use crate::files::PathPattern;
pub use overlay::Overlay;
pub use parse::FaultError;
pub use plan::{FaultState, Faults, Plan};

/// Why evidence is as a fault left it, for whoever reads it.
const WHY: &str = "a fault was laid over this exchange";

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
    /// By their function and what it is asked about; the number counts those alone, from 1.
    Function {
        /// The function, `smart.read`.
        name: &'static str,
        /// What it is asked about; `None`: whatever it is.
        target: Option<Target>,
        /// Which of these exchanges; `None`: each.
        nth: Option<u64>,
    },
}

/// What a function is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A drive or a question, by its name, in which `*` stands for any part.
    Name(String),
    /// Files.
    Files(PathPattern),
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
    /// Only the first bytes of the evidence, so many, which say that they are cut.
    Cut(u64),
    /// The evidence is there, and empty.
    Empty,
    /// These bits are set in the tool's exit status.
    Exit(u8),
    /// What was given the last time is given once more.
    Stale,
}

/// A kind's word, and whether a number follows it.
const WORDS: [(&str, bool); 10] = [
    ("denied", false),
    ("unavailable", false),
    ("invalid", false),
    ("cancelled", false),
    ("timed-out", false),
    ("failed", false),
    ("cut", true),
    ("empty", false),
    ("exit", true),
    ("stale", false),
];

impl Kind {
    /// The error that is answered in an exchange's place; `None`: it is answered, and changed.
    fn error(self, function: &str) -> Option<Error> {
        Some(match self {
            Kind::Denied => Error::Denied(WHY.to_owned()),
            Kind::Unavailable => Error::no_hardware(format!("`{function}` ({WHY})")),
            Kind::Invalid => Error::invalid(function, WHY),
            Kind::Cancelled => Error::Cancelled,
            Kind::TimedOut => Error::TimedOut,
            Kind::Failed => Error::tool_failed(function, WHY),
            Kind::Cut(_) | Kind::Empty | Kind::Exit(_) | Kind::Stale => return None,
        })
    }

    /// Whether it can be laid over a function.
    fn suits(self, function: &str) -> bool {
        match self {
            Kind::Cut(_) => target::gives_documents(function) || function == target::READ,
            Kind::Exit(_) => target::gives_documents(function),
            Kind::Empty | Kind::Stale => {
                target::gives_documents(function) || target::is_of_files(function)
            }
            _ => true,
        }
    }
}
