//! Whatever an orchestrator answers, an agent does what a person would expect: it goes on where it
//! can, and otherwise ends with a reason, powering off nothing. One test per call, one row per answer.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use vetting_tests::between::{Act, Answer, Between, Manner, Rule, Seen};
use vetting_tests::eventually;
use vetting_tests::fleet::{Agent, Orchestrator};

const HEALTHY: &str = "sim:healthy-server";
const STAGE: &str = "PSU";

/// What an agent is expected to do.
#[derive(Clone, Copy)]
enum Then {
    /// Take the answer as it is, and go on to the run's end.
    Takes,
    /// Ask again until it is answered well, and go on to the run's end.
    Retries,
    /// Say this, and go on to the run's end.
    Says(&'static str),
    /// End with status 3 and this reason.
    Ends(&'static str),
    /// Do nothing, for this reason, until it is stopped.
    Idles(&'static str),
    /// Hold the run, with this reason.
    Holds(&'static str),
}

use Then::{Ends, Holds, Idles, Retries, Says, Takes};

/// An answer by the name that a row has, and to how many calls in a row it is given.
fn answer(name: &str) -> (usize, Act) {
    let refusal = |status, code| (2, Act::Answer(Answer::refusal(status, code)));
    let once = |status, code| (1, Act::Answer(Answer::refusal(status, code)));
    match name {
        "401" => refusal(401, "bad_token"),
        "403" => refusal(403, "other_host"),
        "404" => refusal(404, "not_found"),
        "409" => refusal(409, "superseded"),
        "409 state" => refusal(409, "state"),
        "410" => refusal(410, "run_over"),
        "413" => once(413, "too_large"),
        "422" => once(422, "malformed"),
        "429" => (2, Act::Answer(too_many())),
        "500" => refusal(500, "internal"),
        "503" => refusal(503, "unavailable"),
        // All that follow were done: only the answer is not what it should be.
        "slow" => (2, Act::Change(|a| a.coming(Manner::Slow))),
        "stalled" => (1, Act::Change(|a| a.coming(Manner::Stalled))),
        "cut" => (2, Act::Change(|a| a.coming(Manner::Cut))),
        "swallowed" => (2, Act::Change(|a| a.coming(Manner::Swallowed))),
        "no JSON" => (2, Act::Change(no_json)),
        "another shape" => (
            2,
            Act::Change(|a| a.edited(|json| *json = json!({ "ok": true }))),
        ),
        "10 MB" => {
            let padded = |a: Answer| a.edited(|json| json["padding"] = "x".repeat(10 << 20).into());
            (2, Act::Change(padded))
        }
        other => panic!("no such answer: {other}"),
    }
}

fn too_many() -> Answer {
    let mut answer = Answer::refusal(429, "too_many");
    answer.retry_after = Some(1);
    answer
}

fn no_json(mut answer: Answer) -> Answer {
    answer.body = b"<html>a proxy's own words</html>".to_vec();
    answer
}

/// Tries every row of a call, each with a run and an agent of its own, all at once.
fn each(call: &'static str, rows: &[(&'static str, Then)]) {
    let orchestrator = Orchestrator::start();
    let wrong: Vec<_> = std::thread::scope(|scope| {
        let tried: Vec<_> = rows
            .iter()
            .map(|(name, then)| (name, scope.spawn(|| row(&orchestrator, call, name, *then))))
            .collect();
        let wrong = |(name, row): (&&'static str, std::thread::ScopedJoinHandle<'_, ()>)| {
            row.join().is_err().then_some(*name)
        };
        tried.into_iter().filter_map(wrong).collect()
    });
    assert!(wrong.is_empty(), "{call}: not as expected: {wrong:?}");
}

/// One row.
fn row(orchestrator: &Orchestrator, call: &'static str, name: &str, then: Then) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (times, act) = answer(name);
    let between = Between::of(orchestrator, vec![Rule::first(times, call, act)]);
    let host = format!("{call}-{}", name.replace(' ', "-"));
    let run = orchestrator.run(&host, &["--stage", STAGE]);
    let mut agent = Agent::at(&between.url, &between.pin, &run, HEALTHY, folder.path())
        .args(&["--tries", "4"])
        .start();
    let state = || {
        let last = between.seen("result").pop()?.real?;
        Some(last.json()["next_state"].clone())
    };
    let asked = || between.seen(call).len();
    let came = eventually(|| match then {
        Takes | Says(_) => (state()? == "Completed").then_some(()),
        Retries => (state()? == "Completed" && asked() > times).then_some(()),
        Holds(_) => (state()? == "FailedHolding").then_some(()),
        Idles(_) => agent.log().contains("idle: ").then_some(()),
        Ends(_) => Some(()),
    });
    assert!(came.is_some(), "{call}, {name}: {}", agent.log());
    let view = orchestrator.show(&run);
    let status = match then {
        Idles(_) | Holds(_) => None,
        Ends(_) => Some(3),
        Takes | Retries | Says(_) => {
            let one = [&view["epoch"], &view["stages"][0]["attempt"]];
            assert_eq!(one, [&json!(1), &json!(1)], "{call}, {name}: {view:#}");
            // Whatever was answered before, an operator's word arrives.
            orchestrator.cli(&["run", "shutdown", &run.id]);
            Some(0)
        }
    };
    let log = match status {
        None => agent.log(),
        Some(status) => {
            let (ended, log) = agent.wait();
            assert_eq!(ended, status, "{call}, {name}: {log}");
            log
        }
    };
    let powered_off = log.contains("power off");
    assert_eq!(powered_off, status == Some(0), "{call}, {name}: {log}");
    match then {
        Says(words) | Ends(words) | Idles(words) => {
            assert!(log.contains(words), "{call}, {name}: {log}");
        }
        Holds(words) => {
            let reason = view["held"]["reason"].as_str().unwrap_or_default();
            assert!(reason.contains(words), "{call}, {name}: {view:#}");
            let small = &between.seen(call)[1].body;
            assert_eq!(small["verdict"], "inconclusive", "{small:#}");
            for heavy in ["log", "attachments"] {
                assert_eq!(small[heavy].as_array().map_or(0, Vec::len), 0, "{small:#}");
            }
        }
        Takes if ["hello", "claim", "result"].contains(&call) => assert_eq!(asked(), 1, "{log}"),
        Retries if call == "log" => no_line_is_lost_unsaid(&between, &log),
        Takes | Retries => {}
    }
    if name == "429" {
        waits_as_it_is_asked_to(&between.seen(call)[..=times]);
    }
}

/// No call comes before the time that the answer to the last one named.
fn waits_as_it_is_asked_to(calls: &[Seen]) {
    for pair in calls.windows(2) {
        let asked = pair[0].told.retry_after.expect("a time");
        let asked = Duration::from_secs(asked.into());
        let waited = pair[1].at - pair[0].at;
        assert!(
            waited >= asked,
            "{}: came again after {waited:?}",
            pair[0].call
        );
    }
}

/// Every line was stored, or the log says how many were not.
fn no_line_is_lost_unsaid(between: &Between, log: &str) {
    let delivered = between.seen("log").into_iter().filter(|seen| {
        let real = seen.real.as_ref();
        real.is_some_and(|real| real.status == 200)
    });
    let numbers = |seen: Seen| {
        let lines = seen.body["lines"].as_array().cloned().unwrap_or_default();
        lines.into_iter().filter_map(|line| line["seq"].as_u64())
    };
    let stored: BTreeSet<u64> = delivered.flat_map(numbers).collect();
    let last = stored.last().expect("no lines");
    let lost = last + 1 - stored.len() as u64;
    let said = format!("{lost} log lines were dropped");
    assert!(lost == 0 || log.contains(&said), "{lost} lost: {log}");
}

#[test]
fn a_hello_that_is_not_heard_is_a_warning() {
    each(
        "hello",
        &[
            ("404", Says("hello was not heard: refused (404")),
            ("409", Says("hello was not heard: refused (409")),
            ("410", Says("hello was not heard: refused (410")),
            ("422", Says("hello was not heard: refused (422")),
            ("429", Retries),
            ("500", Retries),
            ("503", Retries),
            ("slow", Takes),
            ("stalled", Retries),
            ("cut", Retries),
            ("swallowed", Retries),
            ("no JSON", Retries),
            ("another shape", Retries),
            ("10 MB", Retries),
        ],
    );
}

#[test]
fn a_claim_ends_the_agent_where_it_is_refused_for_good_and_is_made_again_otherwise() {
    each(
        "claim",
        &[
            ("401", Ends("could not be claimed: refused (401")),
            ("403", Ends("could not be claimed: refused (403")),
            ("404", Ends("could not be claimed: refused (404")),
            ("409", Ends("could not be claimed: refused (409")),
            ("410", Idles("refused (410")),
            ("422", Ends("could not be claimed: refused (422")),
            ("429", Retries),
            ("500", Retries),
            ("503", Retries),
            ("slow", Takes),
            ("stalled", Retries),
            ("cut", Retries),
            ("swallowed", Retries),
            ("no JSON", Retries),
            ("another shape", Retries),
            ("10 MB", Retries),
        ],
    );
}

#[test]
fn a_heartbeat_ends_the_agent_of_a_run_that_is_not_its_own_and_no_other() {
    each(
        "heartbeat",
        &[
            ("404", Ends("refused (404")),
            ("409", Ends("refused (409")),
            ("409 state", Says("a heartbeat was refused")),
            ("410", Idles("refused (410")),
            ("422", Says("a heartbeat was refused")),
            ("429", Retries),
            ("500", Retries),
            ("503", Retries),
            ("slow", Takes),
            ("stalled", Retries),
            ("cut", Retries),
            ("swallowed", Retries),
            ("no JSON", Retries),
            ("another shape", Retries),
            ("10 MB", Retries),
        ],
    );
}

#[test]
fn a_result_is_delivered_until_it_is_answered() {
    each(
        "result",
        &[
            ("404", Ends("refuses this agent: refused (404")),
            ("409", Ends("refused (409")),
            ("409 state", Ends("refuses this agent: refused (409")),
            ("410", Idles("refused (410")),
            ("413", Holds("refused (413")),
            ("422", Holds("refused (422")),
            ("429", Retries),
            ("500", Retries),
            ("503", Retries),
            ("slow", Takes),
            ("stalled", Retries),
            ("cut", Retries),
            ("swallowed", Retries),
            ("no JSON", Retries),
            ("another shape", Retries),
            ("10 MB", Retries),
        ],
    );
}

#[test]
fn log_lines_stop_no_run_whatever_they_are_answered() {
    each(
        "log",
        &[
            ("404", Retries),
            ("409", Retries),
            ("410", Retries),
            ("413", Retries),
            ("422", Retries),
            ("429", Retries),
            ("500", Retries),
            ("503", Retries),
            ("slow", Takes),
            ("stalled", Retries),
            ("cut", Retries),
            ("swallowed", Retries),
            ("no JSON", Retries),
            ("another shape", Retries),
            ("10 MB", Retries),
        ],
    );
}

#[test]
fn an_orchestrator_that_never_answers_well_is_given_up_with_its_last_answer() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let always = |call| Rule::always(call, Act::Answer(Answer::refusal(503, "unavailable")));
    for (call, status, words) in [
        ("hello", 0, "hello was not heard: refused (503"),
        ("claim", 3, "could not be claimed: refused (503"),
    ] {
        let between = Between::of(&orchestrator, vec![always(call)]);
        let run = orchestrator.run(call, &["--stage", STAGE]);
        let mut agent = Agent::at(&between.url, &between.pin, &run, HEALTHY, folder.path())
            .args(&["--tries", "2"])
            .start();
        if status == 0 {
            orchestrator.until_state(&run, "Completed");
            orchestrator.cli(&["run", "shutdown", &run.id]);
        }
        let (ended, log) = agent.wait();
        assert_eq!(
            (ended, between.seen(call).len()),
            (status, 2),
            "{call}: {log}"
        );
        assert!(log.contains(words), "{call}: {log}");
    }
}

#[test]
fn a_session_is_opened_anew_no_sooner_than_the_orchestrator_asks() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let expired = Act::Answer(Answer::refusal(401, "session_expired"));
    let rules = vec![
        Rule::first(1, "claim", Act::Change(|a| a)),
        Rule::first(2, "claim", Act::Answer(too_many())),
        Rule::first(3, "result", expired),
    ];
    let between = Between::of(&orchestrator, rules);
    let run = orchestrator.run("anew", &["--stage", STAGE]);
    let _agent = Agent::at(&between.url, &between.pin, &run, HEALTHY, folder.path()).start();
    let view = orchestrator.until_state(&run, "Completed");
    assert_eq!(view["epoch"], 1, "{view:#}");
    waits_as_it_is_asked_to(&between.seen("claim")[1..=3]);
}
