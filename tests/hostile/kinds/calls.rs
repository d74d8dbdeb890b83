//! Host calls with arguments that lie, and answers to the host that do.

use super::{End, Kind, kind};
use crate::forge::{Forged, bump};

const LOG: &str = r#"(import "vetting:stage/log@0.2.0" "log" (func $log (param i32 i32 i32)))"#;
const CLOCK: &str = r#"(import "vetting:stage/clock@0.2.0" "monotonic" (func $now (result i64)))"#;
const SAMPLE: &str =
    r#"(import "vetting:stage/context@0.2.0" "sample" (func $sample (param i32 i32 i32)))"#;
const ATTACH: &str = r#"(import "vetting:stage/context@0.2.0" "attach"
    (func $attach (param i32 i32 i32 i32 i32 i32 i32)))"#;
const HWMON: &str = r#"(import "vetting:stage/hwmon@0.2.0" "read" (func $read (param i32)))"#;

/// The rows.
pub fn kinds() -> Vec<Kind> {
    let flood = kind("call-flood", flood, End::Limit("host-calls"));
    vec![
        flood.clone().limit("host-calls", "200000"),
        // Nothing passes on the machine meanwhile, and neither calls nor fuel run out.
        Kind {
            name: "time-that-stands-still",
            end: End::Limit("wall-time"),
            ..flood.clone()
        }
        .limit("wall-time", "1")
        .limit("host-calls", "1000000000000")
        .limit("fuel", "1000000000000000"),
        flood
            .real(End::Limit("host-calls"))
            .limit("host-calls", "200000"),
        kind("string-of-a-gigabyte", gigabyte, End::Trap("out of bounds")),
        kind(
            "string-of-64-mebibytes",
            large_string,
            End::Limit("call-bytes"),
        ),
        kind("string-flood", string_flood, End::Limit("all-call-bytes"))
            .limit("all-call-bytes", "64MiB"),
        kind("list-that-lies", list_that_lies, End::Trap("out of bounds")),
        kind(
            "list-of-empty-strings",
            empty_strings,
            End::Limit("call-bytes"),
        ),
        kind("list-not-aligned", not_aligned, End::Trap("not aligned")),
        kind(
            "bytes-that-wrap",
            bytes_that_wrap,
            End::Trap("out of bounds"),
        ),
        kind("invalid-utf-8", invalid_utf8, End::Trap("utf-8")),
        kind("level-that-is-none", no_level, End::Trap("discriminant")),
        kind(
            "outcome-that-lies",
            || answer(LYING),
            End::Trap("out of bounds"),
        ),
        kind("outcome-not-utf-8", || answer(NOT_UTF8), End::Trap("utf-8")),
        kind(
            "outcome-without-verdict",
            || answer(NO_VERDICT),
            End::Trap("discriminant"),
        ),
        kind("outcome-beyond-memory", beyond, End::Trap("out of bounds")),
        kind("outcome-of-many", many, End::Limit("call-bytes")),
        kind(
            "realloc-beyond-memory",
            realloc_beyond,
            End::Trap("beyond end of memory"),
        ),
        kind(
            "realloc-not-aligned",
            realloc_unaligned,
            End::Trap("not aligned"),
        ),
        kind("realloc-traps", realloc_traps, End::Trap("unreachable")),
        kind(
            "call-back-in-realloc",
            call_back,
            End::Trap("cannot leave component instance"),
        ),
    ]
}

fn flood() -> Vec<u8> {
    Forged::stage(CLOCK, "(loop (drop (call $now)) (br 0))").file()
}

fn gigabyte() -> Vec<u8> {
    Forged::stage(
        LOG,
        "(call $log (i32.const 0) (i32.const 0) (i32.const 1073741824))",
    )
    .file()
}

fn large_string() -> Vec<u8> {
    let body = r"(drop (memory.grow (i32.const 1100)))
        (call $log (i32.const 0) (i32.const 65536) (i32.const 67108864))";
    Forged::stage(LOG, body).file()
}

/// Each call is within its bytes; all of them are not.
fn string_flood() -> Vec<u8> {
    let body = r"(drop (memory.grow (i32.const 100)))
        (loop (call $log (i32.const 0) (i32.const 65536) (i32.const 4000000)) (br 0))";
    Forged::stage(LOG, body).file()
}

fn list_that_lies() -> Vec<u8> {
    let body = "(call $sample (i32.const 1024) (i32.const 0x0fffffff) (i32.const 512))";
    Forged::stage(SAMPLE, body).file()
}

/// Points are 32 bytes to the guest and more to the host.
fn empty_strings() -> Vec<u8> {
    let body = r"(drop (memory.grow (i32.const 4000)))
        (call $sample (i32.const 65536) (i32.const 8000000) (i32.const 512))";
    Forged::stage(SAMPLE, body).file()
}

fn not_aligned() -> Vec<u8> {
    let body = "(call $sample (i32.const 1025) (i32.const 1) (i32.const 512))";
    Forged::stage(SAMPLE, body).file()
}

fn bytes_that_wrap() -> Vec<u8> {
    let body = r"(call $attach (i32.const 128) (i32.const 4) (i32.const 128) (i32.const 4)
        (i32.const 0xfffffff0) (i32.const 0x7fffffff) (i32.const 512))";
    Forged::stage(ATTACH, body).file()
}

fn invalid_utf8() -> Vec<u8> {
    let body = r"(i32.store (i32.const 1024) (i32.const 0xfffefdfc))
        (call $log (i32.const 0) (i32.const 1024) (i32.const 4))";
    Forged::stage(LOG, body).file()
}

fn no_level() -> Vec<u8> {
    Forged::stage(
        LOG,
        "(call $log (i32.const 77) (i32.const 128) (i32.const 4))",
    )
    .file()
}

/// A pass with a message of two gigabytes.
const LYING: &str = r"(i32.store8 (i32.const 16) (i32.const 0)) (i32.store8 (i32.const 20) (i32.const 0))
    (i32.store (i32.const 32) (i32.const 128)) (i32.store (i32.const 36) (i32.const 0x7fffffff))";

const NOT_UTF8: &str = r"(i32.store8 (i32.const 16) (i32.const 0)) (i32.store8 (i32.const 20) (i32.const 0))
    (i32.store (i32.const 1024) (i32.const 0xfffefdfc))
    (i32.store (i32.const 32) (i32.const 1024)) (i32.store (i32.const 36) (i32.const 4))";

const NO_VERDICT: &str =
    r"(i32.store8 (i32.const 16) (i32.const 0)) (i32.store8 (i32.const 20) (i32.const 99))";

/// An answer that is written over the honest one.
fn answer(body: &str) -> Vec<u8> {
    Forged::stage("", body).file()
}

fn beyond() -> Vec<u8> {
    Forged::stage("", "(return (i32.const 0x7ffffff0))").file()
}

/// Four million measurements of nothing, all of them in memory.
fn many() -> Vec<u8> {
    let body = r"(drop (memory.grow (i32.const 7000)))
        (i32.store8 (i32.const 16) (i32.const 0)) (i32.store8 (i32.const 20) (i32.const 0))
        (i64.store (i32.const 32) (i64.const 0)) (i64.store (i32.const 40) (i64.const 0))
        (i32.store (i32.const 48) (i32.const 65536)) (i32.store (i32.const 52) (i32.const 4000000))";
    Forged::stage("", body).file()
}

/// The host's answer is to be put where there is no memory.
fn realloc_beyond() -> Vec<u8> {
    with_realloc("(i32.const 0x7ffffff0)")
}

fn realloc_unaligned() -> Vec<u8> {
    with_realloc("(i32.const 8193)")
}

fn realloc_traps() -> Vec<u8> {
    with_realloc("unreachable")
}

fn with_realloc(realloc: &str) -> Vec<u8> {
    Forged::module(HWMON, "", "(call $read (i32.const 512))", realloc, "")
        .asking(&["hwmon"])
        .file()
}

/// The host is in the middle of an answer as the guest calls it again.
fn call_back() -> Vec<u8> {
    let imports = format!("{HWMON}{LOG}");
    let realloc = format!(
        "(call $log (i32.const 0) (i32.const 128) (i32.const 4)) {}",
        bump().replace("(local $at i32)", "")
    );
    let realloc = format!("(local $at i32) {realloc}");
    Forged::module(&imports, "", "(call $read (i32.const 512))", &realloc, "")
        .asking(&["hwmon"])
        .file()
}
