//! Handles: too many, used after they were dropped, of another kind, never dropped.

use super::compute::destructor;
use super::{End, Kind, kind};
use crate::forge::Forged;

const WATCH: &str = r#"
    (import "vetting:stage/kernel-log@0.2.0" "open" (func $open (param i32 i32)))
    (import "vetting:stage/kernel-log@0.2.0" "[method]watch.lost" (func $lost (param i32) (result i64)))
    (import "vetting:stage/kernel-log@0.2.0" "[resource-drop]watch" (func $drop (param i32)))"#;
const RUN: &str =
    r#"(import "vetting:stage/fio@0.2.0" "[method]run.stop" (func $stop (param i32 i32)))"#;

/// The rows.
pub fn kinds() -> Vec<Kind> {
    let growth = kind(
        "resource-growth",
        || watches("(loop (call $open (i32.const 1) (i32.const 512)) (br 0))"),
        End::Limit("handles"),
    );
    vec![
        growth
            .clone()
            .limit("handles", "50")
            .limit("watches", "1000"),
        growth
            .real(End::Limit("handles"))
            .limit("handles", "50")
            .limit("watches", "1000"),
        kind("own-resource-growth", own_growth, End::Limit("handles")),
        kind(
            "use-after-drop",
            use_after_drop,
            End::Trap("unknown handle index"),
        ),
        kind("drop-twice", drop_twice, End::Trap("unknown handle index")),
        kind(
            "handle-from-nowhere",
            || watches("(drop (call $lost (i32.const 12345)))"),
            End::Trap("unknown handle index"),
        ),
        kind(
            "handle-of-another-kind",
            another_kind,
            End::Trap("handle index"),
        ),
        kind(
            "trap-in-destructor",
            || {
                Forged::stage("", "")
                    .inner(&destructor("unreachable"), 1)
                    .file()
            },
            End::Trap("unreachable"),
        ),
        kind(
            "never-dropped",
            || watches("(call $open (i32.const 1) (i32.const 512)) (call $open (i32.const 1) (i32.const 512))"),
            End::Error("done"),
        )
        .real(End::Error("done")),
    ]
}

fn watches(body: &str) -> Vec<u8> {
    Forged::stage(WATCH, body).asking(&["kernel-log"]).file()
}

const OPENED: &str = "(call $open (i32.const 1) (i32.const 512))";
const HANDLE: &str = "(i32.load (i32.const 516))";

fn use_after_drop() -> Vec<u8> {
    watches(&format!(
        "{OPENED} (call $drop {HANDLE}) (drop (call $lost {HANDLE}))"
    ))
}

fn drop_twice() -> Vec<u8> {
    watches(&format!(
        "{OPENED} (call $drop {HANDLE}) (call $drop {HANDLE})"
    ))
}

/// A watch of the kernel's log is handed over as a running fio.
fn another_kind() -> Vec<u8> {
    Forged::stage(
        &format!("{WATCH}{RUN}"),
        &format!("{OPENED} (call $stop {HANDLE} (i32.const 600))"),
    )
    .asking(&["kernel-log", "fio"])
    .file()
}

/// Resources of the component's own, which ask the host for nothing.
fn own_growth() -> Vec<u8> {
    let inner = r#"(component
        (type $r (resource (rep i32)))
        (core func $new (canon resource.new $r))
        (core module $m
            (import "" "new" (func $new (param i32) (result i32)))
            (func $go (loop (drop (call $new (i32.const 1))) (br 0)))
            (start $go))
        (core instance (instantiate $m (with "" (instance (export "new" (func $new)))))))"#;
    Forged::stage("", "").inner(inner, 1).file()
}
