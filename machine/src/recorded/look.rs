//! A look at a recorded machine outside its attempts: what it told last, whenever that was.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Recording;
use crate::contract::files::{Content, Ending, Listing};
use crate::contract::types::{Error, Missing, MissingKind};
use crate::files::{matches_path, without_bytes};
use crate::{Answer, Reply, Request, Session};

/// Answers from anywhere in a recording.
pub struct Look(pub Arc<Recording>);

#[async_trait]
impl Session for Look {
    async fn call(&self, request: Request) -> Answer {
        match &request {
            Request::FilesList { globs } => return Ok(Reply::FilesListing(self.listing(globs))),
            Request::FilesRead { paths } => return Ok(Reply::FilesContents(self.contents(paths))),
            _ => {}
        }
        let exchanges = self.0.sessions.iter().flat_map(|s| &s.exchanges);
        let same = exchanges
            .rev()
            .filter(|exchange| exchange.ask.request == request);
        let mut answers = same.filter_map(|exchange| exchange.answer.as_ref());
        let function = request.function();
        answers.next().map_or_else(
            || {
                Err(Error::Unavailable(Missing {
                    kind: MissingKind::Other("recording".to_owned()),
                    what: format!("an answer to `{function}` in the recording"),
                    remedy: "no stage asked for it while it was recorded".to_owned(),
                }))
            },
            |(answer, _)| answer.clone(),
        )
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    async fn end(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Files are looked up one by one: whoever looks need not ask for them as the stage did.
impl Look {
    fn files(&self) -> impl Iterator<Item = (&Request, &Reply)> {
        let exchanges = self.0.sessions.iter().flat_map(|s| &s.exchanges).rev();
        exchanges.filter_map(|exchange| match &exchange.answer {
            Some((Ok(reply), _)) => Some((&exchange.ask.request, reply)),
            _ => None,
        })
    }

    fn listing(&self, globs: &[String]) -> Listing {
        let mut found = BTreeMap::new();
        for (_, reply) in self.files() {
            let Reply::FilesListing(listing) = reply else {
                continue;
            };
            for one in &listing.found {
                if globs.iter().any(|glob| matches_path(glob, &one.path)) {
                    found.entry(&one.path).or_insert(one);
                }
            }
        }
        Listing {
            found: found.into_values().cloned().collect(),
            unread: Vec::new(),
            cut: None,
        }
    }

    fn contents(&self, paths: &[String]) -> Vec<Content> {
        let mut known: BTreeMap<&str, &Content> = BTreeMap::new();
        for (request, reply) in self.files() {
            if let (Request::FilesRead { paths }, Reply::FilesContents(contents)) = (request, reply)
            {
                for (path, content) in paths.iter().zip(contents) {
                    known.entry(path).or_insert(content);
                }
            }
        }
        let content = |path: &String| match known.get(path.as_str()) {
            Some(content) => (*content).clone(),
            None => without_bytes(Ending::Failed("not in the recording".to_owned())),
        };
        paths.iter().map(content).collect()
    }
}
