//! Everything that is a call to the server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use vetting_protocol::{Command, Identity, State};
use vetting_transport::{Call, Client, Pin, Secret};

use super::args::{HostCommand, RunCommand, ServerArgs, StageCommand};
use crate::service::{MadeRun, NewRun, Order, Publication, RunView};
use crate::spec::Spec;
use crate::store::hosts::Host;

/// How long a call may take; a component may be on the way.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often a run that is watched is looked at.
const LOOK: Duration = Duration::from_millis(500);

struct Remote {
    client: Client,
    token: Secret,
}

impl Remote {
    fn new(args: &ServerArgs) -> anyhow::Result<Self> {
        let token = match (&args.token, &args.token_file) {
            (Some(token), _) => token.clone(),
            (None, Some(file)) => {
                std::fs::read_to_string(file).with_context(|| file.display().to_string())?
            }
            (None, None) => bail!(
                "an operator's token is needed: --token-file FILE or VETTING_TOKEN; \
                 `vetting-orchestrator operator add NAME` on the server makes one"
            ),
        };
        let pins = args.pin.iter().map(|pin| pin.parse::<Pin>());
        Ok(Remote {
            client: Client::new(&args.server, &pins.collect::<Result<Vec<_>, _>>()?)?,
            token: Secret::new(token.trim()),
        })
    }

    fn call<'a>(&'a self, path: &'a str) -> Call<'a> {
        Call {
            path,
            token: Some(&self.token),
            timeout: TIMEOUT,
        }
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.client.get(self.call(path)).await?)
    }

    async fn post<B: Serialize + Sync>(&self, path: &str, body: &B) -> anyhow::Result<Value> {
        Ok(self.client.post(self.call(path), body).await?)
    }
}

/// `host`.
pub async fn host(server: &ServerArgs, command: HostCommand, as_json: bool) -> anyhow::Result<()> {
    let remote = Remote::new(server)?;
    let path = "/api/v1/admin/hosts";
    match command {
        HostCommand::Add {
            name,
            mac,
            system_uuid,
            board_serial,
            spec,
        } => {
            let host = Host {
                name,
                identity: Identity {
                    mac,
                    system_uuid,
                    board_serial,
                },
                spec: spec.as_deref().map(read_spec).transpose()?,
                created: crate::store::now(),
            };
            let host = remote.post(path, &host).await?;
            shown(&host, as_json, |h| text(h, "/name"));
        }
        HostCommand::List => {
            let hosts = remote.get(path).await?;
            listed(&hosts, as_json, |h| {
                format!("{} {}", text(h, "/name"), text(h, "/identity/mac"))
            });
        }
        HostCommand::Show { name } => {
            let host = remote.get(&format!("{path}/{name}")).await?;
            println!("{}", serde_json::to_string_pretty(&host)?);
        }
    }
    Ok(())
}

/// `run`.
pub async fn run(server: &ServerArgs, command: RunCommand, as_json: bool) -> anyhow::Result<()> {
    let remote = Remote::new(server)?;
    let path = "/api/v1/admin/runs";
    let order = |cmd| Order {
        cmd,
        stage: None,
        attempt: None,
        wipe: Vec::new(),
        component: None,
    };
    let (run, order) = match command {
        RunCommand::Create {
            host,
            stages,
            set,
            timeout,
            destructive,
        } => {
            let new = NewRun {
                host,
                stages,
                parameters: parameters(&set)?,
                timeouts: timeouts(&timeout)?,
                destructive,
            };
            let made = remote.post(path, &new).await?;
            return booted_with(server, &made, as_json);
        }
        RunCommand::List => {
            let runs = remote.get(path).await?;
            listed(&runs, as_json, |r| {
                format!(
                    "{} {} {}",
                    text(r, "/id"),
                    text(r, "/host"),
                    text(r, "/state")
                )
            });
            return Ok(());
        }
        RunCommand::Show { run } => {
            let view = remote.get(&format!("{path}/{run}")).await?;
            println!("{}", serde_json::to_string_pretty(&view)?);
            return Ok(());
        }
        RunCommand::Watch { run } => return watch(&remote, &run, as_json).await,
        RunCommand::Report { run, format } => {
            let report = remote
                .get(&format!("{path}/{run}/report?format={format}"))
                .await?;
            print!("{}", text(&report, "/body"));
            return Ok(());
        }
        RunCommand::Cancel {
            run,
            stage,
            attempt,
        } => {
            let mut order = order(Command::CancelStage);
            order.stage = stage.map(State::from);
            order.attempt = attempt;
            (run, order)
        }
        RunCommand::Abort { run } => (run, order(Command::Abort)),
        RunCommand::Shutdown { run } => (run, order(Command::Shutdown)),
        RunCommand::Retry {
            run,
            stage,
            wipe,
            stage_component,
        } => {
            let mut order = order(Command::RetryStage);
            order.stage = stage.map(State::from);
            order.wipe = wipe;
            order.component = stage_component.as_deref().map(encoded).transpose()?;
            (run, order)
        }
    };
    let steered = remote.post(&format!("{path}/{run}/steer"), &order).await?;
    shown(&steered, as_json, |s| text(s, "/state"));
    Ok(())
}

/// Prints what the host of a new run is booted with.
fn booted_with(server: &ServerArgs, made: &Value, as_json: bool) -> anyhow::Result<()> {
    let run: MadeRun = serde_json::from_value(made.clone())?;
    if as_json {
        println!("{made}");
        return Ok(());
    }
    println!("run {}", run.id);
    let pins: String = server
        .pin
        .iter()
        .map(|pin| format!(" vetting.pin={pin}"))
        .collect();
    println!(
        "kernel command line: vetting.url={} vetting.run={} vetting.token={}{pins}",
        server.server, run.id, run.boot_token
    );
    Ok(())
}

/// Prints a line for every change, until the run is over or holds.
async fn watch(remote: &Remote, run: &str, as_json: bool) -> anyhow::Result<()> {
    let path = format!("/api/v1/admin/runs/{run}");
    let mut told = String::new();
    loop {
        let value = remote.get(&path).await?;
        let view: RunView = serde_json::from_value(value.clone())?;
        let words = view.last_words.clone().unwrap_or_default();
        let line = format!("{} {words}", view.state);
        if line != told {
            if as_json {
                println!(
                    "{}",
                    json!({ "state": view.state, "attempt": view.attempt, "words": words })
                );
            } else {
                println!("{line}");
            }
            told = line;
        }
        if view.state.is_at_rest() {
            let why = view.held.map(|held| held.reason).or(view.ended_because);
            if let Some(why) = why.filter(|_| !as_json) {
                println!("{why}");
            }
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// `stage`.
pub async fn stage(
    server: &ServerArgs,
    command: StageCommand,
    as_json: bool,
) -> anyhow::Result<()> {
    let remote = Remote::new(server)?;
    let path = "/api/v1/admin/stages";
    let line = |s: &Value| {
        format!(
            "{} {} {}",
            text(s, "/name"),
            text(s, "/version"),
            text(s, "/digest")
        )
    };
    match command {
        StageCommand::Add {
            files,
            grant,
            set,
            timeout,
            position,
            pinned,
            unpinned,
        } => {
            for file in components(&files)? {
                let publication = Publication {
                    component: encoded(&file)?,
                    grants: (!grant.is_empty()).then(|| grant.clone()),
                    parameters: pairs(&set)?,
                    timeout_seconds: timeout.map(|timeout| timeout.as_secs()),
                    position,
                    pinned: (pinned || unpinned).then_some(pinned),
                };
                let published = remote.post(path, &publication).await;
                let published = published.with_context(|| file.display().to_string())?;
                shown(&published, as_json, line);
            }
        }
        StageCommand::List => listed(&remote.get(path).await?, as_json, line),
        StageCommand::Show { name } => {
            let all = remote.get(path).await?;
            let mut stages = all.as_array().into_iter().flatten();
            let stage = stages.find(|stage| stage["name"] == name.as_str());
            let stage = stage.with_context(|| format!("there is no stage `{name}`"))?;
            println!("{}", serde_json::to_string_pretty(stage)?);
        }
        StageCommand::Remove { name } => {
            let path = format!("{path}/{name}");
            let removed: Value = remote.client.delete(remote.call(&path)).await?;
            shown(&removed, as_json, |_| String::new());
        }
    }
    Ok(())
}

fn read_spec(file: &Path) -> anyhow::Result<Spec> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Spec::parse(&text).with_context(|| file.display().to_string())
}

fn encoded(file: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    Ok(STANDARD.encode(bytes))
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

/// `KEY=VALUE`: a value that is JSON is that, and a text otherwise.
fn pairs(settings: &[String]) -> anyhow::Result<BTreeMap<String, Value>> {
    let one = |setting: &String| {
        let (key, value) = setting
            .split_once('=')
            .with_context(|| format!("--set {setting}: KEY=VALUE is needed"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_text| json!(value));
        Ok((key.to_owned(), value))
    };
    settings.iter().map(one).collect()
}

fn parameters(settings: &[String]) -> anyhow::Result<BTreeMap<String, BTreeMap<String, Value>>> {
    let mut parameters: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for (target, value) in pairs(settings)? {
        let (stage, key) = target
            .split_once('.')
            .with_context(|| format!("--set {target}: STAGE.KEY=VALUE is needed"))?;
        let of_stage = parameters.entry(stage.to_owned()).or_default();
        of_stage.insert(key.to_owned(), value);
    }
    Ok(parameters)
}

fn timeouts(settings: &[String]) -> anyhow::Result<BTreeMap<String, u64>> {
    let one = |setting: &String| {
        let form = || format!("--timeout {setting}: STAGE=DURATION is needed, such as Storage=10m");
        let (stage, duration) = setting.split_once('=').with_context(form)?;
        let duration = humantime::parse_duration(duration).with_context(form)?;
        Ok((stage.to_owned(), duration.as_secs()))
    };
    settings.iter().map(one).collect()
}

fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

fn shown(value: &Value, as_json: bool, line: impl Fn(&Value) -> String) {
    if as_json {
        println!("{value}");
    } else {
        println!("{}", line(value));
    }
}

fn listed(list: &Value, as_json: bool, line: impl Fn(&Value) -> String) {
    if as_json {
        println!("{list}");
        return;
    }
    for one in list.as_array().into_iter().flatten() {
        println!("{}", line(one));
    }
}
