//! Boot parameters: flags, else the environment (both are the command line's affair), else the
//! kernel's command line, where an image that boots over the network has them.

use std::path::Path;

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
        let text = std::fs::read_to_string(command_line).unwrap_or_default();
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
                "pin" => given.pins.extend(value.split(',').map(str::to_owned)),
                "mac" => given.mac = Some(value),
                _ => {}
            }
        }
        given
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
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_kernel_and_what_is_missing_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let line = "quiet vetting.url=https://a vetting.run=r-1 vetting.token=hunter2 vetting.x=1";
        std::fs::write(file.path(), line).expect("written");
        let kernel = Given::from_kernel(file.path());
        let flags = Given {
            url: Some("https://b".to_owned()),
            ..Given::default()
        };
        let both = flags.or(kernel).checked().expect("whole");
        assert_eq!((both.url.as_str(), both.run.as_str()), ("https://b", "r-1"));
        assert!(!format!("{both:?}").contains("hunter2"));
        let error = Given::default().checked().expect_err("nothing").to_string();
        assert!(error.contains("vetting.run="), "{error}");
        let escaping = Given {
            run: Some("../x".to_owned()),
            ..Given::default()
        };
        assert!(matches!(escaping.checked(), Err(BootError::Run(_))));
    }
}
