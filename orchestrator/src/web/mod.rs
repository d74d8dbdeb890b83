//! HTTP over TLS: what agents call ([`agent`]), what operators call ([`admin`]), and a page per run
//! ([`page`]). Handlers are request → use case → answer; who calls is known before a body is read
//! ([`caller`]), bodies are bounded ([`body`]), and browsers are told what a page may do ([`browser`]).
//! All calls stand in one table ([`routes`]), of
//! which the published document is made ([`openapi`]).

mod admin;
mod agent;
mod body;
mod browser;
mod caller;
mod certificate;
mod error;
mod openapi;
mod page;
mod places;
#[cfg(test)]
mod roles;
mod route;
mod routes;
mod server;
#[cfg(test)]
mod tests;

use axum::{Router, middleware};

pub use certificate::{Certificate, CertificateError};
pub use server::{Server, serve};

use crate::service::Orchestrator;

/// Everything that is served.
pub fn router(orchestrator: Orchestrator) -> Router {
    routes::routes()
        .into_iter()
        .fold(Router::new(), |all, one| all.route(one.path, one.serve))
        .method_not_allowed_fallback(error::other_method)
        .fallback(error::nothing_here)
        .layer(middleware::from_fn(body::heard))
        .layer(middleware::from_fn(browser::headers))
        .with_state(orchestrator)
}
