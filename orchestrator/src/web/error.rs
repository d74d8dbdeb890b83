//! A refusal as an HTTP answer. What is the orchestrator's own fault is logged, and not told.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use vetting_protocol::{Code, Refusal};

use crate::service::ServiceError;

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        let (code, message) = match self {
            ServiceError::Refused { code, message } => (code, message),
            ServiceError::Store(error) => {
                tracing::error!("a call failed: {error}");
                let told = "the orchestrator failed; its log says why";
                (Code::Internal, told.to_owned())
            }
        };
        (status(&code), Json(Refusal { code, message })).into_response()
    }
}

fn status(code: &Code) -> StatusCode {
    match code {
        Code::BadToken | Code::OtherRun | Code::SessionExpired => StatusCode::UNAUTHORIZED,
        Code::OtherHost | Code::Role => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Superseded | Code::State => StatusCode::CONFLICT,
        Code::RunOver => StatusCode::GONE,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Malformed => StatusCode::UNPROCESSABLE_ENTITY,
        Code::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal | Code::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A path that nothing is at.
pub(super) async fn nothing_here() -> ServiceError {
    ServiceError::refused(Code::NotFound, "there is nothing at this path")
}

/// A JSON body; one that is not what the call takes is refused with what is wrong with it.
pub(super) struct Body<T>(pub T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ServiceError;

    async fn from_request(
        request: axum::extract::Request,
        state: &S,
    ) -> Result<Self, ServiceError> {
        let read = Json::<T>::from_request(request, state).await;
        read.map(|Json(body)| Body(body)).map_err(|rejection| {
            let code = match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
                _ => Code::Malformed,
            };
            let message = match rejection {
                JsonRejection::MissingJsonContentType(_) => {
                    "Content-Type: application/json is needed".to_owned()
                }
                other => other.body_text(),
            };
            ServiceError::refused(code, message)
        })
    }
}

/// The token of a call: of its `Authorization` header, or of the page's cookie.
pub(super) struct Token(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ServiceError> {
        let text = |name| parts.headers.get(name).and_then(|v| v.to_str().ok());
        let bearer = text(header::AUTHORIZATION).and_then(|v| v.strip_prefix("Bearer "));
        let mut cookies = text(header::COOKIE).unwrap_or_default().split("; ");
        let cookie = cookies.find_map(|cookie| cookie.strip_prefix("vetting="));
        Ok(Token(
            bearer.or(cookie).map(|token| token.trim().to_owned()),
        ))
    }
}
