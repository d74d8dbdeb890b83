//! A run as a page that updates itself: state, stages, log, sensors.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use futures::{Stream, StreamExt as _};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;
use vetting_report::Format;

use super::body::Form;
use super::caller::{At, By, Needed as _, Peer, View};
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

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

pub(super) async fn page(
    State(us): Us,
    by: Result<By<View>, ServiceError>,
    At(run): At<String>,
) -> Result<Html<String>, ServiceError> {
    let inside = match by {
        Ok(_) => body(&us, &run).await?,
        Err(_) => login_form(&format!("/runs/{run}")),
    };
    Ok(around(&run, &inside))
}

/// The page around what is told of a run.
fn around(run: &str, inside: &Markup) -> Html<String> {
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
    Html(page.into_string())
}

/// The run's report, with charts, or where to log in. The report runs no script, and tells the browser
/// so.
pub(super) async fn report(
    State(us): Us,
    by: Result<By<View>, ServiceError>,
    At(run): At<String>,
) -> Result<Html<String>, ServiceError> {
    match by {
        Ok(_) => us.report(&run, Format::Html).await.map(Html),
        Err(_) => Ok(around(&run, &login_form(&format!("/runs/{run}/report")))),
    }
}

/// What changes of the page, for the script that puts it in place.
pub(super) async fn parts(
    State(us): Us,
    _by: By<View>,
    At(run): At<String>,
) -> Result<Html<String>, ServiceError> {
    Ok(Html(body(&us, &run).await?.into_string()))
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
        h1 { (view.host) " " span class="state" data-state=(view.state) { (view.state) } }
        p {
            "run " code { (view.id) } @if let Some(address) = &view.address { " at " (address) } ", "
            a href=(format!("/runs/{}/report", view.id)) { "report" }
        }
        @if let Some(held) = &view.held { p class="bad" { "holds: " (held.reason) } }
        @if let Some(because) = &view.ended_because { p class="bad" { (because) } }
        @if let Some(since) = &view.agent_lost_since {
            p class="bad" { "the agent is silent since " (since) }
        }
        @if let Some(words) = &view.last_words { p id="words" { (words) } }
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

/// Where to log in, and where it leads.
fn login_form(to: &str) -> Markup {
    html! {
        h1 { "vetting" }
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

/// A token that is kept in a cookie, which no script reads and no other site sends.
pub(super) struct LoggedIn {
    token: String,
    to: String,
}

impl Answer for LoggedIn {
    const STATUS: u16 = 303;

    fn content() -> Content {
        Content::Other("text/html")
    }
}

impl IntoResponse for LoggedIn {
    fn into_response(self) -> Response {
        let LoggedIn { token, to } = self;
        let cookie = format!("vetting={token}; Path=/; HttpOnly; Secure; SameSite=Strict");
        ([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response()
    }
}

pub(super) async fn login(
    State(us): Us,
    Peer(from): Peer,
    Form(Login { token, mut to }): Form<Login>,
) -> Result<LoggedIn, ServiceError> {
    us.operator(Some(&token), from, View::ROLES).await?;
    if !to.starts_with("/runs/") || !to.bytes().all(|byte| byte.is_ascii_graphic()) {
        "/".clone_into(&mut to);
    }
    Ok(LoggedIn { token, to })
}

/// Everything that happens to a run from now on, as server-sent events.
pub(super) async fn events(
    State(us): Us,
    _by: By<View>,
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
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}
