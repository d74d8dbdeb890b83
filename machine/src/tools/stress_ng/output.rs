//! What stress-ng prints and writes.

use crate::contract::stress;
use crate::tools::process::Stream;

/// How many failures are kept, as the contract says.
const MAX_FAILURES: usize = 100;

/// The longest line that is kept of a failure.
const MAX_LINE: usize = 1024;

/// What the YAML file tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// stress-ng's version; empty where it does not tell.
    pub version: String,
    /// One entry per stressor.
    pub stressors: Vec<stress::Metrics>,
}

/// Understands the file of `--yaml`. It is flat enough to be read line by line, and a file that was
/// cut off still tells what it has.
pub fn metrics(yaml: &[u8], cpu: Option<u32>) -> Metrics {
    let text = String::from_utf8_lossy(yaml);
    let mut found = Metrics::default();
    for line in text.lines() {
        let line = line.trim();
        let (new, line) = match line.strip_prefix("- ") {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim().trim_matches(['\'', '"']);
        if new && name == "stressor" {
            found.stressors.push(stress::Metrics {
                stressor: value.to_owned(),
                cpu,
                ..stress::Metrics::default()
            });
            continue;
        }
        if name == "stress-ng-version" {
            found.version = value.to_owned();
        }
        let Some(entry) = found.stressors.last_mut() else {
            continue;
        };
        let number: f64 = value
            .parse()
            .ok()
            .filter(|n: &f64| n.is_finite())
            .unwrap_or(0.0);
        match name {
            "bogo-ops" => entry.bogo_ops = value.parse().unwrap_or(number as u64),
            "bogo-ops-per-second-real-time" => entry.bogo_ops_per_second = number,
            "wall-clock-time" => entry.real_seconds = number,
            "user-time" => entry.user_seconds = number,
            "system-time" => entry.system_seconds = number,
            _ => {}
        }
    }
    found
}

/// The lines that tell of a failed check, out of everything stress-ng printed.
pub fn failures(output: &[u8]) -> Vec<String> {
    let mut found = Failures::default();
    found.push(Stream::Stderr, output);
    found.end()
}

/// Collects the lines that tell of a failed check while stress-ng prints.
#[derive(Debug, Default)]
pub(in crate::tools) struct Failures {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    found: Vec<String>,
}

impl Failures {
    pub fn push(&mut self, stream: Stream, bytes: &[u8]) {
        for &byte in bytes {
            let line = match stream {
                Stream::Stdout => &mut self.stdout,
                Stream::Stderr => &mut self.stderr,
            };
            if byte == b'\n' {
                let line = std::mem::take(line);
                self.line(&line);
            } else if line.len() < MAX_LINE {
                line.push(byte);
            }
        }
    }

    pub fn end(mut self) -> Vec<String> {
        for line in [
            std::mem::take(&mut self.stdout),
            std::mem::take(&mut self.stderr),
        ] {
            self.line(&line);
        }
        self.found
    }

    /// `stress-ng: fail:  [123] cpu: …`; with `--log-brief` and in later versions less before it.
    fn line(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let failure = line.contains("stress-ng: fail:") || line.trim_start().starts_with("fail:");
        if failure && self.found.len() < MAX_FAILURES {
            self.found.push(line.trim().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of stress-ng 0.15.06.
    const YAML: &str = "---\nsystem-info:\n      stress-ng-version: 0.15.06\n      compiler: 'gcc 12.2.0'\n\nmetrics:\n    - stressor: cpu\n      bogo-ops: 5665\n      bogo-ops-per-second-usr-sys-time: 954.696813\n      bogo-ops-per-second-real-time: 1886.523859\n      wall-clock-time: 3.002877\n      user-time: 5.933821\n      system-time: 0.100000\n\n    - stressor: vm\n      bogo-ops: 7\n...\n";

    #[test]
    fn figures_are_read_and_a_cut_file_gives_what_it_has() {
        let all = metrics(YAML.as_bytes(), Some(3));
        assert_eq!(all.version, "0.15.06");
        let cpu = &all.stressors[0];
        assert_eq!(
            (cpu.stressor.as_str(), cpu.cpu, cpu.bogo_ops),
            ("cpu", Some(3), 5665)
        );
        assert_eq!(
            (cpu.bogo_ops_per_second, cpu.real_seconds),
            (1886.523859, 3.002877)
        );
        assert_eq!((cpu.user_seconds, cpu.system_seconds), (5.933821, 0.1));
        assert_eq!(all.stressors[1].bogo_ops, 7);
        let cut = metrics(&YAML.as_bytes()[..150], None);
        assert_eq!(cut.stressors.len(), 1);
    }

    #[test]
    fn only_failures_are_failures() {
        let lines = b"stress-ng: info:  [1] dispatching hogs: 2 cpu\nstress-ng: fail:  [2] cpu: bit mismatch\nfail: brief\nno fail: here";
        assert_eq!(
            failures(lines),
            ["stress-ng: fail:  [2] cpu: bit mismatch", "fail: brief"]
        );
        let many = "stress-ng: fail: x\n".repeat(500);
        assert_eq!(failures(many.as_bytes()).len(), MAX_FAILURES);
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0..=YAML.len()) {
            metrics(&bytes, None);
            failures(&bytes);
            let mut broken = YAML.as_bytes().to_vec();
            broken.splice(at..at, bytes);
            metrics(&broken, None);
        }
    }
}
