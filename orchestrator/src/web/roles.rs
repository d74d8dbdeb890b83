//! The page of every call and every role, made of the table of routes.

use std::fmt::Write as _;

use super::route::{Caller, Route};
use super::routes::routes;
use crate::store::operators::Role;

/// Where the page lies, from this crate.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/roles.md");

const HEAD: &str = "\
# Who may call what

Every call of the orchestrator, and which token it takes. This page is made of the table by which the calls
are served (`orchestrator/src/web/routes.rs`): `UPDATE_DOCS=1 cargo test -p vetting-orchestrator roles`
writes it, and a test sees that it is current.

Roles are a set: none contains another, but for `admin`, who may do everything. `vetting-orchestrator operator
add NAME --role operate --role wipe` gives two. Beyond the table:

* `run retry --wipe` needs `operate` and `wipe`.
* `run retry --stage-component` runs another program on the machine, and needs `operate` and `publish`.
* The SSH keys of operators with `operate` or `admin` are let in by machines that hold, of all hosts or of those
  that `operator add --hosts PATTERN` names. A machine asks again with every heartbeat: the key of an operator
  who was removed is taken out, and what came in by it is ended.
* A browser's log-in is good for pages alone, for `serve --login`; it ends with the operator's token.
* A boot token is good for hello and for one claim that leads on without a person; a session is good for one
  run and one claim.

";

/// The page as it must be.
fn page(routes: &[Route]) -> String {
    let mut page = HEAD.to_owned();
    let roles: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let _infallible = writeln!(page, "| call | token | {} |", roles.join(" | "));
    let _infallible = writeln!(page, "|---|---|{}", "---|".repeat(roles.len()));
    for route in routes {
        let (token, allowed): (_, &[Role]) = match route.operation.caller {
            None => ("none", &[]),
            Some(Caller::Boot) => ("boot token", &[]),
            Some(Caller::Session) => ("session", &[]),
            Some(Caller::Operator(roles)) => ("operator's", roles),
        };
        let operator = matches!(route.operation.caller, Some(Caller::Operator(_)));
        let marks: Vec<_> = Role::ALL
            .iter()
            .map(|role| {
                let may = *role == Role::Admin || allowed.contains(role);
                if operator && may { "yes" } else { "" }
            })
            .collect();
        let _infallible = writeln!(
            page,
            "| `{} {}`: {} | {token} | {} |",
            route.method,
            route.path,
            route.operation.summary,
            marks.join(" | ")
        );
    }
    page
}

#[test]
fn the_page_of_roles_is_current() {
    let page = page(&routes());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &page).expect("written");
    }
    let found = std::fs::read_to_string(PAGE).expect("docs/roles.md");
    assert_eq!(found, page, "UPDATE_DOCS=1 writes it");
}
