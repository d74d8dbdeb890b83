//! Reports: how a run's is written, and `vetting report`, which writes a stored record in another
//! format.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use anyhow::Context as _;
use vetting_report::{Format, RunRecord, Style, WriteError};

use super::args::ReportArgs;
use super::{Exit, Failure, print};

/// The most bytes of a record that are read.
const MAX_RECORD_BYTES: u64 = 512 << 20;
/// A table that goes to no terminal.
const PLAIN: Style = Style {
    width: 100,
    colour: false,
};

/// Converts a record. It judges nothing: a failed run's record is converted as well as any.
pub fn report(args: &ReportArgs) -> Result<Exit, Failure> {
    let record = read(&args.file).map_err(Failure::usage)?;
    match &args.output {
        Some(path) => write(&record, args.format, path)?,
        None => print::as_it_is(&text(&record, args.format, &terminal())?)?,
    }
    Ok(Exit::Passed)
}

/// Prints a run's report. Where it goes to a file, a table is printed beside it.
pub fn of_run(record: &RunRecord, format: Format, output: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = output else {
        return print::as_it_is(&text(record, format, &terminal())?);
    };
    write(record, format, path)?;
    print::as_it_is(&vetting_report::table(record, &terminal()))
}

fn read(path: &Path) -> anyhow::Result<RunRecord> {
    let (name, mut bytes) = (path.display(), Vec::new());
    let input: Box<dyn std::io::Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let file = std::fs::File::open(path);
        Box::new(file.with_context(|| format!("the record {name}"))?)
    };
    input
        .take(MAX_RECORD_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("the record {name}"))?;
    if bytes.len() as u64 > MAX_RECORD_BYTES {
        anyhow::bail!("{name} is larger than any record ({MAX_RECORD_BYTES} bytes)");
    }
    let json = String::from_utf8(bytes)
        .ok()
        .with_context(|| format!("{name} is no text, so it is no run record"))?;
    vetting_report::from_json(&json).with_context(|| {
        format!("{name} (what `vetting run --format json --output FILE` writes is needed)")
    })
}

fn text(record: &RunRecord, format: Format, style: &Style) -> Result<String, Failure> {
    format.write(record, style).map_err(|error| match error {
        // Its time may be no time: the record is to blame.
        WriteError::Ocptv(error) => Failure::usage(error),
        WriteError::Json(error) => Failure::runtime(error),
    })
}

fn write(record: &RunRecord, format: Format, path: &Path) -> Result<(), Failure> {
    std::fs::write(path, text(record, format, &PLAIN)?)
        .with_context(|| format!("the report could not be written to {}", path.display()))
        .map_err(Failure::runtime)
}

fn terminal() -> Style {
    if !std::io::stdout().is_terminal() {
        return PLAIN;
    }
    Style {
        width: console::Term::stdout().size().1,
        colour: std::env::var_os("NO_COLOR").is_none(),
    }
}
