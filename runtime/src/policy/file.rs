//! The policy's file. `docs/policy.toml` documents it field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use vetting_component::signature::{KeyError, KeyId, PublicKey};
use vetting_component::{Version, offered};
use vetting_machine::queries::{BadQuery, Query};

/// How many hexadecimal digits a sha256 has.
const DIGEST_DIGITS: usize = 64;

/// What is wrong with a policy's file.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// It is no TOML, or has a field that is not known.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A key is none.
    #[error("[[keys]] number {number}: {reason}")]
    Key {
        /// Which, from 1.
        number: usize,
        /// Why.
        reason: KeyError,
    },
    /// A key is there twice.
    #[error("[[keys]]: the key {0} is there twice; keep one of them")]
    KeyTwice(KeyId),
    /// Unsigned stages are refused, and signed ones would be too.
    #[error(
        "unsigned stages are refused and no [[keys]] are there, so that no stage could ever run; add \
         the public keys of those who sign stages, or say `unsigned = \"allow\"`"
    )]
    NoKeys,
    /// A digest is none.
    #[error("revoked: `{0}` is no sha256 of a component: 64 hexadecimal digits are needed")]
    Digest(String),
    /// A version is none.
    #[error("stages.{stage}.minimum_version: `{version}` is no version like 1.2.0")]
    Version {
        /// The stage.
        stage: String,
        /// What is there.
        version: String,
    },
    /// A query is none.
    #[error("query.{name}: {reason}")]
    Query {
        /// Its name.
        name: String,
        /// Why.
        reason: BadQuery,
    },
    /// An interface is none.
    #[error("{place}: there is no interface `{name}` to grant or withhold; there are: {known}")]
    Interface {
        /// In which list.
        place: String,
        /// What is there.
        name: String,
        /// Those there are.
        known: String,
    },
}

/// What happens to a component without a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unsigned {
    /// It is not run.
    #[default]
    Refuse,
    /// It is run.
    Allow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default)]
    unsigned: Unsigned,
    #[serde(default)]
    keys: Vec<KeyForm>,
    #[serde(default)]
    revoked: Vec<String>,
    interfaces: Option<BTreeSet<String>>,
    #[serde(default)]
    deny: BTreeSet<String>,
    #[serde(default)]
    query: BTreeMap<String, QueryForm>,
    #[serde(default)]
    stages: BTreeMap<String, StageForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryForm {
    command: Vec<String>,
    timeout_seconds: Option<u64>,
    max_bytes: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyForm {
    key: String,
    comment: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StageForm {
    minimum_version: Option<String>,
    interfaces: Option<BTreeSet<String>>,
}

/// What a policy's file says, checked.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// What happens to a component without a signature.
    pub unsigned: Unsigned,
    /// The keys whose signatures count.
    pub keys: Vec<PublicKey>,
    /// What each of them is, for people.
    pub comments: BTreeMap<KeyId, String>,
    /// The sha256 of components that are not run whatever they are signed with.
    pub revoked: BTreeSet<String>,
    /// What a stage may get that has no list of its own; `None`: everything.
    pub interfaces: Option<BTreeSet<String>>,
    /// What no stage gets.
    pub deny: BTreeSet<String>,
    /// Queries besides the built-in ones, by name.
    pub queries: Vec<Query>,
    /// What is said of single stages.
    pub stages: BTreeMap<String, StageRules>,
}

/// What a policy says of one stage.
#[derive(Clone, Debug, Default)]
pub struct StageRules {
    /// Older versions are not run.
    pub minimum: Option<Version>,
    /// What it may get, instead of the list for all.
    pub interfaces: Option<BTreeSet<String>>,
}

impl Rules {
    /// Reads a policy's text.
    ///
    /// # Errors
    ///
    /// What is wrong with it, by the field's name.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let form: Form = toml::from_str(text)?;
        let mut rules = Rules {
            unsigned: form.unsigned,
            deny: interfaces("deny", form.deny)?,
            ..Rules::default()
        };
        let all = form.interfaces.map(|names| interfaces("interfaces", names));
        rules.interfaces = all.transpose()?;
        for (index, entry) in form.keys.into_iter().enumerate() {
            let key = PublicKey::parse(&entry.key).map_err(|reason| FormError::Key {
                number: index + 1,
                reason,
            })?;
            if rules.comments.insert(key.id(), entry.comment).is_some() {
                return Err(FormError::KeyTwice(key.id()));
            }
            rules.keys.push(key);
        }
        if rules.keys.is_empty() && rules.unsigned == Unsigned::Refuse {
            return Err(FormError::NoKeys);
        }
        for digest in form.revoked {
            let hexadecimal = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            if digest.len() != DIGEST_DIGITS || !hexadecimal {
                return Err(FormError::Digest(digest));
            }
            rules.revoked.insert(digest.to_ascii_lowercase());
        }
        for (name, query) in form.query {
            let timeout = query.timeout_seconds.map(Duration::from_secs);
            let query = Query::of_policy(&name, &query.command, timeout, query.max_bytes);
            let query = query.map_err(|reason| FormError::Query { name, reason })?;
            rules.queries.push(query);
        }
        for (name, stage) in form.stages {
            let minimum = stage.minimum_version.map(|version| {
                Version::parse(&version).ok_or_else(|| FormError::Version {
                    stage: name.clone(),
                    version,
                })
            });
            let place = format!("stages.{name}.interfaces");
            let own = stage.interfaces.map(|names| interfaces(&place, names));
            let rules_of_it = StageRules {
                minimum: minimum.transpose()?,
                interfaces: own.transpose()?,
            };
            rules.stages.insert(name, rules_of_it);
        }
        Ok(rules)
    }
}

/// The names, when each is one of the contract's: a list with a slip would withhold in silence.
fn interfaces(place: &str, names: BTreeSet<String>) -> Result<BTreeSet<String>, FormError> {
    let known = || offered().asked_for();
    match names.iter().find(|name| !known().any(|k| k == *name)) {
        None => Ok(names),
        Some(unknown) => Err(FormError::Interface {
            place: place.to_owned(),
            name: unknown.clone(),
            known: known().collect::<Vec<_>>().join(", "),
        }),
    }
}
