//! What came of the suites: each against its budget, the slowest tests, and whether all of it is good.

use std::process::ExitStatus;
use std::time::Duration;

use super::events::Test;
use super::{fail, seconds};
use crate::tiers::{Suite, Tier};

/// How many of the slowest tests are listed.
const SLOWEST: usize = 20;

/// A suite that was run.
pub struct Done {
    suite: &'static Suite,
    budget: Duration,
    took: Duration,
    tests: Vec<(String, Duration)>,
    ignored: usize,
    /// Its tests that failed, or the end of a suite that is one row.
    failed: Vec<String>,
}

impl Done {
    /// A suite that begins.
    pub fn new(suite: &'static Suite, tier: Tier) -> Self {
        Done {
            suite,
            budget: Duration::from_secs(suite.budget(tier)),
            took: Duration::ZERO,
            tests: Vec::new(),
            ignored: 0,
            failed: Vec::new(),
        }
    }

    /// One of its tests is over; what a failed one printed is shown at once.
    pub fn test(&mut self, test: Test) {
        match test.took {
            Some(took) => self.tests.push((test.name.clone(), took)),
            None => self.ignored += 1,
        }
        if let Some(output) = test.failed {
            println!("---- {} {} FAILED\n{output}", self.suite.name, test.name);
            self.failed.push(test.name);
        }
    }

    /// Its process is over.
    pub fn ended(&mut self, took: Duration, status: ExitStatus) {
        if !status.success() && self.failed.is_empty() {
            self.failed.push(format!("(ended with {status})"));
        }
        self.is_over(took, status.success());
    }

    /// It is over; says so in one line.
    pub fn is_over(&mut self, took: Duration, good: bool) {
        self.took = took;
        if !good && self.failed.is_empty() {
            self.failed.push("(failed)".to_owned());
        }
        println!("{}", self.line());
    }

    fn share(&self) -> f64 {
        self.took.as_secs_f64() / self.budget.as_secs_f64().max(f64::EPSILON)
    }

    fn line(&self) -> String {
        let count = match (self.tests.len(), self.ignored) {
            (0, 0) => String::new(),
            (some, 0) => format!("{some} tests"),
            (some, ignored) => format!("{some} tests, {ignored} only with --all"),
        };
        let verdict = if self.failed.is_empty() {
            "ok"
        } else {
            "FAILED"
        };
        let over = if self.share() > 1.0 {
            format!("  OVER ITS BUDGET: {:.1} times", self.share())
        } else {
            String::new()
        };
        format!(
            "{:<42} {verdict:<6} {:>9} of {:>5} s  {count}{over}",
            self.suite.name,
            seconds(self.took),
            self.budget.as_secs()
        )
    }
}

/// All of them.
pub struct Summary {
    tier: Tier,
    done: Vec<Done>,
    wrong: Vec<String>,
}

impl Summary {
    /// Nothing is run yet.
    pub fn new(tier: Tier) -> Self {
        Summary {
            tier,
            done: Vec::new(),
            wrong: Vec::new(),
        }
    }

    /// A suite was run.
    pub fn add(&mut self, done: Done) {
        self.done.push(done);
    }

    /// Whether no suite was run.
    pub fn is_empty(&self) -> bool {
        self.done.is_empty()
    }

    /// A test binary is not in the table.
    pub fn without_row(&mut self, suite: &str) {
        let advice = "add a row with its tier and budget to xtask/src/tiers.rs";
        self.wrong.push(format!(
            "the suite `{suite}` has no row and was not run: {advice}"
        ));
    }

    /// A row of the table has no test binary.
    pub fn without_binary(&mut self, suite: &str) {
        let advice = "remove it from xtask/src/tiers.rs, or see why it is not built";
        self.wrong
            .push(format!("the row `{suite}` has no test binary: {advice}"));
    }

    /// Prints the suites by their share of their budgets, and the slowest tests by name.
    pub fn print(&self) {
        println!("\nsuites, by the share of their budgets:");
        let mut suites: Vec<_> = self.done.iter().collect();
        suites.sort_by(|a, b| b.share().total_cmp(&a.share()));
        for suite in suites {
            println!("{}", suite.line());
        }
        let tests = self.done.iter().flat_map(|done| {
            let of =
                |(name, took): &(String, Duration)| (*took, format!("{} {name}", done.suite.name));
            let whole = done
                .suite
                .own_main
                .then(|| (done.took, done.suite.name.to_owned()));
            done.tests.iter().map(of).chain(whole).collect::<Vec<_>>()
        });
        let mut tests: Vec<_> = tests.collect();
        let count = tests.len();
        tests.sort_by(|a, b| b.cmp(a));
        println!("\nthe slowest {SLOWEST} tests:");
        for (took, name) in tests.iter().take(SLOWEST) {
            println!("{:>9}  {name}", seconds(*took));
        }
        let took: Duration = self.done.iter().map(|done| done.took).sum();
        let budget: Duration = self.done.iter().map(|done| done.budget).sum();
        let tier = if self.tier == Tier::All {
            "everything"
        } else {
            "the usual tier"
        };
        println!(
            "\n{tier}: {} suites, {count} tests, {:.1} min of {:.1} min",
            self.done.len(),
            took.as_secs_f64() / 60.0,
            budget.as_secs_f64() / 60.0
        );
        for suite in self.done.iter().filter(|done| done.share() > 1.0) {
            println!("OVER ITS BUDGET: {}", suite.line());
        }
    }

    /// Whether all of it is good.
    ///
    /// # Errors
    ///
    /// What is not: tests that failed, suites without a row. A suite over its budget is reported and fails
    /// nothing: a busy machine is no fault of the change.
    pub fn verdict(&self) -> anyhow::Result<()> {
        let failed = self.done.iter().flat_map(|done| {
            let name = done.suite.name;
            done.failed
                .iter()
                .map(move |test| format!("failed: {name} {test}"))
        });
        let reasons: Vec<_> = failed.chain(self.wrong.iter().cloned()).collect();
        fail(&reasons)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiers::SUITES;

    #[test]
    fn a_suite_over_its_budget_is_told_of_and_fails_nothing() {
        let mut done = Done::new(&SUITES[0], Tier::Usual);
        done.is_over(done.budget.mul_f64(2.5), true);
        assert!(done.line().ends_with("OVER ITS BUDGET: 2.5 times"));
        let mut summary = Summary::new(Tier::Usual);
        summary.add(done);
        assert!(summary.verdict().is_ok());
    }

    #[test]
    fn failed_test_and_unknown_suite_fail_the_run_by_name() {
        let mut done = Done::new(&SUITES[0], Tier::Usual);
        done.test(Test {
            name: "breaks".to_owned(),
            took: Some(Duration::ZERO),
            failed: Some("why".to_owned()),
        });
        done.is_over(Duration::ZERO, false);
        let mut summary = Summary::new(Tier::Usual);
        summary.add(done);
        summary.without_row("vetting-tests new");
        let error = summary.verdict().expect_err("failed").to_string();
        assert!(
            error.contains(&format!("failed: {} breaks", SUITES[0].name)),
            "{error}"
        );
        assert!(error.contains("`vetting-tests new` has no row"), "{error}");
    }
}
