//! Asking the controller: documents become facts, and what was not read becomes a gap.

use vetting_facts::Unreadable;
use vetting_stage::bmc::{self, Question};
use vetting_stage::types::{Document, DocumentEnding};
use vetting_stage::{Findings, absence, explain, info};

use crate::rules;

/// Slower than this, in seconds, an answer is worth a remark: ipmitool's own time-outs and those of
/// whoever watches the machine later are near.
pub const SLOW_SECONDS: u64 = 60;

const SECOND_NS: u64 = 1_000_000_000;

/// What ipmitool says where the kernel has no driver for the controller.
const NO_DEVICE: &str = "Could not open device";

/// The controller, as far as it was asked.
#[derive(Debug, Default)]
pub struct Controller {
    /// Whether there is none.
    pub is_absent: bool,
    /// Whether it did not answer at all: it is not asked any more.
    pub is_silent: bool,
    /// Needed questions that were not answered, or not whole: each is told once.
    lost: Vec<Question>,
    /// The command line that took longest, and its seconds.
    slowest: Option<(String, u64)>,
}

/// What is lost of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing.
    None,
    /// Some of it, and why.
    Some(String),
    /// All of it, and why.
    All(String),
}

impl Controller {
    /// An answer that the judgement needs: what is lost of it is a gap.
    pub fn need<T>(
        &mut self,
        question: Question,
        read: impl Fn(&[u8]) -> Result<T, Unreadable>,
        findings: &mut Findings,
    ) -> Option<T> {
        let document = self.ask(question, Some(findings))?;
        let command = document.argv.join(" ");
        let (facts, lost) = facts(&document, read);
        let told = self.lost.contains(&question);
        if lost != Loss::None && !told {
            self.lost.push(question);
        }
        match lost {
            Loss::None => {}
            Loss::Some(_) | Loss::All(_) if told => {}
            Loss::Some(why) => findings.unknown(
                rules::CONTROLLER,
                None,
                format!("the management controller did not give all of `{command}`: {why}"),
            ),
            Loss::All(why) => {
                self.is_silent |= matches!(document.ending, DocumentEnding::TimedOut)
                    || document.stderr_tail.contains(NO_DEVICE);
                let message =
                    format!("the management controller did not answer `{command}`: {why}");
                findings.unknown(rules::CONTROLLER, None, message);
            }
        }
        facts
    }

    /// An answer that the judgement uses where there is one.
    pub fn may<T>(
        &mut self,
        question: Question,
        read: impl Fn(&[u8]) -> Result<T, Unreadable>,
    ) -> Option<T> {
        let document = self.ask(question, None)?;
        let (facts, lost) = facts(&document, read);
        if let Loss::Some(why) | Loss::All(why) = lost {
            info!("`{}` was not judged: {why}", document.argv.join(" "));
        }
        facts
    }

    fn ask(&mut self, question: Question, findings: Option<&mut Findings>) -> Option<Document> {
        if self.is_absent || self.is_silent {
            return None;
        }
        match bmc::ask(question) {
            Ok(document) => {
                let seconds = document.took_ns / SECOND_NS;
                let slowest = self.slowest.as_ref().map_or(0, |(_, seconds)| *seconds);
                if seconds >= SLOW_SECONDS && seconds > slowest {
                    self.slowest = Some((document.argv.join(" "), seconds));
                }
                Some(document)
            }
            Err(error) if absence(&error).is_some() => {
                self.is_absent = true;
                None
            }
            Err(error) => {
                if let Some(findings) = findings {
                    self.is_silent = true;
                    let why = explain(&error);
                    let message = format!("the management controller could not be asked: {why}");
                    findings.unknown(rules::CONTROLLER, None, message);
                }
                None
            }
        }
    }

    /// A controller that answers and takes long for it.
    pub fn judge_speed(&self, findings: &mut Findings) {
        if let Some((command, seconds)) = &self.slowest {
            let message = format!(
                "`{command}` took {seconds} s: a controller that slow may hang: reset it (ipmitool mc reset cold) or update its firmware"
            );
            findings.broken(rules::SLOW_CONTROLLER, None, message);
        }
    }
}

/// The facts of a document, and what of them is lost.
fn facts<T>(
    document: &Document,
    read: impl Fn(&[u8]) -> Result<T, Unreadable>,
) -> (Option<T>, Loss) {
    let ended = match document.ending {
        DocumentEnding::Complete => None,
        DocumentEnding::TimedOut => {
            let seconds = document.took_ns / SECOND_NS;
            Some(format!("it did not end within {seconds} s"))
        }
        DocumentEnding::Cut(bytes) => Some(format!("it printed more than {bytes} bytes")),
        DocumentEnding::Cancelled => Some("the attempt was cancelled".to_owned()),
    };
    let empty = document.stdout.iter().all(u8::is_ascii_whitespace);
    let bad_end = document.exit_status != Some(0);
    let complaint = complaint(document);
    match read(&document.stdout) {
        // An empty answer is one only where the tool ended well.
        Ok(_) if empty && (bad_end || ended.is_some()) => {
            (None, Loss::All(ended.unwrap_or_else(|| why(document))))
        }
        Ok(facts) => match ended.or(complaint) {
            Some(why) => (Some(facts), Loss::Some(why)),
            None => (Some(facts), Loss::None),
        },
        Err(error) if bad_end || ended.is_some() => {
            let why = ended.unwrap_or_else(|| why(document));
            let why = if empty {
                why
            } else {
                format!("{why} ({error})")
            };
            (None, Loss::All(why))
        }
        Err(error) => (None, Loss::All(error.to_string())),
    }
}

/// A record of sensors or events that ipmitool could not get, in its words. That one sensor has no
/// reading is said in that sensor's row.
fn complaint(document: &Document) -> Option<String> {
    let of_records = |line: &&str| {
        let failed = ["failed", "Unable", "Error", "error", "invalid"];
        (line.contains("SDR") || line.contains("SEL "))
            && failed.iter().any(|word| line.contains(word))
            && !line.contains(" | ")
    };
    let stdout = String::from_utf8_lossy(&document.stdout);
    let lines = document.stderr_tail.lines().chain(stdout.lines());
    let line = lines.map(str::trim).find(of_records);
    line.map(str::to_owned)
}

/// Why a tool that ended said nothing.
fn why(document: &Document) -> String {
    if document.stderr_tail.contains(NO_DEVICE) {
        return "no driver for it is loaded: modprobe ipmi_si ipmi_devintf".to_owned();
    }
    let said = document
        .stderr_tail
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty());
    let said = said.map_or(String::new(), |line| format!(": {line}"));
    match (document.exit_status, document.signal) {
        (Some(status), _) => format!("ipmitool ended with status {status}{said}"),
        (None, Some(signal)) => format!("signal {signal} ended ipmitool{said}"),
        (None, None) => format!("ipmitool did not end by itself{said}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vetting_facts::bmc;

    fn document(stdout: &str, stderr: &str, status: i32) -> Document {
        Document {
            query: "bmc.ask".into(),
            target: String::new(),
            argv: vec!["ipmitool".into()],
            version: None,
            exit_status: Some(status),
            signal: None,
            stdout: stdout.as_bytes().to_vec(),
            stderr_tail: stderr.into(),
            ending: DocumentEnding::Complete,
            begun_ns: 0,
            took_ns: 65 * SECOND_NS,
        }
    }

    const ROW: &str = "PS1 Status       | C8h | ok  | 10.1 | Presence detected\n";

    #[test]
    fn an_empty_log_is_an_answer_and_an_empty_failure_is_not() {
        let read = |document: &Document| facts(document, bmc::event_log);
        let empty = read(&document("", "SEL has no entries\n", 0));
        assert_eq!(
            (empty.0.map(|log| log.events.len()), empty.1),
            (Some(0), Loss::None)
        );
        let (none, lost) = read(&document("", "Get SEL Info command failed\n", 1));
        assert!(none.is_none());
        assert!(matches!(lost, Loss::All(why) if why.contains("Get SEL Info")));
        let (_, lost) = read(&document("", "Could not open device at /dev/ipmi0\n", 1));
        assert!(matches!(lost, Loss::All(why) if why.contains("modprobe")));
    }

    #[test]
    fn one_sensor_that_does_not_answer_is_no_gap_and_a_lost_record_is() {
        let read = |document: &Document| facts(document, bmc::from_elist).1;
        let one = document(ROW, "Error reading sensor Gone (#92): Timeout\n", 1);
        assert_eq!(read(&one), Loss::None);
        let lost = document(ROW, "Get SDR 0006 command failed: Timeout\n", 1);
        assert!(matches!(read(&lost), Loss::Some(why) if why.contains("0006")));
    }

    #[test]
    fn what_was_printed_before_the_time_limit_counts() {
        let mut late = document(ROW, "", 0);
        late.ending = DocumentEnding::TimedOut;
        late.exit_status = None;
        let (some, lost) = facts(&late, bmc::from_elist);
        assert_eq!(some.map(|found| found.sensors.len()), Some(1));
        assert!(matches!(lost, Loss::Some(why) if why.contains("65 s")));
    }
}
