//! Making hostile components from source: from a core module's text to a component with a manifest,
//! and whatever else an honest tool would never write.

use std::path::Path;

use serde_json::{Value, json};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The custom section that holds a manifest. (Design of the contract: exactly one, at the top level.)
const MANIFEST: &str = "vetting:manifest";

/// The part of WASI that hostile guests use: what a guest of another language would import.
const WASI: &str = include_str!("wasi.wit");

/// A hostile component in the making.
pub struct Forged {
    bytes: Vec<u8>,
    manifest: Value,
}

impl Forged {
    /// A stage whose `run` is the body of a core function, with further fields of the module (imports
    /// first). The module's memory has one page more than the data at its beginning; an answer of
    /// `Err("done")` lies at 16, room for a host call's answer from 512 on.
    pub fn stage(imports: &str, body: &str) -> Self {
        Self::module(imports, "", body, BUMP, "")
    }

    /// The same, with more of the module: fields, the body of `cabi_realloc`, and what stands in front
    /// of `run`'s result.
    pub fn module(imports: &str, fields: &str, body: &str, realloc: &str, post: &str) -> Self {
        let text = format!(
            r#"(module
                {imports}
                (memory (export "memory") 2)
                (global $next (mut i32) (i32.const 8192))
                (func (export "cabi_realloc") (param $old i32) (param $had i32) (param $align i32) (param $size i32) (result i32)
                    {realloc})
                {fields}
                (func $run (export "run") (result i32)
                    {body}
                    (i32.const 16))
                {post}
                (data (i32.const 16) "\01\00\00\00\80\00\00\00\04\00\00\00")
                (data (i32.const 128) "done"))"#
        );
        Self::core(&text)
    }

    /// A stage of a core module's whole text.
    pub fn core(text: &str) -> Self {
        let mut module = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let (resolve, world) = contract();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .expect("the contract is embedded");
        let mut encoder = ComponentEncoder::default().validate(true);
        encoder = encoder.module(&module).expect("a module of the contract");
        Self::component(encoder.encode().expect("a component"))
    }

    /// A component's text, which must export `run` itself.
    pub fn text(text: &str) -> Self {
        Self::component(wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}")))
    }

    fn component(bytes: Vec<u8>) -> Self {
        Forged {
            bytes,
            manifest: json!({
                "name": "Forged",
                "version": "0.1.0",
                "summary": "Is hostile",
                "timeout_seconds": 60,
            }),
        }
    }

    /// Adds a component inside, given as text, and makes `times` instances of it before `run` can be
    /// called.
    pub fn inner(self, text: &str, times: u32) -> Self {
        let inner = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        self.inner_bytes(&inner, times)
    }

    /// The same, given as bytes.
    pub fn inner_bytes(mut self, inner: &[u8], times: u32) -> Self {
        let index = components_in(&self.bytes);
        let mut component = vec![4];
        leb(&mut component, inner.len());
        component.extend(inner);
        self.bytes.extend(component);
        let mut instances = Vec::new();
        leb(&mut instances, times as usize);
        for _ in 0..times {
            // instantiate, a component, its index, no arguments
            instances.push(0);
            leb(&mut instances, index);
            instances.push(0);
        }
        self.bytes.push(5);
        leb(&mut self.bytes, instances.len());
        self.bytes.extend(instances);
        self
    }

    /// Asks for interfaces.
    pub fn asking(mut self, interfaces: &[&str]) -> Self {
        let reasons = interfaces
            .iter()
            .map(|name| ((*name).to_owned(), json!({ "reason": "to be hostile" })));
        self.manifest["interfaces"] = Value::Object(reasons.collect());
        self
    }

    /// A field of the manifest.
    pub fn saying(mut self, field: &str, value: Value) -> Self {
        self.manifest[field] = value;
        self
    }

    /// The file, its manifest last.
    pub fn file(self) -> Vec<u8> {
        let json = self.manifest.to_string();
        self.with_section(json.as_bytes()).bytes
    }

    /// The file with exactly these bytes for a manifest.
    pub fn file_with(self, manifest: &[u8]) -> Vec<u8> {
        self.with_section(manifest).bytes
    }

    /// The file with its manifest twice.
    pub fn file_with_two(self) -> Vec<u8> {
        let json = self.manifest.to_string();
        let once = self.with_section(json.as_bytes());
        once.with_section(json.as_bytes()).bytes
    }

    /// The file without a manifest.
    pub fn bare(self) -> Vec<u8> {
        self.bytes
    }

    fn with_section(mut self, data: &[u8]) -> Self {
        let mut section = Vec::new();
        leb(&mut section, MANIFEST.len());
        section.extend(MANIFEST.as_bytes());
        section.extend(data);
        self.bytes.push(0);
        leb(&mut self.bytes, section.len());
        self.bytes.extend(section);
        self
    }
}

/// An allocator that only ever gives more.
const BUMP: &str = r"
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))))))
    (local.get $at)";

/// The allocator of [`Forged::stage`], for modules that differ elsewhere.
pub fn bump() -> &'static str {
    BUMP
}

/// The contract with the part of WASI that is used here, and a world of both.
fn contract() -> (Resolve, wit_parser::WorldId) {
    let mut resolve = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    resolve.push_dir(&wit).expect("the contract");
    let package = resolve.push_str("wasi.wit", WASI).expect("wasi.wit");
    let world = resolve
        .select_world(&[package], Some("hostile"))
        .expect("the world");
    (resolve, world)
}

/// How many components a component's file defines or names at its top level.
fn components_in(bytes: &[u8]) -> usize {
    let mut depth = 0_u32;
    let mut count = 0;
    for payload in wasmparser::Parser::new(0).parse_all(bytes) {
        match payload.expect("our own component") {
            wasmparser::Payload::ComponentSection { .. } => {
                count += usize::from(depth == 0);
                depth += 1;
            }
            wasmparser::Payload::ModuleSection { .. } => depth += 1,
            wasmparser::Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    count
}

/// A number as WebAssembly writes it.
fn leb(to: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        if number == 0 {
            to.push(low);
            return;
        }
        to.push(low | 0x80);
    }
}
