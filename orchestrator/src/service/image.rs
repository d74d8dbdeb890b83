//! Whether the image that has a run can run its stages. An agent says with its claim what its image offers;
//! a stage that needs more is never handed out: the run holds, and says what is missing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use vetting_component::{Import, Offered, Version};
use vetting_protocol::{Code, Ending, Offers, StageRecord, Verdict};

use super::{Orchestrator, ServiceError, result};
use crate::cut;
use crate::lifecycle::{Event, Progress, Standing, step};
use crate::store::runs::Run;
use crate::store::{audit, stages};

/// How many components are remembered.
const MOST_KNOWN: usize = 1024;
/// The most entries in what an image offers, all lists together, and the longest of them in bytes.
const MOST_ENTRIES: usize = 4096;
const LONGEST_ENTRY: usize = 255;
/// The longest reason, in bytes.
const LONGEST_REASON: usize = 2048;

/// What a component needs of an image.
#[derive(Clone, Debug, Default)]
struct Needs {
    imports: Vec<Import>,
    queries: Vec<String>,
}

/// What components need, by their digests, as far as it was looked up.
#[derive(Debug, Default)]
pub(super) struct KnownNeeds(Mutex<BTreeMap<String, Arc<Needs>>>);

impl KnownNeeds {
    fn get(&self, digest: &str) -> Option<Arc<Needs>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(digest).cloned()
    }

    fn put(&self, digest: &str, needs: &Arc<Needs>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(digest.to_owned(), Arc::clone(needs));
    }
}

impl Needs {
    /// What an image lacks of it, in words; `None`: nothing.
    fn missing(&self, offers: &Offers) -> Option<String> {
        let Some(version) = Version::parse(&offers.contract) else {
            return Some("a contract with a version; the image names none".to_owned());
        };
        let offered = Offered {
            version,
            interfaces: offers.interfaces.clone(),
        };
        if let Some(import) = vetting_component::missing(&self.imports, &offered) {
            return Some(format!("{import}; the image has {}", offered.name()));
        }
        let query = self.queries.iter().find(|q| !offers.queries.contains(*q))?;
        let has: Vec<&str> = offers.queries.iter().map(String::as_str).collect();
        Some(if has.is_empty() {
            format!("the query `{query}`; the image has no queries")
        } else {
            format!("the query `{query}`; the image has {}", has.join(", "))
        })
    }
}

/// Refuses an offer whose texts are too long or too many to be kept and shown.
pub(super) fn bounded(offers: &Offers) -> Result<(), ServiceError> {
    let functions = offers.interfaces.values().flatten();
    let mut texts: Vec<&String> = functions.chain(offers.interfaces.keys()).collect();
    texts.extend(offers.queries.iter().chain(&offers.files));
    texts.push(&offers.contract);
    let plain = |text: &&String| {
        text.len() <= LONGEST_ENTRY && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if texts.len() > MOST_ENTRIES || !texts.iter().all(plain) {
        let message = format!(
            "`offers` has more than {MOST_ENTRIES} entries, or one that is not plain ASCII of at most \
             {LONGEST_ENTRY} bytes"
        );
        return Err(ServiceError::refused(Code::Malformed, message));
    }
    Ok(())
}

impl Orchestrator {
    /// Why the image that has a run cannot run one of its stages; `None`: it can, its agent does not say
    /// what it offers, or the component is not kept here.
    pub(super) async fn unfit(
        &self,
        db: &mut sqlx::SqliteConnection,
        run: &Run,
        stage: &str,
    ) -> Result<Option<String>, ServiceError> {
        let offers = run.claim.as_ref().and_then(|claim| claim.offers.as_ref());
        let (Some(offers), Some(order)) = (offers, run.order(stage)) else {
            return Ok(None);
        };
        let Some(needs) = self.needs(db, &order.component.sha256).await? else {
            return Ok(None);
        };
        Ok(needs.missing(offers).map(|missing| {
            let mut reason = format!(
                "{stage} cannot run on this image: it needs {missing}. Boot a newer image, or retry with \
                 another component"
            );
            cut::to_head(&mut reason, LONGEST_REASON);
            reason
        }))
    }

    /// Holds a run that was just claimed by an image which cannot run one of the stages that are left: at
    /// once, and not after hours of other stages.
    pub(super) async fn hold_claimed(
        &self,
        db: &mut sqlx::SqliteConnection,
        run: &Run,
        after: Progress,
    ) -> Result<Progress, ServiceError> {
        let current = after.current().map(|stage| stage.name.clone());
        let left = after.stages.iter();
        let left = left.filter(|stage| stage.standing != Standing::Passed);
        let left: Vec<String> = left.map(|stage| stage.name.clone()).collect();
        for stage in left {
            let Some(reason) = self.unfit(db, run, &stage).await? else {
                continue;
            };
            if current == Some(stage) {
                return self.hold_before(db, run, after).await;
            }
            audit::note(db, "orchestrator", "image unfit", Some(&run.id), &reason).await?;
            return Ok(step(&after, &Event::Unfit { reason })?);
        }
        Ok(after)
    }

    /// Holds a run whose next stage its image cannot run, with a record of that attempt.
    pub(super) async fn hold_before(
        &self,
        db: &mut sqlx::SqliteConnection,
        run: &Run,
        after: Progress,
    ) -> Result<Progress, ServiceError> {
        let Some(stage) = after.current() else {
            return Ok(after);
        };
        let (name, attempt) = (stage.name.clone(), stage.attempt);
        let Some(reason) = self.unfit(db, run, &name).await? else {
            return Ok(after);
        };
        audit::note(db, "orchestrator", "image unfit", Some(&run.id), &reason).await?;
        let event = Event::Unfit {
            reason: reason.clone(),
        };
        let held = step(&after, &event)?;
        let record = refused(&name, attempt, reason);
        result::store(db, run, &record, None, &result::answer(run, &held)).await?;
        Ok(held)
    }

    async fn needs(
        &self,
        db: &mut sqlx::SqliteConnection,
        digest: &str,
    ) -> Result<Option<Arc<Needs>>, ServiceError> {
        if let Some(known) = self.known_needs.get(digest) {
            return Ok(Some(known));
        }
        let Some(bytes) = stages::component(db, digest).await? else {
            return Ok(None);
        };
        // It was read when it was published; one that cannot be read now is the agent's to refuse.
        let contents = vetting_component::read(&bytes);
        let needs = contents.map(|contents| Needs {
            queries: contents.manifest.queries.into_keys().collect(),
            imports: contents.imports,
        });
        let needs = Arc::new(needs.unwrap_or_default());
        self.known_needs.put(digest, &needs);
        Ok(Some(needs))
    }
}

/// The record of an attempt that was not given to any agent.
fn refused(stage: &str, attempt: u32, reason: String) -> StageRecord {
    StageRecord {
        verdict: Some(Verdict::Inconclusive),
        message: format!("the stage was not run: {reason}"),
        ending: Ending::Refused { reason },
        ..StageRecord::not_run(stage, attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers() -> Offers {
        let functions = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Offers {
            contract: "0.2.0".to_owned(),
            interfaces: BTreeMap::from([
                ("hwmon".to_owned(), functions(&["read", "sample"])),
                ("queries".to_owned(), functions(&["run"])),
            ]),
            queries: functions(&["lspci"]),
            files: Vec::new(),
        }
    }

    fn needs(interface: &str, version: &str, function: &str, queries: &[&str]) -> Needs {
        Needs {
            imports: vec![Import {
                package: vetting_component::PACKAGE.to_owned(),
                interface: interface.to_owned(),
                version: Version::parse(version),
                functions: vec![function.to_owned()],
            }],
            queries: queries.iter().map(|query| (*query).to_owned()).collect(),
        }
    }

    #[test]
    fn what_an_image_lacks_is_named() {
        let missing = |needs: Needs| needs.missing(&offers());
        assert_eq!(missing(needs("hwmon", "0.2.0", "read", &[])), None);
        assert_eq!(missing(needs("hwmon", "0.2.9", "read", &[])), None);
        assert_eq!(missing(needs("queries", "0.2.0", "run", &["lspci"])), None);
        for (needs, words) in [
            (needs("hwmon", "0.3.0", "read", &[]), "vetting:stage@0.3.0"),
            (needs("hwmon", "0.2.1", "calibrate", &[]), "`calibrate`"),
            (needs("camera", "0.2.0", "look", &[]), "`camera`"),
            (needs("queries", "0.2.0", "run", &["ibstat"]), "`ibstat`"),
        ] {
            let lacks = missing(needs).expect("something is missing");
            assert!(lacks.contains(words), "{lacks}");
        }
        let nameless = Offers {
            contract: "tomorrow".to_owned(),
            ..offers()
        };
        let lacks = needs("hwmon", "0.2.0", "read", &[]).missing(&nameless);
        assert!(lacks.is_some_and(|words| words.contains("version")));
    }

    #[test]
    fn an_offer_is_bounded() {
        assert!(bounded(&offers()).is_ok());
        for text in ["\u{1b}[2J".to_owned(), "x".repeat(256)] {
            let mut long = offers();
            long.queries.insert(text);
            assert!(bounded(&long).is_err());
        }
        let many = Offers {
            files: vec!["x".to_owned(); MOST_ENTRIES],
            ..offers()
        };
        assert!(bounded(&many).is_err());
    }
}
