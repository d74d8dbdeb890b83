//! What was recorded is answered again, in the same order and at the same times.

use std::time::Duration;

use futures::FutureExt as _;
use proptest::prelude::*;
use vetting_machine::contract::types::Error;
use vetting_machine::fault::{Fault, Faults};
use vetting_machine::recorded::{Header, Recorder, Recording, ReplayMachine};
use vetting_machine::{Attempt, Halt, Machine as _, Reason, Request, Session};

use crate::driver::{STAGE, ask, attempt, machine, record, recorder, replay, requests};

async fn halt(session: &dyn Session) -> String {
    match session.halted().await {
        Halt::Diverged { exchange, reason } => format!("{exchange}: {reason}"),
        Halt::Interrupted => "interrupted".to_owned(),
    }
}

fn faults(text: &str) -> Faults {
    Faults::new(vec![text.parse::<Fault>().expect("a fault")])
}

#[tokio::test]
async fn the_same_questions_get_the_same_answers_at_the_same_times() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    let then = record(&path, &requests()).await;
    let session = replay(&path, Faults::default()).await;
    assert_eq!(ask(&*session, &requests()).await, then);
    assert_eq!(session.end().await, Vec::<String>::new());
    assert!(session.halted().now_or_never().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_questions_are_repeated(asked in proptest::collection::vec(proptest::sample::select(requests()), 0..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("r");
            let then = record(&path, &asked).await;
            let session = replay(&path, Faults::default()).await;
            prop_assert_eq!(ask(&*session, &asked).await, then);
            prop_assert_eq!(session.end().await, Vec::<String>::new());
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn another_question_is_told_with_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    record(&path, &[Request::Hwmon, Request::Disks]).await;
    let session = replay(&path, Faults::default()).await;
    session.call(Request::Hwmon).await.expect("an answer");
    assert!(session.call(Request::QueriesList).now_or_never().is_none());
    insta::assert_snapshot!(halt(&*session).await, @"2: exchange 2 asks `queries.list` now, and asked `disks.list` when it was recorded");
    // Nothing is answered any more, and what was not asked for is not told beside the divergence.
    assert!(session.call(Request::Disks).now_or_never().is_none());
    assert_eq!(session.end().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_question_beyond_the_end_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    record(&path, &[Request::Hwmon]).await;
    let session = replay(&path, Faults::default()).await;
    session.call(Request::Hwmon).await.expect("an answer");
    assert!(session.call(Request::Hwmon).now_or_never().is_none());
    insta::assert_snapshot!(halt(&*session).await, @"2: exchange 2 asks `hwmon.read` now, and the attempt that was recorded had ended by then (pass)");
}

#[tokio::test]
async fn what_was_not_asked_for_is_told_and_handing_back_is_no_divergence() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    record(&path, &requests()).await;
    let session = replay(&path, Faults::default()).await;
    let mut asked = requests();
    asked.retain(|request| !matches!(request, Request::KernelLogClose { .. } | Request::Monotonic));
    ask(&*session, &asked).await;
    session
        .call(Request::KernelLogClose { watch: 1 })
        .await
        .expect("given back");
    insta::assert_snapshot!(session.end().await.join("\n"), @"the recording goes on: 1 exchanges were not asked for, the next of them exchange 13, `clock.monotonic`");
}

#[tokio::test]
async fn a_fault_is_answered_in_an_exchanges_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    let asked = [Request::Hwmon, Request::Hwmon, Request::Disks];
    let then = record(&path, &asked).await;
    for (fault, struck) in [
        ("call 2 = timed-out", [false, true, false]),
        ("hwmon.read#2 = timed-out", [false, true, false]),
        ("call 2..3 = timed-out", [false, true, true]),
        ("SMART: hwmon.read = timed-out", [true, true, false]),
        ("PSU: hwmon.read = timed-out", [false, false, false]),
    ] {
        let session = replay(&path, faults(fault)).await;
        let now = ask(&*session, &asked).await;
        for ((now, then), struck) in now.iter().zip(&then).zip(struck) {
            match struck {
                true => assert_eq!(now.0, Err(Error::TimedOut), "{fault}"),
                false => assert_eq!(now, then, "{fault}"),
            }
        }
    }
}

#[tokio::test]
async fn a_cancellation_counts_from_the_exchange_it_came_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    let (recorder, cancelled) = (recorder(&path, false), attempt());
    let cancel = cancelled.cancel.clone();
    let session = recorder.machine(machine()).begin(cancelled).await;
    let session = session.expect("a session");
    session.call(Request::Hwmon).await.expect("an answer");
    cancel.cancel(Reason::Person("SIGINT".to_owned()));
    assert_eq!(session.call(Request::Disks).await, Err(Error::Cancelled));
    session.end().await;
    recorder.close(cancel.reason().cloned()).expect("closed");

    let recording = Recording::open(&path).expect("a recording");
    assert_eq!(recording.cancelled(), cancel.reason());
    let machine = ReplayMachine::new(recording, Default::default());
    for (asked, is_cancelled) in [(&[Request::Hwmon, Request::Disks][..], true), (&[], false)] {
        let again = attempt();
        let cancel = again.cancel.clone();
        let session = machine.begin(again).await.expect("a session");
        ask(&*session, asked).await;
        session.end().await;
        assert_eq!(cancel.is_cancelled(), is_cancelled, "{asked:?}");
    }
}

#[tokio::test]
async fn a_run_that_was_killed_is_repeated_to_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    // On a machine of real time each line is in the file at once.
    let header = Header {
        virtual_time: false,
        ..Header::of(&*machine(), "0.1.0", "vetting:stage@0.2.0", 7)
    };
    let recorder = Recorder::create(&path, header, false).expect("a recording");
    let session = recorder.machine(machine()).begin(attempt()).await;
    let session = session.expect("a session");
    let then = ask(&*session, &[Request::Hwmon, Request::Disks]).await;
    // Nothing of it is ended or closed.
    drop((session, recorder));
    let recording = Recording::open(&path).expect("a recording");
    insta::assert_snapshot!(recording.cut_short().expect("it is"), @"the recording is cut short after exchange 2 of SMART, `disks.list`");
    let session = replay(&path, Faults::default()).await;
    let now = ask(&*session, &[Request::Hwmon, Request::Disks]).await;
    // The time beside the last answer was never written.
    assert_eq!(now[0], then[0]);
    assert_eq!(now[1].0, then[1].0);
    assert!(session.call(Request::Hwmon).now_or_never().is_none());
    insta::assert_snapshot!(halt(&*session).await, @"3: exchange 3 asks `hwmon.read` now, and the recording ends before it");
}

#[tokio::test]
async fn a_look_is_answered_from_anywhere_in_the_recording() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    let then = record(&path, &[Request::Hwmon, Request::Disks]).await;
    let recording = Recording::open(&path).expect("a recording");
    assert_eq!(recording.stages(), [STAGE]);
    let machine = ReplayMachine::new(recording, Default::default());
    let look = machine.begin(Attempt::beside("show")).await;
    let look = look.expect("a session");
    assert_eq!(look.call(Request::Disks).await, then[1].0);
    let missing = look.call(Request::QueriesList).await.expect_err("not asked");
    insta::assert_snapshot!(missing, @"an answer to `queries.list` in the recording is not available (no stage asked for it while it was recorded)");
    assert_eq!(look.elapsed(), Duration::ZERO);
}
