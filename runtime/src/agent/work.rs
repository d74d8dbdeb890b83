//! One attempt, as an orchestrator ordered it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use vetting_machine::contract::context::{ExpectedDisk, NetworkPeer};
use vetting_machine::wipe::{MOST_BYTES, TRANSPORT};
use vetting_machine::{Cancel, MachineError, Mandate, WipeOverride};
use vetting_protocol::{ClaimAnswer, Ending, Level, StageOrder, StageRecord, State, Verdict};

use super::Agent;
use super::beat::Status;
use super::forward::{Journal, StageTap};
use super::identity;
use crate::engine::{Charge, LoadedStage, Notebook, Order, allowances, scratch_folder};

/// What the claim says of every attempt, and the order of this one.
pub(super) fn charge(
    claimed: &ClaimAnswer,
    order: &StageOrder,
    url: &str,
    wipe_override: Option<WipeOverride>,
) -> Charge {
    let disk = |disk: &vetting_protocol::ExpectedDisk| ExpectedDisk {
        serial: disk.serial.clone(),
        // Gigabytes to bytes: positive, and far below what a u64 holds. Rounded, since a whole number of
        // bytes is what was divided.
        size_bytes: (disk.size_gb * 1e9).round() as u64,
        wwn: disk.wwn.clone(),
        extra: {
            let transport = disk.transport.clone();
            let transport = transport.map(|how| (TRANSPORT.to_owned(), how));
            let most = disk.most_gb.map(|gb| (gb * 1e9).round() as u64);
            let most = most.map(|most| (MOST_BYTES.to_owned(), most.to_string()));
            transport.into_iter().chain(most).collect()
        },
    };
    Charge {
        peer: order.iperf_port.and_then(|port| peer(url, port)),
        mandate: Mandate {
            non_destructive: claimed.non_destructive,
            expected_disks: claimed.expected_disks.iter().map(disk).collect(),
            wipe_override,
        },
    }
}

/// The orchestrator's host is the other end of the network test.
fn peer(url: &str, port: u16) -> Option<NetworkPeer> {
    let (host, _) = identity::authority(url)?;
    let address = host.parse::<std::net::IpAddr>();
    Some(NetworkPeer {
        loopback: host == "localhost" || address.is_ok_and(|address| address.is_loopback()),
        host,
        port,
    })
}

/// Runs it to its end.
pub(super) async fn attempt(
    agent: &Agent,
    journal: &Arc<Journal>,
    status: &Status,
    order: &StageOrder,
    stage: LoadedStage,
    (number, cancel, charge): (u32, Cancel, Charge),
) -> Result<StageRecord, MachineError> {
    let manifest = &stage.contents.manifest;
    let mut given = agent.machine.parameters(&order.stage);
    given.extend(order.parameters.clone());
    let parameters = match vetting_component::parameters(manifest, &given) {
        Ok(parameters) => Value::Object(parameters),
        Err(error) => return Ok(refused(order, number, &error.to_string())),
    };
    let seconds = order.timeout_seconds.unwrap_or(manifest.timeout_seconds);
    let deadline = match vetting_component::deadline(Duration::from_secs(seconds)) {
        Ok(deadline) => deadline,
        Err(error) => return Ok(refused(order, number, &error.to_string())),
    };
    let tap = StageTap {
        journal: Arc::clone(journal),
        stage: order.stage.clone(),
    };
    let limits = agent.settings.limits.clone();
    let notebook = Arc::new(Notebook::tapped(limits.clone(), Arc::new(tap)));
    let work = (order.stage.clone(), number, Arc::clone(&notebook));
    status.is(&State::Stage(order.stage.clone()), Some(work));
    let scratch = scratch_folder(&agent.settings.scratch)?;
    let (cpu_allowance, memory_allowance_bytes) = allowances(&*agent.machine);
    let policy = &agent.settings.policy;
    let withheld = policy.withheld(manifest, order.grants.as_deref());
    let reads = policy.read_rules(&manifest.name);
    if let Some(withheld) = policy.withheld_reads(manifest) {
        journal.say(Level::Info, &withheld);
    }
    let order = Order {
        parameters,
        deadline,
        grace: agent.settings.grace,
        seed: agent.settings.seed,
        limits,
        withheld,
        reads,
        cancel,
        notebook,
        scratch: scratch.path().to_owned(),
        cpu_allowance,
        memory_allowance_bytes,
        attempt: number,
        charge,
        stage,
    };
    let attempted = agent.engine.attempt(&*agent.machine, order).await?;
    if let Some(recorder) = &agent.recorder {
        recorder.verdict(crate::recording::verdict(&attempted.record));
    }
    for leftover in &attempted.leftovers {
        journal.say(Level::Warn, leftover);
    }
    if let Err(error) = scratch.close() {
        let text = format!("the scratch folder could not be removed: {error}");
        journal.say(Level::Warn, &text);
    }
    Ok(attempted.record)
}

/// The record of a stage that was not run: its component is not what the claim says, does not
/// compile, or does not take its parameters.
pub(super) fn refused(order: &StageOrder, number: u32, reason: &str) -> StageRecord {
    StageRecord {
        digest: Some(order.component.sha256.clone()),
        verdict: Some(Verdict::Inconclusive),
        message: format!("the stage was not run: {reason}"),
        ending: Ending::Refused {
            reason: reason.to_owned(),
        },
        ..StageRecord::not_run(&order.stage, number)
    }
}
