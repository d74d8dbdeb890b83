//! Days of trouble: an orchestrator and fifty simulated agents while everything goes wrong.

use crate::{build, run, setup, test};

/// Runs the test of it in full: so many fresh seeds, or the order of an earlier one again.
pub fn trouble(seeds: u32, seed: Option<u64>) -> anyhow::Result<()> {
    setup::programs(&setup::TOOLS)?;
    setup::programs(&[setup::FAKETIME])?;
    build::beside_tests(&["vetting", "vetting-orchestrator"], "trouble")?;
    build::stages()?;
    let mut test = test::tests();
    test.args(["--workspace", "--test", "trouble"])
        .env("VETTING_TROUBLE_FULL", "1")
        .env("VETTING_TROUBLE_SEEDS", seeds.to_string());
    if let Some(seed) = seed {
        test.env("VETTING_TROUBLE_SEED", seed.to_string());
    }
    run(&mut test)
}
