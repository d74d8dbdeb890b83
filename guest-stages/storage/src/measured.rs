//! One fio job, read: what it moved, how it ended, and what it complained of.

use vetting_facts::fio::{self, About, Complaint, Direction, Report};
use vetting_stage::fio::Ending;
use vetting_stage::types::DocumentEnding;

/// fio counts an access that failed or came back empty, too. Where all accesses would have moved so many
/// times what was moved, nearly none of them moved anything.
const EMPTY_ACCESSES: f64 = 50.0;

/// Within a part of a run so many accesses that move less than half of their bytes are no reading.
const LEAST_ACCESSES: u64 = 1_000;

/// What fio reported of a job.
#[derive(Clone, Debug)]
pub struct Measured {
    /// fio's last whole report; `Err`: why there is none.
    pub report: Result<Report, String>,
    /// What it printed on its standard error, and between its reports.
    pub complaints: Vec<Complaint>,
    /// Its exit status; `None` when a signal ended it.
    pub exit_status: Option<i32>,
    /// Whether it was asked to end before its own end, or was killed.
    pub cut_short: bool,
    /// In which part of the run accesses came back empty, in words.
    pub empty: Option<String>,
}

impl Measured {
    /// Reads an ending. `block` is the size of an access.
    pub fn of(ending: &Ending, block: u32) -> Self {
        let document = &ending.document;
        let report = fio::output(&document.stdout).map_err(|why| why.to_string());
        let mut complaints = fio::complaints(document.stderr_tail.as_bytes());
        if let Ok(report) = &report {
            let between = report.outside.join("\n");
            complaints.extend(fio::complaints(between.as_bytes()));
        } else {
            complaints.extend(fio::complaints(&document.stdout));
        }
        Measured {
            empty: empty(&document.stdout, report.as_ref().ok(), block),
            report,
            complaints,
            exit_status: document.exit_status,
            cut_short: ending.stopped || document.ending != DocumentEnding::Complete,
        }
    }

    /// The first error's errno, of the report or else of a complaint; 0: there is none.
    pub fn error(&self) -> i64 {
        let jobs = self.report.iter().flat_map(|report| &report.jobs);
        let mut errors = jobs.flat_map(|job| [job.error, job.first_error]).flatten();
        let reported = errors.find(|error| *error != 0);
        let said = || self.complaints.iter().find_map(|complaint| complaint.errno);
        reported.or_else(said).unwrap_or(0)
    }

    /// How many errors there were.
    pub fn errors(&self) -> u64 {
        let jobs = self.report.iter().flat_map(|report| &report.jobs);
        let counted = jobs.filter_map(|job| job.total_errors);
        let counted = counted.fold(0, u64::saturating_add);
        counted.max(u64::from(self.error() != 0))
    }

    /// What was read, of the first job, which stands for all workers.
    pub fn read(&self) -> Option<&Direction> {
        self.report.as_ref().ok()?.jobs.first()?.read.as_ref()
    }

    /// What was written.
    pub fn write(&self) -> Option<&Direction> {
        self.report.as_ref().ok()?.jobs.first()?.write.as_ref()
    }

    /// The complaint that says most, for people.
    pub fn said(&self) -> String {
        let of_data = [About::VerifyFailed, About::BadHeader, About::BadPattern];
        let by = |which: &dyn Fn(&Complaint) -> bool| self.complaints.iter().find(|c| which(c));
        let found = by(&|c| of_data.contains(&c.about))
            .or_else(|| by(&|c| c.about == About::AccessFailed))
            .or_else(|| by(&|c| c.about == About::EngineMissing))
            .or_else(|| by(&|c| c.about == About::Failed))
            .or_else(|| self.complaints.last());
        found.map_or(String::new(), |complaint| format!(": {}", complaint.text))
    }
}

/// Where accesses came back without data: in the run as a whole, or in a part of it.
fn empty(stdout: &[u8], last: Option<&Report>, block: u32) -> Option<String> {
    let block = f64::from(block);
    let moved = |report: &Report| {
        let job = report.jobs.first()?;
        let directions = [&job.read, &job.write];
        let of = |field: fn(&Direction) -> Option<u64>| {
            let found = directions.iter().filter_map(|d| field(d.as_ref()?));
            found.fold(0, u64::saturating_add)
        };
        Some((of(|d| d.accesses), of(|d| d.bytes)))
    };
    // What is written is held against its size.
    let writes = |d: &Direction| d.bytes > Some(0);
    if last?
        .jobs
        .iter()
        .filter_map(|job| job.write.as_ref())
        .any(writes)
    {
        return None;
    }
    let (accesses, bytes) = moved(last?)?;
    if accesses > 0 && accesses as f64 * block > EMPTY_ACCESSES * bytes as f64 {
        return Some(format!("{accesses} accesses moved {bytes} bytes"));
    }
    let reports = fio::every(stdout);
    let steps = reports.windows(2).zip(1..);
    let steps = steps.filter_map(|(pair, second): (_, u32)| {
        let [before, after] = pair else { return None };
        let (before, after) = (moved(before)?, moved(after)?);
        let accesses = after.0.saturating_sub(before.0);
        let bytes = after.1.saturating_sub(before.1);
        let none = accesses >= LEAST_ACCESSES && (bytes as f64) < 0.01 * accesses as f64 * block;
        none.then(|| format!("{accesses} accesses moved {bytes} bytes after second {second}"))
    });
    steps.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(accesses: u64, bytes: u64) -> String {
        format!(
            "{{\"fio version\": \"fio-3.33\", \"jobs\": [{{\"error\": 0, \"read\": {{\"io_bytes\": {bytes}, \"total_ios\": {accesses}}}}}]}}\n"
        )
    }

    fn empty_of(reports: &[(u64, u64)]) -> Option<String> {
        let text: String = reports.iter().map(|(a, b)| report(*a, *b)).collect();
        let last = fio::output(text.as_bytes()).expect("a report");
        empty(text.as_bytes(), Some(&last), 4096)
    }

    #[test]
    fn accesses_that_move_nothing_are_no_reading() {
        let good = [(1_000, 4_096_000), (2_000, 8_192_000), (3_000, 12_288_000)];
        assert_eq!(empty_of(&good), None);
        assert!(empty_of(&[(1_000_000, 4_096_000)]).is_some());
        let gone = [(1_000, 4_096_000), (2_000, 8_192_000), (9_000, 8_192_000)];
        assert!(empty_of(&gone).is_some_and(|words| words.contains("after second 2")));
    }
}
