//! HTTP over TLS: what agents call ([`agent`]), what operators call ([`admin`]), and a page per run
//! ([`page`]). Handlers are request → use case → answer; bodies are bounded.

mod admin;
mod agent;
mod certificate;
mod error;
mod page;
mod server;

use axum::Router;
use axum::extract::DefaultBodyLimit;

pub use certificate::{Certificate, CertificateError};
pub use server::serve;

use crate::service::Orchestrator;

/// The most that a body may be: a result with its log, series and attachments, or a component in
/// base 64.
const MOST: usize = 96 << 20;

/// Everything that is served.
pub fn router(orchestrator: Orchestrator) -> Router {
    Router::new()
        .merge(agent::router())
        .merge(admin::router().layer(DefaultBodyLimit::max(MOST)))
        .merge(page::router())
        .fallback(error::nothing_here)
        .with_state(orchestrator)
}
