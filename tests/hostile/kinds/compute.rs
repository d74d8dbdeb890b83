//! Guests that never end.

use super::{End, Kind, kind};
use crate::forge::{Forged, bump};

const FUEL: (&str, &str) = ("fuel", "300000000");

/// The rows.
pub fn kinds() -> Vec<Kind> {
    let mut rows = Vec::new();
    for (name, made) in [
        ("spin-in-run", spin_in_run as fn() -> Vec<u8>),
        ("spin-in-start", spin_in_start),
        ("spin-in-realloc", spin_in_realloc),
        ("spin-in-post-return", spin_in_post_return),
        ("spin-in-destructor", spin_in_destructor),
        ("spin-without-branches", spin_by_calls),
    ] {
        let row = kind(name, made, End::Limit("fuel"));
        rows.push(row.clone().limit(FUEL.0, FUEL.1));
        rows.push(row.real(End::Deadline));
    }
    let recursion = kind("recursion", recursion, End::Limit("stack"));
    rows.push(recursion.clone());
    rows.push(recursion.real(End::Limit("stack")));
    rows.push(kind(
        "trap",
        || Forged::stage("", "unreachable").file(),
        End::Trap("unreachable"),
    ));
    rows.push(kind(
        "trap-in-start",
        trap_in_start,
        End::Trap("unreachable"),
    ));
    rows.push(kind("divide-by-zero", divide, End::Trap("divide by zero")));
    rows.push(
        kind("trap-with-a-long-name", long_name, End::Trap("unreachable")).check(short_frames),
    );
    rows
}

fn spin_in_run() -> Vec<u8> {
    Forged::stage("", "(loop (br 0))").file()
}

fn honest() -> Forged {
    Forged::stage("", "")
}

fn spin_in_start() -> Vec<u8> {
    let inner = r"(component
        (core module $m (func $spin (loop (br 0))) (start $spin))
        (core instance (instantiate $m)))";
    honest().inner(inner, 1).file()
}

fn trap_in_start() -> Vec<u8> {
    let inner = r"(component
        (core module $m (func $stop unreachable) (start $stop))
        (core instance (instantiate $m)))";
    honest().inner(inner, 1).file()
}

/// The host asks for room for the sensors that it answers with.
fn spin_in_realloc() -> Vec<u8> {
    let import = r#"(import "vetting:stage/hwmon@0.2.0" "read" (func $read (param i32)))"#;
    Forged::module(
        import,
        "",
        "(call $read (i32.const 512))",
        "(loop (br 0)) unreachable",
        "",
    )
    .asking(&["hwmon"])
    .file()
}

fn spin_in_post_return() -> Vec<u8> {
    let post = r#"(func (export "cabi_post_run") (param i32) (loop (br 0)))"#;
    Forged::module("", "", "", bump(), post).file()
}

/// A component's own resource, whose destructor spins as it is dropped.
fn spin_in_destructor() -> Vec<u8> {
    honest().inner(&destructor("(loop (br 0))"), 1).file()
}

/// A component with a resource that is made and dropped as it is instantiated.
pub fn destructor(body: &str) -> String {
    format!(
        r#"(component
            (core module $d (func (export "end") (param i32) {body}))
            (core instance $d (instantiate $d))
            (type $r (resource (rep i32) (dtor (core func $d "end"))))
            (core func $new (canon resource.new $r))
            (core func $drop (canon resource.drop $r))
            (core module $m
                (import "" "new" (func $new (param i32) (result i32)))
                (import "" "drop" (func $drop (param i32)))
                (func $go (call $drop (call $new (i32.const 1))))
                (start $go))
            (core instance (instantiate $m (with "" (instance
                (export "new" (func $new)) (export "drop" (func $drop)))))))"#
    )
}

/// No loop at all: functions that call two others each, 40 deep.
fn spin_by_calls() -> Vec<u8> {
    let functions: String = (0..40)
        .map(|n| format!("(func $f{n} (call $f{}) (call $f{}))", n + 1, n + 1))
        .collect();
    let fields = format!("{functions} (func $f40)");
    Forged::module("", &fields, "(call $f0)", bump(), "").file()
}

fn recursion() -> Vec<u8> {
    let fields =
        "(func $deep (param i64) (result i64) (i64.add (call $deep (local.get 0)) (i64.const 1)))";
    Forged::module("", fields, "(drop (call $deep (i64.const 1)))", bump(), "").file()
}

fn divide() -> Vec<u8> {
    Forged::stage("", "(drop (i32.div_u (i32.const 1) (i32.const 0)))").file()
}

/// A function's name in the name section is a megabyte of escapes.
fn long_name() -> Vec<u8> {
    let name = "\\1b[2J".repeat(200_000);
    let fields = format!(r#"(func $stop (@name "{name}") unreachable)"#);
    Forged::module("", &fields, "(call $stop)", bump(), "").file()
}

fn short_frames(record: &vetting_protocol::StageRecord) -> Result<(), String> {
    let size = serde_json::to_string(&record.ending).map_or(usize::MAX, |json| json.len());
    (size < 64 << 10)
        .then_some(())
        .ok_or(format!("the backtrace is {size} bytes"))
}
