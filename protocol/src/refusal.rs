//! How a call is refused.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The body of every answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// What is wrong, for programs.
    pub code: Code,
    /// What is wrong and what to do, for people.
    pub message: String,
}

/// What is wrong with a call. The status says the same more coarsely.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 401: no token, or none that anybody has.
    BadToken,
    /// 401: the token is another run's.
    OtherRun,
    /// 401: the session has expired; claim again.
    SessionExpired,
    /// 403: the host is not the run's.
    OtherHost,
    /// 403: the operator's role does not allow it.
    Role,
    /// 404: there is no such thing.
    NotFound,
    /// 405: the path takes other methods.
    MethodNotAllowed,
    /// 408: the body stood still, or took too long.
    TimedOut,
    /// 409: a newer claim has the run.
    Superseded,
    /// 409: not in this state.
    State,
    /// 410: the run is over.
    RunOver,
    /// 413: the body is too large.
    TooLarge,
    /// 422: the body is not what the call takes.
    Malformed,
    /// 429: too many calls; `Retry-After` says when.
    TooMany,
    /// 503: the orchestrator has no room for this now; `Retry-After` says when to come again.
    Unavailable,
    /// 500: the orchestrator's own fault.
    Internal,
    /// A code of a later version.
    #[serde(untagged)]
    Other(String),
}

impl Code {
    /// Its word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Code::BadToken => "bad_token",
            Code::OtherRun => "other_run",
            Code::SessionExpired => "session_expired",
            Code::OtherHost => "other_host",
            Code::Role => "role",
            Code::NotFound => "not_found",
            Code::MethodNotAllowed => "method_not_allowed",
            Code::TimedOut => "timed_out",
            Code::Superseded => "superseded",
            Code::State => "state",
            Code::RunOver => "run_over",
            Code::TooLarge => "too_large",
            Code::Malformed => "malformed",
            Code::TooMany => "too_many",
            Code::Unavailable => "unavailable",
            Code::Internal => "internal",
            Code::Other(word) => word,
        }
    }
}
