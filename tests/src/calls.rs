//! Single calls of an orchestrator, as an agent makes them.

use std::time::Duration;

use serde_json::{Value, json};
use vetting_transport::{Call, CallError, Client, Secret};

use crate::fleet::{Orchestrator, Run};

/// One call as an agent makes it.
pub fn call(
    orchestrator: &Orchestrator,
    path: &str,
    token: &str,
    body: &Value,
) -> Result<Value, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let pin = orchestrator.pin.parse().expect("a pin");
    let client = Client::new(&orchestrator.url, &[pin]).expect("a client");
    let call = Call {
        path,
        token: Some(&Secret::new(token)),
        timeout: Duration::from_secs(20),
    };
    runtime
        .expect("a runtime")
        .block_on(client.post(call, body))
}

/// A claim of a run, as an agent in that boot on that system makes it.
pub fn claim(
    orchestrator: &Orchestrator,
    run: &Run,
    boot: &str,
    uuid: &str,
) -> Result<Value, CallError> {
    let body = json!({
        "identity": { "mac": run.mac, "system_uuid": uuid }, "boot_id": boot,
        "instance": format!("{boot}-{uuid}-{}", std::process::id()), "version": "0", "machine": "a test",
    });
    call(
        orchestrator,
        &format!("/api/v1/runs/{}/claim", run.id),
        &run.token,
        &body,
    )
}
