//! An orchestrator to try things on: in a folder of its own, with hosts, runs and claims that need
//! no component and no agent.

use std::collections::BTreeMap;

use vetting_protocol::{Claim, ClaimAnswer, ComponentRef, Identity, StageOrder, State};

use crate::lifecycle::Progress;
use crate::secret;
use crate::service::{Orchestrator, ServiceError, Settings};
use crate::store::hosts::{self, Host};
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

    pub async fn claim(
        &self,
        run: &Made,
        host: &str,
        boot: &str,
        instance: &str,
    ) -> Result<ClaimAnswer, ServiceError> {
        let claim = Claim {
            identity: Identity {
                mac: host.to_owned(),
                ..Identity::default()
            },
            boot_id: boot.to_owned(),
            instance: instance.to_owned(),
            version: "0".to_owned(),
            machine: "a test".to_owned(),
            address: None,
        };
        self.us.claim(&run.id, Some(&run.boot_token), claim).await
    }
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
    }
}
