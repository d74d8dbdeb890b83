//! Files that no honest tool would write. Most are refused before anything of them is compiled.

use serde_json::json;

use super::{End, Kind, kind};
use crate::forge::Forged;

/// A compiler that ends as Rust does after a panic.
const PANIC: &str =
    "cat >/dev/null; echo \"thread 'main' panicked at src/adapt.rs:249:14: invalid\" >&2; exit 101";

/// The rows.
pub fn kinds() -> Vec<Kind> {
    let mut rows = manifests();
    rows.extend(imports());
    rows.extend(large());
    for (name, made, text) in [
        ("empty-file", (|| Vec::new()) as fn() -> Vec<u8>, "empty"),
        (
            "core-module",
            || wat::parse_str("(module)").expect("a module"),
            "core module",
        ),
        ("cut-in-half", cut, "malformed or truncated"),
        ("zeroes-behind", zeroes_behind, "malformed"),
        (
            "header-of-tomorrow",
            || b"\0asm\x0d\0\x07\0".to_vec(),
            "layer",
        ),
        (
            "no-run",
            || Forged::text("(component)").file(),
            "does not export `run`",
        ),
        ("run-of-another-type", other_run, "run"),
        ("run-passed-through", passed_through, "is no part of"),
        ("section-that-lies", section_that_lies, "malformed"),
        ("body-that-is-no-code", bad_body, "does not compile"),
    ] {
        rows.push(kind(name, made, End::Refused(text)));
    }
    rows
}

fn honest() -> Forged {
    Forged::stage("", "")
}

fn manifests() -> Vec<Kind> {
    let refused = |name, made: fn() -> Vec<u8>, text| kind(name, made, End::Refused(text));
    vec![
        refused(
            "manifest-asks-too-little",
            || watch().file(),
            "which its manifest does not ask for",
        ),
        refused(
            "manifest-asks-too-much",
            || honest().asking(&["fio"]).file(),
            "does not import",
        ),
        refused(
            "manifest-huge",
            || {
                honest()
                    .saying("summary", json!("x".repeat(300_000)))
                    .file()
            },
            "bytes; at most",
        ),
        refused(
            "manifest-deep",
            || honest().file_with("[".repeat(100_000).as_bytes()),
            "cannot be used",
        ),
        refused(
            "manifest-deep-parameters",
            deep_parameters,
            "recursion limit",
        ),
        refused("manifest-twice", || honest().file_with_two(), "2 manifests"),
        refused("manifest-inside-only", inside_only, "no manifest"),
        refused("manifest-missing", || honest().bare(), "no manifest"),
        refused(
            "manifest-not-utf-8",
            || honest().file_with(b"{\"name\": \"\xff\xfe\"}"),
            "cannot be used",
        ),
        refused(
            "manifest-empty",
            || honest().file_with(b""),
            "cannot be used",
        ),
        refused(
            "name-that-is-a-path",
            || honest().saying("name", json!("../../etc")).file(),
            "`name`",
        ),
        refused(
            "name-that-is-an-option",
            || honest().saying("name", json!("--help")).file(),
            "`name`",
        ),
        refused(
            "name-of-a-terminal",
            || honest().saying("name", json!("\u{1b}[2J")).file(),
            "`name`",
        ),
        refused(
            "time-out-of-a-century",
            || {
                honest()
                    .saying("timeout_seconds", json!(3_155_760_000_u64))
                    .file()
            },
            "timeout_seconds",
        ),
    ]
}

fn imports() -> Vec<Kind> {
    vec![
        kind(
            "import-unknown",
            || importing("evil:host/shell@1.0.0", "(func (param \"c\" string))"),
            End::Refused("is no part of"),
        ),
        kind(
            "import-of-tomorrow",
            || importing("vetting:stage/lasers@0.2.9", "(func)"),
            End::Refused("`lasers`"),
        ),
        kind(
            "import-next-version",
            || importing("vetting:stage/log@0.3.0", "(func)"),
            End::Refused("0.3.0"),
        ),
        kind(
            "import-unknown-function",
            || importing("vetting:stage/log@0.2.0", "(func)"),
            End::Refused("`go`"),
        ),
        kind(
            "import-of-facts",
            || importing("vetting:facts/smart@0.1.0", "(func)"),
            End::Refused("`vetting stage build`"),
        ),
        kind(
            "import-of-another-type",
            another_type,
            End::Refused("does not link"),
        ),
        kind("import-name-of-a-terminal", bare_import, End::Refused("")),
        kind("thousand-imports", thousand_imports, End::Refused("")),
    ]
}

fn large() -> Vec<Kind> {
    let functions = kind(
        "hundred-thousand-functions",
        many_functions,
        End::Error("done"),
    );
    let slow = kind(
        "minute-to-compile",
        minute_to_compile,
        End::Refused("compile-time"),
    );
    let hungry = kind(
        "gigabyte-to-compile",
        gigabyte_to_compile,
        End::Refused("compile-memory"),
    );
    let panics = kind(
        "panic-of-the-compiler",
        || honest().saying("version", json!("0.1.1")).file(),
        End::Refused("the compiler panicked"),
    );
    vec![
        panics.compiled_by(PANIC),
        functions,
        slow.limit("compile-time", "3"),
        hungry.limit("compile-memory", "1GiB"),
        kind("nested-deep", || nested(1000), End::Error("done")),
        kind("nested-too-deep", || nested(20_000), End::Refused("")),
        kind("million-types", million_types, End::Refused("")),
        kind(
            "larger-than-allowed",
            || {
                let mut file = honest().bare();
                // A custom section of 65 MiB.
                file.extend([0, 0x81, 0x80, 0x80, 0x21, 0]);
                file.resize(file.len() + (65 << 20) + 4096, b'x');
                file
            },
            End::Refused("component-bytes"),
        ),
    ]
}

fn watch() -> Forged {
    let import = r#"(import "vetting:stage/kernel-log@0.2.0" "open" (func $open (param i32 i32)))"#;
    Forged::stage(import, "(call $open (i32.const 1) (i32.const 512))")
}

fn deep_parameters() -> Vec<u8> {
    let deep = format!("{}1{}", "{\"a\":".repeat(20_000), "}".repeat(20_000));
    let manifest = format!(
        r#"{{"name":"Deep","version":"0.1.0","summary":"s","timeout_seconds":1,"parameters":{deep}}}"#
    );
    honest().file_with(manifest.as_bytes())
}

/// The manifest is a nested component's.
fn inside_only() -> Vec<u8> {
    let inner = Forged::text("(component)").file();
    honest().inner_bytes(&inner, 1).bare()
}

/// A component that imports an instance with one function `go`, and has a `run` of its own.
fn importing(name: &str, function: &str) -> Vec<u8> {
    let interface = name.split(['/', '@']).nth(1).unwrap_or(name);
    let imports = format!(
        r#"(component (import "{name}" (instance (export "go" {function})))
            (core module $m (func (export "run")))
            (core instance $i (instantiate $m))
            (func (export "run") (canon lift (core func $i "run"))))"#
    );
    Forged::text(&imports).asking(&[interface]).file()
}

/// A function of the contract with another type than the contract's.
fn another_type() -> Vec<u8> {
    Forged::text(
        r#"(component
            (import "vetting:stage/log@0.2.0" (instance (export "log" (func (param "text" string)))))
            (core module $m (func (export "run")))
            (core instance $i (instantiate $m))
            (func (export "run") (canon lift (core func $i "run"))))"#,
    )
    .file()
}

fn bare_import() -> Vec<u8> {
    Forged::text(
        r#"(component
            (import "url=<https://example.org/>" (func))
            (core module $m (func (export "run")))
            (core instance $i (instantiate $m))
            (func (export "run") (canon lift (core func $i "run"))))"#,
    )
    .file()
}

fn thousand_imports() -> Vec<u8> {
    let imports: String = (0..1000)
        .map(|n| format!(r#"(import "evil:host/i{n}@1.0.0" (instance (export "go" (func))))"#))
        .collect();
    Forged::text(&format!(
        r#"(component {imports}
            (core module $m (func (export "run")))
            (core instance $i (instantiate $m))
            (func (export "run") (canon lift (core func $i "run"))))"#
    ))
    .file()
}

fn other_run() -> Vec<u8> {
    Forged::text(
        r#"(component
            (core module $m (func (export "run") (param i32)))
            (core instance $i (instantiate $m))
            (func (export "run") (param "x" u32) (canon lift (core func $i "run"))))"#,
    )
    .file()
}

/// What it exports as `run` is what it imports.
fn passed_through() -> Vec<u8> {
    Forged::text(r#"(component (import "run" (func $f)) (export "run" (func $f)))"#).file()
}

fn cut() -> Vec<u8> {
    let mut file = honest().file();
    file.truncate(file.len() / 2);
    file
}

fn zeroes_behind() -> Vec<u8> {
    let mut file = honest().file();
    file.extend([0; 100]);
    file
}

fn section_that_lies() -> Vec<u8> {
    let mut file = honest().file();
    file.extend([1, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    file
}

/// A function that returns a number that it does not have.
fn bad_body() -> Vec<u8> {
    honest()
        .inner("(component (core module (func (result i32))))", 1)
        .file()
}

fn many_functions() -> Vec<u8> {
    let functions = "(func (result i32) (i32.add (i32.const 1) (i32.const 2)))".repeat(100_000);
    honest()
        .inner(&format!("(component (core module {functions}))"), 1)
        .file()
}

fn nested(depth: usize) -> Vec<u8> {
    let mut inner = Forged::text("(component)").bare();
    for _ in 1..depth {
        inner = Forged::text("(component)").inner_bytes(&inner, 0).bare();
    }
    honest().inner_bytes(&inner, 1).file()
}

fn million_types() -> Vec<u8> {
    let types = "(type (func))".repeat(1_100_000);
    honest().inner(&format!("(component {types})"), 1).file()
}

/// Functions whose values live long and meet in many blocks: much work for the register allocator.
fn minute_to_compile() -> Vec<u8> {
    honest()
        .inner(
            &format!("(component (core module {}))", knotted(40, 4000)),
            1,
        )
        .file()
}

fn gigabyte_to_compile() -> Vec<u8> {
    honest()
        .inner(
            &format!("(component (core module {}))", knotted(8, 30_000)),
            1,
        )
        .file()
}

/// `count` functions of `blocks` nested blocks, each of which may be left to every outer one.
fn knotted(count: usize, blocks: usize) -> String {
    let locals = "(local i32)".repeat(200);
    let body: String = (0..blocks)
        .map(|n| {
            let (a, b, c) = (n % 200, (n * 7 + 3) % 200, (n * 13 + 5) % 200);
            format!(
                "(if (i32.lt_s (local.get {a}) (local.get {b}))
                    (then (local.set {c} (i32.add (local.get {a}) (i32.const {n}))))
                    (else (local.set {b} (i32.mul (local.get {c}) (local.get {a})))))"
            )
        })
        .collect();
    format!("(func {locals} (loop {body} (br_if 0 (local.get 0))))").repeat(count)
}
