//! `run`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::Value;
use vetting_protocol::{Command, State};

use super::args::{RunCommand, ServerArgs, deadline};
use super::print::{self, line};
use super::remote::{Remote, encoded, listed, pairs, removed, shown, signature_of, text};
use super::watch;
use crate::service::{MadeRun, NewRun, Order};

/// Does what the subcommand says. The exit status is 0, but that of `watch` is the run's verdict's.
pub async fn run(
    server: &ServerArgs,
    command: RunCommand,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    if let RunCommand::Watch { run } = &command {
        return watch::watch(&Remote::new(server)?, run, as_json).await;
    }
    call(server, command, as_json).await?;
    Ok(ExitCode::SUCCESS)
}

async fn call(server: &ServerArgs, command: RunCommand, as_json: bool) -> anyhow::Result<()> {
    let remote = Remote::new(server)?;
    let path = "/api/v1/admin/runs";
    let order = |cmd| Order {
        cmd,
        stage: None,
        attempt: None,
        wipe: Vec::new(),
        component: None,
        signature: None,
    };
    let (run, order) = match command {
        RunCommand::Create {
            host,
            stages,
            set,
            timeout,
            canary,
            destructive,
        } => {
            let new = NewRun {
                host,
                stages,
                parameters: parameters(&set)?,
                timeouts: timeouts(&timeout)?,
                canaries: canary,
                destructive,
            };
            let made = remote.post(path, &new).await?;
            return booted_with(server, &made, as_json);
        }
        RunCommand::List => {
            let runs = remote.get(path).await?;
            listed(&runs, as_json, |r| {
                let words = ["/id", "/host", "/verdict", "/status"].map(|part| text(r, part));
                let [id, host, verdict, status] = words;
                let verdict = if verdict.is_empty() { "-" } else { &verdict };
                format!("{id} {host} {verdict} {status}")
            });
            return Ok(());
        }
        RunCommand::Show { run } => {
            let view = remote.get(&format!("{path}/{run}")).await?;
            line!("{}", serde_json::to_string_pretty(&view)?);
            return Ok(());
        }
        RunCommand::Watch { .. } => return Ok(()),
        RunCommand::Report { run, format } => {
            let report = remote
                .get(&format!("{path}/{run}/report?format={format}"))
                .await?;
            print::text(format_args!("{}", text(&report, "/body")));
            return Ok(());
        }
        RunCommand::Artifact {
            run,
            sha256,
            output,
        } => return artifact(&remote, &run, &sha256, output.as_deref()).await,
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
        RunCommand::Remove { run } => {
            removed(&remote.delete(&format!("{path}/{run}")).await?, as_json);
            return Ok(());
        }
        RunCommand::Abort { run } => (run, order(Command::Abort)),
        RunCommand::Shutdown { run } => (run, order(Command::Shutdown)),
        RunCommand::Retry {
            run,
            stage,
            wipe,
            stage_component,
            signature,
        } => {
            let mut order = order(Command::RetryStage);
            order.stage = stage.map(State::from);
            order.wipe = wipe;
            if let Some(file) = &stage_component {
                order.component = Some(encoded(file)?);
                order.signature = signature_of(file, signature.as_deref())?;
            }
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
        line!("{made}");
        return Ok(());
    }
    line!("run {}", run.id);
    let pins: String = server
        .pin
        .iter()
        .map(|pin| format!(" vetting.pin={pin}"))
        .collect();
    line!(
        "kernel command line: vetting.url={} vetting.run={} vetting.token={}{pins}",
        server.server,
        run.id,
        run.boot_token
    );
    Ok(())
}

/// Fetches a file about a run, and looks whether it is that one.
async fn artifact(
    remote: &Remote,
    run: &str,
    sha256: &str,
    output: Option<&Path>,
) -> anyhow::Result<()> {
    let path = format!("/api/v1/admin/runs/{run}/artifacts/{sha256}");
    let content = remote.bytes(&path).await?;
    let found = vetting_component::digest(&content);
    if found != sha256 {
        bail!("the server sent a file with the sha256 {found}: fetch it again");
    }
    match output {
        Some(file) => std::fs::write(file, &content).with_context(|| file.display().to_string()),
        None => Ok(std::io::stdout().write_all(&content)?),
    }
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
        let duration = deadline(duration)
            .map_err(anyhow::Error::msg)
            .with_context(form)?;
        Ok((stage.to_owned(), duration.as_secs()))
    };
    settings.iter().map(one).collect()
}
