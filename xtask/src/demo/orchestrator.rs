//! An orchestrator of the demo's own: on loopback, over TLS, its database in the demo's folder.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::process::Process;
use crate::target;

/// It, and an operator who may do everything.
pub struct Orchestrator {
    /// The server.
    pub process: Process,
    /// Its URL.
    pub url: String,
    /// Its certificate's fingerprint.
    pub pin: String,
    /// The operator's token.
    pub token: String,
}

impl Orchestrator {
    /// Starts it, on a free port.
    pub fn start(data: &Path, log: &Path) -> anyhow::Result<Self> {
        let iperf = free_port()?;
        let mut serve = program();
        serve
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(["--iperf-address", "127.0.0.1"])
            .args(["--iperf-ports", &format!("{iperf}-{iperf}")])
            // So often that the terminal tells what happens when it happens.
            .args(["--heartbeat", "1s", "--sensors", "1s", "--log", "1s"])
            .stdout(Stdio::piped());
        let mut process = Process::start("orchestrator", serve, log)?;
        let mut lines = BufReader::new(process.output()?).lines();
        let mut next = |prefix: &str| -> anyhow::Result<Option<String>> {
            let line = lines.next().transpose()?.unwrap_or_default();
            Ok(line.strip_prefix(prefix).map(str::to_owned))
        };
        let (Some(url), Some(pin)) = (next("listening on ")?, next("fingerprint ")?) else {
            bail!("the orchestrator does not serve:\n{}", process.last_words());
        };
        let mut started = Orchestrator {
            process,
            url,
            pin,
            token: String::new(),
        };
        let mut add = program();
        add.args(["operator", "add", "demo", "--role", "admin", "--data"])
            .arg(data);
        started.token = printed(&mut add)?.trim().to_owned();
        Ok(started)
    }

    /// Its command line, as the operator.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = program();
        command
            .args(args)
            .env("VETTING_SERVER", &self.url)
            .env("VETTING_PIN", &self.pin)
            .env("VETTING_TOKEN", &self.token);
        command
    }

    /// What its command line prints.
    pub fn ask(&self, args: &[&str]) -> anyhow::Result<String> {
        printed(&mut self.command(args))
    }

    /// What its command line answers as JSON.
    pub fn ask_json(&self, args: &[&str]) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.ask(args)?)?)
    }
}

fn program() -> Command {
    Command::new(target("release/vetting-orchestrator"))
}

/// What a command prints when it ends well.
pub fn printed(command: &mut Command) -> anyhow::Result<String> {
    let line = crate::shown(command);
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("`{line}` does not start"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A port on loopback that nobody has just now.
fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port on loopback")?;
    Ok(listener.local_addr()?.port())
}
