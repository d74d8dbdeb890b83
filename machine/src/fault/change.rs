//! What a fault does to evidence that a machine gave.

use super::plan::{Change, FaultState};
use super::target::{self, LIST, READ};
use super::{Kind, WHY};
use crate::contract::files::{Content, Ending, Listing};
use crate::contract::types::{Document, DocumentEnding};
use crate::files::without_bytes;
use crate::{Reply, Request};

/// Changes a reply.
pub(super) fn apply(change: &Change, state: &FaultState, request: &Request, reply: &mut Reply) {
    match (request, reply) {
        (_, Reply::Document(now)) => {
            let key = (request.function(), target::name(request).into_owned());
            match (change.kind, state.earlier.get(&key)) {
                (Kind::Stale, Some(Reply::Document(earlier))) => now.clone_from(earlier),
                (kind, _) => document(kind, now),
            }
        }
        (Request::FilesRead { paths }, Reply::FilesContents(contents)) => {
            for (path, now) in paths.iter().zip(contents) {
                if change.files.as_ref().is_none_or(|of| of.matches(path)) {
                    let earlier = state.earlier.get(&(READ, path.clone()));
                    content(change.kind, earlier, now);
                }
            }
        }
        (Request::FilesList { globs }, Reply::FilesListing(now)) => {
            let earlier = state.earlier.get(&(LIST, globs.join("\n")));
            listing(change, earlier, now);
        }
        _ => {}
    }
}

fn document(kind: Kind, document: &mut Document) {
    match kind {
        Kind::Cut(at) => {
            let length = usize::try_from(at).unwrap_or(usize::MAX);
            if document.stdout.len() > length {
                document.stdout.truncate(length);
                document.ending = DocumentEnding::Cut(at);
            }
        }
        Kind::Empty => document.stdout.clear(),
        Kind::Exit(bits) => {
            let status = document.exit_status.unwrap_or_default();
            document.exit_status = Some(status | i32::from(bits));
        }
        _ => {}
    }
}

fn content(kind: Kind, earlier: Option<&Reply>, content: &mut Content) {
    match kind {
        Kind::Denied => *content = without_bytes(Ending::Denied(WHY.to_owned())),
        Kind::Unavailable => *content = without_bytes(Ending::Absent),
        Kind::TimedOut => *content = without_bytes(Ending::TimedOut),
        Kind::Failed => *content = without_bytes(Ending::Failed(WHY.to_owned())),
        Kind::Cut(at) => {
            let length = usize::try_from(at).unwrap_or(usize::MAX);
            if content.bytes.len() > length {
                content.bytes.truncate(length);
                content.ending = Ending::Cut;
            }
        }
        Kind::Empty => *content = without_bytes(Ending::Whole),
        Kind::Stale => {
            if let Some(Reply::FilesContents(earlier)) = earlier
                && let [earlier] = earlier.as_slice()
            {
                content.clone_from(earlier);
            }
        }
        Kind::Invalid | Kind::Cancelled | Kind::Exit(_) => {}
    }
}

/// Takes paths out of a listing: without a word where they are absent, else with the reason.
fn listing(change: &Change, earlier: Option<&Reply>, listing: &mut Listing) {
    let is_struck = |path: &str| change.files.as_ref().is_none_or(|of| of.matches(path));
    let why = match change.kind {
        Kind::Denied => format!("denied: {WHY}"),
        Kind::TimedOut => format!("timed out: {WHY}"),
        Kind::Failed => WHY.to_owned(),
        Kind::Unavailable | Kind::Empty => {
            listing.found.retain(|found| !is_struck(&found.path));
            return;
        }
        Kind::Stale => {
            if let Some(Reply::FilesListing(earlier)) = earlier {
                listing.clone_from(earlier);
            }
            return;
        }
        Kind::Invalid | Kind::Cancelled | Kind::Cut(_) | Kind::Exit(_) => return,
    };
    let Listing { found, unread, .. } = listing;
    found.retain(|found| {
        let struck = is_struck(&found.path);
        if struck {
            unread.push((found.path.clone(), why.clone()));
        }
        !struck
    });
}

/// Keeps a reply, to be given once more.
pub(super) fn keep(state: &mut FaultState, request: &Request, reply: &Reply) {
    let function = request.function();
    match (request, reply) {
        (_, Reply::Document(_)) => {
            let key = (function, target::name(request).into_owned());
            state.earlier.insert(key, reply.clone());
        }
        (Request::FilesRead { paths }, Reply::FilesContents(contents)) => {
            for (path, content) in paths.iter().zip(contents) {
                let one = Reply::FilesContents(vec![content.clone()]);
                state.earlier.insert((function, path.clone()), one);
            }
        }
        (Request::FilesList { globs }, Reply::FilesListing(_)) => {
            let key = (function, globs.join("\n"));
            state.earlier.insert(key, reply.clone());
        }
        _ => {}
    }
}
