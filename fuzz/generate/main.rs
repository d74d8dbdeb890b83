//! Generates stages for the engine to run: wasm-smith's core modules with the imports and exports of
//! the contract's world, made components, and wasm-smith's own components, of whatever shape. The
//! same seed gives the same stages. `cargo xtask fuzz` has more of them made than a build does.

mod shape;

use std::error::Error;
use std::path::{Path, PathBuf};

use arbitrary::Unstructured;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use wasm_smith::{Component, Config, Module};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

/// How many, unless the environment says otherwise.
const MANY: u64 = 300;
/// One in so many is a component of whatever shape.
const SHAPELESS: u64 = 4;
/// Bytes of chance for one of them; the larger the bytes, the larger the module.
const BYTES: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../wit");
    println!("cargo::rerun-if-changed=generate");
    let seed = number("VETTING_FUZZ_STAGES_SEED", 1)?;
    let many = number("VETTING_FUZZ_STAGES", MANY)?;
    let folder = PathBuf::from(std::env::var("OUT_DIR")?).join("stages");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(Path::new("../wit"))?;
    let world = resolve.select_world(&[package], Some("stage"))?;
    for number in 0..many {
        let mut random = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(number));
        let mut bytes = vec![0_u8; random.random_range(64..BYTES)];
        random.fill(bytes.as_mut_slice());
        let mut chance = Unstructured::new(&bytes);
        let (kind, made) = match number % SHAPELESS {
            0 => ("any", shapeless(&mut chance)),
            _ => ("stage", stage(&mut chance, &resolve, world)),
        };
        // Chance that has run out, or a module that becomes no component, is none the fewer.
        if let Some(component) = made {
            std::fs::write(
                folder.join(format!("{kind}-{seed}-{number}.wasm")),
                component,
            )?;
        }
    }
    Ok(())
}

fn number(variable: &str, otherwise: u64) -> Result<u64, Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed={variable}");
    match std::env::var(variable) {
        Ok(text) => Ok(text.parse()?),
        Err(_not_set) => Ok(otherwise),
    }
}

/// What every engine has on, and some of what it has off.
fn config(chance: &mut Unstructured) -> arbitrary::Result<Config> {
    // Once in a while a feature that is off is used, or a memory is larger than may be.
    let mut rarely = || chance.ratio(1, 16);
    Ok(Config {
        gc_enabled: rarely()?,
        exceptions_enabled: rarely()?,
        memory64_enabled: rarely()?,
        threads_enabled: rarely()?,
        // `externref` needs a garbage collector.
        reference_types_enabled: rarely()?,
        // Beside the one that every stage exports.
        max_memories: if rarely()? { 2 } else { 0 },
        max_memory32_bytes: if rarely()? { 1 << 32 } else { 64 << 20 },
        max_tables: if rarely()? { 3 } else { 1 },
        max_instructions: 400,
        max_funcs: 40,
        ..Config::default()
    })
}

/// A core module that imports some functions of the contract and exports what a stage must, with
/// whatever in its functions: the allocator that the host calls into among them.
fn stage(chance: &mut Unstructured, resolve: &Resolve, world: WorldId) -> Option<Vec<u8>> {
    let shape = shape::shape(resolve, world);
    let mut config = config(chance).ok()?;
    config.available_imports = Some(shape.clone());
    config.exports = Some(shape);
    let mut module = Module::new(config, chance).ok()?;
    // Not every loop is to end by this: fuel and deadline are to end some.
    if chance.ratio(7, 8).ok()? {
        module.ensure_termination(20_000).ok()?;
    }
    let mut module = module.to_bytes();
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).ok()?;
    ComponentEncoder::default()
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .ok()
}

/// A component of whatever types, instances and modules.
fn shapeless(chance: &mut Unstructured) -> Option<Vec<u8>> {
    let config = config(chance).ok()?;
    Some(Component::new(config, chance).ok()?.to_bytes())
}
