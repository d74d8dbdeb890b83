//! Boot parameters: from flags, else the environment, else the kernel's command line, where an image
//! that boots over the network has them. Each parameter is taken from the first that gives it.

use std::path::{Path, PathBuf};

use vetting_transport::{Pin, Secret};

/// Where the orchestrator is, and which run.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// The orchestrator's URL.
    pub url: String,
    /// The run.
    pub run: String,
    /// The boot token, good for the claim.
    pub token: Secret,
    /// The fingerprints that its certificate or key may have.
    pub pins: Vec<Pin>,
    /// The MAC address that this machine was booted by.
    pub mac: Option<String>,
}

/// What was found of them, text by text, and where.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The orchestrator's URL.
    pub url: Option<String>,
    /// The run.
    pub run: Option<String>,
    /// The boot token.
    pub token: Option<Secret>,
    /// Pins.
    pub pins: Vec<String>,
    /// The MAC address.
    pub mac: Option<String>,
    /// The policy's file.
    pub policy: Option<PathBuf>,
}

/// Boot parameters that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// One is missing.
    #[error(
        "{what} is missing: give --{flag}, {variable}, or vetting.{flag}= on the kernel's command line"
    )]
    Missing {
        /// What it is.
        what: &'static str,
        /// Its flag, and its name on the kernel's command line.
        flag: &'static str,
        /// Its variable.
        variable: &'static str,
    },
    /// A pin is none.
    #[error(transparent)]
    Pin(#[from] vetting_transport::PinError),
    /// A run's name that would not be a path's part.
    #[error("`{0}` is no run's id: letters, digits, `-` and `_` are")]
    Run(String),
}

impl Given {
    /// What the kernel's command line says.
    pub fn from_kernel(command_line: &Path) -> Self {
        Self::from_words(&std::fs::read_to_string(command_line).unwrap_or_default())
    }

    /// What a command line says.
    pub fn from_words(text: &str) -> Self {
        let mut given = Given::default();
        for word in text.split_whitespace() {
            let Some((key, value)) = word
                .strip_prefix("vetting.")
                .and_then(|w| w.split_once('='))
            else {
                continue;
            };
            let value = value.to_owned();
            match key {
                "url" => given.url = Some(value),
                "run" => given.run = Some(value),
                "token" => given.token = Some(Secret::new(value)),
                "pin" => given.pins.extend(list(&value)),
                "mac" => given.mac = Some(value),
                "policy" => given.policy = Some(value.into()),
                _ => {}
            }
        }
        given
    }

    /// What the environment says: `VETTING_URL`, `VETTING_RUN`, `VETTING_BOOT_TOKEN`, `VETTING_PIN`
    /// (several with commas between), `VETTING_MAC`, `VETTING_POLICY`.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let pins = given("VETTING_PIN").unwrap_or_default();
        Given {
            url: given("VETTING_URL"),
            run: given("VETTING_RUN"),
            token: given("VETTING_BOOT_TOKEN").map(Secret::new),
            pins: list(&pins),
            mac: given("VETTING_MAC"),
            policy: given("VETTING_POLICY").map(PathBuf::from),
        }
    }

    /// These, and where they say nothing, those.
    #[must_use]
    pub fn or(self, those: Given) -> Self {
        Given {
            url: self.url.or(those.url),
            run: self.run.or(those.run),
            token: self.token.or(those.token),
            pins: if self.pins.is_empty() {
                those.pins
            } else {
                self.pins
            },
            mac: self.mac.or(those.mac),
            policy: self.policy.or(those.policy),
        }
    }

    /// Every parameter as it may be shown, by name; the token never.
    fn shown(&self) -> [(&'static str, Option<String>); 6] {
        let pins = (!self.pins.is_empty()).then(|| self.pins.join(","));
        let token = self.token.as_ref().map(|_| "(secret)".to_owned());
        let policy = self.policy.as_ref().map(|file| file.display().to_string());
        [
            ("url", self.url.clone()),
            ("run", self.run.clone()),
            ("token", token),
            ("pin", pins),
            ("mac", self.mac.clone()),
            ("policy", policy),
        ]
    }

    /// All of them, checked.
    ///
    /// # Errors
    ///
    /// When one is missing or is not what it should be.
    pub fn checked(self) -> Result<Parameters, BootError> {
        let missing = |what, flag, variable| BootError::Missing {
            what,
            flag,
            variable,
        };
        let url = self.url.filter(|url| !url.is_empty());
        let run = self
            .run
            .ok_or(missing("the run's id", "run", "VETTING_RUN"))?;
        if run.is_empty()
            || !run
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        {
            return Err(BootError::Run(run));
        }
        let pins = self.pins.iter().map(|pin| pin.parse());
        Ok(Parameters {
            url: url.ok_or(missing("the orchestrator's URL", "url", "VETTING_URL"))?,
            run,
            token: self
                .token
                .ok_or(missing("the boot token", "token", "VETTING_BOOT_TOKEN"))?,
            pins: pins.collect::<Result<_, _>>()?,
            mac: self.mac.map(|mac| mac.to_lowercase()),
        })
    }
}

/// Where parameters are looked for, in order.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<(&'static str, Given)>);

impl Sources {
    /// One more, after those that are there.
    #[must_use]
    pub fn then(mut self, name: &'static str, given: Given) -> Self {
        self.0.push((name, given));
        self
    }

    /// What all of them give together.
    pub fn given(self) -> Given {
        let given = self.0.into_iter().map(|(_, given)| given);
        given.reduce(Given::or).unwrap_or_default()
    }

    /// Every parameter with its value and where that comes from, for a person to look at.
    pub fn as_json(&self) -> serde_json::Value {
        let empty = Given::default().shown();
        let parameters = empty.iter().enumerate().map(|(index, (name, _))| {
            let mut sources = self.0.iter();
            let found = sources.find_map(|(source, given)| {
                let value = given.shown()[index].1.clone()?;
                Some(serde_json::json!({ "value": value, "from": source }))
            });
            ((*name).to_owned(), found.unwrap_or_default())
        });
        serde_json::Value::Object(parameters.collect())
    }
}

/// What stands between commas.
fn list(text: &str) -> Vec<String> {
    let items = text.split(',').map(str::trim);
    items
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_is_taken_from_the_first_that_gives_it() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let line = "quiet vetting.url=https://a vetting.run=r-1 vetting.token=hunter2 \
             vetting.mac=02:00:00:00:00:01 vetting.pin=aa,bb vetting.x=1 vetting.policy=/p.toml";
        std::fs::write(file.path(), line).expect("written");
        let environment = |name: &str| match name {
            "VETTING_URL" => Some("https://b".to_owned()),
            "VETTING_RUN" => Some("r-2".to_owned()),
            "VETTING_MAC" => Some(String::new()),
            _ => None,
        };
        let flags = Given {
            url: Some("https://c".to_owned()),
            ..Given::default()
        };
        let sources = Sources::default()
            .then("flag", flags)
            .then("environment", Given::from_environment(environment))
            .then("kernel command line", Given::from_kernel(file.path()));
        let shown = sources.as_json();
        for (name, value, from) in [
            ("url", "https://c", "flag"),
            ("run", "r-2", "environment"),
            ("token", "(secret)", "kernel command line"),
            ("pin", "aa,bb", "kernel command line"),
            ("mac", "02:00:00:00:00:01", "kernel command line"),
            ("policy", "/p.toml", "kernel command line"),
        ] {
            let expected = serde_json::json!({ "value": value, "from": from });
            assert_eq!(shown[name], expected, "{name}");
        }
        assert!(!format!("{shown} {sources:?}").contains("hunter2"));
        let given = sources.given();
        assert_eq!(given.url.as_deref(), Some("https://c"));
        assert_eq!(given.pins, ["aa", "bb"]);
        assert_eq!(given.policy.as_deref(), Some(Path::new("/p.toml")));
    }

    #[test]
    fn what_is_missing_or_would_escape_is_named() {
        let error = Given::default().checked().expect_err("nothing").to_string();
        assert!(error.contains("vetting.run="), "{error}");
        let escaping = Given {
            run: Some("../x".to_owned()),
            ..Given::default()
        };
        assert!(matches!(escaping.checked(), Err(BootError::Run(_))));
    }
}
