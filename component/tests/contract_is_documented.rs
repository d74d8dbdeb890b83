//! A stage author needs no page but the contract: everything in `wit/` says what it is.

use std::path::Path;

use wit_parser::{Resolve, SourceMap, TypeDefKind};

/// The contract, from its files.
fn contract() -> Resolve {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let mut sources = SourceMap::default();
    for entry in std::fs::read_dir(&folder).expect("wit/") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            sources.push_file(&path).expect("a WIT file");
        }
    }
    resolve(sources)
}

fn resolve(sources: SourceMap) -> Resolve {
    let group = sources.parse().map_err(|(_, error)| error).expect("WIT");
    let mut resolve = Resolve::default();
    resolve.push_group(group).expect("a package");
    resolve
}

/// What has no documentation, by its full name.
fn undocumented(resolve: &Resolve) -> Vec<String> {
    let mut silent = Vec::new();
    let mut look = |name: String, docs: &wit_parser::Docs| {
        if docs
            .contents
            .as_deref()
            .is_none_or(|text| text.trim().is_empty())
        {
            silent.push(name);
        }
    };
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.clone().unwrap_or_default();
        look(name.clone(), &interface.docs);
        for (function, item) in &interface.functions {
            look(format!("{name}.{function}"), &item.docs);
        }
        for (kind, id) in &interface.types {
            let kind = format!("{name}.{kind}");
            let item = &resolve.types[*id];
            // A type of another interface is documented there.
            if matches!(item.kind, TypeDefKind::Type(wit_parser::Type::Id(_))) {
                continue;
            }
            look(kind.clone(), &item.docs);
            match &item.kind {
                TypeDefKind::Record(record) => {
                    record
                        .fields
                        .iter()
                        .for_each(|f| look(format!("{kind}.{}", f.name), &f.docs));
                }
                TypeDefKind::Variant(variant) => {
                    variant
                        .cases
                        .iter()
                        .for_each(|c| look(format!("{kind}.{}", c.name), &c.docs));
                }
                TypeDefKind::Enum(cases) => {
                    cases
                        .cases
                        .iter()
                        .for_each(|c| look(format!("{kind}.{}", c.name), &c.docs));
                }
                TypeDefKind::Flags(flags) => {
                    flags
                        .flags
                        .iter()
                        .for_each(|f| look(format!("{kind}.{}", f.name), &f.docs));
                }
                _ => {}
            }
        }
    }
    for (_, world) in &resolve.worlds {
        look(world.name.clone(), &world.docs);
        for (_, item) in &world.exports {
            if let wit_parser::WorldItem::Function(function) = item {
                look(format!("{}.{}", world.name, function.name), &function.docs);
            }
        }
    }
    silent
}

#[test]
fn every_item_of_the_contract_is_documented() {
    let contract = contract();
    assert_eq!(contract.interfaces.len(), 17, "one per file");
    let silent = undocumented(&contract);
    assert!(silent.is_empty(), "without documentation: {silent:#?}");
}

#[test]
fn every_interface_says_since_when_it_is_there() {
    for (_, interface) in &contract().interfaces {
        let stable = matches!(interface.stability, wit_parser::Stability::Stable { .. });
        assert!(stable, "{:?} has no @since", interface.name);
    }
}

#[test]
fn what_is_undocumented_is_found() {
    let text = "package a:b@0.1.0;\n/// An interface.\ninterface i {\n  /// A record.\n  record r {\n    \
                silent-field: u8,\n  }\n  /// A variant.\n  variant v {\n    silent-case,\n  }\n  \
                /// Kinds.\n  enum e { silent-kind }\n  /// Bits.\n  flags f { silent-flag }\n  \
                silent: func();\n}\n";
    let mut sources = SourceMap::default();
    sources.push_str("a.wit", text);
    let silent = undocumented(&resolve(sources));
    for name in [
        "i.r.silent-field",
        "i.v.silent-case",
        "i.e.silent-kind",
        "i.f.silent-flag",
        "i.silent",
    ] {
        assert!(silent.contains(&name.to_owned()), "{name}: {silent:?}");
    }
    assert_eq!(silent.len(), 5, "{silent:?}");
}
