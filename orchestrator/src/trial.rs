//! An orchestrator to try things on: in a folder of its own, with hosts, runs and claims that need
//! no component and no agent.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::json;
use vetting_protocol::{
    Claim, ClaimAnswer, Comparison, ComponentRef, Ending, Heartbeat, Identity, Measurement,
    Severity, StageOrder, StageRecord, StageResult, State, Validator, Verdict,
};

use crate::lifecycle::Progress;
use crate::secret;
use crate::service::{Caller, Orchestrator, Order, ServiceError, Settings, Steered};
use crate::spec::Spec;
use crate::store::hosts::{self, Host};
use crate::store::operators::{self, Operator, Role, Roles};
use crate::store::runs::{self, Run};

/// The orchestrator and its folder.
pub(crate) struct Trial {
    pub us: Orchestrator,
    _folder: tempfile::TempDir,
}

/// A run that was made.
pub(crate) struct Made {
    pub id: String,
    pub boot_token: String,
}

impl Trial {
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let us = Orchestrator::open(folder.path(), settings).await;
        Trial {
            us: us.expect("a database"),
            _folder: folder,
        }
    }

    /// A run of a host of its own; each stage with whether it may write to disks.
    pub async fn run(&self, host: &str, stages: &[(&str, bool)]) -> Made {
        let boot_token = secret::token("vb");
        let now = crate::store::now();
        let host = Host {
            name: host.to_owned(),
            identity: Identity {
                mac: host.to_owned(),
                ..Identity::default()
            },
            spec: None,
            created: now.clone(),
        };
        let pipeline = stages
            .iter()
            .map(|(name, writes)| ((*name).to_owned(), *writes));
        let run = Run {
            id: secret::id(),
            host: host.name.clone(),
            progress: Progress::new(pipeline).expect("stages"),
            orders: stages.iter().map(|(name, _)| order(name)).collect(),
            non_destructive: false,
            boot_token_hash: secret::hash(&boot_token),
            epoch: 0,
            claim: None,
            iperf_port: None,
            iperf_reason: None,
            spec_digest: None,
            dropped: crate::store::journal::Dropped::default(),
            verdict: None,
            created: now.clone(),
            created_by: "a test".to_owned(),
            changed: now,
            last_heard: None,
            last_words: None,
            lost_since: None,
        };
        let mut tx = self.us.store.write().await.expect("a transaction");
        hosts::put(&mut tx, &host).await.expect("a host");
        runs::insert(&mut tx, &run).await.expect("a run");
        tx.commit().await.expect("stored");
        Made {
            id: run.id,
            boot_token,
        }
    }

    /// A run, claimed by its first agent.
    pub async fn claimed(&self, host: &str, stages: &[(&str, bool)]) -> (Made, Caller) {
        let (run, session) = self.with_session(host, stages).await;
        let caller = self.caller(&run, &session).await;
        (run, caller.expect("a session"))
    }

    pub async fn claim(
        &self,
        run: &Made,
        host: &str,
        boot: &str,
        instance: &str,
    ) -> Result<ClaimAnswer, ServiceError> {
        let claim = claim_of(host, boot, instance);
        self.claim_with(run, &run.boot_token, claim).await
    }

    /// An agent of a host that restarted in the same boot, and has the session of the one before.
    pub async fn restarted(
        &self,
        run: &Made,
        (host, session): (&str, &str),
        instance: &str,
    ) -> Result<ClaimAnswer, ServiceError> {
        self.claim_with(run, session, claim_of(host, "boot", instance))
            .await
    }

    /// A run, claimed by its first agent, with the session's token.
    pub async fn with_session(&self, host: &str, stages: &[(&str, bool)]) -> (Made, String) {
        let run = self.run(host, stages).await;
        let claimed = self.claim(&run, host, "boot", "first").await;
        let session = claimed.expect("claimed").session_token;
        (run, session)
    }

    /// The same with another token.
    pub async fn claim_with(
        &self,
        run: &Made,
        token: &str,
        claim: Claim,
    ) -> Result<ClaimAnswer, ServiceError> {
        let from = Ipv4Addr::LOCALHOST.into();
        self.us.claim(&run.id, Some(token), from, claim).await
    }

    pub async fn caller(&self, run: &Made, session: &str) -> Result<Caller, ServiceError> {
        let from = Ipv4Addr::LOCALHOST.into();
        self.us.agent(&run.id, Some(session), from).await
    }

    /// A result of an attempt; where the run is then.
    pub async fn result(
        &self,
        caller: &Caller,
        stage: &str,
        attempt: u32,
        verdict: Verdict,
    ) -> Result<State, ServiceError> {
        self.told(caller, stage, attempt, verdict, None).await
    }

    /// The same with an inventory.
    pub async fn told(
        &self,
        caller: &Caller,
        stage: &str,
        attempt: u32,
        verdict: Verdict,
        inventory: Option<serde_json::Value>,
    ) -> Result<State, ServiceError> {
        let mut result = result(caller, stage, attempt, verdict);
        result.inventory = inventory;
        Ok(self.us.result(caller, result).await?.next_state)
    }

    /// From now on a host is expected to be so.
    pub async fn expect(&self, host: &str, spec: Spec) {
        let mut tx = self.us.store.write().await.expect("a transaction");
        let found = hosts::get(&mut tx, host).await.expect("the database");
        let mut host = found.expect("the host");
        host.spec = Some(spec);
        hosts::put(&mut tx, &host).await.expect("stored");
        tx.commit().await.expect("stored");
    }

    /// What an operator wants.
    pub async fn steer(
        &self,
        run: &Made,
        order: serde_json::Value,
    ) -> Result<Steered, ServiceError> {
        let order: Order = serde_json::from_value(order).expect("an order");
        self.us
            .steer(&self.operator().await.0, &run.id, &order)
            .await
    }

    /// An operator who may do everything, and the token.
    pub async fn operator(&self) -> (Operator, String) {
        let operator = Operator {
            name: "ann".to_owned(),
            roles: Roles::new([Role::Admin]),
            ssh_key: None,
            hosts: Vec::new(),
            created: crate::store::now(),
        };
        let token = secret::token("vo");
        let mut tx = self.us.store.write().await.expect("a transaction");
        let put = operators::put(&mut tx, &operator, &secret::hash(&token)).await;
        put.expect("an operator");
        tx.commit().await.expect("stored");
        (operator, token)
    }

    /// A run as it is stored.
    pub async fn stored(&self, run: &Made) -> Run {
        let mut db = self.us.store.read().await.expect("a connection");
        let run = runs::get(&mut db, &run.id).await.expect("the database");
        run.expect("the run")
    }
}

/// A result as an agent gives it.
pub(crate) fn result(caller: &Caller, stage: &str, attempt: u32, verdict: Verdict) -> StageResult {
    let record = StageRecord {
        verdict: Some(verdict),
        message: "a test".to_owned(),
        ending: Ending::Outcome,
        digest: Some(order(stage).component.sha256),
        measurements: vec![met()],
        ..StageRecord::not_run(stage, attempt)
    };
    StageResult {
        epoch: caller.epoch,
        passed: record.passed(),
        inventory: None,
        record,
    }
}

/// What earns a pass: a measurement that meets its rule.
fn met() -> Measurement {
    let number = vetting_protocol::Value::Number;
    Measurement {
        name: "wear".to_owned(),
        value: number(5.0),
        unit: None,
        part: None,
        validators: vec![Validator {
            name: "wear_fail".to_owned(),
            comparison: Comparison::LessThanOrEqual,
            expected: vec![number(100.0)],
            severity: Severity::Fail,
            source: "a test".to_owned(),
            met: Some(true),
        }],
    }
}

/// A claim of a host, as an agent in that boot makes it.
pub(crate) fn claim_of(host: &str, boot: &str, instance: &str) -> Claim {
    Claim {
        identity: Identity {
            mac: host.to_owned(),
            ..Identity::default()
        },
        boot_id: boot.to_owned(),
        instance: instance.to_owned(),
        version: "0".to_owned(),
        machine: "a test".to_owned(),
        address: None,
        offers: None,
    }
}

/// A heartbeat that is answered at once.
pub(crate) fn beat(caller: &Caller) -> Heartbeat {
    let beat = json!({ "epoch": caller.epoch, "state": "x" });
    serde_json::from_value(beat).expect("a heartbeat")
}

fn order(stage: &str) -> StageOrder {
    StageOrder {
        stage: stage.to_owned(),
        state: State::Stage(stage.to_owned()),
        component: ComponentRef {
            sha256: "ab".repeat(32),
            size: 1,
            signature: None,
        },
        grants: None,
        parameters: BTreeMap::new(),
        timeout_seconds: None,
        iperf_port: None,
    }
}
