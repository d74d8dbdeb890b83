//! What a component is known by.

use sha2::{Digest as _, Sha256};

/// The sha256 of some bytes, in lower-case hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
