//! The reference: every interface of `wit/` with its functions and types, and their comments.

use std::fmt::Write as _;
use std::path::Path;

use wit_parser::{Docs, Function, FunctionKind, Handle, Resolve, Type, TypeDefKind, TypeId};

/// The text, as Markdown.
pub fn text(root: &Path) -> anyhow::Result<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(root.join("wit"))?;
    let package = &resolve.packages[package];
    let mut text = format!(
        "# Reference: `{}`\n\nGenerated from the comments in [`wit/`](../wit): `cargo xtask docs`. \
         Names are WIT's; the Rust SDK spells them Rust's way.\n\n",
        package.name
    );
    for (name, interface) in &package.interfaces {
        let docs = sentences(&resolve.interfaces[*interface].docs);
        let first = docs.split_inclusive(". ").next().unwrap_or_default();
        writeln!(text, "* [`{name}`](#{name}): {}", first.trim())?;
    }
    for (name, id) in &package.interfaces {
        let interface = &resolve.interfaces[*id];
        write!(text, "\n## `{name}`\n\n{}\n", sentences(&interface.docs))?;
        for function in interface.functions.values() {
            let line = signature(&resolve, function);
            write!(text, "\n### `{line}`\n\n{}\n", sentences(&function.docs))?;
        }
        for (name, id) in &interface.types {
            definition(&mut text, &resolve, name, *id)?;
        }
    }
    Ok(text)
}

/// A comment as one paragraph.
fn sentences(docs: &Docs) -> String {
    let words = docs.contents.as_deref().unwrap_or_default();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A type with a row per field or case. One that another interface defines is told of there.
fn definition(text: &mut String, resolve: &Resolve, name: &str, id: TypeId) -> std::fmt::Result {
    let definition = &resolve.types[id];
    let (head, rows) = match &definition.kind {
        TypeDefKind::Type(Type::Id(_)) => return Ok(()),
        TypeDefKind::Record(record) => {
            let row =
                |f: &wit_parser::Field| (f.name.clone(), named(resolve, &f.ty), sentences(&f.docs));
            (
                "| field | type | |",
                record.fields.iter().map(row).collect(),
            )
        }
        TypeDefKind::Variant(variant) => {
            let row = |case: &wit_parser::Case| {
                let of = case.ty.map_or(String::new(), |ty| named(resolve, &ty));
                (case.name.clone(), of, sentences(&case.docs))
            };
            ("| case | of | |", variant.cases.iter().map(row).collect())
        }
        TypeDefKind::Enum(cases) => {
            let row = |case: &wit_parser::EnumCase| {
                (case.name.clone(), String::new(), sentences(&case.docs))
            };
            ("| case | | |", cases.cases.iter().map(row).collect())
        }
        _ => ("", Vec::new()),
    };
    let kind = match &definition.kind {
        TypeDefKind::Type(ty) => format!(" = {}", named(resolve, ty)),
        TypeDefKind::List(_) | TypeDefKind::Tuple(_) | TypeDefKind::Option(_) => {
            format!(" = {}", structure(resolve, &definition.kind))
        }
        _ => String::new(),
    };
    let word = match kind.is_empty() {
        true => definition.kind.as_str(),
        false => "type",
    };
    write!(
        text,
        "\n### {word} `{name}{kind}`\n\n{}\n",
        sentences(&definition.docs)
    )?;
    let rows: Vec<(String, String, String)> = rows;
    if !rows.is_empty() {
        write!(text, "\n{head}\n|---|---|---|\n")?;
    }
    for (name, ty, docs) in rows {
        let ty = match ty.is_empty() {
            true => ty,
            false => format!("`{ty}`"),
        };
        writeln!(text, "| `{name}` | {ty} | {} |", docs.replace('|', "\\|"))?;
    }
    Ok(())
}

/// A function as it is called: `start(job: job) -> result<run, error>`, `run.stop()`.
fn signature(resolve: &Resolve, function: &Function) -> String {
    let (of, implied) = match &function.kind {
        FunctionKind::Method(id) | FunctionKind::AsyncMethod(id) => (Some(*id), 1),
        FunctionKind::Static(id) | FunctionKind::AsyncStatic(id) => (Some(*id), 0),
        FunctionKind::Constructor(id) => (Some(*id), 0),
        FunctionKind::Freestanding | FunctionKind::AsyncFreestanding => (None, 0),
    };
    let of = of.and_then(|id| resolve.types[id].name.clone());
    let of = of.map_or(String::new(), |resource| format!("{resource}."));
    let parameters = function.params.iter().skip(implied);
    let parameters: Vec<String> = parameters
        .map(|parameter| format!("{}: {}", parameter.name, named(resolve, &parameter.ty)))
        .collect();
    let result = function.result.as_ref();
    let result = result.map_or(String::new(), |ty| format!(" -> {}", named(resolve, ty)));
    format!(
        "{of}{}({}){result}",
        function.item_name(),
        parameters.join(", ")
    )
}

/// A type as it is written where it is used.
fn named(resolve: &Resolve, ty: &Type) -> String {
    let Type::Id(id) = ty else {
        return match ty {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::S8 => "s8",
            Type::S16 => "s16",
            Type::S32 => "s32",
            Type::S64 => "s64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::Char => "char",
            Type::String => "string",
            Type::ErrorContext | Type::Id(_) => "error-context",
        }
        .to_owned();
    };
    let definition = &resolve.types[*id];
    match &definition.name {
        Some(name) => name.clone(),
        None => structure(resolve, &definition.kind),
    }
}

fn structure(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let named = |ty: &Type| named(resolve, ty);
    let or_none = |ty: &Option<Type>| ty.as_ref().map_or("_".to_owned(), named);
    match kind {
        TypeDefKind::Option(ty) => format!("option<{}>", named(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", named(ty)),
        TypeDefKind::Result(result) => {
            format!("result<{}, {}>", or_none(&result.ok), or_none(&result.err))
        }
        TypeDefKind::Tuple(tuple) => {
            let types: Vec<String> = tuple.types.iter().map(named).collect();
            format!("tuple<{}>", types.join(", "))
        }
        TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => named(&Type::Id(*id)),
        TypeDefKind::Type(ty) => named(ty),
        other => other.as_str().to_owned(),
    }
}
