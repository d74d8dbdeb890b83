//! What stress-ng logs and writes: the captured log and YAML file of all stressors, of which those of the
//! job are shown, with its numbers put in.

use std::fmt::Write as _;

const LOG: &str = include_str!("captured/stress-ng.log");
const YAML: &str = include_str!("captured/stress-ng.yaml");
const KILLED: &str = include_str!("captured/stress-ng-killed.log");

/// The stressor whose figures stand for those that the capture lacks.
const PLAIN: &str = "nop";

/// One stressor's figures.
#[derive(Clone, Debug)]
pub struct Figures<'a> {
    pub stressor: &'a str,
    pub workers: u32,
    pub bogo_ops: u64,
    pub real_seconds: f64,
    pub user_seconds: f64,
    pub system_seconds: f64,
}

impl Figures<'_> {
    fn per_second(&self) -> f64 {
        self.bogo_ops as f64 / self.real_seconds.max(1e-3)
    }

    fn per_cpu_second(&self) -> f64 {
        let busy = self.user_seconds + self.system_seconds;
        if busy > 0.0 {
            self.bogo_ops as f64 / busy
        } else {
            0.0
        }
    }

    /// CPU use per worker, in per cent.
    fn used(&self) -> f64 {
        let busy = self.user_seconds + self.system_seconds;
        100.0 * busy / self.real_seconds.max(1e-3) / f64::from(self.workers.max(1))
    }
}

/// What one process did.
#[derive(Clone, Debug)]
pub struct Done<'a> {
    /// stress-ng's version: `0.15.06`.
    pub version: &'a str,
    /// Its process number.
    pub pid: u32,
    /// The seconds that were asked for, and those that it took.
    pub seconds: u64,
    pub took: f64,
    /// What ran.
    pub figures: Vec<Figures<'a>>,
    /// Stressors that this stress-ng was built without, each with its workers.
    pub skipped: Vec<(&'a str, u32)>,
    /// What was found to be wrong: the stressor and the words.
    pub wrong: Vec<(&'a str, String)>,
    /// Whether a worker was killed.
    pub killed: bool,
    /// Seconds since 1970 at its end.
    pub epoch_seconds: u64,
}

impl Done<'_> {
    /// Its exit status (stress-ng(1)).
    pub fn exit_status(&self) -> i32 {
        if self.wrong.is_empty() && !self.killed {
            0
        } else {
            2
        }
    }

    fn line(&self, log: &mut String, level: &str, offset: u32, text: impl std::fmt::Display) {
        let pid = self.pid.saturating_add(offset);
        // Writing to a text cannot fail.
        let _written = writeln!(log, "stress-ng: {:<6} [{pid}] {text}", format!("{level}:"));
    }

    /// Its log.
    pub fn log(&self) -> String {
        let mut log = String::new();
        for (stressor, _) in &self.skipped {
            let text = format!(
                "{stressor} stressor will be skipped, it is not implemented on this system: built without {stressor} library"
            );
            self.line(&mut log, "warn", 0, text);
        }
        let seconds = self.seconds;
        let words = format!(
            "setting to a {seconds} second{} run per stressor",
            spelt(seconds as f64)
        );
        self.line(&mut log, "info", 0, words);
        let hogs = self
            .figures
            .iter()
            .map(|f| format!("{} {}", f.workers, f.stressor));
        let hogs: Vec<String> = hogs.collect();
        self.line(
            &mut log,
            "info",
            0,
            format_args!("dispatching hogs: {}", hogs.join(", ")),
        );
        for (figures, offset) in self.figures.iter().zip(1..) {
            let begins = format!("{}: ", figures.stressor);
            for (level, text) in captured(LOG).filter(|(_, text)| text.starts_with(&begins)) {
                self.line(&mut log, level, offset, text);
            }
        }
        for (stressor, words) in &self.wrong {
            self.line(&mut log, "fail", 1, format_args!("{stressor}: {words}"));
        }
        let own = |text: &str| {
            text.split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let rows = || captured(LOG).filter(|(level, _)| *level == "metrc");
        for (level, text) in rows().take_while(|(_, text)| !text.starts_with("cpu ")) {
            self.line(&mut log, level, 0, text);
        }
        for figures in &self.figures {
            self.line(&mut log, "metrc", 0, row(figures));
        }
        let miscellaneous = rows().skip_while(|(_, text)| !text.starts_with("miscellaneous"));
        let shown: Vec<_> = miscellaneous
            .filter(|(_, text)| self.figures.iter().any(|f| f.stressor == own(text)))
            .collect();
        if !shown.is_empty() {
            self.line(&mut log, "metrc", 0, "miscellaneous metrics:");
        }
        for (level, text) in shown {
            self.line(&mut log, level, 0, text);
        }
        if self.killed {
            let stressor = self.figures.first().map_or(PLAIN, |f| f.stressor);
            for (level, text) in captured(KILLED).filter(|(level, _)| *level == "fail") {
                self.line(
                    &mut log,
                    level,
                    0,
                    text.replacen("vm ", &format!("{stressor} "), 1),
                );
            }
        }
        let how = if self.exit_status() == 0 {
            "successful"
        } else {
            "unsuccessful"
        };
        let took = self.took;
        self.line(
            &mut log,
            "info",
            0,
            format_args!("{how} run completed in {took:.2}s{}", spelt(took)),
        );
        log
    }

    /// Its YAML file.
    pub fn yaml(&self) -> String {
        let (system, metrics) = YAML.split_once("metrics:\n").unwrap_or((YAML, ""));
        let mut yaml = String::new();
        for line in system.lines() {
            let name = line.trim().split(':').next().unwrap_or_default();
            let value = match name {
                "stress-ng-version" => self.version.to_owned(),
                "epoch-secs" => self.epoch_seconds.to_string(),
                _ => {
                    yaml.push_str(line);
                    yaml.push('\n');
                    continue;
                }
            };
            let _written = writeln!(yaml, "      {name}: {value}");
        }
        yaml.push_str("metrics:\n");
        for figures in &self.figures {
            let block = block(metrics, figures.stressor)
                .or_else(|| block(metrics, PLAIN))
                .unwrap_or_default();
            let _written = writeln!(yaml, "    - stressor: {}", figures.stressor);
            for line in block.lines().skip(1) {
                let name = line.trim().split(':').next().unwrap_or_default();
                let number = match name {
                    "bogo-ops" => figures.bogo_ops.to_string(),
                    "bogo-ops-per-second-usr-sys-time" => six(figures.per_cpu_second()),
                    "bogo-ops-per-second-real-time" => six(figures.per_second()),
                    "wall-clock-time" => six(figures.real_seconds),
                    "user-time" => six(figures.user_seconds),
                    "system-time" => six(figures.system_seconds),
                    "cpu-usage-per-instance" => six(figures.used()),
                    _ => {
                        yaml.push_str(line);
                        yaml.push('\n');
                        continue;
                    }
                };
                let _written = writeln!(yaml, "      {name}: {number}");
            }
            yaml.push('\n');
        }
        yaml.push_str("...\n");
        yaml
    }
}

fn six(number: f64) -> String {
    format!("{number:.6}")
}

/// The captured entry of a stressor.
fn block<'a>(metrics: &'a str, stressor: &str) -> Option<&'a str> {
    let mut blocks = metrics.split("\n\n");
    blocks.find(|block| {
        let first = block.trim_start().lines().next();
        first.and_then(|line| line.strip_prefix("- stressor: ")) == Some(stressor)
    })
}

/// A captured log's lines: the level and the text after the process number.
fn captured(log: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    log.lines().filter_map(|line| {
        let (level, rest) = line.strip_prefix("stress-ng: ")?.split_once(':')?;
        let (_, text) = rest.split_once("] ")?;
        Some((level, text))
    })
}

fn row(f: &Figures<'_>) -> String {
    format!(
        "{:<13} {:>9} {:>9.2} {:>9.2} {:>9.2} {:>12.2} {:>14.2} {:>12.2} {:>13}",
        f.stressor,
        f.bogo_ops,
        f.real_seconds,
        f.user_seconds,
        f.system_seconds,
        f.per_second(),
        f.per_cpu_second(),
        f.used(),
        2_432
    )
}

/// From a minute on stress-ng adds the time in larger units.
fn spelt(seconds: f64) -> String {
    if seconds < 60.0 {
        return String::new();
    }
    let whole = seconds as u64;
    let counted = |count: u64, unit: &str| match count {
        0 => None,
        1 => Some(format!("1 {unit}")),
        _ => Some(format!("{count} {unit}s")),
    };
    let parts = [
        counted(whole / 86_400, "day"),
        counted(whole % 86_400 / 3_600, "hour"),
        counted(whole % 3_600 / 60, "min"),
        Some(format!("{:.2} secs", seconds % 60.0)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!(" ({})", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done() -> Done<'static> {
        let figures = |stressor| Figures {
            stressor,
            workers: 1,
            bogo_ops: 608,
            real_seconds: 4.04,
            user_seconds: 0.25,
            system_seconds: 0.0,
        };
        Done {
            version: "0.15.06",
            pid: 14716,
            seconds: 4,
            took: 5.4,
            figures: vec![figures("cpu"), figures("zlib"), figures("fma")],
            skipped: Vec::new(),
            wrong: Vec::new(),
            killed: false,
            epoch_seconds: 7,
        }
    }

    #[test]
    fn a_log_is_in_the_captured_form() {
        let log = done().log();
        for line in log
            .lines()
            .filter(|line| !line.contains("hogs") && !line.contains("fma"))
        {
            let same = |captured: &str| {
                let words = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "0");
                words(captured) == words(line)
            };
            let number = |line: &str| line.contains("metrc") && line.contains("608");
            assert!(LOG.lines().any(same) || number(line), "{line}");
        }
        let head = "stress-ng: metrc: [14716] cpu                 608      4.04      0.25      0.00       150.50        2432.00         6.19          2432";
        assert!(log.contains(head), "{log}");
        assert!(log.ends_with("stress-ng: info:  [14716] successful run completed in 5.40s\n"));
        let yaml = done().yaml();
        assert!(
            yaml.contains("    - stressor: fma\n      bogo-ops: 608\n"),
            "{yaml}"
        );
        assert!(yaml.ends_with("\n...\n") && yaml.starts_with("---\nsystem-info:\n"));
    }

    #[test]
    fn what_went_wrong_is_logged() {
        let mut bad = done();
        bad.wrong.push((
            "cpu",
            "int64 error detected, failed int64 math operations".into(),
        ));
        bad.skipped.push(("vecmath", 1));
        assert!(
            bad.log()
                .contains("stress-ng: fail:  [14717] cpu: int64 error detected")
        );
        assert!(
            bad.log()
                .contains("stress-ng: warn:  [14716] vecmath stressor will be skipped")
        );
        assert_eq!(bad.exit_status(), 2);
        let killed = Done {
            killed: true,
            seconds: 3_661,
            ..done()
        };
        assert!(
            killed
                .log()
                .contains("fail:  [14716] cpu instance 0 corrupted bogo-ops counter")
        );
        assert!(
            killed
                .log()
                .contains("3661 second (1 hour, 1 min, 1.00 secs) run")
        );
    }
}
