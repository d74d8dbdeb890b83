//! Calls to the server with an operator's token, and how their answers are printed.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use vetting_component::signature;
use vetting_transport::{Call, Client, Pin, Secret};

use super::args::ServerArgs;
use super::print::line;

/// The most that an answer may be: a report holds what every stage attached.
const LARGEST_ANSWER: usize = 512 << 20;

/// How long a call may take; a component may be on the way.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The most that a file may be.
const MOST: usize = 64 << 20;

/// The server, and who calls.
pub(super) struct Remote {
    client: Client,
    token: Secret,
}

impl Remote {
    pub fn new(args: &ServerArgs) -> anyhow::Result<Self> {
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
            client: Client::new(&args.server, &pins.collect::<Result<Vec<_>, _>>()?)?
                .answers_up_to(LARGEST_ANSWER),
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

    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.client.get(self.call(path)).await?)
    }

    pub async fn post<B: Serialize + Sync>(&self, path: &str, body: &B) -> anyhow::Result<Value> {
        Ok(self.client.post(self.call(path), body).await?)
    }

    pub async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.client.delete(self.call(path)).await?)
    }

    pub async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let call = self.call(path);
        Ok(self.client.bytes(call, MOST, TIMEOUT).await?)
    }
}

/// A file in base 64.
pub(super) fn encoded(file: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    Ok(STANDARD.encode(bytes))
}

/// A component's signature: of the file that was named, else of the one beside it where there is one.
pub(super) fn signature_of(file: &Path, named: Option<&Path>) -> anyhow::Result<Option<String>> {
    let beside = signature::beside(file);
    let path = named.unwrap_or(&beside);
    let bytes = signature::read_file(path).with_context(|| path.display().to_string())?;
    if named.is_some() && bytes.is_none() {
        bail!("there is no signature {}", path.display());
    }
    let text = bytes.map(String::from_utf8).transpose();
    text.with_context(|| format!("{} is no signature", path.display()))
}

/// `KEY=VALUE`: a value that is JSON is that, and a text otherwise.
pub(super) fn pairs(settings: &[String]) -> anyhow::Result<BTreeMap<String, Value>> {
    let one = |setting: &String| {
        let (key, value) = setting
            .split_once('=')
            .with_context(|| format!("--set {setting}: KEY=VALUE is needed"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_text| json!(value));
        Ok((key.to_owned(), value))
    };
    settings.iter().map(one).collect()
}

pub(super) fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

/// The lines of a list of texts.
pub(super) fn lines(value: &Value, pointer: &str) -> Vec<String> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// What was removed, and what stays behind.
pub(super) fn removed(removed: &Value, as_json: bool) {
    shown(removed, as_json, |removed| {
        let mut shown = format!("removed {}", text(removed, "/removed"));
        for line in lines(removed, "/stays") {
            shown += &format!("\nstays: {line}");
        }
        shown
    });
}

pub(super) fn shown(value: &Value, as_json: bool, line: impl Fn(&Value) -> String) {
    if as_json {
        line!("{value}");
    } else {
        line!("{}", line(value));
    }
}

pub(super) fn listed(list: &Value, as_json: bool, line: impl Fn(&Value) -> String) {
    if as_json {
        line!("{list}");
        return;
    }
    for one in list.as_array().into_iter().flatten() {
        line!("{}", line(one));
    }
}
