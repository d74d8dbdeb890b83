//! `stage`.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use vetting_protocol::Publication;

use super::args::{ServerArgs, StageCommand};
use super::print::line;
use super::remote::{Remote, encoded, listed, pairs, shown, signature_of, text};

/// Does what the subcommand says.
pub async fn stage(
    server: &ServerArgs,
    command: StageCommand,
    as_json: bool,
) -> anyhow::Result<()> {
    let remote = Remote::new(server)?;
    let path = "/api/v1/admin/stages";
    let line = |s: &Value| {
        let signed = match s["signed_by"].as_str() {
            Some(key) => format!("signed by {key}"),
            None => "unsigned".to_owned(),
        };
        let (name, version) = (text(s, "/name"), text(s, "/version"));
        format!("{name} {version} {} {signed}", text(s, "/digest"))
    };
    match command {
        StageCommand::Add {
            files,
            signature,
            grant,
            set,
            timeout,
            position,
            canary,
            pinned,
            unpinned,
        } => {
            let files = components(&files)?;
            if signature.is_some() && files.len() != 1 {
                bail!(
                    "--signature is for one component, and there are {}",
                    files.len()
                );
            }
            // A line is printed when all is done: its reader may go before the last one is.
            let mut all = Vec::new();
            let published = async {
                for file in files {
                    let publication = Publication {
                        component: encoded(&file)?,
                        sha256: None,
                        canary,
                        signature: signature_of(&file, signature.as_deref())?,
                        grants: (!grant.is_empty()).then(|| grant.clone()),
                        parameters: pairs(&set)?,
                        timeout_seconds: timeout.map(|timeout| timeout.as_secs()),
                        position,
                        pinned: (pinned || unpinned).then_some(pinned),
                    };
                    let answer = remote.post(path, &publication).await;
                    all.push(answer.with_context(|| file.display().to_string())?);
                }
                anyhow::Ok(())
            }
            .await;
            for stage in &all {
                shown(stage, as_json, line);
            }
            published?;
        }
        StageCommand::List => listed(&remote.get(path).await?, as_json, line),
        StageCommand::Show { name } => {
            let all = remote.get(path).await?;
            let mut stages = all.as_array().into_iter().flatten();
            let stage = stages.find(|stage| stage["name"] == name.as_str());
            let stage = stage.with_context(|| format!("there is no stage `{name}`"))?;
            line!("{}", serde_json::to_string_pretty(stage)?);
        }
        StageCommand::Releases { name } => {
            let releases = remote.get(&format!("{path}/{name}/releases")).await?;
            listed(&releases, as_json, line);
        }
        StageCommand::Use { release } => {
            let (name, version) = release
                .split_once('@')
                .with_context(|| format!("`{release}`: NAME@VERSION is needed"))?;
            let chosen = json!({ "version": version });
            let used = remote.post(&format!("{path}/{name}/use"), &chosen).await?;
            shown(&used, as_json, line);
        }
        StageCommand::Remove { name } => {
            let path = format!("{path}/{name}");
            let removed = remote.delete(&path).await?;
            shown(&removed, as_json, |_| String::new());
        }
    }
    Ok(())
}

/// The files, and every component in the folders.
fn components(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        for entry in std::fs::read_dir(path).with_context(|| path.display().to_string())? {
            let file = entry?.path();
            if file
                .extension()
                .is_some_and(|extension| extension == "wasm")
            {
                files.push(file);
            }
        }
        if files.len() == before {
            bail!("{} holds no component (*.wasm)", path.display());
        }
        files[before..].sort();
    }
    Ok(files)
}
