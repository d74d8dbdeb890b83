//! Standard output: where nobody reads it any more (`… | head -1`), a command ends quietly, with 0.

use std::fmt::Arguments;
use std::io::Write as _;

/// Prints text, and ends the process where its reader has closed the pipe. Commands that print have nothing
/// left to do: what they asked of the server is done.
pub(super) fn text(text: Arguments<'_>) {
    let mut stdout = std::io::stdout().lock();
    let printed = stdout.write_fmt(text).and_then(|()| stdout.flush());
    if let Err(error) = printed {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        eprintln!("vetting-orchestrator: standard output cannot be written: {error}");
        std::process::exit(1);
    }
}

/// Prints a line.
macro_rules! line {
    ($($words:tt)*) => {
        $crate::cli::print::text(format_args!("{}\n", format_args!($($words)*)))
    };
}

pub(super) use line;
