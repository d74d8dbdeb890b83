//! Who calls, and where. A caller is known before a byte of the body is read.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::header;
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use vetting_protocol::Code;

use super::places::Place;
use super::route::{self, Describe, Operation};
use crate::service::{Caller, Orchestrator, ServiceError};
use crate::store::operators::{Operator, Role};

/// The address that a call comes from, as its connection has it; a service that is called without a
/// connection has none (`0.0.0.0`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let none = Peer(Ipv4Addr::UNSPECIFIED.into());
        Ok(parts.extensions.get().copied().unwrap_or(none))
    }
}

impl Describe for Peer {
    fn describe(_: &mut Operation) {}
}

/// Notes that the caller on a connection has said who it is.
pub(super) fn introduced(parts: &Parts) {
    if let Some(place) = parts.extensions.get::<Arc<Place>>() {
        place.is_known();
    }
}

/// The token of a call.
struct Token(Option<String>);

/// The token of a call's `Authorization` header. No cookie is one: it comes with whatever a browser sends.
pub(super) fn bearer(parts: &Parts) -> Option<String> {
    let text = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(text.strip_prefix("Bearer ")?.trim().to_owned())
}

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ServiceError> {
        Ok(Token(bearer(parts)))
    }
}

/// A boot token of the path's run, or for a claim the session of the agent that has the run. Its use case
/// looks at it once more.
pub(super) struct BootToken(pub Option<String>);

impl FromRequestParts<Orchestrator> for BootToken {
    type Rejection = ServiceError;

    async fn from_request_parts(
        parts: &mut Parts,
        us: &Orchestrator,
    ) -> Result<Self, ServiceError> {
        let At(run) = At::<String>::from_request_parts(parts, us).await?;
        let Token(token) = Token::from_request_parts(parts, us).await?;
        let Ok(Peer(from)) = Peer::from_request_parts(parts, us).await;
        us.boots(&run, token.as_deref(), from).await?;
        introduced(parts);
        Ok(BootToken(token))
    }
}

impl Describe for BootToken {
    fn describe(operation: &mut Operation) {
        operation.caller = Some(route::Caller::Boot);
        operation.refuses.insert(401);
    }
}

/// The token of an agent's session, of whichever run. Its use case looks whether it is.
pub(super) struct SessionToken(pub Option<String>);

impl FromRequestParts<Orchestrator> for SessionToken {
    type Rejection = ServiceError;

    async fn from_request_parts(
        parts: &mut Parts,
        us: &Orchestrator,
    ) -> Result<Self, ServiceError> {
        let Token(token) = Token::from_request_parts(parts, us).await?;
        Ok(SessionToken(token))
    }
}

impl Describe for SessionToken {
    fn describe(operation: &mut Operation) {
        operation.caller = Some(route::Caller::Session);
        operation.refuses.insert(401);
    }
}

/// What a path names: a run, a host …
pub(super) struct At<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Orchestrator> for At<T> {
    type Rejection = ServiceError;

    async fn from_request_parts(
        parts: &mut Parts,
        us: &Orchestrator,
    ) -> Result<Self, ServiceError> {
        let named = Path::<T>::from_request_parts(parts, us).await;
        named.map(|Path(named)| At(named)).map_err(|rejection| {
            let message = format!("nothing has such a name: {}", rejection.body_text());
            ServiceError::refused(Code::NotFound, message)
        })
    }
}

impl<T> Describe for At<T> {
    fn describe(operation: &mut Operation) {
        operation.refuses.insert(404);
    }
}

/// What is asked behind the `?` of a path.
pub(super) struct Asked<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Orchestrator> for Asked<T> {
    type Rejection = ServiceError;

    async fn from_request_parts(
        parts: &mut Parts,
        us: &Orchestrator,
    ) -> Result<Self, ServiceError> {
        let asked = Query::<T>::from_request_parts(parts, us).await;
        asked
            .map(|Query(asked)| Asked(asked))
            .map_err(|rejection| ServiceError::refused(Code::Malformed, rejection.body_text()))
    }
}

impl<T: JsonSchema> Describe for Asked<T> {
    fn describe(operation: &mut Operation) {
        operation.query = Some(|generator| T::json_schema(generator));
        operation.refuses.insert(422);
    }
}

/// An agent whose session is good for the path's run.
pub(super) struct Known(pub Caller);

impl FromRequestParts<Orchestrator> for Known {
    type Rejection = ServiceError;

    async fn from_request_parts(
        parts: &mut Parts,
        us: &Orchestrator,
    ) -> Result<Self, ServiceError> {
        let At(run) = At::<String>::from_request_parts(parts, us).await?;
        let Token(token) = Token::from_request_parts(parts, us).await?;
        let Ok(Peer(from)) = Peer::from_request_parts(parts, us).await;
        let caller = us.agent(&run, token.as_deref(), from).await?;
        introduced(parts);
        Ok(Known(caller))
    }
}

impl Describe for Known {
    fn describe(operation: &mut Operation) {
        operation.caller = Some(route::Caller::Session);
        operation.refuses.extend([401, 404]);
    }
}

/// The operator who calls, who has one of the roles that `R` names.
pub(super) struct By<R> {
    /// Who.
    pub who: Operator,
    needed: PhantomData<R>,
}

/// The roles of which a call needs one.
pub(super) trait Needed: Send {
    /// Which; `admin` always is one.
    const ROLES: &'static [Role];
}

/// Whoever looks, or steers what is looked at.
pub(super) struct View;
/// Whoever looks at the registry, or publishes to it.
pub(super) struct ViewStages;
/// [`Role::Operate`].
pub(super) struct Operate;
/// [`Role::Publish`].
pub(super) struct Publish;
/// [`Role::Admin`] alone.
pub(super) struct Admin;

impl Needed for View {
    const ROLES: &'static [Role] = &[Role::View, Role::Operate];
}

impl Needed for ViewStages {
    const ROLES: &'static [Role] = &[Role::View, Role::Operate, Role::Publish];
}

impl Needed for Operate {
    const ROLES: &'static [Role] = &[Role::Operate];
}

impl Needed for Publish {
    const ROLES: &'static [Role] = &[Role::Publish];
}

impl Needed for Admin {
    const ROLES: &'static [Role] = &[];
}

impl<R: Needed> FromRequestParts<Orchestrator> for By<R> {
    type Rejection = ServiceError;

    async fn from_request_parts(
        parts: &mut Parts,
        us: &Orchestrator,
    ) -> Result<Self, ServiceError> {
        let Token(token) = Token::from_request_parts(parts, us).await?;
        let Ok(Peer(from)) = Peer::from_request_parts(parts, us).await;
        let who = us.operator(token.as_deref(), from, R::ROLES).await?;
        introduced(parts);
        Ok(By {
            who,
            needed: PhantomData,
        })
    }
}

impl<R: Needed> Describe for By<R> {
    fn describe(operation: &mut Operation) {
        operation.caller = Some(route::Caller::Operator(R::ROLES));
        operation.refuses.extend([401, 403]);
    }
}
