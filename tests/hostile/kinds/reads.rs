//! Manifests that name files or queries as no honest one would. Each is refused before anything is compiled.

use serde_json::json;

use super::{End, Kind, kind};
use crate::forge::Forged;

/// The rows.
pub fn kinds() -> Vec<Kind> {
    let refused = |name, made: fn() -> Vec<u8>, text| kind(name, made, End::Refused(text));
    vec![
        refused(
            "files-without-a-glob",
            || reads().asking(&["files"]).file(),
            "names nothing to read",
        ),
        refused(
            "files-of-no-import",
            || {
                honest()
                    .saying("files", json!({ "proc/cpuinfo": "w" }))
                    .file()
            },
            "does not import `files`",
        ),
        refused(
            "glob-of-a-parent",
            || globs(json!({ "sys/../*": "w" })),
            "[files]",
        ),
        refused(
            "glob-of-the-root",
            || globs(json!({ "/*": "w" })),
            "[files]",
        ),
        refused(
            "glob-of-every-depth",
            || globs(json!({ "sys/**": "w" })),
            "[files]",
        ),
        refused(
            "glob-without-a-reason",
            || globs(json!({ "proc/*": " " })),
            "[files]",
        ),
        refused(
            "glob-of-a-terminal",
            || globs(json!({ "sys/\u{1b}[2J": "w" })),
            "[files]",
        ),
        refused(
            "globs-by-the-thousand",
            || {
                let all = (0..1_000).map(|n| (format!("proc/{n}"), json!("w")));
                globs(serde_json::Value::Object(all.collect()))
            },
            "at most 512",
        ),
        refused(
            "query-of-no-import",
            || honest().saying("queries", json!({ "lspci": "w" })).file(),
            "does not import `queries`",
        ),
        refused(
            "query-that-is-a-command",
            || {
                honest()
                    .saying("queries", json!({ "lspci; reboot": "w" }))
                    .file()
            },
            "[queries]",
        ),
    ]
}

fn honest() -> Forged {
    Forged::stage("", "")
}

/// A stage that reads files, and does not say which.
fn reads() -> Forged {
    let import = r#"(import "vetting:stage/files@0.2.0" "list" (func $list (param i32 i32 i32)))"#;
    Forged::stage(import, "")
}

/// A stage whose manifest has those globs.
fn globs(globs: serde_json::Value) -> Vec<u8> {
    reads().asking(&["files"]).saying("files", globs).file()
}
