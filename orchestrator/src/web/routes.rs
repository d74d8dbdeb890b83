//! Every call that is served, in one table. The router and the published document are both made of
//! it, so that nothing is served that is not documented.

use super::route::{Route, delete, get, post};
use super::{admin, agent, openapi, page};

pub(super) fn routes() -> Vec<Route> {
    vec![
        // What agents call.
        post("/api/v1/runs/{run}/hello", agent::hello).says("A machine is up", &[]),
        post("/api/v1/runs/{run}/claim", agent::claim).says(
            "An agent takes a run, and every older one is refused",
            &[403, 409, 410],
        ),
        post("/api/v1/runs/{run}/heartbeat", agent::heartbeat).says(
            "An agent says what it does, and hears what it is to do",
            &[409, 410],
        ),
        post("/api/v1/runs/{run}/result", agent::result).says(
            "How an attempt went; sent again, it is answered as then",
            &[409, 410],
        ),
        post("/api/v1/runs/{run}/hold", agent::hold).says(
            "A machine that holds asks for the operators' keys, or tells that they are in or gone",
            &[409],
        ),
        post("/api/v1/runs/{run}/sensor", agent::sensor).says("A batch of samples", &[409]),
        post("/api/v1/runs/{run}/log", agent::log).says("A batch of log lines", &[409]),
        post("/api/v1/runs/{run}/artifact", agent::artifact)
            .says("A file about the run that no stage attached", &[409]),
        get("/api/v1/components/{sha256}", agent::component).says("A component's bytes", &[]),
        // What operators call.
        get("/api/v1/admin/hosts", admin::all_hosts).says("The hosts", &[]),
        post("/api/v1/admin/hosts", admin::add_host).says("Add a host", &[409]),
        get("/api/v1/admin/hosts/{name}", admin::host).says("A host and its runs", &[]),
        post("/api/v1/admin/hosts/{name}", admin::set_host).says(
            "Change what is known of a host, and see what changed",
            &[409],
        ),
        delete("/api/v1/admin/hosts/{name}", admin::remove_host)
            .says("Remove a host, with its runs where that is wanted", &[409]),
        get("/api/v1/admin/specs/{sha256}", admin::spec).says("A spec that a host has or had", &[]),
        get("/api/v1/admin/runs", admin::all_runs)
            .says("The runs, newest first, without their results", &[]),
        post("/api/v1/admin/runs", admin::create_run).says("Make a run of a host", &[404, 409]),
        get("/api/v1/admin/runs/{run}", admin::run).says("A run as it is", &[]),
        delete("/api/v1/admin/runs/{run}", admin::remove_run)
            .says("Remove a run that is over", &[409]),
        post("/api/v1/admin/runs/{run}/steer", admin::steer).says(
            "Shut a run down, abort it, cancel a stage or retry one",
            &[409, 410],
        ),
        get("/api/v1/admin/runs/{run}/report", admin::report).says("A run's report", &[]),
        get(
            "/api/v1/admin/runs/{run}/artifacts/{sha256}",
            admin::artifact,
        )
        .says("The content of a file about a run", &[]),
        get("/api/v1/admin/stages", admin::all_stages)
            .says("The stages, in the order of a pipeline", &[]),
        post("/api/v1/admin/stages", admin::publish)
            .says("Register a stage, or replace what it runs", &[409]),
        post("/api/v1/admin/stage-sets", admin::publish_set)
            .says("Register several stages, all of them or none", &[409]),
        get("/api/v1/admin/stages/{name}/releases", admin::releases)
            .says("Every version of a stage that was published", &[]),
        post("/api/v1/admin/stages/{name}/use", admin::use_release)
            .says("Make a published version the one that new runs run", &[404]),
        delete("/api/v1/admin/stages/{name}", admin::unpublish)
            .says("Remove a stage from the registry", &[]),
        get("/api/v1/admin/audit", admin::audit).says("Who did what, newest first", &[]),
        // What browsers call, with the cookie of a log-in.
        get("/runs/{run}", page::page).says("A run as a page, or where to log in", &[]),
        get("/runs/{run}/report", page::report).says("A run's report, with charts", &[]),
        get("/runs/{run}/parts", page::parts).says("What changes of the page", &[]),
        get("/runs/{run}/events", page::events)
            .says("Everything that happens to a run from now on", &[]),
        post("/login", page::login)
            .says("Open a log-in for an operator's token, as a cookie", &[401]),
        post("/logout", page::logout).says("End a log-in", &[]),
        // What anybody may call.
        get("/api/v1/openapi.json", openapi::openapi).says("This document", &[]),
    ]
}
