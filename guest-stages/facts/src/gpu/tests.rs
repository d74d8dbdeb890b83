//! The parsers on captured outputs, cut ones and damaged ones.

mod amd_gpus;
mod loads;
mod nvidia;

/// Small and deterministic.
fn damage(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for _ in 0..8 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let at = (state >> 16) as usize % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = state as u8;
        }
    }
    bytes
}

/// Cuts a capture at many places and damages it in many ways; the parser must not panic.
fn survives<T>(bytes: &[u8], parse: impl Fn(&[u8]) -> T) {
    let step = bytes.len() / 1000 + 1;
    for end in (0..bytes.len()).step_by(step) {
        parse(&bytes[..end]);
    }
    for seed in 0..300 {
        parse(&damage(bytes, seed));
    }
}

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!("../../../captured/gpu/", $name))
    };
}
use captured;
