//! Everything that CI runs.

use std::process::Command;

use crate::{build, cargo, run, setup, target, tidy};

/// Sets up, builds, checks and tests, in one profile, so that nothing is built twice.
pub fn test() -> anyhow::Result<()> {
    setup::programs(&setup::TOOLS)?;
    setup::programs(&setup::TEST_TOOLS)?;
    setup::kernel()?;
    tidy::tidy()?;
    run(cargo().args(["fmt", "--all", "--check"]))?;
    build::programs_and_tests()?;
    build::stages()?;
    build::test_stages()?;
    build::examples()?;
    run(tests().args(["--workspace", "--no-fail-fast"]))?;
    run(cargo().args([
        "clippy",
        "--release",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    println!(
        "not checked: security advisories. `cargo deny` and `cargo audit` need a database from the \
         network, which a build must not depend on; run them by hand."
    );
    Ok(())
}

/// Prints the table of hostile stages; fails when one of them is not as it must be.
pub fn hostile(kinds: &[String]) -> anyhow::Result<()> {
    setup::programs(&setup::TOOLS)?;
    build::beside_tests(&["vetting"], "hostile")?;
    build::test_stages()?;
    let table = ["--workspace", "--test", "hostile", "--"];
    run(tests().args(table).args(kinds))
}

/// `cargo test`, which finds what was built.
pub fn tests() -> Command {
    let mut test = cargo();
    test.args(["test", "--release", "--locked"])
        .env("VETTING_BIN", target("release/vetting"))
        .env(
            "VETTING_ORCHESTRATOR_BIN",
            target("release/vetting-orchestrator"),
        )
        .env("VETTING_STAGES", target("stages"))
        .env("VETTING_TEST_GUESTS", target("stages-test"))
        .env("VETTING_EXAMPLES", target("stages-examples"))
        .env("VETTING_TEST_KERNEL", target("kernel"));
    test
}
