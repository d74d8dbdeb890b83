//! WASI: it links, and there is nothing behind it.

use super::{End, Kind, kind};
use crate::forge::Forged;

const PREOPENS: &str =
    r#"(import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $folders (param i32)))"#;
const ENVIRONMENT: &str =
    r#"(import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))"#;
const RANDOM: &str =
    r#"(import "wasi:random/random@0.2.0" "get-random-bytes" (func $random (param i64 i32)))"#;
const EXIT: &str = r#"(import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))"#;
const SOCKETS: &str = r#"
    (import "wasi:sockets/instance-network@0.2.0" "instance-network" (func $network (result i32)))
    (import "wasi:sockets/ip-name-lookup@0.2.0" "resolve-addresses" (func $resolve (param i32 i32 i32 i32)))
    (import "wasi:sockets/tcp-create-socket@0.2.0" "create-tcp-socket" (func $create (param i32 i32)))
    (import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.start-bind"
        (func $bind (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "wasi:sockets/tcp@0.2.0" "[method]tcp-socket.start-connect"
        (func $connect (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
const STDOUT: &str = r#"
    (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
    (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
        (func $write (param i32 i32 i32 i32)))
    (import "wasi:io/streams@0.2.0" "[method]output-stream.write-zeroes" (func $zeroes (param i32 i64 i32)))"#;
const SLEEP: &str = r#"
    (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $alarm (param i64) (result i32)))
    (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))"#;

/// The rows. Each guest traps unless it was refused.
pub fn kinds() -> Vec<Kind> {
    let sleep = kind("wasi-sleeps-for-ever", sleep, End::Deadline);
    let alarms = kind("wasi-alarms", alarms, End::Limit("handles"));
    vec![
        kind(
            "wasi-files",
            || empty(PREOPENS, "$folders"),
            End::Error("done"),
        ),
        kind(
            "wasi-environment",
            || empty(ENVIRONMENT, "$environment"),
            End::Error("done"),
        ),
        kind("wasi-names", names, End::Error("done")),
        kind("wasi-binds", || socket("bind"), End::Error("done")),
        kind("wasi-connects", || socket("connect"), End::Error("done")).real(End::Error("done")),
        kind(
            "wasi-exits",
            || Forged::stage(EXIT, "(call $exit (i32.const 0))").file(),
            End::Trap("exited"),
        ),
        kind(
            "wasi-random-exabyte",
            || random("0x7fffffffffffffff"),
            End::Trap("limit"),
        ),
        kind(
            "wasi-random-in-memory",
            || random("60000000"),
            End::Error("done"),
        ),
        kind("wasi-stdout-flood", stdout_flood, End::Limit("host-calls"))
            .limit("host-calls", "50000"),
        kind("wasi-zeroes", zeroes, End::Trap("")),
        sleep.clone(),
        sleep.real(End::Deadline),
        alarms,
    ]
}

/// A list that must be empty.
fn empty(import: &str, function: &str) -> Vec<u8> {
    let body = format!(
        "(call {function} (i32.const 512))
        (if (i32.load (i32.const 516)) (then unreachable))"
    );
    Forged::stage(import, &body).file()
}

/// A name is looked up; the answer must be an error: `access-denied` (1), or, where no name can be
/// looked up at all, another of its enum.
fn names() -> Vec<u8> {
    let body = r#"(call $resolve (call $network) (i32.const 1024) (i32.const 9) (i32.const 512))
        (if (i32.eqz (i32.load8_u (i32.const 512))) (then unreachable))"#;
    let fields = r#"(data (i32.const 1024) "localhost")"#;
    Forged::module(SOCKETS, fields, body, crate::forge::bump(), "").file()
}

/// A socket to 127.0.0.1, port 22: neither bound nor connected.
fn socket(what: &str) -> Vec<u8> {
    let zeroes = "(i32.const 0)".repeat(6);
    let body = format!(
        "(call $create (i32.const 0) (i32.const 512))
        (if (i32.eqz (i32.load8_u (i32.const 512)))
            (then
                (call ${what} (i32.load (i32.const 516)) (call $network)
                    (i32.const 0) (i32.const 22) (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
                    {zeroes} (i32.const 600))
                (if (i32.eqz (i32.load8_u (i32.const 600))) (then unreachable))))"
    );
    Forged::stage(SOCKETS, &body).file()
}

fn random(bytes: &str) -> Vec<u8> {
    Forged::stage(
        RANDOM,
        &format!("(call $random (i64.const {bytes}) (i32.const 512))"),
    )
    .file()
}

fn stdout_flood() -> Vec<u8> {
    let body = r"(local $out i32) (local.set $out (call $stdout))
        (loop (call $write (local.get $out) (i32.const 128) (i32.const 4) (i32.const 512)) (br 0))";
    Forged::stage(STDOUT, body).file()
}

/// More zeroes than the stream said it takes.
fn zeroes() -> Vec<u8> {
    let body = "(call $zeroes (call $stdout) (i64.const 0x7fffffffffffffff) (i32.const 512))";
    Forged::stage(STDOUT, body).file()
}

fn sleep() -> Vec<u8> {
    let body = r"(local $alarm i32)
        (local.set $alarm (call $alarm (i64.const 0x7fffffffffffffff)))
        (loop (call $block (local.get $alarm)) (br 0))";
    Forged::stage(SLEEP, body).file()
}

fn alarms() -> Vec<u8> {
    Forged::stage(
        SLEEP,
        "(loop (drop (call $alarm (i64.const 1000000000))) (br 0))",
    )
    .file()
}
