//! Generates the contract's types from `wit/`, so that the seam speaks exactly the words that a
//! stage does: one module per interface, the WIT's documentation on every item, serde in both
//! directions (fields in snake case, cases in the WIT's own spelling).

use std::fmt::Write as _;
use std::path::Path;

use wit_parser::{Resolve, Type, TypeDefKind, TypeId, TypeOwner};

fn main() {
    let wit = Path::new("../wit");
    println!("cargo::rerun-if-changed={}", wit.display());
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(wit)
        .expect("the contract in wit/ must parse");

    let mut out = String::new();
    for (name, id) in &resolve.packages[package].interfaces {
        let interface = &resolve.interfaces[*id];
        docs(&mut out, "", interface.docs.contents.as_deref());
        writeln!(out, "pub mod {} {{", snake(name)).expect("writing to a string");
        let mut derives = DERIVES.to_owned();
        if IN_PROFILES.contains(&name.as_str()) {
            derives.push_str("    #[derive(schemars::JsonSchema)]\n");
        }
        for (_, ty) in &interface.types {
            definition(&mut out, &resolve, *ty, &derives);
        }
        out.push_str("}\n");
    }
    let target = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&target).join("contract.rs"), out)
        .expect("the build folder can be written");
}

const DERIVES: &str =
    "    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]\n";

/// Interfaces whose types a machine's profile holds, so that its schema has them.
const IN_PROFILES: [&str; 2] = ["kernel-log", "types"];

fn definition(out: &mut String, resolve: &Resolve, id: TypeId, derives: &str) {
    let def = &resolve.types[id];
    let Some(name) = &def.name else { return };
    let rust = camel(name);
    let documentation = def.docs.contents.as_deref();
    match &def.kind {
        // A resource is a handle; the seam has run and watch numbers instead.
        TypeDefKind::Resource => {}
        // A `use` of another interface's type.
        TypeDefKind::Type(Type::Id(target)) if resolve.types[*target].name.is_some() => {
            let path = named(resolve, *target);
            writeln!(out, "    #[doc(no_inline)]\n    pub use {path};").expect("string");
        }
        TypeDefKind::Record(record) => {
            docs(out, "    ", documentation);
            out.push_str(derives);
            if record.fields.iter().all(|f| defaults(resolve, &f.ty)) {
                out.push_str("    #[derive(Default)]\n");
            }
            writeln!(out, "    pub struct {rust} {{").expect("string");
            for field in &record.fields {
                docs(out, "        ", field.docs.contents.as_deref());
                if is_bytes(resolve, &field.ty) {
                    out.push_str("        #[serde(with = \"super::bytes\")]\n");
                    if derives.contains("JsonSchema") {
                        out.push_str("        #[schemars(with = \"String\")]\n");
                    }
                }
                let (name, ty) = (snake(&field.name), ty(resolve, &field.ty));
                writeln!(out, "        pub {name}: {ty},").expect("string");
            }
            out.push_str("    }\n");
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant
                .cases
                .iter()
                .map(|c| (&c.name, c.ty.as_ref(), c.docs.contents.as_deref()));
            enumeration(out, resolve, (&rust, documentation, derives), cases);
        }
        TypeDefKind::Enum(cases) => {
            let cases = cases
                .cases
                .iter()
                .map(|c| (&c.name, None, c.docs.contents.as_deref()));
            enumeration(out, resolve, (&rust, documentation, derives), cases);
        }
        other => {
            docs(out, "    ", documentation);
            let alias = kind(resolve, other);
            writeln!(out, "    pub type {rust} = {alias};").expect("string");
        }
    }
}

fn enumeration<'a>(
    out: &mut String,
    resolve: &Resolve,
    (rust, documentation, derives): (&str, Option<&str>, &str),
    cases: impl Iterator<Item = (&'a String, Option<&'a Type>, Option<&'a str>)>,
) {
    docs(out, "    ", documentation);
    out.push_str(derives);
    writeln!(
        out,
        "    #[serde(rename_all = \"kebab-case\")]\n    pub enum {rust} {{"
    )
    .expect("string");
    for (name, payload, documentation) in cases {
        docs(out, "        ", documentation);
        let payload = payload.map_or(String::new(), |t| format!("({})", ty(resolve, t)));
        writeln!(out, "        {}{payload},", camel(name)).expect("string");
    }
    out.push_str("    }\n");
}

/// Whether it is a list of bytes, which readable encodings hold as text.
fn is_bytes(resolve: &Resolve, ty: &Type) -> bool {
    let Type::Id(id) = ty else { return false };
    matches!(resolve.types[*id].kind, TypeDefKind::List(Type::U8))
}

/// Whether every value of the type has an evident empty one.
fn defaults(resolve: &Resolve, ty: &Type) -> bool {
    let Type::Id(id) = ty else { return true };
    match &resolve.types[*id].kind {
        TypeDefKind::Type(target) => defaults(resolve, target),
        TypeDefKind::Record(r) => r.fields.iter().all(|f| defaults(resolve, &f.ty)),
        TypeDefKind::List(_) | TypeDefKind::Option(_) => true,
        TypeDefKind::Tuple(t) => t.types.iter().all(|t| defaults(resolve, t)),
        _ => false,
    }
}

fn ty(resolve: &Resolve, ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".into(),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => format!("{ty:?}").to_lowercase(),
        Type::S8 => "i8".into(),
        Type::S16 => "i16".into(),
        Type::S32 => "i32".into(),
        Type::S64 => "i64".into(),
        Type::F32 => "f32".into(),
        Type::F64 => "f64".into(),
        Type::Char => "char".into(),
        Type::String => "String".into(),
        Type::Id(id) if resolve.types[*id].name.is_some() => named(resolve, *id),
        Type::Id(id) => kind(resolve, &resolve.types[*id].kind),
        other => panic!("the contract uses {other:?}, which the seam cannot carry yet"),
    }
}

fn kind(resolve: &Resolve, kind: &TypeDefKind) -> String {
    match kind {
        TypeDefKind::List(t) => format!("Vec<{}>", ty(resolve, t)),
        TypeDefKind::Option(t) => format!("Option<{}>", ty(resolve, t)),
        TypeDefKind::Tuple(t) => {
            let parts: Vec<_> = t.types.iter().map(|t| ty(resolve, t)).collect();
            format!("({})", parts.join(", "))
        }
        TypeDefKind::Type(t) => ty(resolve, t),
        other => panic!("the contract uses {other:?}, which the seam cannot carry yet"),
    }
}

/// The path of a named type, seen from inside an interface's module.
fn named(resolve: &Resolve, id: TypeId) -> String {
    let def = &resolve.types[id];
    let name = camel(def.name.as_deref().expect("only named types are asked for"));
    match def.owner {
        TypeOwner::Interface(owner) => {
            let owner = resolve.interfaces[owner].name.as_deref();
            let owner = owner.expect("the contract's interfaces have names");
            format!("super::{}::{name}", snake(owner))
        }
        _ => name,
    }
}

fn docs(out: &mut String, indent: &str, text: Option<&str>) {
    for line in text.unwrap_or_default().lines() {
        writeln!(out, "{indent}/// {line}").expect("string");
    }
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

fn camel(name: &str) -> String {
    name.split('-')
        .flat_map(|part| {
            let mut letters = part.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(letters)
        })
        .collect()
}
