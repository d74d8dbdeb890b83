//! A refusal as an HTTP answer. What is the orchestrator's own fault is logged, and not told.

use std::time::Duration;

use axum::Json;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use vetting_protocol::{Code, Refusal};

use crate::service::ServiceError;

/// After how long a caller comes again whose call the disk did not let through.
const COME_AGAIN: Duration = Duration::from_secs(5);

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        let (code, message) = match self {
            ServiceError::Refused { code, message } => (code, message),
            ServiceError::Later {
                code,
                message,
                after,
            } => {
                let seconds = after.as_secs().max(1).to_string();
                let refusal = (status(&code), Json(Refusal { code, message }));
                return ([(header::RETRY_AFTER, seconds)], refusal).into_response();
            }
            ServiceError::Store(error) if let Some(trouble) = error.disk_trouble() => {
                tracing::error!("a call failed: {error}");
                let message = format!(
                    "the orchestrator cannot use its database: {trouble}; come again later"
                );
                return ServiceError::Later {
                    code: Code::Unavailable,
                    message,
                    after: COME_AGAIN,
                }
                .into_response();
            }
            error => {
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
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::TimedOut => StatusCode::REQUEST_TIMEOUT,
        Code::Superseded | Code::State => StatusCode::CONFLICT,
        Code::RunOver => StatusCode::GONE,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Malformed => StatusCode::UNPROCESSABLE_ENTITY,
        Code::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal | Code::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A path that nothing is at.
pub(super) async fn nothing_here() -> ServiceError {
    ServiceError::refused(Code::NotFound, "there is nothing at this path")
}

/// A path that takes other methods, which the header `Allow` names.
pub(super) async fn other_method(method: Method, uri: Uri) -> ServiceError {
    let message = format!(
        "{} does not take {method}; the header `Allow` says what it takes",
        uri.path()
    );
    ServiceError::refused(Code::MethodNotAllowed, message)
}
