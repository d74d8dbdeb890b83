//! Within 0.1 the contract only grows: what a released version had, this one has, to the letter. WIT's
//! types are structural, so one more field or case refuses every older stage. `docs/compatibility.md`
//! says what to do instead.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wit_parser::{
    FunctionKind, Handle, Resolve, SourceMap, Stability, Type, TypeDefKind, TypeOwner,
};

/// The contract in a folder.
fn contract(folder: &Path) -> Resolve {
    let mut sources = SourceMap::default();
    for entry in std::fs::read_dir(folder).expect("a folder of WIT") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "wit") {
            sources.push_file(&path).expect("a WIT file");
        }
    }
    let group = sources.parse().map_err(|(_, error)| error).expect("WIT");
    let mut resolve = Resolve::default();
    resolve.push_group(group).expect("a package");
    resolve
}

/// Each function and type of a contract, by its full name, spelled out: what a component's imports are
/// held against.
fn spelled(resolve: &Resolve) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.clone().unwrap_or_default();
        for (function, item) in &interface.functions {
            let mut text = match item.kind {
                FunctionKind::Freestanding => "func(".to_owned(),
                _ => "method(".to_owned(),
            };
            for parameter in &item.params {
                text += &format!("{}: {}, ", parameter.name, ty(resolve, &parameter.ty));
            }
            text += ")";
            if let Some(result) = &item.result {
                text += &format!(" -> {}", ty(resolve, result));
            }
            all.insert(format!("{name}.{function}"), text);
        }
        for (kind, id) in &interface.types {
            all.insert(
                format!("{name}.{kind}"),
                kind_of(resolve, &resolve.types[*id].kind),
            );
        }
    }
    all
}

/// A type as it is referred to: a named one by its name, which is spelled out where it is defined.
fn ty(resolve: &Resolve, ty: &Type) -> String {
    let Type::Id(id) = ty else {
        return format!("{ty:?}").to_lowercase();
    };
    let definition = &resolve.types[*id];
    match (&definition.name, definition.owner) {
        (Some(name), TypeOwner::Interface(owner)) => {
            let owner = resolve.interfaces[owner].name.clone().unwrap_or_default();
            format!("{owner}.{name}")
        }
        _ => kind_of(resolve, &definition.kind),
    }
}

fn kind_of(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let of = |t: &Type| ty(resolve, t);
    let maybe = |t: &Option<Type>| t.as_ref().map_or("_".to_owned(), of);
    let list = |items: Vec<String>| items.join(", ");
    match kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            let fields = fields.map(|f| format!("{}: {}", f.name, of(&f.ty)));
            format!("record {{ {} }}", list(fields.collect()))
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            let cases = cases.map(|c| format!("{}({})", c.name, maybe(&c.ty)));
            format!("variant {{ {} }}", list(cases.collect()))
        }
        TypeDefKind::Enum(cases) => {
            let cases = cases.cases.iter().map(|case| case.name.clone());
            format!("enum {{ {} }}", list(cases.collect()))
        }
        TypeDefKind::Flags(flags) => {
            let flags = flags.flags.iter().map(|flag| flag.name.clone());
            format!("flags {{ {} }}", list(flags.collect()))
        }
        TypeDefKind::Tuple(tuple) => {
            format!("tuple<{}>", list(tuple.types.iter().map(of).collect()))
        }
        TypeDefKind::Option(inner) => format!("option<{}>", of(inner)),
        TypeDefKind::List(inner) => format!("list<{}>", of(inner)),
        TypeDefKind::Result(result) => {
            format!("result<{}, {}>", maybe(&result.ok), maybe(&result.err))
        }
        TypeDefKind::Resource => "resource".to_owned(),
        TypeDefKind::Handle(Handle::Own(id)) => format!("own<{}>", of(&Type::Id(*id))),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", of(&Type::Id(*id))),
        TypeDefKind::Type(inner) => of(inner),
        other => panic!("the contract has a kind of type that this test does not know: {other:?}"),
    }
}

/// What `now` has otherwise than `then`, or no more, a line each; and what is new without saying since
/// when.
fn broken(then: &Resolve, now: &Resolve) -> Vec<String> {
    let (before, after) = (spelled(then), spelled(now));
    let mut broken = Vec::new();
    for (name, was) in &before {
        match after.get(name) {
            None => broken.push(format!("{name} is gone")),
            Some(is) if is != was => broken.push(format!("{name} was {was}, and is {is}")),
            Some(_) => {}
        }
    }
    let version = |resolve: &Resolve| {
        let package = resolve.packages.iter().next().expect("a package").1;
        package.name.version.clone().expect("a version")
    };
    let (old, new) = (version(then), version(now));
    for (_, interface) in &now.interfaces {
        let name = interface.name.clone().unwrap_or_default();
        for (function, item) in &interface.functions {
            let full = format!("{name}.{function}");
            let since = match (&item.stability, &interface.stability) {
                (Stability::Stable { since, .. }, _) => Some(since),
                (Stability::Unknown, Stability::Stable { since, .. }) => Some(since),
                _ => None,
            };
            if !before.contains_key(&full)
                && since.is_none_or(|since| *since <= old || *since > new)
            {
                broken.push(format!(
                    "{full} is new, and not marked with the version that has it"
                ));
            }
        }
    }
    broken
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Every version that was released, by its folder.
fn released() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder("tests/frozen")).expect("the released versions");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

#[test]
fn what_was_released_is_still_there_to_the_letter() {
    let now = contract(&folder("../wit"));
    assert!(!released().is_empty());
    for version in released() {
        let broken = broken(&contract(&version), &now);
        let version = version.display();
        assert!(
            broken.is_empty(),
            "against {version}:\n{}",
            broken.join("\n")
        );
    }
}

/// The released contract with one edit of a file.
fn edited(file: &str, from: &str, to: &str) -> Vec<String> {
    let released = folder("tests/frozen/0.1.0");
    let copy = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(&released).expect("WIT") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        let mut text = std::fs::read_to_string(&path).expect("WIT");
        if name == "world.wit" || name == "types.wit" {
            text = text.replace("package vetting:stage@0.1.0", "package vetting:stage@0.1.1");
        }
        if name == file {
            assert!(text.contains(from), "{file} has no `{from}`");
            text = text.replacen(from, to, 1);
        }
        std::fs::write(copy.path().join(name), text).expect("written");
    }
    broken(&contract(&released), &contract(copy.path()))
}

#[test]
fn each_change_that_would_refuse_older_stages_is_found() {
    let read = "    read: func() -> result<reading, error>;";
    let field = edited(
        "hwmon.wit",
        "        fault: bool,",
        "        fault: bool,\n        weight: f64,",
    );
    assert!(field[0].contains("weight: f64"), "{field:?}");
    let case = edited(
        "hwmon.wit",
        "        humidity,",
        "        humidity,\n        loudness,",
    );
    assert!(case[0].contains("loudness"), "{case:?}");
    let gone = edited("hwmon.wit", read, "");
    assert_eq!(gone, ["hwmon.read is gone"]);
    let result = edited("hwmon.wit", read, "    read: func() -> reading;");
    assert!(result[0].starts_with("hwmon.read was"), "{result:?}");
    let unmarked = format!("{read}\n    read-one: func(label: string) -> option<sensor>;");
    let unmarked = edited("hwmon.wit", read, &unmarked);
    assert!(unmarked[0].contains("not marked"), "{unmarked:?}");
    // What is marked as of the newer version is what may be added.
    let more = format!(
        "{read}\n    @since(version = 0.1.1)\n    read-one: func(label: string) -> option<sensor>;"
    );
    assert_eq!(edited("hwmon.wit", read, &more), Vec::<String>::new());
}
