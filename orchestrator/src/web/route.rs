//! One call of the API: how it is served, and what is said of it. What can be said is read from the
//! handler's own signature (who may call, what it takes, what it answers), so that the published
//! document cannot say anything else than what is done.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::handler::Handler;
use axum::http::Method;
use axum::response::sse::Sse;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Json, http::header};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::service::{Orchestrator, ServiceError};
use crate::store::operators::Role;

/// A schema that is made when the document is.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One call.
pub(super) struct Route {
    pub method: Method,
    pub path: &'static str,
    pub operation: Operation,
    pub serve: MethodRouter<Orchestrator>,
}

/// What is said of a call.
#[derive(Default)]
pub(super) struct Operation {
    /// The handler's room and name: `agent.heartbeat`.
    pub id: String,
    pub summary: &'static str,
    /// Whose token it needs; anybody may call it otherwise.
    pub caller: Option<Caller>,
    pub query: Option<SchemaOf>,
    /// What it takes, and how many bytes of it.
    pub takes: Option<(Content, usize)>,
    /// What it answers, and with which status.
    pub answers: Option<(Content, u16)>,
    /// The statuses with which it refuses.
    pub refuses: BTreeSet<u16>,
}

/// Whose token a call needs.
#[derive(Clone, Copy)]
pub(super) enum Caller {
    /// A machine that was booted for the run.
    Boot,
    /// An agent that has claimed the run.
    Session,
    /// An operator who has one of these roles, or is an admin.
    Operator(&'static [Role]),
}

/// What a body holds.
pub(super) enum Content {
    Json(SchemaOf),
    /// Something else than JSON, by its media type.
    Other(&'static str),
}

/// A part of a handler's signature that says something of the call.
pub(super) trait Describe {
    fn describe(operation: &mut Operation);
}

impl Describe for State<Orchestrator> {
    fn describe(_: &mut Operation) {}
}

/// What is allowed to fail says nothing.
impl<T> Describe for Result<T, ServiceError> {
    fn describe(_: &mut Operation) {}
}

/// What a handler answers when it does not refuse.
pub(super) trait Answer {
    const STATUS: u16 = 200;
    fn content() -> Content;
}

impl<T: JsonSchema> Answer for Json<T> {
    fn content() -> Content {
        Content::Json(|generator| generator.subschema_for::<T>())
    }
}

impl Answer for Html<String> {
    fn content() -> Content {
        Content::Other("text/html")
    }
}

impl<S> Answer for Sse<S> {
    fn content() -> Content {
        Content::Other("text/event-stream")
    }
}

/// A component's bytes.
pub(super) struct Component(pub Vec<u8>);

impl Answer for Component {
    fn content() -> Content {
        Content::Other("application/wasm")
    }
}

impl IntoResponse for Component {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/wasm")], self.0).into_response()
    }
}

/// A file as a download: what an agent sent must not be run by the browser of whoever looks.
pub(super) struct Download(pub Vec<u8>);

impl Answer for Download {
    fn content() -> Content {
        Content::Other("application/octet-stream")
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "application/octet-stream"),
            (header::CONTENT_DISPOSITION, "attachment"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (headers, self.0).into_response()
    }
}

/// A handler whose whole signature says something.
pub(super) trait Describes<Parts> {
    fn describe(operation: &mut Operation);
}

macro_rules! describes {
    ($($part:ident),*) => {
        impl<F, Fut, A, $($part),*> Describes<($($part,)*)> for F
        where
            F: Fn($($part),*) -> Fut,
            Fut: Future<Output = Result<A, ServiceError>>,
            A: Answer,
            $($part: Describe),*
        {
            fn describe(operation: &mut Operation) {
                $($part::describe(operation);)*
                operation.answers = Some((A::content(), A::STATUS));
            }
        }
    };
}

describes!();
describes!(A1);
describes!(A1, A2);
describes!(A1, A2, A3);
describes!(A1, A2, A3, A4);
describes!(A1, A2, A3, A4, A5);

/// A call that is served by a handler.
fn route<H, M, P>(filter: MethodFilter, method: Method, path: &'static str, handler: H) -> Route
where
    H: Handler<M, Orchestrator> + Describes<P>,
    M: 'static,
{
    let mut name = std::any::type_name::<H>().rsplit("::");
    let (handler_name, room) = (name.next(), name.next());
    let mut operation = Operation {
        id: format!(
            "{}.{}",
            room.unwrap_or_default(),
            handler_name.unwrap_or_default()
        ),
        ..Operation::default()
    };
    H::describe(&mut operation);
    Route {
        method,
        path,
        operation,
        serve: on(filter, handler),
    }
}

/// A `GET`.
pub(super) fn get<H, M, P>(path: &'static str, handler: H) -> Route
where
    H: Handler<M, Orchestrator> + Describes<P>,
    M: 'static,
{
    route(MethodFilter::GET, Method::GET, path, handler)
}

/// A `POST`.
pub(super) fn post<H, M, P>(path: &'static str, handler: H) -> Route
where
    H: Handler<M, Orchestrator> + Describes<P>,
    M: 'static,
{
    route(MethodFilter::POST, Method::POST, path, handler)
}

/// A `DELETE`.
pub(super) fn delete<H, M, P>(path: &'static str, handler: H) -> Route
where
    H: Handler<M, Orchestrator> + Describes<P>,
    M: 'static,
{
    route(MethodFilter::DELETE, Method::DELETE, path, handler)
}

impl Route {
    /// What it is for, and the statuses with which its use case refuses.
    pub fn says(mut self, summary: &'static str, refuses: &[u16]) -> Self {
        self.operation.summary = summary;
        self.operation.refuses.extend(refuses);
        self
    }
}
