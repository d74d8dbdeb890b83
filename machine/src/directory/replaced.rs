//! Single documents in the place of a machine's own, so that a field report becomes a scenario: the question
//! is asked and costs its time as ever, and the answer is the file's.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::error::DirectoryError;
use super::evidence::place;
use super::folder::DOCUMENT_BYTES;
use super::manifest::DocumentEntry;
use crate::delegate::delegate_machine;
use crate::real::root::Root;
use crate::{Answer, Attempt, Halt, Machine, MachineError, Reply, Request, Session};

/// A machine of which single documents are replaced.
pub struct Replaced {
    machine: Arc<dyn Machine>,
    documents: Arc<[(DocumentEntry, Vec<u8>)]>,
}

impl Replaced {
    /// Lays documents over a machine. Their files are read below `folder`, once.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`], which names the file: it is not there, is not a regular file below the folder, or
    /// has more than 4 MiB.
    pub fn new(
        machine: Arc<dyn Machine>,
        folder: &Path,
        documents: &[DocumentEntry],
    ) -> Result<Self, DirectoryError> {
        let io = |path: &Path, reason| DirectoryError::Io {
            path: path.to_owned(),
            reason,
        };
        let files = Root::new(folder).map_err(|error| io(folder, std::io::Error::other(error)))?;
        let read = |entry: &DocumentEntry| {
            let path = folder.join(&entry.file);
            let bytes = files.bytes(&entry.file, DOCUMENT_BYTES.saturating_add(1));
            let bytes = bytes.map_err(|reason| io(&path, reason))?;
            match bytes.len() as u64 > DOCUMENT_BYTES {
                true => Err(DirectoryError::TooLarge {
                    path,
                    limit: DOCUMENT_BYTES,
                }),
                false => Ok((entry.clone(), bytes)),
            }
        };
        let documents: Result<Vec<_>, _> = documents.iter().map(read).collect();
        Ok(Replaced {
            machine,
            documents: documents?.into(),
        })
    }
}

#[async_trait]
impl Machine for Replaced {
    delegate_machine!(machine);

    fn pace(&self) -> Option<f64> {
        self.machine.pace()
    }

    async fn begin(&self, attempt: Attempt) -> Result<Box<dyn Session>, MachineError> {
        Ok(Box::new(ReplacedSession {
            session: self.machine.begin(attempt).await?,
            documents: Arc::clone(&self.documents),
        }))
    }
}

struct ReplacedSession {
    session: Box<dyn Session>,
    documents: Arc<[(DocumentEntry, Vec<u8>)]>,
}

impl ReplacedSession {
    fn replacement(&self, request: &Request) -> Option<&(DocumentEntry, Vec<u8>)> {
        let (query, target) = place(request)?;
        let mut documents = self.documents.iter();
        documents.find(|(entry, _)| entry.query == query && entry.target == target)
    }
}

#[async_trait]
impl Session for ReplacedSession {
    async fn call(&self, request: Request) -> Answer {
        let replacement = self.replacement(&request);
        let begun = self.session.elapsed();
        let answer = self.session.call(request).await;
        let Some((entry, bytes)) = replacement else {
            return answer;
        };
        // A cancelled attempt stays cancelled.
        if let Err(error @ crate::contract::types::Error::Cancelled) = answer {
            return Err(error);
        }
        let begun = u64::try_from(begun.as_nanos()).unwrap_or(u64::MAX);
        let document = entry.document(bytes.clone(), begun);
        Ok(Reply::Document(Box::new(document)))
    }

    fn elapsed(&self) -> Duration {
        self.session.elapsed()
    }

    fn stamp(&self) -> Duration {
        self.session.stamp()
    }

    async fn halted(&self) -> Halt {
        self.session.halted().await
    }

    async fn end(&self) -> Vec<String> {
        self.session.end().await
    }
}
