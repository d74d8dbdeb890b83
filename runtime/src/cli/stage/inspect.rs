//! `vetting stage inspect`: what a stage is, without running it.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;
use vetting_component::signature::Signature;
use vetting_component::{Contents, Facts, Hardware, Import, Rule};

use super::args::InspectArgs;
use super::build::FACTS;
use super::inspect_reads::{AskedRead, reads};
use crate::cli::run::policy;
use crate::cli::{Exit, Failure};
use crate::policy::{Admitted, Policy};
use vetting_protocol::printable;

/// All that is told.
#[derive(Serialize)]
struct Inspection {
    name: String,
    version: String,
    summary: String,
    sha256: String,
    size_bytes: usize,
    destructive: bool,
    timeout_seconds: u64,
    hardware: Vec<Hardware>,
    /// Why this runtime cannot run it; `null`: it can.
    unsound: Option<String>,
    imports: Vec<Imported>,
    exports: Vec<String>,
    /// The parsers of evidence that it carries; empty: none, or it does not say.
    facts: Vec<Facts>,
    /// The policy that it was held against; `null`: none.
    policy: Option<String>,
    signature: SignatureState,
    interfaces: Vec<Asked>,
    /// The files that it asks for, as globs.
    files: Vec<AskedRead>,
    /// The queries that it asks for, by name.
    queries: Vec<AskedRead>,
    parameters: Value,
    /// What it judges by; empty: it does not say.
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Imported {
    package: String,
    interface: String,
    version: Option<String>,
    functions: Vec<String>,
}

#[derive(Serialize)]
struct Asked {
    name: String,
    reason: String,
    granted: bool,
    withheld_because: Option<String>,
}

/// What is known of its signature.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum SignatureState {
    /// There is none, which the policy, if any, allows.
    None,
    /// There is one, and no policy to hold it against.
    Unchecked { key_id: String },
    /// It is good.
    Verified { key_id: String, key_comment: String },
    /// The policy would not run the stage.
    Refused { reason: String },
}

/// Shows a stage.
pub(super) fn inspect(args: &InspectArgs) -> Result<Exit, Failure> {
    let policy = policy(args.policy.as_deref())?;
    let bytes = super::component(&args.file)?;
    let contents = vetting_component::read(&bytes)
        .with_context(|| args.file.display().to_string())
        .map_err(Failure::usage)?;
    let signature = super::signature_of(&args.file, args.signature.as_deref())?;
    let unsound = vetting_component::check_here(&contents).err();
    let state = state(&policy, &bytes, signature.as_deref(), &contents);
    let inspection = inspection(
        &policy,
        &bytes,
        contents,
        state,
        unsound.map(|e| e.to_string()),
    );
    let json = serde_json::to_value(&inspection).map_err(Failure::runtime)?;
    super::print(args.format, &json, &text(&inspection))?;
    Ok(Exit::Passed)
}

fn state(
    policy: &Policy,
    bytes: &[u8],
    signature: Option<&[u8]>,
    contents: &Contents,
) -> SignatureState {
    let refused = |reason: String| SignatureState::Refused { reason };
    let admitted = policy.admit(bytes, signature, None).and_then(|admitted| {
        policy.confirm(&admitted, &contents.manifest)?;
        Ok(admitted)
    });
    match (admitted, policy) {
        (Err(reason), _) => refused(reason.to_string()),
        (Ok(Admitted::Signed(signed)), Policy::File { rules, .. }) => SignatureState::Verified {
            key_id: signed.key.to_string(),
            key_comment: rules.comments.get(&signed.key).cloned().unwrap_or_default(),
        },
        (Ok(_), _) => match signature.map(Signature::parse) {
            None => SignatureState::None,
            Some(Err(error)) => refused(error.to_string()),
            Some(Ok(signature)) => {
                let said = signature.is_for(bytes);
                match said.and_then(|binding| binding.describes(&contents.manifest)) {
                    Err(error) => refused(error.to_string()),
                    Ok(()) => SignatureState::Unchecked {
                        key_id: signature.key().to_string(),
                    },
                }
            }
        },
    }
}

fn inspection(
    policy: &Policy,
    bytes: &[u8],
    contents: Contents,
    signature: SignatureState,
    unsound: Option<String>,
) -> Inspection {
    let manifest = contents.manifest;
    let mut withheld = policy.withheld(&manifest, None);
    let interfaces = manifest.interfaces.iter().map(|(name, request)| {
        let withheld_because = withheld.remove(name);
        Asked {
            name: name.clone(),
            reason: request.reason.clone(),
            granted: withheld_because.is_none(),
            withheld_because,
        }
    });
    let (files, queries) = reads(policy, &manifest);
    let imported = |import: &Import| Imported {
        package: import.package.clone(),
        interface: import.interface.clone(),
        version: import.version.map(|version| version.to_string()),
        functions: import.functions.clone(),
    };
    Inspection {
        sha256: vetting_component::digest(bytes),
        size_bytes: bytes.len(),
        unsound,
        imports: contents.imports.iter().map(imported).collect(),
        exports: contents.exports,
        facts: contents.facts,
        policy: policy.file().map(|file| file.display().to_string()),
        signature,
        interfaces: interfaces.collect(),
        files,
        queries,
        name: manifest.name,
        version: manifest.version,
        summary: manifest.summary,
        destructive: manifest.destructive,
        timeout_seconds: manifest.timeout_seconds,
        hardware: manifest.hardware,
        parameters: manifest.parameters,
        rules: manifest.rules,
    }
}

/// The same for a person. What the component says of itself is shown, and not obeyed by a terminal.
fn text(stage: &Inspection) -> String {
    let hardware = stage
        .hardware
        .iter()
        .map(|kind| format!("{kind:?}").to_lowercase());
    let hardware: Vec<_> = hardware.collect();
    let signature = match &stage.signature {
        SignatureState::None => "none".to_owned(),
        SignatureState::Unchecked { key_id } => {
            format!("by {key_id}, not verified: no policy says whose signatures count")
        }
        SignatureState::Verified {
            key_id,
            key_comment,
        } => format!("verified, by {key_id} ({key_comment})"),
        SignatureState::Refused { reason } => format!("refused: {reason}"),
    };
    let rows = [
        ("stage", format!("{} {}", stage.name, stage.version)),
        ("summary", stage.summary.clone()),
        ("sha256", stage.sha256.clone()),
        ("size", format!("{} bytes", stage.size_bytes)),
        ("destructive", yes(stage.destructive).to_owned()),
        ("deadline", format!("{} s", stage.timeout_seconds)),
        ("hardware", hardware.join(", ")),
        (
            "runs here",
            stage
                .unsound
                .clone()
                .map_or("yes".to_owned(), |why| format!("no: {why}")),
        ),
        (
            "policy",
            stage.policy.clone().unwrap_or_else(|| "none".to_owned()),
        ),
        ("signature", signature),
        ("exports", stage.exports.join(", ")),
        ("facts", facts(&stage.facts)),
    ];
    let mut text = String::new();
    let mut line = |text_of: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _written = writeln!(text, "{}", printable(&text_of.to_string()));
    };
    for (name, value) in rows {
        line(format_args!("{name:<12} {value}"));
    }
    line(format_args!("imports"));
    for import in &stage.imports {
        let version = import.version.as_ref().map(|version| format!("@{version}"));
        let functions = match import.functions.as_slice() {
            [] => "types".to_owned(),
            functions => functions.join(", "),
        };
        line(format_args!(
            "  {}/{}{}: {functions}",
            import.package,
            import.interface,
            version.unwrap_or_default()
        ));
    }
    line(format_args!("asks for"));
    for asked in &stage.interfaces {
        let gets = match &asked.withheld_because {
            None => "granted",
            Some(_) => "withheld",
        };
        line(format_args!(
            "  {:<12} {gets:<9} {}",
            asked.name, asked.reason
        ));
        if let Some(why) = &asked.withheld_because {
            line(format_args!("  {:<12} {:<9} {why}", "", ""));
        }
    }
    let longest = |reads: &[AskedRead]| reads.iter().map(|read| read.name.len()).max();
    for (title, reads) in [("files", &stage.files), ("queries", &stage.queries)] {
        if !reads.is_empty() {
            line(format_args!("{title}"));
        }
        let width = longest(reads).unwrap_or_default();
        for read in reads {
            let gets = read.granted.word();
            let (name, reason) = (&read.name, &read.reason);
            line(format_args!("  {name:<width$} {gets:<9} {reason}"));
        }
    }
    line(format_args!("parameters"));
    let properties = stage.parameters["properties"].as_object();
    for (name, schema) in properties.into_iter().flatten() {
        let default = &schema["default"];
        let description = schema["description"].as_str().unwrap_or_default();
        line(format_args!("  {name} = {default}: {description}"));
    }
    line(format_args!("rules"));
    let longest = stage.rules.iter().map(|rule| rule.name.len()).max();
    for rule in &stage.rules {
        let limit = rule.limit_in_words(|name| {
            let schema = properties.and_then(|all| all.get(name));
            let default = schema.map_or(&Value::Null, |schema| &schema["default"]);
            match default {
                Value::Null => format!("{name} (not set)"),
                default => format!("{name} ({default})"),
            }
        });
        let limit = match (limit.as_str(), rule.source.as_str()) {
            ("", _) => String::new(),
            (limit, source) => format!(" Limit: {limit} [{source}]"),
        };
        line(format_args!(
            "  {:<width$} {:<7} {}{limit}",
            rule.name,
            rule.severity.to_string(),
            rule.description,
            width = longest.unwrap_or_default()
        ));
    }
    text
}

/// Which parsers a stage carries, in words.
fn facts(carried: &[Facts]) -> String {
    let here = (!FACTS.is_empty()).then(|| vetting_component::digest(FACTS));
    let words = carried.iter().map(|facts| match facts {
        Facts::Linked { version } => format!("vetting-facts {version}, by the stage's own word"),
        Facts::Composed { digest } if here.as_ref() == Some(digest) => {
            format!("vetting:facts, sha256 {digest} (those of this vetting)")
        }
        Facts::Composed { digest } => format!("vetting:facts, sha256 {digest}"),
    });
    let words: Vec<_> = words.collect();
    if words.is_empty() {
        return "none".to_owned();
    }
    words.join("; ")
}

fn yes(so: bool) -> &'static str {
    if so { "yes" } else { "no" }
}
