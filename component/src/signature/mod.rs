//! Detached signatures in minisign's format: a file `STAGE.wasm.minisig` beside `STAGE.wasm`, which
//! says who vouches for those bytes, and in its trusted comment as which stage and version.
//!
//! [`verify`] works on bytes alone: not a byte of the component is parsed. What the component then
//! says of itself is held against the signature by [`Binding::describes`].

mod binding;
mod error;
mod key;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use binding::Binding;
pub use error::SignatureError;
pub use key::{KeyError, KeyId, PublicKey};

/// The most that a signature may be, in bytes. One of minisign's has some 300.
pub const MAX_BYTES: usize = 8 * 1024;
/// What a signature's file is called: the component's name and this.
const SUFFIX: &str = ".minisig";
/// What stands before the key's id in a signature: the algorithm.
const ALGORITHM_BYTES: usize = 2;
/// minisign's mark of a signature over a hash of the file. (minisign's documentation, "Signature
/// format".)
const PREHASHED: &[u8] = b"ED";

/// A signature that is well-formed. Nothing is known of whether it fits anything.
#[derive(Clone)]
pub struct Signature {
    text: String,
    key: KeyId,
    parsed: minisign_verify::Signature,
}

/// What a signature that was verified vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// As which stage and version.
    pub binding: Binding,
    /// By which key.
    pub key: KeyId,
}

impl Signature {
    /// Reads a signature.
    ///
    /// # Errors
    ///
    /// When it is too large, is none of minisign's, or is of its legacy kind.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignatureError> {
        if bytes.len() > MAX_BYTES {
            return Err(SignatureError::TooLarge);
        }
        let malformed = |reason: &str| SignatureError::Malformed(reason.to_owned());
        let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is no text"))?;
        let mut lines = text.lines();
        let (Some(first), Some(second)) = (lines.next(), lines.next()) else {
            return Err(malformed("it does not have four lines"));
        };
        if lines.count() != 2 {
            return Err(malformed("it does not have four lines"));
        }
        if !first.starts_with("untrusted comment: ") {
            return Err(malformed("it does not begin with `untrusted comment: `"));
        }
        let parsed = minisign_verify::Signature::decode(text);
        let parsed = parsed.map_err(|error| SignatureError::Malformed(error.to_string()))?;
        let raw = STANDARD.decode(second);
        let raw = raw.map_err(|error| SignatureError::Malformed(error.to_string()))?;
        let key = raw.get(ALGORITHM_BYTES..).and_then(KeyId::first);
        let key = key.ok_or_else(|| malformed("its second line is too short"))?;
        if !raw.starts_with(PREHASHED) {
            return Err(SignatureError::Legacy);
        }
        Ok(Signature {
            text: text.to_owned(),
            key,
            parsed,
        })
    }

    /// The signature as it is kept and sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The key that it says it was made with.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// What its trusted comment says, which nobody has verified yet.
    ///
    /// # Errors
    ///
    /// When that is not of the form.
    pub fn binding(&self) -> Result<Binding, SignatureError> {
        self.parsed.trusted_comment().parse()
    }

    /// Whether it says that it is for these bytes. A registry, which knows no keys, can tell no more.
    ///
    /// # Errors
    ///
    /// When it says otherwise, or its trusted comment is not of the form.
    pub fn is_for(&self, bytes: &[u8]) -> Result<Binding, SignatureError> {
        let binding = self.binding()?;
        let found = crate::digest(bytes);
        if binding.sha256 != found {
            return Err(SignatureError::OtherFile {
                claimed: binding.sha256,
                found,
            });
        }
        Ok(binding)
    }
}

/// Verifies a component's signature before a byte of the component is parsed: by a key among those
/// that are trusted, over these very bytes, with its trusted comment untouched, and for the stage
/// that was asked for. `name` is that stage; `None`: whichever the signature says.
///
/// # Errors
///
/// The first of these that is not so.
pub fn verify(
    bytes: &[u8],
    signature: &[u8],
    trusted: &[PublicKey],
    name: Option<&str>,
) -> Result<Signed, SignatureError> {
    let signature = Signature::parse(signature)?;
    let Some(key) = trusted.iter().find(|key| key.id() == signature.key) else {
        return Err(SignatureError::UntrustedKey {
            key: signature.key,
            trusted: trusted.iter().map(PublicKey::id).collect(),
        });
    };
    if !key.fits(bytes, &signature.parsed) {
        // What it says of itself is not to be trusted, but may tell which mistake this is.
        return match signature.is_for(bytes) {
            Err(other @ SignatureError::OtherFile { .. }) => Err(other),
            _ => Err(SignatureError::Changed),
        };
    }
    let binding = signature.is_for(bytes)?;
    if let Some(asked) = name.filter(|asked| *asked != binding.name) {
        return Err(SignatureError::OtherStage {
            signed: binding.name,
            asked: asked.to_owned(),
        });
    }
    Ok(Signed {
        binding,
        key: signature.key,
    })
}

/// Where a component's signature lies: beside it.
pub fn beside(component: &Path) -> PathBuf {
    let mut path = component.as_os_str().to_owned();
    path.push(SUFFIX);
    path.into()
}

/// Reads a signature's file; of one that is too large no more than tells that it is. `None`: there is
/// none.
///
/// # Errors
///
/// When it cannot be read or is too large.
pub fn read_file(path: &Path) -> Result<Option<Vec<u8>>, SignatureError> {
    let unreadable = |reason| SignatureError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    let mut capped = file.take(MAX_BYTES as u64 + 1);
    capped.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > MAX_BYTES {
        return Err(SignatureError::TooLarge);
    }
    Ok(Some(bytes))
}
