//! What tools said, as small programs that say it again to whoever asks the same.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::scrub::Scrub;
use super::{CaptureError, io, make, write};
use crate::tools::Exchange;

/// Writes a program for each tool. Returns how many answers there are.
pub fn keep(exchanges: &[Exchange], to: &Path, scrub: &Scrub) -> Result<usize, CaptureError> {
    make(to)?;
    let mut programs: BTreeMap<&str, BTreeMap<String, &Exchange>> = BTreeMap::new();
    for exchange in exchanges {
        let answers = programs.entry(&exchange.program).or_default();
        answers
            .entry(pattern(&exchange.args, scrub))
            .or_insert(exchange);
    }
    let mut count = 0;
    for (program, answers) in programs {
        let said = format!("{program}.said");
        make(&to.join(&said))?;
        let mut script = format!(
            "#!/bin/sh\n# Says again what {program} said when this machine was captured.\n\
             here=${{0%/*}}/{said}\ncase \"$*\" in\n"
        );
        for (number, (pattern, exchange)) in answers.into_iter().enumerate() {
            let output = &exchange.output;
            let out = scrub.bytes(&output.stdout);
            write(&to.join(&said).join(format!("{number}.out")), &out)?;
            let err = scrub.bytes(output.stderr_tail.as_bytes());
            write(&to.join(&said).join(format!("{number}.err")), &err)?;
            let end = match (output.status, output.signal) {
                (Some(status), _) => format!("exit {status}"),
                (None, signal) => format!("kill -{} $$", signal.unwrap_or(9)),
            };
            script.push_str(&format!(
                "{pattern}) cat \"$here/{number}.out\"; cat \"$here/{number}.err\" >&2; {end} ;;\n"
            ));
            count += 1;
        }
        script.push_str(&format!(
            "esac\necho \"{program}: nobody asked this when the machine was captured: $*\" >&2\n\
             exit 1\n"
        ));
        let file = to.join(program);
        write(&file, script.as_bytes())?;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&file, mode).map_err(|reason| io(&file, reason))?;
    }
    Ok(count)
}

/// The shell's pattern for these arguments. A device below any root is the same device.
fn pattern(args: &[String], scrub: &Scrub) -> String {
    let one = |arg: &String| {
        let arg = scrub.text(arg);
        match arg.find("/dev/") {
            Some(from) if arg.starts_with('/') => {
                format!("*{}", quoted(arg.get(from..).unwrap_or_default()))
            }
            _ => quoted(&arg),
        }
    };
    let all: Vec<String> = args.iter().map(one).collect();
    match all.is_empty() {
        true => "''".to_owned(),
        false => all.join("' '"),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_its_device_below_any_root() {
        let args = ["-x", "it's", "/tree/dev/sda"].map(str::to_owned);
        let pattern = pattern(&args, &Scrub::nothing());
        assert_eq!(pattern, r"'-x'' ''it'\''s'' '*'/dev/sda'");
    }
}
