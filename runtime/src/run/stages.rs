//! Finding stages in a folder: every `*.wasm` in it is a stage, known by its manifest's name.

use std::path::{Path, PathBuf};

use vetting_component::signature;
use vetting_component::{ComponentError, Contents};

use super::order::rank;
use crate::policy::{Admitted, Policy, Refusal};

/// A file that is a stage.
#[derive(Debug)]
pub struct Candidate {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it says of itself.
    pub contents: Contents,
}

impl Candidate {
    /// The stage's name.
    pub fn name(&self) -> &str {
        &self.contents.manifest.name
    }
}

/// A folder of stages that cannot be used. Nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum StagesError {
    /// A file or the folder cannot be read.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// There is nothing to run.
    #[error("{} holds no stage (*.wasm); build them with `cargo xtask stages`, or name a folder with --stages", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// A file is too large.
    #[error("{}: {size} bytes are too many for a stage; the limit component-bytes allows {allowed}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        size: u64,
        /// The limit.
        allowed: u64,
    },
    /// A file is no stage, or needs what this runtime lacks.
    #[error("{}: {reason}", path.display())]
    NoStage {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: ComponentError,
    },
    /// A file may not be run.
    #[error("{}: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: Refusal,
    },
    /// Two files say they are the same stage.
    #[error("{} and {} are both the stage `{name}`; keep one of them", first.display(), second.display())]
    Twice {
        /// The stage's name.
        name: String,
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A stage that was asked for is not there.
    #[error("there is no stage `{name}`; {}", nearest(name, known))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
}

/// All stages in a folder, checked, in the pipeline's order. A file is verified as the policy wants
/// it, by the signature beside it, before it is parsed. `allowed` is the most that a file may be, in bytes.
///
/// # Errors
///
/// Any file that ends in `.wasm` and is no sound stage: a folder that is half good is not used.
pub fn find(folder: &Path, policy: &Policy, allowed: u64) -> Result<Vec<Candidate>, StagesError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |reason| StagesError::Io { path, reason }
    };
    let mut candidates: Vec<Candidate> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io(folder))? {
        let path = entry.map_err(io(folder))?.path();
        if path.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        let size = std::fs::metadata(&path).map_err(io(&path))?.len();
        if size > allowed {
            return Err(StagesError::TooLarge {
                path,
                size,
                allowed,
            });
        }
        let bytes = std::fs::read(&path).map_err(io(&path))?;
        let refused = |reason: Refusal| StagesError::Refused {
            path: path.clone(),
            reason,
        };
        let admitted = admit(policy, &path, &bytes).map_err(refused)?;
        let contents = check(&bytes).map_err(|reason| StagesError::NoStage {
            path: path.clone(),
            reason,
        })?;
        let confirmed = policy.confirm(&admitted, &contents.manifest);
        confirmed.map_err(refused)?;
        candidates.push(Candidate {
            path,
            bytes,
            contents,
        });
    }
    candidates.sort_by(|a, b| rank(a.name()).cmp(&rank(b.name())));
    for pair in candidates.windows(2) {
        if let [first, second] = pair
            && first.name() == second.name()
        {
            return Err(StagesError::Twice {
                name: first.name().to_owned(),
                first: first.path.clone(),
                second: second.path.clone(),
            });
        }
    }
    if candidates.is_empty() {
        let folder = folder.to_owned();
        return Err(StagesError::Empty { folder });
    }
    Ok(candidates)
}

/// Those of the candidates that are named, in the order of the pipeline; all of them when none is.
///
/// # Errors
///
/// When a name is none of theirs.
pub fn select(candidates: Vec<Candidate>, names: &[String]) -> Result<Vec<Candidate>, StagesError> {
    let known: Vec<String> = candidates.iter().map(|c| c.name().to_owned()).collect();
    for name in names {
        if !known.contains(name) {
            return Err(StagesError::Unknown {
                name: name.clone(),
                known,
            });
        }
    }
    let wanted = |c: &Candidate| names.is_empty() || names.iter().any(|name| name == c.name());
    Ok(candidates.into_iter().filter(wanted).collect())
}

fn admit(policy: &Policy, path: &Path, bytes: &[u8]) -> Result<Admitted, Refusal> {
    if matches!(policy, Policy::Open) {
        return Ok(Admitted::Unchecked);
    }
    let signature = signature::read_file(&signature::beside(path))?;
    policy.admit(bytes, signature.as_deref(), None)
}

/// Reads a stage that this runtime can run.
pub fn check(bytes: &[u8]) -> Result<Contents, ComponentError> {
    let contents = vetting_component::read(bytes)?;
    vetting_component::check_here(&contents)?;
    Ok(contents)
}

/// A hint at what was meant.
fn nearest(name: &str, known: &[String]) -> String {
    let distance =
        |k: &&String| strsim::damerau_levenshtein(&k.to_lowercase(), &name.to_lowercase());
    let all = known.join(", ");
    match known
        .iter()
        .min_by_key(distance)
        .filter(|k| distance(k) <= 3)
    {
        Some(near) => format!("did you mean `{near}`? There are: {all}"),
        None => format!("there are: {all}"),
    }
}
