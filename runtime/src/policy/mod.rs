//! The image's policy: whose signatures count, and what stages may get at most. It is the owner of the
//! machine who writes it, so an orchestrator can narrow it and never widen it.
//!
//! [`Policy::admit`] looks at a component's bytes before one of them is parsed; [`Policy::confirm`]
//! then holds the manifest against what was admitted; [`Policy::withheld`] says what a stage does not
//! get of what it asks for.

mod file;
mod grants;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use vetting_component::signature::{self, SignatureError, Signed};
use vetting_component::{Manifest, Version};
use vetting_machine::queries::Query;

pub use file::{FormError, Rules, StageRules, Unsigned};
pub use grants::Withheld;

/// Where an image has its policy, unless a boot parameter says otherwise.
pub const DEFAULT: &str = "/etc/vetting/policy.toml";

/// A policy that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Its file cannot be read.
    #[error("the policy file {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// Its file is not of the form.
    #[error("the policy file {}: {reason}; docs/policy.toml explains each field", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: Box<FormError>,
    },
}

/// Why a component is not run.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody vouches for it.
    #[error(
        "the component is not signed, and the policy file {} refuses unsigned ones; sign it with \
         `vetting stage sign`", policy.display()
    )]
    Unsigned {
        /// The policy's file.
        policy: PathBuf,
    },
    /// Nobody could vouch for it.
    #[error(
        "a live image runs signed components only, and the policy file {}, which says whose \
         signatures count, is missing; put one into the image", missing.display()
    )]
    NoPolicy {
        /// Where it should be.
        missing: PathBuf,
    },
    /// It was taken back.
    #[error(
        "the component is revoked by its sha256 {digest} in the policy file {}; publish a newer one",
        policy.display()
    )]
    Revoked {
        /// Its digest.
        digest: String,
        /// The policy's file.
        policy: PathBuf,
    },
    /// It is too old.
    #[error(
        "the component is {stage} {version}, and the policy file {} lets run {minimum} and newer \
         only; publish a newer one", policy.display()
    )]
    Old {
        /// The stage.
        stage: String,
        /// Its version.
        version: String,
        /// The oldest that is run.
        minimum: Version,
        /// The policy's file.
        policy: PathBuf,
    },
    /// Its signature does not vouch for it.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

/// A component that may be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// There is no policy, and nothing was looked at.
    Unchecked,
    /// It has no signature, which the policy allows.
    Unsigned,
    /// A trusted key vouches for it.
    Signed(Signed),
}

/// Who decides which stages run and what they get.
#[derive(Clone, Debug)]
pub enum Policy {
    /// Nobody but the orchestrator: every stage runs, and gets what it asks for.
    Open,
    /// A live image that came without its policy: nothing runs.
    Missing(PathBuf),
    /// A file.
    File {
        /// Which.
        path: PathBuf,
        /// What it says.
        rules: Box<Rules>,
    },
}

impl Policy {
    /// The policy of a file that was named, else of the default one where it is there. Where it is
    /// not, a live image runs nothing, and every other machine everything.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is not of the form, or was named and is not there.
    pub fn find(named: Option<&Path>, live_image: bool) -> Result<Self, PolicyError> {
        let path = named.unwrap_or(Path::new(DEFAULT)).to_owned();
        match std::fs::read_to_string(&path) {
            Ok(text) => match Rules::parse(&text) {
                Ok(rules) => Ok(Policy::File {
                    path,
                    rules: Box::new(rules),
                }),
                Err(reason) => Err(PolicyError::Form {
                    path,
                    reason: Box::new(reason),
                }),
            },
            Err(reason) if named.is_none() && reason.kind() == std::io::ErrorKind::NotFound => {
                Ok(match live_image {
                    true => Policy::Missing(path),
                    false => Policy::Open,
                })
            }
            Err(reason) => Err(PolicyError::Unreadable { path, reason }),
        }
    }

    /// Whether a component may be parsed at all, by its bytes and its signature alone. `name` is the
    /// stage that was asked for; `None`: whichever the signature says.
    ///
    /// # Errors
    ///
    /// Why it may not.
    pub fn admit(
        &self,
        bytes: &[u8],
        signature: Option<&[u8]>,
        name: Option<&str>,
    ) -> Result<Admitted, Refusal> {
        let (path, rules) = match self {
            Policy::Open => return Ok(Admitted::Unchecked),
            Policy::Missing(path) => {
                let missing = path.clone();
                return Err(Refusal::NoPolicy { missing });
            }
            Policy::File { path, rules } => (path, rules),
        };
        let digest = vetting_component::digest(bytes);
        if rules.revoked.contains(&digest) {
            let policy = path.clone();
            return Err(Refusal::Revoked { digest, policy });
        }
        let Some(signature) = signature else {
            return match rules.unsigned {
                Unsigned::Allow => Ok(Admitted::Unsigned),
                Unsigned::Refuse => Err(Refusal::Unsigned {
                    policy: path.clone(),
                }),
            };
        };
        // One that is there must be good, also where none would do: a bad one means that something
        // was changed.
        let signed = signature::verify(bytes, signature, &rules.keys, name)?;
        let binding = &signed.binding;
        self.is_new_enough(&binding.name, Some(binding.version), &binding.version)?;
        Ok(Admitted::Signed(signed))
    }

    /// Whether a component, now that its manifest was read, is what was admitted.
    ///
    /// # Errors
    ///
    /// When it says another name or version than its signature, or is too old.
    pub fn confirm(&self, admitted: &Admitted, manifest: &Manifest) -> Result<(), Refusal> {
        if let Admitted::Signed(signed) = admitted {
            signed.binding.describes(manifest)?;
        }
        let version = Version::parse(&manifest.version);
        self.is_new_enough(&manifest.name, version, &manifest.version)
    }

    fn is_new_enough(
        &self,
        stage: &str,
        version: Option<Version>,
        shown: &dyn std::fmt::Display,
    ) -> Result<(), Refusal> {
        let Policy::File { path, rules } = self else {
            return Ok(());
        };
        match rules.stages.get(stage).and_then(|stage| stage.minimum) {
            Some(minimum) if version.is_none_or(|version| version < minimum) => Err(Refusal::Old {
                stage: stage.to_owned(),
                version: shown.to_string(),
                minimum,
                policy: path.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The queries that it adds to the built-in ones.
    pub fn queries(&self) -> Vec<Query> {
        match self {
            Policy::File { rules, .. } => rules.queries.clone(),
            Policy::Open | Policy::Missing(_) => Vec::new(),
        }
    }

    /// Its file; none where there is no policy, or none that could be found.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Policy::File { path, .. } => Some(path),
            Policy::Open | Policy::Missing(_) => None,
        }
    }
}

impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Policy::Open => f.write_str(
                "no policy file: signatures are not checked, and no interface is withheld",
            ),
            Policy::Missing(path) => {
                let path = path.display();
                write!(f, "the policy file {path} is missing: no component is run")
            }
            Policy::File { path, rules } => {
                let unsigned = match rules.unsigned {
                    Unsigned::Refuse => "refused",
                    Unsigned::Allow => "allowed",
                };
                let keys: Vec<_> = rules.keys.iter().map(|key| key.id().to_string()).collect();
                let path = path.display();
                write!(
                    f,
                    "the policy file {path}: unsigned components are {unsigned}, trusted keys: {}",
                    if keys.is_empty() {
                        "none".to_owned()
                    } else {
                        keys.join(", ")
                    }
                )
            }
        }
    }
}
