//! Which parsers of evidence a stage carries: its own crate `vetting-facts`, or a component of `vetting:facts` in it.

use serde::Serialize;
use wasmparser::{Parser, Payload};

use crate::{ComponentError, FACTS_PACKAGE, FACTS_SECTION, Version, digest};

/// The facts of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Facts {
    /// A crate that the stage is linked with, by the version that the stage gives it.
    Linked {
        /// The version, `MAJOR.MINOR.PATCH`.
        version: String,
    },
    /// A component inside the stage.
    Composed {
        /// The sha256 of its bytes, lower-case hexadecimal.
        digest: String,
    },
}

/// Finds the facts among the payloads of a component, as they come.
#[derive(Default)]
pub(crate) struct Finder {
    found: Vec<Facts>,
    /// Where the bytes are of the component directly below the top level that is being read.
    inner: Option<std::ops::Range<usize>>,
}

impl Finder {
    /// Takes a payload of the top level.
    pub(crate) fn top(&mut self, payload: &Payload<'_>) {
        match payload {
            Payload::CustomSection(section) if section.name() == FACTS_SECTION => {
                let text = std::str::from_utf8(section.data()).unwrap_or_default();
                // A text that is not a version is left out.
                let version = Version::parse(text.trim());
                self.found.extend(version.map(|version| Facts::Linked {
                    version: version.to_string(),
                }));
            }
            Payload::ComponentSection {
                unchecked_range, ..
            } => self.inner = Some(unchecked_range.clone()),
            _ => {}
        }
    }

    /// Takes a payload of a component directly below the top level; `bytes` are the whole file.
    pub(crate) fn inner(&mut self, payload: &Payload<'_>, bytes: &[u8]) {
        let Payload::ComponentExportSection(section) = payload else {
            return;
        };
        let mut names = section.clone().into_iter().flatten();
        if names.any(|export| is_of_facts(export.name.name))
            && let Some(range) = self.inner.take()
            && let Some(component) = bytes.get(range)
        {
            self.found.push(Facts::Composed {
                digest: digest(component),
            });
        }
    }

    /// What was found.
    pub(crate) fn found(self) -> Vec<Facts> {
        self.found
    }
}

/// Whether a name is that of an interface of `vetting:facts`, of whatever version.
pub fn is_of_facts(name: &str) -> bool {
    let below = name.strip_prefix(FACTS_PACKAGE);
    below.is_some_and(|rest| rest.starts_with('/'))
}

/// What a component imports, by name.
///
/// # Errors
///
/// When the bytes are not a component.
pub fn imported(component: &[u8]) -> Result<Vec<String>, ComponentError> {
    let malformed = |error: wasmparser::BinaryReaderError| ComponentError::Malformed {
        offset: error.offset(),
        reason: error.message().to_owned(),
    };
    let mut depth = 0_u32;
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(malformed)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                depth = depth.saturating_add(1);
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    found.push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(found)
}
