//! The WebAssembly of stages: one set for who reads components and for the engine that runs them.

use wasmparser::WasmFeatures;

/// What the core modules of a component may use, and the component itself: WebAssembly 3.0 without what the engine
/// is built without (garbage collection, exceptions, threads), and with at most one memory of 32 bits a module.
pub const OF_AUTHORS: WasmFeatures = WasmFeatures::WASM3
    .difference(WasmFeatures::GC_TYPES)
    .difference(WasmFeatures::EXCEPTIONS)
    .difference(WasmFeatures::THREADS)
    .difference(WasmFeatures::MEMORY64)
    .difference(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::COMPONENT_MODEL);

/// What the engine compiles: besides, several memories in a module. Where components of one stage call each other,
/// the engine itself makes a module between them that copies from the memory of one to that of the other. No module
/// of a file has several: [`crate::read`] refuses it.
pub const OF_ENGINE: WasmFeatures = OF_AUTHORS.union(WasmFeatures::MULTI_MEMORY);
