//! Evidence: files about a run that its agent gathered, such as a kernel's last words. They are bounded
//! per run, and what an agent says of them is not believed further than a table or a report goes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vetting_protocol::{Artifact, ArtifactAnswer, Code};

use super::agents::newest_of;
use super::{Caller, Orchestrator, ServiceError};
use crate::store::artifacts::{self, ArtifactRecord, New};

/// How many files a run may have.
const MOST_FILES: usize = 64;
/// How many bytes they may be together.
const MOST_BYTES: usize = 64 << 20;
/// How long a file's name, its media type and its stage's name may be.
const LONGEST_WORD: usize = 255;

impl Orchestrator {
    /// Stores a file about a run. The same one again is no error.
    ///
    /// # Errors
    ///
    /// When the agent was replaced, the content is no base 64, a name could not be shown, the run has as
    /// many files as it may have, or the disk has no room for files.
    pub async fn artifact(
        &self,
        caller: &Caller,
        artifact: &Artifact,
    ) -> Result<ArtifactAnswer, ServiceError> {
        self.room()?;
        let stage = artifact.stage.as_deref();
        word("name", &artifact.name)?;
        word("media_type", &artifact.media_type)?;
        stage.map_or(Ok(()), |stage| word("stage", stage))?;
        let bytes = STANDARD.decode(&artifact.base64).map_err(|error| {
            ServiceError::refused(Code::Malformed, format!("`base64` is none: {error}"))
        })?;
        let sha256 = vetting_component::digest(&bytes);
        let mut tx = self.store.write().await?;
        let run = newest_of(&mut tx, caller, artifact.epoch).await?;
        let there = artifacts::of_run(&mut tx, &run.id).await?;
        let same = |one: &ArtifactRecord| one.sha256 == sha256 && one.name == artifact.name;
        if !there.iter().any(same) {
            room(&there, bytes.len())?;
            let new = New {
                run: &run.id,
                sha256: &sha256,
                name: &artifact.name,
                media_type: &artifact.media_type,
                stage,
                attempt: artifact.attempt,
                bytes: &bytes,
            };
            artifacts::put(&mut tx, &new).await?;
            super::records::store_at_rest(&mut tx, &run).await?;
        }
        tx.commit().await?;
        Ok(ArtifactAnswer { sha256 })
    }

    /// The content of a run's file.
    ///
    /// # Errors
    ///
    /// When the run has none of that sha256.
    pub async fn artifact_content(&self, run: &str, sha256: &str) -> Result<Vec<u8>, ServiceError> {
        let mut db = self.store.read().await?;
        let content = artifacts::content(&mut db, run, sha256).await?;
        content.ok_or_else(|| {
            let message = format!("the run `{run}` has no file with the sha256 `{sha256}`");
            ServiceError::refused(Code::NotFound, message)
        })
    }
}

/// Refuses a word that no table could show.
fn word(what: &str, word: &str) -> Result<(), ServiceError> {
    if word.is_empty() || word.len() > LONGEST_WORD || word.chars().any(char::is_control) {
        let message =
            format!("`{what}` must be 1 to {LONGEST_WORD} bytes without control characters");
        return Err(ServiceError::refused(Code::Malformed, message));
    }
    Ok(())
}

/// Refuses a file for which a run has no room.
fn room(there: &[ArtifactRecord], bytes: usize) -> Result<(), ServiceError> {
    let sizes = there
        .iter()
        .map(|one| usize::try_from(one.bytes).unwrap_or(usize::MAX));
    let together = sizes.fold(bytes, usize::saturating_add);
    if there.len() < MOST_FILES && together <= MOST_BYTES {
        return Ok(());
    }
    let message = format!(
        "the run has {} files; with this one they are {together} bytes: {MOST_FILES} files and \
         {MOST_BYTES} bytes are kept of a run",
        there.len()
    );
    Err(ServiceError::refused(Code::TooLarge, message))
}

#[cfg(test)]
mod tests {
    use vetting_protocol::{State, Verdict};

    use super::*;
    use crate::trial::Trial;

    fn artifact(caller: &Caller, name: &str, content: &[u8]) -> Artifact {
        Artifact {
            epoch: caller.epoch,
            stage: Some("SMART".to_owned()),
            attempt: Some(1),
            name: name.to_owned(),
            media_type: "text/plain".to_owned(),
            base64: STANDARD.encode(content),
        }
    }

    fn refusal(answer: Result<ArtifactAnswer, ServiceError>) -> (Code, String) {
        match answer.expect_err("refused") {
            ServiceError::Refused { code, message } => (code, message),
            error => panic!("{error}"),
        }
    }

    #[tokio::test]
    async fn evidence_is_seen_with_the_run_in_the_report_and_by_its_sha256() {
        let trial = Trial::new().await;
        let (run, caller) = trial.claimed("h", &[("SMART", false)]).await;
        let done = trial.result(&caller, "SMART", 1, Verdict::Pass).await;
        assert_eq!(done.expect("stored"), State::Completed);
        // After the report was stored, and twice, as an agent whose answer was lost sends it.
        for _ in 0..2 {
            let last_words = artifact(&caller, "dmesg-pstore-0", b"panic\n");
            let answer = trial.us.artifact(&caller, &last_words).await;
            assert_eq!(
                answer.expect("stored").sha256,
                vetting_component::digest(b"panic\n")
            );
        }
        let view = trial.us.run(&run.id).await.expect("the run");
        let [file] = view.artifacts.as_slice() else {
            panic!("not one file: {:?}", view.artifacts)
        };
        assert_eq!((file.name.as_str(), file.bytes), ("dmesg-pstore-0", 6));
        let content = trial.us.artifact_content(&run.id, &file.sha256).await;
        assert_eq!(content.expect("the content"), b"panic\n");
        for format in vetting_report::Format::ALL {
            let report = trial.us.report(&run.id, format).await.expect("a report");
            assert!(
                report.contains("about SMART attempt 1: dmesg-pstore-0"),
                "{report}"
            );
        }
        let (other, _) = trial.claimed("other", &[("SMART", false)]).await;
        let theirs = trial.us.artifact_content(&other.id, &file.sha256).await;
        assert!(theirs.is_err(), "another run's file");
    }

    #[tokio::test]
    async fn a_run_s_evidence_is_bounded_in_number_and_in_size() {
        let trial = Trial::new().await;
        let (_, caller) = trial.claimed("many", &[("SMART", false)]).await;
        for number in 0..MOST_FILES {
            let one = artifact(&caller, &format!("file-{number}"), b"x");
            trial.us.artifact(&caller, &one).await.expect("stored");
        }
        let more = artifact(&caller, "one-more", b"x");
        let (code, message) = refusal(trial.us.artifact(&caller, &more).await);
        assert_eq!(code, Code::TooLarge);
        assert!(message.contains("has 64 files"), "{message}");
        let again = artifact(&caller, "file-0", b"x");
        let again = trial.us.artifact(&caller, &again).await;
        again.expect("what is there already needs no room");

        let (_, caller) = trial.claimed("large", &[("SMART", false)]).await;
        let half = vec![0; MOST_BYTES / 2];
        for (name, fits) in [("a", true), ("b", true), ("c", false)] {
            let one = artifact(&caller, name, &half);
            let answer = trial.us.artifact(&caller, &one).await;
            assert_eq!(answer.is_ok(), fits, "{name}");
        }
    }

    #[tokio::test]
    async fn names_that_no_table_could_show_are_refused() {
        let trial = Trial::new().await;
        let (_, caller) = trial.claimed("h", &[("SMART", false)]).await;
        let long = "x".repeat(256);
        for name in ["", "a\nb", "\u{1b}[2J", long.as_str()] {
            let wrong = artifact(&caller, name, b"x");
            let (code, message) = refusal(trial.us.artifact(&caller, &wrong).await);
            assert_eq!(code, Code::Malformed, "{name:?}");
            assert!(message.contains("`name`"), "{message}");
        }
        let mut wrong = artifact(&caller, "a", b"x");
        "!".clone_into(&mut wrong.base64);
        let (_, message) = refusal(trial.us.artifact(&caller, &wrong).await);
        assert!(message.contains("base64"), "{message}");
    }
}
