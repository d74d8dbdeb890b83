//! What a stage may read through `files` and `queries`: what its manifest names, less what the policy
//! withholds.

use std::collections::BTreeSet;

use vetting_component::Manifest;
use vetting_machine::files::{PathPattern, ReadRules, Share, names};

use super::Policy;

/// What one attempt may read.
#[derive(Clone, Debug, Default)]
pub struct ReadGrants {
    stage: String,
    files: Vec<PathPattern>,
    queries: BTreeSet<String>,
    rules: ReadRules,
}

impl ReadGrants {
    /// What a stage's manifest names, under those rules.
    pub fn new(manifest: &Manifest, rules: ReadRules) -> Self {
        // A manifest with a glob that is not well formed was refused before it came here.
        let files = manifest.files.keys().flat_map(|glob| glob.parse());
        ReadGrants {
            stage: manifest.name.clone(),
            files: files.collect(),
            queries: manifest.queries.keys().cloned().collect(),
            rules,
        }
    }

    /// Whether a glob may be listed: its manifest has it, or a wider one. What it matches is then asked for
    /// one by one, by [`ReadGrants::policy_lets`].
    ///
    /// # Errors
    ///
    /// Why not, for the stage.
    pub fn glob(&self, glob: &str) -> Result<(), String> {
        let path = names(glob);
        if self.files.iter().any(|file| file.matches_names(&path)) {
            return Ok(());
        }
        Err(format!(
            "the manifest of {} does not ask for {glob}; name it, with the reason, in [files]",
            self.stage
        ))
    }

    /// Whether a file may be read.
    ///
    /// # Errors
    ///
    /// Why not, for the stage.
    pub fn file(&self, path: &str) -> Result<(), String> {
        self.glob(path)?;
        self.policy_lets(path)
    }

    /// Whether the policy lets a file be read.
    ///
    /// # Errors
    ///
    /// Why not, for the stage.
    pub fn policy_lets(&self, path: &str) -> Result<(), String> {
        if self.rules.lets_read(path) {
            return Ok(());
        }
        Err(format!("{path} is withheld by {}", self.rules.by))
    }

    /// Whether a query may be asked, by its name.
    ///
    /// # Errors
    ///
    /// Why not, for the stage.
    pub fn query(&self, name: &str) -> Result<(), String> {
        if !self.queries.contains(name) {
            return Err(format!(
                "the manifest of {} does not ask for the query `{name}`; name it, with the reason, in \
                 [queries]",
                self.stage
            ));
        }
        if self.rules.lets_ask(name) {
            return Ok(());
        }
        Err(format!(
            "the query `{name}` is withheld by {}",
            self.rules.by
        ))
    }
}

/// How many files and queries that are withheld are named in a line; the rest is counted.
const NAMED: usize = 12;

impl Policy {
    /// What of a manifest's files and queries is withheld, in a line for a log; `None`: nothing.
    pub fn withheld_reads(&self, manifest: &Manifest) -> Option<String> {
        let rules = self.read_rules(&manifest.name);
        let share = |glob: &String| glob.parse().map(|glob| rules.share(&glob));
        let files = manifest.files.keys().filter_map(|glob| match share(glob) {
            Ok(Share::All) | Err(_) => None,
            Ok(Share::Part) => Some(format!("{glob} in part")),
            Ok(Share::Nothing) => Some(glob.clone()),
        });
        let queries = manifest.queries.keys();
        let queries = queries.filter(|name| !rules.lets_ask(name));
        let queries = queries.map(|name| format!("the query {name}"));
        let all: Vec<String> = files.chain(queries).collect();
        let more = match all.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let named: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
        (!all.is_empty()).then(|| {
            let (stage, named) = (&manifest.name, named.join(", "));
            format!("{stage}: {} withholds {named}{more}", rules.by)
        })
    }

    /// What a stage may read at most.
    pub fn read_rules(&self, stage: &str) -> ReadRules {
        let Policy::File { path, rules } = self else {
            return ReadRules::default();
        };
        let own = rules.stages.get(stage);
        let files = own.and_then(|own| own.files.as_ref());
        let queries = own.and_then(|own| own.queries.as_ref());
        ReadRules {
            files: files.or(rules.files.as_ref()).cloned(),
            deny_files: rules.deny_files.clone(),
            queries: queries.or(rules.may_ask.as_ref()).cloned(),
            deny_queries: rules.may_not_ask.clone(),
            by: format!("the policy file {}", path.display()),
        }
    }
}
