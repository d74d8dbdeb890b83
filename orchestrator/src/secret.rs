//! Tokens and ids: random, and stored only as their hashes.

use rand::Rng as _;
use vetting_component::digest;

/// A new token: 256 random bits in hexadecimal, after a word that says what it is, so that one that
/// leaked is recognised.
pub fn token(kind: &str) -> String {
    format!("{kind}_{}", hex(&random::<32>()))
}

/// A new id: 128 random bits in hexadecimal.
pub fn id() -> String {
    hex(&random::<16>())
}

/// What is stored of a token. It has 256 random bits, so a fast hash is enough.
pub fn hash(token: &str) -> String {
    digest(token.as_bytes())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
