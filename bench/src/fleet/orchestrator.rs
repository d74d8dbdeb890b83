//! A real orchestrator: a process, TLS, SQLite.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use vetting_runtime::agent::Parameters;
use vetting_transport::{Call, CallError, Client, Pin, Secret};

/// One that serves. It is killed when this is dropped.
pub struct Orchestrator {
    child: Child,
    data: PathBuf,
    url: String,
    pin: Pin,
    client: Client,
    token: Secret,
}

impl Orchestrator {
    /// Starts it with all stages of a folder.
    pub fn start(program: &Path, stages: &Path, folder: &Path) -> anyhow::Result<Self> {
        let data = folder.join("data");
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            // Simulated machines bring their own peer: no run has a port, no iperf3 is started.
            .args(["--iperf-ports", "5201-5200"])
            // Not a line for each of a thousand hellos, nor for each call that had to wait.
            .env("VETTING_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| program.display().to_string())?;
        let mut lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
        let mut next = |prefix: &str| -> anyhow::Result<String> {
            let line = lines.next().context("the orchestrator does not serve")??;
            let rest = line.strip_prefix(prefix);
            Ok(rest
                .with_context(|| format!("not `{prefix}…`: {line}"))?
                .to_owned())
        };
        let (url, pin) = (next("listening on ")?, next("fingerprint ")?);
        let mut operator = Command::new(program);
        operator.args(["operator", "add", "bench", "--role", "admin", "--data"]);
        let output = operator.arg(&data).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "`operator add`: {}", output.status);
        let token = String::from_utf8(output.stdout)?.trim().to_owned();
        let mut add = Command::new(program);
        add.args(["stage", "add"]).arg(stages);
        add.env("VETTING_SERVER", &url).env("VETTING_PIN", &pin);
        let output = add.env("VETTING_TOKEN", &token).output()?;
        ensure!(output.status.success(), "`stage add`: {output:?}");
        let pin: Pin = pin.parse()?;
        Ok(Orchestrator {
            child,
            data,
            client: Client::new(&url, &[pin])?,
            url,
            pin,
            token: Secret::new(token),
        })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The bytes of a database of its, what is not yet written to its file included.
    pub fn database_bytes(&self, name: &str) -> anyhow::Result<f64> {
        let file = self.data.join(name);
        let length = std::fs::metadata(&file).with_context(|| file.display().to_string())?;
        let waiting = std::fs::metadata(file.with_extension("db-wal"));
        Ok((length.len() + waiting.map_or(0, |waiting| waiting.len())) as f64)
    }

    /// Makes a host and a run of it; gives what the host is booted with.
    pub async fn run(&self, number: usize) -> anyhow::Result<Parameters> {
        let (host, mac) = (format!("host-{number}"), mac(number));
        let known = json!({ "name": host, "identity": { "mac": mac }, "created": "" });
        let _known: Value = self.post("/api/v1/admin/hosts", &known).await?;
        let new = json!({ "host": host, "parameters": parameters() });
        let made = self.post("/api/v1/admin/runs", &new).await?;
        let text = |key: &str| made[key].as_str().map(str::to_owned).context("a new run");
        Ok(Parameters {
            url: self.url.clone(),
            run: text("id")?,
            token: Secret::new(text("boot_token")?),
            pins: vec![self.pin],
            mac: Some(mac),
        })
    }

    /// A run's state, and why it is there.
    pub async fn state(&self, run: &str) -> anyhow::Result<String> {
        let path = format!("/api/v1/admin/runs/{run}");
        let view: Value = self.client.get(self.call(&path)).await?;
        let why = view["held"]["reason"].as_str().unwrap_or_default();
        Ok(
            format!("{} {why}", view["state"].as_str().unwrap_or_default())
                .trim()
                .to_owned(),
        )
    }

    /// One call that does nothing: to a path that nothing is at.
    pub async fn nothing(&self) -> anyhow::Result<()> {
        let answer: Result<Value, CallError> = self.client.get(self.call("/nothing-here")).await;
        match answer {
            Err(CallError::Refused { status: 404, .. }) => Ok(()),
            other => anyhow::bail!("a path that nothing is at was answered {other:?}"),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        Ok(self.client.post(self.call(path), body).await?)
    }

    fn call<'a>(&'a self, path: &'a str) -> Call<'a> {
        Call {
            path,
            token: Some(&self.token),
            timeout: Duration::from_secs(60),
        }
    }
}

impl Drop for Orchestrator {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn mac(number: usize) -> String {
    format!(
        "02:00:00:00:{:02x}:{:02x}",
        number >> 8 & 0xff,
        number & 0xff
    )
}

/// A run of less than two minutes of the machine's time.
fn parameters() -> Value {
    let (short, shorter) = (json!({ "duration": "20s" }), json!({ "duration": "2s" }));
    json!({ "CPUStress": short, "Memory": short, "Storage": shorter, "GPU": short })
}
