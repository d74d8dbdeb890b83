//! Everything that CI runs, and with `--all` everything there is.

use std::process::Command;
use std::time::Instant;

use crate::tiers::Tier;
use crate::{build, cargo, run, setup, suites, target, tidy};

/// Sets up, builds, checks and tests, in one profile, so that nothing is built twice. Where suites are
/// picked, they alone are run, and nothing else is checked.
pub fn test(tier: Tier, picked: &[String]) -> anyhow::Result<()> {
    let began = Instant::now();
    setup::programs(&setup::TOOLS)?;
    setup::programs(&setup::TEST_TOOLS)?;
    setup::kernel()?;
    if picked.is_empty() {
        tidy::tidy()?;
        run(cargo().args(["fmt", "--all", "--check"]))?;
    }
    build::programs_and_tests()?;
    build::stages()?;
    build::test_stages()?;
    build::examples()?;
    let suites = suites::run_tier(tier, picked);
    if !picked.is_empty() {
        return suites;
    }
    // A test that fails does not hide what clippy says.
    clippy().and(suites)?;
    println!(
        "not checked: security advisories. `cargo deny` and `cargo audit` need a database from the \
         network, which a build must not depend on; run them by hand."
    );
    let (minutes, most) = (began.elapsed().as_secs_f64() / 60.0, tier.minutes());
    let over = if minutes > most {
        "OVER ITS TIME: "
    } else {
        ""
    };
    println!("{over}all of it took {minutes:.1} min; {most} min is the most on two cores");
    Ok(())
}

fn clippy() -> anyhow::Result<()> {
    let all = ["--release", "--locked", "--workspace", "--all-targets"];
    run(cargo()
        .arg("clippy")
        .args(all)
        .args(["--", "-D", "warnings"]))
}

/// Prints the tables of hostile stages and of attacks on an orchestrator; fails when a row of them is
/// not as it must be.
pub fn hostile(names: &[String]) -> anyhow::Result<()> {
    setup::programs(&setup::TOOLS)?;
    for table in ["hostile", "attacks"] {
        build::beside_tests(&["vetting", "vetting-orchestrator"], table)?;
    }
    build::stages()?;
    build::test_stages()?;
    for table in ["hostile", "attacks"] {
        let words = ["--workspace", "--test", table, "--"];
        run(tests().args(words).args(names))?;
    }
    Ok(())
}

/// `cargo test`, which finds what was built.
pub fn tests() -> Command {
    let mut test = cargo();
    test.args(["test", "--release", "--locked"]);
    environment(&mut test);
    test
}

/// Where a test finds what was built.
pub fn environment(test: &mut Command) {
    test.env("VETTING_BIN", target("release/vetting"))
        .env(
            "VETTING_ORCHESTRATOR_BIN",
            target("release/vetting-orchestrator"),
        )
        .env("VETTING_STAGES", target("stages"))
        .env("VETTING_TEST_GUESTS", target("stages-test"))
        .env("VETTING_EXAMPLES", target("stages-examples"))
        .env("VETTING_TEST_KERNEL", target("kernel"));
}
