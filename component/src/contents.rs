//! Reading a component with wasmparser alone: its manifest, what it imports, whether it exports `run`.

use serde::{Deserialize, Serialize};
use wasmparser::component_types::{ComponentEntityType, ComponentInstanceTypeId};
use wasmparser::{ComponentExternalKind, Parser, Payload, ValidPayload, Validator};

use crate::facts::{Facts, Finder};
use crate::manifest::{self, Manifest};
use crate::{ComponentError, MANIFEST_SECTION, PACKAGE, features};

/// What a component's file says of it.
#[derive(Clone, Debug)]
pub struct Contents {
    /// Its manifest.
    pub manifest: Manifest,
    /// What it imports, in its own order.
    pub imports: Vec<Import>,
    /// What it exports, by name: `run`, and what else its author left in.
    pub exports: Vec<String>,
    /// The parsers of evidence that it carries; empty: it does not say, or carries none.
    pub facts: Vec<Facts>,
}

impl Contents {
    /// Whether it imports anything of WASI.
    pub fn uses_wasi(&self) -> bool {
        self.imports
            .iter()
            .any(|import| import.package.starts_with("wasi:"))
    }
}

/// One interface that a component imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// `vetting:stage`, `wasi:io`; the whole name for what is no interface of a package.
    pub package: String,
    /// `hwmon`, `streams`; empty for what is no interface of a package.
    pub interface: String,
    /// Its version, where it names one.
    pub version: Option<Version>,
    /// The functions that it imports of it, methods as `[method]run.next`. Empty: only types.
    pub functions: Vec<String>,
}

/// A version, `MAJOR.MINOR.PATCH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// A step of it breaks.
    pub major: u32,
    /// A step of it breaks as long as `major` is 0.
    pub minor: u32,
    /// A step of it adds.
    pub patch: u32,
}

impl Version {
    /// Reads a version; anything after the patch (`-rc.1`) is refused, and so are numbers that are written
    /// in more than one way (`01`, `+1`). (Semantic Versioning 2.0.0, item 2.)
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            let one_way = text == "0" || !text.starts_with('0');
            (plain && one_way).then(|| text.parse().ok())?
        };
        let mut numbers = text.split('.').map(number);
        let version = Version {
            major: numbers.next()??,
            minor: numbers.next()??,
            patch: numbers.next()??,
        };
        numbers.next().is_none().then_some(version)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Reads a component. Only its top level counts; of components directly below it the facts are found. Types, and
/// what modules use of WebAssembly outside of their functions' bodies, are validated; bodies are the compiler's work.
///
/// # Errors
///
/// A sentence on why the bytes are no stage.
pub fn read(bytes: &[u8]) -> Result<Contents, ComponentError> {
    look_at_header(bytes)?;
    let mut validator = Validator::new_with_features(features::OF_AUTHORS);
    let mut depth = 0_u32;
    let mut manifests: Vec<&[u8]> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut exports = Vec::new();
    let mut facts = Finder::default();
    let mut exports_run = false;
    let mut types = None;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(malformed)?;
        match depth {
            0 => facts.top(&payload),
            1 => facts.inner(&payload, bytes),
            _ => {}
        }
        match &payload {
            Payload::CustomSection(section) if depth == 0 && section.name() == MANIFEST_SECTION => {
                manifests.push(section.data());
            }
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section.clone() {
                    let import = import.map_err(malformed)?;
                    names.push(import.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section.clone() {
                    let export = export.map_err(malformed)?;
                    exports_run |=
                        export.name.name == "run" && export.kind == ComponentExternalKind::Func;
                    exports.push(export.name.name.to_owned());
                }
            }
            _ => {}
        }
        match validator.payload(&payload).map_err(refused)? {
            ValidPayload::Parser(_) => depth += 1,
            ValidPayload::End(done) if depth == 0 => types = Some(done),
            ValidPayload::End(_) => depth -= 1,
            ValidPayload::Ok | ValidPayload::Func(..) => {}
        }
    }
    let Some(types) = types else {
        return Err(ComponentError::Malformed {
            offset: bytes.len(),
            reason: "it ends in the middle".to_owned(),
        });
    };
    if !exports_run {
        return Err(ComponentError::NoRun);
    }
    let manifest = the_one(&manifests)?;
    let imports = names
        .into_iter()
        .filter_map(|name| {
            let item = types.as_ref().component_item_for_import(&name);
            let functions = match item.map(|item| item.ty) {
                Some(ComponentEntityType::Instance(id)) => functions(&types, id),
                // The world itself may name a type of an interface, which asks for nothing.
                Some(ComponentEntityType::Type { .. }) => return None,
                // Whatever else is no instance is asked for by its own name.
                _ => vec![name.clone()],
            };
            Some(import(&name, functions))
        })
        .collect();
    Ok(Contents {
        manifest,
        imports,
        exports,
        facts: facts.found(),
    })
}

fn look_at_header(bytes: &[u8]) -> Result<(), ComponentError> {
    const LAYER: usize = 6;
    match bytes {
        [] => Err(ComponentError::Empty),
        [b'\0', b'a', b's', b'm', ..] => match bytes.get(LAYER) {
            Some(1) => Ok(()),
            Some(0) => Err(ComponentError::CoreModule),
            Some(_) => Err(ComponentError::NotWasm("its layer is unknown")),
            None => Err(ComponentError::Malformed {
                offset: bytes.len(),
                reason: "the header is cut off".to_owned(),
            }),
        },
        _ => Err(ComponentError::NotWasm("it does not begin with \\0asm")),
    }
}

fn malformed(error: wasmparser::BinaryReaderError) -> ComponentError {
    ComponentError::Malformed {
        offset: error.offset(),
        reason: error.message().to_owned(),
    }
}

/// What the validator refuses: a feature that is off, or bytes that are valid with none.
fn refused(error: wasmparser::BinaryReaderError) -> ComponentError {
    const SEVERAL_MEMORIES: &str = "multiple memories";
    let several = error.message() == SEVERAL_MEMORIES;
    if several || error.missing_wasm_feature().is_some() {
        return ComponentError::Unsupported {
            offset: error.offset(),
            reason: error.message().to_owned(),
        };
    }
    malformed(error)
}

fn the_one(manifests: &[&[u8]]) -> Result<Manifest, ComponentError> {
    match manifests {
        [] => Err(ComponentError::NoManifest),
        [json] => manifest::parse(json),
        several => Err(ComponentError::SeveralManifests(several.len())),
    }
}

fn functions(types: &wasmparser::types::Types, id: ComponentInstanceTypeId) -> Vec<String> {
    let Some(instance) = types.as_ref().get(id) else {
        return Vec::new();
    };
    let functions = instance
        .exports
        .iter()
        .filter(|(_, item)| matches!(item.ty, ComponentEntityType::Func(_)));
    functions.map(|(name, _)| name.clone()).collect()
}

/// `vetting:stage/hwmon@0.1.0` to its parts.
fn import(name: &str, functions: Vec<String>) -> Import {
    let (path, version) = match name.split_once('@') {
        Some((path, version)) => (path, Version::parse(version)),
        None => (name, None),
    };
    match path.split_once('/') {
        Some((package, interface)) => Import {
            package: package.to_owned(),
            interface: interface.to_owned(),
            version,
            functions,
        },
        None => Import {
            package: name.to_owned(),
            interface: String::new(),
            version: None,
            functions,
        },
    }
}

impl Import {
    /// Whether it is one of the contract's interfaces, of whatever version.
    pub fn is_contract(&self) -> bool {
        self.package == PACKAGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_written_in_one_way() {
        let told = |text| Version::parse(text).map(|version| version.to_string());
        assert_eq!(told("0.10.3").as_deref(), Some("0.10.3"));
        for wrong in [
            "01.0.0",
            "1.0",
            "1.0.0.0",
            "+1.0.0",
            "1.0.0-rc.1",
            "1..0",
            "1.0.-1",
            "",
        ] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
    }
}
