//! What the owner of a machine lets a stage read: a part of what its manifest names, never more.

use serde::{Deserialize, Serialize};

use super::pattern::{PathPattern, names};

/// What an owner lets one stage read through `files` and `queries`. By default: all that its manifest names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRules {
    /// The files that it may read; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<PathPattern>>,
    /// The files that it may not read, whatever the list before says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny_files: Vec<PathPattern>,
    /// The queries that it may ask, by name; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queries: Option<Vec<String>>,
    /// The queries that it may not ask, whatever the list before says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny_queries: Vec<String>,
    /// Whose rules these are, in words: `the policy file /etc/vetting/policy.toml`.
    #[serde(default)]
    pub by: String,
}

/// How much of what a glob matches may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All of it, as far as these rules go.
    All,
    /// It depends on the path.
    Part,
    /// None of it.
    Nothing,
}

impl ReadRules {
    /// Whether it withholds nothing.
    pub fn is_open(&self) -> bool {
        let ReadRules {
            files,
            deny_files,
            queries,
            deny_queries,
            by: _,
        } = self;
        files.is_none() && deny_files.is_empty() && queries.is_none() && deny_queries.is_empty()
    }

    /// Whether a file may be read.
    pub fn lets_read(&self, path: &str) -> bool {
        let path = names(path);
        let among = |patterns: &[PathPattern]| patterns.iter().any(|p| p.matches_names(&path));
        self.files.as_deref().is_none_or(among) && !among(&self.deny_files)
    }

    /// How much of what a glob matches may be read.
    pub fn share(&self, glob: &PathPattern) -> Share {
        let text = glob.to_string();
        let covers = |patterns: &[PathPattern]| patterns.iter().any(|p| p.matches(&text));
        let meets = |patterns: &[PathPattern]| patterns.iter().any(|p| p.may_meet(glob));
        let files = self.files.as_deref();
        if covers(&self.deny_files) || files.is_some_and(|files| !meets(files)) {
            return Share::Nothing;
        }
        if meets(&self.deny_files) || files.is_some_and(|files| !covers(files)) {
            Share::Part
        } else {
            Share::All
        }
    }

    /// Whether a query may be asked.
    pub fn lets_ask(&self, query: &str) -> bool {
        let among = |names: &[String]| names.iter().any(|name| name == query);
        self.queries.as_deref().is_none_or(among) && !among(&self.deny_queries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<PathPattern> {
        texts
            .iter()
            .map(|text| text.parse().expect("a pattern"))
            .collect()
    }

    #[test]
    fn rules_are_asked_by_path_and_by_glob() {
        let rules = ReadRules {
            files: Some(patterns(&["sys/class/net/*/*", "proc/cpuinfo"])),
            deny_files: patterns(&["sys/class/net/*/address"]),
            queries: Some(vec!["lspci".to_owned()]),
            ..ReadRules::default()
        };
        assert!(rules.lets_read("sys/class/net/eth0/mtu"));
        assert!(!rules.lets_read("sys/class/net/eth0/address"));
        assert!(!rules.lets_read("proc/meminfo"));
        assert!(rules.lets_ask("lspci") && !rules.lets_ask("ibstat"));
        for (glob, share) in [
            ("proc/cpuinfo", Share::All),
            ("sys/class/net/*/speed", Share::All),
            ("sys/class/net/*/a*", Share::Part),
            ("sys/class/net/*/address", Share::Nothing),
            ("proc/*", Share::Part),
            ("proc/meminfo", Share::Nothing),
        ] {
            assert_eq!(rules.share(&patterns(&[glob])[0]), share, "{glob}");
        }
        assert!(ReadRules::default().is_open() && !rules.is_open());
    }
}
