//! Which suites there are, in which tier, and the time that each may take.
//!
//! A suite is one test binary, named PACKAGE and then `lib`, `bin NAME` or the test's name. Every suite
//! with tests has a row in [`SUITES`]: one without a row fails the run, so that whoever adds it decides
//! where it belongs. `cargo xtask test` runs the usual tier, `cargo xtask test --all` everything.
//!
//! A test that is long by nature is either a suite with [`Suite::usual`] 0, or a test with the attribute
//! `ignore`, which only `--all` runs, or one that an environment variable makes longer ([`Suite::long`]).
//!
//! Budgets are for two cores, and generous; a suite over its budget is told of, and fails nothing: a busy
//! machine is no fault of a change. The sums are bounded by the tests below.

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// What CI and the README run.
    Usual,
    /// Everything, each for as long as is worth while.
    All,
}

impl Tier {
    /// The most minutes that all of `cargo xtask test` may take on two cores, the build included.
    pub fn minutes(self) -> f64 {
        match self {
            Tier::Usual => 45.0,
            Tier::All => 80.0,
        }
    }
}

/// One test binary.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// PACKAGE and `lib`, `bin NAME` or the test's name.
    pub name: &'static str,
    /// Its budget in the usual tier, in seconds; 0: it is not part of that tier.
    pub usual: u64,
    /// What makes it longer with `--all`.
    pub long: Option<Long>,
    /// Whether it has a `main` of its own (`harness = false`), and so is one row of the times.
    pub own_main: bool,
}

/// How a suite runs with `--all`.
#[derive(Clone, Copy, Debug)]
pub struct Long {
    /// Its budget, in seconds.
    pub budget: u64,
    /// Environment variables: name and value.
    pub env: &'static [(&'static str, &'static str)],
}

impl Suite {
    const fn of(name: &'static str, usual: u64) -> Self {
        Suite {
            name,
            usual,
            long: None,
            own_main: false,
        }
    }

    const fn longer(self, budget: u64, env: &'static [(&'static str, &'static str)]) -> Self {
        Suite {
            long: Some(Long { budget, env }),
            ..self
        }
    }

    const fn own_main(self) -> Self {
        Suite {
            own_main: true,
            ..self
        }
    }

    /// Its budget in a tier, in seconds; 0: it is not part of it.
    pub fn budget(&self, tier: Tier) -> u64 {
        match (tier, self.long) {
            (Tier::All, Some(long)) => long.budget,
            _ => self.usual,
        }
    }

    /// Its environment variables in a tier.
    pub fn env(&self, tier: Tier) -> &'static [(&'static str, &'static str)] {
        match (tier, self.long) {
            (Tier::All, Some(long)) => long.env,
            _ => &[],
        }
    }
}

/// The name of the row of the documentation's tests, which cargo runs itself.
pub const DOC_TESTS: &str = "doc tests";

/// The row of a suite.
pub fn row(name: &str) -> Option<&'static Suite> {
    SUITES.iter().find(|suite| suite.name == name)
}

/// Every suite.
pub const SUITES: &[Suite] = &[
    // Units: pure functions, parsers, tables.
    Suite::of("guest-heat lib", 5),
    Suite::of("stage-cpu-stress lib", 5),
    Suite::of("stage-gpu lib", 5),
    Suite::of("stage-inventory lib", 5),
    Suite::of("stage-memory lib", 5),
    Suite::of("stage-network lib", 5),
    Suite::of("stage-psu lib", 5),
    Suite::of("stage-smart lib", 5),
    Suite::of("stage-storage lib", 5),
    Suite::of("vetting-bench bin vetting-bench", 5),
    Suite::of("vetting-component lib", 5),
    Suite::of("vetting-facts lib", 5),
    Suite::of("vetting-facts-component lib", 5),
    Suite::of("vetting-machine lib", 5),
    Suite::of("vetting-orchestrator lib", 5),
    Suite::of("vetting-protocol lib", 5),
    Suite::of("vetting-report lib", 5),
    Suite::of("vetting-runtime lib", 5),
    Suite::of("vetting-stage lib", 5),
    Suite::of("vetting-transport lib", 10),
    Suite::of("xtask bin xtask", 10),
    // One crate as others use it.
    Suite::of("vetting-component contract_is_documented", 5),
    Suite::of("vetting-component forged_files", 5),
    Suite::of("vetting-component rules", 5),
    Suite::of("vetting-component signatures", 5),
    Suite::of("vetting-machine real_here", 5),
    Suite::of("vetting-machine simulated_machine", 5),
    Suite::of("vetting-machine trees", 10),
    Suite::of("vetting-project templates", 5),
    Suite::of("vetting-machine real_tree", 5),
    Suite::of("vetting-machine recordings", 5),
    Suite::of("vetting-protocol messages", 5),
    // Whatever bytes and whatever stages.
    Suite::of("vetting-fuzz fuzz_parsers", 40).longer(200, &[("VETTING_FUZZ_SECONDS", "6")]),
    Suite::of("vetting-fuzz fuzz_engine", 25),
    // End to end.
    Suite::of("vetting-tests agent", 10),
    Suite::of("vetting-tests another_machine", 0).longer(125, &[]),
    Suite::of("vetting-tests answers", 95),
    Suite::of("vetting-tests attacks", 30).own_main(),
    Suite::of("vetting-tests authoring", 240),
    Suite::of("vetting-tests cache", 15),
    Suite::of("vetting-tests cancel", 5),
    Suite::of("vetting-tests calendar", 5),
    Suite::of("vetting-tests capture", 5),
    Suite::of("vetting-tests directory", 40),
    Suite::of("vetting-tests command_line", 5),
    Suite::of("vetting-tests components", 10),
    Suite::of("vetting-tests controller", 5),
    Suite::of("vetting-tests crash", 10),
    Suite::of("vetting-tests deadline", 5),
    Suite::of("vetting-tests delivery", 5),
    Suite::of("vetting-tests endings", 5),
    Suite::of("vetting-tests example", 5),
    Suite::of("vetting-tests facts", 20),
    Suite::of("vetting-tests fault_timelines", 5).longer(120, &[("FAULT_TIMELINES", "150")]),
    Suite::of("vetting-tests folder", 5),
    Suite::of("vetting-tests frozen_data", 5),
    Suite::of("vetting-tests full_disk", 5),
    Suite::of("vetting-tests grants", 5),
    Suite::of("vetting-tests guide", 85),
    Suite::of("vetting-tests handed_over", 10),
    Suite::of("vetting-tests hold", 10),
    Suite::of("vetting-tests hostile", 90).own_main(),
    Suite::of("vetting-tests hostile_agent", 5),
    Suite::of("vetting-tests import", 5),
    Suite::of("vetting-tests iperf", 5),
    Suite::of("vetting-tests journal", 10),
    Suite::of("vetting-tests leftovers", 5),
    Suite::of("vetting-tests live_image", 5),
    Suite::of("vetting-tests mended", 70),
    Suite::of("vetting-tests mistyped", 5),
    Suite::of("vetting-tests network", 15),
    Suite::of("vetting-tests other_machines", 5),
    Suite::of("vetting-tests publish", 5),
    Suite::of("vetting-tests recording", 25),
    Suite::of("vetting-tests refused", 5),
    Suite::of("vetting-tests reports", 20),
    Suite::of("vetting-tests restarts", 20).longer(90, &[("VETTING_KILLS", "60")]),
    Suite::of("vetting-tests rules", 5),
    Suite::of("vetting-tests service", 5),
    Suite::of("vetting-tests sick_table", 5),
    Suite::of("vetting-tests signatures", 5),
    Suite::of("vetting-tests signed_fleet", 5),
    Suite::of("vetting-tests silence", 5),
    Suite::of("vetting-tests simulated", 5),
    Suite::of("vetting-tests spec", 5),
    Suite::of("vetting-tests stage_command", 20),
    Suite::of("vetting-tests steering", 10),
    Suite::of("vetting-tests terminal", 5),
    Suite::of("vetting-tests trouble", 60)
        .longer(
            1700,
            &[
                ("VETTING_TROUBLE_SEEDS", "20"),
                ("VETTING_TROUBLE_FULL", "1"),
            ],
        )
        .own_main(),
    Suite::of("vetting-tests trust", 15),
    Suite::of("vetting-tests wipe_guard", 180),
    Suite::of(DOC_TESTS, 45),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The most minutes of the budgets of `cargo xtask test`: its 45 minutes less those of the build, of
    /// clippy and of the set-up on two cores.
    const USUAL_MINUTES: u64 = 27;
    /// The same of `cargo xtask test --all`, which may take 80 minutes.
    const ALL_MINUTES: u64 = 63;

    #[test]
    fn budgets_of_a_tier_fit_in_its_time() {
        for (tier, minutes) in [(Tier::Usual, USUAL_MINUTES), (Tier::All, ALL_MINUTES)] {
            let sum: u64 = SUITES.iter().map(|suite| suite.budget(tier)).sum();
            assert!(
                sum <= minutes * 60,
                "{tier:?}: the budgets add up to {} min, {minutes} is the most",
                sum.div_ceil(60)
            );
        }
    }

    #[test]
    fn every_suite_has_one_row_and_a_time_with_all() {
        for suite in SUITES {
            let same = SUITES.iter().filter(|other| other.name == suite.name);
            assert_eq!(same.count(), 1, "{}", suite.name);
            assert!(
                suite.budget(Tier::All) >= suite.usual.max(1),
                "{}",
                suite.name
            );
        }
    }
}
