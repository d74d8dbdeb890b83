//! From a core module and its author's `stage.toml` to a stage component.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::contents::{Contents, read};
use crate::manifest::{Manifest, check_fields, check_manifest};
use crate::rules::{Rule, with_sources};
use crate::{
    ComponentError, FACTS_SECTION, FILES_SECTION, MANIFEST_SECTION, PARAMETERS_SECTION,
    QUERIES_SECTION, RULES_SECTION, Version, reads,
};

/// The list of facts in `stage.toml`, which the manifest does not have.
const FACTS: &str = "facts";

/// What the SDK left in a module for its manifest; `None`: the module has nothing of the kind.
#[derive(Default)]
struct Left {
    parameters: Option<Value>,
    rules: Option<Vec<Rule>>,
    files: Option<BTreeMap<String, String>>,
    queries: Option<BTreeMap<String, String>>,
}

/// Makes a module that was built with the SDK a component. The parameters, rules, globs and queries that
/// the SDK left in the module become the manifest's, the version of its facts a section of the component; the
/// manifest is appended as JSON, last.
///
/// # Errors
///
/// A sentence on what is wrong with the manifest or the module.
pub fn pack(module: &[u8], stage_toml: &str) -> Result<Vec<u8>, ComponentError> {
    let manifest = from_toml(stage_toml, left_in(module)?, true)?;
    let mut component = wrap(&without_what_was_taken(module)?)?;
    if let Some(version) = facts_of(module)? {
        let version = version.to_string();
        append_section(&mut component, FACTS_SECTION, version.as_bytes());
    }
    append_manifest(component, &manifest)
}

/// Makes a module a component, without a manifest.
///
/// # Errors
///
/// A sentence on why the module does not become a component.
pub fn wrap(module: &[u8]) -> Result<Vec<u8>, ComponentError> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| ComponentError::Encode(format!("{error:#}")))
}

/// Puts the manifest into a component that another toolchain made. Its parameters, rules, globs and
/// queries are those of the text.
///
/// # Errors
///
/// A sentence on what is wrong with the manifest, or on where it and the component disagree.
pub fn describe(component: Vec<u8>, stage_toml: &str) -> Result<Vec<u8>, ComponentError> {
    append_manifest(component, &from_toml(stage_toml, Left::default(), false)?)
}

/// Appends the manifest as JSON, last.
fn append_manifest(mut component: Vec<u8>, manifest: &Manifest) -> Result<Vec<u8>, ComponentError> {
    let json = serde_json::to_vec(manifest)
        .map_err(|error| ComponentError::Manifest(error.to_string()))?;
    append_section(&mut component, MANIFEST_SECTION, &json);
    let contents: Contents = read(&component)?;
    check_manifest(&contents)?;
    Ok(component)
}

/// The manifest, with what was left in the module where there is any; `linked`: its facts are a crate.
fn from_toml(text: &str, left: Left, linked: bool) -> Result<Manifest, ComponentError> {
    let wrong = |reason: String| ComponentError::Manifest(format!("stage.toml: {reason}"));
    let mut table: toml::Table = text
        .parse()
        .map_err(|e: toml::de::Error| wrong(e.to_string()))?;
    let known = [
        "name",
        "version",
        "summary",
        "timeout_seconds",
        "destructive",
        "hardware",
        "interfaces",
        "files",
        "queries",
        "parameters",
        "rules",
    ];
    // What `vetting stage build` put into the component: it is found there.
    let facts = table.remove(FACTS);
    if linked && facts.is_some() {
        return Err(wrong(format!(
            "`{FACTS}` is for stages that import `vetting:facts`; a stage in Rust depends on the crate \
             `vetting-facts` instead: remove it"
        )));
    }
    if let Some(unknown) = table.keys().find(|key| !known.contains(&key.as_str())) {
        let known = known.join(", ");
        return Err(wrong(format!(
            "`{unknown}` is not known; there are: {known}"
        )));
    }
    for (key, in_code, here) in [
        ("parameters", left.parameters.is_some(), "[parameters]"),
        ("rules", left.rules.is_some(), "[[rules]]"),
        ("files", left.files.is_some(), "[files]"),
        ("queries", left.queries.is_some(), "[queries]"),
    ] {
        if table.contains_key(key) && in_code {
            return Err(wrong(format!(
                "the {key} are written down twice: in the code (`{key}!`) and here; remove {here}"
            )));
        }
    }
    let mut manifest: Manifest = table.try_into().map_err(|e| wrong(e.to_string()))?;
    if let Some(properties) = left.parameters {
        manifest.parameters = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
    }
    manifest.rules = left.rules.unwrap_or(manifest.rules);
    manifest.files = left.files.unwrap_or(manifest.files);
    manifest.queries = left.queries.unwrap_or(manifest.queries);
    with_sources(&mut manifest.rules, &manifest.parameters);
    check_fields(&manifest)?;
    manifest.interfaces.values_mut().for_each(|request| {
        request.reason = request.reason.trim().to_owned();
    });
    Ok(manifest)
}

/// What the SDK left in the module.
fn left_in(module: &[u8]) -> Result<Left, ComponentError> {
    Ok(Left {
        parameters: parameters_of(module)?,
        rules: rules_of(module)?,
        files: reads_of(module, FILES_SECTION)?,
        queries: reads_of(module, QUERIES_SECTION)?,
    })
}

/// The globs or the queries that the SDK left in the module, each with its reason.
fn reads_of(
    module: &[u8],
    section: &str,
) -> Result<Option<BTreeMap<String, String>>, ComponentError> {
    let mut found = None;
    for section in sections(module, section)? {
        reads::from_section(section, found.get_or_insert_default())?;
    }
    Ok(found)
}

/// What stands in the module's custom sections of that name.
fn sections<'a>(module: &'a [u8], name: &str) -> Result<Vec<&'a [u8]>, ComponentError> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(|e| ComponentError::Encode(e.to_string()))?;
        if let Payload::CustomSection(section) = payload
            && section.name() == name
        {
            found.push(section.data());
        }
    }
    Ok(found)
}

/// The parameters' schemas that the SDK left in the module, by name.
fn parameters_of(module: &[u8]) -> Result<Option<Value>, ComponentError> {
    let wrong = |reason: String| ComponentError::Manifest(format!("parameters!: {reason}"));
    let mut found = None;
    for section in sections(module, PARAMETERS_SECTION)? {
        let mut properties: Map<String, Value> = serde_json::from_slice(section)
            .map_err(|e| wrong(format!("{e} (no quotes or backslashes in doc comments)")))?;
        for schema in properties.values_mut() {
            if let Some(Value::String(text)) = schema.get_mut("description") {
                *text = text.trim().to_owned();
            }
        }
        if found.replace(Value::Object(properties)).is_some() {
            return Err(wrong("it is used more than once in this stage".to_owned()));
        }
    }
    Ok(found)
}

/// The version of the facts that the SDK left in the module.
fn facts_of(module: &[u8]) -> Result<Option<Version>, ComponentError> {
    let found = sections(module, FACTS_SECTION)?;
    let text = found.first().map(|text| String::from_utf8_lossy(text));
    let Some(text) = text else { return Ok(None) };
    let version = Version::parse(&text).ok_or_else(|| {
        ComponentError::Manifest(format!(
            "the version of vetting-facts is `{text}`; MAJOR.MINOR.PATCH is needed in its Cargo.toml"
        ))
    })?;
    Ok(Some(version))
}

/// The rules that the SDK left in the module, one JSON object after the other.
fn rules_of(module: &[u8]) -> Result<Option<Vec<Rule>>, ComponentError> {
    let mut found: Option<Vec<Rule>> = None;
    for section in sections(module, RULES_SECTION)? {
        let rules = found.get_or_insert_default();
        for rule in serde_json::Deserializer::from_slice(section).into_iter() {
            rules.push(rule.map_err(|e| {
                ComponentError::Manifest(format!(
                    "rules!: {e} (no quotes or backslashes in doc comments and texts)"
                ))
            })?);
        }
    }
    Ok(found)
}

/// The sections that the manifest takes over.
const TAKEN: [&str; 5] = [
    FACTS_SECTION,
    PARAMETERS_SECTION,
    RULES_SECTION,
    FILES_SECTION,
    QUERIES_SECTION,
];

/// The module without the sections that have been taken over.
fn without_what_was_taken(module: &[u8]) -> Result<Vec<u8>, ComponentError> {
    const HEADER: usize = 8;
    let mut kept = module.get(..HEADER).unwrap_or_default().to_vec();
    let mut begin = HEADER;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(|e| ComponentError::Encode(e.to_string()))?;
        let taken = matches!(
            &payload,
            Payload::CustomSection(section) if TAKEN.contains(&section.name())
        );
        // A section's range is that of its contents: its id and size lie between the last one's end
        // and its beginning.
        if let Some((_, range)) = payload.as_section() {
            let end = range.end;
            if !taken {
                kept.extend_from_slice(module.get(begin..end).unwrap_or_default());
            }
            begin = end;
        }
    }
    Ok(kept)
}

/// Appends a custom section: id 0, size, name, data, with sizes as LEB128.
fn append_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut body = Vec::new();
    leb128(&mut body, name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(data);
    component.push(0);
    leb128(component, body.len());
    component.extend_from_slice(&body);
}

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    loop {
        // The low seven bits fit a byte.
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}
