//! What must hold whatever happens, in whatever order.

use proptest::prelude::*;
use vetting_protocol::State;

use super::*;

const STAGES: [&str; 4] = ["Inventory", "SMART", "Storage", "PSU"];

fn run() -> Progress {
    let stages = STAGES.map(|name| (name.to_owned(), name == "Storage"));
    Progress::new(stages).expect("a run")
}

fn result(run: &Progress, worth: Worth) -> Event {
    Event::Result {
        stage: run.current().map_or("none", |s| s.name.as_str()).to_owned(),
        attempt: run.attempt(),
        worth,
        reason: "because".to_owned(),
    }
}

fn judged(passed: bool, voided: &[&str]) -> Event {
    Event::SpecJudged {
        passed,
        reason: "spec".to_owned(),
        told: true,
        voided: voided.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn another() -> Claimant {
    Claimant::Another {
        claims: "claim 1; claim 2".to_owned(),
    }
}

fn abort() -> Event {
    Event::Abort {
        reason: "given up".to_owned(),
    }
}

fn shutdown() -> Event {
    Event::Shutdown {
        by: "ann".to_owned(),
    }
}

/// Any event, among them results of attempts that nobody waits for.
fn events() -> impl Strategy<Value = Event> {
    let worth = prop_oneof![
        4 => Just(Worth::Passed),
        2 => Just(Worth::NotPassed),
        1 => Just(Worth::Cancelled),
    ];
    let stage = prop::sample::select(&STAGES[..]);
    let target = prop_oneof![
        stage.clone().prop_map(|name| State::Stage(name.to_owned())),
        Just(State::SpecValidate),
    ];
    prop_oneof![
        8 => (stage, 1_u32..4, worth).prop_map(|(stage, attempt, worth)| Event::Result {
            stage: stage.to_owned(),
            attempt,
            worth,
            reason: "because".to_owned(),
        }),
        3 => any::<bool>().prop_map(|passed| judged(passed, &["SMART"])),
        2 => Just(Event::Reported),
        3 => target.prop_map(Event::Retry),
        2 => Just(Event::Told),
        1 => Just(Event::RetryExpired),
        2 => prop::sample::select(vec![
            Claimant::First,
            Claimant::AgentRestarted,
            another(),
        ])
        .prop_map(Event::Claimed),
        1 => Just(Event::Unfit { reason: "the image lacks it".to_owned() }),
        1 => Just(Event::Disputed { reason: "two machines".to_owned() }),
        1 => Just(shutdown()),
        1 => Just(abort()),
    ]
}

proptest! {
    #[test]
    fn nothing_is_entered_twice_without_a_retry_and_nothing_advances_without_a_result(
        events in prop::collection::vec(events(), 1..60)
    ) {
        let mut run = run();
        let mut retries = 0_u32;
        for event in events {
            let Ok(after) = step(&run, &event) else { continue };
            retries += u32::from(matches!(event, Event::Retry(_)));
            if matches!(event, Event::Claimed(Claimant::Another { .. }) | Event::Unfit { .. }) {
                prop_assert_eq!(&after.state, &State::FailedHolding);
            }
            for (old, new) in run.stages.iter().zip(&after.stages) {
                prop_assert!(new.attempt >= old.attempt && new.attempt <= old.attempt + 1);
                prop_assert!(new.attempt <= 1 + retries, "{} entered {} times", new.name, new.attempt);
                prop_assert!(new.resumes <= MOST_RESUMES);
                // Only a result of that very attempt makes a stage pass.
                if new.standing == Standing::Passed && old.standing != Standing::Passed {
                    let by_result = matches!(&event, Event::Result { stage, attempt, worth: Worth::Passed, .. }
                        if *stage == new.name && *attempt == new.attempt);
                    prop_assert!(by_result, "{} passed by {event:?}", new.name);
                }
            }
            if run.state.is_terminal() {
                prop_assert_eq!(&after.state, &run.state);
            }
            if after.state == State::Completed && run.state != State::Completed {
                prop_assert!(after.stages.iter().all(|s| s.standing == Standing::Passed));
            }
            prop_assert_eq!(after.state == State::FailedHolding, after.held.is_some());
            run = after;
        }
        // No state without a way out.
        if !run.state.is_terminal() {
            let out = step(&run, &abort()).expect("a run that is not over can be given up");
            prop_assert_eq!(out.state, State::Aborted);
        }
    }
}

#[test]
fn a_run_that_passes_is_completed_and_every_end_is_reached() {
    let mut run = run();
    while !run.state.is_terminal() {
        let event = match run.state {
            State::Stage(_) => result(&run, Worth::Passed),
            State::SpecValidate => judged(true, &[]),
            _ => Event::Reported,
        };
        run = step(&run, &event).expect("it goes on");
    }
    assert_eq!(run.state, State::Completed);
    let fresh = self::run();
    let cancelled = step(&fresh, &result(&fresh, Worth::Cancelled)).expect("cancelled");
    assert_eq!(cancelled.state, State::Cancelled);
    assert_eq!(
        step(&fresh, &shutdown()).expect("off").state,
        State::Cancelled
    );
    assert_eq!(
        step(&fresh, &abort()).expect("given up").state,
        State::Aborted
    );
    assert_eq!(
        step(&run, &shutdown()).expect("off").state,
        State::Completed
    );
}

#[test]
fn a_crash_is_resumed_twice_and_a_reboot_holds() {
    let claimed = |run: &Progress, claimant| step(run, &Event::Claimed(claimant)).expect("claimed");
    let first = claimed(&run(), Claimant::First);
    let once = claimed(&first, Claimant::AgentRestarted);
    let twice = claimed(&once, Claimant::AgentRestarted);
    assert_eq!(
        (twice.state.clone(), twice.attempt()),
        (first.state.clone(), 1)
    );
    let thrice = claimed(&twice, Claimant::AgentRestarted);
    assert_eq!(thrice.state, State::FailedHolding);
    let down = claimed(&first, another());
    let reason = down.held.clone().expect("held").reason;
    assert!(reason.contains("went down under Inventory"), "{reason}");
    let mut again = down.clone();
    for _ in 0..100 {
        again = claimed(&again, another());
    }
    let held = again.held.expect("held");
    assert!(held.reason.contains("claimed again"), "{}", held.reason);
    assert!(held.reason.ends_with(&reason), "{}", held.reason);
    assert!(held.reason.len() < 3 * reason.len(), "{}", held.reason);
    assert_eq!(held.at, down.held.expect("held").at);
}

#[test]
fn what_was_never_begun_is_no_crash_and_what_may_write_is_never_resumed() {
    let mut run = step(&run(), &Event::Claimed(Claimant::First)).expect("claimed");
    run = step(&run, &result(&run, Worth::NotPassed)).expect("held");
    run = step(&run, &Event::Retry(State::Stage("Storage".to_owned()))).expect("retried");
    // The agent restarted while the run held: it had not heard of the retry yet.
    let restarted = step(&run, &Event::Claimed(Claimant::AgentRestarted)).expect("claimed");
    assert_eq!(restarted.place(), "Storage attempt 1");
    let crashed = step(&restarted, &Event::Claimed(Claimant::AgentRestarted)).expect("claimed");
    assert_eq!(crashed.state, State::FailedHolding);
    // Another boot was never meant by that retry.
    run = step(&run, &Event::Claimed(another())).expect("claimed");
    assert_eq!(run.state, State::FailedHolding);
    let held = run.held.expect("held");
    assert_eq!(held.at, State::Stage("Storage".to_owned()));
}

#[test]
fn a_retry_that_no_agent_hears_of_holds_again_and_one_that_was_told_is_at_work() {
    let mut run = step(&run(), &Event::Claimed(Claimant::First)).expect("claimed");
    run = step(&run, &result(&run, Worth::NotPassed)).expect("held");
    let retried = step(&run, &Event::Retry(State::Stage("Storage".to_owned()))).expect("retried");
    let expired = step(&retried, &Event::RetryExpired).expect("it holds again");
    assert_eq!(expired.state, State::FailedHolding);
    let held = expired.held.clone().expect("held");
    assert_eq!(held.at, State::Stage("Storage".to_owned()));
    let again = step(&expired, &Event::Retry(held.at)).expect("retried");
    assert_eq!(again.place(), "Storage attempt 2");
    // An agent that was told may have written to a disk before it could say so.
    let told = step(&retried, &Event::Told).expect("told");
    let crashed = step(&told, &Event::Claimed(Claimant::AgentRestarted)).expect("claimed");
    assert_eq!(crashed.state, State::FailedHolding);
}

#[test]
fn a_changed_part_voids_what_judged_it() {
    let mut run = run();
    run = step(&run, &result(&run, Worth::Passed)).expect("inventory");
    run = step(&run, &judged(true, &[])).expect("as expected");
    run = step(&run, &result(&run, Worth::Passed)).expect("SMART");
    run = step(&run, &result(&run, Worth::NotPassed)).expect("Storage fails");
    run = step(&run, &Event::Retry(State::Stage("Inventory".to_owned()))).expect("retried");
    run = step(&run, &result(&run, Worth::Passed)).expect("inventory again");
    run = step(&run, &judged(true, &["SMART"])).expect("a disk was swapped");
    assert_eq!(run.place(), "SMART attempt 2");
}
