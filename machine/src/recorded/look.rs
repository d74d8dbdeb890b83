//! A look at a recorded machine outside its attempts: what it told last, whenever that was.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Recording;
use crate::contract::types::{Error, Missing, MissingKind};
use crate::{Answer, Request, Session};

/// Answers from anywhere in a recording.
pub struct Look(pub Arc<Recording>);

#[async_trait]
impl Session for Look {
    async fn call(&self, request: Request) -> Answer {
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
