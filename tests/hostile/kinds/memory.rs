//! Guests that take what there is: memory, tables, instances.

use super::{End, Kind, kind};
use crate::forge::{Forged, bump};

/// The rows.
pub fn kinds() -> Vec<Kind> {
    let memory = kind("memory-growth", grow, End::Limit("memory"));
    vec![
        memory.clone(),
        memory.real(End::Limit("memory")),
        kind(
            "memory-from-the-start",
            from_the_start,
            End::Limit("memory"),
        ),
        kind("memory-over-many", over_many, End::Limit("memory")),
        kind("memory-touched", touched, End::Limit("memory")),
        kind("many-memories", many_memories, End::Limit("memories")),
        kind("table-growth", table_growth, End::Limit("table-elements")),
        kind(
            "table-from-the-start",
            table_from_the_start,
            End::Limit("table-elements"),
        ),
        kind("many-tables", many_tables, End::Limit("tables")),
        kind("many-instances", many_instances, End::Limit("instances")),
        kind("memory-64", memory64, End::Refused("memory64")),
        kind(
            "two-memories-in-a-module",
            multi_memory,
            End::Refused("multiple memories"),
        ),
        kind("shared-memory", shared, End::Refused("threads")),
    ]
}

fn honest() -> Forged {
    Forged::stage("", "")
}

fn grow() -> Vec<u8> {
    Forged::stage("", "(loop (drop (memory.grow (i32.const 16))) (br 0))").file()
}

/// Each page that was got is written to, as a guest that means it would.
fn touched() -> Vec<u8> {
    let body = r"(local $at i32)
        (loop
            (local.set $at (i32.mul (memory.grow (i32.const 256)) (i32.const 65536)))
            (memory.fill (local.get $at) (i32.const 1) (i32.const 16777216))
            (br 0))";
    Forged::stage("", body).file()
}

fn from_the_start() -> Vec<u8> {
    let inner = r"(component
        (core module $m (memory 65536))
        (core instance (instantiate $m)))";
    honest().inner(inner, 1).file()
}

/// Fifteen memories of 40 MiB: none is too large, all are.
fn over_many() -> Vec<u8> {
    let inner = r"(component
        (core module $m (memory 1) (func $more (drop (memory.grow (i32.const 639)))) (start $more))
        (core instance (instantiate $m)))";
    honest().inner(inner, 15).file()
}

fn many_memories() -> Vec<u8> {
    let inner = r"(component
        (core module $m (memory 0))
        (core instance (instantiate $m)))";
    honest().inner(inner, 40).file()
}

fn table_growth() -> Vec<u8> {
    let body = "(loop (drop (table.grow $t (ref.null func) (i32.const 10000))) (br 0))";
    Forged::module("", "(table $t 1 funcref)", body, bump(), "").file()
}

fn table_from_the_start() -> Vec<u8> {
    let inner = r"(component
        (core module $m (table 9000000 funcref))
        (core instance (instantiate $m)))";
    honest().inner(inner, 1).file()
}

fn many_tables() -> Vec<u8> {
    let tables = "(table 1 funcref)".repeat(80);
    let inner = format!("(component (core module $m {tables}) (core instance (instantiate $m)))");
    honest().inner(&inner, 1).file()
}

fn many_instances() -> Vec<u8> {
    let instances = "(core instance (instantiate $m))".repeat(500);
    let inner = format!("(component (core module $m) {instances})");
    honest().inner(&inner, 1).file()
}

fn memory64() -> Vec<u8> {
    honest()
        .inner("(component (core module (memory i64 1)))", 1)
        .file()
}

fn multi_memory() -> Vec<u8> {
    honest()
        .inner("(component (core module (memory 1) (memory 1)))", 1)
        .file()
}

fn shared() -> Vec<u8> {
    honest()
        .inner("(component (core module (memory 1 2 shared)))", 1)
        .file()
}
