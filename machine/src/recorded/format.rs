//! The lines of a recording, `vetting.recording/2`: documents and records of the kernel's log whole, where
//! `vetting.recording/1` had what the host made of them.
//!
//! The first is the header. Then come, for each session that was begun: its beginning, each exchange
//! as a question and an answer, its end and what it came to. The last line closes the recording; one
//! that lacks it was cut short. Sessions may be interleaved, so each line names its own (`stream`).
//!
//! Fields may be added; a reader passes over those that it does not know. A change that an older
//! reader would misread is a new format, `vetting.recording/3`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::nanoseconds;
use crate::contract::context::NetworkPeer;
use crate::contract::types::Error;
use crate::{Answer, Attempt, Machine, Mandate, Particulars, Reason, Reply, Request, Time};

/// The format that this version writes and reads.
pub const FORMAT: &str = "vetting.recording/2";

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// The first line.
    Header(Box<Header>),
    /// A session begins.
    Begin(Box<Begin>),
    /// Something is asked.
    Ask(Ask),
    /// It is answered.
    Answer(Box<Answered>),
    /// Nobody waits for its answer any more.
    Abandon(Abandoned),
    /// The session's attempt is being cancelled.
    Cancel(Cancelled),
    /// A session ends.
    End(End),
    /// What an attempt came to.
    Verdict(Verdict),
    /// The last line.
    Close(Close),
}

/// What was recorded, and on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// The version of the `vetting` that recorded it.
    pub vetting_version: String,
    /// The contract that its stages were given.
    pub contract: String,
    /// What reports call the machine.
    pub machine: String,
    /// Whether its time is virtual.
    pub virtual_time: bool,
    /// The seed that reports name.
    pub seed: Option<u64>,
    /// The network peer that it brings along.
    pub peer: Option<NetworkPeer>,
    /// Logical CPUs that were online.
    pub cpus: u32,
    /// Bytes of memory that were free.
    pub memory_bytes: u64,
    /// Whether it was booted for a test.
    pub live_image: bool,
    /// Each limit of the sandbox by its name.
    pub limits: BTreeMap<String, u64>,
    /// The stages that were to run, in order; empty where an orchestrator decided.
    pub stages: Vec<Planned>,
    /// Whether serial numbers and addresses were replaced.
    pub scrubbed: bool,
}

/// A stage that was to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Its name.
    pub stage: String,
    /// The sha256 of its component, lower-case hexadecimal.
    pub digest: String,
    /// Its parameters, the secret ones blanked.
    pub parameters: serde_json::Value,
}

impl Header {
    /// The header of a recording of that machine. `seed` is the one that was given.
    pub fn of(machine: &dyn Machine, vetting_version: &str, contract: &str, seed: u64) -> Self {
        let (cpus, memory_bytes) = machine.capacity();
        Header {
            format: FORMAT.to_owned(),
            vetting_version: vetting_version.to_owned(),
            contract: contract.to_owned(),
            machine: machine.name(),
            virtual_time: machine.time() == Time::Virtual,
            seed: machine.seed(seed),
            peer: machine.peer(),
            cpus,
            memory_bytes,
            live_image: machine.is_live_image(),
            limits: BTreeMap::new(),
            stages: Vec::new(),
            scrubbed: false,
        }
    }
}

/// The beginning of a session: everything that its attempt is run under.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begin {
    /// The session's number, unique within the recording.
    pub stream: u32,
    /// Whether it only looks on beside the stage at work.
    pub beside: bool,
    /// The stage's name, or what looks on.
    pub stage: String,
    /// The attempt's number, from 1.
    pub number: u32,
    /// Its seed.
    pub seed: u64,
    /// How long it may take.
    pub deadline_ns: u64,
    /// How long a tool has between SIGTERM and SIGKILL.
    pub grace_ns: u64,
    /// The network peer.
    pub peer: Option<NetworkPeer>,
    /// How many logical CPUs the stage may load.
    pub cpu_allowance: u32,
    /// How many bytes of memory it may touch.
    pub memory_allowance_bytes: u64,
    /// What it may do to the machine's disks.
    pub mandate: Mandate,
    /// Component, parameters, what is withheld.
    pub particulars: Particulars,
}

impl Begin {
    /// What an attempt is begun with.
    pub fn of(attempt: &Attempt, stream: u32) -> Self {
        Begin {
            stream,
            beside: attempt.beside,
            stage: attempt.stage.clone(),
            number: attempt.number,
            seed: attempt.seed,
            deadline_ns: nanoseconds(attempt.deadline),
            grace_ns: nanoseconds(attempt.grace),
            peer: attempt.peer.clone(),
            cpu_allowance: attempt.cpu_allowance,
            memory_allowance_bytes: attempt.memory_allowance_bytes,
            mandate: attempt.mandate.clone(),
            particulars: attempt.particulars.clone(),
        }
    }
}

/// A question. Times are nanoseconds of the session's own clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// Which session's.
    pub stream: u32,
    /// The exchange's number within its session, from 1.
    pub n: u64,
    /// When it was asked.
    pub at_ns: u64,
    /// What was asked.
    pub request: Request,
    /// The times that were written down beside log lines and samples since the question before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stamps: Vec<u64>,
}

/// An answer: one of `reply`, `error` and `exact`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Which session's.
    pub stream: u32,
    /// The exchange's number.
    pub n: u64,
    /// When it was answered.
    pub at_ns: u64,
    /// What was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
    /// The error that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// The answer in postcard's encoding, hexadecimal, where JSON cannot hold it: it has numbers that
    /// are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
}

impl Answered {
    /// The line of an answer.
    pub fn of(stream: u32, n: u64, at_ns: u64, answer: Answer) -> Self {
        let none = Answered {
            stream,
            n,
            at_ns,
            reply: None,
            error: None,
            exact: None,
        };
        if !survives_json(&answer) {
            let exact = postcard::to_stdvec(&answer).ok().map(|b| hexadecimal(&b));
            return Answered { exact, ..none };
        }
        match answer {
            Ok(reply) => Answered {
                reply: Some(reply),
                ..none
            },
            Err(error) => Answered {
                error: Some(error),
                ..none
            },
        }
    }

    /// What was answered; `None` when the line holds no answer.
    pub fn answer(&self) -> Option<Answer> {
        match (&self.reply, &self.error, &self.exact) {
            (Some(reply), None, None) => Some(Ok(reply.clone())),
            (None, Some(error), None) => Some(Err(error.clone())),
            (None, None, Some(exact)) => postcard::from_bytes(&bytes(exact)?).ok(),
            _ => None,
        }
    }
}

/// Whether JSON gives an answer back as it was. It writes `null` for numbers that are none, and an
/// absent value too.
fn survives_json(answer: &Answer) -> bool {
    let Ok(reply) = answer else { return true };
    let Ok(text) = serde_json::to_string(reply) else {
        return false;
    };
    !text.contains("null") || serde_json::from_str::<Reply>(&text).is_ok_and(|read| read == *reply)
}

/// Bytes as lower-case hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits = hexadecimal.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.map(byte).collect()
}

/// A question that nobody waits for any more: the attempt's hard end came, or the guest stopped
/// polling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abandoned {
    /// Which session's.
    pub stream: u32,
    /// The exchange's number.
    pub n: u64,
    /// When it was given up.
    pub at_ns: u64,
}

/// A cancellation, as the session's next line found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// Which session's.
    pub stream: u32,
    /// When it came.
    pub at_ns: u64,
    /// Why.
    pub reason: Reason,
}

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Which session.
    pub stream: u32,
    /// When it ended.
    pub at_ns: u64,
    /// The times that were written down since its last question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stamps: Vec<u64>,
    /// What the machine had to kill or could not end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<String>,
}

/// What an attempt came to, in the words of its report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The stage.
    pub stage: String,
    /// The attempt's number.
    pub attempt: u32,
    /// The verdict's word, `pass`; `None` when the runtime broke.
    pub verdict: Option<String>,
    /// Why.
    pub message: String,
    /// How it ended, as the report has it.
    pub ending: serde_json::Value,
    /// Whether its hard end interrupted it.
    pub interrupted: bool,
    /// How many host calls it made.
    pub host_calls: u64,
}

/// The end of the recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// Why the run was cancelled, if it was: what was to come after was not begun.
    pub cancelled: Option<Reason>,
}
