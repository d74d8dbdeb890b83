//! `audit`.

use super::args::ServerArgs;
use super::remote::{Remote, listed, text};

/// Prints who did what, newest first.
pub async fn audit(server: &ServerArgs, run: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    let remote = Remote::new(server)?;
    let path = "/api/v1/admin/audit";
    let deeds = match run {
        Some(run) => remote.get(&format!("{path}?run={run}")).await?,
        None => remote.get(path).await?,
    };
    listed(&deeds, as_json, |deed| {
        let words = ["/at", "/who", "/what", "/run", "/detail"].map(|part| text(deed, part));
        let said: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        said.join(" ")
    });
    Ok(())
}
