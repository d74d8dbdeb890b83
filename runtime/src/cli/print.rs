//! What is printed. That nobody reads it is no failure, and nothing in it steers the terminal.

use std::io::Write as _;

use serde::Serialize;
use vetting_protocol::printable_lines;

use super::Failure;

/// Prints a text on standard output. A report in colour comes with its own escapes, and with strangers'
/// words printable already; every other text goes through [`lines`].
pub fn as_it_is(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let printed = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match printed {
        Ok(()) => Ok(()),
        // A closed pipe or terminal: whoever read has gone, and the exit status still tells.
        Err(error) if gone(&error) => Ok(()),
        Err(error) => Err(Failure::runtime(
            anyhow::Error::from(error).context("standard output cannot be written"),
        )),
    }
}

/// Prints lines on standard output. JSON stays the same JSON.
pub fn lines(text: &str) -> Result<(), Failure> {
    as_it_is(&printable_lines(text))
}

/// Prints a value as JSON.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::runtime)?;
    lines(&format!("{text}\n"))
}

/// A line on standard error, if anybody still reads it.
pub fn aside(line: &str) {
    let _read_or_not = writeln!(std::io::stderr(), "{}", printable_lines(line));
}

fn gone(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe || error.raw_os_error() == Some(nix::libc::EIO)
}
