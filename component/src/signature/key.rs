//! Public keys, and the ids by which people and signatures name them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands before the key's id in a public key: the algorithm.
const ALGORITHM_BYTES: usize = 2;
/// What the comment's line of a key's file begins with.
const COMMENT: &str = "untrusted comment:";

/// A key's id, shown as minisign shows it: 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(u64);

impl KeyId {
    /// The id that these bytes begin with.
    pub(super) fn first(bytes: &[u8]) -> Option<Self> {
        let (id, _) = bytes.split_first_chunk()?;
        Some(KeyId(u64::from_le_bytes(*id)))
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

/// A text that is no public key.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0}: a public key of minisign is needed: the line that begins with `RW` in a key's .pub file"
)]
pub struct KeyError(String);

/// A key that signatures are verified with.
#[derive(Clone, Debug)]
pub struct PublicKey {
    id: KeyId,
    key: minisign_verify::PublicKey,
}

impl PublicKey {
    /// Reads a public key: the line of base 64, or the whole file with its comment.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let wrong = |reason: String| KeyError(reason);
        let mut lines = text.lines().map(str::trim);
        let line = lines.find(|line| !line.is_empty() && !line.starts_with(COMMENT));
        let line = line.ok_or_else(|| wrong("there is no key".to_owned()))?;
        let key = minisign_verify::PublicKey::from_base64(line);
        let key = key.map_err(|error| wrong(error.to_string()))?;
        let raw = STANDARD.decode(line).map_err(|e| wrong(e.to_string()))?;
        let id = raw.get(ALGORITHM_BYTES..).and_then(KeyId::first);
        let id = id.ok_or_else(|| wrong("the key is too short".to_owned()))?;
        Ok(PublicKey { id, key })
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Whether a signature is this key's, over these bytes and over its own trusted comment.
    pub(super) fn fits(&self, bytes: &[u8], signature: &minisign_verify::Signature) -> bool {
        self.key.verify(bytes, signature, false).is_ok()
    }
}
