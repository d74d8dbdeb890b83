//! Standard output: where nobody reads it any more (`… | head -1`), a command ends quietly, with 0.

use std::fmt::Arguments;
use std::io::Write as _;

use vetting_protocol::printable_lines;

/// Prints text that steers no terminal: agents and stages wrote parts of it; JSON stays the same JSON. Ends
/// the process where its reader has closed the pipe. Commands that print have nothing left to do: what they
/// asked of the server is done.
pub(super) fn text(text: Arguments<'_>) {
    let mut stdout = std::io::stdout().lock();
    let text = printable_lines(&text.to_string());
    let printed = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    if let Err(error) = printed {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        aside(&format!(
            "vetting-orchestrator: standard output cannot be written: {error}"
        ));
        std::process::exit(1);
    }
}

/// A line on standard error, where somebody reads it.
pub(super) fn aside(line: &str) {
    let _read_or_not = writeln!(std::io::stderr(), "{}", printable_lines(line));
}

/// Prints a line.
macro_rules! line {
    ($($words:tt)*) => {
        $crate::cli::print::text(format_args!("{}\n", format_args!($($words)*)))
    };
}

pub(super) use line;
