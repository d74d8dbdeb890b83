//! How an attempt ended: from what wasmtime says to the table of endings.
//!
//! | ending | verdict |
//! |---|---|
//! | outcome returned | its own; an unearned `pass` becomes `inconclusive` |
//! | error returned, trap, limit or fuel reached, deadline without an outcome | `inconclusive` |
//! | partial outcome after the soft deadline | `fail` stays; `pass` becomes `inconclusive` |
//! | a replay's stage asked for something else than it did then | `inconclusive` |
//! | cancelled by a person or a directive | `cancelled`, with the partial outcome |
//! | the runtime broke | none |

use vetting_machine::Reason;
use vetting_protocol::{Ending, Verdict};
use wasmtime::{Trap, WasmBacktrace};

use super::LimitReached;
use super::outcome::Held;
use vetting_protocol::printable;

/// The most of a stage's own words, a panic's or a function's name that a record keeps, in bytes.
const WORDS: usize = 2048;

/// The attempt's deadline has come in the machine's own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the deadline has come")]
pub struct Over;

/// The harness between a stage and its machine broke: the runtime's own fault, not the stage's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HarnessBroke(pub String);

/// What the guest gave back is no value of the contract: an address outside its memory or not
/// aligned, a text that is no UTF-8, a case that there is not. wasmtime finds that after the guest's
/// code has ended, so that no trap and no backtrace tell whose fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what the stage returned cannot be read")]
pub struct Unreadable;

/// What a guest's run came to.
pub enum Ran {
    /// It returned an outcome, which the host has held.
    Outcome(Held),
    /// It returned an error.
    Error(String),
    /// It was interrupted at the attempt's hard end.
    Interrupted,
    /// It asked for something else than the attempt did that it repeats.
    Diverged {
        /// The exchange's number.
        exchange: u64,
        /// What it asked for.
        reason: String,
    },
    /// wasmtime gave an error.
    Broke(wasmtime::Error),
}

/// A judged ending.
pub struct Judged {
    /// How it ended.
    pub ending: Ending,
    /// The verdict; `None` when the runtime itself broke.
    pub verdict: Option<Verdict>,
    /// Why.
    pub message: String,
    /// The outcome, whole or partial.
    pub held: Option<Held>,
}

/// The table.
pub fn judge(ran: Ran, cancelled: Option<&Reason>, panic: Option<String>) -> Judged {
    if let Ran::Diverged { exchange, reason } = ran {
        return diverged(exchange, reason);
    }
    match cancelled {
        Some(Reason::Person(by) | Reason::Directive(by)) => cancelled_by(ran, by),
        Some(Reason::Deadline) => at_deadline(ran, panic),
        None => by_itself(ran, panic),
    }
}

fn diverged(exchange: u64, reason: String) -> Judged {
    Judged {
        message: format!("the replay goes no further: {reason}"),
        ending: Ending::Diverged { exchange, reason },
        verdict: Some(Verdict::Inconclusive),
        held: None,
    }
}

fn cancelled_by(ran: Ran, by: &str) -> Judged {
    let held = match ran {
        Ran::Outcome(held) => Some(held),
        _ => None,
    };
    let partial_outcome = held.is_some();
    Judged {
        ending: Ending::Cancelled {
            by: by.to_owned(),
            partial_outcome,
        },
        verdict: Some(Verdict::Cancelled),
        message: format!("cancelled by {by}"),
        held,
    }
}

fn at_deadline(ran: Ran, panic: Option<String>) -> Judged {
    match ran {
        Ran::Outcome(mut held) => {
            let (verdict, message) = match held.verdict {
                Verdict::Fail => (Verdict::Fail, held.message.clone()),
                Verdict::Pass => (
                    Verdict::Inconclusive,
                    "cut short by the deadline: what was judged until then was good".to_owned(),
                ),
                _ => (
                    Verdict::Inconclusive,
                    format!("cut short by the deadline: {}", held.message),
                ),
            };
            held.verdict = verdict;
            Judged {
                ending: Ending::Deadline {
                    partial_outcome: true,
                },
                verdict: Some(verdict),
                message,
                held: Some(held),
            }
        }
        Ran::Interrupted => deadline(),
        Ran::Broke(error) if is_interrupt(&error) => deadline(),
        other => by_itself(other, panic),
    }
}

fn deadline() -> Judged {
    Judged {
        ending: Ending::Deadline {
            partial_outcome: false,
        },
        verdict: Some(Verdict::Inconclusive),
        message: "the deadline came and the stage had returned no outcome".to_owned(),
        held: None,
    }
}

fn by_itself(ran: Ran, panic: Option<String>) -> Judged {
    let inconclusive = |ending, message| Judged {
        ending,
        verdict: Some(Verdict::Inconclusive),
        message,
        held: None,
    };
    match ran {
        Ran::Outcome(held) => Judged {
            ending: Ending::Outcome,
            verdict: Some(held.verdict),
            message: held.message.clone(),
            held: Some(held),
        },
        Ran::Error(text) => {
            let text = brief(&text);
            let message = format!("the stage returned an error: {text}");
            inconclusive(Ending::Error { text }, message)
        }
        // Nobody cancelled, yet the hard end came: the guest let the soft deadline pass unseen.
        Ran::Interrupted => deadline(),
        Ran::Diverged { exchange, reason } => diverged(exchange, reason),
        Ran::Broke(error) => broke(&error, panic),
    }
}

/// From wasmtime's error to an ending. What no case here knows is the runtime's own fault.
fn broke(error: &wasmtime::Error, panic: Option<String>) -> Judged {
    if is_interrupt(error) {
        return deadline();
    }
    if let Some(limit) = limit(error) {
        return Judged {
            message: limit.to_string(),
            ending: Ending::Limit {
                limit: limit.limit.to_owned(),
                detail: limit.detail,
            },
            verdict: Some(Verdict::Inconclusive),
            held: None,
        };
    }
    if let Some(trap) = trap(error).filter(|_| error.downcast_ref::<HarnessBroke>().is_none()) {
        let panic = panic.map(|panic| brief(&panic));
        let message = match &panic {
            Some(panic) => format!("the stage panicked: {panic}"),
            None => format!("the stage trapped: {trap}"),
        };
        return Judged {
            message,
            ending: Ending::Trap {
                reason: trap,
                panic,
                backtrace: backtrace(error),
            },
            verdict: Some(Verdict::Inconclusive),
            held: None,
        };
    }
    let text = format!("{error:#}");
    Judged {
        message: format!("the runtime broke: {text}"),
        ending: Ending::Runtime { error: text },
        verdict: None,
        held: None,
    }
}

/// Whether the attempt's end interrupted the guest.
fn is_interrupt(error: &wasmtime::Error) -> bool {
    error.downcast_ref::<Over>().is_some() || error.downcast_ref::<Trap>() == Some(&Trap::Interrupt)
}

/// The limit that was reached, if one was. The texts are wasmtime's own where it has no types for
/// them; `tests/tests/endings.rs` pins each.
fn limit(error: &wasmtime::Error) -> Option<LimitReached> {
    if let Some(limit) = error.downcast_ref::<LimitReached>() {
        return Some(limit.clone());
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            let detail = "the stage computed for too long without its machine's time moving on";
            return Some(LimitReached::new("fuel", detail));
        }
        Some(Trap::StackOverflow) => {
            return Some(LimitReached::new("stack", "the call stack was used up"));
        }
        _ => {}
    }
    let text = format!("{:#}", error);
    let texts = [
        (
            "fuel allocated for hostcalls has been exhausted",
            "call-bytes",
        ),
        ("resource table has no free keys", "handles"),
        ("store handle limit exceeded", "handles"),
        ("resource limit exceeded: instance", "instances"),
        ("resource limit exceeded: memory", "memories"),
        ("resource limit exceeded: table", "tables"),
    ];
    let (_, name) = texts.iter().find(|(part, _)| text.contains(part))?;
    Some(LimitReached::new(name, root_cause(error)))
}

/// The trap's words, if the guest itself is at fault: a trap of its code, a value that breaks the
/// component model's rules, or WASI's exit.
fn trap(error: &wasmtime::Error) -> Option<String> {
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return Some(trap.to_string());
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        return Some(format!("exited with status {} without an outcome", exit.0));
    }
    if error.downcast_ref::<WasmBacktrace>().is_some() {
        return Some(root_cause(error));
    }
    let unreadable = error.downcast_ref::<Unreadable>()?;
    Some(format!("{unreadable}: {}", root_cause(error)))
}

fn root_cause(error: &wasmtime::Error) -> String {
    brief(&error.root_cause().to_string())
}

/// A text of the guest's, cut and made printable.
fn brief(text: &str) -> String {
    let cut = text.floor_char_boundary(WORDS);
    let more = if cut < text.len() { " …" } else { "" };
    format!("{}{more}", printable(&text[..cut]))
}

/// The guest's frames, innermost first, at most 30.
fn backtrace(error: &wasmtime::Error) -> Vec<String> {
    const FRAMES: usize = 30;
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let name = |frame: &wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => brief(&rustc_demangle::demangle(name).to_string()),
        None => format!("function {}", frame.func_index()),
    };
    trace.frames().iter().take(FRAMES).map(name).collect()
}
