//! A run as a page that updates itself: state, stages, log, sensors.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use futures::{Stream, StreamExt as _};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;
use vetting_protocol::{Code, printable_lines};
use vetting_report::Format;

use super::body::Form;
use super::browser::{self, LogIn, OwnForm, SCRIPT, STYLE, Viewer};
use super::caller::{At, Needed as _, Peer, View};
use super::route::{Answer, Content};
use crate::service::{Orchestrator, RunView, ServiceError};
use crate::store::journal::{StoredLine, StoredSample};

type Us = State<Orchestrator>;

/// How many log lines the page begins with.
const LINES: u32 = 200;
/// How many characters of a line it shows.
const LINE: u32 = 1000;
/// How many series it shows.
const SERIES: u32 = 500;

/// A page, with its status and what the browser lets it do.
pub(super) struct Page {
    status: StatusCode,
    policy: &'static str,
    text: String,
}

impl Answer for Page {
    fn content() -> Content {
        Content::Other("text/html")
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = [(header::CONTENT_SECURITY_POLICY, self.policy)];
        (self.status, policy, Html(self.text)).into_response()
    }
}

impl Page {
    /// The page of a run around what is told of it.
    fn of_run(run: &str, inside: &Markup) -> Self {
        Self::around(StatusCode::OK, run, inside)
    }

    /// Where to log in, and why the caller has to; other errors stay what they are.
    fn log_in(run: &str, to: &str, error: ServiceError) -> Result<Self, ServiceError> {
        let (status, why) = match &error {
            ServiceError::Refused {
                code: Code::BadToken,
                ..
            } => (StatusCode::UNAUTHORIZED, None),
            ServiceError::Refused {
                code: Code::Role,
                message,
            } => (StatusCode::FORBIDDEN, Some(message.as_str())),
            _ => return Err(error),
        };
        Ok(Self::around(status, run, &login_form(to, why)))
    }

    fn around(status: StatusCode, run: &str, inside: &Markup) -> Self {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width";
                    title { "run " (run) }
                    style { (PreEscaped(STYLE)) }
                }
                body { main id="parts" { (inside) } script { (PreEscaped(SCRIPT)) } }
            }
        };
        Page {
            status,
            policy: &browser::PAGE,
            text: printable_lines(&page.into_string()),
        }
    }
}

pub(super) async fn page(
    State(us): Us,
    viewer: Result<Viewer, ServiceError>,
    At(run): At<String>,
) -> Result<Page, ServiceError> {
    match viewer {
        Ok(_) => Ok(Page::of_run(&run, &body(&us, &run).await?)),
        Err(error) => Page::log_in(&run, &format!("/runs/{run}"), error),
    }
}

/// The run's report, with charts, or where to log in. The report runs no script, and tells the browser
/// so.
pub(super) async fn report(
    State(us): Us,
    viewer: Result<Viewer, ServiceError>,
    At(run): At<String>,
) -> Result<Page, ServiceError> {
    match viewer {
        Ok(_) => Ok(Page {
            status: StatusCode::OK,
            policy: browser::REPORT,
            text: us.report(&run, Format::Html).await?,
        }),
        Err(error) => Page::log_in(&run, &format!("/runs/{run}/report"), error),
    }
}

/// What changes of the page, for the script that puts it in place.
pub(super) async fn parts(
    State(us): Us,
    _viewer: Viewer,
    At(run): At<String>,
) -> Result<Html<String>, ServiceError> {
    let parts = body(&us, &run).await?.into_string();
    Ok(Html(printable_lines(&parts)))
}

async fn body(us: &Orchestrator, run: &str) -> Result<Markup, ServiceError> {
    let view = us.run(run).await?;
    let lines = us.store.journal.last_lines(run, LINES, LINE).await?;
    let samples = us.store.journal.latest_samples(run, SERIES).await?;
    Ok(html! {
        (head(&view))
        (stages(&view))
        (sensors(&samples))
        (log(&lines))
    })
}

fn head(view: &RunView) -> Markup {
    html! {
        h1 {
            (view.host) " " span class="state" data-state=(view.state) { (view.status) }
            @if let Some(verdict) = view.verdict { " " span class=(verdict.as_str()) { (verdict.as_str()) } }
        }
        p {
            "run " code { (view.id) } @if let Some(address) = &view.address { " at " (address) } ", "
            a href=(format!("/runs/{}/report", view.id)) { "report" }
        }
        form method="post" action="/logout" { button { "log out" } }
        @if let Some(held) = &view.held { p class="bad" { "holds: " (held.reason) } }
        @if let Some(because) = &view.ended_because { p class="bad" { (because) } }
        @if let Some(since) = &view.agent_lost_since {
            p class="bad" { "the agent is silent since " (since) }
        }
        @if let Some(words) = &view.last_words { p id="words" { (words) } }
        // One claim is as it should be; of more, somebody should know.
        @if view.claims.len() > 1 {
            ul class="claims" { @for claim in &view.claims { li { (claim) } } }
        }
    }
}

fn stages(view: &RunView) -> Markup {
    html! {
        table {
            thead { tr { th { "stage" } th { "attempt" } th { "verdict" } th { "" } } }
            tbody {
                @for stage in &view.stages {
                    tr {
                        td { (stage.name) }
                        td { (stage.attempt) }
                        td class=(stage.verdict.as_deref().unwrap_or("open")) {
                            (stage.verdict.as_deref().unwrap_or("–"))
                        }
                        td { (stage.message.as_deref().unwrap_or_default()) }
                    }
                }
            }
        }
    }
}

fn sensors(samples: &[StoredSample]) -> Markup {
    html! {
        h2 { "sensors" }
        ul class="sensors" {
            @for sample in samples {
                li { (sample.key) " " b { (format!("{:.1}", sample.value)) } " " (sample.unit) }
            }
        }
    }
}

fn log(lines: &[StoredLine]) -> Markup {
    html! {
        h2 { "log" }
        pre id="log" {
            @for line in lines {
                span class=(line.level) {
                    (line.ts) " " (line.stage.as_deref().unwrap_or("agent")) " " (line.text) "\n"
                }
            }
        }
    }
}

/// Where to log in, where it leads, and what is wrong with a log-in that there is.
fn login_form(to: &str, why: Option<&str>) -> Markup {
    html! {
        h1 { "vetting" }
        @if let Some(why) = why { p class="bad" { (why) } }
        form method="post" action="/login" {
            input type="hidden" name="to" value=(to);
            label { "operator's token " input type="password" name="token" autofocus; }
            button { "log in" }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Login {
    token: String,
    to: String,
}

/// A redirection with the cookie of a log-in, which no script reads and no other site sends.
pub(super) struct Redirected {
    cookie: String,
    to: String,
}

impl Answer for Redirected {
    const STATUS: u16 = 303;

    fn content() -> Content {
        Content::Other("text/html")
    }
}

impl IntoResponse for Redirected {
    fn into_response(self) -> Response {
        let cookie = [(header::SET_COOKIE, self.cookie)];
        (cookie, Redirect::to(&self.to)).into_response()
    }
}

pub(super) async fn login(
    State(us): Us,
    _own: OwnForm,
    Peer(from): Peer,
    Form(Login { token, mut to }): Form<Login>,
) -> Result<Redirected, ServiceError> {
    let login = us.log_in(&token, from, View::ROLES).await?;
    if !to.starts_with("/runs/") || !to.bytes().all(|byte| byte.is_ascii_graphic()) {
        "/".clone_into(&mut to);
    }
    let cookie = browser::set_cookie(&login, us.settings.login.as_secs());
    Ok(Redirected { cookie, to })
}

pub(super) async fn logout(
    State(us): Us,
    _own: OwnForm,
    LogIn(login): LogIn,
) -> Result<Redirected, ServiceError> {
    if let Some(login) = login {
        us.log_out(&login).await?;
    }
    Ok(Redirected {
        cookie: browser::set_cookie("", 0),
        to: "/".to_owned(),
    })
}

/// Everything that happens to a run from now on, as server-sent events, for as long as the caller may look.
pub(super) async fn events(
    State(us): Us,
    Peer(from): Peer,
    Viewer(proof): Viewer,
    At(run): At<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ServiceError> {
    us.run(&run).await?;
    let stream = BroadcastStream::new(us.watch(&run)).map(|event| {
        // A listener that lagged behind is told so, and looks anew.
        Ok(match event {
            Ok(event) => Event::default()
                .json_data(&event)
                .unwrap_or_else(|_unwritable| Event::default().event("lagged")),
            Err(_) => Event::default().event("lagged"),
        })
    });
    let refused = async move { us.until_refused(proof, from, View::ROLES).await };
    Ok(Sse::new(stream.take_until(Box::pin(refused))).keep_alive(KeepAlive::default()))
}
