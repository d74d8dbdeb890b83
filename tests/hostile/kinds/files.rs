//! Files of the kernel that hold secrets or harm when they are read, and listings without an end. The same
//! on a simulated machine and on this one. And queries that were not granted, or about what there cannot be.

use std::time::Duration;

use super::rogue::rogue;
use super::{End, Kind};

/// What the host says of a file that no stage may read.
const NO_STAGE: &str = "denied: the host gives no stage this file";

/// What the host says of a file that the manifest does not name.
const NOT_ASKED: &str = "the manifest of Rogue does not ask for";

/// A listing of this machine.
const LISTED: Duration = Duration::from_secs(20);

/// The rows.
pub fn kinds() -> Vec<Kind> {
    let rows = [
        ("file-command-line", "file:proc/cmdline", NO_STAGE),
        ("file-own-environment", "file:proc/self/environ", NO_STAGE),
        ("file-of-a-process", "file:proc/1/environ", NO_STAGE),
        (
            "file-below-a-process",
            "file:proc/1/root/etc/shadow",
            NO_STAGE,
        ),
        ("file-by-descriptor", "file:proc/self/fd/0", NO_STAGE),
        ("file-memory", "file:proc/kcore", NO_STAGE),
        ("file-keys", "file:proc/keys", NO_STAGE),
        ("file-connections", "file:proc/net/tcp", NO_STAGE),
        ("file-device", "file:dev/mem", NO_STAGE),
        ("file-of-a-user", "file:root/.ssh/authorized_keys", NO_STAGE),
        (
            "file-pci-configuration",
            "file:sys/bus/pci/devices/0000:00:00.0/config",
            NO_STAGE,
        ),
        (
            "file-pci-registers",
            "file:sys/bus/pci/devices/0000:00:00.0/resource0",
            NO_STAGE,
        ),
        (
            "file-licence-key",
            "file:sys/firmware/acpi/tables/MSDM",
            NO_STAGE,
        ),
        (
            "file-efi-variable",
            "file:sys/firmware/efi/efivars/db-d719b2cb-3d3a-4596-a3bc-dad00e67656f",
            NO_STAGE,
        ),
        (
            "file-iscsi-password",
            "file:sys/class/iscsi_session/session1/password",
            NO_STAGE,
        ),
        (
            "file-debugging",
            "file:sys/kernel/debug/sched/debug",
            NO_STAGE,
        ),
        ("file-parent", "file:sys/../etc/passwd", "is invalid"),
        ("file-absolute", "file:/etc/passwd", "is invalid"),
        ("file-with-nul", "file:sys/class\0/x", "is invalid"),
        ("file-long-path", "files-long-path", "is invalid"),
        ("file-many-paths", "files-many-paths", "is invalid"),
        ("glob-many", "files-many-globs", "is invalid"),
        ("glob-of-any-depth", "glob:sys/**", "is invalid"),
        ("glob-of-secrets", "glob:proc/*/environ", "no file"),
        ("glob-outside", "glob:etc/*", "no file"),
        (
            "glob-bomb",
            "glob:*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*",
            "bounded",
        ),
        ("glob-wide", "glob:sys/*/*/*/*", "bounded: some files"),
        ("file-not-asked-for", "file:sys/1/2/3/4/5/6/7/8", NOT_ASKED),
        ("glob-not-asked-for", "glob:sys/*/*/*/*/*/*/*/*", NOT_ASKED),
        // Wider than any glob of the manifest, by one name.
        ("glob-wider-than-asked", "glob:*/*/*/*/*/*/*/*/*", NOT_ASKED),
        ("files-not-asked-for", "files-not-asked-for", "is invalid"),
        (
            "file-of-a-terminal",
            "file:sys/\u{1b}[2J/x/y/z/x/y/z/x/y",
            NOT_ASKED,
        ),
    ];
    let mut kinds = Vec::new();
    for (name, mode, text) in rows {
        let row = rogue(name, mode, End::Error(text));
        kinds.push(row.clone());
        kinds.push(row.real(End::Error(text)).within(LISTED));
    }
    for (name, mode, text) in [
        (
            "query-not-asked-for",
            "query:lspci",
            "does not ask for the query",
        ),
        (
            "query-that-is-a-path",
            "query:/usr/sbin/reboot",
            "does not ask for the query",
        ),
        (
            "query-that-is-an-option",
            "query:--help",
            "does not ask for the query",
        ),
        (
            "query-about-a-command",
            "query:ethtool eth0;reboot",
            "is invalid",
        ),
        (
            "query-about-an-option",
            "query:ethtool --flash",
            "is invalid",
        ),
        (
            "query-about-a-path",
            "query:ethtool ../../etc/passwd",
            "is invalid",
        ),
    ] {
        kinds.push(rogue(name, mode, End::Error(text)));
    }
    kinds.push(
        rogue("query-flood", "queries-flood", End::Limit("all-call-bytes"))
            .limit("all-call-bytes", "1000000"),
    );
    kinds.push(
        rogue("file-flood", "files-flood", End::Limit("host-calls")).limit("host-calls", "500"),
    );
    kinds.push(
        rogue(
            "file-not-asked-for-flood",
            "files-not-asked-for-flood",
            End::Limit("all-call-bytes"),
        )
        .limit("all-call-bytes", "1000000"),
    );
    kinds
}
