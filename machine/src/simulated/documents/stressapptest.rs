//! What stressapptest logs: a captured log with the job's numbers put in.

use std::fmt::Write as _;

const PASS: &str = include_str!("captured/stressapptest-pass.log");
const ERRORS: &str = include_str!("captured/stressapptest-errors.log");
const STOPPED: &str = include_str!("captured/stressapptest-stopped.log");

/// What a job did.
#[derive(Clone, Debug)]
pub struct Done<'a> {
    /// Its version: `1.0.6`.
    pub version: &'a str,
    /// The arguments of its command line.
    pub arguments: &'a [String],
    pub cpus: u32,
    /// MiB of memory that it tested, seconds that were asked for, and those that it ran.
    pub mib: u64,
    pub seconds: u64,
    pub ran: f64,
    /// MiB that its threads copied and inverted.
    pub copied: f64,
    pub inverted: f64,
    /// Hardware errors that it found.
    pub errors: u64,
    /// The module that is named where an error lies.
    pub module: Option<&'a str>,
    /// Whether it was asked to end early.
    pub stopped: bool,
}

/// No more errors than these are logged one by one.
const SHOWN: u64 = 1_000;

impl Done<'_> {
    /// Its exit status.
    pub fn exit_status(&self) -> i32 {
        i32::from(self.errors > 0)
    }

    /// Its log.
    pub fn log(&self) -> String {
        let captured = match (self.errors, self.stopped) {
            (0, true) => STOPPED,
            (0, false) => PASS,
            _ => ERRORS,
        };
        let mut log = String::new();
        let mut shown = false;
        for line in captured.lines() {
            match self.edited(line) {
                Edited::As(line) => {
                    log.push_str(&line);
                    log.push('\n');
                }
                Edited::Error if !shown => {
                    shown = true;
                    self.each_error(&mut log);
                }
                Edited::Error => {}
            }
        }
        log
    }

    fn each_error(&self, log: &mut String) {
        let module = self.module.unwrap_or("DIMM Unknown");
        for n in 0..self.errors.min(SHOWN) {
            let (cpu, at) = (
                n % u64::from(self.cpus.max(1)),
                0x7fea_7463_da70_u64 + 64 * n,
            );
            let physical = 0x0052_2670 + 64 * n;
            // Writing to a text cannot fail.
            let _written = writeln!(
                log,
                "Report Error: miscompare : {module} : 1 : {second}s\n\
                 Hardware Error: miscompare on CPU {cpu}(0x{mask:X}) at 0x{at:x}(0x{physical:x}:{module}): \
                 read:0x00004000000040ba, reread:0x00004000000040ba expected:0x0000400000004000",
                second = n % (self.ran as u64).max(1),
                mask = 1_u64 << (cpu % 64),
            );
        }
        let _written = writeln!(
            log,
            "Log: Thread 1 found {} hardware incidents",
            self.errors
        );
    }

    fn edited(&self, line: &str) -> Edited {
        let moved = self.copied + self.inverted;
        let rate = |mib: f64| mib / self.ran.max(1e-3);
        let text = match line.split_once(' ') {
            Some(("Hardware" | "Report", _)) => return Edited::Error,
            _ if line.contains("found 1 hardware incidents") => return Edited::Error,
            _ if line.starts_with("Log: Commandline") => {
                format!(
                    "Log: Commandline - stressapptest {}",
                    self.arguments.join(" ")
                )
            }
            _ if line.starts_with("Stats: SAT revision") => line.replace("1.0.6", self.version),
            _ if line.starts_with("Log: 1 nodes") => format!("Log: 1 nodes, {} cpus.", self.cpus),
            _ if line.starts_with("Stats: Starting SAT") => {
                format!(
                    "Stats: Starting SAT, {}M, {} seconds",
                    self.mib, self.seconds
                )
            }
            _ if line.starts_with("Log: User exiting early") => {
                let left = self.seconds.saturating_sub(self.ran as u64);
                format!("Log: User exiting early ({left} seconds remaining)")
            }
            _ if line.starts_with("Stats: Found") => {
                format!("Stats: Found {} hardware incidents", self.errors)
            }
            _ if line.starts_with("Stats: Completed") => format!(
                "Stats: Completed: {moved:.2}M in {:.2}s {:.2}MB/s, with {} hardware incidents, 0 errors",
                self.ran,
                rate(moved),
                self.errors
            ),
            _ if line.starts_with("Stats: Memory Copy") => {
                format!(
                    "Stats: Memory Copy: {:.2}M at {:.2}MB/s",
                    self.copied,
                    rate(self.copied)
                )
            }
            _ if line.starts_with("Stats: Invert Data") => {
                format!(
                    "Stats: Invert Data: {:.2}M at {:.2}MB/s",
                    self.inverted,
                    rate(self.inverted)
                )
            }
            _ => line.to_owned(),
        };
        Edited::As(text)
    }
}

/// What becomes of a captured line.
enum Edited {
    As(String),
    /// It is of an error, of which the job has its own.
    Error,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(errors: u64, stopped: bool) -> Done<'static> {
        Done {
            version: "1.0.6",
            arguments: &[],
            cpus: 2,
            mib: 64,
            seconds: 2,
            ran: 2.0,
            copied: 4_000.0,
            inverted: 0.0,
            errors,
            module: None,
            stopped,
        }
    }

    #[test]
    fn a_log_passes_fails_and_is_cut_short_in_the_captured_words() {
        let log = done(0, false).log();
        assert!(log.contains("Stats: Completed: 4000.00M in 2.00s 2000.00MB/s, with 0 hardware"));
        assert!(log.contains("Status: PASS - please verify no corrected errors"));
        assert!(
            done(0, true)
                .log()
                .contains("Log: User exiting early (0 seconds remaining)")
        );
        let bad = done(3, false);
        assert_eq!(
            bad.log()
                .matches("Hardware Error: miscompare on CPU ")
                .count(),
            3
        );
        assert!(
            bad.log()
                .contains("Status: FAIL - test discovered HW problems")
        );
        assert_eq!(bad.exit_status(), 1);
    }
}
