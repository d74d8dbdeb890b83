//! What each event does in each state.

use vetting_protocol::State;

use super::{
    Claimant, Event, Held, INVENTORY, MOST_RESUMES, Progress, Refused, StageProgress, Standing,
    Worth,
};

/// Where a run is after an event.
///
/// # Errors
///
/// Why the event cannot happen in this state. Nothing has changed then.
pub fn step(before: &Progress, event: &Event) -> Result<Progress, Refused> {
    let mut run = before.clone();
    match event {
        Event::Claimed(claimant) => claimed(&mut run, claimant)?,
        Event::Disputed { reason } => run.also_holds(reason),
        Event::Unfit { reason } => unfit(&mut run, reason)?,
        Event::Told => current(&mut run)?.begun = true,
        Event::RetryExpired => {
            let stage = current(&mut run)?;
            stage.standing = Standing::NotPassed;
            let retry = format!("the retry of {} (attempt {})", stage.name, stage.attempt);
            run.hold(format!("{retry} expired before the agent heard of it"));
        }
        Event::Result {
            stage,
            attempt,
            worth,
            reason,
        } => result(&mut run, stage, *attempt, *worth, reason)?,
        Event::SpecJudged {
            passed,
            reason,
            voided,
            told,
        } => {
            needs_state(&run, &State::SpecValidate, "a judged spec")?;
            for stage in run.stages.iter_mut().filter(|s| voided.contains(&s.name)) {
                if stage.standing == Standing::Passed {
                    stage.standing = Standing::Void;
                }
            }
            if *passed {
                run.walk_on(*told);
            } else {
                run.hold(reason.clone());
            }
        }
        Event::Reported => {
            needs_state(&run, &State::Reporting, "a stored report")?;
            run.state = State::Completed;
        }
        Event::Retry(target) => retry(&mut run, target)?,
        // A completed run stays what it is; its machine is powered off.
        Event::Shutdown { .. } if run.state == State::Completed => {}
        Event::Shutdown { by } => end(&mut run, State::Cancelled, &format!("shut down by {by}"))?,
        Event::Abort { reason } => end(&mut run, State::Aborted, reason)?,
    }
    Ok(run)
}

fn claimed(run: &mut Progress, claimant: &Claimant) -> Result<(), Refused> {
    if run.state.is_terminal() {
        return Err(Refused::Over(run.state.clone()));
    }
    let Ok(stage) = current(run) else {
        if let Claimant::Another { claims } = claimant {
            let reason = format!("the run was claimed again by its boot token ({claims})");
            if run.state == State::FailedHolding {
                run.also_holds(&reason);
            } else {
                run.hold(reason);
            }
        }
        return Ok(());
    };
    let begun = std::mem::replace(&mut stage.begun, true);
    let held_because = match claimant {
        Claimant::First => None,
        Claimant::Another { claims } if begun => Some(format!(
            "the host went down under {}, or another machine has the run's boot token ({claims})",
            stage.name
        )),
        Claimant::Another { claims } => Some(format!(
            "the run was claimed again by its boot token before {} began ({claims})",
            stage.name
        )),
        // No agent was asked to run it yet.
        Claimant::AgentRestarted if !begun => None,
        Claimant::AgentRestarted if stage.destructive => Some(format!(
            "the agent died under {}, which may write to disks and is not run again by itself",
            stage.name
        )),
        Claimant::AgentRestarted if stage.resumes >= MOST_RESUMES => Some(format!(
            "the agent died under {} {} times",
            stage.name,
            stage.resumes + 1
        )),
        Claimant::AgentRestarted => {
            stage.resumes += 1;
            None
        }
    };
    if let Some(reason) = held_because {
        stage.standing = Standing::NotPassed;
        run.hold(reason);
    }
    Ok(())
}

/// Holds the run before a stage that the image cannot run is given to its agent.
fn unfit(run: &mut Progress, reason: &str) -> Result<(), Refused> {
    if run.state.is_terminal() {
        return Err(Refused::Over(run.state.clone()));
    }
    if run.state == State::FailedHolding {
        let held = run.held.as_ref();
        if !held.is_some_and(|held| held.reason.contains(reason)) {
            run.also_holds(reason);
        }
        return Ok(());
    }
    if let Ok(stage) = current(run) {
        stage.standing = Standing::NotPassed;
    }
    run.hold(reason.to_owned());
    Ok(())
}

fn result(
    run: &mut Progress,
    name: &str,
    attempt: u32,
    worth: Worth,
    reason: &str,
) -> Result<(), Refused> {
    let late = run.interrupted.as_deref() == Some(name);
    if run.state.is_terminal() && !late {
        return Err(Refused::Over(run.state.clone()));
    }
    let awaited = late || run.state.stage() == Some(name);
    let at = run.place();
    let stage = run.stages.iter_mut().find(|stage| stage.name == name);
    let stage = stage.ok_or_else(|| Refused::NoStage(name.to_owned()))?;
    if !awaited || stage.attempt != attempt || stage.standing != Standing::Open {
        return Err(Refused::NotAwaited {
            stage: name.to_owned(),
            attempt,
            at,
        });
    }
    stage.standing = match worth {
        Worth::Passed => Standing::Passed,
        Worth::NotPassed | Worth::Cancelled => Standing::NotPassed,
    };
    if late {
        run.interrupted = None;
        return Ok(());
    }
    match worth {
        Worth::Passed if name == INVENTORY => run.state = State::SpecValidate,
        Worth::Passed => run.walk_on(true),
        Worth::NotPassed => run.hold(reason.to_owned()),
        Worth::Cancelled => {
            run.state = State::Cancelled;
            run.ended_because = Some(reason.to_owned());
        }
    }
    Ok(())
}

fn retry(run: &mut Progress, target: &State) -> Result<(), Refused> {
    if run.state.is_terminal() {
        return Err(Refused::Over(run.state.clone()));
    }
    if run.state != State::FailedHolding {
        return Err(Refused::NotNow {
            what: "a retry",
            needs: "holds",
            at: run.place(),
        });
    }
    run.state = match target {
        State::SpecValidate => State::SpecValidate,
        State::Stage(name) => {
            let stage = run.stages.iter_mut().find(|stage| stage.name == *name);
            let stage = stage.ok_or_else(|| Refused::NoStage(name.clone()))?;
            stage.enter(false)
        }
        other => return Err(Refused::NoStage(other.to_string())),
    };
    run.held = None;
    Ok(())
}

fn end(run: &mut Progress, state: State, reason: &str) -> Result<(), Refused> {
    // An abort of a completed run ends its agent; the run stays what it is.
    if run.state == State::Completed {
        return Ok(());
    }
    if run.state.is_terminal() {
        return Err(Refused::Over(run.state.clone()));
    }
    let because = match run.held.take() {
        Some(Held { reason: held, .. }) => format!("{reason}; it held because {held}"),
        None => reason.to_owned(),
    };
    run.interrupted = run.state.stage().map(str::to_owned);
    run.ended_because = Some(because);
    run.state = state;
    Ok(())
}

fn current(run: &mut Progress) -> Result<&mut StageProgress, Refused> {
    let at = run.place();
    let name = run.state.stage().map(str::to_owned);
    let stage = run
        .stages
        .iter_mut()
        .find(|stage| Some(&stage.name) == name.as_ref());
    stage.ok_or(Refused::NotNow {
        what: "this",
        needs: "is at a stage",
        at,
    })
}

fn needs_state(run: &Progress, state: &State, what: &'static str) -> Result<(), Refused> {
    if run.state == *state {
        return Ok(());
    }
    Err(Refused::NotNow {
        what,
        needs: "waits for it",
        at: run.place(),
    })
}
