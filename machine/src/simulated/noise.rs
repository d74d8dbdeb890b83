//! Seeded randomness. Readings get theirs from what they are of and when ([`unit`]), so that the
//! order in which a stage asks changes nothing; only [`Generator`], for random bytes, has a state.

/// One step of SplitMix64 (Steele, Lea, Flood 2014): a bijection that mixes every bit.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The seed of two seeds.
pub fn combine(first: u64, second: u64) -> u64 {
    mix(mix(first) ^ second)
}

/// From -1 to 1, the same for the same seed, name and time bucket. The mean of two draws, so that
/// small values are likelier than large ones.
pub fn unit(seed: u64, of: &str, bucket: u64) -> f64 {
    unit_of(seed, key(of), bucket)
}

/// What stands for a name in [`unit_of`]: FNV-1a over it.
pub fn key(of: &str) -> u64 {
    of.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The same as [`unit`] of a name whose key is kept.
pub fn unit_of(seed: u64, key: u64, bucket: u64) -> f64 {
    let bits = mix(mix(seed ^ key) ^ bucket);
    let draw = |bits: u64| {
        f64::from(u32::try_from(bits & 0xffff_ffff).unwrap_or(0)) / 2_147_483_648.0 - 1.0
    };
    f64::midpoint(draw(bits), draw(bits >> 32))
}

/// A generator of random bytes: SplitMix64 in counter mode.
#[derive(Clone, Debug)]
pub struct Generator(u64);

impl Generator {
    /// One that starts at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// That many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count.saturating_add(8));
        while bytes.len() < count {
            self.0 = self.0.wrapping_add(1);
            bytes.extend(mix(self.0).to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}
