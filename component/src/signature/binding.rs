//! The trusted comment of a stage's signature, which binds it to a name, a version and a file:
//!
//! ```text
//! vetting-stage name=Storage version=1.2.0 sha256=5e88…
//! ```
//!
//! The three words in any order, each once, one space between. Without it whoever holds two signed
//! files could pass one for the other, or an old one for the new.

use std::str::FromStr;

use super::SignatureError;
use crate::manifest::is_name;
use crate::{Manifest, Version};

/// What a trusted comment begins with.
const KIND: &str = "vetting-stage";
/// How many hexadecimal digits a sha256 has.
const DIGEST_DIGITS: usize = 64;

/// What a signature says that the signed file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The stage's name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// The sha256 of the file, in lower-case hexadecimal.
    pub sha256: String,
}

impl Binding {
    /// What a component is signed as.
    ///
    /// # Errors
    ///
    /// When the manifest's version is none.
    pub fn of(manifest: &Manifest, bytes: &[u8]) -> Result<Self, SignatureError> {
        let version = Version::parse(&manifest.version);
        Ok(Binding {
            name: manifest.name.clone(),
            version: version.ok_or_else(|| {
                let version = &manifest.version;
                SignatureError::Comment(format!("`{version}` is no version"))
            })?,
            sha256: crate::digest(bytes),
        })
    }

    /// Whether a component is, by its manifest, what it was signed as.
    ///
    /// # Errors
    ///
    /// When name or version are others.
    pub fn describes(&self, manifest: &Manifest) -> Result<(), SignatureError> {
        let same = self.name == manifest.name
            && Version::parse(&manifest.version).is_some_and(|version| version == self.version);
        if same {
            return Ok(());
        }
        Err(SignatureError::OtherManifest {
            signed: format!("{} {}", self.name, self.version),
            found: format!("{} {}", manifest.name, manifest.version),
        })
    }
}

impl std::fmt::Display for Binding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Binding {
            name,
            version,
            sha256,
        } = self;
        write!(f, "{KIND} name={name} version={version} sha256={sha256}")
    }
}

impl FromStr for Binding {
    type Err = SignatureError;

    fn from_str(comment: &str) -> Result<Self, SignatureError> {
        let wrong = |reason: String| SignatureError::Comment(reason);
        let words = comment.strip_prefix(KIND).and_then(|c| c.strip_prefix(' '));
        let words = words.ok_or_else(|| wrong(format!("it does not begin with `{KIND} `")))?;
        let (mut name, mut version, mut sha256) = (None, None, None);
        for word in words.split(' ') {
            let (place, value) = match word.split_once('=') {
                Some(("name", value)) => (&mut name, value),
                Some(("version", value)) => (&mut version, value),
                Some(("sha256", value)) => (&mut sha256, value),
                _ => return Err(wrong(format!("`{}` is not known", word.escape_debug()))),
            };
            if place.replace(value).is_some() {
                return Err(wrong(format!("`{}` is there twice", word.escape_debug())));
            }
        }
        let missing = |what: &str| wrong(format!("`{what}=` is missing"));
        let name = name.ok_or_else(|| missing("name"))?;
        if !is_name(name) {
            return Err(wrong("its name is none of a stage".to_owned()));
        }
        let version = version.ok_or_else(|| missing("version"))?;
        let version = Version::parse(version);
        let sha256 = sha256.ok_or_else(|| missing("sha256"))?;
        let digits = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
        if sha256.len() != DIGEST_DIGITS || !sha256.bytes().all(digits) {
            return Err(wrong("its sha256 is not 64 lower-case digits".to_owned()));
        }
        Ok(Binding {
            name: name.to_owned(),
            version: version.ok_or_else(|| wrong("its version is not like 1.2.0".to_owned()))?,
            sha256: sha256.to_owned(),
        })
    }
}
