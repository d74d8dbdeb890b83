//! Tools whose output is handed on whole.

use std::path::Path;
use std::process::ExitStatus;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use std::os::unix::process::ExitStatusExt as _;

use super::process::{Ended, Stream, Watch};
use super::toolbox::{Limits, Output, Reach, Toolbox};
use super::{confinement, version};
use crate::contract::types::{Document, DocumentEnding, Error};

/// The signal that ends a tool which prints or takes too much.
const KILLED: i32 = nix::libc::SIGKILL;

/// What a tool is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The function of the contract: `smart.read`.
    pub query: &'a str,
    /// What it is about: `sda`; empty where it is about the machine.
    pub target: &'a str,
    /// The program.
    pub program: &'a str,
    /// The Debian package that brings it.
    pub package: &'a str,
    /// Its arguments.
    pub args: &'a [&'a str],
    /// What makes it print its version.
    pub version: &'a [&'a str],
    /// How long it may take, and how much of its output is kept.
    pub limits: Limits,
}

impl Toolbox {
    /// Asks a tool and gives what it printed, whatever that is. `since` is the instant from which the
    /// document counts its times.
    ///
    /// # Errors
    ///
    /// `unavailable` where the program is not installed, `failed` where it cannot be started or watched.
    pub async fn document(
        &self,
        question: &Question<'_>,
        since: Instant,
    ) -> Result<Document, Error> {
        let Question {
            program,
            args,
            limits,
            ..
        } = *question;
        self.may_ask(program)?;
        let asked = (question.program, question.package, question.version);
        let version = match question.version {
            [] => None,
            _ => self.version(asked).await,
        };
        let begun = Instant::now();
        let devices = [Path::new(confinement::DEVICES)];
        let reach = Reach::writing(&devices);
        let mut caged = self.start(program, question.package, args, reach).await?;
        let mut stdout = Vec::new();
        let mut cut = false;
        let watch = Watch::for_at_most(limits.timeout);
        let ended = caged
            .watch(&watch, |stream, bytes| {
                if stream == Stream::Stderr {
                    return Ok(());
                }
                let room = limits.max_stdout.saturating_sub(stdout.len());
                cut = bytes.len() > room;
                stdout.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
                // A refusal ends the tool.
                if cut { Err(Error::TimedOut) } else { Ok(()) }
            })
            .await;
        let (output, ending) = match ended {
            Ok(Ended {
                stopped: true,
                stderr_tail,
                ..
            }) => {
                let output = Output {
                    status: None,
                    signal: Some(KILLED),
                    stdout,
                    stderr_tail,
                };
                (output, DocumentEnding::TimedOut)
            }
            Ok(ended) => {
                let output = Output {
                    status: ended.status.code(),
                    signal: ended.status.signal(),
                    stdout,
                    stderr_tail: ended.stderr_tail,
                };
                (output, DocumentEnding::Complete)
            }
            Err(_refused) if cut => {
                let kept = stdout.len() as u64;
                let output = Output {
                    status: None,
                    signal: Some(KILLED),
                    stdout,
                    stderr_tail: String::new(),
                };
                (output, DocumentEnding::Cut(kept))
            }
            Err(error) => return Err(error),
        };
        let argv = std::iter::once(program).chain(args.iter().copied());
        Ok(Document {
            query: question.query.to_owned(),
            target: question.target.to_owned(),
            argv: argv.map(str::to_owned).collect(),
            version,
            exit_status: output.status,
            signal: output.signal,
            stdout: output.stdout,
            stderr_tail: output.stderr_tail,
            ending,
            begun_ns: nanoseconds(begun.saturating_duration_since(since)),
            took_ns: nanoseconds(begun.elapsed()),
        })
    }

    /// What the program prints of its version, asked once.
    pub(super) async fn version(
        &self,
        (program, package, args): (&str, &str, &[&str]),
    ) -> Option<String> {
        let known = |program: &str| {
            let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
            versions.get(program).cloned()
        };
        if let Some(known) = known(program) {
            return known;
        }
        let line = version::line(self, program, package, args).await;
        let line = line.ok().flatten();
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.insert(program.to_owned(), line.clone());
        line
    }
}

/// What a job's document begins with; how it ended is added at its end.
#[derive(Clone, Debug)]
pub(super) struct JobDocument {
    query: &'static str,
    target: String,
    argv: Vec<String>,
    version: Option<String>,
    begun_ns: u64,
}

impl JobDocument {
    /// The document of a job that is about to start. `tool`: the program, its package, and what makes it
    /// print its version.
    pub async fn of(
        tools: &Toolbox,
        tool: (&str, &str, &[&str]),
        (query, target): (&'static str, &str),
        args: &[String],
        since: Instant,
    ) -> JobDocument {
        let version = tools.version(tool).await;
        let argv = std::iter::once(tool.0.to_owned()).chain(args.iter().cloned());
        JobDocument {
            query,
            target: target.to_owned(),
            argv: argv.collect(),
            version,
            begun_ns: nanoseconds(Instant::now().saturating_duration_since(since)),
        }
    }

    /// The document of a job that has ended.
    pub fn ended(self, ended: &Ended, stdout: Vec<u8>) -> Document {
        let ending = match ended {
            Ended {
                timed_out: true, ..
            } => DocumentEnding::TimedOut,
            Ended { stopped: true, .. } => DocumentEnding::Cancelled,
            _ => DocumentEnding::Complete,
        };
        let stderr_tail = ended.stderr_tail.clone();
        self.with(Some(ended.status), stdout, stderr_tail, ending, ended.ran)
    }

    /// The document of a job that printed more than is kept, and was ended for that.
    pub fn cut(self, stdout: Vec<u8>, ran: Duration) -> Document {
        let kept = stdout.len() as u64;
        self.with(None, stdout, String::new(), DocumentEnding::Cut(kept), ran)
    }

    fn with(
        self,
        status: Option<ExitStatus>,
        stdout: Vec<u8>,
        stderr_tail: String,
        ending: DocumentEnding,
        ran: Duration,
    ) -> Document {
        Document {
            query: self.query.to_owned(),
            target: self.target,
            argv: self.argv,
            version: self.version,
            exit_status: status.and_then(|status| status.code()),
            signal: status.map_or(Some(KILLED), |status| status.signal()),
            stdout,
            stderr_tail,
            ending,
            begun_ns: self.begun_ns,
            took_ns: nanoseconds(ran),
        }
    }
}

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
