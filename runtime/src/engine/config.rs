//! The one constructor of engines. Epochs and their ticker are one type, so that neither exists
//! without the other.

use std::hash::{Hash as _, Hasher};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vetting_component::features;
use wasmtime::{Config, Engine, WasmFeatures};

use super::ticker;

/// What interrupts a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flavour {
    /// Epochs: for real machines, where the wall's time counts.
    Epoch,
    /// Epochs and fuel: for simulated and replayed machines, where a guest that spins must end at
    /// the same instruction everywhere.
    EpochAndFuel,
}

impl Flavour {
    /// Its name on the compiler child's command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Flavour::Epoch => "epoch",
            Flavour::EpochAndFuel => "epoch-and-fuel",
        }
    }

    /// The flavour of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Flavour::Epoch, Flavour::EpochAndFuel]
            .into_iter()
            .find(|flavour| flavour.as_str() == name)
    }
}

/// What the host's own functions may use of a stack beside the guest, in bytes.
const HOST_STACK: usize = 1024 * 1024;

/// The configuration of a flavour. The compiler child uses it too, so that its code fits.
pub fn config(flavour: Flavour) -> Config {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .consume_fuel(flavour == Flavour::EpochAndFuel)
        // No more than what components are read with, whatever wasmtime has on by itself.
        .wasm_features(WasmFeatures::all(), false)
        .wasm_features(features::OF_ENGINE, true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable);
    config
}

/// An engine whose epoch advances.
pub struct TickingEngine {
    engine: Engine,
    flavour: Flavour,
}

impl TickingEngine {
    /// An engine whose guests may use that much stack, in bytes, and its ticker.
    pub fn new(flavour: Flavour, stack: u64) -> wasmtime::Result<Self> {
        let stack = usize::try_from(stack)?;
        let mut config = config(flavour);
        config
            .max_wasm_stack(stack)
            .async_stack_size(stack.saturating_add(HOST_STACK));
        let engine = Engine::new(&config)?;
        ticker::start(engine.weak())?;
        Ok(TickingEngine { engine, flavour })
    }

    /// The engine.
    pub fn get(&self) -> &Engine {
        &self.engine
    }

    /// Its flavour.
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// A digest of everything that compiled code must agree with to run here.
    pub fn compatibility(&self) -> String {
        let mut hasher = DigestHasher(Sha256::new());
        self.engine
            .precompile_compatibility_hash()
            .hash(&mut hasher);
        let digest = hasher.0.finalize();
        digest.iter().take(8).map(|b| format!("{b:02x}")).collect()
    }
}

/// Feeds what is hashed to SHA-256: the same on every run, which the default hasher does not promise.
struct DigestHasher(Sha256);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        // Only the whole digest is used.
        0
    }
}
