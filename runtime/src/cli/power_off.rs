//! Powering the machine off. Nothing but `vetting agent` in live-image mode comes here.

use std::process::{Command, Stdio};

/// What is tried, in order. (systemctl(1), shutdown(8))
const COMMANDS: [(&str, &[&str]); 2] = [("systemctl", &["poweroff"]), ("shutdown", &["-h", "now"])];

/// Powers the machine off, or says what went wrong with every way of it.
pub(super) fn power_off() -> anyhow::Result<()> {
    let mut failed = Vec::new();
    for (program, args) in COMMANDS {
        let line = format!("{program} {}", args.join(" "));
        match Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .status()
        {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => failed.push(format!("`{line}` ended with {status}")),
            Err(error) => failed.push(format!("`{line}`: {error}")),
        }
    }
    anyhow::bail!(
        "the machine could not be powered off: {}",
        failed.join("; ")
    )
}
