//! A component that is not the claim's is never compiled, and the run holds and says why.

use std::path::Path;

use serde_json::Value;
use vetting_tests::between::{Act, Answer, Between, Manner, Rule};
use vetting_tests::fleet::{Agent, Orchestrator};

const STAGE: &str = "PSU";

/// Holds a run by what is done to a call, and lets it go on by what is not done to it any more.
fn refused(call: &'static str, change: fn(Answer) -> Answer, words: &str) -> Between {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cache = tempfile::tempdir().expect("a temporary folder");
    let between = Between::of(&orchestrator, vec![Rule::always(call, Act::Change(change))]);
    let run = orchestrator.run("refused", &["--stage", STAGE]);
    let machine = "sim:healthy-server";
    let agent = Agent::at(&between.url, &between.pin, &run, machine, folder.path())
        .args(&["--stall", "500ms"])
        .env("XDG_CACHE_HOME", cache.path())
        .start();

    let holds = |view: &Value| view["holds"].as_array().is_some_and(|all| !all.is_empty());
    let view = orchestrator.until(&run, "holding", holds);
    let reason = view["held"]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(words), "not `{words}`: {view:#}");
    assert_eq!(view["stages"][0]["verdict"], "inconclusive", "{view:#}");
    let ending = orchestrator.report(&run)["stages"][0]["ending"].clone();
    assert_eq!(ending["kind"], "refused", "{ending:#}");
    assert_eq!(
        compiled(cache.path()),
        Vec::<String>::new(),
        "{}",
        agent.log()
    );
    let components = folder.path().join("spool/components");
    let kept = std::fs::read_dir(&components).expect("the folder of components");
    assert_eq!(kept.count(), 0, "the refused component is kept");

    between.rule(Vec::new());
    orchestrator.cli(&["run", "retry", &run.id]);
    let view = orchestrator.until_state(&run, "Completed");
    assert_eq!(view["stages"][0]["attempt"], 2, "{view:#}");
    assert!(
        !compiled(cache.path()).is_empty(),
        "compiled somewhere else"
    );
    between
}

/// The files in a cache of code.
fn compiled(cache: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(cache.join("vetting/code"));
    let entries = entries.into_iter().flatten().filter_map(Result::ok);
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn size(claim: &mut Value, size: u64) {
    claim["stages"][0]["component"]["size"] = size.into();
}

#[test]
fn a_component_with_another_digest_is_not_compiled() {
    let flipped = |mut answer: Answer| {
        let last = answer.body.len() - 1;
        answer.body[last] ^= 1;
        answer
    };
    let between = refused("components", flipped, "is not the claim's component");
    assert!(between.seen("components").len() >= 2);
}

#[test]
fn a_component_that_is_longer_than_the_claim_says_is_not_compiled() {
    let longer = |mut answer: Answer| {
        answer.body.push(0);
        answer
    };
    refused("components", longer, "it is longer than");
}

#[test]
fn a_component_over_the_cap_is_not_even_fetched() {
    let between = refused(
        "claim",
        |answer| answer.edited(|claim| size(claim, (64 << 20) + 1)),
        "67108865 bytes; 67108864 are allowed",
    );
    // By the retry alone, whose order says the size as it is.
    assert_eq!(between.seen("components").len(), 1);
}

#[test]
fn a_component_whose_download_stalls_is_not_compiled() {
    let stalled = |answer: Answer| answer.coming(Manner::Stalled);
    refused("components", stalled, "nothing came for 0.5 s");
}
