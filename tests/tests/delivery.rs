//! A result is delivered once, however often it is sent, and whatever overtakes its answer.

use serde_json::json;
use vetting_tests::between::{Act, Answer, Between, Manner, Rule};
use vetting_tests::eventually;
use vetting_tests::fleet::{Agent, Orchestrator};

#[test]
fn a_result_whose_answer_is_lost_is_recognised_and_answered_the_same() {
    const STAGES: [&str; 3] = ["Inventory", "CPUStress", "PSU"];
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Of every stage's result the first answer is lost, after it was stored.
    let lost = || Rule::first(1, "result", Act::Change(|a| a.coming(Manner::Swallowed)));
    let heard = || Rule::first(1, "result", Act::Change(|a| a));
    let rules = [lost(), heard(), lost(), heard(), lost(), heard()];
    let between = Between::of(&orchestrator, rules.to_vec());
    let flags = STAGES.map(|stage| ["--stage", stage]).concat();
    let run = orchestrator.run("lost", &flags);
    let machine = "sim:healthy-server";
    let _agent = Agent::at(&between.url, &between.pin, &run, machine, folder.path()).start();
    let view = orchestrator.until_state(&run, "Completed");

    let heard_all = || between.seen("result").len() == 2 * STAGES.len();
    assert!(
        eventually(|| heard_all().then_some(())).is_some(),
        "not sent again"
    );
    let results = between.seen("result");
    let real = |n: usize| results[n].real.as_ref().expect("handed on").json();
    for (n, stage) in STAGES.iter().enumerate() {
        let (first, mut again) = (real(2 * n), real(2 * n + 1));
        assert_eq!(first["repeated"], false, "{stage}: {first:#}");
        assert_eq!(again["repeated"], true, "{stage}: {again:#}");
        again["repeated"] = json!(false);
        assert_eq!(first, again, "{stage}: answered otherwise");
    }
    let of_stages = view["transitions"].as_array().expect("transitions");
    let of_stages = of_stages.iter().filter_map(|t| t["cause"].as_str());
    let of_stages: Vec<_> = of_stages
        .filter(|cause| cause.starts_with("result "))
        .collect();
    assert_eq!(of_stages.len(), STAGES.len(), "{of_stages:?}");
    let report = orchestrator.report(&run);
    let stored = report["stages"].as_array().expect("stages").iter();
    let stored: Vec<_> = stored
        .filter(|s| s["stage"] != "SpecValidate")
        .map(|s| (s["stage"].clone(), s["attempt"].clone()))
        .collect();
    assert_eq!(
        stored,
        STAGES.map(|stage| (json!(stage), json!(1))),
        "{report:#}"
    );
}

#[test]
fn a_retry_that_overtakes_the_answer_to_the_result_is_done() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    // The result is stored, and its answer is long in coming.
    let lost = Rule::first(1, "result", Act::Change(|a| a.coming(Manner::Swallowed)));
    let away = Act::Answer(Answer::refusal(503, "unavailable"));
    let rules = vec![lost, Rule::always("result", away)];
    let between = Between::of(&orchestrator, rules);
    let run = orchestrator.run("overtaken", &["--stage", "PSU"]);
    let machine = "sim:psu-lost";
    let agent = Agent::at(&between.url, &between.pin, &run, machine, folder.path()).start();
    orchestrator.until_state(&run, "FailedHolding");
    orchestrator.cli(&["run", "retry", &run.id]);
    orchestrator.until(&run, "told to retry", |view| {
        view["directives"][0]["status"] != "sent"
    });
    between.rule(Vec::new());
    let again = |view: &serde_json::Value| {
        let stage = &view["stages"][0];
        stage["attempt"] == 2 && !stage["verdict"].is_null() && view["state"] == "FailedHolding"
    };
    orchestrator.until(&run, "tried again", again);
    drop(agent);
}
