//! The simulator's own account of a day: what it sent, and what the orchestrator acknowledged (2xx).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use crate::forgery::Forgery;

/// What a run's machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is good, and must pass.
    Good,
    /// It has a bad part, and must not pass.
    Bad,
    /// Its agent forges a result in this way.
    Forges(Forgery),
    /// It is good, and its boot token was stolen.
    Robbed,
}

impl Fate {
    /// Whether its run must pass in the end.
    pub fn must_pass(self) -> bool {
        match self {
            Fate::Good | Fate::Robbed => true,
            Fate::Bad => false,
            Fate::Forges(forgery) => forgery.leaves_an_honest_result(),
        }
    }
}

/// An attempt's result: stage, attempt, message. Every message of the simulator is another.
pub type Result3 = (String, u32, String);

/// What is known of a run.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its host.
    pub host: String,
    /// What its machine is.
    pub fate: Fate,
    /// Its stages.
    pub stages: Vec<String>,
    /// The number of the newest claim of its host that was acknowledged.
    pub claims: u64,
    /// Honest passes that were sent.
    pub earned: Vec<Result3>,
    /// Results that were acknowledged, honest or not.
    pub acknowledged: Vec<Result3>,
    /// Log lines that were acknowledged, by claim.
    pub lines: BTreeMap<u64, Vec<u64>>,
    /// Samples that were acknowledged, by claim.
    pub samples: BTreeMap<u64, Vec<u64>>,
    /// Holds that were acknowledged.
    pub holds: u64,
    /// Retries of the operator that were acknowledged.
    pub retries: u64,
    /// The forgery that was sent, and what it was answered.
    pub forged: Option<String>,
    /// What the thief's claims were answered, and the address that it gave.
    pub stolen: Vec<String>,
    /// What a real agent logged; `None` for a light one.
    pub log: Option<String>,
    /// Whether its agent came to the end that it waited for.
    pub over: bool,
    /// What happened to it, in order, with the virtual second.
    pub history: Vec<String>,
}

/// The account of all runs.
#[derive(Default)]
pub struct Ledger {
    runs: Mutex<BTreeMap<String, Account>>,
    /// What should not have happened, in words.
    unexpected: Mutex<Vec<String>>,
}

impl Ledger {
    fn runs(&self) -> MutexGuard<'_, BTreeMap<String, Account>> {
        self.runs.lock().expect("nobody panics with it")
    }

    /// A run was created.
    pub fn open(&self, run: &str, host: &str, fate: Fate, stages: &[String]) {
        let account = Account {
            host: host.to_owned(),
            fate,
            stages: stages.to_vec(),
            claims: 0,
            earned: Vec::new(),
            acknowledged: Vec::new(),
            lines: BTreeMap::new(),
            samples: BTreeMap::new(),
            holds: 0,
            retries: 0,
            forged: None,
            stolen: Vec::new(),
            log: None,
            over: false,
            history: Vec::new(),
        };
        self.runs().insert(run.to_owned(), account);
    }

    /// Notes something of a run.
    pub fn note(&self, run: &str, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.runs().get_mut(run) {
            change(account);
        }
    }

    /// Notes something that should not have happened.
    pub fn unexpected(&self, what: String) {
        let mut all = self.unexpected.lock().expect("nobody panics with it");
        all.push(what);
    }

    /// What should not have happened.
    pub fn all_unexpected(&self) -> Vec<String> {
        let all = self.unexpected.lock().expect("nobody panics with it");
        all.clone()
    }

    /// All runs as they are now.
    pub fn accounts(&self) -> BTreeMap<String, Account> {
        self.runs().clone()
    }

    /// A run that is at work, other than this one.
    pub fn another(&self, than: &str, choose: impl Fn(usize) -> usize) -> Option<(String, String)> {
        let runs = self.runs();
        let others: Vec<_> = runs
            .iter()
            .filter(|(run, account)| *run != than && !account.over && account.claims > 0)
            .collect();
        if others.is_empty() {
            return None;
        }
        let (run, account) = others[choose(others.len())];
        Some((run.clone(), account.stages[0].clone()))
    }
}
