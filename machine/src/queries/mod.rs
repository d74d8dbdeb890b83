//! Queries: read-only command lines that stages run by name, the built-in ones and those of an image's policy.

mod built_in;

use std::time::Duration;

pub use crate::contract::queries::Subject;
use crate::contract::queries::Query as Known;
use crate::contract::types::{Error, Missing};
use crate::tools::Limits;

/// The longest that a query may take.
const LONGEST: Duration = Duration::from_secs(300);
/// The most of its output that is kept.
const MOST: usize = 4 << 20;
/// The most arguments of a query, and the longest one in bytes.
const ARGUMENTS: usize = 64;
const ARGUMENT: usize = 1024;
/// The longest name of a query, in bytes.
const NAME: usize = 64;

/// A command line that stages run by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Its name.
    pub name: String,
    /// The program: a name, which is looked for, or an absolute path.
    pub program: String,
    /// The package that brings the program; empty where that is not known.
    pub package: String,
    /// Its arguments. One may be a placeholder.
    pub args: Vec<String>,
    /// What makes the program print its version; empty: nothing does.
    pub version: Vec<String>,
    /// How long it may take, and how much of its output is kept.
    pub limits: Limits,
    /// Whether a policy file brings it.
    pub of_policy: bool,
}

/// A query of a policy file that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    /// Its name is none.
    #[error("its name must be a letter, then letters, digits or `-`; at most {NAME} in all")]
    Name,
    /// A built-in one has the name.
    #[error("there is a built-in query of this name; give yours another")]
    BuiltIn,
    /// There is no program.
    #[error("`command` must begin with the absolute path of a program, such as \"/usr/sbin/ethtool\"")]
    Program,
    /// The arguments are too many or too long.
    #[error("`command` may have at most {ARGUMENTS} arguments of at most {ARGUMENT} bytes each")]
    Arguments,
    /// An argument looks like a placeholder and is none.
    #[error(
        "`{0}` is no placeholder; there are {{disk}}, {{nvme}}, {{port}}, {{pci}} and {{gpu}}, each as an \
         argument of its own"
    )]
    Placeholder(String),
    /// There are several placeholders.
    #[error("`command` may have one placeholder only")]
    Placeholders,
    /// The bounds are no bounds.
    #[error(
        "`timeout_seconds` must be 1 to {}, and `max_bytes` 1 to {MOST}",
        LONGEST.as_secs()
    )]
    Bounds,
}

/// The placeholders, each with what it stands for.
const PLACEHOLDERS: [(&str, Subject); 5] = [
    ("{disk}", Subject::Disk),
    ("{nvme}", Subject::Nvme),
    ("{port}", Subject::Port),
    ("{pci}", Subject::Pci),
    ("{gpu}", Subject::Gpu),
];

fn placeholder(argument: &str) -> Option<Subject> {
    let mut all = PLACEHOLDERS.iter();
    all.find(|(word, _)| *word == argument)
        .map(|(_, subject)| subject.clone())
}

impl Query {
    /// The query of a policy file.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn of_policy(
        name: &str,
        command: &[String],
        timeout: Option<Duration>,
        max_bytes: Option<usize>,
    ) -> Result<Self, BadQuery> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !begins || name.len() > NAME || !name.chars().all(legal) {
            return Err(BadQuery::Name);
        }
        if built_in().any(|query| query.name == name) {
            return Err(BadQuery::BuiltIn);
        }
        let Some((program, args)) = command.split_first().filter(|(p, _)| p.starts_with('/'))
        else {
            return Err(BadQuery::Program);
        };
        let too_long = |text: &String| text.len() > ARGUMENT || text.contains('\0');
        if args.len() > ARGUMENTS || command.iter().any(too_long) {
            return Err(BadQuery::Arguments);
        }
        let like_one = |text: &&String| text.contains('{') && text.contains('}');
        if let Some(wrong) = command
            .iter()
            .filter(like_one)
            .find(|text| placeholder(text).is_none() || *text == program)
        {
            return Err(BadQuery::Placeholder(wrong.clone()));
        }
        if args.iter().filter(|arg| placeholder(arg).is_some()).count() > 1 {
            return Err(BadQuery::Placeholders);
        }
        let limits = Limits {
            timeout: timeout.unwrap_or(built_in::TIMEOUT),
            max_stdout: max_bytes.unwrap_or(built_in::KEPT),
        };
        let in_bounds = (Duration::from_secs(1)..=LONGEST).contains(&limits.timeout)
            && (1..=MOST).contains(&limits.max_stdout);
        if !in_bounds {
            return Err(BadQuery::Bounds);
        }
        Ok(Query {
            name: name.to_owned(),
            program: program.clone(),
            package: String::new(),
            args: args.to_vec(),
            version: Vec::new(),
            limits,
            of_policy: true,
        })
    }

    /// What it is about.
    pub fn subject(&self) -> Subject {
        let mut subjects = self.args.iter().filter_map(|arg| placeholder(arg));
        subjects.next().unwrap_or(Subject::Machine)
    }

    /// Its arguments about one target, as that is given to the program.
    pub fn args_about(&self, target: &str) -> Vec<String> {
        let one = |arg: &String| match placeholder(arg) {
            Some(_) => target.to_owned(),
            None => arg.clone(),
        };
        self.args.iter().map(one).collect()
    }

    /// What a stage is shown of it.
    pub fn known(&self, missing: Option<Missing>) -> Known {
        let argv = std::iter::once(&self.program).chain(&self.args);
        Known {
            name: self.name.clone(),
            subject: self.subject(),
            argv: argv.cloned().collect(),
            of_policy: self.of_policy,
            missing,
        }
    }
}

/// The built-in queries, by name.
pub fn built_in() -> impl Iterator<Item = Query> {
    built_in::QUERIES.iter().map(built_in::BuiltIn::query)
}

/// The query of a name among the built-in ones and those of a policy.
///
/// # Errors
///
/// `invalid`, with the names there are.
pub fn find(of_policy: &[Query], name: &str) -> Result<Query, Error> {
    let all: Vec<Query> = built_in().chain(of_policy.iter().cloned()).collect();
    if let Some(query) = all.iter().find(|query| query.name == name) {
        return Ok(query.clone());
    }
    let mut names: Vec<&str> = all.iter().map(|query| query.name.as_str()).collect();
    names.sort_unstable();
    let reason = format!("this host has no such query; it has {}", names.join(", "));
    Err(Error::invalid("name", reason))
}

/// The answer about a target that the host does not list.
pub fn not_listed(subject: &Subject, target: &str) -> Error {
    let shown: String = target.chars().take(80).collect();
    let reason = match subject {
        Subject::Machine => {
            format!("{shown:?} is given, and this query is about the whole machine: give nothing")
        }
        subject => format!("{shown:?} is not among the names that the host lists for `{subject}`"),
    };
    Error::invalid("target", reason)
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Subject::Machine => "machine",
            Subject::Disk => "disk",
            Subject::Nvme => "nvme",
            Subject::Port => "port",
            Subject::Pci => "pci",
            Subject::Gpu => "gpu",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, command: &[&str]) -> Result<Query, BadQuery> {
        let command: Vec<String> = command.iter().map(|text| (*text).to_owned()).collect();
        Query::of_policy(name, &command, None, None)
    }

    #[test]
    fn a_policy_line_becomes_a_query_about_its_placeholder() {
        let query = of("bay-lights", &["/opt/ses", "--disk", "{disk}", "-v"]).expect("a query");
        assert_eq!(query.subject(), Subject::Disk);
        assert_eq!(query.args_about("/dev/sda"), ["--disk", "/dev/sda", "-v"]);
        assert_eq!(query.known(None).argv, ["/opt/ses", "--disk", "{disk}", "-v"]);
        let whole = of("slots", &["/opt/slots"]).expect("a query");
        assert_eq!(whole.subject(), Subject::Machine);
    }

    #[test]
    fn what_is_no_query_is_refused_with_its_reason() {
        assert_eq!(of("ethtool", &["/bin/true"]), Err(BadQuery::BuiltIn));
        assert_eq!(of("9", &["/bin/true"]), Err(BadQuery::Name));
        assert_eq!(of("a b", &["/bin/true"]), Err(BadQuery::Name));
        assert_eq!(of("x", &[]), Err(BadQuery::Program));
        assert_eq!(of("x", &["true"]), Err(BadQuery::Program));
        let inside = of("x", &["/bin/sh", "-c", "smartctl {disk}"]);
        assert!(matches!(inside, Err(BadQuery::Placeholder(_))), "{inside:?}");
        assert!(matches!(of("x", &["/bin/x", "{cpu}"]), Err(BadQuery::Placeholder(_))));
        assert_eq!(of("x", &["/bin/x", "{pci}", "{gpu}"]), Err(BadQuery::Placeholders));
        let long = "x".repeat(ARGUMENT + 1);
        assert_eq!(of("x", &["/bin/x", &long]), Err(BadQuery::Arguments));
        let forever = Some(LONGEST + Duration::from_secs(1));
        let command = ["/bin/x".to_owned()];
        let bounds = |timeout, bytes| Query::of_policy("x", &command, timeout, bytes);
        assert_eq!(bounds(forever, None), Err(BadQuery::Bounds));
        assert_eq!(bounds(None, Some(MOST + 1)), Err(BadQuery::Bounds));
        assert_eq!(bounds(None, Some(0)), Err(BadQuery::Bounds));
    }

    #[test]
    fn built_in_queries_have_names_of_their_own_and_are_found() {
        let names: std::collections::BTreeSet<String> = built_in().map(|q| q.name).collect();
        assert_eq!(names.len(), built_in().count());
        for query in built_in() {
            assert_eq!(find(&[], &query.name), Ok(query));
        }
        let unknown = find(&[], "rm").expect_err("no query");
        assert!(unknown.to_string().contains("ethtool-driver"), "{unknown}");
    }
}
