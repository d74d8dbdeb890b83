//! What browsers are told and asked: headers of every answer, whose page a form was sent by, and the
//! cookie of a log-in.

use std::sync::LazyLock;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use vetting_protocol::Code;

use super::caller::{Needed as _, Peer, View, introduced};
use super::route::{Caller, Describe, Operation};
use crate::service::{Orchestrator, Proof, ServiceError};

/// The style of a run's page.
pub(super) const STYLE: &str = include_str!("page.css");
/// Its script.
pub(super) const SCRIPT: &str = include_str!("page.js");

/// The cookie of a log-in. By its prefix a browser takes it from this host alone, over TLS alone.
const COOKIE: &str = "__Host-vetting";

/// Headers of every answer. Not `Strict-Transport-Security`: it holds for all ports of a host, also for
/// those of other services.
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`, with which a form's `Origin` would be `null`.
    (header::REFERRER_POLICY, "same-origin"),
];

/// What an answer that is no page may do.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// What a report may do, which has its style in itself and runs no script.
pub(super) const REPORT: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// What a run's page may do: its own style and script, and calls of this server.
pub(super) static PAGE: LazyLock<String> = LazyLock::new(|| {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
});

/// Adds the headers of every answer; one that is a page comes with its own policy.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = headers.entry(header::CONTENT_SECURITY_POLICY);
    policy.or_insert(HeaderValue::from_static(NOTHING));
    response
}

/// A form of our own page, as far as a browser sends it: what another site sends is refused.
pub(super) struct OwnForm;

impl FromRequestParts<Orchestrator> for OwnForm {
    type Rejection = ServiceError;

    async fn from_request_parts(
        parts: &mut Parts,
        _us: &Orchestrator,
    ) -> Result<Self, ServiceError> {
        if is_own(&parts.headers) {
            return Ok(OwnForm);
        }
        let message = "the form was sent by a page of another site: open this orchestrator's own";
        Err(ServiceError::refused(Code::Malformed, message))
    }
}

impl Describe for OwnForm {
    fn describe(operation: &mut Operation) {
        operation.refuses.insert(422);
    }
}

/// Whether a request comes from a page of ours, by what a browser says of it. Whoever says nothing is no
/// browser, and has no cookies that another site could use.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let host = text("host").unwrap_or_default();
    text("origin").is_none_or(|origin| origin.strip_prefix("https://") == Some(host))
}

/// Whoever looks at a page, by a log-in's cookie or an operator's token.
pub(super) struct Viewer(pub Proof);

impl FromRequestParts<Orchestrator> for Viewer {
    type Rejection = ServiceError;

    async fn from_request_parts(
        parts: &mut Parts,
        us: &Orchestrator,
    ) -> Result<Self, ServiceError> {
        let bearer = super::caller::bearer(parts).map(Proof::Token);
        let proof = bearer.or_else(|| cookie(&parts.headers).map(Proof::LogIn));
        let Ok(Peer(from)) = Peer::from_request_parts(parts, us).await;
        us.viewer(proof.as_ref(), from, View::ROLES).await?;
        introduced(parts);
        let none = || ServiceError::refused(Code::BadToken, "log in");
        proof.map(Viewer).ok_or_else(none)
    }
}

impl Describe for Viewer {
    fn describe(operation: &mut Operation) {
        operation.caller = Some(Caller::Operator(View::ROLES));
        operation.refuses.extend([401, 403]);
    }
}

/// The log-in of a browser, whether it is good or not.
pub(super) struct LogIn(pub Option<String>);

impl FromRequestParts<Orchestrator> for LogIn {
    type Rejection = ServiceError;

    async fn from_request_parts(
        parts: &mut Parts,
        _us: &Orchestrator,
    ) -> Result<Self, ServiceError> {
        Ok(LogIn(cookie(&parts.headers)))
    }
}

impl Describe for LogIn {
    fn describe(_: &mut Operation) {}
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers.get(header::COOKIE)?.to_str().ok()?;
    let mut pairs = all
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == COOKIE).then(|| value.to_owned()))
}

/// The header that gives a browser a log-in for so many seconds, or takes it away.
pub(super) fn set_cookie(login: &str, seconds: u64) -> String {
    format!("{COOKIE}={login}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Strict")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        pairs.collect()
    }

    #[test]
    fn a_form_is_our_own_page_s_or_no_browser_s() {
        let host = ("host", "vetting.example:8443");
        let own = |pairs: &[_]| is_own(&headers(&[&[host], pairs].concat()));
        assert!(own(&[]));
        assert!(own(&[("origin", "https://vetting.example:8443")]));
        assert!(own(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "https://outer.example")
        ]));
        for origin in [
            "null",
            "https://vetting.example",
            "http://vetting.example:8443",
            "https://evil.example",
        ] {
            assert!(!own(&[("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", "none", ""] {
            let pairs = [
                ("sec-fetch-site", site),
                ("origin", "https://vetting.example:8443"),
            ];
            assert!(!own(&pairs), "{site}");
        }
    }

    #[test]
    fn the_cookie_of_a_log_in_is_found_by_its_whole_name() {
        let found = |text| cookie(&headers(&[("cookie", text)]));
        assert_eq!(found("a=1; __Host-vetting=vw_1"), Some("vw_1".to_owned()));
        assert_eq!(found("vetting=vo_1; x__Host-vetting=2"), None);
    }
}
