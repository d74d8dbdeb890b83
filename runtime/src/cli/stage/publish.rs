//! `vetting stage publish`: to an orchestrator's registry.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use vetting_project::Project;
use vetting_protocol::{Publication, PublicationSet};
use vetting_transport::{Call, Client, Pin, Secret};

use super::args::PublishArgs;
use crate::cli::{Exit, Failure};

/// How long the call may take: a component is on the way.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Where sets of stages are registered.
const PATH: &str = "/api/v1/admin/stage-sets";

/// Registers stages together: all of them, or none. Where one is not sound, nothing is sent.
pub(super) async fn publish(args: &PublishArgs) -> Result<Exit, Failure> {
    let files = files(args).map_err(Failure::usage)?;
    let mut publications = Vec::new();
    for file in &files {
        publications.push(publication(file, args.canary)?);
    }
    let token = Secret::new(token(args).map_err(Failure::usage)?.trim());
    let pins = args.pin.iter().map(|pin| pin.parse::<Pin>());
    let pins = pins
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::usage)?;
    let client = Client::new(&args.server, &pins).map_err(Failure::usage)?;
    let call = Call {
        path: PATH,
        token: Some(&token),
        timeout: TIMEOUT,
    };
    let set = PublicationSet { publications };
    let published: Vec<Value> = client
        .post(call, &set)
        .await
        .with_context(|| {
            let names = files.iter().map(|file| file.display().to_string());
            let names: Vec<_> = names.collect();
            let verb = if names.len() == 1 { "was" } else { "were" };
            format!(
                "{} {verb} not published to {}",
                names.join(", "),
                args.server
            )
        })
        .map_err(Failure::usage)?;
    let lines = published.iter().map(|stage| line(stage, args.canary));
    let text: String = lines.collect();
    super::print(args.format, &Value::Array(published), &text)?;
    Ok(Exit::Passed)
}

/// The files that were named, else the component of the project here.
fn files(args: &PublishArgs) -> anyhow::Result<Vec<PathBuf>> {
    if !args.files.is_empty() {
        return Ok(args.files.clone());
    }
    let component = Project::open(Path::new("."))?.component();
    if !component.is_file() {
        bail!(
            "{} is not built yet: `vetting stage build`",
            component.display()
        );
    }
    Ok(vec![component])
}

/// A component and the signature beside it, both sound.
fn publication(file: &Path, canary: bool) -> Result<Publication, Failure> {
    let bytes = super::component(file)?;
    crate::run::check(&bytes)
        .with_context(|| format!("{} is not published", file.display()))
        .map_err(Failure::usage)?;
    let signature = super::signature_of(file, None)?.map(String::from_utf8);
    let signature = signature
        .transpose()
        .with_context(|| format!("the signature beside {} is no text", file.display()))
        .map_err(Failure::usage)?;
    Ok(Publication {
        component: STANDARD.encode(&bytes),
        sha256: Some(vetting_component::digest(&bytes)),
        signature,
        canary,
        ..Publication::default()
    })
}

fn token(args: &PublishArgs) -> anyhow::Result<String> {
    match (&args.token, &args.token_file) {
        (Some(token), _) => Ok(token.clone()),
        (None, Some(file)) => {
            std::fs::read_to_string(file).with_context(|| file.display().to_string())
        }
        (None, None) => bail!(
            "an operator's token is needed: --token-file FILE or VETTING_TOKEN; \
             `vetting-orchestrator operator add NAME --role publish` on the server makes one"
        ),
    }
}

fn line(stage: &Value, canary: bool) -> String {
    let text = |field: &str| stage[field].as_str().unwrap_or_default().to_owned();
    let (name, version, digest) = (text("name"), text("version"), text("digest"));
    let signed = match stage["signed_by"].as_str() {
        Some(key) => format!("signed by {key}"),
        None => "unsigned".to_owned(),
    };
    let how = if canary {
        format!(
            "kept as a canary: `vetting-orchestrator run create HOST --canary {name}@{version}` runs it"
        )
    } else {
        "new runs run it".to_owned()
    };
    format!("{name} {version} {digest} {signed}; {how}\n")
}
