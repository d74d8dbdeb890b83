//! The restart promise for longer than the tests take: an orchestrator is killed again and again while
//! agents are at work, and its database is asked what came of it.

use crate::{build, run, setup, test};

/// Runs the test of that promise with so many kills and agents; a seed takes the instants of an
/// earlier time again.
pub fn soak(kills: u32, agents: u32, seed: Option<u64>) -> anyhow::Result<()> {
    setup::programs(&setup::TOOLS)?;
    build::beside_tests(&["vetting", "vetting-orchestrator"], "restarts")?;
    build::stages()?;
    let mut test = test::tests();
    // The whole workspace's features, as `cargo xtask test` has them, so that nothing is built twice.
    test.args(["--workspace", "--test", "restarts"])
        .args(["--", "--nocapture"])
        .env("VETTING_KILLS", kills.to_string())
        .env("VETTING_AGENTS", agents.to_string());
    if let Some(seed) = seed {
        test.env("VETTING_SEED", seed.to_string());
    }
    run(&mut test)
}
