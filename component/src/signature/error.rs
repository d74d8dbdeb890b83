//! Why a signature is refused, each in a sentence that says what to do.

use std::path::PathBuf;

use super::{KeyId, MAX_BYTES};

/// A signature that does not vouch for a component.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// Its file is there and cannot be read.
    #[error("the signature {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// Nobody reads it whole.
    #[error(
        "the signature has more than {MAX_BYTES} bytes, where one of minisign's has some 300; sign \
         the component again"
    )]
    TooLarge,
    /// It is no signature.
    #[error("the signature is none of minisign's: {0}; sign the component again")]
    Malformed(String),
    /// It is over the file itself, as minisign made them long ago.
    #[error(
        "the signature is of minisign's legacy kind, which is not taken; sign the component again \
         with `vetting stage sign`, or with `minisign -S` and without `-l`"
    )]
    Legacy,
    /// Nobody trusts the key.
    #[error(
        "the signature is by the key {key}, which is not trusted ({}); sign the component with a \
         trusted key, or add this one to the policy file's [[keys]]",
        those(trusted)
    )]
    UntrustedKey {
        /// The key that it says it was made with.
        key: KeyId,
        /// The keys that are trusted.
        trusted: Vec<KeyId>,
    },
    /// It is another file's.
    #[error(
        "the signature is for a file with the sha256 {claimed}, and this one's is {found}; take the \
         signature that belongs to the file, or sign it again"
    )]
    OtherFile {
        /// The sha256 in the trusted comment.
        claimed: String,
        /// The file's.
        found: String,
    },
    /// It is no signature of that key over that file and that comment.
    #[error(
        "the signature does not fit: the component, the signature or its trusted comment was \
         changed after it was signed; fetch both again, or sign the component again"
    )]
    Changed,
    /// It does not say what it is for.
    #[error(
        "the signature's trusted comment does not say what was signed: {0}; sign with `vetting \
         stage sign`, or with `minisign -S -t 'vetting-stage name=NAME version=VERSION \
         sha256=DIGEST'`"
    )]
    Comment(String),
    /// It is for another stage.
    #[error(
        "the component is signed as the stage `{signed}`, and `{asked}` was asked for; a signed \
         stage cannot be given another name"
    )]
    OtherStage {
        /// The stage that it is for.
        signed: String,
        /// The stage that was asked for.
        asked: String,
    },
    /// The component says something else of itself.
    #[error(
        "the component was signed as {signed}, and its manifest says {found}; sign it again with \
         `vetting stage sign`, which takes both from the manifest"
    )]
    OtherManifest {
        /// Name and version in the trusted comment.
        signed: String,
        /// Those in the manifest.
        found: String,
    },
}

fn those(trusted: &[KeyId]) -> String {
    let ids: Vec<_> = trusted.iter().map(KeyId::to_string).collect();
    match ids.as_slice() {
        [] => "no key is".to_owned(),
        ids => format!("trusted: {}", ids.join(", ")),
    }
}
